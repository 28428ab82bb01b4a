"""Plans as GitHub's workflow commands: what is wrong and what changes, shown beside the lines that say it.

A command is one line, ``::error file=…,line=…,col=…,title=…::message``
(docs.github.com/actions/reference/workflow-commands-for-github-actions). How its parts are escaped is said by the code
of GitHub's own toolkit (actions/toolkit, packages/core/src/command.ts).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Final, TypeAlias

from reconciler.core.plans import Notice, Unit, Verb
from reconciler.errors import Where
from reconciler.render import changes, human, rows, texts
from reconciler.render.fleets import Member
from reconciler.render.styles import PLAIN

# How many rows of a unit's changes an annotation shows, and how much of each.
_ROWS: Final = 20
_WIDTH: Final = 200

# GitHub shows the first ten of each in a step (github.com/orgs/community/discussions/26680).
_LEVELS: Final = ("error", "warning", "notice")

Told: TypeAlias = "tuple[str, str, str, Where | None]"
"""Level, title, message and place of what is to be said."""


def commands(members: Sequence[Member], located: Callable[[str], str] = str) -> str:
    """Write a command for each thing to say, errors first; nothing where there is nothing to say.

    `located` gives a file's path as from the root of the repository.
    """
    return ordered((each for member in members for each in _member(member)), located)


def ordered(told: Iterable[Told], located: Callable[[str], str] = str) -> str:
    """Write a command for each of what is told, errors first."""
    told = list(told)
    return "".join(
        command(level, title, message, where, located)
        for level in _LEVELS
        for its_level, title, message, where in told
        if its_level == level
    )


def _member(member: Member) -> Iterator[Told]:
    """Give all there is to say of a project."""
    for notice in member.wrong:
        yield "error", member.path, said(notice), notice.where
    if member.plan is None:
        return
    for notice in member.plan.refusals:
        yield "error", f"{member.path}: refused", said(notice), notice.where
    for notice in member.plan.notices:
        yield "warning", member.path, said(notice), notice.where
    for unit in member.plan.units:
        if unit.rollout:
            yield "warning", unit.address, unit.rollout, None
        if unit.verb is Verb.DEFER:
            message = "\n".join([human.becomes(unit), *map(human.waits, unit.awaits)])
            first = next((awaited.where for awaited in unit.awaits if awaited.where), None)
            yield "warning", unit.address, message, first
        elif unit.verb is not Verb.NONE:
            yield "notice", unit.address, _changed(unit), member.places.get(unit.address)


def said(notice: Notice) -> str:
    """Write a notice with the way out below it."""
    return notice.what + (f"\ntry: {notice.hint}" if notice.hint else "")


def _changed(unit: Unit) -> str:
    """Say what becomes of a unit, with its changes as a plan for people shows them."""
    found = [row for finding in unit.changes for row in changes.rows(finding)]
    shown = [texts.cut(line, _WIDTH) for line in rows.lines(found[:_ROWS], PLAIN)]
    more = [f"    … and {len(found) - _ROWS} more lines"] if len(found) > _ROWS else []
    return "\n".join([human.becomes(unit), *shown, *more])


def command(
    level: str, title: str, message: str, where: Where | None = None, located: Callable[[str], str] = str
) -> str:
    """Write one command, with the line feed behind it. `level` is ``error``, ``warning`` or ``notice``."""
    given: list[tuple[str, str | int]] = []
    if where is not None:
        given.append(("file", located(where.path)))
        given += [("line", where.line), ("col", where.column)] if where.line else []
    given.append(("title", texts.cut(title, _WIDTH)))
    properties = ",".join(f"{name}={_property(str(value))}" for name, value in given)
    lines = "\n".join(map(texts.safe, message.split("\n")))
    return f"::{level} {properties}::{_data(lines)}\n"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(texts.safe(text)).replace(":", "%3A").replace(",", "%2C")
