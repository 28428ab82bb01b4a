"""Every way in which a rollout ends, reached through the command: its exit code, and what is said at the end."""

from __future__ import annotations

import json
import os
import re
import subprocess
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest

from tests.cli.commands import CLUSTER, SERVICE, UNIT, Box, Cli, Ran, command, edit

BREAKER = '"deploymentCircuitBreaker": { "enable": true, "rollback": true }'
NO_ROLLBACK = '"deploymentCircuitBreaker": { "enable": true, "rollback": false }'
NO_BREAKER = '"deploymentCircuitBreaker": { "enable": false, "rollback": false }'
NEW = "2.4.62"
FAILED = "ECS deployment circuit breaker: tasks failed to start"
EXCEEDED = "Service deployment rolled back because the circuit breaker threshold was exceeded"
APPLY = ("apply", "--auto-approve")


def hooked(*stages: str, bake: int = 1) -> str:
    """Give a deployment configuration of blue/green with PAUSE hooks at stages, and a bake time in minutes."""
    hooks = [{"targetType": "PAUSE", "lifecycleStages": [stage]} for stage in stages]
    more = {"strategy": "BLUE_GREEN", "bakeTimeInMinutes": bake, "lifecycleHooks": hooks}
    return json.dumps(more)[1:-1]


@dataclass(frozen=True, kw_only=True)
class Case:
    """Commands, one after the other; the exit code of the last, how it says that it ended, and what runs then."""

    commands: tuple[tuple[str, ...], ...]
    code: int
    last: str
    runs: str = ":2"
    tag: str = NEW
    configuration: str = BREAKER
    tags: Mapping[int, str] = field(default_factory=dict)
    deregistered: bool = False
    speed: float = 400
    writes: tuple[str, ...] = ()


