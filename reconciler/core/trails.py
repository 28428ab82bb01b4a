"""Who made a difference: CloudTrail's records of calls, held against what differs.

Sources: the CloudTrail user guide, "Record contents" (`userIdentity`, `userAgent`, `errorCode`,
`sessionCredentialFromConsole`), and the ECS developer guide, "Log Amazon ECS API calls". That ECS's request parameters
have the names of its API is seen in published records.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Final

from reconciler.core.drifts import Change, Drift
from reconciler.core.kinds.spellings import short_name
from reconciler.core.severities import segments
from reconciler.core.values import Json, JsonObject
from reconciler.records import dataclass

MOST: Final = 3
"""How many calls are told of a difference: the newest."""

ACTION: Final = "cloudtrail:LookupEvents"
LATE: Final = "CloudTrail tells of a call minutes later, up to 15, and for 90 days"
"""FAQ: within about 15 minutes; user guide: within about 5 on average, which is not guaranteed."""

_TAGS: Final = ("TagResource", "UntagResource")
_FIELDS: Final[Mapping[str, tuple[str, ...]]] = {
    "service": ("UpdateService",),
    "express_service": ("UpdateExpressGatewayService", "UpdateService"),
    "task_definition": ("UpdateService",),
}
_WHOLE: Final[Mapping[str, tuple[str, ...]]] = {
    "service": ("DeleteService",),
    "express_service": ("DeleteExpressGatewayService", "DeleteService"),
}
_MADE: Final[Mapping[str, tuple[str, ...]]] = {
    "service": ("CreateService",),
    "express_service": ("CreateExpressGatewayService",),
    # CodeDeploy runs another revision by another task set (its role's policy, AWSCodeDeployRoleForECS).
    "task_definition": ("CreateTaskSet", "CreateService"),
}
_REVISED: Final = ("RegisterTaskDefinition", "DeregisterTaskDefinition")


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """What a difference is about: the kind of its unit, and the names by which calls tell what they are about.

    `service` is empty in a project that has none, `arns` are those of the unit.
    """

    kind: str
    cluster: str = ""
    service: str = ""
    family: str = ""
    arns: tuple[str, ...] = ()


def names(drift: Drift, subject: Subject) -> tuple[str, ...]:
    """Name the events that may have made a difference."""
    member = _member(drift)
    if not member:
        return _WHOLE.get(subject.kind, ())
    if subject.kind == "task_definition" and not subject.service:
        return _TAGS if member == "tags" else _REVISED
    return (*_TAGS, *_FIELDS[subject.kind]) if member == "tags" else _FIELDS[subject.kind]


def rarer(drift: Drift, subject: Subject) -> tuple[str, ...]:
    """Name the events that may have made a difference where none of `names` did: the service was made anew, say."""
    return _MADE[subject.kind] if _member(drift) and subject.service else ()


def changes(
    drift: Drift, subject: Subject, records: Iterable[JsonObject], *, since: float, own: float
) -> tuple[Change, ...]:
    """Choose the calls that may have made a difference, the newest first.

    They succeeded after `since`. Those of our own up to `own` were the apply that is recorded. Times are in seconds
    since the epoch; CloudTrail's are whole ones.
    """
    wanted = (*names(drift, subject), *rarer(drift, subject))
    found = []
    for record in records:
        at = time(record)
        agent = str(record.get("userAgent") or "")
        if at < int(since) or record.get("errorCode") or record.get("eventName") not in wanted:
            continue
        if at <= own and _OWN.search(agent):
            continue
        if _touches(drift, subject, str(record["eventName"]), _object(record.get("requestParameters"))):
            found.append(
                Change(
                    who=who(record),
                    at=at,
                    client=client(record),
                    event=str(record["eventName"]),
                    id=str(record.get("eventID") or ""),
                )
            )
    return tuple(sorted(found, key=lambda each: -each.at)[:MOST])


def _touches(drift: Drift, subject: Subject, event: str, request: JsonObject) -> bool:
    """Tell whether a call is about what differs, by what it asked for."""
    member = _member(drift)
    if event in _TAGS:
        key = segments(drift.pointer)[1:2]
        tags, keys = request.get("tags"), request.get("tagKeys")
        listed = [_object(each).get("key") for each in tags] if isinstance(tags, list) else keys
        named = isinstance(listed, list) and (not key or key[0] in listed)
        return named and _same(str(request.get("resourceArn") or ""), subject.arns)
    if event in _REVISED:
        told = str(request.get("family") or request.get("taskDefinition") or "")
        return told.rpartition("/")[2].partition(":")[0] == subject.family
    if "serviceArn" in request:
        about = _same(str(request["serviceArn"]), subject.arns)
    else:
        cluster = short_name(str(request.get("cluster") or "default"))
        service = short_name(str(request.get("service") or request.get("serviceName") or ""))
        about = (cluster, service) == (short_name(subject.cluster), subject.service)
    if not about or not member or event in _MADE[subject.kind]:
        return about
    if event == "UpdateService" and subject.kind == "task_definition":
        member = "taskDefinition"
    asked = {name.lower() for name, value in request.items() if value is not None}
    return member.lower() in asked or (subject.kind == "express_service" and event == "UpdateService")


def _same(arn: str, arns: Iterable[str]) -> bool:
    return any(arn == each for each in arns if each)


def _member(drift: Drift) -> str:
    """Name the root member that differs, empty for the whole resource."""
    found = segments(drift.pointer)
    return found[0] if found else ""


def who(record: JsonObject) -> str:
    """Give the ARN of the caller, or what stands for one: the service of AWS's that called, a principal."""
    identity = _object(record.get("userIdentity"))
    for name in ("arn", "invokedBy", "userName", "principalId", "type"):
        if identity.get(name):
            return str(identity[name])
    return "somebody"


