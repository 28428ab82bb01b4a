"""Who made a difference, by CloudTrail's records: which calls are about it, and how callers and programs are named."""

from __future__ import annotations

from typing import Any

import pytest

from reconciler.core import trails
from reconciler.core.drifts import Cause, Drift
from reconciler.core.trails import Subject

CLUSTER, OLD = "arn:aws:ecs:eu-west-1:1:service/main/web", "arn:aws:ecs:eu-west-1:1:service/web"
FAMILY = "arn:aws:ecs:eu-west-1:1:task-definition/app:7"
SERVICE = Subject(kind="service", cluster="main", service="web", arns=(CLUSTER, OLD))
TASK = Subject(kind="task_definition", cluster="main", service="web", family="app", arns=(FAMILY,))
ALONE = Subject(kind="task_definition", cluster="main", family="app", arns=(FAMILY,))
EXPRESS = Subject(kind="express_service", cluster="main", service="web", arns=(CLUSTER,))
WEB: dict[str, Any] = {"cluster": "main", "service": "web"}
SECOND = 1767225600  # 2026-01-01


def at(seconds: int) -> str:
    return f"2026-01-01T00:{seconds // 60:02}:{seconds % 60:02}Z"


def record(event: str, request: dict[str, Any], seconds: int = 60, **more: Any) -> dict[str, Any]:
    """Give a record of CloudTrail's."""
    identity = {"type": "IAMUser", "arn": "arn:aws:iam::1:user/ann"}
    base = {"eventName": event, "eventTime": at(seconds), "eventID": f"e{seconds}", "userIdentity": identity}
    return {**base, "userAgent": "aws-cli/2.1 Python/3", "requestParameters": request, **more}


def drift(pointer: str) -> Drift:
    return Drift(unit="u", address=pointer, pointer=pointer, cause=Cause.LIVE)


@pytest.mark.parametrize(
    ("pointer", "subject", "event", "request_", "told"),
    [
        ("/desiredCount", SERVICE, "UpdateService", {**WEB, "desiredCount": 3}, True),
        ("/desiredCount", SERVICE, "UpdateService", {**WEB, "desiredCount": 0}, True),
        ("/desiredCount", SERVICE, "UpdateService", {**WEB, "desiredCount": None}, False),
        ("/desiredCount", SERVICE, "UpdateService", {**WEB, "forceNewDeployment": True}, False),
        ("/desiredCount", SERVICE, "UpdateService", {"cluster": "main", "service": CLUSTER, "desiredCount": 3}, True),
        ("/desiredCount", SERVICE, "UpdateService",
         {"cluster": "arn:aws:ecs:eu-west-1:1:cluster/main", "service": OLD, "desiredCount": 3}, True),
        ("/desiredCount", SERVICE, "UpdateService", {"service": "web", "desiredCount": 3}, False),
        ("/desiredCount", SERVICE, "UpdateService", {"cluster": "main", "service": "api", "desiredCount": 3}, False),
        ("/desiredCount", SERVICE, "TagResource", {"resourceArn": CLUSTER, "tags": [{"key": "a"}]}, False),
        ("/networkConfiguration/awsvpcConfiguration/subnets/s-1", SERVICE, "UpdateService",
         {**WEB, "networkConfiguration": {}}, True),
        ("/tags/team", SERVICE, "TagResource", {"resourceArn": CLUSTER, "tags": [{"key": "team"}]}, True),
        ("/tags/team", SERVICE, "TagResource", {"resourceArn": OLD, "tags": [{"key": "team"}]}, True),
        ("/tags/team", SERVICE, "TagResource", {"resourceArn": CLUSTER, "tags": [{"key": "other"}]}, False),
        ("/tags/team", SERVICE, "TagResource", {"resourceArn": FAMILY, "tags": [{"key": "team"}]}, False),
        ("/tags/team", SERVICE, "UntagResource", {"resourceArn": CLUSTER, "tagKeys": ["team"]}, True),
        ("/tags/team", SERVICE, "UntagResource", {"resourceArn": CLUSTER, "tagKeys": ["other"]}, False),
        ("/tags", SERVICE, "UntagResource", {"resourceArn": CLUSTER, "tagKeys": ["other"]}, True),
        ("", SERVICE, "DeleteService", WEB, True),
        ("", SERVICE, "DeleteService", {"cluster": "main", "service": "api"}, False),
        ("", SERVICE, "UpdateService", {**WEB, "desiredCount": 0}, False),
        ("/containerDefinitions/a/image", TASK, "UpdateService", {**WEB, "taskDefinition": "app:8"}, True),
        ("/containerDefinitions/a/image", TASK, "UpdateService", {**WEB, "desiredCount": 3}, False),
        ("/containerDefinitions/a/image", TASK, "RegisterTaskDefinition", {"family": "app"}, False),
        ("/tags/team", TASK, "TagResource", {"resourceArn": FAMILY, "tags": [{"key": "team"}]}, True),
        ("/desiredCount", SERVICE, "CreateService", {"cluster": "main", "serviceName": "web"}, True),
        ("/desiredCount", SERVICE, "CreateService", {"cluster": "main", "serviceName": "api"}, False),
        ("/containerDefinitions/a/image", TASK, "CreateTaskSet", {**WEB, "taskDefinition": "app:8"}, True),
        ("/containerDefinitions/a/image", TASK, "CreateTaskSet", {"cluster": "main", "service": "api"}, False),
        ("", SERVICE, "CreateService", {"cluster": "main", "serviceName": "web"}, False),
        ("/cpu", EXPRESS, "CreateExpressGatewayService", {"cluster": "main", "serviceName": "web"}, True),
        ("/cpu", ALONE, "RegisterTaskDefinition", {"family": "app"}, True),
        ("/cpu", ALONE, "RegisterTaskDefinition", {"family": "application"}, False),
        ("/cpu", ALONE, "DeregisterTaskDefinition", {"taskDefinition": FAMILY}, True),
        ("/cpu", EXPRESS, "UpdateExpressGatewayService", {"serviceArn": CLUSTER, "cpu": "512"}, True),
        ("/cpu", EXPRESS, "UpdateExpressGatewayService", {"serviceArn": CLUSTER, "memory": "512"}, False),
        ("/cpu", EXPRESS, "UpdateExpressGatewayService", {"serviceArn": OLD, "cpu": "512"}, False),
        ("", EXPRESS, "DeleteExpressGatewayService", {"serviceArn": CLUSTER}, True),
    ],
)  # fmt: skip
def test_which_calls_are_about_a_difference(
    pointer: str, subject: Subject, event: str, request_: dict[str, Any], *, told: bool
) -> None:
    found = trails.changes(drift(pointer), subject, [record(event, request_)], since=SECOND, own=SECOND)
    assert bool(found) is told
    known = (*trails.names(drift(pointer), subject), *trails.rarer(drift(pointer), subject))
    assert not told or event in known


