"""Pairs of files: two task definitions and two services, each valid by itself, that have more or less in common.

What is drawn is a request that the sandbox accepts (`tests.sandbox.drawing`); `spelled` writes it down as people do.
"""

from __future__ import annotations

import copy
import random
from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st

from reconciler.core.kinds import Kind
from reconciler.core.kinds.rules import ABSENT, Node
from reconciler.sandbox import servicedefaults, shapes
from tests.core import documents
from tests.sandbox.drawing import REQUIRED, Drawn, structure

SERVICE, TASK = documents.KINDS.service, documents.KINDS.task_definition
Body = dict[str, Any]

_PORTS = [
    {"containerPort": 80, "name": "a"},
    {"containerPort": 443, "name": "b"},
    {"containerPort": 53, "protocol": "udp"},
]
_ROLE = "arn:aws:iam::123456789012:role/x"
_TAGS = st.lists(
    st.fixed_dictionaries(
        {"key": st.sampled_from(["a", "b", "team"])}, optional={"value": st.sampled_from(["", "v", "w"])}
    ),
    max_size=2,
    unique_by=lambda tag: str(tag["key"]),
)
_FITS_FARGATE = {
    "networkMode": "awsvpc",
    "requiresCompatibilities": ["FARGATE"],
    "cpu": "512",
    "memory": "1024",
}
_CONTROLLERS = st.sampled_from([{"type": "ECS"}] * 5 + [{"type": "CODE_DEPLOY"}])
_VOLUMES = structure("ServiceVolumeConfiguration", name=st.just("data")).map(lambda each: [each])
_BALANCER = {"targetGroupArn": "t", "containerName": "app", "containerPort": 80}
_SAYING = {"placementConstraints": "type", "placementStrategy": "type", "lifecycleHooks": "hookTargetArn"}
"""Without which an item says nothing."""
_OWN = {"LINEAR": "linearConfiguration", "CANARY": "canaryConfiguration"}


@dataclass(frozen=True)
class Files:
    """The two definitions of a project."""

    task: Body
    service: Body


@st.composite
def pairs(draw: st.DrawFn) -> tuple[Files, Files]:
    """Draw what a project asks for, and what it asks for after an edit."""
    first, other = _settled(draw(_files())), draw(_files())
    other.task["networkMode"] = draw(st.sampled_from([first.task["networkMode"]] * 7 + ["bridge"]))
    task = draw(_mixed(shapes.model().shape_for("RegisterTaskDefinitionRequest"), first.task, other.task))
    service = draw(_mixed(shapes.model().shape_for("CreateServiceRequest"), first.service, other.service))
    second = _settled(Files(task, service))
    if first.service.get("capacityProviderStrategy") and "launchType" in second.service:
        _fit(second.task)  # whichever launch type comes back, it runs this
        second.service.setdefault("networkConfiguration", {"awsvpcConfiguration": {"subnets": ["subnet-1"]}})
    return first, second


@st.composite
def _files(draw: st.DrawFn) -> Files:
    return Files(draw(task_definitions()), draw(services()))


def _of_one_kind(volume: Body) -> Body:
    kinds = [name for name in volume if name == "host" or name.endswith("Configuration")]
    return {name: value for name, value in volume.items() if name not in kinds[1:]}


def task_definitions() -> Drawn:
    """Draw bodies of RegisterTaskDefinition for one container that services can reach at port 80."""
    container = structure(
        "ContainerDefinition",
        name=st.just("app"),
        image=st.sampled_from(["web:1", "web:2"]),
        portMappings=st.lists(st.sampled_from(_PORTS[2:]), unique_by=str).map(
            lambda more: [*_PORTS[:2], *more]
        ),
    )
    volumes = structure("Volume", name=st.just("data"), configuredAtLaunch=st.booleans()).map(
        lambda each: [_of_one_kind(each)]
    )
    return structure(
        "RegisterTaskDefinitionRequest",
        family=st.just("web"),
        networkMode=st.sampled_from(["awsvpc", "awsvpc", "bridge"]),
        containerDefinitions=container.map(lambda each: [each]),
        volumes=volumes,
        tags=_TAGS,
    )


