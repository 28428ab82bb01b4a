"""Drift as one page of HTML: services and what differs in each (see `frames`)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from reconciler.core.drifts import Cause, Drift, Severity
from reconciler.core.redaction import MASK
from reconciler.core.strays import Place, Stray
from reconciler.render import drifts, human, strays, texts
from reconciler.render.drifts import Member
from reconciler.render.reports import (
    Report,
    cause,
    causes,
    differences,
    frames,
    number,
    severities,
    unknown,
    worst,
)
from reconciler.render.reports.markup import Content, Markup, element

_CAUSES: Final = ("live", "infrastructure", "configuration", "unknown")
_SEVERITIES: Final = [severity.value for severity in Severity]
_LEAD: Final = 120
"""How much of a message stands in the row of a project that failed."""


def page(report: Report) -> str:
    """Write the page."""
    heading = frames.heading("Drift", report.name, report.at)
    return frames.page(f"Drift: {report.name}", heading, _main(report))


def _main(report: Report) -> Iterator[Markup]:
    yield from _summary(report)
    speaking = sorted((member for member in report.members if _speaks(member)), key=_order)
    silent = [member for member in report.members if not _speaks(member)]
    if speaking:
        yield _filters(speaking)
        legend = "Of two values the first is what AWS shows (-), the second what the files say (+)."
        yield element("p", legend, class_="legend muted")
        yield element(
            "section", Markup("\n"), _heading(), (_service(member) for member in speaking), class_="services",
            aria_label="Services",
        )  # fmt: skip
        yield element("p", "No service fits.", id="none", hidden=True, role="status")
    yield from _strays(report)
    if silent:
        names = (element("li", _named(member), " ", _where(member.cluster)) for member in silent)
        yield element(
            "details",
            element("summary", f"{number(len(silent), 'project')} without drift"),
            element("ul", Markup("\n"), names),
            class_="silent",
        )


def _speaks(member: Member) -> bool:
    return bool(member.drifts or member.error)


def _order(member: Member) -> tuple[int, int, str]:
    """Sort by what is worst: what failed, then by severity, then by how much there is."""
    found = drifts.counted(member.drifts)
    severity = worst(found)
    place = -1 if member.error else _SEVERITIES.index(severity.value) if severity else len(_SEVERITIES)
    return place, -len(found), member.path


def _summary(report: Report) -> Iterator[Markup]:
    """Say what there is, by cause and by severity."""
    found = [drift for member in report.members for drift in drifts.counted(member.drifts)]
    yield element("p", drifts.summary(report.members), class_="verdict")
    by_cause, by_severity = causes(found), severities(found)
    accepted = sum(_accepted(drift) for member in report.members for drift in member.drifts)
    failed = sum(bool(member.error) for member in report.members)
    alone = len(report.unmanaged.strays) if report.unmanaged is not None else 0
    boxes = [
        frames.counts("Differences by cause", [(name, name, by_cause.get(name, 0)) for name in _CAUSES]),
        frames.counts(
            "By severity",
            [(severity.value, severity.value, by_severity.get(severity, 0)) for severity in Severity],
        ),
        frames.counts(
            "Beside them",
            [
                ("failed", "failed", failed),
                ("accepted", "accepted", accepted),
                ("unmanaged", "services that no file declares", alone),
            ],
        ),
    ]
    yield element("div", Markup("\n"), boxes, class_="summary")
    notes = [human.told(notice) for notice in unknown(report)]
    notes += strays.notes(report.unmanaged) if report.unmanaged is not None else ()
    if notes:
        yield element("ul", Markup("\n"), (element("li", note) for note in notes), class_="notes")


def _accepted(drift: Drift) -> bool:
    return drift.accepted is not None and not drift.accepted.expired and drift.cause is not Cause.UNMANAGED


def _filters(speaking: Sequence[Member]) -> Markup:
    """Write what chooses among the services; it is shown by the script, because without it nothing would choose."""
    found = [drift for member in speaking for drift in member.drifts]
    present = causes(found)
    names = [name for name in (*_CAUSES, "unmanaged") if name in present]
    levels = [severity.value for severity in severities(found)]
    return frames.filters({"cause": names, "severity": levels})


def _heading() -> Markup:
    names = ("service", "where", "severity", "differences", "last applied")
    return element("div", (element("span", name) for name in names), class_="heading row", aria_hidden="true")


def _named(member: Member) -> Markup:
    """Name a service and its project."""
    if not member.service:
        return element("span", element("b", member.path), class_="name")
    return element("span", element("b", member.service), " ", element("small", member.path), class_="name")


def _where(place: Place | None) -> Markup:
    said = " ".join(filter(None, (place.account, place.region, place.cluster))) if place is not None else ""
    return element("span", said, class_="where")


def _service(member: Member) -> Markup:
    """Write a service: a row, and what unfolds below it."""
    counted = drifts.counted(member.drifts)
    severity = worst(counted)
    rank = "failed" if member.error else severity.value if severity else "none"
    applied: Content = (
        (element("span", "last applied ", class_="label"), frames.time(member.applied))
        if member.applied
        else ""
    )
    summary = element(
        "summary",
        element(
            "span",
            _named(member),
            _where(member.cluster),
            element("span", frames.chip(rank, rank) if rank != "none" else "", class_="rank"),
            element("span", _chips(member), class_="chips"),
            element("span", applied, class_="applied"),
            class_="row",
        ),
    )
    groups = [_unit(member, unit, found) for unit, found in differences.units(member.drifts).items()]
    error = frames.message(member.error) if member.error else ""
    return element(
        "details",
        summary,
        element("div", Markup("\n"), error, groups, class_="inside"),
        class_=f"service {rank}",
    )


def _chips(member: Member) -> Iterator[Content]:
    """Count what differs in a service, by cause; what does not count, too. Of one that failed, begin to say why."""
    if member.error:
        yield element("span", texts.cut(member.error.split("\n")[0], _LEAD), class_="lead")
    counted = drifts.counted(member.drifts)
    for name, count in causes(counted).items():
        yield frames.chip(name, f"{count} {name}")
        yield " "
    if accepted := sum(map(_accepted, member.drifts)):
        yield frames.chip("accepted", f"{accepted} accepted")
        yield " "
    if alone := sum(drift.cause is Cause.UNMANAGED for drift in member.drifts):
        yield frames.chip("unmanaged", f"{alone} unmanaged")


def _unit(member: Member, unit: str, found: Sequence[Drift]) -> Markup:
    title = element("h2", unit) if unit != member.service or len(found) < len(member.drifts) else ""
    return element("section", title, (_difference(member, drift) for drift in found), class_="unit")


def _difference(member: Member, drift: Drift) -> Markup:
    name, accepted = cause(drift), _accepted(drift)
    chips = [frames.chip(name, name), " "]
    chips += [frames.chip("live", "live, too"), " "] if drift.also else []
    chips += [
        frames.chip("accepted", "accepted")
        if accepted
        else frames.chip(drift.severity.value, drift.severity.value)
    ]
    title = element("h3", element("code", drift.address) if drift.address else differences.GONE)
    place = member.places.get((drift.unit, drift.address))
    remarks = [*drifts.remarks(drift), *([f"written at {place}"] if place is not None else [])]
    remarks += [drift.note] if drift.note else []
    return element(
        "article",
        element("div", title, element("span", chips, class_="chips"), class_="title"),
        _values(drift),
        element("ul", Markup("\n"), (element("li", line) for line in remarks), class_="remarks"),
        class_="difference" + ("" if drift.counts else " quiet"),
        data_cause=name,
        data_severity=drift.severity.value,
    )


def _values(drift: Drift) -> Content:
    """Write both values: side by side where they are short, else by what differs in them."""
    if not drift.address:
        return ""
    if drift.before == drift.after == MASK:
        return element("p", "A secret: no value of it is told.", class_="muted")
    if drift.cause is Cause.UNMANAGED or differences.brief(drift):
        sides = [("in AWS", "del", differences.live(drift), drift.has_before)]
        sides += (
            [("in the files", "ins", differences.wanted(drift), drift.has_after)]
            if drift.has_after or drift.counts
            else []
        )
        return element(
            "dl",
            Markup("\n"),
            (
                element(
                    "div",
                    element("dt", label),
                    element("dd", element("code", text) if there else element("i", text)),
                    class_=kind,
                )
                for label, kind, text, there in sides
            ),
            class_="sides",
        )
    return frames.diff(differences.rows(drift, ""))


def _strays(report: Report) -> Iterator[Markup]:
    found = report.unmanaged.strays if report.unmanaged is not None else ()
    if not found:
        return
    names = ("service", "where", "what is known of it")
    head = element("thead", element("tr", (element("th", name, scope="col") for name in names)))
    body = element("tbody", Markup("\n"), map(_stray, found))
    yield element(
        "section",
        element("h2", "Services that no file declares"),
        element(
            "div",
            element("table", head, body),
            class_="wide",
            tabindex="0",
            role="region",
            aria_label="Services that no file declares",
        ),
        class_="strays",
    )


def _stray(stray: Stray) -> Markup:
    known = "; ".join([strays.said(stray), *map(texts.safe, strays.details(stray))])
    place = Place(stray.account, stray.region, stray.cluster)
    return element(
        "tr", element("td", element("b", stray.service)), element("td", _where(place)), element("td", known)
    )
