"""Finding project files below folders, as git sees them: what it ignores is none of the project's."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Final

from reconciler.errors import ConfigError, Where
from reconciler.load.project import NAMES

_RANKS: Final = {name: rank for rank, name in enumerate(NAMES)}
_PASSED_OVER: Final = frozenset({"node_modules", "vendor", "__pycache__"})
"""Folders that hold no projects of ours; nor do those whose names begin with a dot."""
_ELSEWHERE: Final = frozenset({"GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_PREFIX", "GIT_COMMON_DIR"})
"""Variables by which git, in a hook of its own, is led to another repository than the folder's."""


def projects(paths: Iterable[Path]) -> tuple[Path, ...]:
    """Give the project files that paths name: files as they are, of folders those in them and below, sorted.

    A folder's project file is the first of `NAMES`. ConfigError for a path that is not there, and where none is found.
    """
    found: dict[Path, None] = {}
    for path in paths:
        if path.is_dir():
            below = sorted(_in_folder(path))
            if not below:
                what = f"no project file is in {path} or below it; looked for {', '.join(NAMES)}"
                raise ConfigError(what, Where(str(path)))
            found |= dict.fromkeys(below)
        elif path.exists():
            found[path] = None
        else:
            raise ConfigError("there is no such file or folder", Where(str(path)))
    return tuple(found)


def changed(paths: Sequence[Path], since: str) -> tuple[Path, ...]:
    """Give the project files of which a file in their folder or below changed since a revision, or is not committed.

    ConfigError where git does not know the revision, or a project is in no work tree.
    """
    return tuple(path for path in paths if _moved(path, since))


def _moved(path: Path, since: str) -> bool:
    folder = path.parent
    listed = _git(
        folder,
        "diff",
        "--no-ext-diff",
        "--name-only",
        "--relative",
        "-z",
        "--end-of-options",
        since,
        "--",
        ".",
    )
    listed += _git(folder, "ls-files", "--others", "--exclude-standard", "-z", "--", ".")
    return bool(listed.strip("\0"))


def _in_folder(folder: Path) -> Iterator[Path]:
    """Give a folder's projects: of each folder in it the first of its project files."""
    first: dict[Path, Path] = {}
    for path in _files(folder):
        known = first.get(path.parent)
        if known is None or _RANKS[path.name] < _RANKS[known.name]:
            first[path.parent] = path
    yield from first.values()


def _files(folder: Path) -> Iterator[Path]:
    """Give the files below a folder that are called as project files are."""
    try:
        text = _git(folder, "ls-files", "--cached", "--others", "--exclude-standard", "-z", "--", ".")
    except ConfigError:  # no work tree, or no git: then nothing is ignored but what never counts
        yield from _walked(folder)
        return
    for name in text.split("\0"):
        path = folder / name
        if path.name in _RANKS and not _passed_over(Path(name).parts[:-1]) and path.is_file():
            yield path


def _walked(folder: Path) -> Iterator[Path]:
    for here, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if not _passed_over((name,))]
        yield from (Path(here) / name for name in names if name in _RANKS)


def _passed_over(parts: Sequence[str]) -> bool:
    return any(part.startswith(".") or part in _PASSED_OVER for part in parts)


def _git(folder: Path, *arguments: str) -> str:
    """Ask git. ConfigError with its own words where it cannot answer."""
    try:
        done = subprocess.run(  # noqa: S603 - no shell reads it
            ["git", "-c", "core.fsmonitor=false", "-C", str(folder), *arguments],  # noqa: S607 - the user's git
            capture_output=True,
            text=True,
            check=False,
            stdin=subprocess.DEVNULL,
            env={name: value for name, value in os.environ.items() if name not in _ELSEWHERE},
        )
    except OSError as error:
        raise ConfigError(f"git cannot be run: {error.strerror}") from error
    if done.returncode != 0:
        said = done.stderr.strip().splitlines()
        raise ConfigError(f"git: {said[0] if said else 'no answer'}", Where(str(folder)))
    return done.stdout
