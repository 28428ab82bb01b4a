"""Application Auto Scaling as far as it concerns ECS services: their scalable targets. Scaling itself never happens.

moto has the rest of that API, other services' targets and all policies among it. ECS's targets are not left to it:
it looks for their services in an ECS of its own, which is empty here, and loading it costs a plan two seconds.
"""

from collections.abc import Callable
from typing import Final

from reconciler.sandbox import pages, rules, services, shapes, trails
from reconciler.sandbox.errors import Refusal
from reconciler.sandbox.worlds import ACCOUNT, Body, World

SERVICE: Final = "application-autoscaling"
NAMESPACE: Final = {"ServiceNamespace": "ecs", "ScalableDimension": "ecs:service:DesiredCount"}
"""What the target of an ECS service is always identified by, besides its resource id."""

_ROLE: Final = (
    f"arn:aws:iam::{ACCOUNT}:role/aws-service-role/ecs.application-autoscaling.amazonaws.com/"
    "AWSServiceRoleForApplicationAutoScaling_ECSService"
)
_BOUNDS: Final = ("MinCapacity", "MaxCapacity")


@rules.documented(
    "application-autoscaling model, RegisterScalableTarget: a new target needs both capacities; parameters "
    "that are not sent are not changed; the resource's capacity is brought into the range"
)
@rules.reported("moto and terraform-provider-aws: ECS service doesn't exist: service/CLUSTER/NAME")
@rules.guessed("a SuspendedState that is sent replaces the former one; the wording of the other refusals")
def register_scalable_target(world: World, request: Body) -> Body:
    """Register a service's scalable target, or change it."""
    _identified(request)
    resource = request["ResourceId"]
    held = world.targets.get(resource)
    for member in _BOUNDS:
        if held is None and member not in request:
            raise _invalid(f"{member} is required when registering a new scalable target.")
    _, cluster, name = resource.split("/")
    service = world.services.get((cluster, name))
    if service is None or service.body["status"] != "ACTIVE":
        raise _invalid(f"ECS service doesn't exist: {resource}")
    target = (held or _new(world, resource)) | {
        member: request[member] for member in (*_BOUNDS, "RoleARN") if member in request
    }
    if "SuspendedState" in request:
        target["SuspendedState"] = _running() | request["SuspendedState"]
    least, most = (target[member] for member in _BOUNDS)
    if not 0 <= least <= most:
        raise _invalid("Minimum capacity must not be negative, nor greater than maximum capacity.")
    world.targets[resource] = target
    inside = min(max(service.desired, least), most)
    if inside != service.desired and service.body["schedulingStrategy"] == "REPLICA":
        update = {"cluster": cluster, "service": name, "desiredCount": inside}
        services.update_service(world, update)
        trails.scaled(world, update)
    return {"ScalableTargetARN": target["ScalableTargetARN"]}


@rules.documented(
    "application-autoscaling model, DescribeScalableTargets: 50 a page; a dimension needs resource ids"
)
def describe_scalable_targets(world: World, request: Body) -> Body:
    """Show the scalable targets of services."""
    wanted = request.get("ResourceIds") or list(world.targets)
    targets = [each for resource, each in world.targets.items() if resource in wanted]
    paging = {"maxResults": request.get("MaxResults"), "nextToken": request.get("NextToken")}
    page = pages.cut(targets, "ScalableTargets", paging, default=50)
    return {"NextToken" if member == "nextToken" else member: value for member, value in page.items()}


@rules.documented("application-autoscaling model, DeregisterScalableTarget: ObjectNotFoundException")
def deregister_scalable_target(world: World, request: Body) -> Body:
    """Forget the scalable target of a service."""
    _registered(world, request)
    del world.targets[request["ResourceId"]]
    return {}


@rules.documented("application-autoscaling model, PutScalingPolicy: needs a scalable target")
@rules.reported("terraform-provider-aws: ObjectNotFoundException: No scalable target registered for …")
def _registered(world: World, request: Body) -> None:
    _identified(request)
    if request["ResourceId"] not in world.targets:
        named = ", ".join(
            f"{label}: {request[member]}"
            for label, member in (
                ("service namespace", "ServiceNamespace"),
                ("resource ID", "ResourceId"),
                ("scalable dimension", "ScalableDimension"),
            )
        )
        raise Refusal("ObjectNotFoundException", f"No scalable target registered for {named}")


@rules.reported("moto: Unsupported service namespace, resource type or scalable dimension")
def _identified(request: Body) -> None:
    kind, *rest = request["ResourceId"].split("/")
    if kind != "service" or len(rest) != 2 or request["ScalableDimension"] != NAMESPACE["ScalableDimension"]:
        raise _invalid("Unsupported service namespace, resource type or scalable dimension")


def _invalid(message: str) -> Refusal:
    return Refusal("ValidationException", message)


@rules.documented("application-autoscaling model, SuspendedState: every member is false by default")
def _running() -> Body:
    return dict.fromkeys(sorted(shapes.members("SuspendedState", SERVICE)), False)


def _new(world: World, resource: str) -> Body:
    return {
        **NAMESPACE,
        "ResourceId": resource,
        "ScalableTargetARN": f"arn:aws:{SERVICE}:{world.region}:{ACCOUNT}:scalable-target/{world.hexadecimal()}",
        "RoleARN": _ROLE,
        "CreationTime": world.now,
        "SuspendedState": _running(),
    }


OPERATIONS: Final[dict[str, Callable[[World, Body], Body]]] = {
    "RegisterScalableTarget": register_scalable_target,
    "DescribeScalableTargets": describe_scalable_targets,
    "DeregisterScalableTarget": deregister_scalable_target,
}


def answer(world: World, operation: str, request: object) -> Body | None:
    """Answer a call of Application Auto Scaling, or give None if it is not ours; may raise a `Refusal`."""
    if not isinstance(request, dict) or request.get("ServiceNamespace") != NAMESPACE["ServiceNamespace"]:
        return None
    if operation in OPERATIONS:
        return OPERATIONS[operation](world, shapes.accept(operation, request, SERVICE))
    if operation == "PutScalingPolicy":
        _registered(world, shapes.accept(operation, request, SERVICE))
    return None
