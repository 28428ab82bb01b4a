"""How a rollback goes back: the decision by a table, and a change of settings that is undone from end to end."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from reconciler.engine import undoing, ways
from reconciler.engine.ways import Facts, Wish
from reconciler.errors import ApplyError, AwsDenied, PlanError
from tests import tables
from tests.engine import worlds
from tests.engine.worlds import UNIT, World

CASES = tables.read(Path(__file__).parents[2] / "fixtures/undoings/cases.yml")
_PREFIX = "arn:aws:ecs:eu-west-1:123456789012:task-definition/"
_BALANCED = {"loadBalancers": [{"containerName": "app", "containerPort": 80}]}
REVISIONS: Mapping[str, Mapping[str, Any]] = {
    **{f"r{number}": {"taskDefinition": f"web:{number}"} for number in (1, 2, 3, 10)},
    "r1b": {"taskDefinition": "web:1"},
    "spot": {"taskDefinition": "web:2", "capacityProviderStrategy": [{"capacityProvider": "FARGATE_SPOT"}]},
    "r2b": {"taskDefinition": "web:2"},
    "other": {"taskDefinition": "site:7"},
    "connected": {
        "taskDefinition": "web:3",
        "serviceConnectConfiguration": {"enabled": True, "namespace": "n"},
        **_BALANCED,
    },
    "wide": {
        "taskDefinition": "web:2",
        "networkConfiguration": {"awsvpcConfiguration": {"subnets": ["subnet-2"]}},
        **_BALANCED,
    },
}


def arn(short: str) -> str:
    return f"{_PREFIX}{short}"


def revision(name: str) -> dict[str, Any]:
    held = dict(REVISIONS[name])
    return {"serviceRevisionArn": name, **held, "taskDefinition": arn(held["taskDefinition"])}


def facts(case: Mapping[str, Any]) -> Facts:
    """Read a row of the table."""
    deployments = []
    for number, text in enumerate(case["now"]):
        short, state, name = [*text.split(), f"ecs-svc/{number}"][:3]
        status = "ACTIVE" if number else "PRIMARY"
        shown = {} if state == "-" else {"rolloutState": state}
        deployments.append({"id": name, "status": status, "taskDefinition": arn(short), **shown})
    controller = {"deploymentController": {"type": case["controller"]}} if "controller" in case else {}
    body = {
        "status": case.get("status", "ACTIVE"),
        "taskDefinition": deployments[0]["taskDefinition"],
        "deployments": deployments,
        **controller,
    }
    status, target, *sources = case.get("record", " ").split(" ")
    names = [name for name in sources if name != "from"]
    record = {
        "serviceDeploymentArn": "record",
        "createdAt": 5.0,
        "status": status,
        "targetServiceRevision": {"arn": target},
        "sourceServiceRevisions": [{"arn": name} for name in names],
    }
    to = case.get("wish", {}).get("to", "")
    return Facts(
        cluster="main",
        service="web",
        body=body,
        record=record if "record" in case else {},
        own=case.get("own", ""),
        revision=revision(target) if target else {},
        sources=tuple(revision(name) for name in names),
        completed=tuple(revision(name) for name in case.get("completed", ())),
        recorded="record" in case,
        active=tuple(arn(short) for short in case["active"]),
        failed=frozenset(arn(short) for short in case.get("failed", ())),
        wanted=arn(f"web:{to}") if to else "",
    )


@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_what_is_decided(case: Mapping[str, Any]) -> None:
    wished: dict[str, Any] = case.get("wish", {})
    wish = Wish(**wished)
    if "error" in case:
        with pytest.raises(PlanError) as raised:
            undoing.decide(facts(case), wish)
        assert raised.value.what == case["error"]
        return
    way = undoing.decide(facts(case), wish)
    assert list(ways.describe(way)) == [f"{UNIT}: {line}" for line in case["says"]]
    assert undoing.decide(facts(case), wish) == way
    if "body" in case:
        assert isinstance(way, ways.Update)
        wanted = dict(case["body"])
        if "taskDefinition" in wanted:
            wanted["taskDefinition"] = arn(wanted["taskDefinition"])
        assert way.body == {"cluster": "main", "service": "web", **wanted}


def test_what_was_begun_since_it_was_decided_is_not_undone(world: World) -> None:
    world.write("task.json", worlds.task_definition("repo/web:2"))
    world.apply()
    with world.opened() as reconciler:
        way = reconciler.undoing()
        world.gateway.update_service({"cluster": "main", "service": "web", "forceNewDeployment": True})
        before = len(world.gateway.calls)
        with pytest.raises(PlanError, match="meanwhile: nothing was undone"):
            reconciler.rollback(way)
    assert {call.method for call in world.gateway.calls[before:]} == {"describe_services"}


def test_settings_that_a_failed_rollout_changed_go_back(world: World) -> None:
    before = world.described()["networkConfiguration"]
    changed = worlds.service()
    changed["networkConfiguration"]["awsvpcConfiguration"]["subnets"] = ["subnet-9"]
    breaker = {"deploymentCircuitBreaker": {"enable": True, "rollback": False}}
    world.write("service.json", changed | {"deploymentConfiguration": breaker})
    world.gateway.fails = lambda definition: True
    outcome, _ = world.apply()
    assert outcome.ending.value == "failed"
    world.gateway.fails = lambda definition: False
    with world.opened() as reconciler:
        way = reconciler.undoing(Wish(deployment=outcome.deployment))
        assert isinstance(way, ways.Update)
        assert way.body["networkConfiguration"] == before
        assert "taskDefinition" not in way.body
        back = reconciler.rollback(way)
    assert back.ending.value == "succeeded"
    assert world.described()["networkConfiguration"] == before
    assert world.gateway.list_revisions("web", limit=5) == (world.arn(1),)


def test_deciding_sends_nothing(world: World) -> None:
    world.write("task.json", worlds.task_definition("repo/web:2"))
    world.apply()
    world.gateway.calls.clear()
    with world.opened() as reconciler:
        way = reconciler.undoing()
    assert way.target == world.arn(1)
    assert not {call.method for call in world.gateway.calls} & {*worlds.WRITES, "deregister_task_definition"}


def test_a_revision_that_may_not_be_deregistered_is_told_after_the_rollback(world: World) -> None:
    world.write("task.json", worlds.task_definition("repo/web:2"))
    world.apply()
    denied = AwsDenied("no", operation="DeregisterTaskDefinition", code="AccessDeniedException")
    world.gateway.fail("deregister_task_definition", denied)
    with world.opened() as reconciler, pytest.raises(ApplyError) as raised:
        reconciler.rollback()
    text = str(raised.value)
    assert f"{UNIT}: deregister web:2: no" in text
    assert f"  done: {UNIT}: update the service main/web (web)\n  not done: {UNIT}: deregister web:2" in text
    assert world.described()["taskDefinition"] == world.arn(1)