CASES = {
    "succeeded": Case(commands=(APPLY,), code=0, last="Applied after N s. test-httpd:2 runs."),
    "waited for": Case(
        commands=((*APPLY, "--no-wait"), ("wait",)),
        speed=10,
        code=0,
        last="The rollout completed. test-httpd:2 runs.",
    ),
    "failed": Case(
        commands=(APPLY,),
        configuration=NO_ROLLBACK,
        tag="crash",
        code=3,
        last=f"Error: The rollout failed after N s: {FAILED}.",
    ),
    "rolled back by ECS": Case(
        commands=(APPLY,),
        tag="crash",
        code=4,
        last=f"Error: The rollout was rolled back by ECS after N s: {EXCEEDED}.",
        runs=":1",
    ),
    "failed and rolled back": Case(
        commands=((*APPLY, "--on-failure", "rollback"),),
        configuration=NO_ROLLBACK,
        tag="crash",
        code=4,
        last="Rolled back after N s. test-httpd:1 runs.",
        runs=":1",
        deregistered=True,
        writes=("RegisterTaskDefinition", "UpdateService", "UpdateService", "DeregisterTaskDefinition"),
    ),
    "deployed and rolled back": Case(
        commands=(("deploy", "--on-failure", "rollback"),),
        configuration=NO_ROLLBACK,
        tag="crash",
        code=4,
        last="Rolled back after N s. test-httpd:1 runs.",
        runs=":1",
        deregistered=True,
    ),
    "timed out": Case(
        commands=((*APPLY, "--timeout", "1s"),),
        configuration=NO_BREAKER,
        tag="crash",
        code=5,
        last="Error: Timed out: not deployed after 1 seconds. The rollout goes on in AWS; "
        "`reconciler wait` picks it up again.",
    ),
    "timed out and rolled back": Case(
        commands=((*APPLY, "--timeout", "1s", "--on-failure", "rollback"),),
        configuration=NO_BREAKER,
        tag="crash",
        code=4,
        last="Rolled back after N s. test-httpd:1 runs.",
        runs=":1",
        deregistered=True,
        writes=(
            *("RegisterTaskDefinition", "UpdateService", "StopServiceDeployment", "DeregisterTaskDefinition"),
        ),
    ),
    "paused": Case(
        commands=(APPLY,),
        configuration=hooked("POST_SCALE_UP"),
        code=7,
        last="Error: The rollout is paused: a PAUSE hook holds it at POST_SCALE_UP. "
        "`reconciler continue` lets it go on.",
    ),
    "waited for until paused": Case(
        commands=((*APPLY, "--wait-until", "paused"),),
        configuration=hooked("POST_SCALE_UP"),
        code=0,
        last="The rollout has come as far as was asked after N s, and is paused there. "
        "`reconciler continue` lets it go on.",
    ),
    "paused and continued": Case(
        commands=(APPLY, ("continue",)),
        configuration=hooked("POST_SCALE_UP"),
        code=0,
        last="The rollout completed. test-httpd:2 runs.",
        writes=("RegisterTaskDefinition", "UpdateService", "ContinueServiceDeployment"),
    ),
    "continued to the next pause": Case(
        commands=(APPLY, ("continue",)),
        configuration=hooked("POST_SCALE_UP", "POST_PRODUCTION_TRAFFIC_SHIFT"),
        code=7,
        last="Error: The rollout is paused: a PAUSE hook holds it at POST_PRODUCTION_TRAFFIC_SHIFT. "
        "`reconciler continue` lets it go on.",
    ),
    "continued to a stage": Case(
        commands=(APPLY, ("continue", "--wait-until", "ecs:PRODUCTION_TRAFFIC_SHIFT")),
        configuration=hooked("POST_SCALE_UP", bake=1440),
        code=0,
        last="The rollout has come as far as was asked, and goes on. `reconciler wait` watches it.",
    ),
    "continued without waiting": Case(
        commands=(APPLY, ("continue", "--no-wait")),
        configuration=hooked("POST_SCALE_UP"),
        code=0,
        last="Answered, not waited for the rollout. `reconciler wait` watches it.",
    ),
    "paused and rolled back": Case(
        commands=(APPLY, ("continue", "--rollback")),
        configuration=hooked("POST_SCALE_UP"),
        code=0,
        last="Rolled back after N s. test-httpd:1 runs.",
        runs=":1",
    ),
    "paused and stopped": Case(
        commands=(APPLY, ("rollback",)),
        configuration=hooked("POST_SCALE_UP"),
        code=0,
        last="Rolled back after N s. test-httpd:1 runs.",
        runs=":1",
        deregistered=True,
        writes=(
            *("RegisterTaskDefinition", "UpdateService", "StopServiceDeployment", "DeregisterTaskDefinition"),
        ),
    ),
    "completed and rolled back": Case(
        commands=(APPLY, ("rollback",)),
        code=0,
        last="Rolled back after N s. test-httpd:1 runs.",
        runs=":1",
        deregistered=True,
        writes=("RegisterTaskDefinition", "UpdateService", "UpdateService", "DeregisterTaskDefinition"),
    ),
    "rolled back, waiting until it is stable": Case(
        commands=(APPLY, ("rollback", "--wait-until", "stable", "--no-deregister-task-definition")),
        code=0,
        last="Rolled back after N s. test-httpd:1 runs.",
        runs=":1",
        writes=("RegisterTaskDefinition", "UpdateService", "UpdateService"),
    ),
    "failed and rolled back by hand": Case(
        commands=(APPLY, ("rollback",)),
        configuration=NO_ROLLBACK,
        tag="crash",
        code=0,
        last="Rolled back after N s. test-httpd:1 runs.",
        runs=":1",
        deregistered=True,
    ),
    "rolled back without waiting": Case(
        commands=(APPLY, ("rollback", "--no-wait", "--no-deregister-task-definition")),
        code=0,
        last="Sent, not waited for the rollout. `reconciler wait` watches it.",
        runs=":1",
    ),
    "rolled back to a revision": Case(
        commands=(APPLY, APPLY, ("rollback", "--to", "1")),
        tags={1: "2.4.63"},
        code=0,
        last="Rolled back after N s. test-httpd:1 runs.",
        runs=":1",
        deregistered=False,
    ),
    "rolled back by an ARN": Case(
        commands=(
            APPLY,
            ("rollback", "--to", "arn:aws:ecs:ap-northeast-1:123456789012:task-definition/test-httpd:1"),
        ),
        code=0,
        last="Rolled back after N s. test-httpd:1 runs.",
        runs=":1",
        deregistered=True,
    ),
}