_OWN: Final = re.compile(r"\breconciler/")
_SERVICES: Final[Mapping[str, str]] = {
    "ecs.application-autoscaling.amazonaws.com": "Application Auto Scaling",
    "application-autoscaling.amazonaws.com": "Application Auto Scaling",
    "cloudformation.amazonaws.com": "CloudFormation",
    "codedeploy.amazonaws.com": "CodeDeploy",
}
"""What a service of AWS's is called that calls for somebody (`invokedBy`, `userAgent`)."""
_CLIENTS: Final[tuple[tuple[re.Pattern[str], str], ...]] = tuple(
    (re.compile(pattern, re.IGNORECASE), name)
    for pattern, name in (
        (r"\breconciler/(\S+)", "reconciler"),
        (r"\becspresso/(\S+)", "ecspresso"),
        (r"\bterraform/(\S+)", "Terraform"),
        (r"\bopentofu/(\S+)", "OpenTofu"),
        (r"\bpulumi/(\S+)", "Pulumi"),
        (r"\bcdk[^/ ]*/(\S+)", "CDK"),
        (r"\baws-cli/(\S+)", "aws-cli"),
        (r"\bboto3/(\S+)", "boto3"),
        (r"\b(?:console|signin)\.amazonaws\.com", "console"),
        (r"^mozilla/", "console"),
        (r"\b(aws-sdk-[a-z0-9-]+/\S+)", ""),
    )
)


def client(record: JsonObject) -> str:
    """Name the program that called, in short: `console`, `aws-cli 2.13.17`, a service of AWS's; empty if unknown."""
    agent = str(record.get("userAgent") or "")
    for said in (str(_object(record.get("userIdentity")).get("invokedBy") or ""), agent):
        if said.endswith(".amazonaws.com") and not said.startswith(("console.", "signin.")):
            return _SERVICES.get(said, said)
    if str(record.get("sessionCredentialFromConsole")).lower() == "true":
        return "console"
    for pattern, name in _CLIENTS:
        if (match := pattern.search(agent)) is not None:
            return " ".join(filter(None, (name, *match.groups())))
    return agent[:40].strip()


def time(record: JsonObject) -> float:
    """Give the time of a call in seconds since the epoch, 0 where its record says none."""
    try:
        return datetime.fromisoformat(str(record.get("eventTime"))).timestamp()
    except ValueError:
        return 0.0


def _object(value: Json) -> JsonObject:
    return value if isinstance(value, dict) else {}
