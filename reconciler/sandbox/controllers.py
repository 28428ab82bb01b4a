"""Services whose deployments belong to CodeDeploy or to an external controller: what they may have and have changed.

A CODE_DEPLOY service begins with one task set, which CodeDeploy's deployments replace (`codedeployruns`). CreateTaskSet
is not simulated: an EXTERNAL service has no task set and so runs nothing.
"""

from collections.abc import Set as AbstractSet
from typing import Final

from reconciler.sandbox import clusters, deployments, rules, shapes, tasksets
from reconciler.sandbox.errors import Refusal
from reconciler.sandbox.worlds import Body, Deployment, Service, World

_INVALID: Final = "InvalidParameterException"
_UPDATABLE: Final = {
    "CODE_DEPLOY": frozenset(
        {
            *("desiredCount", "deploymentConfiguration", "healthCheckGracePeriodSeconds"),
            *("placementConstraints", "placementStrategy", "enableECSManagedTags", "propagateTags"),
        }
    ),
    "EXTERNAL": frozenset(
        {
            *("desiredCount", "healthCheckGracePeriodSeconds"),
            *("placementConstraints", "placementStrategy", "enableECSManagedTags", "propagateTags"),
        }
    ),
}
"""From the text of UpdateService in the API model, which no shape repeats."""

_PERCENTAGES: Final = {"maximumPercent": 200, "minimumHealthyPercent": 100}
_CALLED: Final = {
    "taskDefinition": "task definition",
    "networkConfiguration": "network parameters",
    "loadBalancers": "load balancers",
    "serviceRegistries": "service registries",
    "platformVersion": "platform version",
}


@rules.documented("model: what CreateTaskSet takes too stands on the task set, not on the service")
def of_task_sets() -> frozenset[str]:
    """Give the members of CreateService that are controlled at the task set level."""
    common = {"cluster", "clientToken", "tags"}
    return (shapes.inputs("CreateTaskSet") & shapes.inputs("CreateService")) - common


@rules.documented(
    "model, CreateService: EXTERNAL takes only what is not controlled at the task set level; "
    "CODE_DEPLOY needs an Application or Network Load Balancer, and one target group at most"
)
@rules.reported("terraform-provider-aws#27291: LoadBalancers must be empty or null.; others of that kind")
@rules.guessed("the wording for CODE_DEPLOY")
def check_new(request: Body) -> None:
    """Refuse a service that the controller cannot have."""
    controller = (request.get("deploymentController") or {}).get("type", "ECS")
    if controller == "EXTERNAL":
        for member in sorted(of_task_sets()):
            if request.get(member):
                raise Refusal(_INVALID, f"{member[:1].upper()}{member[1:]} must be empty or null.")
    if controller == "CODE_DEPLOY":
        groups = [each for each in request.get("loadBalancers", []) if each.get("targetGroupArn")]
        if len(groups) != 1:
            message = (
                "Services with a CODE_DEPLOY deployment controller must have exactly one target group of an "
                "Application Load Balancer or a Network Load Balancer."
            )
            raise Refusal(_INVALID, message)


@rules.documented("model, UpdateService: what belongs to CodeDeploy's CreateDeployment or to CreateTaskSet")
@rules.reported(
    "boto3#1936, terraform-provider-aws#8005, ecspresso#393: Unable to update … on services with a …, even "
    "if the value is the same; containers-roadmap#631: no forced deployment"
)
@rules.guessed("the wording for a forced deployment, for EXTERNAL and for rarer members")
def check_sent(controller: str, request: Body) -> None:
    """Refuse a request to change what the service's controller controls."""
    if controller == "ECS":
        return
    hint = {
        "CODE_DEPLOY": "Use AWS CodeDeploy to trigger a new deployment.",
        "EXTERNAL": "Use CreateTaskSet instead.",
    }[controller]
    where = f"on services with a {controller} deployment controller"
    for member in sorted(of_task_sets() - {"capacityProviderStrategy"}, key=_precedence):
        if member in request:
            message = f"Unable to update {_CALLED.get(member, member)} {where}. {hint}"
            raise Refusal(_INVALID, message)
    if request.get("forceNewDeployment"):
        raise Refusal(_INVALID, f"Cannot force a new deployment {where}. {hint}")


@rules.guessed("the order in which the members are looked at")
def _precedence(member: str) -> tuple[int, str]:
    known = list(_CALLED)
    return (known.index(member) if member in known else len(known), member)


