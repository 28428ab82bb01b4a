"""The live screen: frames of recorded rollouts, and what holds for every frame."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.core.events import RolloutProgress, Warned
from reconciler.core.rollouts import CODE_DEPLOY_EVENTS, STAGES, State
from reconciler.core.values import JsonObject
from reconciler.render import deployments, live, pieces, progress, texts
from reconciler.render.live import Screen, Size
from reconciler.render.pieces import ASCII, UNICODE
from reconciler.render.styles import Style
from tests.render import recording

PROGRESS = {
    name: [event for event in recording.recorded(name) if isinstance(event, RolloutProgress)]
    for name in recording.STORIES
}


def screen(*events: RolloutProgress) -> Screen:
    found = Screen()
    for event in events:
        found = live.note(found, event)
    return found


@pytest.mark.parametrize("name", recording.VARIANTS)
def test_frames_are_as_recorded(name: str) -> None:
    expected = (recording.FOLDER / f"{name}.txt").read_text(encoding="utf-8")
    assert recording.draw(recording.VARIANTS[name]) == expected


def test_the_stories_tell_what_they_are_named_after() -> None:
    last = {name: events[-1] for name, events in PROGRESS.items()}
    assert {name: event.state for name, event in last.items()} == {
        "rolling": "stable",
        "blue_green": "stable",
        "paused": "paused",
        "canary": "rolled back",
        "rolled_back": "rolled back",
    }
    seen = {event.stage for event in PROGRESS["blue_green"]}
    assert {"SCALE_UP", "POST_TEST_TRAFFIC_SHIFT", "BAKE_TIME", "CLEAN_UP"} <= seen


@given(
    st.lists(st.sampled_from([e for events in PROGRESS.values() for e in events]), min_size=1, max_size=6),
    st.integers(1, 130),
    st.integers(1, 40),
    st.sampled_from([UNICODE, ASCII]),
    st.floats(0, 1e6),
)
def test_no_frame_is_larger_than_the_terminal(
    events: list[RolloutProgress], columns: int, rows: int, glyphs: pieces.Glyphs, later: float
) -> None:
    named = [replace(event, unit=f"service.main/number-{n}") for n, event in enumerate(events)]
    shown = live.lines(screen(*named), Size(columns, rows), events[-1].at + later, with_=glyphs)
    assert 0 < len(shown) <= max(rows - 1, 1)
    assert all(texts.width(line) < max(columns, 2) for line in shown)
    assert all(line.isprintable() for line in shown)
    assert glyphs is UNICODE or all(line.isascii() for line in shown)
    painted = live.lines(
        screen(*named), Size(columns, rows), events[-1].at + later, Style(color=True), glyphs
    )
    assert tuple(re.sub(r"\x1b\[\d+m", "", line) for line in painted) == shown


@given(st.integers(0, 40), st.floats(0.1, 1e4), st.floats(0, 1e4), st.floats(0, 1e4))
def test_a_bar_has_its_width_and_is_full_only_when_all_is_there(
    cells: int, total: float, full: float, half: float
) -> None:
    drawn = "".join(piece.text for piece in pieces.bar(cells, total, full, half))
    assert len(drawn) == cells
    if cells > 1:
        assert (drawn == "█" * cells) == (full >= total)
        assert ("█" in drawn) == (full > 0)
    if cells > 2 and half > 0 and full < total:
        assert "▒" in drawn


@pytest.mark.parametrize("stage", STAGES)
def test_every_stage_is_marked_where_it_stands(stage: str) -> None:
    wide = pieces.painted(deployments.stages(stage, 200, UNICODE))
    narrow = pieces.painted(deployments.stages(stage, 10, UNICODE))
    assert wide.count("▶") == narrow.count("▶") == 1
    assert f"▶ {stage}" in wide
    assert narrow.endswith(f" {stage}")
    if stage != "RECONCILE_SERVICE":
        place = next(n for n, (_, members) in enumerate(deployments.PHASES) if stage in members)
        assert (wide.count("✓"), wide.count("·")) == (place, 4 - place)


@pytest.mark.parametrize(
    ("hooks", "said"),
    [
        (
            [{"status": "AWAITING_ACTION", "hookId": "a"}],
            ["paused by a hook; `reconciler continue` lets it go on"],
        ),
        (
            [{"status": "AWAITING_ACTION", "hookId": name, "expiresAt": 90.0} for name in ("a", "b")],
            [
                f"paused by a hook, times out in 1m30s; `reconciler continue --hook {name}` lets it go on"
                for name in ("a", "b")
            ],
        ),
        (
            [{"status": "SUCCEEDED"}, {"status": "AWAITING_ACTION", "hookId": "b"}],
            ["paused by a hook; `reconciler continue` lets it go on"],
        ),
        (
            [
                {
                    "status": "IN_PROGRESS",
                    "targetArn": "arn:aws:lambda:r:1:function:f",
                    "timeoutAction": "ROLLBACK",
                }
            ],
            ["hook f is running"],
        ),
        (
            [
                {
                    "status": "IN_PROGRESS",
                    "targetArn": "arn:aws:lambda:r:1:function:f",
                    "timeoutAction": "ROLLBACK",
                    "expiresAt": 60.0,
                }
            ],
            ["hook f is running, rolls back in 1m00s unless it answers"],
        ),
    ],
)
def test_hooks_say_what_they_wait_for(hooks: list[JsonObject], said: list[str]) -> None:
    drawn = deployments.hooks({"lifecycleHookDetails": hooks}, 0.0)
    assert [pieces.painted(line) for line in drawn] == said


def test_a_stage_that_is_not_known_stands_for_itself() -> None:
    assert pieces.painted(deployments.stages("NOVEL_STAGE", 100, UNICODE)) == "NOVEL_STAGE"


def shifting(*statuses: str, stage: str = "", share: float = 0.0) -> JsonObject:
    """Give the record of a deployment of CodeDeploy's, whose events stand so."""
    return {
        "deploymentId": "d-1",
        "createdAt": 40.0,
        "lifecycleStage": stage,
        "targetServiceRevision": {"requestedProductionTrafficWeight": share},
        "lifecycleEvents": [
            {"lifecycleEventName": name, "status": status}
            for name, status in zip(CODE_DEPLOY_EVENTS, statuses, strict=True)
        ],
    }


