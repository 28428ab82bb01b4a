"""Why a rollout failed, as the command says it of its own accord: whatever ended badly, and never in place of that."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from reconciler import Project, Reconciler
from tests import tables
from tests.cli.commands import ROOT, SEED, Box, Cli, edit
from tests.cli.conftest import boxed

CASES: list[dict[str, Any]] = tables.read(ROOT / "fixtures/diagnosis/commands.yml")
BREAKER = '"deploymentCircuitBreaker": { "enable": true, "rollback": true }'
Serve = Callable[[dict[str, Any]], Box]


@pytest.fixture
def serve(project: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Serve]:
    """Serve the example's service with a script."""
    with ExitStack() as stack:

        def start(more: dict[str, Any]) -> Box:
            return stack.enter_context(boxed({**json.loads(SEED.read_text()), **more}, monkeypatch))

        yield start


def explained(err: str) -> list[str]:
    """Give the lines of the explanation, ids taken out."""
    lines = err.splitlines()
    first = next(number for number, line in enumerate(lines) if line.startswith("Why:"))
    shown = [re.sub(r"\b[0-9a-f]{32}\b", "LONG", line) for line in lines[first:]]
    return [re.sub(r"(?<=task )[0-9a-f]{8}\b", "TASK", line) for line in shown]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_the_reason_stands_under_the_ending(cli: Cli, serve: Serve, case: dict[str, Any]) -> None:
    script = {"outcomes": [{"image": "*:next", **case["outcome"]}]} if "outcome" in case else {}
    serve({**script, "faults": case.get("faults", [])})
    ran = cli("apply", "--auto-approve", IMAGE_TAG=case.get("image", "next"))
    assert ran.code == 4, ran
    assert ran.err.index("Error: The rollout was rolled back") < ran.err.index("Why:")
    said = explained(ran.err)
    found = [line for line in said if line in case["says"]]
    assert found == case["says"], "\n".join(said)
    assert "Traceback" not in ran.err


@pytest.mark.parametrize("command", [("apply", "--auto-approve"), ("deploy",)])
def test_a_failure_that_is_not_rolled_back_is_explained(cli: Cli, box: Box, command: tuple[str, ...]) -> None:
    edit("ecs-service-def.json", BREAKER, BREAKER.replace('"rollback": true', '"rollback": false'))
    ran = cli(*command, IMAGE_TAG="crash")
    assert ran.code == 3
    assert explained(ran.err)[0] == "Why: `httpd-app` exited with code 1 (4 tasks)"


def test_a_rollout_that_does_not_end_in_time_is_explained_by_apply_and_by_wait(cli: Cli, box: Box) -> None:
    edit(
        "ecs-service-def.json", BREAKER, '"deploymentCircuitBreaker": { "enable": false, "rollback": false }'
    )
    applied = cli("apply", "--auto-approve", "--timeout", "1s", IMAGE_TAG="nopull")
    assert applied.code == 5
    waited = cli("wait", "--timeout", "1s")
    assert waited.code == 5
    for ran in (applied, waited):
        assert explained(ran.err)[0].startswith(
            "Why: there is no image public.ecr.aws/docker/library/httpd:nopull ("
        )


def test_a_rollout_that_ends_well_is_not_explained(cli: Cli, box: Box) -> None:
    ran = cli("apply", "--auto-approve", IMAGE_TAG="2.4.62")
    assert ran.code == 0
    assert "Why:" not in ran.err
    assert not any(call["operation"] == "ListTasks" for call in box.serving.calls())


def test_json_logs_have_the_diagnosis_as_one_event(cli: Cli, box: Box) -> None:
    ran = cli("apply", "--auto-approve", "--log-format", "json", IMAGE_TAG="crash")
    entries = [json.loads(line) for line in ran.err.splitlines()]
    assert entries[-2]["ending"] == "rolled back"
    last = entries[-1]
    assert (last["kind"], last["level"]) == ("Diagnosed", "info")
    assert last["event"] == "`httpd-app` exited with code 1 (4 tasks)"
    assert last["deployment"].startswith("ecs-svc/")
    (cause,) = last["causes"]
    assert (cause["kind"], cause["times"], len(cause["tasks"])) == ("exit", 4, 4)
    assert cause["logs"][0]["lines"][-1] == "exiting with status 1, as the image's tag says"
    assert last["could_not_be_read"] == []


def test_the_status_says_why_a_rollout_fails_and_of_a_good_one_nothing(cli: Cli, box: Box) -> None:
    assert "Why:" not in cli("status").out
    box.serving.knobs(speed=0)
    assert cli("apply", "--auto-approve", "--no-wait", IMAGE_TAG="crash").code == 0
    box.serving.advance(20)
    shown = cli("status")
    assert shown.code == 0
    assert explained(shown.out)[0] == "Why: `httpd-app` exited with code 1 (2 tasks)"
    assert "Why:" not in cli("status", "--format", "json").out


def test_a_library_asks_for_the_causes(cli: Cli, box: Box, project: Path) -> None:
    assert cli("apply", "--auto-approve", IMAGE_TAG="nopull").code == 4
    with Reconciler.open(Project.load(project / "ecspresso.yml")) as r:
        found = r.diagnose()
        assert [cause.kind.value for cause in found.causes] == ["image"]
        assert r.diagnose(found.deployment) == found
        assert r.diagnose("ecs-svc/0").causes == ()
