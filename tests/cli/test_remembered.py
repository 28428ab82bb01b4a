"""Task definitions that an earlier run has read: not asked for again, and never in the way of what AWS says now."""

from __future__ import annotations

import gc
import weakref
from pathlib import Path
from typing import Any

import pytest

from reconciler.api import Reconciler
from tests.cli.commands import Box, Cli, edit


@pytest.fixture(autouse=True)
def own_cache(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "memories"))
    monkeypatch.setenv("RECONCILER_REMEMBER", "anywhere")
    return tmp_path / "memories"


def test_what_runs_is_read_once_and_again_where_something_is_to_be_done_or_it_is_asked_for(
    cli: Cli, box: Box, own_cache: Path
) -> None:
    def reads(*arguments: str, **environ: str) -> tuple[int, str]:
        before = len(box.serving.calls())
        ran = cli(*arguments, **environ)
        assert ran.code in (0, 2), ran
        called = [call["operation"] for call in box.serving.calls()[before:]]
        return called.count("DescribeTaskDefinition"), ran.out

    unchanged = "1 project: 1 without changes.\n"
    assert reads("plan", ".") == (1, unchanged)
    assert reads("plan", ".") == (0, unchanged)
    assert reads("drift", ".")[0] == 0
    assert reads("plan", ".", RECONCILER_NO_CACHE="1") == (1, unchanged)
    assert reads("plan", ".", RECONCILER_REMEMBER="") == (1, unchanged), "the sandbox is not AWS"
    kept = "".join(path.read_text() for path in own_cache.rglob("revision-*"))
    assert "httpd:2.4.61" in kept
    assert "echo hello" not in kept
    assert "vpc-0a1b2c3d4e5f60718" not in kept

    arn = box.ecs.describe_task_definition(taskDefinition="test-httpd")["taskDefinition"]["taskDefinitionArn"]
    box.ecs.tag_resource(resourceArn=arn, tags=[{"key": "team", "value": "web"}])
    assert reads("plan", ".") == (0, unchanged)
    asked, told = reads("plan", ".", "--refresh")
    assert (asked, "team" in told) == (1, True)
    box.ecs.untag_resource(resourceArn=arn, tagKeys=["team"])

    edit("ecs-task-def.json", '"memory": "512"', '"memory": "1024"')
    asked, told = reads("plan", ".")
    assert asked == 1
    assert told == reads("plan", ".", "--refresh")[1]
    assert "1024" in told


def test_a_project_that_is_planned_is_let_go_without_collecting_garbage(
    cli: Cli, box: Box, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[weakref.ref[Reconciler]] = []
    begin = Reconciler.__init__

    def beginning(self: Reconciler, *given: Any, **named: Any) -> None:
        begin(self, *given, **named)
        opened.append(weakref.ref(self))

    monkeypatch.setattr(Reconciler, "__init__", beginning)
    gc.disable()
    try:
        ran = cli("plan", ".")
        left = [each() for each in opened]
    finally:
        gc.enable()
    assert ran.code == 0, ran
    assert left == [None]
