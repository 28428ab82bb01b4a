"""Planning many projects at once: which ones, and what is shown of them."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from fnmatch import fnmatchcase
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from reconciler.cli import exits, forms, logs, options
from reconciler.errors import ConfigError

if TYPE_CHECKING:
    from reconciler.api import Project, Reconciler
    from reconciler.api.fleets import Done, Fleet
    from reconciler.api.surveys import Survey
    from reconciler.engine.options import Options
    from reconciler.load.discovery import Found
    from reconciler.render.fleets import Member

_ERASE: Final = "\r\x1b[K"


def choosing(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add the arguments and flags that choose projects; they come as one `Choice`, by the name `choice`."""

    def wrapper(*args: Any, **kwargs: Any) -> Any:
        chosen = Choice(
            paths=tuple(Path(path) for path in kwargs.pop("paths")),
            only=kwargs.pop("only"),
            exclude=kwargs.pop("exclude"),
            since=kwargs.pop("changed_since") or "",
            shard=kwargs.pop("shard"),
            at_once=kwargs.pop("parallelism"),
            common=kwargs["common"],
        )
        return function(*args, choice=chosen, **kwargs)

    from functools import update_wrapper

    update_wrapper(wrapper, function)
    decorated: Callable[..., Any] = wrapper
    for option in reversed((
        click.argument("paths", metavar="[PATH]...", nargs=-1, shell_complete=options.projects),
        click.option("--only", metavar="PATTERN", multiple=True, help="Only projects whose path or name fits (web*)."),
        click.option("--exclude", metavar="PATTERN", multiple=True, help="No projects whose path or name fits."),
        click.option("--changed-since", metavar="REV", help="Only projects that changed since a git revision."),
        click.option("--shard", metavar="I/N", callback=_shard, help="The I-th of N parts of the projects (1/4)."),
        click.option("--parallelism", type=click.IntRange(1, 64), default=8, help="How many at a time; 8."),
    )):  # fmt: skip
        decorated = option(decorated)
    return decorated


class Choice:
    """Which projects a command is about: none of several where no path is given."""

    def __init__(
        self,
        *,
        paths: Sequence[Path],
        only: Sequence[str],
        exclude: Sequence[str],
        since: str,
        shard: tuple[int, int] | None,
        at_once: int,
        common: options.Common,
    ) -> None:
        """Keep what is given."""
        self._given = tuple(paths)
        self._common = common
        self._found: dict[Path, Found] = {}
        self.only = tuple(only)
        self.exclude = tuple(exclude)
        self.since = since
        self.shard = shard
        self.at_once = at_once

    @property
    def name(self) -> str:
        """Say which projects were asked for, the same on every run; what changed since when is no part of it."""
        told = [*map(str, self.paths), *(f"only={each}" for each in self.only)]
        told += [f"exclude={each}" for each in self.exclude]
        told += ["shard={}/{}".format(*self.shard)] if self.shard is not None else []
        return " ".join(told)

    @cached_property
    def paths(self) -> tuple[Path, ...]:
        """Give the paths given, else the project file that the options name where it holds several services."""
        if self._given:
            return self._given
        from reconciler.load import discovery, project

        try:
            file = project.find(self._common.config, Path())
        except ConfigError:  # told by whoever needs one
            return ()
        return (file,) if discovery.several(file, options.surroundings(self._common)) else ()

    @property
    def named(self) -> bool:
        """Tell whether paths were given."""
        return bool(self._given)

    @property
    def several(self) -> bool:
        """Tell whether many projects are meant."""
        return bool(self.paths)

    def insist_on_one(self) -> None:
        """Refuse the flags that choose among projects where no path names any. click.UsageError."""
        for given, flag in (
            (self.only, "--only"),
            (self.exclude, "--exclude"),
            (self.since, "--changed-since"),
            (self.shard, "--shard"),
        ):
            if given and not self.paths:
                raise click.UsageError(f"{flag} chooses among projects: name their folder, `.` say")

    def everything(self) -> tuple[Path, ...]:
        """Find all projects, those that are not chosen too, by their labels. ConfigError where there is none."""
        from reconciler.load import discovery

        if not self._found:
            found = discovery.projects(self.paths, options.surroundings(self._common))
            self._found = {Path(each.label): each for each in found}
        return tuple(self._found)

    def declaring(self, *, trees: bool = False) -> tuple[Path, ...]:
        """Find all projects that may declare a service: of a file with several services every one, named or not.

        With `trees` also those of the work trees that they are in, whatever paths were given.
        """
        from reconciler.load import discovery, folders

        self.everything()
        places: dict[Path, None] = {each.path: None for each in self._found.values()}
        surroundings = options.surroundings(self._common)
        found = list(discovery.projects(places, surroundings))
        for top in sorted({folders.top(path.parent.resolve()) for path in places}) if trees else ():
            found += discovery.declaring(Path(os.path.relpath(top)), surroundings)
        known = {each.place for each in self._found.values()}
        for each in found:
            if each.place not in known:
                known.add(each.place)
                self._found[Path(each.label)] = each
        return tuple(self._found)

    def load(self, path: Path) -> Project:
        """Read a project that was found, by its label."""
        return options.project(self._common, self._found[path])

    def projects(self) -> tuple[Path, ...]:
        """Find the projects, by their labels. ConfigError where none is left."""
        from reconciler.load import discovery

        found = [
            path
            for path in self.everything()
            if (not self.only or _fits(self._found[path], self.only))
            and not _fits(self._found[path], self.exclude)
        ]
        if not found:
            from reconciler.load.services import listed

            hint = f"one of {listed([str(path) for path in self.everything()])}"
            raise ConfigError("no project is left after --only and --exclude", hint=hint)
        if self.since:
            surroundings = options.surroundings(self._common)
            moved = discovery.changed([self._found[path] for path in found], self.since, surroundings)
            found = [Path(each.label) for each in moved]
        if self.shard is not None:
            part, parts = self.shard
            found = found[part - 1 :: parts]
        return tuple(found)


