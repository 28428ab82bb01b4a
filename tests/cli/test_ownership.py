"""What is whose, through the command: `ignore:`, autoscaled counts, and what has to be replaced."""

from __future__ import annotations

from pathlib import Path

from tests.cli.commands import CLUSTER, SERVICE, UNIT, Box, Cli, addresses, client_of, edit
from tests.cli.test_scaling import TARGET

FILE = "ecs-service-def.json"
NEXT = "2.4.62"


def test_what_is_ignored_is_nobodys_difference(cli: Cli, box: Box) -> None:
    project = Path("ecspresso.yml")
    pointer = "/containerDefinitions/*/environment/LOG_LEVEL"
    project.write_text(project.read_text() + f"ignore:\n  - /desiredCount\n  - {pointer}\n")
    edit("ecs-task-def.json", "`info`", "`debug`")
    box.ecs.update_service(cluster=CLUSTER, service=SERVICE, desiredCount=5)
    box.settle()
    ran = cli("plan", "--detailed-exitcode")
    assert (ran.code, ran.err) == (0, ""), ran
    assert cli("apply", "--auto-approve", IMAGE_TAG=NEXT).code == 0
    assert box.service()["desiredCount"] == 5
    (level,) = [
        each["value"]
        for each in box.definition()["containerDefinitions"][0]["environment"]
        if each["name"] == "LOG_LEVEL"
    ]
    assert level == "info"


def test_a_pointer_to_nowhere_is_told_with_its_line(cli: Cli, box: Box) -> None:
    project = Path("ecspresso.yml")
    line = len(project.read_text().splitlines()) + 2
    project.write_text(project.read_text() + "ignore:\n  - /desiredcuont\n")
    cli("plan").one_error(f"ecspresso.yml:{line}:5", "the nearest name is `desiredCount`")


def test_a_count_that_an_autoscaler_keeps_is_told_and_left(cli: Cli, box: Box) -> None:
    scaling = client_of(box.serving.endpoint_url, "application-autoscaling")
    scaling.register_scalable_target(**TARGET, MinCapacity=1, MaxCapacity=6)
    box.ecs.update_service(cluster=CLUSTER, service=SERVICE, desiredCount=4)
    box.settle()
    ran = cli("plan", "--detailed-exitcode")
    assert ran.code == 0, ran
    assert "left alone: desiredCount is 4, the file says 2 (autoscaling keeps it within 1 and 6)" in ran.out


def test_a_replacement_is_shown_and_needs_leave(cli: Cli, box: Box) -> None:
    edit(FILE, '"launchType": "FARGATE"', '"launchType": "EC2"')
    edit(FILE, '"assignPublicIp": "ENABLED",', '"assignPublicIp": "DISABLED",')
    refused = cli("apply", "--auto-approve", "--allow-replace")
    assert "`platformVersion` is not for the launch type EC2" in refused.err  # before anything is deleted
    assert box.writes() == []
    edit(FILE, '"platformVersion": "LATEST",', "")
    ran = cli("plan", "--detailed-exitcode")
    assert ran.code == 2
    assert f"# {UNIT}: service {CLUSTER}/{SERVICE} must be replaced" in ran.out
    assert "launchType" in addresses(ran.out)
    (forcing,) = [line for line in ran.out.splitlines() if "# forces replacement" in line]
    assert '~ launchType = "FARGATE" -> "EC2"' in forcing
    assert 'assignPublicIp = "ENABLED" -> "DISABLED"' in ran.out
    assert "Plan: 1 to add, 0 to change, 1 to destroy." in ran.out
    for command in (("apply", "--auto-approve"), ("deploy",)):
        refused = cli(*command)
        assert refused.code == 1
        assert "must be replaced: no update changes launchType" in refused.err
        assert "--allow-replace" in refused.err
    assert cli("plan", "--out", "plan.json").code == 0
    assert "--allow-replace" in cli("apply", "plan.json").err
    assert box.writes() == []


def test_a_replacement_with_leave(cli: Cli, box: Box) -> None:
    edit(FILE, '"launchType": "FARGATE"', '"launchType": "EC2"')
    edit(FILE, '"platformVersion": "LATEST",', "")
    edit(FILE, '"assignPublicIp": "ENABLED",', "")
    assert cli("plan", "--allow-replace", "--out", "plan.json").code == 0
    ran = cli("apply", "plan.json")
    assert ran.code == 0, ran
    assert box.writes() == ["DeleteService", "CreateService"]
    assert box.service()["launchType"] == "EC2"
    assert "No changes." in cli("plan").out
