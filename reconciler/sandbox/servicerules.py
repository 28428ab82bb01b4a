"""What CreateService and UpdateService refuse. Each rule takes the service as it would be stored."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from reconciler.sandbox import definitiondefaults, rules, servicedefaults
from reconciler.sandbox.errors import Refusal
from reconciler.sandbox.worlds import Body

_INVALID: Final = "InvalidParameterException"


@dataclass(frozen=True, slots=True)
class Candidate:
    """A service as it would be stored: its body, its settings that are in no `Service`, what it would run."""

    body: Body
    unlisted: Body
    definition: Body


def not_simulated(what: str) -> Refusal:
    """Say that AWS has it and the sandbox has not; never pretend."""
    return Refusal("NotSimulatedBySandbox", f"The sandbox does not simulate {what}.", status=501)


def check(candidate: Candidate) -> None:
    """Apply every rule in turn."""
    for rule in _RULES:
        rule(candidate)


def check_new(request: Body) -> None:
    """Apply the rules that concern CreateService's request alone."""
    if not re.fullmatch(r"[A-Za-z0-9_-]{1,255}", request["serviceName"]):
        raise Refusal(_INVALID, "Service name contains invalid characters.")
    if request.get("launchType") and request.get("capacityProviderStrategy"):
        message = (
            "Specifying both a launch type and capacity provider strategy is not supported. "
            "Remove one and try again."
        )
        raise Refusal(_INVALID, message)


def _simulated(candidate: Candidate) -> None:
    controller = candidate.body["deploymentController"]["type"]
    strategy = candidate.body["deploymentConfiguration"]["strategy"]
    if controller != "ECS":
        raise not_simulated(f"the deployment controller {controller}")
    if strategy != "ROLLING":
        raise not_simulated(f"the deployment strategy {strategy}")
    if candidate.body["schedulingStrategy"] != "REPLICA":
        raise not_simulated(f"the scheduling strategy {candidate.body['schedulingStrategy']}")


@rules.documented("model, CreateService.networkConfiguration: required with awsvpc, not supported without")
@rules.reported("amazon-ecs-deploy-task-definition#802 and #616: the two messages")
def _network(candidate: Candidate) -> None:
    network = candidate.body.get("networkConfiguration", {}).get("awsvpcConfiguration")
    if definitiondefaults.network_mode(candidate.definition) == "awsvpc":
        if not network:
            message = "Network Configuration must be provided when networkMode 'awsvpc' is specified."
            raise Refusal(_INVALID, message)
        if not network.get("subnets"):
            raise Refusal(_INVALID, "subnets can not be empty.")
        if network["assignPublicIp"] == "ENABLED" and candidate.body.get("launchType") == "EC2":
            raise Refusal(_INVALID, "Assign public IP is not supported for this launch type.")
    elif network:
        message = "Network Configuration is not valid for the given networkMode of this task definition."
        raise Refusal(_INVALID, message)


@rules.documented(
    "model, LoadBalancer: not both a name and a target group; no Classic Load Balancer with awsvpc"
)
@rules.reported("amazon-ecs-agent#1276 and pulumi-awsx#1172: the container …; wording of the others guessed")
def _load_balancers(candidate: Candidate) -> None:
    containers = {each["name"]: each for each in candidate.definition["containerDefinitions"]}
    for each in candidate.body["loadBalancers"]:
        if each.get("targetGroupArn") and each.get("loadBalancerName"):
            raise Refusal(_INVALID, "loadBalancerName and targetGroupArn cannot both be specified.")
        if each.get("loadBalancerName") and definitiondefaults.network_mode(candidate.definition) == "awsvpc":
            raise Refusal(_INVALID, "Classic Load Balancers are not supported with networkMode awsvpc.")
        name = each.get("containerName")
        if not name:
            raise Refusal(_INVALID, "Container Name can not be blank.")
        if name not in containers:
            raise Refusal(_INVALID, f"The container {name} does not exist in the task definition.")
        ports = [mapping.get("containerPort") for mapping in containers[name]["portMappings"]]
        if each.get("containerPort") not in ports:
            message = (
                f"The container {name} did not have a container port {each.get('containerPort')} defined."
            )
            raise Refusal(_INVALID, message)


@rules.documented(
    "model, CapacityProviderStrategyItem: one base, not all weights 0; CapacityProviderStrategy: at most 20"
)
@rules.guessed("the wording")
def _strategy(candidate: Candidate) -> None:
    strategy = candidate.body.get("capacityProviderStrategy") or []
    if len(strategy) > 20:
        raise Refusal(
            _INVALID, "A capacity provider strategy can contain a maximum of 20 capacity providers."
        )
    if sum(each["base"] > 0 for each in strategy) > 1:
        raise Refusal(_INVALID, "Only one capacity provider in a strategy can have a base defined.")
    if strategy and not any(each["weight"] for each in strategy):
        raise Refusal(
            _INVALID, "A capacity provider strategy must have one capacity provider with a weight above 0."
        )