def said(ran: Ran) -> list[str]:
    """Give the lines on stderr, times as N."""
    return re.sub(r"after \d+ s\b", "after N s", ran.err).splitlines()


@pytest.mark.parametrize("name", CASES)
def test_how_a_rollout_ends(cli: Cli, box: Box, name: str) -> None:
    case = CASES[name]
    edit("ecs-service-def.json", BREAKER, case.configuration)
    box.serving.knobs(speed=case.speed)
    ran = Ran(0, "", "")
    for number, words in enumerate(case.commands):
        ran = cli(*words, *(() if "--timeout" in words else ("--timeout", "60s")),
                  IMAGE_TAG=case.tags.get(number, case.tag))  # fmt: skip
    assert ran.code == case.code, ran
    ending = [line for line in said(ran) if line == case.last]
    assert ending, ran.err
    after = said(ran)[said(ran).index(case.last) + 1 :]
    assert not after or case.code in (3, 4, 5), after  # only what failed is explained
    assert box.service()["taskDefinition"].endswith(case.runs)
    status = box.ecs.describe_task_definition(taskDefinition="test-httpd:2")["taskDefinition"]["status"]
    assert status == ("INACTIVE" if case.deregistered else "ACTIVE")
    if case.writes:
        assert tuple(box.writes()) == case.writes


@pytest.mark.parametrize("knobs", [{"stale_after_update": 30}, {"rollback_new_id": True}], ids=str)
@pytest.mark.parametrize(
    "name", ["completed and rolled back", "paused and stopped", "paused and rolled back"]
)
def test_a_way_back_whose_description_lags_or_has_another_name(
    cli: Cli, box: Box, name: str, knobs: dict[str, float]
) -> None:
    case = CASES[name]
    edit("ecs-service-def.json", BREAKER, case.configuration)
    cli(*case.commands[0], "--timeout", "60s", IMAGE_TAG=NEW)
    box.serving.knobs(speed=20, **knobs)
    ran = cli(*case.commands[1], "--timeout", "60s", IMAGE_TAG=NEW)
    assert ran.code == case.code, ran
    assert said(ran)[-1] == case.last
    assert ("DeregisterTaskDefinition" in box.writes()) is case.deregistered


def test_a_rollout_that_failed_is_told_before_it_is_undone(cli: Cli, box: Box) -> None:
    edit("ecs-service-def.json", BREAKER, NO_ROLLBACK)
    ran = cli(*APPLY, "--on-failure", "rollback", IMAGE_TAG="crash")
    lines = said(ran)
    order = [
        f"Error: The rollout failed after N s: {FAILED}.",
        "Why: `httpd-app` exited with code 1 (4 tasks)",
        "Rolling back, as --on-failure says.",
        f"{UNIT}: update from test-httpd:2 to test-httpd:1, the last that completed",
        f"{UNIT}: deregister test-httpd:2 once that is stable",
        "Rolled back after N s. test-httpd:1 runs.",
    ]
    found = [next((n for n, line in enumerate(lines) if line.startswith(each)), -1) for each in order]
    assert found == sorted(found), ran.err
    assert -1 not in found, ran.err
    assert box.service()["deployments"][0]["rolloutState"] == "COMPLETED"


def test_what_ecs_rolls_back_itself_is_not_rolled_back_again(cli: Cli, box: Box) -> None:
    ran = cli(*APPLY, "--on-failure", "rollback", IMAGE_TAG="crash")
    assert ran.code == 4
    assert box.writes() == ["RegisterTaskDefinition", "UpdateService"]
    assert "--on-failure says" not in ran.err
    assert "rolling back to deployment" in ran.err  # as ECS tells it