DONE, NOW, LATER, NONE = "Succeeded", "InProgress", "Pending", "Skipped"
READY = "CodeDeploy waits for somebody to let the traffic go over to the new tasks"
HELD = "held; `reconciler continue` lets the traffic go over to the new tasks"
KEPT = "all traffic goes to the new tasks; those before are kept until CodeDeploy stops them"


@pytest.mark.parametrize(
    ("record", "state", "reason", "shown"),
    [
        pytest.param(
            shifting(DONE, NOW, *[LATER] * 6, stage="Install"), State.IN_PROGRESS, "Install is under way",
            ["stage     ▶ Install  · test traffic  · production traffic"], id="installing",
        ),
        pytest.param(
            shifting(*[DONE] * 3, NONE, NONE, DONE, NOW, LATER, stage="AllowTraffic", share=5), State.IN_PROGRESS, "",
            ["stage     ✓ install  ✓ test traffic  ▶ AllowTraffic"], id="shifting",
        ),
        pytest.param(
            shifting(*[DONE] * 3, NONE, NONE, *[LATER] * 3), State.PAUSED, READY,
            ["stage     ✓ install  ✓ test traffic  · production traffic", HELD],
            id="ready",
        ),
        pytest.param(
            shifting(*[DONE] * 8, share=100), State.IN_PROGRESS, KEPT,
            ["stage     ✓ install  ✓ test traffic  ✓ production traffic", KEPT], id="keeping the tasks before",
        ),
        pytest.param(
            shifting(*[DONE] * 8, share=100), State.STABLE, "the service is stable",
            ["stage     ✓ install  ✓ test traffic  ✓ production traffic"], id="through",
        ),
    ],
)  # fmt: skip
def test_a_deployment_of_codedeploy_goes_through_its_events(
    record: JsonObject, state: State, reason: str, shown: list[str]
) -> None:
    stage = str(record["lifecycleStage"])
    event = RolloutProgress(
        unit="u", at=100.0, deployments=(), state=state.value, reason=reason, stage=stage, record=record
    )
    drawn = [line.strip() for line in live.lines(screen(event), Size(120, 24), 100.0)]
    assert [line for line in drawn[1:] if "traffic  " not in line[:10]] == shown
    assert drawn[0] == f"u  {state.value}  1m00s"
    waits = f", {reason}" if len(shown) > 1 else ""
    assert progress.line(event).startswith(f"u: {state.value}{waits or (f', {stage}' if stage else '')}")


