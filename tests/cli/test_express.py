"""Projects in Express Mode, from nothing to gone, by the command."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from reconciler import sandbox
from tests.cli.commands import REGION, Box, Cli, client_of, edit
from tests.cli.conftest import boxed

UNIT = "express_service.default/front"
ROLE = "arn:aws:iam::123456789012:role/"
DEFINITION: dict[str, Any] = {
    "infrastructureRoleArn": f"{ROLE}infrastructure",
    "executionRoleArn": f"{ROLE}execution",
    "primaryContainer": {"image": "web:1", "environment": [{"name": "STAGE", "value": "test"}]},
    "tags": [{"key": "team", "value": "web"}],
}
PROJECT = f"""
region: {REGION}
service: front
express_definition: express.json
"""
FORMATS = {
    "express.yml": f"""
        InfrastructureRoleArn: {ROLE}infrastructure
        ExecutionRoleArn: {ROLE}execution
        PrimaryContainer:
          Image: web:{{{{ env `TAG` `1` }}}}
          Environment:
            - {{Name: STAGE, Value: test}}
        Tags:
          - {{Key: team, Value: web}}
    """,
    "express.jsonnet": f"""
        local env = std.native('env');
        {{
          infrastructureRoleArn: '{ROLE}infrastructure',
          executionRoleArn: '{ROLE}execution',
          primaryContainer: {{
            image: 'web:' + env('TAG', '1'),
            environment: [{{ name: 'STAGE', value: 'test' }}],
          }},
          tags: [{{ key: 'team', value: 'web' }}],
        }}
    """,
    "express.hcl": f"""
        infrastructure_role_arn = "{ROLE}infrastructure"
        execution_role_arn      = "{ROLE}execution"
        primary_container {{
          image       = "web:${{env("TAG", "1")}}"
          environment = {{ STAGE = "test" }}
        }}
        tags = {{ team = "web" }}
    """,
}


@pytest.fixture(autouse=True)
def express(project: Path) -> None:
    for file in project.iterdir():
        if file.is_file():
            file.unlink()
    Path("ecspresso.yml").write_text(PROJECT)
    Path("express.json").write_text(json.dumps(DEFINITION))


@pytest.fixture
def running(express: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[Box]:
    """Serve an AWS in which the service runs as its file describes it."""
    with boxed({"express_services": [DEFINITION | {"serviceName": "front"}]}, monkeypatch) as served:
        yield served


@pytest.mark.parametrize("name", FORMATS)
def test_a_definition_is_written_as_any_other(cli: Cli, name: str) -> None:
    rendered = json.loads(cli("render", "express-definition", "--canonical").out)
    edit("ecspresso.yml", "express.json", name)
    Path(name).write_text(FORMATS[name])
    for target in ("express-definition", "expressdef"):
        assert json.loads(cli("render", target, "--canonical").out) == rendered
    assert rendered["primaryContainer"] == {
        "image": "web:1",
        "environment": {"STAGE": "test"},
    }


def test_from_nothing_to_gone(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    with boxed({}, monkeypatch) as box:  # there is no cluster either: ECS makes the one of that name
        ran = cli("deploy")
        assert (ran.code, f"# {UNIT}: express service default/front will be created" in ran.out) == (
            0,
            True,
        ), ran
        assert cli("plan", "--detailed-exitcode").code == 0
        edit("express.json", "web:1", "web:2")
        assert 'primaryContainer.image = "web:1" -> "web:2"' in cli("plan", "--out", "saved.json").out
        assert '-    "image": "web:1"\n+    "image": "web:2"\n' in cli("diff").out
        ran = cli("apply", "saved.json")
        assert (ran.code, "runs." in ran.err) == (0, True), ran
        assert cli("plan", "--detailed-exitcode").code == 0
        status = cli("status").out
        assert "Express:\n  Status: ACTIVE\n  IngressPaths:\n    PUBLIC front-" in status
        ran = cli("delete", "--force")
        assert (ran.code, f"{UNIT}: delete the service; its task is stopped" in ran.out) == (0, True), ran
        box.settle()
        assert box.ecs.list_services(cluster="default")["serviceArns"] == []
        assert box.writes() == [
            "CreateExpressGatewayService",
            "UpdateExpressGatewayService",
            "DeleteExpressGatewayService",
        ]


def test_a_rollout_under_way_is_rolled_back_and_nothing_else(
    cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    seed = {"express_services": [DEFINITION | {"serviceName": "front"}]}
    with sandbox.serving(seed, speed=1) as served:  # time passes as it is told to: a canary takes minutes
        monkeypatch.setenv("AWS_ENDPOINT_URL", served.endpoint_url)
        ecs = client_of(served.endpoint_url, "ecs")
        box = Box(served, ecs)
        cli("rollback").one_error("is in Express Mode: only a rollout that is under way can be undone")
        arn = ecs.list_services(cluster="default")["serviceArns"][0]
        ecs.update_express_gateway_service(serviceArn=arn, primaryContainer={"image": "web:2"})
        served.advance(60)
        ran = cli("rollback", "--no-wait", "--no-deregister-task-definition")
        assert ran.code == 0, ran
        box.settle()
        assert box.writes() == ["UpdateExpressGatewayService", "StopServiceDeployment"]
        assert cli("plan", "--detailed-exitcode").code == 0
        ecs.close()


def test_refreshing_deploys_what_runs(cli: Cli, running: Box) -> None:
    Path("express.json").write_text("no longer JSON")
    ran = cli("refresh", "--no-wait")
    assert ran.code == 0, ran
    assert running.writes() == ["UpdateService"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("scale", "--tasks", "3"), "an Express Mode service scales itself, within its scalingTarget"),
        (("deploy", "--suspend-auto-scaling"), "an Express Mode service scales itself"),
        (("deploy", "--revision", "1"), "no other revision is deployed"),
        (("deploy", "--no-update-service"), "without it there is nothing to deploy"),
        (("run",), "the project names no task definition"),
        (("register",), "ECS makes that of an Express Mode service"),
        (("render", "servicedef"), "the project names no service_definition"),
    ],
)
def test_what_express_mode_has_no_way_to_do_is_said(
    cli: Cli, running: Box, arguments: tuple[str, ...], words: str
) -> None:
    cli(*arguments).one_error(words)
    assert running.writes() == []


@pytest.mark.parametrize("command", ["tasks", "revisions", "wait"])
def test_what_is_about_the_service_beneath_works(cli: Cli, running: Box, command: str) -> None:
    ran = cli(command)
    assert (ran.code, "default-front:1" in ran.out + ran.err) == (0, True), ran
    assert running.writes() == []


def test_status_holds_what_express_mode_shows_without_secrets(
    cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    container = {"image": "web:1", "environment": [{"name": "DB_PASSWORD", "value": "correct-horse"}]}
    seed = DEFINITION | {"serviceName": "front", "primaryContainer": container}
    with boxed({"express_services": [seed]}, monkeypatch):
        shown = cli("status", "--format", "json").out
    assert "correct-horse" not in shown
    (configuration,) = json.loads(shown)["expressGatewayService"]["activeConfigurations"]
    assert configuration["primaryContainer"]["image"] == "web:1"


@pytest.mark.parametrize("form", ["json", "yaml", "jsonnet", "hcl"])
def test_what_runs_is_written_down_in_either_way(cli: Cli, running: Box, form: str) -> None:
    at = ("--service", "front", "--region", REGION, "--format", form)
    ran = cli("init", *at, "--config", f"new/reconciler.{form}")
    assert (ran.code, "No changes: a plan of these files is empty." in ran.out) == (0, True), ran
    definition = json.loads(
        cli("render", "expressdef", "--canonical", "--config", f"new/reconciler.{form}").out
    )
    assert definition["primaryContainer"] == {"image": "web:1", "environment": {"STAGE": "test"}}
    assert "taskDefinitionArn" not in definition
    if form == "json":
        ran = cli("init", *at, "--config", "old/reconciler.yml", "--no-express")
        assert (ran.code, sorted(path.name for path in Path("old").iterdir())) == (
            0, ["ecs-service-def.json", "ecs-task-def.json", "reconciler.yml"],
        )  # fmt: skip
