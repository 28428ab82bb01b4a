"""Drift as GitHub's workflow commands: beside the lines of the files that AWS moved away from."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from reconciler.core.drifts import Drift
from reconciler.render import drifts, rows, texts
from reconciler.render.annotations import Told, ordered, said
from reconciler.render.reports import Report, cause, differences, unknown
from reconciler.render.styles import PLAIN

# How many rows of a difference an annotation shows, and how much of each.
_ROWS = 20
_WIDTH = 200


def commands(report: Report, located: Callable[[str], str] = str) -> str:
    """Write a command for each thing to say, errors first; nothing where there is nothing to say.

    Only what counts as drift is told. `located` gives a file's path as from the root of the repository.
    """
    return ordered(_told(report), located)


def _told(report: Report) -> Iterator[Told]:
    """Give all there is to say."""
    for member in report.members:
        for notice in member.wrong:
            yield "error", member.path, said(notice), notice.where
        for drift in drifts.counted(member.drifts):
            title = f"{drift.unit}: {cause(drift)}, {drift.severity.value}"
            yield "warning", title, _message(drift), member.places.get((drift.unit, drift.address))
    for notice in unknown(report):
        yield "warning", report.name, said(notice), notice.where
    for stray in report.unmanaged.strays if report.unmanaged is not None else ():
        place = " ".join(filter(None, (stray.account, stray.region, stray.cluster)))
        yield "notice", stray.unit, f"no file declares this service ({place})", None


def _message(drift: Drift) -> str:
    if not drift.address or differences.brief(drift):
        return "\n".join([differences.sentence(drift), *drifts.remarks(drift)])
    found = differences.rows(drift)
    shown = [texts.cut(line, _WIDTH) for line in rows.lines(found[:_ROWS], PLAIN)]
    more = [f"    … and {len(found) - _ROWS} more lines"] if len(found) > _ROWS else []
    return "\n".join([f"{drift.address} is not what the files say", *shown, *more, *drifts.remarks(drift)])
