"""A plan as people read it: Terraform's symbols, only what changes, and why each value is what it is."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from reconciler.core.plans import Finding, Notice, Plan, Unit, Verb
from reconciler.records import dataclass
from reconciler.render import changes, rows, texts
from reconciler.render.styles import PLAIN, Style


@dataclass(frozen=True, slots=True)
class _Look:
    """How a verb is shown: its symbol, what is said of the resource, and what the closing line counts it as."""

    symbol: str
    sentence: str
    added: int = 0
    changed: int = 0
    destroyed: int = 0


_VERBS: Final = {
    Verb.NONE: _Look("", "does not change"),
    Verb.CREATE: _Look("+", "will be created", added=1),
    Verb.UPDATE: _Look("~", "will be updated", changed=1),
    Verb.REPLACE: _Look("-/+", "must be replaced", added=1, destroyed=1),
    Verb.DEFER: _Look("", "is deferred"),
}


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
    if value.deferred:
        return style.paint("bold", "Deferred.") + " Apply the Terraform plan, then plan again without it."
    if not value.changes and any(unit.rollout for unit in value.units):
        return (
            style.paint("bold", "No changes.") + " The files were sent as they are; see above how that goes."
        )
    if not value.changes:
        left_out = all(unit.kind == "service" for unit in value.units)
        more = " The task definition was not compared." if left_out else ""
        return style.paint("bold", "No changes.") + " What runs is what the files describe." + more
    looks = [_VERBS[unit.verb] for unit in value.units]
    counts = (
        f"{sum(look.added for look in looks)} to add",
        f"{sum(look.changed for look in looks)} to change",
        f"{sum(look.destroyed for look in looks)} to destroy",
    )
    return style.paint("bold", "Plan:") + f" {', '.join(counts)}."


def _unit(unit: Unit, style: Style) -> Iterator[str]:
    look = _VERBS[unit.verb]
    kind = unit.kind.replace("_", " ")
    effects = f" ({', '.join(unit.effects)})" if unit.effects else ""
    heading = f"# {unit.address}: {kind} {unit.name} {look.sentence}{effects}"
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
        place = f", at {awaited.where}" if awaited.where else ""
        yield style.paint("warn", texts.safe(f"#   waits for {awaited.address}{place}"))
    for finding in unit.noted:
        yield style.paint("dim", texts.safe(f"#   left alone: {_left(finding)}"))


def _left(finding: Finding) -> str:
    """Say what is live, what the file says instead, and why that is left so."""
    wanted = f", the file says {texts.quoted(finding.after)}" if finding.has_after else ""
    live = texts.quoted(finding.before) if finding.has_before else "not set"
    note = f" ({finding.note})" if finding.note else ""
    return f"{finding.address} is {live}{wanted}{note}"


def _notices(notices: Sequence[Notice], style: Style) -> Iterator[str]:
    for notice in notices:
        where = f"{notice.where}: " if notice.where else ""
        hint = f" ({notice.hint})" if notice.hint else ""
        yield style.paint("warn", "Warning:") + texts.safe(f" {where}{notice.what}{hint}")
    if notices:
        yield ""
