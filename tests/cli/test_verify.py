"""`verify`: a project whose roles, secrets, images, logs and network are there, and the same with much of it amiss."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from tests.aws import registry
from tests.cli.commands import CLUSTER, REGION, ROOT, Box, Cli, client_of, edit
from tests.cli.conftest import boxed

SCHEMA = json.loads((ROOT / "docs/schemas/verification.schema.json").read_text())
TRUST = json.dumps({
    "Statement": {"Effect": "Allow", "Principal": {"Service": ["ecs-tasks.amazonaws.com"]}, "Action": "sts:AssumeRole"}
})  # fmt: skip
GROUP = f"arn:aws:elasticloadbalancing:{REGION}:123456789012:targetgroup/web/0123456789abcdef"
ROLE = "arn:aws:iam::123456789012:role/service/web"


TREE = """\
✓ task definition web
  ✓ definition
  ✓ execution role web  ecs-tasks.amazonaws.com may assume it
    ✓ credentials of the execution role  secrets are read as this role
  ✓ task role web  ecs-tasks.amazonaws.com may assume it
  ✓ container app
    ✓ image 123456789012.dkr.ecr.{region}.amazonaws.com/web:7  built for linux/arm64
    ✓ secret URL
    ✓ environment file arn:aws:s3:::config/app.env
    ✓ log group /ecs/web
  ✓ container proxy
    ✓ image {host}/open:index  built for linux/arm64
✓ service web
  ✓ definition
  ✓ cluster {cluster}
  ✓ launch type FARGATE
  ✓ subnets subnet-1, subnet-2  in vpc-1
  ✓ security groups sg-1  in vpc-1
  ✓ target group web  serves app:80
  ✓ free addresses of the subnets  502 addresses are free, and a rollout starts up to 1 task
  ✓ quota of vCPUs on FARGATE  24 tasks fit: of 6 vCPUs 0 are used, which leaves 6, and a rollout starts up to 1 task

17 checks: 17 passed.
"""


@pytest.fixture
def images() -> Iterator[Any]:
    with registry.serving() as served:
        yield served


@pytest.fixture
def box(images: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Box]:
    """Serve an AWS in which everything is that the project refers to."""
    role = {"RoleName": "web", "Path": "/service/", "AssumeRolePolicyDocument": TRUST}
    seed = {
        "clusters": [CLUSTER],
        "parameters": {"/web/url": {"type": "SecureString", "value": "x"}},
        "objects": {"config": {"app.env": "A=1"}},
        "log_groups": ["/ecs/web"],
        "repositories": {"web": {"7": {"platform": "linux/arm64"}}},
        "networks": {"vpc-1": {"subnets": ["subnet-1", "subnet-2"], "security_groups": ["sg-1"]}},
        "target_groups": {GROUP: {"VpcId": "vpc-1"}},
        "quotas": {"L-3032A538": 6},
        "calls": [{"service": "iam", "operation": "CreateRole", **role}],
    }
    with boxed(seed, monkeypatch) as served:
        yield served


@pytest.fixture
def furnished(project: Path, box: Box, images: Any) -> Path:
    """Write a project."""
    log = {"awslogs-group": "/ecs/web", "awslogs-region": REGION, "awslogs-stream-prefix": "ecs"}
    app = {
        "name": "app",
        "image": f"123456789012.dkr.ecr.{REGION}.amazonaws.com/web:7",
        "portMappings": [{"containerPort": 80}],
        "secrets": [{"name": "URL", "valueFrom": "/web/url"}],
        "environmentFiles": [{"type": "s3", "value": "arn:aws:s3:::config/app.env"}],
        "logConfiguration": {"logDriver": "awslogs", "options": log},
    }
    task = {
        "family": "web",
        "networkMode": "awsvpc",
        "requiresCompatibilities": ["FARGATE"],
        "cpu": "256",
        "memory": "512",
        "runtimePlatform": {"cpuArchitecture": "ARM64"},
        "executionRoleArn": ROLE,
        "taskRoleArn": ROLE,
        "containerDefinitions": [app, {"name": "proxy", "image": f"{images.host}/open:index"}],
    }
    network = {"subnets": ["subnet-1", "subnet-2"], "securityGroups": ["sg-1"]}
    service = {
        "launchType": "FARGATE",
        "desiredCount": 1,
        "networkConfiguration": {"awsvpcConfiguration": network},
        "loadBalancers": [{"targetGroupArn": GROUP, "containerName": "app", "containerPort": 80}],
    }
    names = {"task_definition": "task.json", "service_definition": "service.json"}
    about = {"region": REGION, "cluster": CLUSTER, "service": "web", **names}
    for name, content in (("task.json", task), ("service.json", service), ("reconciler.yml", about)):
        Path(name).write_text(json.dumps(content, indent=2))
    return project


def checks(document: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Give every check of a document, those inside others too."""
    for check in document["checks"]:
        yield check
        yield from checks(check)


