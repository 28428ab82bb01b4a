"""What CreateService and UpdateService refuse. Each rule takes the service as it would be stored."""

import re
from collections.abc import Callable, Sequence
from typing import Final

from reconciler.sandbox import controllers, definitiondefaults, pairingrules, rules, servicedefaults
from reconciler.sandbox.errors import Refusal
from reconciler.sandbox.pairingrules import Candidate
from reconciler.sandbox.worlds import Body, Service

_INVALID: Final = "InvalidParameterException"
_ALSO: Final = frozenset({("deploymentCircuitBreaker", "BLUE_GREEN")})


def not_simulated(what: str) -> Refusal:
    """Say that AWS has it and the sandbox has not; never pretend."""
    return Refusal("NotSimulatedBySandbox", f"The sandbox does not simulate {what}.", status=501)


def check(candidate: Candidate) -> None:
    """Apply every rule in turn."""
    for rule in (*_RULES, *pairingrules.RULES):
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
    _sent(request, request.get("schedulingStrategy") or "REPLICA")
    _constrained(request)
    controllers.check_new(request)


@rules.reported("cloudlift#138: Placement constraints are not supported with FARGATE launch type.")
@rules.reported("terraform-provider-aws#26337: an update of a live service was taken")
def _constrained(request: Body) -> None:
    if servicedefaults.on_fargate(request) and request.get("placementConstraints"):
        message = "Placement constraints are not supported with FARGATE launch type."
        raise Refusal(_INVALID, message)


def check_change(service: Service, request: Body) -> None:
    """Apply the rules that concern UpdateService's request alone."""
    _sent(request, service.body["schedulingStrategy"])
    controller = service.body["deploymentController"]["type"]
    wanted = (request.get("deploymentController") or {}).get("type", controller)
    controllers.check_sent(wanted, request)
    if (controller, wanted) != ("CODE_DEPLOY", "ECS") and wanted != controller:
        raise not_simulated(f"a change of the deployment controller from {controller} to {wanted}")


@rules.reported(
    "ecs-deploy#59, ecspresso#20: The daemon scheduling strategy does not support a desired count …"
)
@rules.documented("model, DeploymentConfiguration.bakeTimeInMinutes: must be provided with BLUE_GREEN")
@rules.guessed("the wording of the latter")
def _sent(request: Body, scheduling: str) -> None:
    if scheduling == "DAEMON" and "desiredCount" in request:
        message = (
            "The daemon scheduling strategy does not support a desired count for services. "
            "Remove the desired count value and try again"
        )
        raise Refusal(_INVALID, message)
    configuration = request.get("deploymentConfiguration", {})
    if configuration.get("strategy") == "BLUE_GREEN" and "bakeTimeInMinutes" not in configuration:
        raise Refusal(
            _INVALID, "bakeTimeInMinutes must be specified with the BLUE_GREEN deployment strategy."
        )


@rules.documented(
    "model, DeploymentLifecycleHook: no PAUSE at the traffic shifts; hookTargetArn and lifecycleStages are required; "
    "DeploymentLifecycleHookDuration: 1 to 20160"
)
@rules.guessed("the wording")
def _hooks(candidate: Candidate) -> None:
    for each in candidate.body["deploymentConfiguration"].get("lifecycleHooks", []):
        stages, pauses = each.get("lifecycleStages", []), each.get("targetType") == "PAUSE"
        shifts = [stage for stage in stages if stage in ("TEST_TRAFFIC_SHIFT", "PRODUCTION_TRAFFIC_SHIFT")]
        if not stages:
            raise Refusal(_INVALID, "lifecycleStages must be specified for a lifecycle hook.")
        if pauses and shifts:
            raise Refusal(_INVALID, f"PAUSE lifecycle hooks are not supported at the {shifts[0]} stage.")
        if not pauses and not each.get("hookTargetArn"):
            raise Refusal(_INVALID, "hookTargetArn must be specified for an AWS_LAMBDA lifecycle hook.")
        if not 1 <= each.get("timeoutConfiguration", {}).get("timeoutInMinutes", 1) <= 20160:
            raise Refusal(_INVALID, "timeoutInMinutes must be between 1 and 20160.")


