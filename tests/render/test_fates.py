"""What became of several projects, told to people and as JSON."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from reconciler.core import fates
from reconciler.core.fates import Fate, State
from reconciler.core.outcomes import Ending, Outcome
from reconciler.core.schedules import Cause, End, Why
from reconciler.errors import Interrupted
from reconciler.render import fates as sheets
from reconciler.render import labels

SCHEMA = json.loads((Path(__file__).parents[2] / "docs/schemas/apply.schema.json").read_text())
REVISION = "arn:aws:ecs:eu-west-1:123456789012:task-definition/web:7"
DB = Fate(label="db", state=State.APPLIED, seconds=42.4, revision=REVISION)
WEB = fates.carried("web", Outcome(ending=Ending.FAILED, reason="tasks\nfailed", revision=REVISION), 3)
API = fates.left("api", Cause(Why.NEEDS, "web"), {"web": WEB})
SAME = Fate(label="same", state=State.UNCHANGED)
ALL = (DB, API, WEB, SAME)


def test_people_are_told_in_the_order_of_the_projects() -> None:
    assert sheets.summary(ALL).splitlines() == [
        "db    applied after 42 s, web:7 runs",
        "api   not done: it depends on web, which failed",
        "web   failed: tasks failed",
        "same  no changes",
        "4 projects: 1 applied, 1 no changes, 1 failed, 1 not done.",
    ]
    assert sheets.summary((SAME,)).endswith("\n1 project: 1 no changes.\n")


def test_the_json_fits_its_schema() -> None:
    Draft202012Validator.check_schema(SCHEMA)
    told = json.loads(sheets.document(ALL))
    Draft202012Validator(SCHEMA).validate(told)
    assert told["summary"]["failed"] == ["web"]
    assert told["projects"][1]["because"] == "web"
    states = [state.value for state in State]
    assert SCHEMA["$defs"]["project"]["properties"]["state"]["enum"] == states
    assert list(SCHEMA["properties"]["summary"]["properties"]) == states


@pytest.mark.parametrize(
    ("codes", "together"), [((0, 0), 0), ((), 0), ((3, 0, 3), 3), ((3, 4), 1), ((1, 0), 1), ((5,), 5)]
)
def test_an_exit_code_for_all(codes: Sequence[int], together: int) -> None:
    assert (
        fates.code([Fate(label=str(n), state=State.FAILED, code=code) for n, code in enumerate(codes)])
        == together
    )


@pytest.mark.parametrize(
    ("ending", "code", "undone", "state", "end"),
    [
        (Ending.SUCCEEDED, 0, False, State.APPLIED, End.THROUGH),
        (Ending.NOT_WAITED, 0, False, State.APPLIED, End.THROUGH),
        (Ending.FAILED, 3, False, State.FAILED, End.FAILED),
        (Ending.FAILED, 4, True, State.ROLLED_BACK, End.FAILED),
        (Ending.ROLLED_BACK, 4, False, State.ROLLED_BACK, End.FAILED),
        (Ending.TIMED_OUT, 5, False, State.TIMED_OUT, End.FAILED),
        (Ending.TIMED_OUT, 4, True, State.ROLLED_BACK, End.FAILED),
        (Ending.SUPERSEDED, 6, False, State.SUPERSEDED, End.FAILED),
        (Ending.PAUSED, 7, False, State.PAUSED, End.FAILED),
    ],
)
def test_every_ending_is_a_fate(ending: Ending, code: int, undone: bool, state: State, end: End) -> None:
    found = fates.carried("web", Outcome(ending=ending, revision=REVISION), code, undone=undone)
    assert (found.state, found.end) == (state, end)
    assert found.revision == ("" if undone else REVISION), "what was taken back does not run"


@pytest.mark.parametrize(
    ("error", "state", "reason"),
    [
        (Interrupted("x", step="wait", done=("a",)), State.UNDER_WAY, "the rollout goes on in AWS"),
        (Interrupted("x", step="update", done=("a", "b")), State.UNDER_WAY, "the rollout goes on in AWS"),
        (Interrupted("x", step="register", left=("a", "b")), State.NOT_DONE, "interrupted"),
        (Interrupted("x", step="update", done=("a",), left=("b",)), State.PARTLY, "done: a; not done: b"),
    ],
)
def test_what_an_interruption_leaves(error: Interrupted, state: State, reason: str) -> None:
    found = fates.interrupted("web", error)
    assert (found.state, found.reason, found.end) == (state, reason, End.LET_GO)


@pytest.mark.parametrize(
    ("cause", "reason"),
    [
        (Cause(Why.STOPPED, "web"), "web failed, and nothing was begun after that"),
        (Cause(Why.INTERRUPTED), "interrupted"),
    ],
)
def test_why_one_never_began(cause: Cause, reason: str) -> None:
    assert fates.left("x", cause, {"web": WEB}).reason == reason


def test_names_are_as_short_as_tells_them_apart() -> None:
    assert labels.short(
        (
            "services/web/reconciler.yml",
            "services/db/prod/ecspresso.yml",
            "services/api/prod/ecspresso.yml",
            "reconciler.yml#cron",
            "jobs/nightly.yml",
            "reconciler.yml",
        )
    ) == {
        "services/web/reconciler.yml": "web",
        "services/db/prod/ecspresso.yml": "db/prod",
        "services/api/prod/ecspresso.yml": "api/prod",
        "reconciler.yml#cron": "cron",
        "jobs/nightly.yml": "nightly",
        "reconciler.yml": "reconciler.yml",
    }