def services() -> Drawn:
    """Draw bodies of CreateService."""
    return st.builds(
        lambda body, more, configuration: body | more | configuration,
        structure("CreateServiceRequest", availabilityZoneRebalancing=st.just("DISABLED")),
        st.fixed_dictionaries(
            {},
            optional={
                "launchType": st.sampled_from(["FARGATE", "FARGATE", "EC2"]),
                "capacityProviderStrategy": st.lists(
                    structure("CapacityProviderStrategyItem"), min_size=1, max_size=2,
                    unique_by=lambda item: str(item["capacityProvider"]),
                ),
                "platformVersion": st.sampled_from(["LATEST", "1.4.0"]),
                "availabilityZoneRebalancing": st.sampled_from(["ENABLED", "DISABLED"]),
                "schedulingStrategy": st.sampled_from(["REPLICA", "REPLICA", "REPLICA", "DAEMON"]),
                "deploymentController": _CONTROLLERS,
                "volumeConfigurations": _VOLUMES,
                "tags": _TAGS,
            },
        ),
        st.fixed_dictionaries({}, optional={"deploymentConfiguration": st.one_of(
            [_configuration(each) for each in ("ROLLING", "ROLLING", "BLUE_GREEN", "LINEAR", "CANARY")])}),
    )  # fmt: skip


def _configuration(strategy: str) -> Drawn:
    """Draw a deployment configuration of a strategy, without what another one alone has."""
    if strategy == "ROLLING":
        return structure(
            "DeploymentConfiguration",
            maximumPercent=st.sampled_from([100, 150, 200]),
            minimumHealthyPercent=st.just(0),
        )
    more: dict[str, Drawn] = {"bakeTimeInMinutes": st.integers(0, 2)}
    if strategy in _OWN:
        more[_OWN[strategy]] = structure(f"{strategy.capitalize()}Configuration")
    return structure(
        "DeploymentConfiguration",
        strategy=st.just(strategy),
        deploymentCircuitBreaker=st.sampled_from([{"enable": False, "rollback": False}]),
        earlySuccessCriteria=st.just({"enable": False}),
        lifecycleHooks=st.just([]),
        **more,
    )


@st.composite
def _mixed(draw: st.DrawFn, shape: Any, first: Body, other: Body) -> Body:
    """Draw what is between two bodies of a shape: members of either, some of the optional ones of neither."""
    mixed: Body = {}
    kept = {*shape.required_members, *REQUIRED.get(shape.name, ()), "name", "image", "networkMode"}
    for name in sorted({*first, *other}):
        member = shape.members[name]
        sides = [side[name] for side in (first, other) if name in side]
        choice = draw(st.integers(0, 7))
        if choice >= 4 and name in first:
            mixed[name] = first[name]
        elif choice == 0 and name not in kept:
            continue
        elif (
            member.type_name == "structure"
            and len(sides) == 2
            and all(isinstance(side, dict) for side in sides)
        ):
            mixed[name] = draw(_mixed(member, *sides))
        elif (
            member.type_name == "list"
            and len(sides) == 2
            and member.member.type_name == "structure"
            and all(sides)
        ):
            items = [draw(_mixed(member.member, a, b)) for a, b in zip(*sides, strict=False)]
            mixed[name] = items
        else:
            mixed[name] = sides[-1]
    return copy.deepcopy(mixed)