def test_what_is_older_failed_or_our_own_is_not_told_and_the_newest_comes_first() -> None:
    sent = {**WEB, "desiredCount": 3}
    ours = {"userAgent": "Boto3/1.40 md/Botocore reconciler/0.1.0"}
    records = [
        record("UpdateService", sent, 10),
        record("UpdateService", sent, 29, **ours),
        record("UpdateService", sent, 40, errorCode="AccessDenied"),
        record("UpdateService", sent, 31, **ours),
        *(record("UpdateService", sent, seconds) for seconds in (25, 90, 100)),
    ]
    found = trails.changes(drift("/desiredCount"), SERVICE, records, since=SECOND + 20.5, own=SECOND + 30.2)
    assert [(each.id, each.client) for each in found] == [
        ("e100", "aws-cli 2.1"), ("e90", "aws-cli 2.1"), ("e31", "reconciler 0.1.0"),
    ]  # fmt: skip
    assert (found[0].who, found[0].at, found[0].event) == (
        "arn:aws:iam::1:user/ann", SECOND + 100, "UpdateService",
    )  # fmt: skip


SCALER = "ecs.application-autoscaling.amazonaws.com"


@pytest.mark.parametrize(
    ("agent", "more", "client"),
    [
        ("Mozilla/5.0 (X11; Linux)", {"sessionCredentialFromConsole": "true"}, "console"),
        ("Mozilla/5.0 (X11; Linux)", {}, "console"),
        ("console.amazonaws.com", {}, "console"),
        ("aws-cli/2.13.17 Python/3.11.5 command/ecs.update-service", {}, "aws-cli 2.13.17"),
        ("APN/1.0 HashiCorp/1.0 Terraform/1.5.7 (+https://www.terraform.io) terraform-provider-aws/5.1",
         {}, "Terraform 1.5.7"),
        ("ecspresso/2.8.7 aws-sdk-go-v2/1.30 os/linux", {}, "ecspresso 2.8.7"),
        ("aws-sdk-go-v2/1.30.3 os/linux lang/go", {}, "aws-sdk-go-v2/1.30.3"),
        ("Boto3/1.40.1 md/Botocore#1.40", {}, "boto3 1.40.1"),
        (SCALER, {"userIdentity": {"invokedBy": SCALER}}, "Application Auto Scaling"),
        ("cloudformation.amazonaws.com", {}, "CloudFormation"),
        ("batch.amazonaws.com", {}, "batch.amazonaws.com"),
        ("", {}, ""),
        ("my-tool", {}, "my-tool"),
    ],
)  # fmt: skip
def test_programs_have_short_names(agent: str, more: dict[str, Any], client: str) -> None:
    assert trails.client(record("UpdateService", {}, userAgent=agent, **more)) == client


@pytest.mark.parametrize(
    ("identity", "who"),
    [
        ({"type": "AssumedRole", "arn": "arn:aws:sts::1:assumed-role/admin/ann", "principalId": "A"},
         "arn:aws:sts::1:assumed-role/admin/ann"),
        ({"type": "AWSService", "invokedBy": SCALER}, SCALER),
        ({"type": "IdentityCenterUser", "principalId": "p-1"}, "p-1"),
        ({}, "somebody"),
    ],
)  # fmt: skip
def test_callers_are_named_by_what_the_record_has(identity: dict[str, str], who: str) -> None:
    assert trails.who({"userIdentity": identity}) == who
