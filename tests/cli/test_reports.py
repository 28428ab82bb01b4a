"""What is said on stderr of events, each once."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any

import pytest

from reconciler.cli import logs, reports
from reconciler.core.events import Event, RolloutProgress, Warned
from reconciler.core.redaction import Masker

MOVED = RolloutProgress(unit="u", at=0.0, deployments=(), state="in progress", reason="")
PAUSED = RolloutProgress(unit="u", at=1.0, deployments=(), state="paused", reason="")
TROUBLE = Warned(unit="u", what="asking again")


@pytest.mark.parametrize(
    ("told", "said"),
    [
        ([MOVED, TROUBLE, TROUBLE, TROUBLE], ["u: in progress: ", "u: asking again"]),
        ([TROUBLE, MOVED, TROUBLE], ["u: asking again", "u: in progress: ", "u: asking again"]),
        ([MOVED, TROUBLE, MOVED, TROUBLE], ["u: in progress: ", "u: asking again"]),
        ([TROUBLE, Warned(unit="v", what="asking again")], ["u: asking again", "v: asking again"]),
        ([MOVED, PAUSED, PAUSED, MOVED], ["u: in progress: ", "u: paused: ", "u: in progress: "]),
    ],
)
@pytest.mark.parametrize("form", ["text", "json"])
def test_each_line_is_said_once(
    told: list[Event], said: list[str], form: str, capsys: pytest.CaptureFixture[str]
) -> None:
    logs.configure(form)
    opened: Any = SimpleNamespace(masker=Masker())
    emit = reports.lines(opened)
    for event in told:
        emit(event)
    found = capsys.readouterr().err.splitlines()
    logs.configure()
    if form == "json":
        assert [json.loads(line)["kind"] for line in found] == [type(event).__name__ for event in told]
    else:
        assert found == said