@rules.documented("model, UpdateService: only these can be updated under CODE_DEPLOY and EXTERNAL")
@rules.reported("ecspresso#481: under CODE_DEPLOY a strategy is refused if it changes, for want of force")
@rules.guessed("that members which no list has are accepted as long as they do not change, and the wording")
def check_changed(controller: str, changed: AbstractSet[str]) -> None:
    """Refuse changes that the service's controller does not allow."""
    refused = sorted(changed - _UPDATABLE.get(controller, changed) - {"capacityProviderStrategy"})
    if refused:
        message = f"Unable to update {refused[0]} on services with a {controller} deployment controller."
        raise Refusal(_INVALID, message)


@rules.documented(
    "model, DeploymentConfiguration: no custom percentages for CODE_DEPLOY and EXTERNAL with EC2 tasks; "
    "the circuit breaker and alarms are for the ECS controller"
)
@rules.guessed("the wording")
def check_configuration(body: Body, sent: Body) -> None:
    """Refuse a deployment configuration, as it was sent, that the service's controller cannot use."""
    controller = body["deploymentController"]["type"]
    if controller == "ECS":
        return
    for member in ("deploymentCircuitBreaker", "alarms"):
        if sent.get(member, {}).get("enable"):
            message = f"{member} is not supported with a {controller} deployment controller."
            raise Refusal(_INVALID, message)
    if sent.get("strategy", "ROLLING") != "ROLLING":
        message = f"A deployment strategy is not supported with a {controller} deployment controller."
        raise Refusal(_INVALID, message)
    custom = [name for name, usual in _PERCENTAGES.items() if sent.get(name, usual) != usual]
    if custom and body.get("launchType") == "EC2":
        message = (
            f"A custom {custom[0]} is not supported with a {controller} deployment controller and EC2 tasks."
        )
        raise Refusal(_INVALID, message)


@rules.reported("recordings: the percentages are echoed for CODE_DEPLOY, a breaker is not")
@rules.reported("terraform-aws-ecs-alb-service-task#165: a disabled breaker is taken and not kept")
def configuration(filled: Body, controller: str) -> Body:
    """Give of a deployment configuration what a service of the controller keeps."""
    if controller == "ECS":
        return filled
    return {name: filled[name] for name in _PERCENTAGES}


@rules.documented(
    "model, TaskSet: CODE_DEPLOY services have task sets; deployments are for the ECS controller"
)
@rules.reported("recordings: id ecs-svc/…, scale 100 PERCENT, the concrete platform version")
def task_sets(world: World, service: Service) -> list[Body]:
    """Give the task sets of a service as DescribeServices shows them."""
    return [_task_set(world, service, each) for each in service.deployments]


@rules.documented("model, DescribeTaskSets: all of a service, or those named; failures MISSING")
@rules.guessed("a service with the ECS controller has none, and that is no error")
def describe_task_sets(world: World, request: Body) -> Body:
    """Show the task sets of a service."""
    cluster = clusters.find(world, request["cluster"])["clusterName"]
    service = world.services.get((cluster, request["service"].rpartition("/")[2]))
    if service is None:
        raise Refusal("ServiceNotFoundException", "Service not found.")
    found = [] if service.rolls else task_sets(world, service)
    wanted = request.get("taskSets") or [each["id"] for each in found]
    shown = [each for each in found if each["id"] in wanted or each["taskSetArn"] in wanted]
    known = {name for each in shown for name in (each["id"], each["taskSetArn"])}
    return {
        "taskSets": shown,
        "failures": [{"arn": each, "reason": "MISSING"} for each in wanted if each not in known],
    }


@rules.documented("model, TaskSet: STEADY_STATE once all tasks run, none is pending and no health is unknown")
@rules.reported("recordings: the scale of a task set that goes is 0; the first one has no externalId")
def _task_set(world: World, service: Service, deployment: Deployment) -> Body:
    shown, task_set = deployments.shown(service, deployment), tasksets.of(service, deployment)
    copied = (
        *("id", "status", "taskDefinition", "pendingCount", "runningCount", "createdAt", "updatedAt"),
        *("launchType", "capacityProviderStrategy", "platformVersion", "platformFamily"),
        "networkConfiguration",
    )
    return {
        **{member: shown[member] for member in copied if member in shown},
        "taskSetArn": world.arn("task-set", f"{service.cluster}/{service.name}/{shown['id']}"),
        "serviceArn": service.body["serviceArn"],
        "clusterArn": service.body["clusterArn"],
        "startedBy": "CODE_DEPLOY",
        "computedDesiredCount": tasksets.wanted(service, deployment),
        "loadBalancers": task_set.own["loadBalancers"],
        "serviceRegistries": service.body["serviceRegistries"],
        "scale": {"value": task_set.scale, "unit": "PERCENT"},
        "stabilityStatus": "STEADY_STATE" if task_set.stable else "STABILIZING",
        "stabilityStatusAt": task_set.judged,
        "tags": [],
        **({"externalId": task_set.external_id} if task_set.external_id else {}),
    }
