"""What `depends_on` names, found among the projects that are chosen."""

from __future__ import annotations

from pathlib import Path

import pytest

from reconciler.errors import ConfigError, Where
from reconciler.load.dependencies import Chosen
from reconciler.load.sources import Options

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
        # what a file says for those that its globs name
        ("db", "web/reconciler.yml < reconciler.yml", ("db/ecspresso.yml",)),
        ("../db", "web/api/reconciler.yml < web/reconciler.yml", ("db/ecspresso.yml",)),
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
    label, _, said = label.partition(" < ")
    where = Where(said or label.partition("#")[0], 4, 5)
    assert Chosen(labels, Options()).named(text, where, label) == found


@pytest.mark.parametrize(
    ("text", "label", "words"),
    [
        ("../bd", "web/reconciler.yml", "depends_on names ../bd: there is no such file or folder"),
        ("../empty", "web/reconciler.yml", "depends_on names ../empty, a folder without a project file"),
        ("../reconciler.yml#wrker", "web/reconciler.yml", "there is no service wrker"),
        ("wrker", f"{MAP}#web", "did you mean worker?"),
        ("nothing", f"{MAP}#web", "another service of this file"),
    ],
)
def test_what_is_not_there(text: str, label: str, words: str) -> None:
    file = label.partition("#")[0]
    with pytest.raises(ConfigError) as raised:
        Chosen((label,), Options()).named(text, Where(file, 4, 5), label)
    assert str(raised.value).startswith(f"{file}:4:5: depends_on names ")
    assert words in str(raised.value)
