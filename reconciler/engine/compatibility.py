"""Which members of a planned service do not go together (`core.kinds.combinations`), said before anything is sent."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from reconciler.core.canon import Canon
from reconciler.core.kinds import combinations
from reconciler.core.kinds.combinations import Case, Combination
from reconciler.core.kinds.rules import Undeclared
from reconciler.core.plans import Notice
from reconciler.core.values import JsonObject, Path
from reconciler.engine.composing import Desired
from reconciler.errors import Refused


def of_service(
    desired: Desired,
    live: Canon | None,
    task: JsonObject,
    *,
    created: JsonObject | None = None,
    changed: Collection[str],
    moves: bool,
) -> tuple[tuple[Refused, ...], tuple[Notice, ...]]:
    """Give what the API is known to refuse, and what its documentation forbids.

    `changed` names the root members that change, `moves` says that another revision is run: what stays as it is was
    accepted once, and is not looked at. `created` is the body of a service that is created, also in the place of
    another: there everything counts.
    """
    new = live is None or created is not None
    service = created if created is not None else _effective(desired, live)
    case = Case(file=desired.canon.wire, service=service, task=task)
    touched = frozenset(changed)
    rows = [
        row
        for row in combinations.SERVICE
        if new or (not row.creation and ((row.task and moves) or not touched.isdisjoint(row.roots)))
    ]
    return _found(desired, rows, case)


def of_task_definition(desired: Desired) -> tuple[tuple[Refused, ...], tuple[Notice, ...]]:
    """Give the same for a task definition that is to be registered."""
    case = Case(file=desired.canon.wire, task=desired.canon.wire)
    return _found(desired, combinations.TASK_DEFINITION, case)


def _found(
    desired: Desired, rows: Sequence[Combination], case: Case
) -> tuple[tuple[Refused, ...], tuple[Notice, ...]]:
    refusals: list[Refused] = []
    notices: list[Notice] = []
    for row in rows:
        for clash in row.found(case):
            what, hint = row.what, row.hint
            if clash.names:
                what, hint = what.format(*clash.names), hint.format(*clash.names)
            named = " and ".join(f"`{name}`" for name in row.roots if name in case.service)
            if named and not any(name in desired.canon.wire for name in row.roots):
                what = f"{what} (the service has {named} now, and the file leaves it so)"
                hint = row.stays or hint
            where = desired.resolved.where(raw(desired.canon, clash.path))
            if row.seen:
                refusals.append(Refused(f"ECS refuses this: {what}", where, hint))
            else:
                notices.append(
                    Notice(what=f"ECS is documented to refuse this: {what}", where=where, hint=hint)
                )
    return tuple(refusals), tuple(notices)


def raw(canon: Canon, path: Path) -> Path:
    """Give where a place of the wire form stands in the original, else the nearest thing around it."""
    spot: Path = ()
    found: Path = ()
    for key in path:
        if isinstance(key, int):  # the wire form leaves out items that say nothing, and names none
            length = len(spot)
            items = [
                other
                for other, seen in canon.seen.items()
                if len(other) == length + 1 and other[:length] == spot and seen.wire is not None
            ]
            spot = items[key] if key < len(items) else (*spot, key)
        else:
            spot = (*spot, key)
        if spot not in canon.seen:
            break
        found = canon.seen[spot].raw
    return found


def _effective(desired: Desired, live: Canon | None) -> JsonObject:
    """Give what the service would be: the file's members, and those of the live one that AWS or others chose."""
    kept = {}
    if live is not None:
        members = desired.canon.kind.node.members
        kept = {
            name: value
            for name, value in live.wire.items()
            if desired.partial or members[name].rule.owner(desired.canon.facts) is Undeclared.SERVER
        }
    for one, other in (
        ("launchType", "capacityProviderStrategy"),
        ("capacityProviderStrategy", "launchType"),
    ):
        if desired.canon.wire.get(one):  # either takes the place of the other
            kept.pop(other, None)
    return kept | dict(desired.canon.wire)
