"""What DescribeServices says, and what that means for the rollout that was started."""

from __future__ import annotations

from typing import Any

import pytest

from reconciler.core import rollouts
from reconciler.core.rollouts import Judgement, State
from tests.core.test_tables import rows


def deployment(text: str) -> dict[str, Any]:
    """Read a deployment of a table: number, status, rollout state or ``-``, reason."""
    number, status, state, *reason = text.split(" ", 3)
    return {
        "id": f"ecs-svc/{number}",
        "status": status,
        **({} if state == "-" else {"rolloutState": state}),
        **({"rolloutStateReason": reason[0]} if reason else {}),
    }


@pytest.mark.parametrize("row", rows("rollouts"))
def test_a_judgement(row: dict[str, Any]) -> None:
    desired, running, pending = row["counts"]
    service = {
        "status": row.get("status", "ACTIVE"),
        "deployments": [deployment(text) for text in row["deployments"]],
        "desiredCount": desired,
        "runningCount": running,
        "pendingCount": pending,
        "events": [{"message": message} for message in row.get("events", ())],
    }
    before, shown = frozenset(row.get("before", ())), row.get("shown", True)
    found = rollouts.judge(service, "ecs-svc/2", before, row.get("record"), shown=shown)
    assert (found.state.value, found.reason) == (row["state"], row["reason"])
    assert found.stage == (row.get("record") or {}).get("lifecycleStage", "") or found.state.ended


@pytest.mark.parametrize(
    ("name", "deployments", "latest"),
    [
        ("a rollout", [("1", "PRIMARY", "IN_PROGRESS", 1, "")], "1"),
        (
            "ECS revives the one before",
            [("1", "PRIMARY", "IN_PROGRESS", 1, ""), ("2", "ACTIVE", "FAILED", 2, "")],
            "2",
        ),
        (
            "ECS goes back to a new one",
            [
                ("3", "PRIMARY", "IN_PROGRESS", 3, "rolling back to deploymentId 1"),
                ("2", "ACTIVE", "FAILED", 2, ""),
            ],
            "2",
        ),
        (
            "somebody mends what failed",
            [("3", "PRIMARY", "IN_PROGRESS", 3, ""), ("2", "ACTIVE", "FAILED", 2, "")],
            "3",
        ),
        (
            "it failed and stays",
            [("2", "PRIMARY", "FAILED", 2, ""), ("1", "ACTIVE", "COMPLETED", 1, "")],
            "2",
        ),
        ("old tasks stop", [("2", "PRIMARY", "COMPLETED", 2, ""), ("1", "ACTIVE", "COMPLETED", 1, "")], "2"),
        ("at rest", [("2", "PRIMARY", "COMPLETED", 2, "")], None),
        ("nothing", [], None),
    ],
)
def test_which_rollout_is_to_be_waited_for(
    name: str, deployments: list[tuple[str, str, str, int, str]], latest: str | None
) -> None:
    members = ("id", "status", "rolloutState", "createdAt", "rolloutStateReason")
    service: dict[str, Any] = {"deployments": [dict(zip(members, each, strict=True)) for each in deployments]}
    found = rollouts.unfinished(service)
    assert (found or {}).get("id") == latest, name


@pytest.mark.parametrize("state", rollouts.State)
def test_what_has_ended_cannot_get_better(state: rollouts.State) -> None:
    assert state.ended == (state.value in ("failed", "rolled back", "superseded", "gone", "paused"))


JUDGED = {
    "in progress": Judgement(State.IN_PROGRESS, "", "BAKE_TIME"),
    "before": Judgement(State.IN_PROGRESS, "", "SCALE_UP"),
    "rolling": Judgement(State.IN_PROGRESS, ""),
    "back": Judgement(State.ROLLING_BACK, "", "BAKE_TIME"),
    "paused": Judgement(State.PAUSED, "", "POST_TEST_TRAFFIC_SHIFT"),
    "deployed": Judgement(State.DEPLOYED, ""),
    "stable": Judgement(State.STABLE, ""),
    "rolled back": Judgement(State.ROLLED_BACK, "", "BAKE_TIME"),
}


@pytest.mark.parametrize(
    ("wanted", "by"),
    [
        ("stable", {"stable"}),
        ("deployed", {"stable", "deployed"}),
        ("paused", {"stable", "deployed", "paused"}),
        ("ecs:PRODUCTION_TRAFFIC_SHIFT", {"stable", "deployed", "in progress"}),
        ("ecs:POST_TEST_TRAFFIC_SHIFT", {"stable", "deployed", "in progress", "paused"}),
        ("ecs:SCALE_UP", {"stable", "deployed", "in progress", "paused", "before"}),
    ],
)
def test_how_far_it_is_waited_for(wanted: str, by: set[str]) -> None:
    assert {name for name, judgement in JUDGED.items() if rollouts.reached(judgement, wanted)} == by


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("stable", "stable"),
        ("deployed", "deployed"),
        ("paused", "paused"),
        ("ecs:bake_time", "ecs:BAKE_TIME"),
        ("ecs:PRODUCTION_TRAFFIC_SHIFT", "ecs:PRODUCTION_TRAFFIC_SHIFT"),
        ("codedeploy:AllowTraffic", "codedeploy:AllowTraffic"),
        ("codedeploy:allowtraffic", "codedeploy:AllowTraffic"),
    ],
)
def test_what_is_waited_for(text: str, read: str) -> None:
    assert rollouts.until(text) == read


@pytest.mark.parametrize(
    "text", ["", "Stable", "ecs", "ecs:", "ecs:AllowTraffic", "codedeploy:BAKE_TIME", "k8s:x"]
)
def test_what_nobody_can_wait_for(text: str) -> None:
    with pytest.raises(ValueError, match="is none of"):
        rollouts.until(text)
