"""What of a live document a plan depends on: what it manages, and what its steps send back as it was.

Takes the documents and the steps, when a plan is made and when it is about to be applied. Gives the same part of the
live document both times, as long as nothing of it moved. Never decides what moved.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Final

from reconciler.core import appspecs, diffs
from reconciler.core.canon import Canon
from reconciler.core.steps import (
    CreateCodeDeployDeployment,
    CreateExpressService,
    CreateService,
    DeleteService,
    Step,
    UpdateExpressService,
    UpdateService,
)
from reconciler.core.values import Json
from reconciler.engine import ignoring

_NAMING: Final = frozenset({"cluster", "service", "taskDefinition", "serviceArn"})
"""What an update names, and never sends back as it was."""
_SENDING: Final = CreateService | UpdateService | CreateExpressService | UpdateExpressService


def managed(
    desired: Canon,
    live: Canon,
    steps: Sequence[Step],
    ignored: Sequence[str] = (),
    members: Collection[str] | None = None,
) -> Json:
    """Give the part of the live document that a plan with these steps depends on.

    An update replaces the objects that it sends, so all that is live in them counts; a replacement takes over whatever
    the file leaves to others, so everything does. `ignored` are pointers that count only there; of `members`, if
    they are given, nothing else counts.
    """
    kind = desired.kind
    whole: Collection[str] = kind.node.members if replaces(steps) else _sent(steps) - _NAMING
    found = diffs.managed(desired, live, whole)
    if members is not None and isinstance(found, dict):
        found = {name: value for name, value in found.items() if name in members}
    return ignoring.drop(kind, found, [ignoring.path(pointer) for pointer in ignored])


def unsent(pointers: Sequence[str], steps: Sequence[Step]) -> tuple[str, ...]:
    """Give those of some pointers into whose root member no step sends anything."""
    sent = _sent(steps)
    return tuple(pointer for pointer in pointers if ignoring.path(pointer)[0] not in sent)


def replaces(steps: Sequence[Step]) -> bool:
    """Tell whether a service is deleted and created anew."""
    return any(isinstance(step, DeleteService) for step in steps)


def _sent(steps: Sequence[Step]) -> frozenset[str]:
    bodies = [step.body for step in steps if isinstance(step, _SENDING)]
    shifts = [step for step in steps if isinstance(step, CreateCodeDeployDeployment)]
    said = [
        appspecs.members(step.appspec) | {"loadBalancers"} for step in shifts
    ]  # it always names the container
    return frozenset(name for names in (*bodies, *said) for name in names)
