"""What a rollout needs for a while, and what there is: quotas of ECS and Fargate, and free addresses of the subnets.

A rollout of a service with `minimumHealthyPercent` 100 begins with more tasks than the service has. Where not one more
fits it stands still (a failure); where not all that `maximumPercent` lets it start fit, it takes longer (a warning).
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Final, NamedTuple

from reconciler.core.kinds.combinations.cases import at, objects
from reconciler.core.values import Json, JsonObject, Path
from reconciler.core.verification import networks
from reconciler.core.verification.checks import (
    Answers,
    Check,
    Judged,
    Needs,
    Verdict,
    failed,
    passed,
    skipped,
    unknown,
    warned,
)
from reconciler.core.verification.reads import Call, Found, Missing, call
from reconciler.core.verification.scenes import SERVICE, TASK_DEFINITION, Scene

_ON_DEMAND: Final = "L-3032A538"
_SPOT: Final = "L-36FBB829"
"""Service Quotas, `fargate`: vCPUs of tasks that run at once, on demand and on spare capacity."""
_LARGEST: Final = 64 * 1024
_FIXED: Final = (
    (SERVICE, ("loadBalancers",), 5, "target groups"),
    (SERVICE, ("networkConfiguration", "awsvpcConfiguration", "subnets"), 16, "subnets"),
    (SERVICE, ("networkConfiguration", "awsvpcConfiguration", "securityGroups"), 5, "security groups"),
    (TASK_DEFINITION, ("containerDefinitions",), 10, "containers"),
)
"""Quotas that nobody can raise (developer guide, Amazon ECS service quotas)."""


class Room(NamedTuple):
    """How many tasks a rollout starts beside those that run: at least, and as many as it may."""

    least: int
    most: int


def room(scene: Scene) -> Room:
    """Tell how many tasks a rollout starts before it stops any; none for what has no tasks of its own."""
    desired = _count(scene.service.get("desiredCount", scene.live.get("desiredCount")))
    if not scene.service or scene.case.daemon or scene.case.controller == "EXTERNAL" or not desired:
        return Room(0, 0)
    running = _count(scene.live.get("runningCount"))
    if not running:
        return Room(desired, desired)
    if scene.case.strategy != "ROLLING" or scene.case.controller == "CODE_DEPLOY":
        return Room(desired, desired)  # all of the new ones run before the old ones go
    healthy = _percent(scene, "minimumHealthyPercent", 100)
    most = math.floor(desired * _percent(scene, "maximumPercent", 200) / 100) - running
    stays = math.ceil(desired * healthy / 100)
    return Room(1 if stays >= desired else 0, max(most, 0))


def fixed(scene: Scene, document: str) -> tuple[Verdict, ...]:
    """Judge a definition by the quotas that hold for everyone."""
    body = scene.service if document == SERVICE else scene.task
    found = [
        failed(f"{len(items)} {what} are more than the {most} that ECS takes", "leave some out", path)
        for kind, path, most, what in _FIXED
        if kind == document and isinstance(items := at(body, *path), list | tuple) and len(items) > most
    ]
    size = len(json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode())
    if document == TASK_DEFINITION and size > _LARGEST:
        what = f"the task definition has {size // 1024} KiB, and ECS takes {_LARGEST // 1024}"
        found.append(failed(what, "move environment variables into environmentFiles", ()))
    return tuple(found)


def checks(scene: Scene) -> Iterator[Check]:
    """Make the checks of what a rollout needs for a while."""
    needed = room(scene)
    if not needed.most and not needed.least:
        return
    path: Path = ("desiredCount",) if "desiredCount" in scene.service else ()
    subnets = networks.subnets(scene)
    if scene.case.awsvpc and subnets:
        yield Check(
            subject="free addresses of the subnets",
            document=SERVICE,
            path=path,
            reads=(networks.read_subnets(subnets),),
            judge=lambda answers: _addresses(answers, subnets, needed),
        )
    size = _vcpus(scene.task.get("cpu"))
    if scene.on_fargate and size:
        yield _fargate(scene, needed, size, path)


def _addresses(answers: Answers, subnets: tuple[str, ...], needed: Room) -> Judged:
    found = networks.there(answers, subnets)
    if not found:
        return [skipped("what the subnets have is not known")]
    free = sum(_count(each.get("AvailableIpAddressCount")) for each in found)
    return [_enough(free, needed, "addresses are free", "add a larger subnet, or free addresses")]


def _fargate(scene: Scene, needed: Room, size: float, path: Path) -> Check:
    spot = scene.case.providers == {"FARGATE_SPOT"}
    code = _SPOT if spot else _ON_DEMAND
    quota = call("service-quotas", "GetServiceQuota", ServiceCode="fargate", QuotaCode=code)
    default = call("service-quotas", "GetAWSDefaultServiceQuota", ServiceCode="fargate", QuotaCode=code)
    subject = f"quota of vCPUs on FARGATE{'_SPOT' if spot else ''}"

    def judge(answers: Answers) -> Judged:
        answer = answers[quota]
        if isinstance(answer, Missing):  # only the default holds (API reference, GetServiceQuota)
            if default not in answers:
                return Needs((default,))
            answer = answers[default]
        if isinstance(answer, Missing):
            return [skipped("Service Quotas does not tell it here")]
        if not isinstance(answer, Found):
            return [unknown(answer, "quota")]
        body = answer.body.get("Quota")
        limit, metric = at(body, "Value"), at(body, "UsageMetric")
        if not isinstance(limit, int | float) or not isinstance(metric, dict):
            return [skipped("Service Quotas does not say how much of it is used")]
        used = _usage(metric, scene.stamp)
        if used not in answers:
            return Needs((used,))
        usage = answers[used]
        if not isinstance(usage, Found):
            return [unknown(usage, "usage", part="how much of it is used")]
        points = [each.get("Maximum") for each in objects(usage.body.get("Datapoints"))]
        now = max((float(each) for each in points if isinstance(each, int | float)), default=0.0)
        said = f"of {limit:g} vCPUs {now:g} are used, which leaves"
        hint = "ask for more in Service Quotas (AWS Fargate), or run fewer or smaller tasks"
        return [_enough(math.floor((limit - now) / size), needed, f"tasks fit: {said} {limit - now:g}", hint)]

    return Check(subject=subject, document=SERVICE, path=path, reads=(quota,), judge=judge)


def _usage(metric: JsonObject, stamp: float) -> Call:
    """Give the call for the metric that a quota names, over the last quarter of an hour."""
    end = int(stamp // 60 * 60)
    dimensions = metric.get("MetricDimensions")
    named: Json = [
        {"Name": name, "Value": value}
        for name, value in sorted(dimensions.items() if isinstance(dimensions, dict) else ())
    ]
    return call(
        "cloudwatch",
        "GetMetricStatistics",
        Namespace=metric.get("MetricNamespace"),
        MetricName=metric.get("MetricName"),
        Dimensions=named,
        StartTime=datetime.fromtimestamp(end - 900, UTC).isoformat(),
        EndTime=datetime.fromtimestamp(end, UTC).isoformat(),
        Period=300,
        Statistics=["Maximum"],
    )


def _enough(fit: int, needed: Room, what: str, hint: str) -> Verdict:
    if fit < needed.least:
        return failed(f"{fit} {what}, and a rollout starts {_tasks(needed.least)} before it stops any", hint)
    if fit < needed.most:
        return warned(f"{fit} {what}, and a rollout starts up to {_tasks(needed.most)} at once", hint)
    return passed(f"{fit} {what}, and a rollout starts up to {_tasks(needed.most)}")


def _tasks(count: int) -> str:
    return f"{count} task{'' if count == 1 else 's'}"


def _count(value: Json) -> int:
    return int(value) if isinstance(value, int | float) else 0


def _percent(scene: Scene, name: str, default: int) -> int:
    given = at(scene.service, "deploymentConfiguration", name)
    if given is None:
        given = at(scene.live, "deploymentConfiguration", name)
    return int(given) if isinstance(given, int | float) else default


def _vcpus(cpu: Json) -> float:
    """Read a task's size: CPU units, 1024 a vCPU, or a number of vCPUs (API reference, RegisterTaskDefinition)."""
    text = str(cpu or "").strip().lower()
    number = text.removesuffix("s").removesuffix("vcpu").strip()
    try:
        return float(number) if "vcpu" in text else float(number) / 1024
    except ValueError:
        return 0.0
