"""Members that do not go together: what the API was seen to refuse, and what its documentation forbids.

Sources as in `task_definitions` and `services`; an issue is named by its repository and number. A row that only
documentation states is not `seen`: it makes a warning, since documentation and API part at times (the API model says
that assignPublicIp must be DISABLED under the ECS controller, and live services have it ENABLED). Values are looked at
as they are sent, before defaults are folded away.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Final

from reconciler.core import pointers
from reconciler.core.values import Json, JsonObject, Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """What a service would be: `file` as the file asks for it, `service` with what stays of the live one.

    `task` is the task definition that it would run, empty where it is not known.
    """

    file: JsonObject = field(default_factory=dict)
    service: JsonObject = field(default_factory=dict)
    task: JsonObject = field(default_factory=dict)

    def at(self, *path: str) -> Json:
        """Give a member of the service, None where it is not there."""
        return _at(self.service, path)

    def items(self, *path: str) -> list[JsonObject]:
        """Give the objects of a list of the service."""
        return _objects(self.at(*path))

    @property
    def controller(self) -> str:
        """Give the deployment controller."""
        return str(self.at("deploymentController", "type") or "ECS")

    @property
    def strategy(self) -> str:
        """Give the deployment strategy."""
        return str(self.at("deploymentConfiguration", "strategy") or "ROLLING")

    @property
    def daemon(self) -> bool:
        """Tell whether the service has one task an instance."""
        return self.at("schedulingStrategy") == "DAEMON"

    @property
    def awsvpc(self) -> bool:
        """Tell whether tasks have network interfaces of their own."""
        return self.task.get("networkMode") == "awsvpc"

    @property
    def on_fargate(self) -> bool:
        """Tell whether tasks run on Fargate, by launch type or capacity provider."""
        providers = {item.get("capacityProvider") for item in self.items("capacityProviderStrategy")}
        return (
            bool(providers & {"FARGATE", "FARGATE_SPOT"}) if providers else self.at("launchType") == "FARGATE"
        )

    @property
    def rebalances(self) -> bool:
        """Tell whether tasks are rebalanced over availability zones."""
        return self.at("availabilityZoneRebalancing") == "ENABLED"


@dataclass(frozen=True, slots=True)
class Combination:
    """A row: the members that clash (the first one that the file holds is pointed at), and when they do."""

    members: tuple[str, ...]
    what: str
    hint: str
    source: str
    clashes: Callable[[Case], bool]
    seen: bool = False
    task: bool = False
    """Whether the task definition takes part: a new revision is reason enough to look."""
    creation: bool = False
    """Whether only a service that is created is asked: no update sends these members."""
    stays: str = ""
    """The hint where the member is the service's, and the file says nothing of it."""

    def place(self, file: JsonObject) -> Path:
        """Give the path of the member to point at."""
        return next(((name,) for name in self.members if name in file), ())


def _at(value: Json, path: tuple[str, ...]) -> Json:
    try:
        return pointers.get(value, path)
    except KeyError:
        return None


def _objects(value: Json) -> list[JsonObject]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list | tuple) else []


def _numbers(items: list[JsonObject], name: str) -> Iterator[float]:
    for item in items:
        value = item.get(name)
        yield float(value) if isinstance(value, int | float) else 0.0


def _network_is_lacking(case: Case) -> bool:
    return case.awsvpc and case.controller != "EXTERNAL" and not case.at("networkConfiguration")


def _network_is_too_much(case: Case) -> bool:
    return bool(case.task) and not case.awsvpc and bool(case.at("networkConfiguration"))


def _launch_volume_is_lacking(case: Case) -> bool:
    volumes = _objects(case.task.get("volumes"))
    return not case.at("volumeConfigurations") and any(volume.get("configuredAtLaunch") for volume in volumes)


def _elsewhere_percent(case: Case) -> bool:
    custom = {"maximumPercent", "minimumHealthyPercent"} & set(
        _members(case.file.get("deploymentConfiguration"))
    )
    on_instances = case.at("launchType") in (None, "EC2")
    return bool(custom) and case.controller in ("CODE_DEPLOY", "EXTERNAL") and on_instances


def _members(value: Json) -> JsonObject:
    return value if isinstance(value, dict) else {}