@rules.reported("transcripts: Task definition does not support launch_type FARGATE.")
@rules.reported("amazon-ecs-cli#1047: The platform version must be null when specifying an EC2 launch type.")
def _launch_type(candidate: Candidate) -> None:
    if (
        servicedefaults.on_fargate(candidate.body)
        and "FARGATE" not in candidate.definition["compatibilities"]
    ):
        raise Refusal(_INVALID, "Task definition does not support launch_type FARGATE.")
    if candidate.body.get("launchType") == "EC2" and candidate.body.get("platformVersion"):
        raise Refusal(_INVALID, "The platform version must be null when specifying an EC2 launch type.")


@rules.documented("model, DeploymentConfiguration: a maximum of 100 with a minimum of 100 leaves no room")
@rules.reported(
    "transcripts: Both maximumPercent and minimumHealthyPercent cannot be 100 …; the rest guessed"
)
def _percentages(candidate: Candidate) -> None:
    configuration = candidate.body["deploymentConfiguration"]
    most, least = configuration["maximumPercent"], configuration["minimumHealthyPercent"]
    if candidate.body["desiredCount"] < 0:
        raise Refusal(_INVALID, "Desired count can not be negative.")
    if least > most:
        raise Refusal(_INVALID, "minimumHealthyPercent cannot be greater than maximumPercent.")
    if most == 100 and least == 100:
        message = (
            "Both maximumPercent and minimumHealthyPercent cannot be 100 as this will block deployments."
        )
        raise Refusal(_INVALID, message)


@rules.reported("aws-cdk#32259: what availability zone rebalancing does not go with")
@rules.guessed("the wording")
def _rebalancing(candidate: Candidate) -> None:
    obstacle = servicedefaults.obstacle_to_rebalancing(candidate.body)
    if candidate.body["availabilityZoneRebalancing"] == "ENABLED" and obstacle:
        raise Refusal(_INVALID, f"Availability Zone rebalancing cannot be enabled with {obstacle}.")


@rules.documented(
    "model, CreateService.role: not with awsvpc, service discovery or several target groups, nor alone"
)
@rules.reported(
    "transcripts: You cannot specify an IAM role for services that require a service linked role."
)
def _role(candidate: Candidate) -> None:
    if "AWSServiceRoleForECS" in candidate.body.get("roleArn", "AWSServiceRoleForECS"):
        return
    if (
        definitiondefaults.network_mode(candidate.definition) == "awsvpc"
        or candidate.body["serviceRegistries"]
        or len(candidate.body["loadBalancers"]) > 1
    ):
        raise Refusal(
            _INVALID, "You cannot specify an IAM role for services that require a service linked role."
        )
    if not candidate.body["loadBalancers"]:
        raise Refusal(_INVALID, "Role can only be specified with a load balancer.")


@rules.documented("model, ServiceVolumeConfiguration.name matches a volume with configuredAtLaunch")
@rules.reported("recorded refusal of an update without volumeConfigurations; wording guessed")
def _volumes(candidate: Candidate) -> None:
    expected = {each["name"] for each in candidate.definition["volumes"] if each.get("configuredAtLaunch")}
    given = {each.get("name") for each in candidate.unlisted.get("volumeConfigurations", [])}
    if expected != given:
        message = (
            "The volumeConfigurations must match the task definition's volumes that are configured at launch."
        )
        raise Refusal(_INVALID, message)


@rules.documented(
    "model, PlacementConstraint.expression not with distinctInstance; ServiceRegistry.port or container"
)
@rules.guessed("the wording")
def _combinations(candidate: Candidate) -> None:
    for each in candidate.body["placementConstraints"]:
        if each.get("type") == "distinctInstance" and each.get("expression"):
            raise Refusal(_INVALID, "distinctInstance constraint does not support an expression.")
    if len(candidate.body["serviceRegistries"]) > 1:
        raise Refusal(_INVALID, "Only one service registry is supported for a service.")
    for each in candidate.body["serviceRegistries"]:
        if "port" in each and ("containerName" in each or "containerPort" in each):
            raise Refusal(
                _INVALID, "Specify either port, or containerName and containerPort, for a service registry."
            )


_Rule = Callable[[Candidate], None]
_RULES: Final[tuple[_Rule, ...]] = (
    _simulated,
    _network,
    _load_balancers,
    _strategy,
    _launch_type,
    _percentages,
    _rebalancing,
    _role,
    _volumes,
    _combinations,
)