def test_a_dry_run_says_what_would_be_done_and_sends_nothing(cli: Cli, box: Box) -> None:
    cli(*APPLY, IMAGE_TAG=NEW)
    before = box.writes()
    ran = cli("rollback", "--dry-run")
    assert (ran.code, ran.err) == (0, "")
    assert ran.out == (
        f"{UNIT}: update from test-httpd:2 to test-httpd:1, the last before it that completed\n"
        f"{UNIT}: deregister test-httpd:2 once that is stable\n"
    )
    box.serving.knobs(speed=0)
    cli(*APPLY, "--no-wait", IMAGE_TAG="2.4.63")
    ran = cli("rollback", "--dry-run", "--no-deregister-task-definition")
    assert ran.out == f"{UNIT}: stop the rollout of test-httpd:3; ECS goes back to test-httpd:2\n"
    assert box.writes() == [*before, "RegisterTaskDefinition", "UpdateService"]


def test_a_rollback_that_ecs_is_doing_is_waited_for(cli: Cli, box: Box) -> None:
    box.serving.knobs(speed=0)
    cli(*APPLY, "--no-wait", IMAGE_TAG=NEW)
    box.serving.advance(5)
    box.ecs.stop_service_deployment(serviceDeploymentArn=box.records()[0]["serviceDeploymentArn"])
    dry = cli("rollback", "--dry-run")
    assert f"{UNIT}: nothing to send: ECS is going back from test-httpd:2 to test-httpd:1 already" in dry.out
    box.serving.knobs(speed=10)
    ran = cli("rollback", "--timeout", "60s")
    assert ran.code == 0, ran
    assert said(ran)[-1] == "Rolled back after N s. test-httpd:1 runs."
    assert box.writes()[2:] == ["StopServiceDeployment", "DeregisterTaskDefinition"]


def test_after_ecs_went_back_by_itself_nothing_else_is_undone(cli: Cli, box: Box) -> None:
    cli(*APPLY, IMAGE_TAG=NEW)
    assert cli(*APPLY, IMAGE_TAG="crash").code == 4
    for _ in range(2):  # as `deploy || rollback` does in many a pipeline
        ran = cli("rollback")
        assert ran.code == 0, ran
        assert "ECS has gone back from test-httpd:3 to test-httpd:2 already; `--to` goes further" in ran.out
        assert said(ran)[-1] == "Rolled back after N s. test-httpd:2 runs."
    assert box.writes()[4:] == ["DeregisterTaskDefinition"]
    assert cli("rollback", "--to", "1").code == 0


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("rollback",), ("nothing to go back to: no revision before test-httpd:1 is ACTIVE", "--to")),
        (("rollback", "--to", "9"), ("no revision 9 of test-httpd", "list-task-definitions")),
        (("rollback", "--to", "1"), ("runs test-httpd:1 already",)),
        (("rollback", "--no-wait"), ("--no-deregister-task-definition",)),
        (("rollback", "--rollback-events", "NONSENSE"), ("DEPLOYMENT_FAILURE",)),
        (
            ("continue",),
            (f"no rollout of {CLUSTER}/{SERVICE} is paused: it is stable", "--wait-until paused"),
        ),
        (("continue", "--hook", "x"), ("is paused",)),
        ((*APPLY, "--no-wait", "--on-failure", "rollback"), ("--no-wait",)),
    ],
)
def test_what_cannot_be_done_is_said(cli: Cli, box: Box, arguments: tuple[str, ...], words: Any) -> None:
    ran = cli(*arguments)
    ran.one_error(*words)
    assert box.writes() == []


def test_a_revision_that_was_deregistered_is_none_to_go_back_to(cli: Cli, box: Box) -> None:
    cli(*APPLY, IMAGE_TAG=NEW)
    cli(*APPLY, IMAGE_TAG="2.4.63")
    box.ecs.deregister_task_definition(taskDefinition="test-httpd:2")
    cli("rollback", "--to", "2").one_error("test-httpd:2 is INACTIVE")
    assert "update from test-httpd:3 to test-httpd:1, the last before" in cli("rollback", "--dry-run").out


