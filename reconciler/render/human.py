"""A plan as people read it: Terraform's symbols, only what changes, and why each value is what it is."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from reconciler.core.plans import Awaited, Finding, Notice, Plan, Unit, Verb
from reconciler.records import dataclass
from reconciler.render import changes, rows, texts
from reconciler.render.styles import PLAIN, Style


@dataclass(frozen=True, slots=True)
class Look:
    """How a verb is shown: its symbol, what is said of the resource, and what the closing line counts it as."""

    symbol: str
    sentence: str
    added: int = 0
    changed: int = 0
    destroyed: int = 0


VERBS: Final = {
    Verb.NONE: Look("", "does not change"),
    Verb.CREATE: Look("+", "will be created", added=1),
    Verb.UPDATE: Look("~", "will be updated", changed=1),
    Verb.REPLACE: Look("-/+", "must be replaced", added=1, destroyed=1),
    Verb.DEFER: Look("", "is deferred"),
}
"""How each verb is shown, in every format for people."""


def plan(value: Plan, style: Style = PLAIN, *, same: str = "") -> str:
    """Write a plan; see `summary`."""
    lines: list[str] = []
    for unit in value.units:
        if speaks(unit):
            lines += [*_unit(unit, style), ""]
    lines += _notices(value.notices, style)
    lines.append(summary(value, style, same=same))
    return "\n".join(lines) + "\n"


def summary(value: Plan, style: Style = PLAIN, *, same: str = "") -> str:
    """Write the closing line; `same` is what to say where there is nothing to do and no file was read."""
    if value.deferred:
        return style.paint("bold", "Deferred.") + " Apply the Terraform plan, then plan again without it."
    if not value.changes and any(unit.rollout for unit in value.units):
        return (
            style.paint("bold", "No changes.") + " The files were sent as they are; see above how that goes."
        )
    if not value.changes and value.refusals:
        return style.paint("bold", "Refused.") + " Nothing can be sent as it is asked for."
    if not value.changes and same:
        return f"{style.paint('bold', 'No changes.')} {same}"
    if not value.changes:
        left_out = all(unit.kind == "service" for unit in value.units)
        more = " The task definition was not compared." if left_out else ""
        return style.paint("bold", "No changes.") + " What runs is what the files describe." + more
    looks = [VERBS[unit.verb] for unit in value.units]
    counts = (
        f"{sum(look.added for look in looks)} to add",
        f"{sum(look.changed for look in looks)} to change",
        f"{sum(look.destroyed for look in looks)} to destroy",
    )
    return style.paint("bold", "Plan:") + f" {', '.join(counts)}."


def speaks(unit: Unit) -> bool:
    """Tell whether there is anything to say of a unit."""
    return unit.verb is not Verb.NONE or bool(unit.noted or unit.rollout)


def becomes(unit: Unit) -> str:
    """Say what becomes of a unit, and what AWS will do: ``will be updated (a new revision)``."""
    effects = f" ({', '.join(unit.effects)})" if unit.effects else ""
    return f"{VERBS[unit.verb].sentence}{effects}"


def _unit(unit: Unit, style: Style) -> Iterator[str]:
    look = VERBS[unit.verb]
    heading = f"# {unit.address}: {unit.kind.replace('_', ' ')} {unit.name} {becomes(unit)}"
    yield style.paint("bold", texts.safe(heading))
    if unit.live:
        yield style.paint("dim", texts.safe(f"#   compared with {unit.live}"))
    if unit.rollout:
        yield style.paint("warn", texts.safe(f"#   {unit.rollout}"))
    if unit.changes:
        yield f"{rows.mark(look.symbol, style)} {unit.kind} {texts.quoted(unit.name)} {{"
        yield from rows.lines([row for finding in unit.changes for row in changes.rows(finding)], style)
        yield "  }"
    for awaited in unit.awaits:
        yield style.paint("warn", texts.safe(f"#   {waits(awaited)}"))
    for finding in unit.noted:
        yield style.paint("dim", texts.safe(f"#   left alone: {left(finding)}"))


def waits(awaited: Awaited) -> str:
    """Say what a unit waits for, and what uses it."""
    place = f", at {awaited.where}" if awaited.where else ""
    return f"waits for {awaited.address}{place}"


def left(finding: Finding) -> str:
    """Say what is live, what the file says instead, and why that is left so."""
    wanted = f", the file says {texts.quoted(finding.after)}" if finding.has_after else ""
    live = texts.quoted(finding.before) if finding.has_before else "not set"
    note = f" ({finding.note})" if finding.note else ""
    return f"{finding.address} is {live}{wanted}{note}"


def _notices(notices: Sequence[Notice], style: Style) -> Iterator[str]:
    for notice in notices:
        yield style.paint("warn", "Warning:") + texts.safe(f" {told(notice)}")
    if notices:
        yield ""


def told(notice: Notice) -> str:
    """Write a notice with its place before it and the way out behind it."""
    where = f"{notice.where}: " if notice.where else ""
    hint = f" ({notice.hint})" if notice.hint else ""
    return f"{where}{notice.what}{hint}"
