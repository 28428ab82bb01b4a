"""Where an acceptance holds: two services of one name may be in two accounts."""

from __future__ import annotations

from datetime import date

import pytest

from reconciler.core import accepted
from reconciler.core.accepted import Entry
from reconciler.core.drifts import Cause, Drift

TODAY = date(2026, 1, 1)
ONE, OTHER = ("123456789012", "eu-west-1"), ("210987654321", "eu-west-1")
DRIFT = Drift(unit="service.main/web", address="desiredCount", before=5, after=2, cause=Cause.LIVE)


def holds(entries: tuple[Entry, ...], home: tuple[str, str]) -> bool:
    (marked,) = accepted.mark([DRIFT], entries, TODAY, {DRIFT.unit: home})
    return not marked.counts


@pytest.mark.parametrize(
    ("account", "region", "one", "other"),
    [
        ("", "", True, True),
        (ONE[0], "", True, False),
        ("", "eu-west-1", True, True),
        ("", "us-east-1", False, False),
        (OTHER[0], "eu-west-1", False, True),
    ],
)
def test_an_acceptance_holds_where_it_says(account: str, region: str, *, one: bool, other: bool) -> None:
    entries = (Entry(unit=DRIFT.unit, address=DRIFT.address, live=5, account=account, region=region),)
    assert (holds(entries, ONE), holds(entries, OTHER)) == (one, other)
    assert accepted.read(accepted.document(entries), "x") == entries


def test_what_is_accepted_in_one_account_leaves_that_of_another() -> None:
    first, _ = accepted.added((), [DRIFT], "why", "", {DRIFT.unit: ONE})
    both, new = accepted.added(first, [DRIFT], "why", "", {DRIFT.unit: OTHER})
    assert both == (*first, *new)
    again, _ = accepted.added(both, [DRIFT], "once more", "", {DRIFT.unit: ONE})
    assert [entry.reason for entry in again] == ["why", "once more"]
    assert (holds(again, ONE), holds(again, OTHER)) == (True, True)
