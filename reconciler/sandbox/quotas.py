"""Quotas of Fargate: Service Quotas tells them, CloudWatch how much of them is used; tasks beyond them find no place.

That last only where the seed says what a quota is; moto has the rest of both APIs.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Final

from reconciler.sandbox import rules, shapes
from reconciler.sandbox.errors import Refusal
from reconciler.sandbox.worlds import ACCOUNT, Body, Task, World

SERVICE: Final = "servicequotas"
METRICS: Final = "monitoring"
_DEFAULT: Final = 6.0
_NAMES: Final = {
    "L-3032A538": ("Fargate On-Demand vCPU resource count", "Standard/OnDemand"),
    "L-36FBB829": ("Fargate Spot vCPU resource count", "Standard/Spot"),
}
KNOWN: Final = tuple(_NAMES)
"""The codes of the quotas that are simulated."""
_REACHED: Final = "You've reached the limit on the number of vCPUs you can run concurrently."


@rules.documented(
    "service-quotas model, GetServiceQuota: only quotas with a value of the account's own; NoSuchResource…"
)
@rules.guessed("that a quota of which the seed says nothing has no such value")
def get_service_quota(world: World, request: Body) -> Body | None:
    """Show what holds for the account."""
    code = _known(request)
    if code is None:
        return None
    if code not in world.quotas:
        raise Refusal(
            "NoSuchResourceException", "The request failed because the specified quota does not exist."
        )
    return {"Quota": _quota(world, code, world.quotas[code])}


@rules.documented(
    "service-quotas model, GetAWSDefaultServiceQuota; general reference, Fargate quotas: 6 vCPUs"
)
def get_aws_default_service_quota(world: World, request: Body) -> Body | None:
    """Show what holds by default."""
    code = _known(request)
    return None if code is None else {"Quota": _quota(world, code, _DEFAULT)}


def _known(request: Body) -> str | None:
    code = str(request["QuotaCode"])
    return code if request["ServiceCode"] == "fargate" and code in _NAMES else None


@rules.documented(
    "service-quotas model, ServiceQuota.UsageMetric; AWS Fargate usage metrics: AWS/Usage, ResourceCount"
)
def _quota(world: World, code: str, value: float) -> Body:
    name, kind = _NAMES[code]
    return {
        "ServiceCode": "fargate",
        "ServiceName": "AWS Fargate",
        "QuotaArn": f"arn:aws:servicequotas:{world.region}:{ACCOUNT}:fargate/{code}",
        "QuotaCode": code,
        "QuotaName": name,
        "Value": value,
        "Unit": "None",
        "Adjustable": True,
        "GlobalQuota": False,
        "UsageMetric": {
            "MetricNamespace": "AWS/Usage",
            "MetricName": "ResourceCount",
            "MetricDimensions": {"Class": kind, "Resource": "vCPU", "Service": "Fargate", "Type": "Resource"},
            "MetricStatisticRecommendation": "Maximum",
        },
    }


@rules.documented("AWS Fargate usage metrics: ResourceCount is of the tasks that run now")
@rules.guessed("one point at the beginning of the period that was asked for, with what is used at the moment")
def get_metric_statistics(world: World, request: Body) -> Body | None:
    """Show how much of a quota is used."""
    given = {each["Name"]: each["Value"] for each in request.get("Dimensions", [])}
    code = next((each for each in _NAMES if _NAMES[each][1] == given.get("Class")), None)
    if request["Namespace"] != "AWS/Usage" or given.get("Service") != "Fargate" or code is None:
        return None
    point = {name: used(world, code) for name in request.get("Statistics", [])}
    start = request["StartTime"]
    stamp = start if isinstance(start, int | float) else datetime.fromisoformat(str(start)).timestamp()
    return {"Label": request["MetricName"], "Datapoints": [point | {"Timestamp": stamp, "Unit": "None"}]}


@rules.documented(
    "general reference, Fargate quotas: vCPUs of tasks that run at once, on demand and on Spot apart"
)
def used(world: World, code: str) -> float:
    """Give how many vCPUs are used of what a quota counts."""
    return sum(_size(each.body) for each in world.tasks.values() if _counted(each, code))


def _counted(task: Task, code: str) -> bool:
    spot = task.body.get("capacityProviderName") == "FARGATE_SPOT"
    on_fargate = task.body.get("launchType") == "FARGATE"
    return on_fargate and task.status != "STOPPED" and spot == (code == "L-36FBB829")


def _size(body: Body) -> float:
    return int(body.get("cpu", 0)) / 1024


@rules.documented(
    "developer guide, service event messages: … the limit on the number of vCPUs you can run concurrently"
)
def obstacle(world: World, definition: Body, *, spot: bool) -> str:
    """Say what keeps another task on Fargate from being placed, if a quota that the seed names does."""
    code = "L-36FBB829" if spot else "L-3032A538"
    if code not in world.quotas or used(world, code) + _size(definition) <= world.quotas[code]:
        return ""
    return _REACHED


_OPERATIONS: Final[Mapping[str, tuple[str, Callable[[World, Body], Body | None]]]] = {
    "GetServiceQuota": ("service-quotas", get_service_quota),
    "GetAWSDefaultServiceQuota": ("service-quotas", get_aws_default_service_quota),
    "GetMetricStatistics": ("cloudwatch", get_metric_statistics),
}


def answer(world: World, operation: str, request: object) -> Body | None:
    """Answer a call of Service Quotas or CloudWatch, or give None if it is moto's."""
    if operation not in _OPERATIONS:
        return None
    service, carry_out = _OPERATIONS[operation]
    return carry_out(world, shapes.accept(operation, request, service))
