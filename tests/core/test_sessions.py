"""Sessions: where one can be opened, and what is asked for."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from reconciler.core import sessions
from reconciler.core.sessions import Forwarding
from reconciler.errors import PlanError
from tests import tables

CASES = tables.read(Path(__file__).parents[2] / "fixtures/sessions/reachable.yml")
AGENT = {"name": "ExecuteCommandAgent", "lastStatus": "RUNNING"}


def described(task: dict[str, Any], app: dict[str, Any]) -> dict[str, Any]:
    """Describe a task of two containers, as DescribeTasks does."""
    containers = [
        {"name": name, "lastStatus": "RUNNING", "runtimeId": f"0123-{name}", "managedAgents": [AGENT]}
        for name in ("app", "sidecar")
    ]
    containers[0] |= app
    return {
        "taskArn": "arn:aws:ecs:eu-west-1:123456789012:task/main/0123",
        "clusterArn": "arn:aws:ecs:eu-west-1:123456789012:cluster/main",
        "lastStatus": "RUNNING",
        "enableExecuteCommand": True,
        "containers": containers,
    } | task


def opened(task: dict[str, Any], name: str) -> str:
    sessions.reachable(task)
    return sessions.target(task, sessions.container(task, name))


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_where_a_session_can_be_opened(case: dict[str, Any]) -> None:
    task, name = described(case.get("task", {}), case.get("app", {})), case.get("container", "app")
    if "says" not in case:
        assert opened(task, name) == f"ecs:main_0123_0123-{name}"
        return
    with pytest.raises(PlanError) as raised:
        opened(task, name)
    assert case["says"] in raised.value.what
    assert case.get("try", "") in (raised.value.hint or "")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("5432:db.internal:5433", Forwarding(5433, 5432, "db.internal")),
        (":db.internal:5432", Forwarding(5432, 0, "db.internal")),
        ("db.internal:5432", Forwarding(5432, 0, "db.internal")),
        ("8080::80", Forwarding(80, 8080)),
        (":80", Forwarding(80)),
        ("80:[fd00::1]:81", Forwarding(81, 80, "fd00::1")),
        ("db.internal", None),
        ("80", None),
        ("x:db:80", None),
        ("1:2:3:4", None),
        ("1:db:0", None),
        ("65536:db:1", None),
        ("", None),
    ],
)
def test_what_is_forwarded_in_short(text: str, expected: Forwarding | None) -> None:
    if expected is None:
        with pytest.raises(ValueError, match=r"form|port"):
            sessions.forwarding(text)
    else:
        assert sessions.forwarding(text) == expected


def test_what_systems_manager_is_asked_for() -> None:
    ports = {"portNumber": ["80"], "localPortNumber": ["0"]}
    assert Forwarding(80).request("ecs:x") == {
        "Target": "ecs:x",
        "DocumentName": "AWS-StartPortForwardingSession",
        "Parameters": ports,
    }
    remote = Forwarding(80, host="db").request("ecs:x")
    assert remote["DocumentName"] == "AWS-StartPortForwardingSessionToRemoteHost"
    assert remote["Parameters"] == {"host": ["db"], **ports}


def test_the_token_is_in_what_the_plugin_reads_and_is_not_shown() -> None:
    written = sessions.response({"sessionId": "s", "streamUrl": "wss://x", "tokenValue": "secret"})
    assert json.loads(written) == {"SessionId": "s", "StreamUrl": "wss://x", "TokenValue": "secret"}
    session = sessions.Session(
        "s", written, "{}", "eu-west-1", "", "https://x", {"AWS_SESSION_TOKEN": "secret"}
    )
    assert "secret" not in repr(session)
