"""Reading what a diagnosis needs: what is asked for, and what becomes of it where an answer is refused or late."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from reconciler.core.causes import Diagnosis
from reconciler.core.events import Diagnosed
from reconciler.core.redaction import Masker
from reconciler.engine import diagnosing, watching
from reconciler.errors import AwsDenied, AwsError, AwsRefused
from reconciler.testing import FakeClock, FakeGateway

GROUP = "arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/web/0123456789abcdef"
OPTIONS = {"awslogs-group": "/ecs/web", "awslogs-stream-prefix": "ecs", "awslogs-region": "eu-central-1"}
DEFINITION: dict[str, Any] = {
    "family": "web",
    "containerDefinitions": [
        {
            "name": "app",
            "image": "registry.example/web:7",
            "environment": [{"name": "DB_PASSWORD", "value": "hunter22"}, {"name": "MODE", "value": "fast"}],
            "logConfiguration": {"logDriver": "awslogs", "options": OPTIONS},
        }
    ],
}
SERVICE: dict[str, Any] = {
    "cluster": "main",
    "serviceName": "web",
    "taskDefinition": "web",
    "desiredCount": 2,
    "loadBalancers": [{"targetGroupArn": GROUP, "containerName": "app", "containerPort": 80}],
    "deploymentConfiguration": {"deploymentCircuitBreaker": {"enable": True, "rollback": False}},
}


@pytest.fixture
def aws() -> FakeGateway:
    """Give an AWS in which the rollout of a service has just failed."""
    clock = FakeClock()
    gateway = FakeGateway(clusters=["main"], clock=clock, rollout_seconds=60, fails=lambda definition: True)
    gateway.register_task_definition(DEFINITION)
    gateway.create_service(SERVICE)
    clock.advance(120)
    gateway.describe_services("main", ["web"])
    gateway.calls.clear()
    return gateway


def diagnose(gateway: FakeGateway, **more: Any) -> Diagnosis:
    return diagnosing.diagnose(gateway, "main", "web", **more)


def newest(gateway: FakeGateway) -> str:
    """Give the id of the task whose lines are read."""
    read = [call.arguments[1] for call in gateway.calls if call.method == "log_lines"]
    return str(read[0]).rpartition("/")[2]


def test_a_failed_rollout_is_explained_by_its_stopped_tasks(aws: FakeGateway) -> None:
    (cause,) = diagnose(aws).causes
    assert len(cause.tasks) == 3
    assert cause.what == "`app` exited with code 1"


def test_the_last_lines_are_read_where_the_definition_has_them_written(aws: FakeGateway) -> None:
    diagnose(aws)
    task = newest(aws)
    aws.write("/ecs/web", f"ecs/app/{task}", *(f"line {number}" for number in range(30)))
    (cause,) = diagnose(aws).causes
    assert cause.what == "`app` exited with code 1"
    (logged,) = cause.logs
    assert (logged.container, logged.task) == ("app", task)
    assert logged.lines == tuple(f"line {number}" for number in range(20, 30))
    read = [call.arguments for call in aws.calls if call.method == "log_lines"]
    assert read[-1] == ("/ecs/web", f"ecs/app/{task}", diagnosing.MOST_LINES, "eu-central-1")


def test_secrets_are_masked_those_of_the_definition_too(aws: FakeGateway) -> None:
    diagnose(aws)
    aws.write(
        "/ecs/web", f"ecs/app/{newest(aws)}", "as hunter22 with topsecret, fast", "to amqp://me:pass99@mq"
    )
    masked = diagnose(aws, masker=Masker(("topsecret",))).causes[0].logs[0].lines
    assert masked == (
        "as (sensitive value) with (sensitive value), fast",
        "to amqp://me:(sensitive value)@mq",
    )
    shown = diagnose(aws, masker=Masker(("topsecret",), open=True)).causes[0].logs[0].lines
    assert shown == ("as hunter22 with topsecret, fast", "to amqp://me:pass99@mq")


@pytest.mark.parametrize(
    ("method", "line"),
    [
        ("list_tasks", "the stopped tasks: "),
        ("describe_tasks", "the stopped tasks: "),
        ("describe_task_definition", "the task definition: "),
        ("target_health", f"the health of the targets of {GROUP}: "),
        ("log_lines", "what `app` wrote: "),
        ("describe_services", "the service: "),
    ],
)
def test_what_may_not_be_read_is_a_line(aws: FakeGateway, method: str, line: str) -> None:
    denied = AwsDenied(
        "ecs Some: no (AccessDenied)", hint="allow some:Thing to the caller", code="AccessDenied"
    )
    aws.fail(method, denied, times=9)
    unread = diagnose(aws).unread
    assert f"{line}not allowed; allow some:Thing to the caller" in unread


@pytest.mark.parametrize("error", [AwsRefused("it said no"), AwsError("it broke", temporary=True)])
def test_what_fails_is_a_line_and_the_rest_is_told(aws: FakeGateway, error: AwsError) -> None:
    aws.fail("target_health", error)
    found = diagnose(aws)
    assert f"the health of the targets of {GROUP}: {error.what}" in found.unread
    assert [cause.what for cause in found.causes] == ["`app` exited with code 1"]


def test_a_stream_that_is_not_there_is_named(aws: FakeGateway) -> None:
    unread = diagnose(aws).unread
    assert unread == (f"what `app` wrote: there is no log stream ecs/app/{newest(aws)} in /ecs/web",)


def test_a_late_answer_is_not_waited_for(aws: FakeGateway, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(diagnosing, "PATIENCE", 0.05)
    let_go = threading.Event()

    def late(group: str) -> Any:
        let_go.wait(5)
        return ()

    monkeypatch.setattr(aws, "target_health", late)
    try:
        found = diagnose(aws)
    finally:
        let_go.set()
    assert f"the health of the targets of {GROUP}: no answer within 0.05 seconds" in found.unread
    assert found.causes


def test_a_service_that_is_gone_has_no_diagnosis(aws: FakeGateway) -> None:
    found = diagnosing.diagnose(aws, "main", "other")
    assert found.causes == ()


def test_a_log_driver_that_is_not_read_is_named(aws: FakeGateway) -> None:
    container = DEFINITION["containerDefinitions"][0] | {"logConfiguration": {"logDriver": "awsfirelens"}}
    aws.register_task_definition({**DEFINITION, "containerDefinitions": [container]})
    aws.update_service({"cluster": "main", "service": "web", "taskDefinition": "web:2"})
    aws.clock.sleep(120)
    assert diagnose(aws).unread == ("what `app` wrote: its log driver is awsfirelens",)


def described(running: int, failed: int, state: str = "IN_PROGRESS") -> dict[str, Any]:
    own = {"id": "ecs-svc/2", "runningCount": running, "failedTasks": failed, "rolloutState": state}
    return {"deployments": [own]}


@pytest.mark.parametrize(
    ("seen", "noticed"),
    [
        ([(0, 0, 0), (30, 0, 1), (61, 0, 3), (90, 0, 4)], [61]),
        ([(0, 0, 0), (100, 0, 0), (110, 0, 1)], [110]),
        ([(0, 0, 0), (50, 1, 2), (100, 1, 3), (111, 1, 3), (200, 1, 4)], [111]),
        ([(0, 0, 0), (50, 1, 0), (100, 2, 0), (500, 2, 0)], []),
    ],
    ids=["standing still", "a first loss after a long while", "after a step forward", "only slow"],
)
def test_a_rollout_that_stands_still_and_loses_tasks_is_noticed_once(
    seen: list[tuple[float, int, int]], noticed: list[float]
) -> None:
    stall = diagnosing.Stall()
    told = [
        now for now, running, failed in seen if stall.notices(described(running, failed), "ecs-svc/2", now)
    ]
    assert told == noticed


def test_what_has_ended_does_not_stand_still() -> None:
    stall = diagnosing.Stall()
    assert not any(stall.notices(described(0, 3, "FAILED"), "ecs-svc/2", now) for now in (0.0, 100.0, 200.0))
    assert not any(stall.notices(described(0, 3), "ecs-svc/9", now) for now in (0.0, 100.0, 200.0))


def test_a_diagnosis_as_an_event_names_the_service(aws: FakeGateway) -> None:
    event = diagnosing.diagnosed(aws, "main", "web")
    assert event.unit == "service.main/web"
    assert event.diagnosis.causes


def test_watching_says_once_why_a_rollout_does_not_move() -> None:
    clock = FakeClock()
    gateway = FakeGateway(clusters=["main"], clock=clock, rollout_seconds=20, fails=lambda definition: True)
    gateway.register_task_definition(DEFINITION)
    going_on = {"deploymentCircuitBreaker": {"enable": False, "rollback": False}}
    created: Any = gateway.create_service({**SERVICE, "deploymentConfiguration": going_on}).body
    deployment = created["deployments"][0]["id"]
    target = watching.Watch(cluster="main", service="web", deployment=deployment, timeout=600)
    told = [event for event in watching.watch(gateway, clock, target) if isinstance(event, Diagnosed)]
    assert [event.diagnosis.causes[0].what for event in told] == ["`app` exited with code 1"]
    assert told[0].diagnosis.deployment == deployment


def test_running_tasks_that_the_load_balancer_does_not_reach_are_told() -> None:
    clock = FakeClock()
    gateway = FakeGateway(clusters=["main"], clock=clock)
    gateway.register_task_definition(DEFINITION)
    gateway.create_service(SERVICE)
    assert diagnose(gateway).causes == ()
    gateway.ail(GROUP, {"State": "unhealthy", "Reason": "Target.Timeout", "Description": "Request timed out"})
    (cause,) = diagnose(gateway).causes
    assert cause.what == "the load balancer's health check of `app` on port 80 timed out"
    assert len(cause.tasks) == 2
