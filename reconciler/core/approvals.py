"""Whether a plan that is made anew does what was approved: the same to the same units, with the same secrets."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from reconciler.core import secrets
from reconciler.core.plans import Finding, Plan, Unit, Verb
from reconciler.core.values import Json


def moved(approved: Plan, anew: Plan, vault: Mapping[tuple[str, int], Json]) -> tuple[str, ...]:
    """Say what a plan does otherwise than the one that was approved, a line each: nothing, if both do the same.

    `vault` holds the secrets of the new plan, by the address of a unit and their index in it. From where a value comes,
    when plans were made and what they leave alone makes no difference.
    """
    then, now = ({unit.address: unit for unit in plan.units} for plan in (approved, anew))
    return tuple(
        line
        for address in dict.fromkeys((*then, *now))
        for line in _moved(address, then.get(address), now.get(address), vault)
    )


def _moved(
    address: str, then: Unit | None, now: Unit | None, vault: Mapping[tuple[str, int], Json]
) -> Iterator[str]:
    verbs = tuple(unit.verb if unit is not None else Verb.NONE for unit in (then, now))
    if verbs[0] is not verbs[1]:
        yield f"{address}: {verbs[0].value} in the plan, {verbs[1].value} now"
        return
    if then is None or now is None or verbs[0] is Verb.NONE:
        return
    before, after = ({finding.address: _does(finding) for finding in unit.changes} for unit in (then, now))
    found = [name for name in dict.fromkeys((*before, *after)) if before.get(name) != after.get(name)]
    for name in found:
        yield f"{address} {name} {_becomes(name in before, name in after)}"
    if found:
        return
    if (then.live, then.steps) != (now.live, now.steps):
        yield f"{address}: what would be sent is another thing"
    elif not _same_secrets(then, now, vault):
        yield f"{address}: a secret was changed"


def _does(finding: Finding) -> tuple[Json, ...]:
    """Give what of a change is done, and not told beside it."""
    has = (finding.has_before, finding.has_after, finding.sensitive, finding.unknown, finding.forces)
    return (finding.action.value, finding.before, finding.after, *has)


def _becomes(was: bool, will: bool) -> str:
    if was and will:
        return "becomes another value"
    return "does not change any more" if was else "changes now"


def _same_secrets(then: Unit, now: Unit, vault: Mapping[tuple[str, int], Json]) -> bool:
    if len(then.secrets) != len(now.secrets):
        return False
    for index, (was, will) in enumerate(zip(then.secrets, now.secrets, strict=True)):
        if (was.place, was.pieces) != (will.place, will.pieces):
            return False
        if was.digest == "":  # the version of its source binds it
            if was.sources != will.sources:
                return False
        elif secrets.digest(was.salt, vault[now.address, index]) != was.digest:
            return False
    return True
