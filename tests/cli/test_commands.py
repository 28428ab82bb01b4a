"""The other commands and their flags: deploy, wait, status, render; variables and files that shape a run."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from reconciler.api.masking import OPTIONS
from reconciler.load.hcls.names import MAPS
from tests.cli.commands import CLUSTER, REGION, SERVICE, Box, Cli, addresses, edit

_NEW = {"IMAGE_TAG": "2.4.62"}
_STATE = "terraform.tfstate"


def test_deploy_asks_nothing(cli: Cli, box: Box) -> None:
    ran = cli("deploy", **_NEW)
    assert ran.code == 0
    assert "Plan: 0 to add, 2 to change" in ran.out
    assert "test-httpd:2 runs" in ran.err
    again = cli("deploy", **_NEW)
    assert (again.code, again.err) == (0, "")
    assert box.revisions() == 2


def test_a_dry_run_changes_nothing(cli: Cli, box: Box) -> None:
    ran = cli("deploy", "--dry-run", **_NEW)
    assert (ran.code, ran.err) == (0, "")
    assert "Plan: 0 to add, 2 to change" in ran.out
    assert box.writes() == []


# What is changed beforehand, the flags of deploy, what was sent, and what was sent to UpdateService.
_DEPLOYS: dict[str, tuple[tuple[str, ...], list[str], dict[str, Any]]] = {
    "a count": (
        ("--tasks", "4"),
        ["RegisterTaskDefinition", "UpdateService"],
        {"desiredCount": 4, "taskDefinition": ":3"},
    ),
    "ecspresso's scale": (
        ("--tasks", "4", "--skip-task-definition", "--no-update-service"),
        ["UpdateService"],
        {"desiredCount": 4},
    ),
    "no task definition": (("--skip-task-definition",), [], {}),
    "no service definition": (
        ("--no-update-service",),
        ["RegisterTaskDefinition", "UpdateService"],
        {"taskDefinition": ":3"},
    ),
    "ecspresso's refresh": (
        ("--skip-task-definition", "--force-new-deployment", "--no-update-service"),
        ["UpdateService"],
        {"forceNewDeployment": True},
    ),
    "a revision": (("--revision", "2"), ["UpdateService"], {"taskDefinition": ":2"}),
    "the latest revision": (("--latest-task-definition",), ["UpdateService"], {"taskDefinition": ":2"}),
}


@pytest.mark.parametrize("case", _DEPLOYS)
def test_deploys_flags(cli: Cli, box: Box, case: str) -> None:
    taken = (
        "family",
        "networkMode",
        "requiresCompatibilities",
        "cpu",
        "memory",
        "executionRoleArn",
        "taskRoleArn",
    )
    definition = box.definition()
    box.ecs.register_task_definition(
        **{name: definition[name] for name in taken},
        containerDefinitions=[definition["containerDefinitions"][0] | {"image": "httpd:other"}],
    )
    before = len(box.serving.calls())
    arguments, writes, members = _DEPLOYS[case]
    ran = cli("deploy", *arguments, **_NEW)
    assert ran.code == 0, ran
    calls = box.serving.calls()[before:]
    assert [
        call["operation"] for call in calls if not call["operation"].startswith(("Describe", "Get", "List"))
    ] == writes
    sent = (
        {} if not writes else next(call["request"] for call in calls if call["operation"] == "UpdateService")
    )
    assert set(sent) - {"cluster", "service"} == set(members)
    for name, value in members.items():
        assert sent[name] == value or str(sent[name]).endswith(str(value))


def test_force_register_registers_anyway(cli: Cli, box: Box) -> None:
    assert cli("deploy", "--force-register").code == 0
    assert box.writes() == ["RegisterTaskDefinition", "UpdateService"]


def test_without_waiting_and_then_waiting(cli: Cli, box: Box) -> None:
    box.serving.knobs(speed=0)
    ran = cli("apply", "--auto-approve", "--no-wait", **_NEW)
    assert ran.code == 0
    assert "Applied, not waited for the rollout. `reconciler wait` watches it." in ran.err

    status = cli("status")
    assert (status.code, status.err) == (0, "")
    assert "PRIMARY test-httpd:2 desired:2 pending:0 running:0 IN_PROGRESS" in status.out
    assert "ACTIVE test-httpd:1 desired:2 pending:0 running:2" in status.out

    timed = cli("wait", "--timeout", "1s")
    assert timed.code == 5
    assert "Error: Timed out: not deployed after 1 seconds" in timed.err

    box.serving.knobs(speed=15)  # some seconds, so that it cannot be over before it is looked at
    waited = cli("wait", "--until", "stable")
    assert (waited.code, waited.out) == (0, "")
    assert re.search(r"^The rollout completed\. test-httpd:2 runs\.$", waited.err, re.MULTILINE)


def test_waiting_for_nothing_says_so_and_tells_no_old_events(cli: Cli, box: Box) -> None:
    waited = cli("wait")
    assert (waited.code, waited.out, waited.err) == (
        0,
        "",
        "No rollout is running; test-httpd:1 is stable.\n",
    )
    logged = json.loads(cli("--log-format", "json", "wait").err)
    assert logged["revision"].endswith("task-definition/test-httpd:1")


@pytest.mark.parametrize(("flag", "colored"), [("--color", True), ("--no-color", False)])
def test_progress_is_coloured_as_asked(cli: Cli, box: Box, flag: str, colored: bool) -> None:
    ran = cli("apply", "--auto-approve", flag, IMAGE_TAG="2.4.62")
    assert ran.code == 0
    assert ("\x1b[32mApplied" in ran.err) == colored
    assert ("\x1b[" in ran.err) == colored


def test_status_for_machines_and_with_fewer_events(cli: Cli, box: Box) -> None:
    box.settle()
    whole = json.loads(cli("status", "--format", "json", "--events", "1").out)
    assert len(whole["events"]) == 1
    assert whole["createdAt"].endswith("Z")
    assert whole["serviceName"] == SERVICE
    assert whole["deployments"][0]["status"] == "PRIMARY"
    text = cli("status", "--events", "1").out
    assert len(text.partition("Events:\n")[2].splitlines()) == 1
    assert "Cluster: your-cluster" in text


@pytest.mark.parametrize(
    ("target", "member", "value"),
    [
        ("config", "cluster", CLUSTER),
        ("taskdef", "family", "test-httpd"),
        ("task-definition", "cpu", "256"),
        ("servicedef", "desiredCount", 2),
        ("service-definition", "launchType", "FARGATE"),
    ],
)
def test_render_needs_no_credentials(cli: Cli, target: str, member: str, value: object) -> None:
    ran = cli("render", target, AWS_ACCESS_KEY_ID=None, AWS_SECRET_ACCESS_KEY=None)
    assert (ran.code, ran.err) == (0, "")
    assert json.loads(ran.out)[member] == value


def test_render_canonical_shows_what_is_compared(cli: Cli) -> None:
    document = json.loads(cli("render", "taskdef", "--canonical").out)
    container = document["containerDefinitions"]["httpd-app"]
    assert container["environment"]["LOG_LEVEL"] == "info"
    assert "essential" not in container


def test_render_hides_options_with_names_of_secrets(cli: Cli) -> None:
    held = '"dockerLabels": {"api-token": "hush-1", "team": "web"}, '
    edit("ecs-task-def.json", '"environment"', held + '"environment"')
    labels = json.loads(cli("render", "taskdef").out)["containerDefinitions"][0]["dockerLabels"]
    assert labels == {"api-token": "(sensitive value)", "team": "web"}
    assert "hush-1" in cli("render", "taskdef", "--show-sensitive").out
    assert {name.lower() for name in MAPS} == OPTIONS


def test_variables_stand_for_options_and_ours_win(cli: Cli, box: Box) -> None:
    Path("ecspresso.yml").rename("other.yml")
    ours = {"RECONCILER_CONFIG": "other.yml", "ECSPRESSO_CONFIG": "nope.yml"}
    assert cli("plan", "--detailed-exitcode", **ours).code == 0
    assert cli("plan", "--detailed-exitcode", ECSPRESSO_CONFIG="other.yml").code == 0
    cli("plan", RECONCILER_CONFIG="nope.yml", ECSPRESSO_CONFIG="other.yml").one_error("nope.yml")
    assert cli("plan", "--config", "other.yml", RECONCILER_CONFIG="nope.yml").code == 0
    cli("plan", RECONCILER_TIMEOUT="soon", ECSPRESSO_TIMEOUT="1m", RECONCILER_CONFIG="other.yml").one_error(
        "soon"
    )


def test_options_stand_before_and_after_the_command(cli: Cli, box: Box) -> None:
    Path("tags.env").write_text("# the release\nexport IMAGE_TAG=2.4.62\n")
    for arguments in (("--envfile", "tags.env", "plan"), ("plan", "--envfile", "tags.env")):
        ran = cli(*arguments, "--detailed-exitcode", IMAGE_TAG=None)
        assert ran.code == 2, ran
        assert "httpd:2.4.62" in ran.out
    Path("more.env").write_text("IMAGE_TAG=2.4.63\n")
    for given in (("--envfile", "tags.env,more.env"), ("--envfile", "tags.env", "--envfile", "more.env")):
        assert "httpd:2.4.63" in cli("plan", *given).out
    assert "httpd:2.4.62" in cli("plan", ECSPRESSO_ENVFILE="tags.env").out


def test_jsonnet_gets_its_strings_and_code(cli: Cli, box: Box) -> None:
    edit("ecspresso.yml", "ecs-service-def.json", "service.jsonnet")
    text = Path("ecs-service-def.json").read_text()
    text = text.replace('"desiredCount": 2', '"desiredCount": std.extVar("count")')
    text = text.replace("{{ env `ENV` `dev` }}", "ENV").replace('"ENV"', 'std.extVar("env")')
    Path("service.jsonnet").write_text(text)
    for given in (
        ("--ext-str", "env=prod", "--ext-code", "count=1+2"),
        ("--ext-str", "x=y;env=prod", "--ext-code", "count=3"),
    ):
        ran = cli("plan", *given)
        assert (ran.code, ran.err) == (0, ""), ran
        assert addresses(ran.out) == ["desiredCount", 'tags["env"]']
        assert "2 -> 3" in ran.out
    missing = cli("plan", "--ext-str", "env=prod").one_error("service.jsonnet", "count")
    assert "--ext-" in missing


def test_references_in_cluster_service_and_region(cli: Cli, box: Box) -> None:
    edit("ecspresso.yml", f"cluster: {CLUSTER}", "cluster: '{{ tfstate `output.cluster` }}'")
    edit("ecspresso.yml", f"service: {SERVICE}", "service: '{{ must_env `NAME` }}'")
    edit("ecspresso.yml", f"region: {REGION}", "region: '{{ tfstate `output.region` }}'")
    state = json.loads(Path(_STATE).read_text())
    state["outputs"] |= {
        name: {"value": value, "type": "string"} for name, value in (("cluster", CLUSTER), ("region", REGION))
    }
    Path(_STATE).write_text(json.dumps(state))
    ran = cli("plan", "--detailed-exitcode", NAME=SERVICE)
    assert (ran.code, ran.err) == (0, ""), ran
    assert cli("plan", "--out", "plan.json", NAME=SERVICE, **_NEW).code == 0
    assert cli("apply", "plan.json", NAME=None).code == 0
    assert box.service()["taskDefinition"].endswith(":2")


def test_the_region_of_the_command_line_wins(cli: Cli, box: Box) -> None:
    assert cli("plan", "--region", "eu-west-1").code == 0
    assert {call["region"] for call in box.serving.calls() if call["service"] == "ecs"} == {"eu-west-1"}


def test_two_services_in_folders_of_their_own(cli: Cli, box: Box, project: Path) -> None:
    """A project file may name files in other folders; paths start at the project file."""
    (project / "defs").mkdir()
    (project / "ecs-task-def.json").rename(project / "defs/task.json")
    edit("ecspresso.yml", "ecs-task-def.json", "defs/task.json")
    ran = cli("plan", "--detailed-exitcode")
    assert (ran.code, ran.err) == (0, "")
