"""What `depends_on` names, found among the projects that are chosen."""

from __future__ import annotations

from pathlib import Path

import pytest

from reconciler.errors import ConfigError, Where
from reconciler.load.dependencies import Chosen
from reconciler.load.sources import Options

HERE = Where("web/reconciler.yml", 4, 5)
MAP = "reconciler.yml"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("web/reconciler.yml", "db/ecspresso.yml", "db/other.yml", "web/api/reconciler.yml"):
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        Path(name).write_text("service: x\n")
    Path("empty").mkdir()
    Path(MAP).write_text("services: {web: {}, worker: {}, cron: {}}\n")


@pytest.mark.parametrize(
    ("text", "label", "found"),
    [
        ("../db", "web/reconciler.yml", ("db/ecspresso.yml",)),
        ("../db/ecspresso.yml", "web/reconciler.yml", ("db/ecspresso.yml",)),
        ("../db/other.yml", "web/reconciler.yml", ()),
        ("api", "web/reconciler.yml", ()),
        ("../reconciler.yml#worker", "web/reconciler.yml", (f"{MAP}#worker",)),
        ("..", "web/reconciler.yml", (f"{MAP}#web", f"{MAP}#worker")),
        ("worker", f"{MAP}#web", (f"{MAP}#worker",)),
        ("cron", f"{MAP}#web", ()),
        ("db", f"{MAP}#web", ("db/ecspresso.yml",)),
        ("web", f"{MAP}#web", (f"{MAP}#web",)),
    ],
)
def test_what_is_named(text: str, label: str, found: tuple[str, ...]) -> None:
    labels = ("web/reconciler.yml", "db/ecspresso.yml", f"{MAP}#web", f"{MAP}#worker")
    assert Chosen(labels, Options()).named(text, HERE, label) == found


@pytest.mark.parametrize(
    ("text", "label", "words"),
    [
        ("../bd", "web/reconciler.yml", "depends_on names ../bd: there is no such file or folder"),
        ("../empty", "web/reconciler.yml", "depends_on names ../empty, a folder without a project file"),
        ("../reconciler.yml#wrker", "web/reconciler.yml", "there is no service wrker"),
        ("wrker", f"{MAP}#web", "another service of this file"),
    ],
)
def test_what_is_not_there(text: str, label: str, words: str) -> None:
    with pytest.raises(ConfigError) as raised:
        Chosen((label,), Options()).named(text, HERE, label)
    assert str(raised.value).startswith("web/reconciler.yml:4:5: depends_on names ")
    assert words in str(raised.value)