def _leaves_no_room(case: Case) -> bool:
    most, least = (
        case.at(_DEPLOYMENT, name) if case.at(_DEPLOYMENT, name) is not None else usual
        for name, usual in (
            ("maximumPercent", 100 if case.daemon else 200),
            ("minimumHealthyPercent", 0 if case.daemon else 100),
        )
    )
    return most == least == 100


def _at_most(value: Json, limit: float) -> bool:
    return isinstance(value, int | float) and value <= limit


def _lacks_fargate(case: Case) -> bool:
    """Tell whether the task definition is none that FARGATE runs: `compatibilities` would not name it (B)."""
    if not case.task or not case.on_fargate:
        return False
    return not (case.awsvpc and case.task.get("cpu") and case.task.get("memory"))


def _spreads_elsewhere(case: Case) -> bool:
    first = next(iter(case.items("placementStrategy")), None)
    spread = {"type": "spread", "field": "attribute:ecs.availability-zone"}
    return first is not None and {name: first.get(name) for name in spread} != spread


def _access_point_with_root(case: Case) -> bool:
    for volume in _objects(case.task.get("volumes")):
        point = _at(volume, ("efsVolumeConfiguration", "authorizationConfig", "accessPointId"))
        root = _at(volume, ("efsVolumeConfiguration", "rootDirectory"))
        if point and root not in (None, "", "/"):
            return True
    return False


_AZ = "availabilityZoneRebalancing"
_DEPLOYMENT = "deploymentConfiguration"

