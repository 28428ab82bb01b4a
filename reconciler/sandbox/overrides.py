"""Overrides: what RunTask may say in place of the task definition, and what comes of both together."""

import copy
import json
from typing import Final

from reconciler.sandbox import definitiondefaults, definitionrules, rules
from reconciler.sandbox.errors import Refusal
from reconciler.sandbox.worlds import Body

_INVALID: Final = "InvalidParameterException"
_OF_TASK: Final = ("cpu", "memory", "taskRoleArn", "executionRoleArn", "ephemeralStorage")
_OF_CONTAINER: Final = (
    "command",
    "cpu",
    "memory",
    "memoryReservation",
    "environmentFiles",
    "resourceRequirements",
)
_LIMIT: Final = 8192


@rules.documented(
    "model, RunTask.overrides: 8192 characters with the JSON's own; ContainerOverride.name is required if anything "
    "is overridden"
)
@rules.reported(
    "django-ecsmanage#21: Override for container named … is not a container in the TaskDefinition."
)
@rules.guessed("the wording of the others")
def check(definition: Body, overrides: Body) -> None:
    """Refuse overrides that do not go with the task definition."""
    if len(json.dumps(overrides, separators=(",", ":"))) > _LIMIT:
        raise Refusal(_INVALID, f"Container Overrides length must be at most {_LIMIT}")
    names = [each["name"] for each in definition["containerDefinitions"]]
    for each in overrides.get("containerOverrides", []):
        if not each.get("name"):
            if each:
                raise Refusal(_INVALID, "Container override must specify a container name.")
            continue
        if each["name"] not in names:
            message = f"Override for container named {each['name']} is not a container in the TaskDefinition."
            raise Refusal(_INVALID, message)


@rules.documented(
    "model, TaskOverride and ContainerOverride: environment adds or replaces, the rest replaces"
)
@rules.guessed("a size that Fargate has not is refused as in a task definition")
def apply(definition: Body, overrides: Body, *, fargate: bool) -> Body:
    """Give the task definition as a task runs it."""
    effective = copy.deepcopy(definition)
    effective |= {member: overrides[member] for member in _OF_TASK if member in overrides}
    for member in ("cpu", "memory"):
        if member in overrides:
            effective[member] = definitiondefaults.units(member, overrides[member])
    for each in overrides.get("containerOverrides", []):
        for container in effective["containerDefinitions"]:
            if container["name"] == each.get("name"):
                container |= {member: each[member] for member in _OF_CONTAINER if member in each}
                variables = {one["name"]: one for one in container.get("environment", [])}
                variables |= {one["name"]: one for one in each.get("environment", [])}
                container["environment"] = list(variables.values())
    on_fargate = (definitionrules.check_size, definitionrules.check_storage) if fargate else ()
    for rule in (definitionrules.check_numbers, *on_fargate) if overrides else ():
        try:
            rule(effective)
        except Refusal as refusal:
            raise Refusal(_INVALID, refusal.message) from None
    return effective
