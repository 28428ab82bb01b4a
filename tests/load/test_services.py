"""Project files that hold several services: what is found, with which settings, said where."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path, PurePosixPath
from typing import Any

import click
import pytest

from reconciler.api import Project, Reconciler
from reconciler.api.connections import Connection
from reconciler.cli import options
from reconciler.errors import ConfigError, ReconcilerError
from reconciler.load import discovery, folders
from reconciler.load.sources import Options
from tests import tables

CASES = tables.read(Path(__file__).parents[2] / "fixtures/services/cases.yml")
needs_git = pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give a folder above which nothing counts."""
    for name in ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "CLUSTER"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def laid(folder: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)


def git(*arguments: str) -> None:
    names = ["-c", "user.name=a", "-c", "user.email=a@example.com", "-c", "commit.gpgsign=false"]
    subprocess.run(["git", *names, *arguments], check=True, capture_output=True)


def settings(found: discovery.Found) -> dict[str, Any]:
    """Give the settings of a project as the table has them."""
    try:
        with Reconciler.open(Project.load(found)) as opened:
            said = opened.settings
    except ReconcilerError as error:
        return {"error": str(error)}
    data = said.resolved.data
    assert isinstance(data, dict)
    uses = [
        [use.name, use.func_prefix, str(use.root) if use.root is not None else None] for use in said.plugins
    ]
    return {
        "plugins": uses,
        "files": [str(said.file(path)) for path in said.definitions],
        "task_definition": str(said.task_definition),
        "warnings": [str(caution.where) for caution in said.warnings],
        "where": {key: str(said.resolved.where((key,))) for key in data},
        **{
            name: getattr(said, name)
            for name in (
                "region",
                "cluster",
                "service",
                "record",
                "timeout",
                "profile",
                "assume_role_arn",
                "account",
            )
        },
    }


@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_what_is_found_has_its_settings(
    case: dict[str, Any], folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if case.get("git"):
        if shutil.which("git") is None:
            pytest.skip("git is not installed")
        git("init", "-q")
    laid(folder, case["files"])
    monkeypatch.chdir(folder / case.get("cwd", ""))
    found = discovery.projects([Path(name) for name in case.get("from", ["."])], Options())
    assert sorted(each.label for each in found) == sorted(case["expect"])
    for each in found:
        expected = case["expect"][each.label]
        shown = settings(each)
        if "error" in expected:
            assert re.search(expected["error"], shown.get("error", "")), shown
            continue
        places = expected.get("where", {})
        assert {name: shown.get(name) for name in expected if name != "where"} == {
            name: value for name, value in expected.items() if name != "where"
        }
        assert {name: shown["where"][name] for name in places} == places


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("map.yml", "choose one: --config map.yml#web"),
        ("map.yml", "several services, and this is about one: map.yml#web, map.yml#api"),
        ("map.yml#wep", "there is no service wep here; there are web, api\n  try: did you mean web?"),
        ("globs.yml", "choose one: --config s/a.yml"),
        ("globs.yml#a", "globs.yml:1:12: its services are project files of their own; none is called a"),
        ("s/a.yml#a", "s/a.yml: the file holds no services, of which one could be a"),
        ("none.yml#a", "none.yml: there is no such file"),
    ],
)
def test_one_project_is_named_by_its_entry(folder: Path, name: str, words: str) -> None:
    laid(
        folder,
        {
            "map.yml": "services: {web: ~, api: ~}\n",
            "globs.yml": "services: [s/*.yml]\n",
            "s/a.yml": "service: a\n",
        },
    )
    with pytest.raises(ConfigError) as error:
        Project.load(name)
    assert words in str(error.value)
    assert Project.load("map.yml#api").label == Path("map.yml#api")
    assert Project.load("map.yml#api").digest != Project.load("map.yml#web").digest
    (folder / "odd#web").write_text("service: odd\n")
    assert discovery.split(Path("odd#web")) == (Path("odd#web"), "")


@needs_git
def test_an_entry_changes_with_its_file_and_the_folders_of_its_definitions(folder: Path) -> None:
    laid(
        folder,
        {
            "reconciler.yml": "services:\n  web: {task_definition: web/task.json}\n"
            "  api: {task_definition: api.json}\n  any: {task_definition: '{{ ssm `x` }}'}\n  no: ~\n",
            "web/task.json": "{}",
            "api.json": "{}",
            "all.yml": "cluster: c\nservices: [m/*.yml]\n",
            "m/a.yml": "service: a\n",
            "lone/reconciler.yml": "service: l\n",
        },
    )
    git("init", "-q")
    git("add", ".")
    git("commit", "-qm", "first")
    found = discovery.projects([Path(), Path("all.yml")], Options())
    for name, expected in (
        ("web/new.json", ["any", "no", "web"]),
        ("api.json", ["any", "api", "no"]),
        ("lone/x", ["any", "lone/reconciler.yml", "no"]),
        ("all.yml", ["any", "api", "m/a.yml", "no"]),
        ("reconciler.yml", ["any", "api", "no", "web"]),
    ):
        path = folder / name
        before = path.read_text() if path.exists() else None
        path.write_text((before or "") + "\n")
        moved = discovery.changed(found, "HEAD", Options())
        assert sorted(each.name or each.label for each in moved) == expected, name
        path.unlink() if before is None else path.write_text(before)


@pytest.mark.parametrize(
    ("glob", "fits", "not_"),
    [
        ("services/*", ["services/a"], ["services", "services/a/b", "a/services/b"]),
        ("services/**", ["services", "services/a", "services/a/b"], ["servicesx", "a/services"]),
        ("**/x.yml", ["x.yml", "a/x.yml", "a/b/x.yml"], ["ax.yml", "a/x.yml/b"]),
        ("a/**/b/[!x]?.yml", ["a/b/yz.yml", "a/c/d/b/yz.yml"], ["a/b/xz.yml", "a/b/y.yml", "a/yz.yml"]),
    ],
)
def test_globs(glob: str, fits: list[str], not_: list[str]) -> None:
    assert [folders.fits(glob, PurePosixPath(name)) for name in (*fits, *not_)] == [True] * len(fits) + [
        False
    ] * len(not_)


def test_ways_to_aws_are_one_for_each_profile_and_role() -> None:
    ambient = Connection({}, profile=None, assume_role_arn=None)
    prod = ambient.other(("prod", None))
    assert prod.credentials == ("prod", None)
    assert ambient.other(("prod", None)) is prod
    assert ambient.other((None, None)) is ambient
    assert ambient.other(("prod", "r")).credentials == ("prod", "r")
    given = Connection({}, profile="mine", assume_role_arn=None)
    assert given.other(("prod", None)) is given, "what the command line says counts first"
    assert given.other(("prod", "r")).credentials == ("mine", "r")


def test_names_are_completed_behind_the_file(folder: Path) -> None:
    laid(folder, {"a.yml": "services: {web: ~, worker: ~, api: ~}\n", "b.yml": "service: b\n"})
    context, parameter = click.Context(click.Command("plan")), click.Option(["--config"])
    for incomplete, expected in (
        ("a.yml#w", ["a.yml#web", "a.yml#worker"]),
        ("b.yml#", []),
        ("none.yml#", []),
        ("a.y", ["a.y"]),
    ):
        found = options.projects(context, parameter, incomplete)
        assert [item.value for item in found] == expected