def _fits(found: Found, patterns: Sequence[str]) -> bool:
    """Tell whether one of the patterns fits a project's label, name or path, or a folder of it (its name, too)."""
    names = [found.label, found.name, str(found.path), *(str(parent) for parent in found.path.parents)]
    if patterns:
        # What folders further up than here are called says nothing of it.
        from_here = Path(os.path.relpath(found.path.parent)).parts
        names += from_here if ".." not in from_here else ()
    return any(fnmatchcase(name, pattern.rstrip("/")) for name in names for pattern in patterns)


def _shard(_context: click.Context, _parameter: click.Parameter, value: str | None) -> tuple[int, int] | None:
    if value is None:
        return None
    first, sign, second = value.partition("/")
    if not (sign and first.isdigit() and second.isdigit() and 1 <= int(first) <= int(second)):
        raise click.BadParameter(f"{value!r} is not of the form I/N, such as 1/4")
    return int(first), int(second)


def opened(common: options.Common, choice: Choice, *, show_sensitive: bool = False) -> Fleet:
    """Open the projects that are chosen. ConfigError where there are none."""
    paths = choice.projects()
    from reconciler.aws.sessions import preload

    preload()
    from reconciler.api.fleets import Fleet

    return Fleet(
        paths,
        choice.load,
        profile=common.profile,
        region=common.region,
        assume_role_arn=common.assume_role_arn,
        show_sensitive=show_sensitive,
    )


def survey(fleet: Fleet, choice: Choice, *, trees: bool = False) -> Survey:
    """See what all projects declare, those that are not chosen too, with `trees` all in the work trees of theirs."""
    from reconciler.api import surveys

    return surveys.of(fleet, choice.declaring(trees=trees), at_once=choice.at_once)


def plan(
    common: options.Common,
    choice: Choice,
    wanted: Options,
    *,
    form: str,
    limit: int | None = None,
    strict: bool,
    show_sensitive: bool,
    detailed: bool,
) -> int:
    """Plan the projects that are chosen, and show the plans; give the exit code: one that failed makes it 1."""
    from reconciler.render import fleets

    sheet = forms.Sheet(common, choice.name, several=True, limit=limit)
    with forms.reporting(form, sheet), opened(common, choice, show_sensitive=show_sensitive) as fleet:
        owners: dict[tuple[str, str, str], list[str]] = {}

        def planned(reconciler: Reconciler) -> Member:
            path = str(reconciler.project.label)
            found = reconciler.plan(wanted, strict=strict)
            for unit in found.units:
                if unit.kind != "task_definition":  # a family may be run by several services
                    owners.setdefault((unit.account, unit.region, unit.address), []).append(path)
            return forms.member(form, path, reconciler, found)

        with progress() as told:
            members = [_member(each) for each in fleet.each(planned, at_once=choice.at_once, told=told)]
    for (_, _, address), paths in owners.items():
        if len(paths) > 1:
            logs.warning(
                f"{' and '.join(sorted(paths))} declare the same {address}: apply refuses to change it"
            )
    forms.show_several(form, members, sheet)
    kinds = fleets.kinds(members)
    if kinds["failed"]:
        return exits.ERROR
    return exits.CHANGES if detailed and (kinds["changed"] or kinds["deferred"]) else exits.OK


def _member(done: Done[Member]) -> Member:
    return done.result if done.result is not None else unplanned(done)


def unplanned(done: Done[Any]) -> Member:
    """Give a project that has no plan, with what is wrong with it."""
    from reconciler.render.fleets import Member

    assert done.error is not None
    masker = done.reconciler.masker if done.reconciler is not None else None
    return Member.failed(str(done.path), done.error, masker.leaf if masker is not None else str)


@contextmanager
def progress() -> Iterator[Callable[[int, int], None] | None]:
    """Give what shows on a terminal how far it is; None elsewhere."""
    if not logs.interactive():
        yield None
        return

    def told(done: int, of: int) -> None:
        sys.stderr.write(f"{_ERASE}Planned {done} of {of}…")
        sys.stderr.flush()

    try:
        yield told
    finally:
        sys.stderr.write(_ERASE)
        sys.stderr.flush()