def _settled(files: Files) -> Files:
    """Make two definitions go together, and each with itself."""
    task, service = copy.deepcopy(files.task), copy.deepcopy(files.service)
    task.setdefault("networkMode", "bridge")
    strategy = service.get("capacityProviderStrategy")
    if strategy:
        service.pop("launchType", None)
    fargate = service.get("launchType") == "FARGATE" or bool(strategy)
    if service.get("schedulingStrategy") == "DAEMON":
        fargate = False
        for name in (
            "capacityProviderStrategy",
            "launchType",
            "desiredCount",
            "placementStrategy",
            "deploymentController",
        ):
            service.pop(name, None)
        service["availabilityZoneRebalancing"] = "DISABLED"
        service.get("deploymentConfiguration", {}).pop("minimumHealthyPercent", None)  # of one task
    if fargate:
        _fit(task)
    else:
        service.pop("platformVersion", None)
        task.pop("requiresCompatibilities", None)
    task.setdefault("executionRoleArn", _ROLE)
    if (
        task["networkMode"] == "awsvpc"
    ):  # documented only, and so no reason to refuse what FARGATE goes on running
        task.pop("placementConstraints", None)
    for volume in task.get("volumes", []):
        for other in [name for name in volume if name not in ("name", "configuredAtLaunch")][1:]:
            del volume[other]  # of one kind
    if not service.get("monitoring", {}).get("metricConfigurations"):
        service.pop("monitoring", None)
    if task["networkMode"] != "awsvpc":
        service.pop("networkConfiguration", None)
    elif "awsvpcConfiguration" in service.get("networkConfiguration", {}):
        if not fargate:
            service["networkConfiguration"]["awsvpcConfiguration"].pop("assignPublicIp", None)
    else:
        service["networkConfiguration"] = {"awsvpcConfiguration": {"subnets": ["subnet-1"]}}
    launched = [each["name"] for each in task.get("volumes", []) if each.get("configuredAtLaunch")]
    if launched and (
        service.get("schedulingStrategy") == "DAEMON"
        or "CODE_DEPLOY" in str(service.get("deploymentController"))
    ):
        task["volumes"] = [each | {"configuredAtLaunch": False} for each in task["volumes"]]
        launched = []
    if launched:
        service.setdefault("volumeConfigurations", [{"name": "data", "managedEBSVolume": {"roleArn": _ROLE}}])
    else:
        service.pop("volumeConfigurations", None)
    if service.get("deploymentController", {}).get("type") == "CODE_DEPLOY":
        service["loadBalancers"] = [_BALANCER]
        # No member of a task set: what became of them is nowhere to be seen.
        for name in ("deploymentConfiguration", *servicedefaults.UNLISTED):
            service.pop(name, None)
    for each in task["containerDefinitions"]:
        each.setdefault("portMappings", _PORTS[:2])
        if not task.get("volumes"):
            each.pop("mountPoints", None)
        if task["networkMode"] == "awsvpc":
            each.pop("hostname", None)
            each.pop("links", None)
    for each in service.get("serviceRegistries", []) if task["networkMode"] != "awsvpc" else []:
        each |= {"containerName": "app", "containerPort": 80}
    connect = service.get("serviceConnectConfiguration", {})
    for number, each in enumerate(
        [
            *connect.get("services", []),
            *service.get("vpcLatticeConfigurations", []),
            *service.get("gatewayConnectors", []),
        ]
    ):
        each["portName"] = _PORTS[number % 2]["name"]  # one that the container has
    configuration = service.get("deploymentConfiguration", {})
    _settle_configuration(configuration)
    for holder in (task, service, configuration):
        for name in holder.keys() & _SAYING.keys():
            holder[name] = [each for each in holder[name] if each.get(_SAYING[name])]
    return Files(documents.without_twins(TASK, task), documents.without_twins(SERVICE, service))


def _fit(task: Body) -> None:
    """Make a task definition one for FARGATE."""
    task.update(_FITS_FARGATE)
    for name in ("ephemeralStorage", "ipcMode", "placementConstraints"):
        task.pop(name, None)


def _settle_configuration(configuration: Body) -> None:
    strategy = configuration.get("strategy", "ROLLING")
    for own, member in _OWN.items():
        if own != strategy:
            configuration.pop(member, None)
    if strategy != "ROLLING":
        for member in ("deploymentCircuitBreaker", "earlySuccessCriteria", "lifecycleHooks"):
            configuration.pop(member, None)
    elif configuration.get("maximumPercent", 200) < 200:
        configuration["minimumHealthyPercent"] = 0  # of one task there is no half: the rollout could not move
    if strategy == "BLUE_GREEN":
        configuration.setdefault("bakeTimeInMinutes", 1)


def spelled(kind: Kind, body: Body, dice: random.Random) -> Body:
    """Write a body down as people do: in another order, numbers as texts, names in another case, defaults explicit."""
    written = documents.shuffled(kind, body, dice)
    result: Body = _spelled(kind.node, written, dice)
    return result


def _spelled(node: Node, value: Any, dice: random.Random) -> Any:
    if isinstance(value, dict) and node.members:
        explicit = {
            name: usual
            for name, member in node.members.items()
            if name not in {"port", *value}
            and (usual := member.rule.default) is not ABSENT
            and dice.random() < 0.1
        }
        items = list({**value, **explicit}.items())
        dice.shuffle(items)
        return {_cased(name, dice): _spelled(node.members[name], inner, dice) for name, inner in items}
    if isinstance(value, list) and node.item is not None:
        return [_spelled(node.item, item, dice) for item in value]
    if isinstance(value, bool):
        return str(value).lower() if dice.random() < 0.1 else value
    if isinstance(value, int | float):
        return str(value) if dice.random() < 0.1 else value
    return value


def _cased(name: str, dice: random.Random) -> str:
    return name[:1].upper() + name[1:] if dice.random() < 0.05 else name
