"""The command as a process: exit codes, streams, signals, terminals."""

from __future__ import annotations

import json
import os
import pty
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.commands import UNIT, Box, Cli, Ran, Typed, command, process

_NEW = {"IMAGE_TAG": "2.4.62"}


def _interrupt(arguments: tuple[str, ...], when: Callable[[], bool]) -> Ran:
    """Start the command, send it SIGINT once `when` holds, and give what came of it."""
    started = subprocess.Popen(
        command(*arguments),
        env=os.environ | _NEW,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    deadline = time.monotonic() + 20
    while not when():
        assert started.poll() is None, started.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.01)
    started.send_signal(signal.SIGINT)
    out, err = started.communicate(timeout=20)
    return Ran(started.returncode, out, err)


def _called(box: Box, operation: str, times: int = 1) -> bool:
    return [call["operation"] for call in box.serving.calls()].count(operation) >= times


def test_streams_and_exit_codes_of_a_process(box: Box) -> None:
    other = process("plan", "--detailed-exitcode", environ=_NEW)
    assert (other.code, other.err) == (2, "")
    assert "\x1b" not in other.out
    failed = process("plan", environ={"IMAGE_TAG": None})
    failed.one_error("ecs-task-def.json:11:56: ", "IMAGE_TAG")


def test_without_a_terminal_nothing_is_applied_unless_approved(box: Box) -> None:
    ran = process("apply", environ=_NEW, stdin="yes\n")
    assert ran.code == 1
    assert ran.out.endswith("Plan: 0 to add, 2 to change, 0 to destroy.\n")
    assert ran.err.startswith(
        "Error: there is no terminal to ask on; nothing was changed\n  try: pass --auto-approve"
    )
    assert box.writes() == []


def _on_a_terminal(answer: bytes) -> tuple[int, str]:
    """Run apply on a pseudo-terminal, answer its question, and give its exit code and everything it wrote."""
    ours, theirs = pty.openpty()
    started = subprocess.Popen(
        command("apply"),
        env=os.environ | _NEW | {"TERM": "xterm"},
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        start_new_session=True,
    )
    os.close(theirs)
    seen = b""
    asked = False
    while True:
        try:
            piece = os.read(ours, 65536)
        except OSError:  # Linux's way to say that the other side is closed
            break
        if not piece:
            break
        seen += piece
        if not asked and b"Only yes does it: " in seen:
            asked = True
            os.write(ours, answer)
    os.close(ours)
    assert asked, seen
    return started.wait(timeout=20), seen.decode()


def test_yes_on_a_terminal_applies(box: Box) -> None:
    code, seen = _on_a_terminal(b"yes\n")
    assert code == 0, seen
    assert "\x1b[1mPlan:\x1b[0m 0 to add, 2 to change" in seen
    assert "test-httpd:2 runs" in seen
    assert box.writes() == ["RegisterTaskDefinition", "UpdateService"]


def test_nor_does_the_end_of_what_is_typed(box: Box) -> None:
    code, seen = _on_a_terminal(b"\x04")
    assert code == 1, seen
    assert "Not applied." in seen
    assert box.writes() == []


@pytest.mark.parametrize("answer", ["y", "", "no", "YES please"])
def test_anything_else_does_not(cli: Cli, box: Box, monkeypatch: pytest.MonkeyPatch, answer: str) -> None:
    monkeypatch.setattr("sys.stdin", Typed(f"{answer}\n"))
    ran = cli("apply", **_NEW)
    assert ran.code == 1, ran
    assert "Not applied." in ran.out + ran.err
    assert box.writes() == []


def test_ctrl_c_while_waiting_leaves_the_rollout_to_aws(cli: Cli, box: Box) -> None:
    box.serving.knobs(speed=0)
    ran = _interrupt(("apply", "--auto-approve"), lambda: _called(box, "DescribeServices", 4))
    assert ran.code == 130
    assert ran.err.count("Error: ") == 1
    assert "Error: interrupted while waiting; the rollout goes on in AWS\n" in ran.err
    assert "  done: task_definition.test-httpd: register a revision of test-httpd (test-httpd:2)\n" in ran.err
    assert f"  done: {UNIT}: update the service your-cluster/your-service (your-service)\n" in ran.err
    assert "try: `reconciler wait` picks it up again" in ran.err
    assert "Traceback" not in ran.err

    box.serving.knobs(speed=100)
    waited = cli("wait", **_NEW)
    assert waited.code == 0, waited
    assert waited.out == ""
    assert "test-httpd:2" in waited.err.splitlines()[-1]  # it may have completed before the process was up


