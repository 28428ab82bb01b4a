"""The judgement of CodeDeploy's deployments, by a table; and AppSpecs, there and back."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from reconciler.core import appspecs, codedeployments
from reconciler.core.rollouts import CODE_DEPLOY_EVENTS, Judgement, State
from tests import tables

STATES = tables.read(Path(__file__).parents[2] / "fixtures/codedeployments/states.yml")
_STATUSES = {"S": "Succeeded", "I": "InProgress", "P": "Pending", "F": "Failed", "K": "Skipped"}
_PLAIN = tuple(name for name in CODE_DEPLOY_EVENTS if "Test" not in name)


def target(row: dict[str, Any]) -> dict[str, Any] | None:
    if "events" not in row:
        return None
    names = CODE_DEPLOY_EVENTS if len(row["events"]) == 8 else _PLAIN
    events: list[dict[str, Any]] = [
        {"lifecycleEventName": name, "status": _STATUSES[letter]}
        for name, letter in zip(names, row["events"], strict=True)
    ]
    for event in events:
        if event["status"] == "Failed" and "diagnostics" in row:
            event["diagnostics"] = row["diagnostics"]
    sets = [{"taskSetLabel": "Green", "trafficWeight": row["green"]}] if "green" in row else []
    return {"lifecycleEvents": events, "taskSetsInfo": sets}


def service(row: dict[str, Any]) -> dict[str, Any]:
    sets = []
    for text in row.get("sets", ()):
        status, deployment, moves = text.split()
        own = {} if deployment == '""' else {"externalId": deployment}
        stability = "STEADY_STATE" if moves == "steady" else "STABILIZING"
        counts = {"computedDesiredCount": 2, "runningCount": 2, "pendingCount": 0}
        sets.append({"id": "s", "status": status, "stabilityStatus": stability, **counts, **own})
    return {"status": row.get("service", "ACTIVE"), "desiredCount": 2, "taskSets": sets}


def judged(row: dict[str, Any]) -> Judgement:
    return codedeployments.judge(
        {"deploymentId": "d-1", **row["info"]},
        target=target(row),
        back=row.get("back"),
        service=service(row),
        before=frozenset(row.get("before", ())),
    )


@pytest.mark.parametrize("row", STATES, ids=lambda row: str(row["case"]))
def test_a_state(row: dict[str, Any]) -> None:
    judgement = judged(row)
    assert judgement.state.value == row["state"], judgement
    assert row.get("reason", "") in judgement.reason
    assert judgement.reason
    if "stage" in row:
        assert judgement.stage == row["stage"]
    if "passed" in row:
        found = [name for name in CODE_DEPLOY_EVENTS if codedeployments.passed(target(row), name)]
        assert found == row["passed"]
        for name in CODE_DEPLOY_EVENTS:
            wanted = codedeployments.reached(judgement, f"codedeploy:{name}", target(row))
            assert wanted == (name in row["passed"])
    if "expects" in row:
        assert codedeployments.expects_rollback(row["info"]) is row["expects"]
    told = codedeployments.record(row["info"], target(row), judgement)
    assert told["status"] == row["info"]["status"]
    assert all(each["desiredCount"] == 2 for each in codedeployments.deployments(service(row)))


def test_every_state_is_in_the_table() -> None:
    assert {row["state"] for row in STATES} == {state.value for state in State}


SERVICE: dict[str, Any] = {
    "loadBalancers": [{"targetGroupArn": "t", "containerName": "app", "containerPort": 80}],
    "platformVersion": "1.4.0",
    "networkConfiguration": {"awsvpcConfiguration": {"subnets": ["a"], "assignPublicIp": "ENABLED"}},
    "capacityProviderStrategy": [{"capacityProvider": "FARGATE_SPOT", "weight": 1, "base": 0}],
}


def test_an_appspec_as_the_user_guide_spells_it() -> None:
    spec = appspecs.build("web:2", SERVICE, ({"AfterInstall": "f"},))
    assert spec == {
        "version": 0.0,
        "Resources": [
            {
                "TargetService": {
                    "Type": "AWS::ECS::Service",
                    "Properties": {
                        "TaskDefinition": "web:2",
                        "LoadBalancerInfo": {"ContainerName": "app", "ContainerPort": 80},
                        "PlatformVersion": "1.4.0",
                        "NetworkConfiguration": {
                            "AwsvpcConfiguration": {"Subnets": ["a"], "AssignPublicIp": "ENABLED"}
                        },
                        "CapacityProviderStrategy": [
                            {"CapacityProvider": "FARGATE_SPOT", "Weight": 1, "Base": 0}
                        ],
                    },
                }
            }
        ],
        "Hooks": [{"AfterInstall": "f"}],
    }
    assert appspecs.members(spec) == {"platformVersion", "networkConfiguration", "capacityProviderStrategy"}
    other = appspecs.running(spec, "web:3")
    assert appspecs.task_definition(appspecs.revision(other)) == "web:3"
    assert appspecs.members(other) == appspecs.members(spec)


@pytest.mark.parametrize(
    "service", [{}, {"loadBalancers": []}, {"loadBalancers": [{"containerName": "app"}]}]
)
def test_without_a_load_balancer_there_is_none(service: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="load balancer"):
        appspecs.build("web:2", service, ())


YAML = """
Resources:
  - TargetService:
      Properties:
        TaskDefinition: "arn:aws:ecs:eu-west-1:1:task-definition/web:7"
"""


@pytest.mark.parametrize(
    ("deployed", "named"),
    [
        (
            {"revisionType": "String", "string": {"content": YAML}},
            "arn:aws:ecs:eu-west-1:1:task-definition/web:7",
        ),
        ({"revisionType": "AppSpecContent", "appSpecContent": {"content": "TaskDefinition: web:7"}}, "web:7"),
        ({"revisionType": "S3", "s3Location": {"bucket": "b", "key": "appspec.yml"}}, ""),
        (None, ""),
    ],
)
def test_what_others_deploy(deployed: Any, named: str) -> None:
    assert appspecs.task_definition(deployed) == named
    assert not appspecs.same(appspecs.build("web:7", SERVICE, ()), deployed)


def test_the_same_spec_is_the_same_however_it_is_written() -> None:
    spec = appspecs.build("web:2", SERVICE, ())
    text = json.dumps(spec, indent=3, sort_keys=True)
    assert appspecs.same(spec, {"appSpecContent": {"content": text}})
    assert not appspecs.same(spec, appspecs.revision(appspecs.running(spec, "web:1")))
