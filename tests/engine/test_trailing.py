"""CloudTrail's history is read once for all who ask, newest first and as far back as somebody needs."""

from __future__ import annotations

from typing import Any

import pytest

from reconciler.engine import trailing
from reconciler.engine.trailing import History
from reconciler.errors import AwsDenied
from reconciler.testing import FakeGateway

START = 1767225600


def record(number: int, name: str = "UpdateService") -> dict[str, Any]:
    """Give a call, one a second."""
    time = f"2026-01-01T00:{number // 60:02}:{number % 60:02}Z"
    return {"eventName": name, "eventTime": time, "eventID": str(number)}


def gateway(count: int) -> FakeGateway:
    found = FakeGateway()
    found.records += [record(number) for number in range(count)]
    return found


def pages(found: FakeGateway) -> int:
    return sum(call.method == "page" for call in found.calls)


def test_pages_are_read_as_far_back_as_is_asked_and_never_again() -> None:
    aws = gateway(170)
    history = History(aws.trail)
    for since, read in ((160, 1), (161, 1), (118, 2), (150, 2), (0, 4), (-5, 4)):
        found, complete = history.since("UpdateService", START + since)
        assert complete
        assert pages(aws) == read, since
        assert {int(str(each["eventID"])) for each in found} >= set(range(max(since, 0), 170))
    assert history.since("DeleteService", START) == ((), True)


def test_more_pages_than_are_read_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trailing, "PAGES", 2)
    aws = gateway(170)
    history = History(aws.trail)
    found, complete = history.since("UpdateService", START)
    assert (len(found), complete, pages(aws)) == (100, False, 2)
    assert history.since("UpdateService", START + 100)[1]


def test_an_error_is_the_same_for_all_and_asked_for_once() -> None:
    aws = gateway(3)
    aws.fail("page", AwsDenied("no", operation="LookupEvents"))
    history = History(aws.trail)
    for _ in range(2):
        with pytest.raises(AwsDenied):
            history.since("UpdateService", START)
    assert pages(aws) == 1
    assert history.since("TagResource", START) == ((), True)
