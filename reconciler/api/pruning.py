"""The end of services that an owner's tag marks and no project file declares any more."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import TYPE_CHECKING

from reconciler.api.openings import Emit, drain
from reconciler.core import stamps, strays
from reconciler.core.strays import Stray
from reconciler.core.values import JsonObject
from reconciler.engine import deleting
from reconciler.engine.ports import Snapshot
from reconciler.errors import PlanError
from reconciler.records import dataclass

if TYPE_CHECKING:
    from reconciler.api.surveys import Survey


@dataclass(frozen=True, slots=True)
class Found:
    """The services of the projects' owners that nobody declares, and how many others there are; a note a sentence."""

    doomed: tuple[Stray, ...]
    others: int
    notes: tuple[str, ...]


def find(survey: Survey) -> Found:
    """Look for what to prune. PlanError where it cannot be told for sure that nobody declares it."""
    insist(survey)
    unmanaged = survey.read(records=False)
    doomed = tuple(each for each in unmanaged.strays if each.owner in survey.owners and not each.made)
    return Found(doomed, len(unmanaged.strays) - len(doomed), unmanaged.notes)


def insist(survey: Survey) -> None:
    """Raise PlanError where not all is known that files declare, or where an owner cannot tell services apart."""
    if not survey.certain:
        named = f": {', '.join(survey.failed)}" if survey.failed else ""
        raise PlanError(
            f"not all is known that project files declare{named}; nothing was deleted",
            hint="mend them, or remove them: what they declare would look as if nobody did",
        )
    if not survey.owners:
        raise PlanError(
            "no project says who its owner is, so nobody's services can be told apart",
            hint="add stamp: {owner: NAME} to the project files, and apply them",
        )
    for owner, varies in survey.varies.items():
        named = ", ".join(varies)
        raise PlanError(
            f"the owner {owner} is the same whatever {named} is, and with another value the same files declare other "
            "services, or elsewhere in these clusters: those would look as if nobody declared them",
            hint=f"let the owner have {named} in it, too, or say outright what goes by it",
        )


def insist_same(chosen: Iterable[Stray], now: Survey) -> None:
    """Raise PlanError where files are no longer about the owners and clusters of what was chosen: others are there."""
    for each in chosen:
        if each.owner not in now.owners or each.place not in now.places:
            raise PlanError(
                f"project files are others than when {each.cluster}/{each.service} was found; nothing was deleted",
                hint="run the command again",
            )


def delete(
    survey: Survey, stray: Stray, declared: Collection[str], *, emit: Emit | None = None
) -> JsonObject | None:
    """Delete a service, once it was looked at again; give it as it is then, None where it is gone already.

    `declared` are the names that files declare in its cluster by now. PlanError where it is no longer what was found:
    declared, another's, or made anew. ApplyError, Interrupted.
    """
    gateway, cluster = survey.way(stray.place)
    current = gateway.describe_services(cluster, [stray.service])[stray.service]
    if not isinstance(current, Snapshot) or current.body.get("status") != "ACTIVE":
        return None
    _insist_same(stray, current.body, declared)
    deletion = deleting.decide(cluster, stray.service, current.body, terminate=True)
    return drain(deleting.delete(gateway, deletion), emit)


def _insist_same(stray: Stray, body: JsonObject, declared: Collection[str]) -> None:
    owner = strays.tags(body).get(stamps.OWNER, "")
    found = strays.stray(stray.place, body)
    if stray.service in declared:
        why = "a project file declares it now"
    elif owner != stray.owner:
        why = (
            f"its tag {stamps.OWNER} is {owner!r} now" if owner else f"it has no tag {stamps.OWNER} any more"
        )
    elif (found.arn, found.created) != (stray.arn, stray.created):
        why = "it was made anew meanwhile"
    else:
        return
    raise PlanError(f"{stray.cluster}/{stray.service} is left alone: {why}", hint="run the command again")
