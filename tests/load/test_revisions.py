"""The source revision that files are of: what git says of the project's folder, else what the environment does."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from reconciler.load import revisions


def git(folder: Path, *arguments: str) -> str:
    settings = ["-c", "user.name=t", "-c", "user.email=t@example.org", "-c", "init.defaultBranch=main"]
    done = subprocess.run(
        ["git", *settings, *arguments], cwd=folder, capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


def test_a_commit_and_what_makes_it_dirty(tmp_path: Path) -> None:
    folder = tmp_path / "web"
    folder.mkdir()
    project, task = folder / "reconciler.yml", folder / "task.json"
    project.write_text("a")
    (tmp_path / "other").write_text("a")
    git(tmp_path, "init", "-q")
    assert revisions.of(folder, [project], {"GITHUB_SHA": "abc"}) == "abc", "nothing is committed"
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "-qm", "x")
    commit = git(tmp_path, "rev-parse", "HEAD")
    (tmp_path / "other").write_text("b")
    (folder / "plan.json").write_text("nobody's")
    assert revisions.of(folder, [project], {"GITHUB_SHA": "abc"}) == commit
    task.write_text("{}")
    assert revisions.of(folder, [project, task], {}) == f"{commit}-dirty", "a definition is not committed"
    assert revisions.of(folder, [project, folder / "../other"], {}) == commit, "of no file of the folder's"
    git(tmp_path, "add", "web")
    git(tmp_path, "commit", "-qm", "y")
    commit = git(tmp_path, "rev-parse", "HEAD")
    project.touch()
    assert revisions.of(folder, [project, task], {}) == commit, "a time is no difference"
    (folder / ".applied").mkdir()
    (folder / ".applied/record.json").write_text("1")
    git(tmp_path, "add", "web")
    git(tmp_path, "commit", "-qm", "z")
    (folder / ".applied/record.json").write_text("2")
    commit = git(tmp_path, "rev-parse", "HEAD")
    for place in (".applied", "./.applied/"):
        assert revisions.of(folder, [project], {}, place) == commit
    for place in ("s3://bucket/x", "../../elsewhere", "/elsewhere", "."):
        assert revisions.of(folder, [project], {}, place) == f"{commit}-dirty"
    assert revisions.of(folder, [project], {"RECONCILER_REVISION": "v1.2"}) == "v1.2"


@pytest.mark.parametrize(
    ("environ", "expected"),
    [
        ({}, ""),
        ({"CI_COMMIT_SHA": "b", "GITHUB_SHA": "a"}, "a"),
        ({"CODEBUILD_RESOLVED_SOURCE_VERSION": "c"}, "c"),
        ({"RECONCILER_REVISION": "", "CI_COMMIT_SHA": "b"}, "b"),
    ],
)
def test_without_git_the_environment_says_it(tmp_path: Path, environ: dict[str, str], expected: str) -> None:
    assert revisions.of(tmp_path, [tmp_path / "reconciler.yml"], environ) == expected


def test_which_commits_a_checkout_lacks(tmp_path: Path) -> None:
    for name in ("here", "there"):
        git(tmp_path, "init", "-q", name)
        git(tmp_path / name, "commit", "-qm", name, "--allow-empty")
    here, there = (git(tmp_path / name, "rev-parse", "HEAD") for name in ("here", "there"))
    folder = tmp_path / "here"
    git(folder, "checkout", "-qb", "other")
    git(folder, "commit", "-qm", "other", "--allow-empty")
    branch = git(folder, "rev-parse", "HEAD")
    git(folder, "checkout", "-q", "-")
    lacking = [
        revisions.lacks(folder, each) for each in (here, f"{there}-dirty", branch, "v1.2", "--all", "")
    ]
    assert lacking == [False, True, True, False, False, False]
    assert not revisions.lacks(tmp_path, there), "there is no checkout"