@pytest.mark.parametrize("operation", ["RegisterTaskDefinition", "UpdateService"])
def test_ctrl_c_in_the_middle_of_a_step_and_running_again(cli: Cli, box: Box, operation: str) -> None:
    box.serving.faults([{"operation": operation, "latency": 1.0, "times": 1}])
    ran = _interrupt(("apply", "--auto-approve"), lambda: _called(box, operation))
    assert ran.code == 130
    assert ran.err.count("Error: ") == 1
    assert "Error: interrupted while doing this: " in ran.err
    register = "task_definition.test-httpd: register a revision of test-httpd"
    update = f"{UNIT}: update the service your-cluster/your-service"
    if operation == "RegisterTaskDefinition":
        assert f"  perhaps done: {register}\n  not done: {update}\n" in ran.err
    else:
        assert f"  done: {register} (test-httpd:2)\n  perhaps done: {update}\n" in ran.err
    assert "run the same command again" in ran.err
    assert "Traceback" not in ran.err

    time.sleep(1.0)  # what was under way arrives at AWS all the same
    again = cli("apply", "--auto-approve", **_NEW)
    assert again.code == 0, again
    assert box.revisions() == 2
    deployments = box.ecs.list_service_deployments(cluster="your-cluster", service="your-service")
    assert len(deployments["serviceDeployments"]) == 2
    assert cli("plan", "--detailed-exitcode", **_NEW).code == 0


def test_ctrl_c_while_planning_says_that_nothing_was_changed(box: Box) -> None:
    box.serving.faults([{"operation": "DescribeServices", "latency": 2.0}])
    ran = _interrupt(("plan",), lambda: _called(box, "DescribeServices"))
    assert (ran.code, ran.out) == (130, "")
    assert "Error: interrupted; nothing was changed" in ran.err
    assert ran.err.count("Error: ") == 1


def test_a_reader_that_goes_away_is_no_error_message(box: Box) -> None:
    started = subprocess.Popen(
        command("plan"), env=os.environ | _NEW, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert started.stdout is not None
    assert started.stderr is not None
    started.stdout.close()
    assert started.stderr.read() == ""
    started.stderr.close()
    assert started.wait(timeout=20) in (0, 1)


def test_json_logs_are_one_object_a_line(cli: Cli, box: Box) -> None:
    ran = process("--log-format", "json", "apply", "--auto-approve", environ=_NEW)
    assert ran.code == 0
    lines = [json.loads(line) for line in ran.err.splitlines()]
    assert {line["level"] for line in lines} == {"info"}
    assert {"StepStarted", "StepDone", "RolloutProgress", "ServiceEvent"} <= {
        line.get("kind") for line in lines
    }
    told = [line for line in lines if line.get("kind") == "ServiceEvent"]
    assert all(line["event"].startswith(line["message"]) and line["at"] > 0 for line in told)
    assert not any("\x1b" in line["event"] for line in lines)
    assert lines[-1]["ending"] == "succeeded"
    assert lines[-1]["revision"].endswith("test-httpd:2")
    assert all({"event", "level", "timestamp"} <= set(line) for line in lines)
    failed = cli("plan", "--log-format", "json", IMAGE_TAG=None)
    assert failed.code == 1
    (line,) = [json.loads(line) for line in failed.err.splitlines()]
    assert line["level"] == "error"
    assert line["kind"] == "NotFound"
    assert line["where"].startswith("ecs-task-def.json:")
    assert "IMAGE_TAG" in line["hint"]


def test_a_slow_plan_says_so_on_a_terminal_only(cli: Cli, box: Box) -> None:
    box.serving.faults([{"operation": "DescribeServices", "latency": 1.6}])
    quiet = cli("plan")
    assert (quiet.code, quiet.err) == (0, "")
    ours, theirs = pty.openpty()
    started = subprocess.Popen(
        command("plan"), env=os.environ | {"TERM": "xterm"}, stdout=subprocess.PIPE, stderr=theirs, text=True
    )
    os.close(theirs)
    seen = os.read(ours, 65536).decode() + os.read(ours, 65536).decode()
    out, _ = started.communicate(timeout=20)
    told, erased = seen.partition("…")[::2]
    os.close(ours)
    assert started.returncode == 0
    assert out == quiet.out
    assert told.startswith("Reading")
    assert erased == "\r\x1b[K"


def test_it_runs_from_elsewhere_with_paths_relative_to_the_project(
    cli: Cli, box: Box, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(project.parent)
    ran = cli("plan", "--config", "project/ecspresso.yml", "--detailed-exitcode")
    assert (ran.code, ran.err) == (0, "")
