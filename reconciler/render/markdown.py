"""Plans as a comment on a pull request: GitHub's Markdown, in which no text of a plan can mean anything.

Takes projects with their plans. Gives a comment of at most so many characters. Whatever comes from files or AWS stands
in a code span, in a fence that is longer than any run of backticks in it, or escaped inside ``<code>``: it makes no
markup, mentions nobody and refers to no issue.
"""

from __future__ import annotations

import hashlib
import html
import re
import shlex
import textwrap
from collections.abc import Iterable, Iterator, Sequence
from typing import Final
from urllib.parse import quote

from reconciler.core.plans import Unit
from reconciler.errors import Refused
from reconciler.render import changes, fleets, human, rows, texts
from reconciler.render.fitting import Block, fitted
from reconciler.render.fleets import Member

LIMIT: Final = 65_536
"""How many characters GitHub takes in a comment ("Body is too long (maximum is 65536 characters)")."""
LEAST: Final = 4_096
"""The least limit: what is never cut has to fit."""

_NAME: Final = 200
_MARKER: Final = 300
_WRAP: Final = 100
# GitHub paints a line of a `diff` block by its first character; what changes in place has `!`.
_SYMBOLS: Final = {"~": "!"}


def marker(name: str, command: str = "plan") -> str:
    """Write the comment that nobody sees, and by which a bot finds what to replace."""
    # A comment ends at `-->`, and older parsers take no `--` in one.
    written = quote(name, safe=" /._*?[]=,@~+:", errors="backslashreplace").replace("--", "-%2D")
    if len(written) > _MARKER:
        written = f"{written[: _MARKER - 17]}-{hashlib.sha256(written.encode()).hexdigest()[:16]}"
    return f"<!-- reconciler {command} {written} -->"


def comment(members: Sequence[Member], name: str, *, several: bool, limit: int = LIMIT) -> str:
    """Write a comment, at most `limit` characters long (`LEAST` or more).

    `name` says what was planned: one project's file, or how `several` were chosen.
    """
    lead = f"{marker(name)}\n### {code(name)}: {_summary(members, several=several)}\n"
    first = [
        block
        for block in (_failures(members, several), _warnings(members, several), _table(members, several))
        if block is not None
    ]
    details = [
        block
        for member in members
        for unit in (member.plan.units if member.plan is not None else ())
        if (block := _details(member, unit, several=several)) is not None
    ]
    return lead + fitted(first, details, limit - len(lead))


def _summary(members: Sequence[Member], *, several: bool) -> str:
    if several:
        return fleets.summary(members)
    plan = members[0].plan
    return "there is no plan." if plan is None else human.summary(plan).removeprefix("Plan: ")


def _failures(members: Iterable[Member], several: bool) -> Block | None:
    said = []
    for member in members:
        refused = member.plan.refusals if member.plan is not None else ()
        found = [str(Refused(notice.what, notice.where, notice.hint)) for notice in refused]
        said += [
            texts.about(member.path, text) if several else text for text in (member.error, *found) if text
        ]
    return alert("CAUTION", "messages", said)


def _warnings(members: Iterable[Member], several: bool) -> Block | None:
    said = []
    for member in members:
        if member.plan is None:
            continue
        found = [human.told(notice) for notice in member.plan.notices]
        for unit in member.plan.units:
            found += [f"{unit.address}: {unit.rollout}"] if unit.rollout else []
            found += [f"{unit.address} {human.waits(awaited)}" for awaited in unit.awaits]
        said += [f"{member.path}: {text}" if several else text for text in found]
    return alert("WARNING", "warnings", said)


def alert(kind: str, noun: str, said: Sequence[str]) -> Block | None:
    """Write messages as they stand, in the frame that GitHub gives to what must not be missed."""
    if not said:
        return None
    lines = [line for text in said for line in _wrapped(text)]
    ticks = fence(lines)
    return Block(
        head=f"\n> [!{kind}]\n",
        opening=f"> {ticks}text\n",
        lines=tuple(f"> {line}\n" for line in lines),
        closing=f"> {ticks}\n",
        note=f"> _Left out: {{left}} of {{all}} lines of {noun}, for want of room._\n",
    )


def _wrapped(text: str) -> Iterator[str]:
    """Break what is longer than a comment is wide; what is indented is an excerpt, and stays."""
    for line in map(texts.safe, text.split("\n")):
        if len(line) <= _WRAP or line.startswith(" "):
            yield line
        else:
            yield from textwrap.wrap(
                line, _WRAP, subsequent_indent="    ", break_long_words=False, break_on_hyphens=False
            )