def test_a_deployment_that_never_completed_is_none_to_go_back_to(cli: Cli, box: Box) -> None:
    assert cli(*APPLY, IMAGE_TAG="crash").code == 4  # :2, which is ACTIVE still
    assert cli(*APPLY, IMAGE_TAG="2.4.63").code == 0
    assert "update from test-httpd:3 to test-httpd:1, the last before" in cli("rollback", "--dry-run").out


def test_several_hooks_want_a_name(cli: Cli, box: Box) -> None:
    first = box.pause("POST_SCALE_UP")
    cli("continue", "--hook", "other").one_error("no hook other holds", first)
    assert cli("continue", "--hook", first, "--timeout", "60s").code == 0
    hook = {"targetType": "PAUSE", "lifecycleStages": ["POST_SCALE_UP"]}
    configuration = {"strategy": "BLUE_GREEN", "bakeTimeInMinutes": 1, "lifecycleHooks": [hook, hook]}
    box.ecs.update_service(
        cluster=CLUSTER, service=SERVICE, deploymentConfiguration=configuration, forceNewDeployment=True
    )
    assert cli("wait", "--timeout", "60s").code == 7
    ids = [hook["hookId"] for hook in box.record()["lifecycleHookDetails"]]
    cli("continue").one_error("several hooks hold", *ids, "--hook")
    assert cli("continue", "--hook", ids[0], "--timeout", "60s").code == 7
    assert cli("continue", "--hook", ids[1], "--timeout", "60s").code == 0
    shown = box.ecs.describe_task_definition(taskDefinition="test-httpd")["taskDefinition"]
    taken = box.ecs.meta.service_model.operation_model("RegisterTaskDefinition").input_shape.members
    box.ecs.register_task_definition(**{name: value for name, value in shown.items() if name in taken})
    back = cli("rollback", "--to", "2", "--timeout", "60s")
    assert (back.code, "is not deregistered: going back ended as paused" in back.err) == (7, True), back


