"""`verify`: a project whose roles, network, secrets and images are there, and the same with much of it amiss."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from tests.aws import registry
from tests.cli.commands import CLUSTER, REGION, ROOT, Box, Cli, client_of, edit

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
def project(project: Path, empty: Box, images: Any) -> Path:
    """Furnish an AWS, and write a project that refers to what is in it."""

    def client(service: str) -> Any:
        return client_of(empty.serving.endpoint_url, service)

    client("iam").create_role(RoleName="web", Path="/service/", AssumeRolePolicyDocument=TRUST)
    client("logs").create_log_group(logGroupName="/ecs/web")
    client("ssm").put_parameter(Name="/web/url", Value="x", Type="SecureString")
    client("s3").create_bucket(Bucket="config", CreateBucketConfiguration={"LocationConstraint": REGION})
    client("s3").put_object(Bucket="config", Key="app.env", Body=b"A=1")
    ec2, elb = client("ec2"), client("elbv2")
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    subnets = [
        ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.0.{n}.0/24", AvailabilityZone=f"{REGION}{zone}")[
            "Subnet"
        ]["SubnetId"]
        for n, zone in enumerate("ac")
    ]
    group = ec2.create_security_group(GroupName="web", Description="web", VpcId=vpc)["GroupId"]
    balancer = elb.create_load_balancer(Name="web", Subnets=subnets)["LoadBalancers"][0]["LoadBalancerArn"]
    target = elb.create_target_group(Name="web", Protocol="HTTP", Port=80, VpcId=vpc, TargetType="ip")
    arn = target["TargetGroups"][0]["TargetGroupArn"]
    forward = [{"Type": "forward", "TargetGroupArn": arn}]
    elb.create_listener(LoadBalancerArn=balancer, Protocol="HTTP", Port=80, DefaultActions=forward)
    log = {"awslogs-group": "/ecs/web", "awslogs-region": REGION, "awslogs-stream-prefix": "ecs"}
    container = {
        "name": "app",
        "image": f"{images.host}/open:index",
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
        "containerDefinitions": [container],
    }
    service = {
        "launchType": "FARGATE",
        "desiredCount": 1,
        "networkConfiguration": {"awsvpcConfiguration": {"subnets": subnets, "securityGroups": [group]}},
        "loadBalancers": [{"targetGroupArn": arn, "containerName": "app", "containerPort": 80}],
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


def test_everything_is_there(cli: Cli, empty: Box, project: Path, images: Any) -> None:
    before = len(empty.serving.calls())
    ran = cli("verify")
    assert (ran.code, ran.err) == (0, "")
    for line in (
        "✓ task definition web",
        "  ✓ execution role web  ecs-tasks.amazonaws.com may assume it",
        "  ✓ container app",
        f"    ✓ image {images.host}/open:index  built for linux/arm64",
        "    ✓ secret URL",
        "    ✓ log group /ecs/web",
        "✓ service web",
        f"  ✓ cluster {CLUSTER}",
        "  ✓ target group web  serves app:80",
    ):
        assert f"\n{line}\n" in f"\n{ran.out}"
    assert ran.out.endswith("16 checks: 15 passed, 1 skipped.\n")
    calls = [call["operation"] for call in empty.serving.calls()[before:]]
    assert {
        name for name in calls if not name.startswith(("Describe", "Get", "HEAD", "Head", "AssumeRole"))
    } == set()
    assert calls.count("GetRole") == 1
    assert cli("verify", "--no-cache").out == ran.out
    again = [call["operation"] for call in empty.serving.calls()[before + len(calls) :]]
    assert again.count("GetRole") == 2


def test_every_failure_is_shown_with_its_place(cli: Cli, empty: Box, project: Path, images: Any) -> None:
    edit("task.json", '"/web/url"', '"/web/none"')
    edit("task.json", "open:index", "open:none")
    edit("task.json", '"taskRoleArn": "' + ROLE, '"taskRoleArn": "' + ROLE + "-2")
    edit("service.json", '"containerPort": 80', '"containerPort": 81')
    denied = {
        "code": "AccessDenied",
        "status": 403,
        "message": "not authorized to perform: logs:DescribeLogGroups",
    }
    empty.serving.faults([{"operation": "DescribeLogGroups", **denied}])
    ran = cli("verify", "--format", "json")
    assert (ran.code, ran.err) == (1, "")
    document = json.loads(ran.out)
    Draft202012Validator(SCHEMA).validate(document)
    assert not document["passed"]
    assert document["summary"]["failed"] == 4
    found = {
        said["what"]: (Path(said["file"]).name, said["line"], said["pointer"])
        for check in checks(document)
        for said in check["diagnostics"]
        if said["severity"] == "failed"
    }
    assert found == {
        "there is no role web-2": ("task.json", 13, "/taskRoleArn"),
        f"{images.host} has no open none": ("task.json", 17, "/containerDefinitions/0/image"),
        "there is no parameter /web/none": ("task.json", 26, "/containerDefinitions/0/secrets/0/valueFrom"),
        "ECS refuses this: the container `app` maps no container port 81": (
            "service.json",
            19,
            "/loadBalancers/0/containerPort",
        ),
    }
    (skipped,) = [check for check in checks(document) if check["subject"] == "log group /ecs/web"]
    assert skipped["state"] == "skipped"
    assert "logs:DescribeLogGroups is denied" in skipped["diagnostics"][0]["what"]
    Path("task.json").write_text("{")
    ran = cli("verify", "--no-color")
    assert ran.code == 1
    assert "✗ task definition task.json\n" in ran.out
    assert "try: " in ran.out
    assert "✓ target group web" in ran.out


def test_what_is_read_and_written_is_asked_for(cli: Cli, empty: Box, project: Path) -> None:
    before = len(empty.serving.calls())
    ran = cli("verify", "--no-get-secrets", "--put-logs")
    assert (ran.code, ran.err) == (0, "")
    calls = {call["operation"] for call in empty.serving.calls()[before:]}
    assert {"DescribeParameters", "PutLogEvents"} <= calls
    assert "GetParameters" not in calls
    logs = client_of(empty.serving.endpoint_url, "logs")
    events = logs.get_log_events(logGroupName="/ecs/web", logStreamName="ecs/app/reconciler-verify")["events"]
    assert len(events) == 1
    assert cli("verify", "--put-logs").code == 0