def _table(members: Iterable[Member], several: bool) -> Block | None:
    lines = tuple(
        f"| {' | '.join(_cells(member, unit, several))} |\n"
        for member in members
        for unit in (member.plan.units if member.plan is not None else ())
        if human.speaks(unit)
    )
    return table(["", *(["project"] if several else []), "unit", "what happens"], lines, "units")


def table(names: Sequence[str], lines: Sequence[str], noun: str) -> Block | None:
    """Write a table of rows that are written already; none without rows."""
    if not lines:
        return None
    return Block(
        head="\n",
        opening=f"| {' | '.join(names)} |\n|{'---|' * len(names)}\n",
        lines=tuple(lines),
        closing="",
        note=f"\n_Left out: {{left}} of {{all}} {noun}, for want of room._\n",
    )


def _cells(member: Member, unit: Unit, several: bool) -> Iterator[str]:
    symbol = human.VERBS[unit.verb].symbol
    yield f"`{symbol}`" if symbol else ""
    if several:
        yield code(member.path)
    yield code(unit.address)
    yield words(human.becomes(unit))


def _details(member: Member, unit: Unit, *, several: bool) -> Block | None:
    """Write what differs in a unit, folded."""
    lines = list(_lines(unit))
    if not lines:
        return None
    count = f"{len(unit.changes)} change{'' if len(unit.changes) == 1 else 's'}"
    told = count if unit.changes else f"{len(unit.noted)} left alone"
    return folded("plan", member.path, unit.address, told, lines, several=several)


def folded(command: str, project: str, unit: str, told: str, lines: Sequence[str], *, several: bool) -> Block:
    """Write rows below a line that unfolds them: the unit, of several projects the project too, and what is told of it.

    `command` for the project shows what is left out.
    """
    ticks = fence(lines)
    named = " ".join(
        f"<code>{html.escape(short(name))}</code>" for name in ((project, unit) if several else (unit,))
    )
    whole = code(f"reconciler {command} --config {shlex.quote(project)}")
    return Block(
        head=f"\n<details><summary>{named}: {told}</summary>\n\n",
        opening=f"{ticks}diff\n",
        lines=tuple(f"{line}\n" for line in lines),
        closing=f"{ticks}\n\n",
        note=f"_Left out: {{left}} of {{all}} lines. {whole} shows them all._\n\n",
        foot="</details>\n",
    )


def _lines(unit: Unit) -> Iterator[str]:
    """Give the rows of a unit's changes, each with its symbol where a diff has it."""
    if unit.live and (unit.changes or unit.noted):
        yield texts.safe(f"# compared with {unit.live}")
    yield from diff([row for finding in unit.changes for row in changes.rows(finding)])
    for finding in unit.noted:
        yield texts.safe(f"# left alone: {human.left(finding)}")


def diff(found: Sequence[rows.Row]) -> Iterator[str]:
    """Write rows as lines of a `diff` block."""
    for symbol, text in rows.diff(found):
        yield f"{_SYMBOLS.get(symbol, symbol)}{text}".rstrip()


def fence(lines: Iterable[str]) -> str:
    """Give a fence that nothing in the lines closes."""
    return "`" * max(3, 1 + max((len(run) for line in lines for run in re.findall("`+", line)), default=0))


def short(text: str) -> str:
    """Cut a text to what a heading has room for."""
    return texts.cut(texts.safe(text), _NAME)


def words(text: str) -> str:
    """Write words of ours as they are; as code what has anything else in it."""
    return text if re.fullmatch(r"[A-Za-z0-9 ,.()]*", text) and len(text) <= _NAME else code(text)


def code(text: str) -> str:
    """Write a text as code; in a table too, where a bar would end the cell."""
    text = short(text)
    if "|" in text or not text.strip():
        return f"<code>{_encoded(text)}</code>"
    ticks = "`" * (1 + max((len(run) for run in re.findall("`+", text)), default=0))
    padded = text.startswith(("`", " ")) or text.endswith(("`", " "))
    return f"{ticks} {text} {ticks}" if padded else f"{ticks}{text}{ticks}"


def _encoded(text: str) -> str:
    """Write a text so that no character of it means anything in Markdown, in a table or in HTML."""
    return "".join(
        character if character.isalnum() or character in " ,.()" else f"&#{ord(character)};"
        for character in text
    )
