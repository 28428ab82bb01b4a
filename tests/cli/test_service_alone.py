"""A project that names a service and no file for it: another tool's service, whose revision is ours to set."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.commands import UNIT, Box, Cli, addresses, edit

PROJECT = "ecspresso.yml"
NEXT = "2.4.62"


@pytest.fixture(autouse=True)
def alone(project: Path) -> None:
    edit(PROJECT, "service_definition: ecs-service-def.json\n", "")
    Path("ecs-service-def.json").unlink()


def test_nothing_to_do(cli: Cli, box: Box) -> None:
    for command in (("plan", "--detailed-exitcode"), ("diff", "--exit-code"), ("deploy",)):
        ran = cli(*command)
        assert (ran.code, ran.err) == (0, ""), ran
    assert box.writes() == []


@pytest.mark.parametrize(
    ("arguments", "sent"),
    [
        ((), {"taskDefinition"}),
        (("--tasks", "3"), {"taskDefinition", "desiredCount"}),
        (("--force-new-deployment",), {"taskDefinition", "forceNewDeployment"}),
    ],
)
def test_only_the_revision_is_sent(cli: Cli, box: Box, arguments: tuple[str, ...], sent: set[str]) -> None:
    before = box.service()
    ran = cli("deploy", *arguments, IMAGE_TAG=NEXT)
    assert ran.code == 0, ran
    (update,) = [call["request"] for call in box.serving.calls() if call["operation"] == "UpdateService"]
    assert set(update) == {"cluster", "service"} | sent
    after = box.service()
    assert after["taskDefinition"] != before["taskDefinition"]
    assert box.definition()["containerDefinitions"][0]["image"].endswith(NEXT)
    for member in ("networkConfiguration", "loadBalancers", "tags", "deploymentConfiguration"):
        assert after.get(member) == before.get(member)


def test_plan_and_diff_show_no_other_member(cli: Cli, box: Box) -> None:
    ran = cli("plan", IMAGE_TAG=NEXT)
    assert addresses(ran.out.partition(f"# {UNIT}")[2]) == ["taskDefinition"]
    shown = cli("diff", IMAGE_TAG=NEXT)
    assert shown.out.count("+++ ") == 1, shown.out
    assert "desiredCount" not in shown.out


def test_a_saved_plan_is_carried_out(cli: Cli, box: Box) -> None:
    assert cli("plan", "--out", "plan.json", IMAGE_TAG=NEXT).code == 0
    ran = cli("apply", "plan.json")
    assert ran.code == 0, ran
    assert box.definition()["taskDefinitionArn"] == box.service()["taskDefinition"]


def test_the_service_is_not_created(cli: Cli, empty: Box) -> None:
    for command in (("plan",), ("diff",), ("deploy",)):
        cli(*command).one_error(
            f"Error: {PROJECT}:3:1: ",
            "no service your-service in your-cluster",
            "add `service_definition: FILE`",
        )
    assert empty.writes() == []


def test_a_deleted_service_is_not_created_anew(cli: Cli, box: Box) -> None:
    box.ecs.delete_service(cluster="your-cluster", service="your-service", force=True)
    box.settle()
    cli("deploy", IMAGE_TAG=NEXT).one_error("no service your-service")


def test_without_a_service_only_the_task_definition_is_registered(cli: Cli, box: Box) -> None:
    edit(PROJECT, "service: your-service\n", "")
    before = box.service()["taskDefinition"]
    ran = cli("deploy", IMAGE_TAG=NEXT)
    assert ran.code == 0, ran
    assert ran.err.endswith(" test-httpd:2 is registered.\n"), ran.err
    assert box.writes() == ["RegisterTaskDefinition"]
    assert box.service()["taskDefinition"] == before


def test_a_service_without_any_file_is_refused(cli: Cli, box: Box) -> None:
    edit(PROJECT, "task_definition: ecs-task-def.json\n", "")
    cli("plan").one_error(f"Error: {PROJECT}:3:1: ", "neither `service_definition` nor `task_definition`")
