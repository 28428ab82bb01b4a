"""What DescribeServices says, and what that means for the rollout that was started."""

from __future__ import annotations

from typing import Any

import pytest

from reconciler.core import rollouts
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
    }
    found = rollouts.judge(service, "ecs-svc/2", frozenset(row.get("before", ())))
    assert (found.state.value, found.reason) == (row["state"], row["reason"])


@pytest.mark.parametrize("state", rollouts.State)
def test_what_has_ended_cannot_get_better(state: rollouts.State) -> None:
    assert state.ended == (state.value in ("failed", "rolled back", "superseded", "gone"))
