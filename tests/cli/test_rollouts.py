"""Rollouts that did not end well, seen by a later command: none of them says that all is as the files describe."""

from __future__ import annotations

from pathlib import Path

import pytest

from reconciler import Project, Reconciler
from reconciler.cli import planning
from reconciler.core.plans import Plan
from reconciler.errors import StalePlan
from tests.cli.commands import Box, Cli, edit

BREAKER = '"deploymentCircuitBreaker": { "enable": true, "rollback": true }'
NO_ROLLBACK = '"deploymentCircuitBreaker": { "enable": true, "rollback": false }'


def test_a_failed_rollout_is_no_empty_plan(cli: Cli, box: Box) -> None:
    edit("ecs-service-def.json", BREAKER, NO_ROLLBACK)
    assert cli("apply", "--auto-approve", IMAGE_TAG="crash").code == 3
    plan = cli("plan", IMAGE_TAG="crash")
    assert "failed: ECS deployment circuit breaker: tasks failed to start" in plan.out
    assert "--force-new-deployment tries it again" in plan.out
    assert "What runs is what the files describe" not in plan.out
    writes = len(box.writes())
    assert cli("apply", "--auto-approve", IMAGE_TAG="crash").code == 3
    assert cli("deploy", IMAGE_TAG="crash").code == 3
    assert len(box.writes()) == writes


def test_a_second_run_ends_as_the_rollout_that_it_finds(cli: Cli, box: Box) -> None:
    box.serving.knobs(speed=0)
    assert cli("apply", "--auto-approve", "--no-wait", IMAGE_TAG="crash").code == 0
    assert "is in progress" in cli("plan", IMAGE_TAG="crash").out
    box.serving.knobs(speed=20)  # slow enough for the second run to begin before it is over
    again = cli("deploy", IMAGE_TAG="crash")
    assert again.code == 4, again
    assert "rolled back" in again.err


def test_a_second_run_that_comes_as_the_rollout_ends_says_how_it_ended(
    cli: Cli, box: Box, monkeypatch: pytest.MonkeyPatch
) -> None:
    box.serving.knobs(speed=0)
    assert cli("apply", "--auto-approve", "--no-wait", IMAGE_TAG="crash").code == 0
    rolls = planning.rolls

    def then_over(plan: Plan) -> bool:
        box.settle()
        return rolls(plan)

    monkeypatch.setattr(planning, "rolls", then_over)
    again = cli("deploy", "--on-failure", "rollback", IMAGE_TAG="crash")
    assert (again.code, again.err.count("Error: ")) == (4, 1), again
    assert (
        "Error: No rollout is running; test-httpd:1 is stable; the last rollout was rolled back." in again.err
    )
    assert len(box.writes()) == 2
    waited = cli("wait")  # that there is nothing to wait for is no failure
    assert (waited.code, "the last rollout was rolled back" in waited.err) == (0, True), waited


def test_waiting_while_ecs_goes_back_is_no_success(cli: Cli, box: Box) -> None:
    box.serving.knobs(speed=0)
    assert cli("apply", "--auto-approve", "--no-wait", IMAGE_TAG="crash").code == 0
    for _ in range(600):
        if any(d.get("rolloutState") == "FAILED" for d in box.service()["deployments"]):
            break
        box.serving.advance(1)
    assert box.service()["deployments"][0]["rolloutState"] == "IN_PROGRESS"
    box.serving.knobs(speed=4)  # slow enough for `wait` to begin before it is over
    waited = cli("wait", "--timeout", "60s")
    assert waited.code == 4, waited


def test_a_member_that_the_api_requires_is_sent_though_it_is_empty(cli: Cli, box: Box) -> None:
    alarms = '"alarms": { "alarmNames": [], "enable": false, "rollback": false },\n    '
    edit("ecs-service-def.json", BREAKER, alarms + BREAKER)
    edit("ecs-service-def.json", '"maximumPercent": 200', '"maximumPercent": 150')
    assert cli("apply", "--auto-approve").code == 0
    assert box.service()["deploymentConfiguration"]["maximumPercent"] == 150
    assert cli("plan", "--detailed-exitcode").code == 0


def test_a_member_that_the_api_requires_and_nobody_gives_is_told_before_anything_is_sent(
    cli: Cli, box: Box
) -> None:
    edit("ecs-service-def.json", BREAKER, '"deploymentCircuitBreaker": { "enable": true }')
    edit(
        "ecs-service-def.json",
        '"propagateTags"',
        '"serviceConnectConfiguration": {"namespace": "n"}, "propagateTags"',
    )
    before = box.writes()
    ran = cli("apply", "--auto-approve", IMAGE_TAG="2.4.62")
    ran.one_error("ecs-service-def.json", "serviceConnectConfiguration.enabled", "requires")
    assert box.writes() == before


def test_an_interactive_apply_looks_again_before_it_sends(cli: Cli, box: Box, project: Path) -> None:
    edit("ecs-service-def.json", '"assignPublicIp": "ENABLED"', '"assignPublicIp": "DISABLED"')
    with Reconciler.open(Project.load(project / "ecspresso.yml")) as r:
        plan = r.plan()
        network = box.service()["networkConfiguration"]
        network["awsvpcConfiguration"]["subnets"] = ["subnet-0b00000000000000b"]
        box.ecs.update_service(cluster="your-cluster", service="your-service", networkConfiguration=network)
        before = box.writes()
        with pytest.raises(StalePlan, match="subnets"):
            r.apply(plan)
    assert box.writes() == before


def test_a_container_that_the_task_definition_lacks_is_told_in_the_plan(cli: Cli, box: Box) -> None:
    edit("ecs-service-def.json", '"containerName": "httpd-app"', '"containerName": "httpd"')
    before = box.writes()
    plan = cli("plan")
    where = "ecs-service-def.json:12:7: ECS refuses this"
    assert f"Error: {where}: the task definition has no container `httpd`" in plan.err
    assert "it has `httpd-app`" in plan.err
    assert "no container `httpd`" in cli("apply", "--auto-approve").err
    assert box.writes() == before
