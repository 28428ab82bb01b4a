"""Asking git about a checkout, without hooks, pagers, prompts, the network or anything written.

`git status` would refresh the index, which GIT_OPTIONAL_LOCKS forbids, and run the repository's file system monitor,
which is off. What it does run are the clean filters that the user's configuration, or that of the checkout, has for the
attributes of a changed file (Git LFS, say): without them it could not tell whether the content differs (git-status(1),
gitattributes(5)). Objects that a partial clone lacks are not fetched, where git knows GIT_NO_LAZY_FETCH (2.45), and a
bare repository, which may lie among the files of another, is not asked (git-config(1), safe.bareRepository, from 2.38).
"""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

from reconciler.plugin import (
    Address,
    Denied,
    Json,
    NotFound,
    Remembering,
    ResolveError,
    Source,
    Unavailable,
    Value,
    unhooked,
)

_QUIETLY: Final = (
    *("git", "--no-pager", "-c", "core.fsmonitor=false", "-c", "core.hooksPath=/dev/null"),
    *("-c", "safe.bareRepository=explicit"),
)
_VARIABLES: Final = {
    "LC_ALL": "C",
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_NO_LAZY_FETCH": "1",
}
_SECONDS: Final = 60


class CheckoutResolver(Remembering):
    """Answers addresses by git."""

    def __init__(self, folder: Path, environ: Mapping[str, str]) -> None:
        """Look in a folder. Nothing is read yet."""
        super().__init__()
        self.folder = folder
        self._environ = {**unhooked(environ), **_VARIABLES}

    def read(self, address: Address, /) -> Value:
        """Give one thing that is known of the checkout."""
        reader = READERS.get(address.path)
        if reader is None:
            hint = f"it knows {', '.join(READERS)}"
            raise NotFound(f"git knows no {address.path}", hint=hint, address=str(address))
        try:
            return Value(reader(self), source=Source(str(self.folder)))
        except ResolveError as error:
            error.address = str(address)
            raise

    def run(self, *arguments: str) -> str | None:
        """Give what git prints, None where it ends with a failure of the command's own."""
        try:
            done = subprocess.run(  # noqa: S603 - nothing of it is anybody's but this module's
                [*_QUIETLY, *arguments],
                cwd=self.folder,
                env=self._environ,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                timeout=_SECONDS,
                check=False,
            )
        except FileNotFoundError as error:
            if error.filename == str(self.folder) or not self.folder.is_dir():
                raise Unavailable(
                    f"there is no folder {self.folder}", hint="correct dir of the git plugin"
                ) from None
            hint = "install git, or pass what it says by a variable and env"
            raise Unavailable("git is not installed here", hint=hint) from None
        except OSError as error:
            raise Unavailable(f"git cannot be run: {error.strerror}") from None
        except subprocess.TimeoutExpired:
            raise Unavailable(f"git {arguments[0]} did not end within {_SECONDS} seconds") from None
        if done.returncode == 0:
            return done.stdout.decode(errors="replace").strip()
        self._explain(done.stderr.decode(errors="replace"))
        return None

    def _explain(self, said: str) -> None:
        """Raise what is wrong with the repository, if that is what git complains of."""
        if "dubious ownership" in said:
            raise Denied(
                f"git does not trust the repository of {self.folder}: it belongs to another user",
                hint=f"git config --global --add safe.directory {self.folder}",
            )
        if "bare repository" in said:
            raise Unavailable(
                f"{self.folder} is a bare repository, in which nothing is checked out",
                hint="set dir of the git plugin to a checkout",
            )
        if "not a git repository" in said:
            hint = "set dir of the git plugin to a checkout, or pass the value by a variable and env"
            raise Unavailable(f"{self.folder} is in no git repository", hint=hint)


def _commit(checkout: CheckoutResolver) -> Json:
    return _head(checkout, "--verify", "--quiet", "HEAD^{commit}")


def _short(checkout: CheckoutResolver) -> Json:
    return _head(checkout, "--short", "HEAD")


def _head(checkout: CheckoutResolver, *arguments: str) -> str:
    found = checkout.run("rev-parse", *arguments)
    if not found:
        raise NotFound(f"the repository of {checkout.folder} has no commit yet", hint="git commit")
    return found


def _branch(checkout: CheckoutResolver) -> Json:
    found = checkout.run("symbolic-ref", "--short", "--quiet", "HEAD")
    if not found:
        raise NotFound(
            f"no branch is checked out in {checkout.folder}, but a commit",
            hint="CI knows the branch: env `GITHUB_REF_NAME`, env `CI_COMMIT_BRANCH`; or git switch BRANCH",
        )
    return found


def _tag(checkout: CheckoutResolver) -> Json:
    _head(checkout, "--verify", "--quiet", "HEAD^{commit}")
    found = (checkout.run("tag", "--points-at", "HEAD", "--sort=-version:refname") or "").splitlines()
    if not found:
        last = checkout.run("describe", "--tags", "--abbrev=0")
        near = f"; the last tag before it is {last}" if last else ""
        hint = "git tag NAME; a shallow clone has no tags: git fetch --tags"
        raise NotFound(f"no tag points at what is checked out in {checkout.folder}{near}", hint=hint)
    return found[0]


def _dirty(checkout: CheckoutResolver) -> Json:
    _head(checkout, "--verify", "--quiet", "HEAD^{commit}")
    found = checkout.run("status", "--porcelain", "--untracked-files=no")
    if found is None:
        raise Unavailable(f"git status fails in {checkout.folder}", hint="run it there to see why")
    return bool(found)


READERS: Final[Mapping[str, Callable[[CheckoutResolver], Json]]] = {
    "commit": _commit,
    "short": _short,
    "branch": _branch,
    "tag": _tag,
    "dirty": _dirty,
}
"""What is known of a checkout, by name."""