@rules.documented(
    "model, CreateService.schedulingStrategy: no Fargate, no CODE_DEPLOY or EXTERNAL controller with DAEMON; "
    "UpdateService: volumeConfigurations for REPLICA only"
)
@rules.reported("ecspresso#402: … does not support placement strategies. Remove the placement strategy …")
@rules.reported(
    "containers-roadmap#692: a capacity provider strategy, the cluster's default too, is refused with DAEMON"
)
@rules.guessed("the wording of the others")
def _daemon(candidate: Candidate) -> None:
    if candidate.body["schedulingStrategy"] != "DAEMON":
        return
    controller = candidate.body["deploymentController"]["type"]
    if candidate.body.get("capacityProviderStrategy"):
        message = (
            "Specifying a capacity provider strategy is not supported when you create a service using the "
            "DAEMON scheduling strategy."
        )
        raise Refusal(_INVALID, message)
    obstacles = {
        "placement strategies. Remove the placement strategy": bool(candidate.body["placementStrategy"]),
        "the FARGATE launch type. Remove the launch type": candidate.body.get("launchType") == "FARGATE",
        f"the {controller} deployment controller. Remove the deployment controller": controller != "ECS",
        "volume configurations. Remove the volume configurations": (
            "volumeConfigurations" in candidate.unlisted
        ),
    }
    for what, applies in obstacles.items():
        if applies:
            raise Refusal(_INVALID, f"The daemon scheduling strategy does not support {what} and try again")


@rules.documented(
    "model, DeploymentConfiguration: the circuit breaker and earlySuccessCriteria are for ROLLING, "
    "linearConfiguration for LINEAR, canaryConfiguration for CANARY; DeploymentEarlySuccessCriteria"
)
@rules.reported("terraform-provider-aws: the circuit breaker is taken with BLUE_GREEN, and rolls back")
@rules.reported("terraform-provider-aws#47919: an Express service has it with CANARY")
@rules.guessed("the wording")
def _deployment_strategy(candidate: Candidate) -> None:
    configuration = candidate.body["deploymentConfiguration"]
    strategy = configuration.get("strategy", "ROLLING")
    given = {
        ("deploymentCircuitBreaker", "ROLLING"): configuration.get("deploymentCircuitBreaker", {}).get(
            "enable"
        ),
        ("earlySuccessCriteria", "ROLLING"): configuration.get("earlySuccessCriteria", {}).get("enable"),
        ("linearConfiguration", "LINEAR"): "linearConfiguration" in configuration,
        ("canaryConfiguration", "CANARY"): "canaryConfiguration" in configuration,
    }
    early = configuration.get("earlySuccessCriteria", {})
    if early.get("enable") and not {"healthyPercent", "sourceServiceRevisionCleanup"} <= early.keys():
        message = "earlySuccessCriteria must specify healthyPercent and sourceServiceRevisionCleanup."
        raise Refusal(_INVALID, message)
    if early.get("enable") and not configuration["minimumHealthyPercent"] <= early["healthyPercent"] <= 100:
        message = "healthyPercent must be between minimumHealthyPercent and 100."
        raise Refusal(_INVALID, message)
    if candidate.body.get("resourceManagementType") == "ECS":
        del given["deploymentCircuitBreaker", "ROLLING"]
    for (member, only), applies in given.items():
        if applies and strategy != only and (member, strategy) not in _ALSO:
            message = f"{member} is only supported with the {only} deployment strategy."
            raise Refusal(_INVALID, message)


@rules.documented(
    "model: at most one gateway connector; MetricConfiguration.resolutionSeconds is 20 or 60, for "
    "CPUUtilization and MemoryUtilization"
)
@rules.guessed("the wording")
def _extras(candidate: Candidate) -> None:
    if len(candidate.unlisted.get("gatewayConnectors", [])) > 1:
        raise Refusal(_INVALID, "A service supports no more than one gateway connector.")
    for each in candidate.unlisted.get("monitoring", {}).get("metricConfigurations", []):
        if each["resolutionSeconds"] not in (20, 60):
            raise Refusal(_INVALID, "resolutionSeconds must be 20 or 60.")
        if not {"CPUUtilization", "MemoryUtilization"}.issuperset(each["metricNames"]):
            raise Refusal(_INVALID, "metricNames can be CPUUtilization and MemoryUtilization.")


@rules.documented("model, CreateService.networkConfiguration: required with awsvpc, not supported without")
@rules.reported("amazon-ecs-deploy-task-definition#802 and #616: the two messages")
@rules.reported("fargatecli#73: subnets can not be empty.; opensearch-migrations#1430: at most 16 items")
def _network(candidate: Candidate) -> None:
    network = candidate.body.get("networkConfiguration", {}).get("awsvpcConfiguration")
    if definitiondefaults.network_mode(candidate.definition) == "awsvpc":
        if not network:
            message = "Network Configuration must be provided when networkMode 'awsvpc' is specified."
            raise Refusal(_INVALID, message)
        if not network.get("subnets"):
            raise Refusal(_INVALID, "subnets can not be empty.")
        if len(network["subnets"]) > 16:
            raise Refusal(_INVALID, "subnets can have at most 16 items.")
        if network["assignPublicIp"] == "ENABLED" and candidate.body.get("launchType") == "EC2":
            raise Refusal(_INVALID, "Assign public IP is not supported for this launch type.")
    elif network:
        message = "Network Configuration is not valid for the given networkMode of this task definition."
        raise Refusal(_INVALID, message)


