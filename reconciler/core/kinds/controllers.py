"""Who changes what of a service, by its deployment controller.

Source: the API model, UpdateService. "For services using the blue/green (CODE_DEPLOY) deployment controller, only …";
"for services using an external deployment controller, you can update only …". The rest belongs to a CodeDeploy
deployment or to a task set. Tags are changed by TagResource, whoever deploys.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from reconciler.core import appspecs

_ANYWHERE: Final = frozenset({
    "desiredCount", "healthCheckGracePeriodSeconds", "placementConstraints", "placementStrategy",
    "enableECSManagedTags", "propagateTags", "tags",
})  # fmt: skip
_UPDATED: Final[Mapping[str, frozenset[str]]] = {
    "CODE_DEPLOY": _ANYWHERE | {"deploymentConfiguration"},
    "EXTERNAL": _ANYWHERE,
}


def updates(controller: str, member: str) -> bool:
    """Tell whether UpdateService changes a root member of a service with this controller."""
    return member in _UPDATED.get(controller, (member,))


def deploys(controller: str) -> bool:
    """Tell whether UpdateService deploys another revision of a service with this controller."""
    return updates(controller, "taskDefinition")


def shifts(controller: str, member: str) -> bool:
    """Tell whether a deployment by CodeDeploy changes a root member of a service with this controller."""
    return controller == "CODE_DEPLOY" and member in appspecs.MEMBERS


def always_updates(member: str) -> bool:
    """Tell whether UpdateService changes a root member whatever the controller is."""
    return member in _ANYWHERE
