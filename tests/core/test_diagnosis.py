"""What AWS says of a rollout, and what is made of it."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.core import diagnosis, evidence, symptoms
from reconciler.core.causes import Logged
from reconciler.core.evidence import Seen
from tests import tables

FIXTURES = Path(__file__).parents[2] / "fixtures" / "diagnosis"
TEXTS: list[dict[str, Any]] = tables.read(FIXTURES / "texts.yml")
SITUATIONS: list[dict[str, Any]] = tables.read(FIXTURES / "situations.yml")
GROUP = "arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/web/0123456789abcdef"
DEFINITION: dict[str, Any] = {
    "memory": "512",
    "executionRoleArn": "arn:aws:iam::123456789012:role/web-execution",
    "containerDefinitions": [
        {
            "name": "app",
            "image": "registry.example/web:7",
            "essential": True,
            "healthCheck": {"command": ["CMD", "true"]},
            "logConfiguration": {"logDriver": "awslogs", "options": {"awslogs-group": "/ecs/web"}},
        }
    ],
}


def seen(row: dict[str, Any]) -> Seen:
    """Put the texts of a row where AWS has them."""
    service: dict[str, Any] = {
        "deployments": [{"id": "ecs-svc/1", "status": "PRIMARY", "createdAt": 50}],
        "loadBalancers": [{"targetGroupArn": GROUP, "containerName": "app", "containerPort": 8080}],
        "events": [{"createdAt": 100, "message": row["event"]}] if "event" in row else [],
    }
    stopped: list[Any] = []
    if row.keys() & {"stopped", "container", "exit"}:
        container = {"name": "app"}
        container |= {"reason": row["container"]} if "container" in row else {}
        container |= {"exitCode": row["exit"]} if "exit" in row else {}
        task = {"taskArn": "arn:aws:ecs:eu-west-1:123456789012:task/main/t1", "startedBy": "ecs-svc/1"}
        ended = {
            "stoppedReason": "Essential container in task exited",
            "stopCode": "EssentialContainerExited",
        }
        reason = {"stoppedReason": row["stopped"]} if "stopped" in row else ended if "exit" in row else {}
        stopped = [task | reason | {"containers": [container]}]
    health: dict[str, Any] = {}
    if "target" in row:
        code, _, description = row["target"].partition(": ")
        state = {"State": row.get("state", "unhealthy"), "Reason": code, "Description": description}
        health = {GROUP: [{"Target": {"Id": "10.0.0.9", "Port": 8080}, "TargetHealth": state}]}
    running: list[Any] = []
    if "running" in row:
        own = {"taskArn": "arn:aws:ecs:eu-west-1:123456789012:task/main/t2", "startedBy": "ecs-svc/1"}
        addresses: dict[str, Any] = {"networkInterfaces": [{"privateIpv4Address": "10.0.0.9"}]}
        shown = {"name": "app"} | addresses | row.get("running_container", {})
        running = [own | row["running"] | {"containers": [shown]}]
    logs = [Logged("app", "t1", (row["log"],))] if "log" in row else []
    events: list[Any] = (
        [{"lifecycleEventName": row.get("failed"), "status": "Failed"}] if "failed" in row else []
    )
    return Seen(
        service=service,
        deployment="ecs-svc/1",
        stopped=stopped,
        running=running,
        definition=DEFINITION,
        health=health,
        logs=logs,
        record=row.get("record", {}),
        shift={"errorInformation": row["shift"]} if "shift" in row else {},
        target={"lifecycleEvents": events},
    )


@pytest.mark.parametrize("row", TEXTS, ids=lambda row: row["what"][:60])
def test_what_is_made_of_a_text(row: dict[str, Any]) -> None:
    found = diagnosis.diagnose(seen(row))
    assert [(cause.kind.value, cause.what) for cause in found] == [(row["kind"], row["what"])]
    assert found[0].hint
    assert "{" not in found[0].hint


def test_every_row_of_the_table_has_a_text(monkeypatch: pytest.MonkeyPatch) -> None:
    reached = set()
    real = diagnosis._match

    def match(texts: Any) -> Any:
        found = real(texts)
        reached.add(found[0] if found else -1)
        return found

    monkeypatch.setattr(diagnosis, "_match", match)
    for row in TEXTS:
        diagnosis.diagnose(seen(row))
    missing = [symptom.what for rank, symptom in enumerate(symptoms.TABLE) if rank not in reached]
    assert missing == []


def test_every_row_names_its_source() -> None:
    assert [symptom.what for symptom in symptoms.TABLE if not symptom.source] == []
    assert [row for row in TEXTS if not row.get("from")] == []


def task(name: str, given: dict[str, Any]) -> dict[str, Any]:
    """Write a task of a situation as DescribeTasks does."""
    containers: list[dict[str, Any]] = []
    for container, ending in given.get("containers", {}).items():
        code, reason = ending if isinstance(ending, list) else (ending, None)
        body: dict[str, Any] = {"name": container}
        body |= {} if code is None else {"exitCode": code}
        body |= {} if reason is None else {"reason": reason}
        if "address" in given:
            body["networkInterfaces"] = [{"privateIpv4Address": given["address"]}]
        containers.append(body)
    more = {"stopCode": given["stopCode"], "stoppedReason": given["reason"]} if "stopCode" in given else {}
    return {
        "taskArn": f"arn:aws:ecs:eu-west-1:123456789012:task/main/{name}",
        "startedBy": given.get("by", "ecs-svc/2"),
        "containers": containers,
        **more,
    }


def situation(row: dict[str, Any]) -> Seen:
    """Put a situation together."""
    row = json.loads(json.dumps(row).replace("GROUP", GROUP))
    running = [task(name, given) for name, given in row.get("running", {}).items()]
    stopped = [task(name, given) for name, given in row.get("stopped", {}).items()]
    options = {"awslogs-group": "/ecs/web", "awslogs-stream-prefix": "ecs"}
    defined: list[Any] = [
        {
            "name": name,
            "image": "registry.example/web:7",
            "essential": name != "helper",
            "logConfiguration": {"logDriver": "awslogs", "options": options},
        }
        for name in ("proxy", "app", "helper")
    ]
    turns = (
        {"advancedConfiguration": {"alternateTargetGroupArn": row["alternate"]}} if "alternate" in row else {}
    )
    service: dict[str, Any] = {
        "deployments": [
            {"id": name, "status": "PRIMARY", "createdAt": 200}
            for name in row.get("deployments", ["ecs-svc/2"])
        ],
        "loadBalancers": [{"targetGroupArn": GROUP, "containerName": "app", "containerPort": 8080, **turns}],
        "events": [{"createdAt": at, "message": message} for at, message in row.get("events", [])],
    }
    return Seen(
        service=service,
        deployment="ecs-svc/2",
        stopped=diagnosis.of_deployment(stopped, "ecs-svc/2"),
        running=[each for each in running if each["startedBy"] == "ecs-svc/2"],
        others=[each for each in running if each["startedBy"] != "ecs-svc/2"],
        definition={**DEFINITION, "containerDefinitions": defined},
        record=row.get("record", {}),
        logs=[
            Logged(key.split()[0], key.split()[1], tuple(lines)) for key, lines in row.get("logs", {}).items()
        ],
        health={
            GROUP: [
                {
                    "Target": {"Id": address, "Port": 8080},
                    "TargetHealth": {"State": state, "Reason": reason, "Description": description},
                }
                for address, (state, reason, description) in row.get("targets", {}).items()
            ]
        },
    )


@pytest.mark.parametrize("row", SITUATIONS, ids=lambda row: row["name"])
def test_a_situation(row: dict[str, Any]) -> None:
    found = diagnosis.diagnose(situation(row))
    shown = [
        {
            "what": cause.what,
            "tasks": len(cause.tasks),
            "times": cause.times,
            "evidence": list(cause.evidence),
            "logs": len(cause.logs),
        }
        for cause in found
    ]
    assert len(shown) == len(row["causes"]), shown
    assert [
        {name: each[name] for name in wanted} for each, wanted in zip(shown, row["causes"], strict=True)
    ] == row["causes"]


@pytest.mark.parametrize("row", SITUATIONS, ids=lambda row: row["name"])
def test_which_lines_are_worth_reading(row: dict[str, Any]) -> None:
    streams, _ = evidence.streams(situation(row), 3)
    assert [f"{stream.group} {stream.name}" for stream in streams] == row["streams"]


@given(st.permutations(range(3)), st.sampled_from([row for row in SITUATIONS if row.get("stopped")]))
def test_the_order_of_tasks_changes_no_cause(order: list[int], row: dict[str, Any]) -> None:
    seen = situation(row)
    tasks = [seen.stopped[index] for index in order if index < len(seen.stopped)]
    before, after = diagnosis.diagnose(seen), diagnosis.diagnose(replace(seen, stopped=tasks))
    assert {(cause.what, cause.times) for cause in before} == {(cause.what, cause.times) for cause in after}


MEMBERS = [
    *(
        "deployments",
        "events",
        "loadBalancers",
        "message",
        "createdAt",
        "id",
        "status",
        "rolloutState",
        "taskArn",
    ),
    *(
        "stopCode",
        "stoppedReason",
        "containers",
        "name",
        "reason",
        "exitCode",
        "healthStatus",
        "networkInterfaces",
    ),
    *(
        "containerDefinitions",
        "image",
        "memory",
        "logConfiguration",
        "options",
        "awslogs-group",
        "executionRoleArn",
    ),
    *("Target", "TargetHealth", "State", "Reason", "Id", "Port", "targetGroupArn", "containerPort"),
]
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-1, 300) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(MEMBERS), inner, max_size=4),
    max_leaves=12,
)
BODY = st.dictionaries(st.sampled_from(MEMBERS), JSON, max_size=6)


@given(BODY, st.lists(BODY, max_size=2), st.lists(BODY, max_size=2), BODY, st.lists(BODY, max_size=2))
def test_no_answer_of_aws_is_too_odd(
    service: Any, stopped: Any, running: Any, definition: Any, targets: Any
) -> None:
    deployment = diagnosis.suspect(service)
    diagnosis.failing(service)
    seen = Seen(
        service=service,
        deployment=deployment,
        stopped=diagnosis.of_deployment(stopped, ""),
        running=running,
        definition=definition,
        health={GROUP: targets},
    )
    evidence.streams(seen, 3)
    for cause in diagnosis.diagnose(seen):
        assert cause.what
        assert cause.times >= 1


def deployed(number: int, status: str, state: str, reason: str = "") -> dict[str, Any]:
    return {
        "id": f"ecs-svc/{number}",
        "status": status,
        "rolloutState": state,
        "rolloutStateReason": reason,
        "createdAt": 100 * number,
        "failedTasks": 0,
    }


FAILED_EVENT = "(service web) (deployment ecs-svc/2) deployment failed: tasks failed to start."


@pytest.mark.parametrize(
    ("deployments", "events", "suspect"),
    [
        ([deployed(2, "PRIMARY", "IN_PROGRESS"), deployed(1, "ACTIVE", "COMPLETED")], [], 2),
        ([deployed(2, "PRIMARY", "FAILED"), deployed(1, "ACTIVE", "COMPLETED")], [], 2),
        ([deployed(1, "PRIMARY", "IN_PROGRESS"), deployed(2, "ACTIVE", "FAILED")], [], 2),
        ([deployed(3, "PRIMARY", "IN_PROGRESS", "rolling back to"), deployed(2, "ACTIVE", "FAILED")], [], 2),
        ([deployed(3, "PRIMARY", "IN_PROGRESS"), deployed(2, "ACTIVE", "FAILED")], [], 3),
        ([deployed(1, "PRIMARY", "COMPLETED")], [FAILED_EVENT], 2),
        ([deployed(3, "PRIMARY", "IN_PROGRESS")], [FAILED_EVENT], 3),
        ([deployed(1, "PRIMARY", "COMPLETED")], [], 1),
    ],
)
def test_which_deployment_is_asked_about(deployments: Any, events: list[str], suspect: int) -> None:
    service = {"deployments": deployments, "events": [{"message": message} for message in events]}
    assert diagnosis.suspect(service) == f"ecs-svc/{suspect}"


def test_a_rollout_that_loses_tasks_fails_and_one_that_only_takes_its_time_does_not() -> None:
    going = deployed(2, "PRIMARY", "IN_PROGRESS")
    assert not diagnosis.failing({"deployments": [going]})
    assert diagnosis.failing({"deployments": [going | {"failedTasks": 1}]})
    assert diagnosis.failing(
        {"deployments": [deployed(1, "PRIMARY", "COMPLETED"), deployed(2, "ACTIVE", "FAILED")]}
    )
    assert not diagnosis.failing({"deployments": [deployed(1, "PRIMARY", "COMPLETED") | {"failedTasks": 4}]})
    at_rest: dict[str, Any] = {
        "deployments": [deployed(1, "PRIMARY", "COMPLETED")],
        "desiredCount": 2,
        "runningCount": 2,
    }
    assert not diagnosis.failing(at_rest)
    assert diagnosis.failing(at_rest | {"runningCount": 1})


def test_a_rollout_of_codedeploys_that_lacks_tasks_for_long_fails() -> None:
    green: dict[str, Any] = {
        "id": "ecs-svc/2",
        "status": "ACTIVE",
        "runningCount": 0,
        "computedDesiredCount": 2,
        "createdAt": 100,
    }
    service: dict[str, Any] = {
        "taskSets": [{"id": "ecs-svc/1", "status": "PRIMARY"}, green],
        "deployments": [],
    }
    assert [diagnosis.failing(service, now) for now in (100.0, 159.0, 160.0)] == [False, False, True]
    assert not diagnosis.failing({"taskSets": [green | {"runningCount": 2}], "deployments": []}, 900.0)


def test_a_deployment_that_is_named_is_asked_about_but_for_one_by_which_ecs_goes_back() -> None:
    going = deployed(3, "PRIMARY", "IN_PROGRESS", "rolling back to")
    service: dict[str, Any] = {"deployments": [going], "events": [{"message": FAILED_EVENT}]}
    assert diagnosis.suspect(service, "ecs-svc/1") == "ecs-svc/1"
    assert diagnosis.suspect(service, "ecs-svc/3") == "ecs-svc/3"
    completed = {"deployments": [deployed(3, "PRIMARY", "COMPLETED")], "events": [{"message": FAILED_EVENT}]}
    assert diagnosis.suspect(completed) == "ecs-svc/2"
    lacking = completed | {"desiredCount": 2, "runningCount": 0}
    assert diagnosis.suspect(lacking) == "ecs-svc/3"
