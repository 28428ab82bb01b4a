"""Drift as a comment on a pull request or an issue, or as a job's summary: GitHub's Markdown, as `render.markdown`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from reconciler.core.drifts import Cause, Drift
from reconciler.core.strays import Stray
from reconciler.render import drifts, human, markdown, strays, texts
from reconciler.render.drifts import Member
from reconciler.render.fitting import Block, fitted
from reconciler.render.reports import Report, causes, differences, number, unknown, worst

_LEGEND = "\n`-` is what AWS shows, `+` what the files say, `!` both.\n"


def comment(report: Report, limit: int = markdown.LIMIT) -> str:
    """Write a comment, at most `limit` characters long (`markdown.LEAST` or more)."""
    title = f"### {markdown.code(report.name)}: {drifts.summary(report.members)}"
    lead = f"{markdown.marker(report.name, 'drift')}\n{title}\n"
    first = [
        block
        for block in (_failures(report), _warnings(report), _table(report), _strays(report), _notes(report))
        if block is not None
    ]
    details = [
        _details(member, unit, found, several=report.several)
        for member in report.members
        for unit, found in differences.units(member.drifts).items()
    ]
    lead += _LEGEND if details else ""
    return lead + fitted(first, details, limit - len(lead))


def _failures(report: Report) -> Block | None:
    failed = [member for member in report.members if member.error]
    said = [texts.about(member.path, member.error) if report.several else member.error for member in failed]
    return markdown.alert("CAUTION", "messages", said)


def _warnings(report: Report) -> Block | None:
    return markdown.alert("WARNING", "warnings", [human.told(notice) for notice in unknown(report)])


def _notes(report: Report) -> Block | None:
    return markdown.alert(
        "NOTE", "notes", strays.notes(report.unmanaged) if report.unmanaged is not None else ()
    )


def _table(report: Report) -> Block | None:
    lines = tuple(
        f"| {' | '.join(_cells(member, unit, found, several=report.several))} |\n"
        for member in report.members
        for unit, found in differences.units(member.drifts).items()
    )
    names = ["severity", *(["project"] if report.several else []), "unit", "differences"]
    return markdown.table(names, lines, "units")


def _cells(member: Member, unit: str, found: Sequence[Drift], *, several: bool) -> Iterator[str]:
    severity = worst(found)
    yield severity.value if severity is not None else ""
    if several:
        yield markdown.code(member.path)
    yield markdown.code(unit)
    yield ", ".join(_told(found))


def _told(found: Sequence[Drift]) -> Iterator[str]:
    accepted = [drift for drift in found if drift.cause is not Cause.UNMANAGED and not drift.counts]
    yield from (
        f"{count} {name}" for name, count in causes(each for each in found if each not in accepted).items()
    )
    if accepted:
        yield f"{len(accepted)} accepted"


def _details(member: Member, unit: str, found: Sequence[Drift], *, several: bool) -> Block:
    """Write the differences of a unit, folded."""
    lines = [line for drift in found for line in _lines(drift)]
    told = number(len(found), "difference")
    return markdown.folded("drift", member.path, unit, told, lines, several=several)


def _lines(drift: Drift) -> Iterator[str]:
    """Write a difference and what is known of it."""
    if drift.cause is Cause.UNMANAGED:
        yield f"# unmanaged: {differences.sentence(drift)}"
        return
    if drift.address:
        yield from markdown.diff(differences.rows(drift))
    else:
        yield f"- {differences.GONE}"
    yield from (f"# {line}" for line in drifts.remarks(drift))


def _strays(report: Report) -> Block | None:
    found = report.unmanaged.strays if report.unmanaged is not None else ()
    names = ["service that no file declares", "cluster", "what is known of it"]
    return markdown.table(names, [f"| {' | '.join(_stray(stray))} |\n" for stray in found], "services")


def _stray(stray: Stray) -> Iterator[str]:
    yield markdown.code(stray.service)
    yield markdown.code(" ".join(filter(None, (stray.account, stray.region, stray.cluster))))
    known = [strays.said(stray), *strays.details(stray)]
    yield ", ".join(markdown.words(texts.safe(line)) for line in known)
