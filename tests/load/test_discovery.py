"""Finding project files: as git sees them, and without git."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest

from reconciler.errors import ConfigError
from reconciler.load import discovery
from reconciler.load.discovery import Found
from reconciler.load.sources import Options

FILES = (
    "a/ecspresso.yml",
    "a/reconciler.yml",
    "a/deep/er/reconciler.hcl",
    "b/ecspresso.jsonnet",
    "b/other.yml",
    ".github/reconciler.yml",
    "node_modules/x/reconciler.yml",
    "ignored/reconciler.yml",
)


@pytest.fixture
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Lay files out, in a working folder of their own."""
    for name in FILES:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("x: 1\n")
    (tmp_path / ".gitignore").write_text("/ignored\n")
    monkeypatch.chdir(tmp_path)
    for name in ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    return tmp_path


needs_git = pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")


def git(*arguments: str) -> None:
    """Run git with a name of its own."""
    names = ["-c", "user.name=a", "-c", "user.email=a@example.com", "-c", "commit.gpgsign=false"]
    subprocess.run(["git", *names, *arguments], check=True, capture_output=True)


def found(paths: Sequence[Path]) -> tuple[Path, ...]:
    """Find projects that are files."""
    return tuple(each.path for each in discovery.projects(paths, Options()))


def moved(projects: Sequence[Found], since: str) -> tuple[str, ...]:
    """Give the labels of those that changed."""
    return tuple(each.label for each in discovery.changed(projects, since, Options()))


def test_without_git_nothing_is_ignored_but_what_never_counts(tree: Path) -> None:
    assert found([Path()]) == tuple(
        map(
            Path,
            ("a/deep/er/reconciler.hcl", "a/reconciler.yml", "b/ecspresso.jsonnet", "ignored/reconciler.yml"),
        )
    )


@needs_git
def test_what_git_ignores_is_none_of_the_project(tree: Path) -> None:
    git("init", "-q")
    assert found([Path("b"), Path("a/ecspresso.yml"), Path()]) == tuple(
        map(Path, ("b/ecspresso.jsonnet", "a/ecspresso.yml", "a/deep/er/reconciler.hcl", "a/reconciler.yml"))
    )


def test_what_is_not_there(tree: Path) -> None:
    (tree / "empty").mkdir()
    with pytest.raises(ConfigError, match="there is no such file or folder"):
        found([Path("nowhere")])
    with pytest.raises(ConfigError, match="no project file is in empty or below it"):
        found([Path("empty")])


@needs_git
def test_what_changed_since_a_revision(tree: Path) -> None:
    git("init", "-q")
    git("add", ".")
    git("commit", "-qm", "first")
    paths = discovery.projects([Path()], Options())
    assert moved(paths, "HEAD") == ()
    (tree / "b/other.yml").write_text("x: 2\n")
    (tree / "a/deep/new.json").write_text("{}\n")
    assert moved(paths, "HEAD") == ("a/reconciler.yml", "b/ecspresso.jsonnet")
    for name in ("nope", "--output=/tmp/x"):
        with pytest.raises(ConfigError, match="git: fatal: bad revision"):
            moved(paths, name)


@needs_git
def test_whatever_may_declare_something_is_found_and_a_sparse_checkout_is_refused(tree: Path) -> None:
    with pytest.raises(ConfigError, match="in no git work tree"):
        discovery.declaring(Path(), Options())
    git("init", "-q")
    git("add", ".")
    declaring = [each.label for each in discovery.declaring(Path(), Options())]
    assert declaring == [
        ".github/reconciler.yml",
        "a/deep/er/reconciler.hcl",
        "a/ecspresso.yml",
        "a/reconciler.yml",
        "b/ecspresso.jsonnet",
    ]
    git("update-index", "--skip-worktree", "a/reconciler.yml")
    Path("a/reconciler.yml").unlink()
    with pytest.raises(ConfigError, match=r"sparse, and what a/reconciler\.yml declares is not known"):
        discovery.declaring(Path(), Options())
