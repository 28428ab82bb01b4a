"""AppSpecs: what a CodeDeploy deployment shall make of an ECS service (CodeDeploy user guide, AppSpec reference)."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Final

from reconciler.core import pointers
from reconciler.core.values import Json, JsonObject
from reconciler.errors import Where
from reconciler.records import dataclass

LATER: Final = "(known after apply)"
"""What stands for the task definition in a plan that registers it."""

HOOKED: Final = (
    "BeforeInstall",
    "AfterInstall",
    "AfterAllowTestTraffic",
    "BeforeAllowTraffic",
    "AfterAllowTraffic",
)
"""The lifecycle events of an ECS deployment that may call a function (AppSpec reference, "hooks")."""

MEMBERS: Final = (
    "taskDefinition",
    "loadBalancers",
    "platformVersion",
    "networkConfiguration",
    "capacityProviderStrategy",
)
"""The members of a service that an AppSpec says (AppSpec reference, "resources")."""

_NAMED: Final = re.compile(r"""\bTaskDefinition["']?\s*:\s*["']?([^"'\s,}]+)""")


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What a project says of CodeDeploy: names, empty where it leaves them to be found, and hooks of the AppSpec.

    A hook is an object of one event and its function. `where` is the place of the names in the project file.
    """

    application: str = ""
    group: str = ""
    configuration: str = ""
    hooks: tuple[JsonObject, ...] = ()
    where: Where | None = None


def build(task_definition: str, service: JsonObject, hooks: Sequence[JsonObject]) -> JsonObject:
    """Build an AppSpec for a revision, from members of a service as the ECS API spells them.

    What the service does not say CodeDeploy takes from the service as it runs; of several load balancers it knows
    only one. `hooks` are objects of one event and its function. ValueError where no container serves the traffic.
    """
    balancers = service.get("loadBalancers")
    first = balancers[0] if isinstance(balancers, list | tuple) and balancers else None
    balancer = first if isinstance(first, dict) else {}
    name, port = balancer.get("containerName"), balancer.get("containerPort")
    if not name or port is None:
        raise ValueError("the service has no load balancer with a container and a port")
    properties: dict[str, Json] = {
        "TaskDefinition": task_definition,
        "LoadBalancerInfo": {"ContainerName": name, "ContainerPort": port},
    }
    for member in MEMBERS[2:]:
        if service.get(member):
            properties[_spelled(member)] = _spelt(service[member])
    target: Json = {"TargetService": {"Type": "AWS::ECS::Service", "Properties": properties}}
    spec: dict[str, Json] = {"version": 0.0, "Resources": [target]}
    return spec | ({"Hooks": [dict(hook) for hook in hooks]} if hooks else {})


def members(spec: JsonObject) -> frozenset[str]:
    """Give the members of the service, beside its revision and load balancer, that an AppSpec says."""
    said = _properties(spec)
    return frozenset(member for member in MEMBERS[2:] if _spelled(member) in said)


def running(spec: JsonObject, task_definition: str) -> JsonObject:
    """Give an AppSpec with another revision in it."""
    properties: Json = dict(_properties(spec)) | {"TaskDefinition": task_definition}
    target: Json = {"Type": "AWS::ECS::Service", "Properties": properties}
    return dict(spec) | {"Resources": [{"TargetService": target}]}


def hooks(spec: JsonObject) -> tuple[str, ...]:
    """Give the events at which an AppSpec calls functions."""
    found = spec.get("Hooks")
    given = [hook for hook in found if isinstance(hook, dict)] if isinstance(found, list | tuple) else []
    return tuple(name for hook in given for name in hook)


def revision(spec: JsonObject) -> JsonObject:
    """Give an AppSpec as CreateDeployment takes it."""
    return {"revisionType": "AppSpecContent", "appSpecContent": {"content": json.dumps(spec)}}


def content(deployed: Json) -> str:
    """Give the text of the AppSpec in a deployment's ``revision``, empty where it is kept elsewhere (S3, GitHub)."""
    found = deployed if isinstance(deployed, Mapping) else {}
    for holder in ("appSpecContent", "string"):
        held = found.get(holder)
        if isinstance(held, Mapping) and isinstance(held.get("content"), str):
            return str(held["content"])
    return ""


def same(spec: JsonObject, deployed: Json) -> bool:
    """Tell whether a deployment's ``revision`` asks for just what an AppSpec asks for."""
    try:
        found: object = json.loads(content(deployed))
    except ValueError:  # YAML: nothing of ours
        return False
    return bool(found == json.loads(json.dumps(spec)))


def task_definition(deployed: Json) -> str:
    """Give the task definition that a deployment's ``revision`` names, empty where it cannot be seen."""
    found = _NAMED.search(content(deployed))
    return found.group(1) if found else ""


def _properties(spec: JsonObject) -> JsonObject:
    try:
        found = pointers.get(spec, ("Resources", 0, "TargetService", "Properties"))
    except (LookupError, TypeError):
        return {}
    return found if isinstance(found, dict) else {}


def _spelled(name: str) -> str:
    """Spell a name of the ECS API as an AppSpec does: with a capital letter at its head."""
    return name[:1].upper() + name[1:]


def _spelt(value: Json) -> Json:
    if isinstance(value, dict):
        return {_spelled(name): _spelt(member) for name, member in value.items()}
    return [_spelt(member) for member in value] if isinstance(value, list | tuple) else value
