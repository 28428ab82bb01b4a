"""The source revision that a project's files are of: what git says, else what the environment does."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final

from reconciler.errors import ConfigError
from reconciler.load import folders

GIVEN: Final = "RECONCILER_REVISION"
"""The variable that counts before anything else."""
_BUILDS: Final = ("GITHUB_SHA", "CI_COMMIT_SHA", "CODEBUILD_RESOLVED_SOURCE_VERSION")
"""Where builds without a work tree name the commit: GitHub Actions, GitLab CI, CodeBuild (their manuals)."""
_COMMIT: Final = re.compile(r"[0-9a-f]{40}")


def of(folder: Path, files: Iterable[Path], environ: Mapping[str, str], left_out: str = "") -> str:
    """Give the commit that is checked out in a folder, with ``-dirty`` where a file below it differs, or one of the
    project's own `files` is not committed. Empty where nothing says it.

    Below `left_out`, the place of records, files change with every apply and do not count.
    """
    if given := environ.get(GIVEN):
        return given
    try:
        commit = folders.git(folder, "rev-parse", "--verify", "--quiet", "HEAD").strip()
        return f"{commit}-dirty" if _differs(folder, files, left_out) else commit
    except ConfigError:  # no work tree, no commit, or no git
        return next((environ[name] for name in _BUILDS if environ.get(name)), "")


def lacks(folder: Path, revision: str) -> bool:
    """Tell whether a folder's checkout is surely without a commit, as one is that is behind; with ``-dirty`` or not.

    Of a shallow clone, and of what is no hash, nobody can tell.
    """
    commit = revision.removesuffix("-dirty")
    if not _COMMIT.fullmatch(commit):  # a tag of AWS's, which anybody may have set
        return False
    try:
        folders.git(folder, "merge-base", "--is-ancestor", commit, "HEAD")
    except ConfigError:
        try:
            return folders.git(folder, "rev-parse", "--is-shallow-repository").strip() == "false"
        except ConfigError:
            return False
    return False


def _differs(folder: Path, files: Iterable[Path], left_out: str) -> bool:
    place = posixpath.normpath(left_out)
    inside = left_out and "://" not in left_out and not place.startswith(("/", "..")) and place != "."
    spec = [".", f":(exclude,literal){place}"] if inside else ["."]
    if folders.git(folder, "diff", "--no-ext-diff", "--name-only", "HEAD", "--", *spec):
        return True
    known = folders.git(folder, "ls-files", "-z", "--", ".").split("\0")
    own = [path.relative_to(folder) for path in files if path.is_relative_to(folder)]
    return any(path.as_posix() not in known for path in own if ".." not in path.parts)
