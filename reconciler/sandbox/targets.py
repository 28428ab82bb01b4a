"""Elastic Load Balancing as far as it shows the health of tasks: DescribeTargetHealth of services' target groups.

`balancers` has what a seed says of it, moto the rest of that API, and the health of every target group that no service
and no deployment group of CodeDeploy names.
"""

from collections.abc import Iterator, Mapping
from typing import Final
from xml.sax.saxutils import escape

from reconciler.sandbox import balancers, rules, transitions
from reconciler.sandbox.worlds import Body, Task, World

SERVICE: Final = "elasticloadbalancing"
_NAMESPACE: Final = "http://elasticloadbalancing.amazonaws.com/doc/2015-12-01/"
_SAID: Final = {
    "initial": ("Elb.InitialHealthChecking", "Initial health checks in progress"),
    "unhealthy": ("Target.Timeout", "Request timed out"),
    "draining": ("Target.DeregistrationInProgress", "Target deregistration is in progress"),
    "unused": ("Target.NotRegistered", "Target is not registered to the target group"),
}


def answer(world: World, operation: str, form: Mapping[str, str]) -> str | None:
    """Answer a call as XML, or give None if it is about no target group of a service here."""
    group = form.get("TargetGroupArn", "")
    if operation != "DescribeTargetHealth" or not (
        group in world.codedeploy.target_groups.values()
        or any(group in _groups(service.body) for service in world.services.values())
    ):
        return balancers.answer(world, operation, form)
    return _described(world, group, form)


@rules.documented(
    "elbv2 model, DescribeTargetHealth: all targets, or those asked for; TargetHealth.State and Reason"
)
@rules.guessed(
    "a target that is asked for and not there reads unused: of AWS, only a registered one can be asked for"
)
def _described(world: World, group: str, form: Mapping[str, str]) -> str:
    found = {(each["Id"], each["Port"]): each for each in _targets(world, group)}
    numbers = [
        name.split(".")[2] for name in form if name.startswith("Targets.member.") and name.endswith(".Id")
    ]
    asked = [
        (form[f"Targets.member.{each}.Id"], form.get(f"Targets.member.{each}.Port", "")) for each in numbers
    ]
    shown = list(found.values()) if not asked else []
    for identity, port in asked:
        matching = [each for each in found.values() if each["Id"] == identity and port in ("", each["Port"])]
        shown += matching or [{"Id": identity, "Port": port or "0", "State": "unused", "Zone": "all"}]
    members = "".join(_member(each) for each in shown)
    return (
        f'<DescribeTargetHealthResponse xmlns="{_NAMESPACE}"><DescribeTargetHealthResult><TargetHealthDescriptions>'
        f"{members}</TargetHealthDescriptions></DescribeTargetHealthResult><ResponseMetadata><RequestId>"
        "00000000-0000-4000-8000-000000000000</RequestId></ResponseMetadata></DescribeTargetHealthResponse>"
    )


def _member(target: Mapping[str, str]) -> str:
    reason, text = _SAID.get(target["State"], ("", ""))
    why = f"<Reason>{reason}</Reason><Description>{escape(text)}</Description>" if reason else ""
    return (
        f"<member><Target><Id>{escape(target['Id'])}</Id><Port>{target['Port']}</Port>"
        f"<AvailabilityZone>{target['Zone']}</AvailabilityZone></Target>"
        f"<HealthCheckPort>{target['Port']}</HealthCheckPort>"
        f"<TargetHealth><State>{target['State']}</State>{why}</TargetHealth></member>"
    )


@rules.documented(
    "developer guide, load balancing: awsvpc tasks are registered by address, others by instance"
)
@rules.documented(
    "elbv2 model, TargetHealthStateEnum: initial until the first checks pass, draining on the way out"
)
@rules.guessed(
    "the id of the instance: there are no container instances here; a dynamic host port is the container's"
)
def _targets(world: World, group: str) -> Iterator[dict[str, str]]:
    for service in world.services.values():
        for task in service.tasks.values():
            for balancer, own in zip(_balanced(service.body), transitions.target_groups(task), strict=True):
                state = _state(task)
                if own == group and state:
                    yield {
                        "Id": _address(task),
                        "Port": str(balancer.get("containerPort", 80)),
                        "State": state,
                        "Zone": task.body["availabilityZone"],
                    }


def _state(task: Task) -> str:
    if task.draining:
        return "draining"
    if not task.wanted or task.status != "RUNNING":
        return ""
    return "unhealthy" if task.sick else "healthy" if task.healthy else "initial"


def _address(task: Task) -> str:
    for attachment in task.body["attachments"]:
        for detail in attachment["details"]:
            if detail["name"] == "privateIPv4Address":
                return str(detail["value"])
    return f"i-{task.id[:17]}"


def _balanced(body: Body) -> list[Body]:
    return [each for each in body["loadBalancers"] if "targetGroupArn" in each]


def _groups(body: Body) -> set[str]:
    alternates = (
        each.get("advancedConfiguration", {}).get("alternateTargetGroupArn", "") for each in _balanced(body)
    )
    return {each["targetGroupArn"] for each in _balanced(body)} | set(alternates) - {""}
