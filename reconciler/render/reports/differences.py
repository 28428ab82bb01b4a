"""A difference between the files and AWS, as rows of a diff: what AWS shows goes, what the files say comes."""

from __future__ import annotations

from collections.abc import Iterable

from reconciler.core.diffs import Action
from reconciler.core.drifts import Cause, Drift
from reconciler.core.plans import Finding
from reconciler.core.redaction import MASK
from reconciler.render import changes, texts
from reconciler.render.rows import Row
from reconciler.render.shortening import LONG

GONE = "it is not in AWS"
"""What is said of a whole resource that is not there."""


def rows(drift: Drift, address: str | None = None) -> list[Row]:
    """Give the rows of a difference, named by its own address or another; none where a whole resource is not there."""
    if not drift.address:
        return []
    action = Action.REPLACE
    if not (drift.has_before and drift.has_after):
        action = Action.REMOVE if drift.has_before else Action.ADD
    finding = Finding(
        address=drift.address if address is None else address,
        pointer="",
        action=action,
        before=drift.before,
        after=drift.after,
        has_before=drift.has_before,
        has_after=drift.has_after,
    )
    return list(changes.rows(finding))


def brief(drift: Drift) -> bool:
    """Tell whether both values are so short that they are best shown side by side."""
    values = [drift.before] if drift.has_before else []
    values += [drift.after] if drift.has_after else []
    return all(
        not isinstance(value, dict | list | tuple)
        and len(texts.quoted(value)) <= LONG
        and "\n" not in str(value)
        and str(value)[:1] not in ("{", "[")
        for value in values
    )


def live(drift: Drift) -> str:
    """Write what AWS shows, on one line."""
    return texts.quoted(drift.before) if drift.has_before else "not set"


def wanted(drift: Drift) -> str:
    """Write what the files say, on one line."""
    return texts.quoted(drift.after) if drift.has_after else "not set"


def sentence(drift: Drift) -> str:
    """Say on one line what differs."""
    if not drift.address:
        return GONE
    if drift.before == drift.after == MASK:
        return f"{texts.safe(drift.address)} is not what the files say: a secret, of which no value is told"
    said = f"{texts.safe(drift.address)} is {live(drift)}"
    if drift.cause is Cause.UNMANAGED:
        return said + (f" ({texts.safe(drift.note)})" if drift.note else "")
    return f"{said}, the files say {wanted(drift)}"


def units(drifts: Iterable[Drift]) -> dict[str, list[Drift]]:
    """Group differences by their units, in their order."""
    found: dict[str, list[Drift]] = {}
    for drift in drifts:
        found.setdefault(drift.unit, []).append(drift)
    return found
