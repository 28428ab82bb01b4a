"""A plan as people read it: Terraform's symbols, only what changes, and why each value is what it is."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from reconciler.core import pointers
from reconciler.core.diffs import Action
from reconciler.core.plans import Finding, Notice, Plan, Reason, Unit, Verb
from reconciler.core.values import Json
from reconciler.render.styles import PLAIN, Style

_SYMBOLS: Final = {Action.ADD: "+", Action.REMOVE: "-", Action.REPLACE: "~"}
_ROLES: Final = {"+": "add", "-": "remove", "~": "change"}
_VERBS: Final = {Verb.CREATE: "+", Verb.UPDATE: "~"}


def plan(value: Plan, style: Style = PLAIN) -> str:
    """Write a plan."""
    lines: list[str] = []
    for unit in value.units:
        if unit.verb is not Verb.NONE or unit.noted or unit.rollout:
            lines += [*_unit(unit, style), ""]
    lines += _notices(value.notices, style)
    lines.append(summary(value, style))
    return "\n".join(lines) + "\n"


def summary(value: Plan, style: Style = PLAIN) -> str:
    """Write the closing line."""
    if not value.changes and any(unit.rollout for unit in value.units):
        return (
            style.paint("bold", "No changes.") + " The files were sent as they are; see above how that goes."
        )
    if not value.changes:
        left_out = all(unit.kind == "service" for unit in value.units)
        more = " The task definition was not compared." if left_out else ""
        return style.paint("bold", "No changes.") + " What runs is what the files describe." + more
    counts = {verb: sum(unit.verb is verb for unit in value.units) for verb in Verb}
    counted = f"{counts[Verb.CREATE]} to add, {counts[Verb.UPDATE]} to change, 0 to destroy."
    return style.paint("bold", "Plan:") + " " + counted


def _unit(unit: Unit, style: Style) -> Iterator[str]:
    kind = unit.kind.replace("_", " ")
    what = {
        Verb.CREATE: f"{kind} {unit.name} will be created",
        Verb.UPDATE: f"{kind} {unit.name} will be updated",
        Verb.NONE: f"{kind} {unit.name} does not change",
    }[unit.verb]
    effects = f" ({', '.join(unit.effects)})" if unit.effects else ""
    yield style.paint("bold", f"# {unit.address}: {what}{effects}")
    if unit.live:
        yield style.paint("dim", f"#   compared with {unit.live}")
    if unit.rollout:
        yield style.paint("warn", f"#   {unit.rollout}")
    if unit.changes:
        symbol = _VERBS[unit.verb]
        yield f"{style.paint(_ROLES[symbol], symbol)} {unit.kind} {json.dumps(unit.name)} {{"
        yield from _aligned([row for finding in unit.changes for row in _finding(finding, style)], style)
        yield "  }"
    for finding in unit.noted:
        yield style.paint(
            "dim", f"#   not in the file and left alone: {finding.address} = {_text(finding.before)}"
        )


# A row is a line and the reason that is written behind it.
Row = tuple[str, str]


def _aligned(rows: Sequence[Row], style: Style) -> Iterator[str]:
    """Write reasons in one column, unless the line is too long for it."""
    column = max((_width(line) for line, reason in rows if reason and _width(line) <= 90), default=0)
    for line, reason in rows:
        pad = " " * max(0, column - _width(line))
        yield f"{line}{pad}  {style.paint('dim', '# ' + reason)}" if reason else line


def _width(line: str) -> int:
    visible = 0
    escaped = False
    for character in line:
        if character == "\x1b":
            escaped = True
        elif escaped:
            escaped = character != "m"
        else:
            visible += 1
    return visible


def _finding(finding: Finding, style: Style) -> Iterator[Row]:
    symbol = _SYMBOLS[finding.action]
    mark = style.paint(_ROLES[symbol], symbol)
    if finding.action is Action.REPLACE:
        after = str(finding.after) if finding.unknown else _text(finding.after)
        yield f"    {mark} {finding.address} = {_text(finding.before)} -> {after}", _why(finding.reasons)
        return
    value = finding.after if finding.action is Action.ADD else finding.before
    if finding.unknown:
        yield f"    {mark} {finding.address} = {finding.after}", ""
        return
    yield from _value(finding.address, value, finding.reasons, "", symbol, style, depth=0)


def _value(
    name: str, value: Json, reasons: Sequence[Reason], pointer: str, symbol: str, style: Style, *, depth: int
) -> Iterator[Row]:
    """Write an added or removed value: a scalar on its line, an object or a list of objects as a block."""
    mark = style.paint(_ROLES[symbol], symbol)
    indent = "    " + "    " * depth
    label = f"{name} = " if name else ""
    members = _members(value)
    if not members:
        inner = [reason for reason in reasons if _within(reason.pointer, pointer)]
        gone = " -> null" if symbol == "-" and depth == 0 else ""
        yield f"{indent}{mark} {label}{_text(value)}{gone}", _why(inner)
        return
    brackets = "{}" if isinstance(value, dict) else "[]"
    yield (
        f"{indent}{mark} {label}{brackets[0]}",
        _why(reason for reason in reasons if reason.pointer == pointer),
    )
    for key, member in members:
        below = pointer + pointers.text((key,))
        called = "" if isinstance(key, int) else _name(key)
        yield from _value(called, member, reasons, below, symbol, style, depth=depth + 1)
    yield f"{indent}  {brackets[1]}", ""


def _within(inner: str, pointer: str) -> bool:
    return inner == pointer or inner.startswith(pointer + "/")


def _members(value: Json) -> list[tuple[str | int, Json]]:
    """Give the members that stand on lines of their own: an object's, and those of a list that holds objects."""
    if isinstance(value, dict):
        return list(value.items())
    if isinstance(value, list | tuple) and any(isinstance(member, dict | list) for member in value):
        return list(enumerate(value))
    return []


def _name(key: str) -> str:
    return key if key.isidentifier() else json.dumps(key, ensure_ascii=False)


def _text(value: Json) -> str:
    return json.dumps(value, ensure_ascii=False)


def _why(reasons: Iterable[Reason]) -> str:
    said: dict[str, None] = {}
    for reason in reasons:
        source = reason.source
        named, version = str(reason.address), ""
        if source is not None and source.label:
            named = f"{reason.address.resolver} {source.label}"
        if source is not None and source.version:
            version = f", {'serial' if source.lineage else 'version'} {source.version}"
        said[f"{named}{version}"] = None
    return "; ".join(said)


def _notices(notices: Sequence[Notice], style: Style) -> Iterator[str]:
    for notice in notices:
        where = f"{notice.where}: " if notice.where else ""
        hint = f" ({notice.hint})" if notice.hint else ""
        yield style.paint("warn", "Warning:") + f" {where}{notice.what}{hint}"
    if notices:
        yield ""
