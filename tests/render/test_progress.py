"""What is reported while a rollout runs, as lines and as fields of a JSON log."""

from __future__ import annotations

import re

import pytest

from reconciler.core.events import RolloutProgress, ServiceEvent, StepDone
from reconciler.core.outcomes import Ending, Outcome
from reconciler.core.rollouts import State
from reconciler.render import progress
from reconciler.render.styles import Style

COLOR = Style(color=True)
REVISION = "arn:aws:ecs:eu-west-1:123456789012:task-definition/web:7"
EVENT = ServiceEvent(unit="service.main/web", at=1767225600.0, message="registered 1 targets", times=2)


def test_a_service_event_has_the_local_time_for_people_only() -> None:
    assert re.fullmatch(r"\d\d:\d\d:\d\d registered 1 targets ×2", progress.line(EVENT))
    assert progress.text(EVENT) == "registered 1 targets ×2"
    assert progress.fields(EVENT) == {
        "kind": "ServiceEvent",
        "unit": "service.main/web",
        "at": 1767225600.0,
        "message": "registered 1 targets",
        "times": 2,
    }


def test_one_event_is_not_counted() -> None:
    once = ServiceEvent(unit="service.main/web", at=0.0, message="has started 1 tasks")
    assert progress.text(once) == "has started 1 tasks"


@pytest.mark.parametrize(
    ("state", "code"),
    [
        (State.IN_PROGRESS, 33),
        (State.DEPLOYED, 32),
        (State.STABLE, 32),
        (State.FAILED, 31),
        (State.ROLLED_BACK, 31),
        (State.SUPERSEDED, 33),
        (State.GONE, 31),
    ],
)
def test_a_state_has_its_colour(state: State, code: int) -> None:
    event = RolloutProgress(unit="u", at=0.0, deployments=(), state=state.value, reason="")
    assert f"\x1b[{code}m{state.value}\x1b[0m" in progress.line(event, COLOR)
    assert "\x1b" not in progress.line(event)


def _shifting(stage: str, production: float, test: float) -> RolloutProgress:
    target = {"requestedProductionTrafficWeight": production, "requestedTestTrafficWeight": test}
    return RolloutProgress(
        unit="u",
        at=0.0,
        deployments=(
            {"status": "PRIMARY", "taskDefinition": REVISION, "runningCount": 2, "desiredCount": 2},
        ),
        state="in progress",
        reason="",
        stage=stage,
        record={"targetServiceRevision": target},
    )


@pytest.mark.parametrize(
    ("event", "line"),
    [
        (_shifting("", 0.0, 0.0), "u: in progress: PRIMARY web:7 2/2 running"),
        (
            _shifting("BAKE_TIME", 50.0, 100.0),
            "u: in progress, BAKE_TIME, production traffic 50 %: PRIMARY web:7 2/2 running",
        ),
        (
            _shifting("TEST_TRAFFIC_SHIFT", 0.0, 100.0),
            "u: in progress, TEST_TRAFFIC_SHIFT, production traffic 0 %, test traffic 100 %: PRIMARY web:7 2/2 running",
        ),
    ],
)
def test_a_line_for_pipes_says_how_far_it_is(event: RolloutProgress, line: str) -> None:
    assert progress.line(event) == line


def test_times_are_dim_and_what_is_done_green() -> None:
    assert progress.line(EVENT, COLOR).startswith("\x1b[2m")
    assert "\x1b[32mdone\x1b[0m" in progress.line(StepDone(unit="u", step="s"), COLOR)


OUTCOMES = [
    (Outcome(ending=Ending.SUCCEEDED, revision=REVISION, seconds=9), 32, "Applied after 9 s. web:7 runs."),
    (
        Outcome(ending=Ending.SUCCEEDED, revision=REVISION, registered=True),
        32,
        "Applied after 0 s. web:7 is registered.",
    ),
    (Outcome(ending=Ending.ROLLED_BACK, seconds=9), 31, "The rollout was rolled back by ECS after 9 s."),
    (Outcome(ending=Ending.FAILED, seconds=9), 31, "The rollout failed after 9 s."),
    (Outcome(ending=Ending.FAILED, seconds=74), 31, "The rollout failed after 1m14s."),
    (
        Outcome(ending=Ending.SUCCEEDED, revision=REVISION, seconds=9, state="in progress"),
        32,
        "The rollout has come as far as was asked after 9 s, and goes on. `reconciler wait` watches it.",
    ),
    (
        Outcome(ending=Ending.SUCCEEDED, revision=REVISION, seconds=9, state="paused"),
        32,
        (
            "The rollout has come as far as was asked after 9 s, and is paused there. "
            "`reconciler continue` lets it go on."
        ),
    ),
    (
        Outcome(ending=Ending.SUCCEEDED, revision=REVISION, seconds=9, state="stable"),
        32,
        "Applied after 9 s. web:7 runs.",
    ),
    (
        Outcome(ending=Ending.SUCCEEDED, reason="the service is stable", revision=REVISION, idle=True),
        32,
        "No rollout is running; web:7 is stable.",
    ),
    (
        Outcome(ending=Ending.SUCCEEDED, reason="0 of 2 tasks run", revision=REVISION, idle=True),
        32,
        "No rollout is running; web:7: 0 of 2 tasks run. `reconciler status` says more.",
    ),
    (
        Outcome(
            ending=Ending.SUCCEEDED,
            reason="the service is stable; the last rollout was rolled back",
            revision=REVISION,
            idle=True,
        ),
        32,
        "No rollout is running; web:7 is stable; the last rollout was rolled back.",
    ),
]


@pytest.mark.parametrize(("outcome", "code", "line"), OUTCOMES)
def test_how_it_ended(outcome: Outcome, code: int, line: str) -> None:
    assert progress.outcome(outcome) == line
    assert progress.outcome(outcome, style=COLOR) == f"\x1b[{code}m{line}\x1b[0m"


@pytest.mark.parametrize("outcome", [each for each, _, _ in OUTCOMES])
def test_how_long_it_was_watched_is_not_how_long_it_took(outcome: Outcome) -> None:
    said = progress.outcome(outcome, "The rollout completed", timed=False)
    assert " after " not in said
    assert said.endswith(".")
