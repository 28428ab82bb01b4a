"""Several things done side by side, each in its turn; and all let go at once. Nothing here knows of AWS."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from reconciler.api.turns import Halt, take
from reconciler.core.schedules import Cause, Course, End, Schedule, Why

NEEDS = {"web": ("api",), "api": ("db",), "db": (), "cron": (), "mail": ()}


@contextmanager
def handlers_stay() -> Iterator[None]:
    """See that signals mean afterwards what they meant before."""
    before = [signal.getsignal(each) for each in (signal.SIGINT, signal.SIGTERM)]
    yield
    assert [signal.getsignal(each) for each in (signal.SIGINT, signal.SIGTERM)] == before


def course(at_once: int = 2, *, keep_going: bool = False) -> Course:
    return Course(Schedule(needs=NEEDS, at_once=at_once, keep_going=keep_going))


def test_everything_has_its_turn_and_no_more_than_may_run_at_a_time() -> None:
    lock, running, most, order = threading.Lock(), set[str](), [0], list[str]()

    def act(label: str) -> End:
        with lock:
            running.add(label)
            order.append(label)
            most[0] = max(most[0], len(running))
        with lock:
            running.discard(label)
        return End.THROUGH

    with handlers_stay():
        over = take(course(), act, Halt())
    assert dict(over.ended) == dict.fromkeys(NEEDS, End.THROUGH)
    assert most[0] <= 2
    assert order.index("db") < order.index("api") < order.index("web")


def test_what_raises_has_failed_and_ends_nothing_else(monkeypatch: pytest.MonkeyPatch) -> None:
    raised: list[str] = []
    monkeypatch.setattr(threading, "excepthook", lambda told: raised.append(str(told.exc_value)))

    def act(label: str) -> End:
        if label == "db":
            raise ValueError(label)
        return End.THROUGH

    over = take(course(keep_going=True), act, Halt())
    assert raised == ["db"]
    assert dict(over.ended) == {"db": End.FAILED, "cron": End.THROUGH, "mail": End.THROUGH}
    assert over.left() == dict.fromkeys(("web", "api"), Cause(Why.NEEDS, "db"))


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_lets_go_of_what_runs_and_begins_nothing_more(number: signal.Signals) -> None:
    halt, both = Halt(), threading.Barrier(2)

    def act(label: str) -> End:
        both.wait(30)
        if label == "db":
            os.kill(os.getpid(), number)
        try:
            halt.sleep(30)
        except KeyboardInterrupt:
            return End.LET_GO
        return End.THROUGH

    with handlers_stay():
        over = take(course(), act, halt)
    assert dict(over.ended) == {"db": End.LET_GO, "cron": End.LET_GO}
    assert over.left() == dict.fromkeys(("web", "api", "mail"), Cause(Why.INTERRUPTED))


def test_a_second_signal_waits_for_nothing() -> None:
    halt, over = Halt(), threading.Event()

    def act(label: str) -> End:
        os.kill(os.getpid(), signal.SIGINT)
        while not halt.asked:
            over.wait(0.001)
        os.kill(os.getpid(), signal.SIGINT)
        over.wait(30)
        return End.THROUGH

    ended = take(course(at_once=1), act, halt)
    over.set()
    assert dict(ended.ended) == {"db": End.LET_GO}
    assert ended.interrupted
