"""Fixing drift: which differences go, which stay as they are in AWS, and whether a plan does just that."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

from reconciler.core.drifts import CONSEQUENCES, Cause, Drift
from reconciler.core.plans import Finding, Plan, Verb
from reconciler.errors import PlanError


def fixed(drifts: Sequence[Drift], wanted: Collection[str]) -> tuple[Drift, ...]:
    """Give the differences that go: drift, of the causes and severities that are wanted (`Drift.is_among`)."""
    return tuple(drift for drift in drifts if drift.is_among(wanted))


def kept(drifts: Sequence[Drift], wanted: Collection[str]) -> tuple[Drift, ...]:
    """Give the differences that stay: what is accepted, or of another cause or severity. None of it is unmanaged."""
    return tuple(
        drift for drift in drifts if drift.cause is not Cause.UNMANAGED and not drift.is_among(wanted)
    )


def insist(drifts: Sequence[Drift]) -> None:
    """Refuse to fix what nobody knows the cause of. PlanError."""
    if any(drift.cause is None for drift in drifts):
        raise PlanError(
            "what is drift, and what is yet to be applied, is not known: the last apply is not recorded",
            hint="`reconciler apply` does all that differs; with `record` in the project file the next one is recorded",
        )


def insist_separate(plan: Plan, drifts: Sequence[Drift]) -> None:
    """Refuse a plan that does not end just these differences. PlanError names what is amiss, three at most."""
    found = dict(_changes(plan))
    wanted = {(drift.unit, drift.address): drift for drift in drifts}
    amiss = [f"it would change {_place(place)}, too" for place in found if place not in wanted]
    amiss += [f"it would not change {_place(place)}" for place in wanted if place not in found]
    amiss += [
        f"{_place(place)} would become something else than what the files say"
        for place, drift in wanted.items()
        if (finding := found.get(place)) is not None and not _same(finding, drift)
    ]
    if amiss:
        more = f", and {len(amiss) - 3} more" if len(amiss) > 3 else ""
        raise PlanError(
            f"the drift cannot be fixed apart from the rest: {'; '.join(amiss[:3])}{more}",
            hint="`reconciler apply` does all that differs; if AWS was changed this minute, run this again",
        )


def _changes(plan: Plan) -> Iterator[tuple[tuple[str, str], Finding | None]]:
    """Give what a plan changes, by unit and address; a unit that is created as a whole."""
    for unit in plan.units:
        if unit.verb is Verb.CREATE:
            yield (unit.address, ""), None
            continue
        for finding in unit.changes:
            if not (finding.unknown and finding.address in CONSEQUENCES):
                yield (unit.address, finding.address), finding


def _same(finding: Finding, drift: Drift) -> bool:
    return (finding.has_before, finding.has_after, finding.before, finding.after) == (
        drift.has_before,
        drift.has_after,
        drift.before,
        drift.after,
    )


def _place(place: tuple[str, str]) -> str:
    return " ".join(filter(None, place))