@rules.documented(
    "model, CapacityProviderStrategyItem: one base, not all weights 0; CapacityProviderStrategy: at most 20"
)
@rules.guessed("the wording")
def check_strategy(strategy: Sequence[Body]) -> None:
    """Refuse a capacity provider strategy, of a service or of RunTask, by which nothing could be placed."""
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


def _strategy(candidate: Candidate) -> None:
    check_strategy(candidate.body.get("capacityProviderStrategy") or [])


@rules.reported("transcripts: Task definition does not support launch_type FARGATE.")
@rules.reported("amazon-ecs-cli#1047: The platform version must be null when specifying an EC2 launch type.")
@rules.documented("model, CreateService.platformVersion: for Fargate only; wording guessed where not for EC2")
def _launch_type(candidate: Candidate) -> None:
    if (
        servicedefaults.on_fargate(candidate.body)
        and "FARGATE" not in candidate.definition["compatibilities"]
    ):
        raise Refusal(_INVALID, "Task definition does not support launch_type FARGATE.")
    if not servicedefaults.on_fargate(candidate.body) and candidate.body.get("platformVersion"):
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


@rules.reported("transcripts: Availability Zone Rebalancing does not support …, of updates and of creations")
def _rebalancing(candidate: Candidate) -> None:
    obstacle = servicedefaults.obstacle_to_rebalancing(candidate.body)
    if candidate.body["availabilityZoneRebalancing"] == "ENABLED" and obstacle:
        raise Refusal(_INVALID, f"Availability Zone Rebalancing {obstacle}.")


@rules.documented(
    "model, CreateService.role: not with awsvpc, EXTERNAL, service discovery or several target groups, nor alone"
)
@rules.reported(
    "transcripts: You cannot specify an IAM role for services that require a service linked role."
)
def _role(candidate: Candidate) -> None:
    if "AWSServiceRoleForECS" in candidate.body.get("roleArn", "AWSServiceRoleForECS"):
        return
    if (
        definitiondefaults.network_mode(candidate.definition) == "awsvpc"
        or candidate.body["deploymentController"]["type"] == "EXTERNAL"
        or candidate.body["serviceRegistries"]
        or len(candidate.body["loadBalancers"]) > 1
    ):
        raise Refusal(
            _INVALID, "You cannot specify an IAM role for services that require a service linked role."
        )
    if not candidate.body["loadBalancers"]:
        raise Refusal(_INVALID, "Role can only be specified with a load balancer.")


@rules.reported(
    "cloudformation-coverage-roadmap#2369: … strategies are not supported with FARGATE launch type."
)
def _placement(candidate: Candidate) -> None:
    if servicedefaults.on_fargate(candidate.body) and candidate.body["placementStrategy"]:
        message = "Placement strategies are not supported with FARGATE launch type."
        raise Refusal(_INVALID, message)


@rules.documented(
    "model, PlacementConstraint.expression not with distinctInstance; ServiceRegistry.port or container"
)
@rules.reported("terraform-aws-ecs-service#344: Specify a value for either 'port' or …")
@rules.guessed("the wording of the others")
def _combinations(candidate: Candidate) -> None:
    for each in candidate.body["placementConstraints"]:
        if each.get("type") == "distinctInstance" and each.get("expression"):
            raise Refusal(_INVALID, "distinctInstance constraint does not support an expression.")
    if len(candidate.body["serviceRegistries"]) > 1:
        raise Refusal(_INVALID, "Only one service registry is supported for a service.")
    for each in candidate.body["serviceRegistries"]:
        if "port" in each and ("containerName" in each or "containerPort" in each):
            message = (
                "Specify a value for either 'port' or the 'containerName' and 'containerPort' combination, but "
                "not both"
            )
            raise Refusal(_INVALID, message)


_Rule = Callable[[Candidate], None]
_RULES: Final[tuple[_Rule, ...]] = (
    _daemon,
    _network,
    _strategy,
    _launch_type,
    _percentages,
    _rebalancing,
    _role,
    _placement,
    _combinations,
    _deployment_strategy,
    _extras,
    _hooks,
)