def test_every_state_has_a_role() -> None:
    for state in State:
        event = RolloutProgress(unit="u", at=0.0, deployments=(), state=state.value, reason="why")
        (line, *_) = live.lines(screen(event), Size(80, 24), 3.0, Style(color=True))
        assert re.search(rf"\x1b\[\d+m{state.value}\x1b\[0m", line)


def test_the_time_goes_on_until_a_rollout_is_over() -> None:
    moving = RolloutProgress(unit="u", at=10.0, deployments=(), state="in progress", reason="", usual=130.0)
    assert live.lines(screen(moving), Size(80, 24), 75.0) == ("u  in progress  1m05s, usually 2m10s",)
    over = replace(moving, at=30.0, state="stable")
    assert live.lines(screen(moving, over), Size(80, 24), 75.0) == ("u  stable  20s, usually 2m10s",)


def test_a_rollout_that_is_picked_up_began_before() -> None:
    found = RolloutProgress(
        unit="u", at=100.0, deployments=(), state="in progress", reason="", record={"createdAt": 40.0}
    )
    assert live.lines(screen(found), Size(80, 24), 101.0) == ("u  in progress  1m01s",)


def test_other_events_are_no_part_of_it() -> None:
    assert live.note(Screen(), Warned(unit="u", what="w")) == Screen()
    assert live.lines(Screen(), Size(80, 24), 0.0) == ()


def test_what_aws_says_cannot_move_the_cursor() -> None:
    event = RolloutProgress(
        unit="u",
        at=0.0,
        deployments=(
            {"status": "PRIMARY", "taskDefinition": "a\x1b[2Jb:1", "runningCount": 1, "desiredCount": 1},
        ),
        state="rolling back",
        reason="because\n\x1b[H",
        record={"alarms": {"status": "TRIGGERED", "triggeredAlarmNames": ["x\ry"]}},
    )
    shown = live.lines(screen(event), Size(100, 24), 0.0)
    assert all(line.isprintable() for line in shown)
    assert any(r"because\n\u001b[H" in line for line in shown)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0s"),
        (59.9, "59s"),
        (60, "1m00s"),
        (3599, "59m59s"),
        (3600, "1h00m"),
        (90000, "1d01h"),
        (-5, "0s"),
    ],
)
def test_durations(seconds: float, text: str) -> None:
    assert deployments.duration(seconds) == text


@pytest.mark.parametrize(
    ("encoding", "glyphs"), [("utf-8", UNICODE), ("ascii", ASCII), ("latin-1", ASCII), (None, ASCII)]
)
def test_what_the_encoding_cannot_say_is_drawn_otherwise(encoding: str | None, glyphs: pieces.Glyphs) -> None:
    assert pieces.glyphs(encoding) is glyphs


def test_a_line_stands_below_what_moves_and_what_is_over_can_go() -> None:
    said = "0 of 2 projects over"
    moving = RolloutProgress(unit="db", at=0.0, deployments=(), state="in progress", reason="")
    both = replace(screen(moving, replace(moving, unit="web")), footer=said)
    shown = live.lines(both, Size(80, 24), 5.0)
    assert [line.split("  ")[0] for line in shown if not line.startswith(" ")] == ["db", "web", said]
    assert live.lines(both, Size(80, 3), 5.0)[-1] == said
    assert live.drop(live.drop(both, "db"), "web") == Screen(footer=said)
