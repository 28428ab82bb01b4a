"""Drift as people read it, and as JSON: each difference with the one who moved."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import field
from datetime import UTC, datetime
from typing import Final

from reconciler.core.drifts import Cause, Change, Drift, Moved, Severity
from reconciler.core.plans import Notice
from reconciler.core.strays import Place, Unmanaged
from reconciler.core.values import Json
from reconciler.errors import Where
from reconciler.records import dataclass
from reconciler.render import failures, strays, texts
from reconciler.render.styles import PLAIN, Style

FORMAT: Final = 1
"""The version of the JSON form."""
_SAID: Final[Mapping[Cause | None, str]] = {
    Cause.CONFIGURATION: "the files moved, and are not applied yet",
    Cause.INFRASTRUCTURE: "a value that the files refer to moved",
    Cause.LIVE: "somebody changed it in AWS",
    Cause.UNMANAGED: "in AWS, and not the files' to say",
    None: "who moved is not known: nothing was recorded when this was applied",
}

_GONE: Final = "it was applied, and is not in AWS any more"


@dataclass(frozen=True, slots=True)
class Member:
    """A project: its file, its differences, when it was applied last (None where nothing says so), what is wrong.

    `error` is the message of what is wrong and `wrong` the same by places. `cluster` is where it runs, None where that
    is not known; `places` are where files say the fields that differ, by unit and address. `notices`
    say what is not known.
    """

    path: str
    drifts: tuple[Drift, ...] = ()
    applied: float | None = None
    wanted: bool = False
    error: str = ""
    wrong: tuple[Notice, ...] = ()
    cluster: Place | None = None
    service: str = ""
    places: Mapping[tuple[str, str], Where] = field(default_factory=dict)
    notices: tuple[Notice, ...] = ()


def human(members: Sequence[Member], style: Style = PLAIN, unmanaged: Unmanaged | None = None) -> str:
    """Write drift: of projects without any nothing but the count. `unmanaged` is None where nobody asked for it."""
    lines: list[str] = []
    for member in members:
        if member.drifts:
            lines += [*_member(member, style, alone=len(members) == 1), ""]
    lines += failures.human([(member.path, member.error) for member in members if member.error], style)
    if unmanaged is not None and (told := strays.human(unmanaged, style)):
        lines += [*told, ""]
    lines.append(summary(members, style) + (strays.summary(unmanaged) if unmanaged is not None else ""))
    return "\n".join(lines) + "\n"


def _member(member: Member, style: Style, *, alone: bool) -> Iterator[str]:
    if not alone:
        yield style.paint("bold", f"== {texts.safe(member.path)}")
    if member.applied is not None:
        yield style.paint("dim", f"last applied {_time(member.applied)}")
    units = list(dict.fromkeys(drift.unit for drift in member.drifts))
    for unit in units:
        yield style.paint("bold", texts.safe(unit))
        for drift in member.drifts:
            if drift.unit == unit:
                yield from _drift(drift, style)


def _drift(drift: Drift, style: Style) -> Iterator[str]:
    cause = drift.cause.value if drift.cause is not None else "unknown"
    severity = f" ({drift.severity.value})" if drift.severity is not Severity.INFO else ""
    if not drift.address:
        yield f"  {style.paint('bad', cause)}{severity}: {'it is gone' if drift.gone else 'it is not in AWS'}"
    else:
        there = texts.quoted(drift.before) if drift.has_before else "(not set)"
        wanted = texts.quoted(drift.after) if drift.has_after else "(not set)"
        if drift.cause is Cause.UNMANAGED:
            yield f"  {style.paint('dim', cause)}: {texts.safe(drift.address)} is {there}"
        else:
            painted = style.paint("bad" if drift.severity is Severity.HIGH else "warn", cause)
            yield f"  {painted}{severity}: {texts.safe(drift.address)} is {there}, the files say {wanted}"
    for line in remarks(drift):
        yield style.paint("dim", f"    {line}")


def remarks(drift: Drift) -> Iterator[str]:
    """Say what is known of a difference, a line each: who moved, that it is accepted, what is behind it, who called."""
    yield (_GONE if drift.gone else _SAID[drift.cause]) + ("; and AWS was changed, too" if drift.also else "")
    if drift.note and drift.cause is not Cause.UNMANAGED:
        yield texts.safe(drift.note)
    if drift.accepted is not None:
        until = f" until {drift.accepted.until}" if drift.accepted.until else ""
        verb = "was accepted" if drift.accepted.expired else "accepted"
        yield texts.safe(f"{verb}{until}: {drift.accepted.reason}")
    for moved in drift.moved:
        yield texts.safe(_moved(moved))
    for change in drift.by:
        yield texts.safe(_change(change))


def _change(change: Change) -> str:
    client = f" with {change.client}" if change.client else ""
    return f"{change.who}{client}, {_time(change.at)}: {change.event} (event {change.id})"


def _moved(moved: Moved) -> str:
    values = ""
    if moved.before is not None or moved.after is not None:
        values = f": {texts.quoted(moved.before)} -> {texts.quoted(moved.after)}"
    versions = f" ({moved.counted} {moved.then} -> {moved.now})" if moved.then != moved.now else ""
    return f"{moved.address}{values}{versions}"


def summary(members: Sequence[Member], style: Style = PLAIN) -> str:
    """Write the closing line."""
    drifted = sum(bool(counted(member.drifts)) for member in members)
    failed = sum(bool(member.error) for member in members)
    if len(members) == 1 and not failed:
        accepted = any(drift.accepted is not None for drift in members[0].drifts)
        none = (
            "No drift but what is accepted."
            if accepted
            else "No drift. What runs is what the files describe."
        )
        text = "Drift." if drifted else none
        return style.paint("bold", text) + _lacking(members)
    told = [f"{drifted} with drift", f"{len(members) - drifted - failed} without"]
    told += [f"{failed} failed"] if failed else []
    return (
        style.paint("bold", f"{len(members)} project{'' if len(members) == 1 else 's'}:")
        + f" {', '.join(told)}."
        + _lacking(members)
    )


def _lacking(members: Iterable[Member]) -> str:
    """Say that the comparison was one of two sides only, where that matters."""
    without = [
        member
        for member in members
        if member.applied is None and any(drift.cause is None for drift in counted(member.drifts))
    ]
    if not without:
        return ""
    more = "" if any(member.wanted for member in without) else " (`record` in the project file says where)"
    return f" Causes are not known where the last apply is not recorded{more}."


def counted(drifts: Iterable[Drift], fail_on: Collection[str] = ()) -> tuple[Drift, ...]:
    """Give the differences that are drift, of the causes and severities in `fail_on` (`Drift.is_among`)."""
    return tuple(drift for drift in drifts if drift.is_among(fail_on))


def document(members: Sequence[Member], unmanaged: Unmanaged | None = None) -> str:
    """Write drift as JSON (docs/schemas/drift.schema.json). `unmanaged` is None where nobody asked for it."""
    body = {
        "format": FORMAT,
        "drift": any(counted(member.drifts) for member in members),
        **(strays.document(unmanaged) if unmanaged is not None else {}),
        "projects": [_project(member) for member in members],
    }
    return json.dumps(body, indent=2, ensure_ascii=False) + "\n"


def _project(member: Member) -> dict[str, Json]:
    if member.error:
        return {"path": member.path, "error": member.error}
    applied = _time(member.applied) if member.applied is not None else None
    return {"path": member.path, "applied": applied, "drifts": [_document(drift) for drift in member.drifts]}


def _document(drift: Drift) -> dict[str, Json]:
    return {
        "unit": drift.unit,
        "address": drift.address,
        "cause": drift.cause.value if drift.cause is not None else None,
        "also": drift.also.value if drift.also is not None else None,
        "gone": drift.gone,
        **({"live": drift.before} if drift.has_before else {}),
        **({"wanted": drift.after} if drift.has_after else {}),
        "moved": [
            {
                "address": moved.address,
                "before": moved.before,
                "after": moved.after,
                "then": moved.then,
                "now": moved.now,
                "counted": moved.counted,
            }
            for moved in drift.moved
        ],
        "note": drift.note,
        "accepted": None
        if drift.accepted is None
        else {
            "reason": drift.accepted.reason,
            "until": drift.accepted.until,
            "expired": drift.accepted.expired,
        },
        "severity": drift.severity.value,
        "by": [
            {
                "who": change.who,
                "at": _time(change.at),
                "client": change.client,
                "event": change.event,
                "id": change.id,
            }
            for change in drift.by
        ],
    }


def _time(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
