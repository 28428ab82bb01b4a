"""Reads that begin before a project is evaluated: used where they were right, forgotten where they were not."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.commands import Box, Cli, edit


@pytest.fixture(autouse=True)
def own_cache(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "hints"))
    return tmp_path / "hints" / "reconciler"


def hints(cache: Path) -> list[Path]:
    return sorted(cache.glob("hint-*"))


def reads(box: Box, since: int) -> list[str]:
    return sorted(call["operation"] for call in box.serving.calls()[since:])


def test_the_second_plan_begins_to_read_at_once_and_reads_nothing_twice(
    cli: Cli, box: Box, own_cache: Path
) -> None:
    first = cli("plan")
    (file,) = hints(own_cache)
    assert file.stat().st_mode & 0o777 == 0o600
    assert "your-service" in file.read_text()
    before = len(box.serving.calls())
    assert cli("plan") == first
    assert reads(box, before) == ["DescribeServices", "DescribeTaskDefinition", "GetCallerIdentity"]


def test_another_cluster_by_the_environment_is_read_after_all(cli: Cli, box: Box, own_cache: Path) -> None:
    edit("ecspresso.yml", "cluster: your-cluster", "cluster: '{{ env `CLUSTER` `your-cluster` }}'")
    cli("plan")
    cli("plan", CLUSTER="elsewhere").one_error("there is no cluster elsewhere")
    assert "No changes." in cli("plan", CLUSTER="your-cluster").out


@pytest.mark.parametrize("text", ["", "{", "[]", "[1, 2, 3, 4]", '["", "your-cluster", "gone", "gone"]'])
def test_a_damaged_or_wrong_hint_changes_nothing(cli: Cli, box: Box, own_cache: Path, text: str) -> None:
    first = cli("plan")
    (file,) = hints(own_cache)
    file.write_text(text)
    assert cli("plan") == first


def test_no_hint_is_left_where_nothing_may_be_cached(cli: Cli, box: Box, own_cache: Path) -> None:
    assert "No changes." in cli("plan", RECONCILER_NO_CACHE="1").out
    assert not own_cache.exists()
