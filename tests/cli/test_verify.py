"""`verify`: a project whose roles, secrets, images and logs are there, and the same with much of it amiss."""

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
ROLE = "arn:aws:iam::123456789012:role/service/web"


@pytest.fixture
def images() -> Iterator[Any]:
    with registry.serving() as served:
        yield served


@pytest.fixture
def box(images: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Box]:
    """Serve an AWS in which everything is that the project refers to."""
    seed = {
        "clusters": [CLUSTER],
        "instances": {CLUSTER: 1},
        "parameters": {"/web/url": {"type": "SecureString", "value": "x"}},
        "objects": {"config": {"app.env": "A=1"}},
        "log_groups": ["/ecs/web"],
        "repositories": {"web": {"7": {"platform": "linux/arm64"}}},
    }
    with boxed(seed, monkeypatch) as served:
        iam = client_of(served.serving.endpoint_url, "iam")
        iam.create_role(RoleName="web", Path="/service/", AssumeRolePolicyDocument=TRUST)
        yield served


@pytest.fixture
def furnished(project: Path, box: Box, images: Any) -> Path:
    """Write a project."""
    log = {"awslogs-group": "/ecs/web", "awslogs-region": REGION, "awslogs-stream-prefix": "ecs"}
    app = {
        "name": "app",
        "image": f"123456789012.dkr.ecr.{REGION}.amazonaws.com/web:7",
        "memory": 128,
        "secrets": [{"name": "URL", "valueFrom": "/web/url"}],
        "environmentFiles": [{"type": "s3", "value": "arn:aws:s3:::config/app.env"}],
        "logConfiguration": {"logDriver": "awslogs", "options": log},
    }
    task = {
        "family": "web",
        "networkMode": "bridge",
        "runtimePlatform": {"cpuArchitecture": "ARM64"},
        "executionRoleArn": ROLE,
        "taskRoleArn": ROLE,
        "containerDefinitions": [app, {"name": "proxy", "image": f"{images.host}/open:index", "memory": 128}],
    }
    service = {"launchType": "EC2", "desiredCount": 1}
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
    assert (
        ran.out
        == f"""\
✓ task definition web
  ✓ definition
  ✓ execution role web  ecs-tasks.amazonaws.com may assume it
    ✓ credentials of the execution role  secrets are read as this role
  ✓ task role web  ecs-tasks.amazonaws.com may assume it
  ✓ container app
    ✓ image 123456789012.dkr.ecr.{REGION}.amazonaws.com/web:7  built for any/arm64
    ✓ secret URL
    ✓ environment file arn:aws:s3:::config/app.env
    ✓ log group /ecs/web
  ✓ container proxy
    ✓ image {images.host}/open:index  built for any/arm64
✓ service web
  ✓ definition
  ✓ cluster {CLUSTER}
  ✓ launch type EC2

12 checks: 12 passed.
"""
    )
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
    edit("service.json", '"EC2"', '"FARGATE"')
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
    refused = [what for what in found if what.startswith("ECS refuses this: the service runs on FARGATE")]
    assert {found.pop(what) for what in refused} == {("service.json", 2, "/launchType")}
    assert found == {
        "there is no role web-2": ("task.json", 8, "/taskRoleArn"),
        "the repository web has no tag 8": ("task.json", 12, "/containerDefinitions/0/image"),
        "there is no parameter /web/none": ("task.json", 17, "/containerDefinitions/0/secrets/0/valueFrom"),
        f"{images.host} has no open none": ("task.json", 37, "/containerDefinitions/1/image"),
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
