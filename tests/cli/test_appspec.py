"""`appspec`, against the sandbox."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.cli.commands import Box, Cli, edit

HOOKS = 'appspec:\n  Hooks:\n    - BeforeAllowTraffic: "smoke-test"\n'


def properties(printed: str) -> dict[str, Any]:
    """Give what a printed AppSpec says of the service."""
    spec = yaml.safe_load(printed)
    (resource,) = spec["Resources"]
    assert (spec["version"], resource["TargetService"]["Type"]) == (0.0, "AWS::ECS::Service")
    found: dict[str, Any] = resource["TargetService"]["Properties"]
    return found


def newer(box: Box) -> tuple[str, str]:
    """Register a second revision; give the ARNs of both."""
    container = {"name": "httpd-app", "image": "b", "memory": 64}
    box.ecs.register_task_definition(family="test-httpd", containerDefinitions=[container])
    first, second = (box.definition(f"test-httpd:{number}")["taskDefinitionArn"] for number in (1, 2))
    return first, second


def test_the_newest_revision_and_the_service_of_the_file(cli: Cli, box: Box) -> None:
    _, newest = newer(box)
    edit("ecs-service-def.json", '"platformVersion": "LATEST"', '"platformVersion": "1.4.0"')
    Path("ecspresso.yml").write_text(Path("ecspresso.yml").read_text() + HOOKS)
    ran = cli("appspec")
    assert (ran.code, ran.err) == (0, "")
    found = properties(ran.out)
    assert found["TaskDefinition"] == newest
    assert found["LoadBalancerInfo"] == {"ContainerName": "httpd-app", "ContainerPort": 80}
    assert found["PlatformVersion"] == "1.4.0"
    assert found["NetworkConfiguration"]["AwsvpcConfiguration"]["AssignPublicIp"] == "ENABLED"
    assert yaml.safe_load(ran.out)["Hooks"] == [{"BeforeAllowTraffic": "smoke-test"}]
    assert box.writes() == ["RegisterTaskDefinition"]


def test_the_service_as_it_runs(cli: Cli, box: Box) -> None:
    first, second = newer(box)
    Path("ecs-service-def.json").unlink()
    found = properties(cli("appspec", "--task-definition", "current", "--no-update-service").out)
    assert (found["TaskDefinition"], found["PlatformVersion"]) == (first, "LATEST")
    found = properties(cli("appspec", "--no-update-service", "--task-definition", second).out)
    assert found["TaskDefinition"] == second


@pytest.mark.parametrize(
    ("named", "words"),
    [
        ("newest", ("--task-definition", "neither latest nor current nor the ARN")),
        (
            "arn:aws:ecs:ap-northeast-1:123456789012:task-definition/test-httpd:9",
            ("test-httpd:9 is not there",),
        ),
    ],
)
def test_a_revision_that_cannot_be_deployed(cli: Cli, box: Box, named: str, words: tuple[str, ...]) -> None:
    cli("appspec", "--task-definition", named).one_error(*words)


def test_a_service_without_a_load_balancer_has_none(cli: Cli, box: Box) -> None:
    text = Path("ecs-service-def.json").read_text()
    start = text.index('"loadBalancers"')
    Path("ecs-service-def.json").write_text(text[:start] + text[text.index("]", start) + 2 :].lstrip(","))
    cli("appspec").one_error("there is no AppSpec of your-cluster/your-service", "`loadBalancers`")
