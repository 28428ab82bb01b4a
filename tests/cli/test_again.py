"""Whatever happens to an apply, or to waiting for it: run again it ends with one revision and one rollout."""

from __future__ import annotations

import os
import signal
import subprocess
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.cli.commands import Box, Cli, command

NEW = {"IMAGE_TAG": "2.4.62"}
PLANNING = ("GetCallerIdentity", "DescribeServices", "DescribeTaskDefinition")
WRITES = ("RegisterTaskDefinition", "UpdateService")
WATCHING = ("DescribeServices", "ListServiceDeployments", "DescribeServiceDeployments")
FAULTS: Mapping[str, Mapping[str, object]] = {
    "throttled": {"code": "ThrottlingException", "message": "Rate exceeded"},
    "broken": {"code": "ServerException", "message": "down", "status": 500},
    "too late": {"latency": 3.5},
    "lost before": {"reset": "before"},
    "lost after": {"reset": "after"},
    "expired": {"code": "ExpiredTokenException", "message": "The security token has expired"},
}


@pytest.fixture(autouse=True)
def impatient(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Give up on an answer after a moment, and do not try again: every fault shows."""
    with (project / "ecspresso.yml").open("a") as file:
        file.write("record: .applied\n")
    monkeypatch.setattr("reconciler.aws.sessions._READ_SECONDS", 2.5)
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")


def converged(cli: Cli, box: Box, first: str) -> None:
    """Run it again, and see that all is as the files say, with nothing done twice."""
    box.serving.faults([])
    again = cli("apply", "--auto-approve", "--timeout", "60s", **NEW)
    assert again.code == 0, (first, again)
    assert box.revisions() == 2, first
    assert len(box.records()) == 2, first
    assert box.record()["status"] == "SUCCESSFUL"
    assert box.service()["taskDefinition"].endswith(":2")
    assert cli("plan", "--detailed-exitcode", **NEW).code == 0
    (record,) = Path(".applied").iterdir()
    assert "2.4.62" in record.read_text()


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("operation", [*PLANNING, *WRITES])
def test_an_apply_that_meets_with_trouble_is_run_again(
    cli: Cli, box: Box, operation: str, fault: str
) -> None:
    box.serving.faults([{"times": 1, **FAULTS[fault], "operation": operation}])
    ran = cli("apply", "--auto-approve", "--timeout", "60s", **NEW)
    assert ran.code == 1, ran
    assert ran.err.count("Error: ") == 1, ran.err
    assert "Traceback" not in ran.err
    if operation in PLANNING:  # so that run again it is run for the first time
        assert "done: " not in ran.err
        assert box.writes() == []
        return
    assert "  not done: " in ran.err or "  perhaps done: " in ran.err
    converged(cli, box, ran.err)


@pytest.mark.parametrize("operation", WATCHING)
@pytest.mark.parametrize(
    ("waits", "fault"), [*(("apply", name) for name in FAULTS), ("wait", "broken"), ("wait", "expired")]
)
def test_waiting_that_meets_with_trouble_is_taken_up_again(
    cli: Cli, box: Box, waits: str, operation: str, fault: str
) -> None:
    box.serving.knobs(speed=40)
    rule = {"times": 1, **FAULTS[fault], "operation": operation}
    if waits == "wait":
        assert cli("apply", "--auto-approve", "--no-wait", **NEW).code == 0
        box.serving.faults([rule])
        ran = cli("wait", "--timeout", "60s", **NEW)
    else:
        with box.once_called("UpdateService", lambda: box.serving.faults([rule])):
            ran = cli("apply", "--auto-approve", "--timeout", "60s", **NEW)
    gives_up = operation == "DescribeServices" and (waits == "wait" or fault == "expired")
    assert ran.code in ((0, 1) if gives_up else (0,)), ran
    assert ran.err.count("Error: ") == ran.code, ran.err
    box.serving.knobs(speed=400)
    converged(cli, box, ran.err)


@pytest.mark.parametrize(
    ("operation", "lost"),
    [
        ("DescribeTaskDefinition", False),  # nothing was sent
        *((operation, lost) for operation in WRITES for lost in (False, True)),
        ("DescribeServiceDeployments", False),  # all was
    ],
)
def test_an_apply_that_is_killed_is_run_again(cli: Cli, box: Box, operation: str, lost: bool) -> None:
    rule: dict[str, Any] = {"operation": operation, "latency": 0.5, "times": 1}
    box.serving.faults([rule | ({"reset": "before"} if lost else {})])
    before = len(box.serving.calls())
    started = subprocess.Popen(
        command("apply", "--auto-approve", "--timeout", "60s"),
        env=os.environ | NEW,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        deadline = time.monotonic() + 30
        while not any(call["operation"] == operation for call in box.serving.calls()[before:]):
            assert started.poll() is None
            assert time.monotonic() < deadline
            threading.Event().wait(0.01)
    finally:
        started.send_signal(signal.SIGKILL)
        assert started.wait(timeout=10) == -signal.SIGKILL
    time.sleep(0.6)  # what was under way arrives at AWS all the same
    converged(cli, box, operation)
