"""What is checked out: in repositories of several states, and where there is none."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from reconciler.plugin import ConfigError, Denied, Json, NotFound, ResolveError, Unavailable
from reconciler.testing import FakeContext
from reconciler_git import plugin
from tests.plugins import services

pytestmark = pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")

ENVIRON = {
    "PATH": os.environ.get("PATH", ""),
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_AUTHOR_DATE": "2026-01-01T00:00:00Z",
    "GIT_COMMITTER_DATE": "2026-01-01T00:00:00Z",
    **{f"GIT_{who}_{what}": "a@b" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")},
}


def run(folder: Path, *arguments: str) -> str:
    command = ["git", "-C", str(folder), *arguments]
    return subprocess.run(command, env=ENVIRON, check=True, capture_output=True, text=True).stdout.strip()


def lookup(folder: Path, name: str, **environ: str) -> Json:
    context = FakeContext(folder.parent, ENVIRON | environ)
    return plugin.open(context, {"dir": folder.name}).lookup(services.address(plugin, "git", name)).data


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository with a commit, two tags at it, and hooks that leave a trace."""
    folder = tmp_path_factory.mktemp("made") / "repository"
    folder.mkdir()
    run(folder, "init", "--quiet", "--initial-branch=main")
    (folder / "a").write_text("a")
    run(folder, "add", "a")
    run(folder, "commit", "--quiet", "--message=one")
    run(folder, "tag", "v1.9")
    run(folder, "tag", "v1.10")
    monitor = folder / ".git" / "hooks" / "trace"
    monitor.write_text(f"#!/bin/sh\ntouch {folder.parent}/trace\n")
    monitor.chmod(0o755)
    shutil.copy(monitor, folder / ".git" / "hooks" / "post-index-change")
    run(folder, "config", "core.fsmonitor", ".git/hooks/trace")
    return folder


@pytest.fixture
def repository(made: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(made, tmp_path / "repository"))


def test_what_is_known(repository: Path) -> None:
    commit = run(repository, "rev-parse", "HEAD")
    found = {name: lookup(repository, name) for name in ("commit", "short", "branch", "tag", "dirty")}
    assert found == {"commit": commit, "short": commit[:7], "branch": "main", "tag": "v1.10", "dirty": False}


def test_a_file_that_git_does_not_know_is_not_dirty_and_another_content_is(repository: Path) -> None:
    (repository / "b").write_text("b")
    assert lookup(repository, "dirty") is False
    (repository / "a").write_text("another text")
    assert lookup(repository, "dirty") is True


def test_no_hook_runs_and_nothing_is_written(repository: Path) -> None:
    index = repository / ".git" / "index"
    before = index.read_bytes()
    os.utime(repository / "a", (1, 1))  # so that a refreshed index would be another one
    assert lookup(repository, "dirty") is False
    assert index.read_bytes() == before
    assert not (repository.parents[1] / "trace").exists()
    assert list(repository.parent.iterdir()) == [repository]


def test_the_folder_is_asked_and_not_what_a_hook_of_another_repository_was_told(
    repository: Path, tmp_path: Path
) -> None:
    run(tmp_path, "init", "--quiet", "other")
    told = {"GIT_DIR": str(tmp_path / "other" / ".git"), "GIT_INDEX_FILE": ".git/nope", "GIT_WORK_TREE": "/"}
    assert lookup(repository, "commit", **told) == run(repository, "rev-parse", "HEAD")
    assert lookup(repository, "dirty", **told) is False


def test_a_repository_that_lies_in_the_folder_as_files_is_not_asked(tmp_path: Path) -> None:
    version = tuple(int(part) for part in run(tmp_path, "--version").split()[2].split(".")[:2])
    if version < (2, 38):
        pytest.skip("this git does not know safe.bareRepository")
    run(tmp_path, "init", "--quiet", "--bare", "planted")
    with pytest.raises(Unavailable, match="is a bare repository"):
        lookup(tmp_path / "planted", "branch", GIT_CEILING_DIRECTORIES=str(tmp_path))


@pytest.mark.parametrize(
    ("command", "name", "kind", "says"),
    [
        (["checkout", "--quiet", "--detach"], "branch", NotFound, "no branch is checked out"),
        (["tag", "--delete", "v1.9", "v1.10"], "tag", NotFound, "a shallow clone has no tags"),
        (
            ["commit", "--quiet", "--allow-empty", "--message=two"],
            "tag",
            NotFound,
            "the last tag before it is v1.10",
        ),
        (["update-ref", "-d", "HEAD"], "commit", NotFound, "has no commit yet"),
        (["update-ref", "-d", "HEAD"], "dirty", NotFound, "has no commit yet"),
        (["update-ref", "-d", "HEAD"], "tag", NotFound, "has no commit yet"),
    ],
)
def test_what_is_not_known(
    repository: Path, command: list[str], name: str, kind: type[ResolveError], says: str
) -> None:
    if command[0] == "commit":
        # The version sort would take either tag: of two commits only one has any.
        run(repository, "tag", "--delete", "v1.9")
    run(repository, *command)
    with pytest.raises(kind) as caught:
        lookup(repository, name)
    assert says in str(caught.value)
    assert caught.value.address == f"x {name}"


def test_no_repository_no_folder_and_no_git(tmp_path: Path) -> None:
    folder = tmp_path / "plain"
    folder.mkdir()
    with pytest.raises(Unavailable, match="is in no git repository\n  try: set dir of the git plugin"):
        lookup(folder, "commit", GIT_CEILING_DIRECTORIES=str(tmp_path))
    with pytest.raises(Unavailable, match="correct dir of the git plugin"):
        lookup(tmp_path / "none", "commit")
    with pytest.raises(Unavailable, match="git is not installed here"):
        lookup(folder, "commit", PATH=str(folder))


def test_a_repository_of_somebody_else(repository: Path) -> None:
    with pytest.raises(Denied, match=r"git config --global --add safe\.directory"):
        lookup(repository, "commit", GIT_TEST_ASSUME_DIFFERENT_OWNER="1")


@pytest.mark.parametrize(("name", "says"), [("comit", "did you mean commit?"), (3, "it knows commit, short")])
def test_names_that_are_none(name: Json, says: str) -> None:
    with pytest.raises(ConfigError) as caught:
        services.address(plugin, "git", name)
    assert says in str(caught.value)
