"""Calls at AWS's rate: what no order of calls may do, and that botocore's attempts are told of."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.aws.rates import Bucket, Rates
from reconciler.throttles import CATEGORIES

_PAUSES = st.lists(st.floats(0, 3), min_size=1, max_size=120)


@given(st.integers(1, 50), st.floats(0.5, 40), _PAUSES)
def test_no_window_holds_more_than_burst_and_rate_and_nobody_waits_while_there_are_tokens(
    burst: int, rate: float, pauses: list[float]
) -> None:
    bucket, now, sent = Bucket(burst, rate, 0.0), 0.0, list[float]()
    tokens, asked = float(burst), 0.0
    for pause in pauses:
        now += pause
        tokens, asked = min(burst, tokens + (now - asked) * rate), now
        _, wait = bucket.take(now)
        if tokens >= 1 + 1e-6:
            assert wait == 0
        tokens -= 1
        sent.append(now + wait)
    assert sent == sorted(sent), "who comes first is served first"
    for first in range(len(sent)):
        for last in range(first, len(sent)):
            assert last - first + 1 <= burst + rate * (sent[last] - sent[first]) + 1e-6


@given(st.lists(st.tuples(st.floats(0, 2), st.booleans()), min_size=1, max_size=80))
def test_throttling_never_lets_more_through_and_a_quiet_minute_forgets_it(
    course: list[tuple[float, bool]],
) -> None:
    bucket, plain, now, last = Bucket(20, 10, 0.0), Bucket(20, 10, 0.0), 0.0, 0.0
    for pause, throttled in course:
        now += pause
        if throttled:
            bucket.throttled(now)
        sent = now + bucket.take(now)[1]
        assert sent >= now + plain.take(now)[1] - 1e-6
        assert sent >= last
        last = sent
    now = max(now, last) + 120
    assert [bucket.take(now)[1] for _ in range(20)] == [0.0] * 20
    assert bucket.take(now)[1] == pytest.approx(1 / 10)


def test_who_waits_when_the_rate_is_cut_waits_longer_and_stays_in_line() -> None:
    bucket = Bucket(1, 10, 0.0)
    (first, _), (second, soon), (third, later) = (bucket.take(0.0) for _ in range(3))
    assert [soon, later] == pytest.approx([0.1, 0.2])
    assert bucket.left(first, 0.0) == 0
    bucket.throttled(0.0)
    assert bucket.left(second, 0.1) == pytest.approx(0.1, rel=0.01)
    assert bucket.left(second, 0.2) == pytest.approx(0.0, abs=0.01)
    assert bucket.left(third, 0.2) == pytest.approx(0.2, rel=0.02)


def test_a_throttled_category_goes_on_at_half_its_rate_and_the_calls_under_way_cut_it_no_further() -> None:
    bucket = Bucket(20, 10, 0.0)
    bucket.throttled(0.0)
    bucket.throttled(0.5)
    # Nothing was left, and half a second at 5 a second gives two and a half.
    assert [bucket.take(0.5)[1] > 0 for _ in range(3)] == [False, False, True]
    bucket.throttled(1.5)
    waits = [bucket.take(1.5)[1] for _ in range(10)]
    assert waits[9] - waits[8] == pytest.approx(1 / 2.6, rel=0.05)


class _Time:
    def __init__(self) -> None:
        self.now, self.waits = 0.0, list[float]()

    def clock(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.waits.append(seconds)
        self.now += seconds


def test_operations_of_a_category_share_its_tokens_and_what_is_not_documented_never_waits() -> None:
    time = _Time()
    rates = Rates(time.clock, time.sleep)
    for number in range(90):
        rates.wait("ecs", "DescribeServices" if number % 2 else "ListServices")
    assert time.waits == []
    rates.wait("ecs", "ListServices")
    assert time.waits == [pytest.approx(1 / 20)]
    for _ in range(500):
        rates.wait("sts", "GetCallerIdentity")
        rates.answered("sts", "GetCallerIdentity", "Throttling")
    assert len(time.waits) == 1
    rates.answered("ecs", "DescribeServices", "ClientException")
    rates.wait("ecs", "DescribeServices")
    assert time.waits[-1] == pytest.approx(1 / 20)
    rates.answered("ecs", "DescribeServices", "ThrottlingException")
    rates.wait("ecs", "DescribeServices")
    assert time.waits[-1] == pytest.approx(1 / 10)


def test_no_operation_is_in_two_categories() -> None:
    named = [(service, operation) for service, _, _, operations in CATEGORIES for operation in operations]
    assert len(named) == len(set(named))


def test_each_attempt_takes_a_token_and_throttling_is_heard_of(
    server: Any, open_to: Any, no_waiting: Any
) -> None:
    time = _Time()
    rates = Rates(time.clock, time.sleep)
    server.fails(400, "ThrottlingException", "Rate exceeded", {"taskDefinition": {"family": "web"}})
    open_to(rates=rates).client("ecs").call("RegisterTaskDefinition", family="web", containerDefinitions=[])
    assert len(server.requests) == 2
    # Without a token left, the second attempt waits for one at half the rate: one in two seconds.
    assert time.waits == [pytest.approx(2.0)]
