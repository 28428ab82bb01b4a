"""Which members of a planned service do not go together (`core.kinds.combinations`), said before anything is sent."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from reconciler.core.canon import Canon
from reconciler.core.kinds import combinations
from reconciler.core.kinds.combinations import Case, Combination
from reconciler.core.kinds.rules import Undeclared
from reconciler.core.plans import Notice
from reconciler.core.values import JsonObject
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
    rows = [
        row
        for row in combinations.SERVICE
        if new
        or (not row.creation and (any(name in changed for name in row.members) or (row.task and moves)))
    ]
    return _found(desired, rows, case)


def of_task_definition(desired: Desired, registers: bool) -> tuple[tuple[Refused, ...], tuple[Notice, ...]]:
    """Give the same for a task definition, if it is to be registered."""
    if not registers:
        return (), ()
    case = Case(file=desired.canon.wire, task=desired.canon.wire)
    return _found(desired, combinations.TASK_DEFINITION, case)


def _found(
    desired: Desired, rows: Sequence[Combination], case: Case
) -> tuple[tuple[Refused, ...], tuple[Notice, ...]]:
    refusals: list[Refused] = []
    notices: list[Notice] = []
    for row in rows:
        if not row.clashes(case):
            continue
        place = row.place(desired.canon.wire)
        seen = desired.canon.seen.get(place)
        where = desired.resolved.where(seen.raw if seen else ())
        named = " and ".join(f"`{name}`" for name in row.members if name in case.service)
        stays = not place and bool(named)
        kept = f" (the service has {named} now, and the file leaves it so)" if stays else ""
        hint = (
            "no update takes it away: keep it, or delete the service and create it anew"
            if stays
            else row.hint
        )
        hint = row.stays if kept and row.stays else row.hint
        if row.seen:
            what = f"ECS refuses this: {row.what}{kept}"
            refusals.append(Refused(what, where, f"{hint} ({row.source})"))
        else:
            what = f"ECS is documented to refuse this: {row.what}{kept}"
            notices.append(Notice(what=what, where=where, hint=hint))
    return tuple(refusals), tuple(notices)


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
