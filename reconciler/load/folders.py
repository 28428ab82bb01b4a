"""Files below a folder as git sees them, and which of them shells' patterns name."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from fnmatch import fnmatchcase
from pathlib import Path, PurePosixPath
from typing import Final

from reconciler.errors import ConfigError, Where
from reconciler.load.project import NAMES
from reconciler.plugin import unhooked

_RANKS: Final = {name: rank for rank, name in enumerate(NAMES)}
_PASSED_OVER: Final = frozenset({"node_modules", "vendor", "__pycache__", ".git"})
"""Folders that hold no projects of ours; nor do those whose names begin with a dot."""


def first(folder: Path) -> Path | None:
    """Give a folder's project file: the first of `NAMES` that there is."""
    return next((folder / name for name in NAMES if (folder / name).is_file()), None)


def firsts(names: Iterable[PurePosixPath]) -> Mapping[PurePosixPath, PurePosixPath]:
    """Give of each folder the first of its project files, by folder."""
    first: dict[PurePosixPath, PurePosixPath] = {}
    for name in names:
        if name.name in _RANKS:
            known = first.get(name.parent)
            if known is None or _RANKS[name.name] < _RANKS[known.name]:
                first[name.parent] = name
    return first


def below(folder: Path, *, hidden: bool = False) -> Iterator[PurePosixPath]:
    """Give the files below a folder, from there on; those in folders whose names begin with a dot where wanted."""
    try:
        text = git(folder, "ls-files", "--cached", "--others", "--exclude-standard", "-z", "--", ".")
    except ConfigError:  # no work tree, or no git: then nothing is ignored but what never counts
        yield from _walked(folder, hidden=hidden)
        return
    for name in map(PurePosixPath, filter(None, text.split("\0"))):
        if not _passed_over(name.parts[:-1], hidden=hidden):
            yield name


def left_out(folder: Path) -> tuple[PurePosixPath, ...]:
    """Give the files that a sparse checkout leaves out below a folder.

    ConfigError where there is one of which git cannot tell, not being installed or not trusting its owner.
    """
    try:
        text = git(folder, "ls-files", "--cached", "-t", "-z", "--", ".")
    except ConfigError:
        if (folder / ".git" / "info" / "sparse-checkout").exists():
            raise
        return ()
    return tuple(PurePosixPath(line[2:]) for line in text.split("\0") if line.startswith("S "))


def _walked(folder: Path, *, hidden: bool) -> Iterator[PurePosixPath]:
    for here, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if not _passed_over((name,), hidden=hidden)]
        where = PurePosixPath(Path(here).relative_to(folder).as_posix())
        yield from (where / name for name in names)


def _passed_over(parts: Sequence[str], *, hidden: bool) -> bool:
    return any(part in _PASSED_OVER or (part.startswith(".") and not hidden) for part in parts)


def fits(glob: str, name: PurePosixPath) -> bool:
    """Tell whether a pattern fits a path: as in a shell, and `**` for any number of folders, none among them."""
    return _fits(PurePosixPath(glob).parts, name.parts)


def _fits(parts: Sequence[str], names: Sequence[str]) -> bool:
    if not parts:
        return not names
    if parts[0] == "**":
        return any(_fits(parts[1:], names[count:]) for count in range(len(names) + 1))
    return bool(names) and fnmatchcase(names[0], parts[0]) and _fits(parts[1:], names[1:])


def top(folder: Path) -> Path:
    """Give how far up settings may stand that count in a folder: its work tree, else the working folder.

    Further up anybody might have left a file, in /tmp say, which would name plugins to run.
    """
    for each in (folder, *folder.parents):
        if (each / ".git").exists():
            return each
    here = Path.cwd()
    return here if folder.is_relative_to(here) else folder


def moved(folder: Path, spec: str, since: str) -> bool:
    """Tell whether a folder's files that a pathspec of git's names changed since a revision, or are not committed.

    ConfigError where git does not know the revision, and in no work tree.
    """
    listed = git(
        folder,
        "diff",
        "--no-ext-diff",
        "--name-only",
        "--relative",
        "-z",
        "--end-of-options",
        since,
        "--",
        spec,
    )
    listed += git(folder, "ls-files", "--others", "--exclude-standard", "-z", "--", spec)
    return bool(listed.strip("\0"))


def git(folder: Path, *arguments: str) -> str:
    """Ask git. ConfigError with its own words where it cannot answer."""
    import subprocess  # which takes longer to import than most runs, which ask git nothing, can spare

    try:
        done = subprocess.run(  # noqa: S603 - no shell reads it
            ["git", "-c", "core.fsmonitor=false", "-C", str(folder), *arguments],  # noqa: S607 - the user's git
            capture_output=True,
            text=True,
            check=False,
            stdin=subprocess.DEVNULL,
            env=unhooked(os.environ),
        )
    except OSError as error:
        raise ConfigError(f"git cannot be run: {error.strerror}") from error
    if done.returncode != 0:
        said = done.stderr.strip().splitlines()
        raise ConfigError(f"git: {said[0] if said else 'no answer'}", Where(str(folder)))
    return done.stdout