SERVICE: Final = (
    Combination(
        ("launchType", "capacityProviderStrategy"),
        "`launchType` and `capacityProviderStrategy` exclude each other",
        "remove one of them",
        "terraform-linters/tflint-ruleset-aws issue 349",
        lambda c: bool(c.file.get("launchType")) and bool(c.file.get("capacityProviderStrategy")),
        seen=True,
    ),
    Combination(
        ("networkConfiguration",),
        "the task definition has networkMode `awsvpc`, and the service has no `networkConfiguration`",
        "add networkConfiguration.awsvpcConfiguration with its subnets",
        "fabfuel/ecs-deploy issue 133",
        _network_is_lacking,
        seen=True,
        task=True,
    ),
    Combination(
        ("networkConfiguration",),
        "`networkConfiguration` is for networkMode `awsvpc`, which the task definition has not",
        'remove it, or set "networkMode": "awsvpc"',
        "crossplane-contrib/provider-aws issue 2233",
        _network_is_too_much,
        seen=True,
        task=True,
        stays='set "networkMode": "awsvpc", or delete the service, so that it is created anew without one',
    ),
    Combination(
        ("networkConfiguration", "launchType"),
        "`assignPublicIp` is not for the launch type EC2",
        'set "assignPublicIp": "DISABLED", or use FARGATE',
        "hashicorp/waypoint issue 643",
        lambda c: (
            c.at("launchType") == "EC2"
            and c.at("networkConfiguration", "awsvpcConfiguration", "assignPublicIp") == "ENABLED"
        ),
        seen=True,
    ),
    Combination(
        ("launchType", "capacityProviderStrategy"),
        "FARGATE runs task definitions with networkMode `awsvpc`, `cpu` and `memory`, and this one lacks some of it",
        "add them to the task definition, or set another launchType",
        "Task definition does not support launch_type FARGATE",
        _lacks_fargate,
        seen=True,
        task=True,
    ),
    Combination(
        ("launchType", "schedulingStrategy"),
        "a DAEMON service runs on instances, not on FARGATE",
        'set "schedulingStrategy": "REPLICA", or launchType EC2',
        "B, RD",
        lambda c: c.daemon and c.at("launchType") == "FARGATE",
        seen=True,
    ),
    Combination(
        ("capacityProviderStrategy", "schedulingStrategy"),
        "a DAEMON service takes no `capacityProviderStrategy`",
        'remove it, and set "launchType": "EC2" where the cluster has a default strategy',
        "aws/containers-roadmap issue 692",
        lambda c: c.daemon and bool(c.at("capacityProviderStrategy")),
        seen=True,
    ),
    Combination(
        ("volumeConfigurations",),
        "the task definition has a volume that is configured at launch, and the service has no "
        "`volumeConfigurations`",
        "add volumeConfigurations for it, or remove configuredAtLaunch",
        "RD",
        _launch_volume_is_lacking,
        seen=True,
        task=True,
    ),
    Combination(
        ("role",),
        "`role` is not taken where tasks have network interfaces of their own: ECS uses its service-linked role",
        "remove `role`",
        "hashicorp/terraform-provider-aws issue 4657",
        lambda c: c.awsvpc and bool(c.file.get("role")),
        seen=True,
        task=True,
        creation=True,
    ),
    Combination(
        ("role",),
        "`role` is for services with load balancers",
        "remove `role`",
        "B",
        lambda c: bool(c.file.get("role")) and not c.at("loadBalancers"),
        creation=True,
    ),
    Combination(
        ("role",),
        "`role` is not taken together with service discovery, several target groups or an EXTERNAL controller",
        "remove `role`",
        "B",
        lambda c: (
            bool(c.file.get("role"))
            and (
                bool(c.at("serviceRegistries"))
                or len(c.items("loadBalancers")) > 1
                or c.controller == "EXTERNAL"
            )
        ),
        creation=True,
    ),
    Combination(
        ("schedulingStrategy", "deploymentController"),
        "a DAEMON service has the ECS deployment controller",
        "remove `deploymentController`",
        "B",
        lambda c: c.daemon and c.controller != "ECS",
    ),
    Combination(
        ("volumeConfigurations", "schedulingStrategy"),
        "a DAEMON service takes no `volumeConfigurations`",
        "remove them",
        "B",
        lambda c: c.daemon and bool(c.at("volumeConfigurations")),
    ),
    Combination(
        ("capacityProviderStrategy",),
        "every weight in `capacityProviderStrategy` is 0, so no provider gets a task",
        "give one of them a weight",
        "B",
        lambda c: (
            (strategy := c.items("capacityProviderStrategy")) != [] and not any(_numbers(strategy, "weight"))
        ),
    ),
    Combination(
        ("capacityProviderStrategy",),
        "only one provider in `capacityProviderStrategy` can have a `base`",
        "remove the others",
        "B",
        lambda c: sum(1 for base in _numbers(c.items("capacityProviderStrategy"), "base") if base) > 1,
    ),
    Combination(
        ("capacityProviderStrategy",),
        "`capacityProviderStrategy` takes 20 providers at most",
        "remove some",
        "B",
        lambda c: len(c.items("capacityProviderStrategy")) > 20,
    ),
    Combination(
        ("launchType",),
        "ECS Managed Instances are asked for by `capacityProviderStrategy`, not by `launchType`",
        "remove `launchType`",
        "B",
        lambda c: (
            bool(c.file.get("launchType")) and c.task.get("requiresCompatibilities") == ["MANAGED_INSTANCES"]
        ),
        task=True,
    ),
    Combination(
        ("loadBalancers",),
        "a load balancer has `targetGroupArn` or `loadBalancerName`, not both",
        "remove one of them",
        "B",
        lambda c: any(
            lb.get("targetGroupArn") and lb.get("loadBalancerName") for lb in c.items("loadBalancers")
        ),
    ),
    Combination(
        ("loadBalancers",),
        "a Classic Load Balancer cannot reach tasks with network interfaces of their own (`awsvpc`)",
        "use a target group",
        "B",
        lambda c: c.awsvpc and any(lb.get("loadBalancerName") for lb in c.items("loadBalancers")),
        task=True,
    ),
    Combination(
        (_DEPLOYMENT,),
        "`deploymentCircuitBreaker` is for rolling deployments by ECS",
        "disable it",
        "B",
        lambda c: (
            c.at(_DEPLOYMENT, "deploymentCircuitBreaker", "enable") is True
            and (c.controller != "ECS" or c.strategy != "ROLLING")
        ),
    ),
    Combination(
        (_DEPLOYMENT,),
        "`earlySuccessCriteria` is for rolling deployments",
        'remove it, or set "strategy": "ROLLING"',
        "B",
        lambda c: (
            c.at(_DEPLOYMENT, "earlySuccessCriteria", "enable") is True
            and (c.controller != "ECS" or c.strategy != "ROLLING")
        ),
    ),
    Combination(
        (_DEPLOYMENT,),
        "`linearConfiguration` is for the strategy LINEAR",
        'set "strategy": "LINEAR", or remove it',
        "B",
        lambda c: bool(c.at(_DEPLOYMENT, "linearConfiguration")) and c.strategy != "LINEAR",
    ),
    Combination(
        (_DEPLOYMENT,),
        "`canaryConfiguration` is for the strategy CANARY",
        'set "strategy": "CANARY", or remove it',
        "B",
        lambda c: bool(c.at(_DEPLOYMENT, "canaryConfiguration")) and c.strategy != "CANARY",
    ),
    Combination(
        (_DEPLOYMENT,),
        "the strategy BLUE_GREEN wants `bakeTimeInMinutes`",
        "say how long both revisions run side by side",
        "B",
        lambda c: c.strategy == "BLUE_GREEN" and c.at(_DEPLOYMENT, "bakeTimeInMinutes") is None,
    ),
    Combination(
        (_DEPLOYMENT,),
        "`maximumPercent` and `minimumHealthyPercent` are both 100, which leaves no room to replace a task",
        "raise maximumPercent, or lower minimumHealthyPercent",
        "Both maximumPercent and minimumHealthyPercent cannot be 100 as this will block deployments",
        _leaves_no_room,
        seen=True,
    ),
    Combination(
        (_DEPLOYMENT,),
        "`maximumPercent` and `minimumHealthyPercent` mean nothing to tasks on instances under CODE_DEPLOY or EXTERNAL",
        "remove them",
        "B",
        _elsewhere_percent,
    ),
    Combination(
        (_AZ,),
        "`availabilityZoneRebalancing` is not for DAEMON services",
        "set it to DISABLED",
        "Availability Zone Rebalancing does not support DAEMON services",
        lambda c: c.rebalances and c.daemon,
        seen=True,
    ),
    Combination(
        (_AZ,),
        "`availabilityZoneRebalancing` is not for the launch type EXTERNAL",
        "set it to DISABLED",
        "aws/aws-cdk pull request 32263",
        lambda c: c.rebalances and c.at("launchType") == "EXTERNAL",
    ),
    Combination(
        (_AZ, _DEPLOYMENT),
        "`availabilityZoneRebalancing` needs a `maximumPercent` above 100: it starts a task before it stops one",
        'raise maximumPercent, or set "availabilityZoneRebalancing": "DISABLED"',
        "Availability Zone Rebalancing does not support maximumPercent <= 100 % as deployment configuration",
        lambda c: c.rebalances and _at_most(c.at(_DEPLOYMENT, "maximumPercent"), 100),
        seen=True,
    ),
    Combination(
        (_AZ, "loadBalancers"),
        "`availabilityZoneRebalancing` is not for services behind a Classic Load Balancer",
        "set it to DISABLED",
        "aws/aws-cdk pull request 32263",
        lambda c: c.rebalances and any(lb.get("loadBalancerName") for lb in c.items("loadBalancers")),
    ),
    Combination(
        (_AZ, "placementConstraints"),
        "`availabilityZoneRebalancing` contradicts a placement constraint on the availability zone",
        "remove one of them",
        "aws/aws-cdk pull request 32263",
        lambda c: (
            c.rebalances
            and any(
                "ecs.availability-zone" in str(constraint.get("expression", ""))
                for constraint in c.items("placementConstraints")
            )
        ),
    ),
    Combination(
        (_AZ, "placementStrategy"),
        "`availabilityZoneRebalancing` wants the spread over availability zones to be the first placement strategy",
        'begin with {"type": "spread", "field": "attribute:ecs.availability-zone"}, or set '
        '"availabilityZoneRebalancing": "DISABLED"',
        "Availability Zone Rebalancing only supports availability zone spread as task placement strategy",
        lambda c: c.rebalances and _spreads_elsewhere(c),
        seen=True,
    ),
    Combination(
        ("placementConstraints",),
        "a `distinctInstance` constraint has no `expression`",
        "remove the expression",
        "B",
        lambda c: any(
            constraint.get("type") == "distinctInstance" and constraint.get("expression")
            for constraint in c.items("placementConstraints")
        ),
    ),
    Combination(
        ("serviceRegistries",),
        "a service registry has a `port`, or a container's name and port, not both",
        "remove one of them",
        "B",
        lambda c: any(
            registry.get("port") and (registry.get("containerName") or registry.get("containerPort"))
            for registry in c.items("serviceRegistries")
        ),
    ),
)

TASK_DEFINITION: Final = (
    Combination(
        ("volumes",),
        "an EFS volume with an access point has no `rootDirectory` of its own but `/`",
        "remove rootDirectory: the access point has one",
        "B",
        _access_point_with_root,
    ),
)