def test_everything_is_there(cli: Cli, box: Box, furnished: Path, images: Any) -> None:
    before = len(box.serving.calls())
    ran = cli("verify")
    assert (ran.code, ran.err) == (0, "")
    assert ran.out == TREE.format(region=REGION, host=images.host, cluster=CLUSTER)
    calls = [call["operation"] for call in box.serving.calls()[before:]]
    assert {
        name for name in calls if not name.startswith(("Describe", "Get", "BatchGet", "HEAD", "AssumeRole"))
    } == set()
    assert calls.count("GetRole") == 1
    assert cli("verify", "--no-cache").out == ran.out
    again = [call["operation"] for call in box.serving.calls()[before + len(calls) :]]
    assert again.count("GetRole") == 2


def test_every_failure_is_shown_with_its_place(cli: Cli, box: Box, furnished: Path, images: Any) -> None:
    edit("task.json", '"/web/url"', '"/web/none"')
    edit("task.json", "open:index", "open:none")
    edit("task.json", "web:7", "web:8")
    edit("task.json", '"taskRoleArn": "' + ROLE, '"taskRoleArn": "' + ROLE + "-2")
    edit("service.json", '"sg-1"', '"sg-2"')
    edit("service.json", '"containerPort": 80', '"containerPort": 81')
    denied = {
        "code": "AccessDenied",
        "status": 403,
        "message": "not authorized to perform: logs:DescribeLogGroups",
    }
    box.serving.faults([{"operation": "DescribeLogGroups", **denied}])
    ran = cli("verify", "--format", "json")
    assert (ran.code, ran.err) == (1, "")
    document = json.loads(ran.out)
    Draft202012Validator(SCHEMA).validate(document)
    assert not document["passed"]
    found = {
        said["what"]: (Path(said["file"]).name, said["line"], said["pointer"])
        for check in checks(document)
        for said in check["diagnostics"]
        if said["severity"] == "failed"
    }
    assert found == {
        "there is no role web-2": ("task.json", 13, "/taskRoleArn"),
        "the repository web has no tag 8": ("task.json", 17, "/containerDefinitions/0/image"),
        "there is no parameter /web/none": ("task.json", 26, "/containerDefinitions/0/secrets/0/valueFrom"),
        f"{images.host} has no open none": ("task.json", 46, "/containerDefinitions/1/image"),
        "ECS refuses this: the container `app` maps no container port 81": (
            "service.json",
            19,
            "/loadBalancers/0/containerPort",
        ),
        "there is no security group sg-2": (
            "service.json",
            11,
            "/networkConfiguration/awsvpcConfiguration/securityGroups/0",
        ),
    }
    (skipped,) = [check for check in checks(document) if check["subject"] == "log group /ecs/web"]
    assert skipped["state"] == "skipped"
    assert "logs:DescribeLogGroups is denied" in skipped["diagnostics"][0]["what"]


def test_everything_that_is_wrong_with_a_definition_is_shown(cli: Cli, empty: Box, project: Path) -> None:
    Path("task.json").write_text('{"family": "{{ must_env `NO_A` }}", "cpu": "{{ must_env `NO_B` }}"}')
    Path("service.json").write_text('{"desiredCount": "one", "launchType": ["EC2"], "colour": "red"}')
    names = {"task_definition": "task.json", "service_definition": "service.json"}
    about = {"region": REGION, "cluster": CLUSTER, "service": "web", **names}
    Path("reconciler.yml").write_text(json.dumps(about))
    ran = cli("verify", "--no-color")
    assert (ran.code, ran.err) == (1, "")
    assert [line for line in ran.out.splitlines() if not line.strip().startswith(("at ", "try: "))] == [
        "✗ task definition task.json",
        "    the environment variable NO_A is not set",
        "    the environment variable NO_B is not set",
        "✗ service web",
        "    desiredCount: an integer is expected, not a string",
        "    launchType: a string is expected, not a list",
        f"✓ cluster {CLUSTER}",
        "",
        "3 checks: 2 failed, 1 passed.",
    ]


def test_what_is_read_and_written_is_asked_for(cli: Cli, box: Box, furnished: Path) -> None:
    before = len(box.serving.calls())
    ran = cli("verify", "--no-get-secrets", "--put-logs")
    assert (ran.code, ran.err) == (0, "")
    assert "✓ log group /ecs/web  written to its stream ecs/app/reconciler-verify\n" in ran.out
    calls = {call["operation"] for call in box.serving.calls()[before:]}
    assert {"DescribeParameters", "PutLogEvents"} <= calls
    assert "GetParameters" not in calls
    logs = client_of(box.serving.endpoint_url, "logs")
    events = logs.get_log_events(logGroupName="/ecs/web", logStreamName="ecs/app/reconciler-verify")["events"]
    assert len(events) == 1