def test_of_two_applies_at_once_the_first_says_that_it_was_superseded(cli: Cli, box: Box) -> None:
    box.serving.knobs(speed=0)
    first = subprocess.Popen(
        command(*APPLY, "--timeout", "60s", "--on-failure", "rollback"),
        env=os.environ | {"IMAGE_TAG": NEW},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    _until(lambda: called(box, "DescribeServiceDeployments"), first)
    box.serving.advance(2)
    assert cli(*APPLY, "--no-wait", IMAGE_TAG="2.4.63").code == 0
    box.serving.advance(3)
    out, err = first.communicate(timeout=30)
    (primary, *_) = box.service()["deployments"]
    assert first.returncode == 6, (out, err)
    assert err.splitlines()[-1] == (
        f"Error: Another rollout took this one's place: deployment {primary['id']} of test-httpd:3 was started "
        "meanwhile. `reconciler wait` watches it."
    )
    assert box.writes() == ["RegisterTaskDefinition", "UpdateService"] * 2
    box.serving.knobs(speed=400)
    waited = cli("wait", "--timeout", "60s")
    assert waited.code == 0, waited
    assert "test-httpd:3" in waited.err


def test_nothing_is_wrong_with_the_tasks_of_a_service_that_is_deleted(cli: Cli, box: Box) -> None:
    box.serving.knobs(speed=0)
    with box.once_called(
        "DescribeServiceDeployments",  # only watching asks for them
        lambda: box.ecs.delete_service(cluster=CLUSTER, service=SERVICE, force=True),
    ):
        ran = cli(*APPLY, "--timeout", "60s", IMAGE_TAG=NEW)
    assert ran.code == 3, ran
    assert re.fullmatch(r"Error: The rollout failed after \d+ s: .*", ran.err.splitlines()[-1])


def test_a_rollout_that_somebody_else_began_is_not_undone(cli: Cli, box: Box) -> None:
    edit("ecs-service-def.json", BREAKER, NO_BREAKER)

    def meddle() -> None:
        box.ecs.update_service(cluster=CLUSTER, service=SERVICE, forceNewDeployment=True)

    with box.once_called("ListTasks", meddle):  # the diagnosis, between the failure and its undoing
        box.serving.faults([{"operation": "ListTasks", "latency": 0.3, "times": 1}])
        ran = cli(*APPLY, "--timeout", "1s", "--on-failure", "rollback", IMAGE_TAG="crash")
    assert ran.code == 5, ran
    assert "Error: not rolled back: deployment ecs-svc/" in ran.err
    assert "nothing was undone" in ran.err
    assert "StopServiceDeployment" not in box.writes()


DENIED = {
    "operation": "ListServiceDeployments",
    "code": "AccessDeniedException",
    "message": "u is not authorized to perform: ecs:ListServiceDeployments on resource: r",
}


def test_what_may_not_be_read_is_told_where_there_is_nothing_to_go_back_to(cli: Cli, box: Box) -> None:
    box.serving.faults([DENIED])
    ran = cli("rollback")
    ran.one_error("there is nothing to go back to", "not authorized", "allow ecs:ListServiceDeployments")


def test_without_service_deployments_it_goes_by_the_deployments_of_the_service_and_says_so(
    cli: Cli, box: Box
) -> None:
    box.serving.faults([DENIED])
    applied = cli(*APPLY, IMAGE_TAG=NEW)
    assert applied.code == 0, applied
    assert "judged by the service's deployments alone" in applied.err
    assert "allow ecs:ListServiceDeployments" in applied.err
    crashed = cli(*APPLY, IMAGE_TAG="crash")
    assert crashed.code == 4, crashed
    assert "what completed is not known (allow ecs:ListServiceDeployments" in cli("rollback", "--dry-run").err
    back = cli("rollback")
    assert back.code == 0, back
    assert "what completed is not known (allow ecs:ListServiceDeployments" in back.err
    assert "update from test-httpd:2 to test-httpd:1, the newest registered before it" in back.out
    edit("ecs-service-def.json", BREAKER, NO_BREAKER)
    stuck = cli(*APPLY, "--timeout", "1s", "--on-failure", "rollback", IMAGE_TAG="sick")
    assert stuck.code == 4, stuck
    assert "to test-httpd:1, which ran before" in stuck.err
    assert "StopServiceDeployment" not in box.writes()


def called(box: Box, operation: str, times: int = 1) -> bool:
    return [call["operation"] for call in box.serving.calls()].count(operation) >= times


def _until(holds: Callable[[], bool], started: subprocess.Popen[str]) -> None:
    deadline = time.monotonic() + 30
    while not holds():
        assert started.poll() is None, started.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.01)


WAITING = {
    "deploy": "UpdateService",
    "wait": "DescribeServices",
    "rollback": "UpdateService",
    "continue": "ContinueServiceDeployment",
}
"""Commands, and the operation after which they wait; `apply` is sent a signal, in `test_processes`."""


@pytest.mark.parametrize("name", WAITING)
def test_ctrl_c_while_waiting_detaches_and_says_how_to_come_back(
    cli: Cli, box: Box, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    if name == "rollback":
        cli(*APPLY, IMAGE_TAG=NEW)
    if name == "continue":
        box.pause()
    box.serving.knobs(speed=0)
    if name == "wait":
        cli(*APPLY, "--no-wait", IMAGE_TAG=NEW)
    seen = len(box.serving.calls())

    def pause(_clock: object, seconds: float) -> None:
        """Be interrupted where whoever waits is: asleep between two looks."""
        if any(call["operation"] == WAITING[name] for call in box.serving.calls()[seen:]):
            raise KeyboardInterrupt
        time.sleep(seconds)

    with monkeypatch.context() as patch:
        patch.setattr("reconciler.api.openings.SystemClock.sleep", pause)
        ran = cli(name, "--timeout", "60s", IMAGE_TAG=NEW)
    assert ran.code == 130, ran
    (line,) = [line for line in ran.err.splitlines() if line.startswith("Error: ")]
    assert line == "Error: interrupted while waiting; the rollout goes on in AWS"
    assert ran.err.splitlines()[-1] == "  try: `reconciler wait` picks it up again"
    if name == "rollback":
        assert f"  not done: {UNIT}: deregister test-httpd:2\n" in ran.err
    box.serving.knobs(speed=400)
    assert cli("wait", "--timeout", "60s").code == 0
