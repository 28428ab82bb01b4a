"""Plans as one page of HTML: projects, and what becomes of each unit and why (see `frames`)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from reconciler.core.plans import Unit, Verb
from reconciler.errors import Refused
from reconciler.render import changes, fleets, human, texts
from reconciler.render.fleets import Member
from reconciler.render.reports import frames, number
from reconciler.render.reports.markup import Markup, element

_TONES: Final = {
    Verb.NONE: "info",
    Verb.CREATE: "accepted",
    Verb.UPDATE: "configuration",
    Verb.REPLACE: "high",
    Verb.DEFER: "medium",
}
_LEAD: Final = 120
"""How much of a message stands in the row of a project that failed."""


def page(members: Sequence[Member], name: str, *, several: bool) -> str:
    """Write the page; `name` says what was planned: one project's file, or how `several` were chosen."""
    at = max((member.plan.made_at for member in members if member.plan is not None), default=0.0)
    return frames.page(f"Plan: {name}", frames.heading("Plan", name, at), _main(members, several))


def _main(members: Sequence[Member], several: bool) -> Iterator[Markup]:
    yield element("p", _verdict(members, several), class_="verdict")
    units = [unit for member in members for unit in _units(member)]
    becoming = [
        (_TONES[verb], verb.value, sum(unit.verb is verb for unit in units))
        for verb in Verb
        if verb is not Verb.NONE
    ]
    said = [
        ("failed", "errors", sum(bool(member.error) for member in members)),
        ("failed", "refusals", sum(len(_refusals(member)) for member in members)),
        ("medium", "warnings", sum(len(_warnings(member)) for member in members)),
    ]
    boxes = [frames.counts("Units", becoming), frames.counts("Beside them", said)]
    yield element("div", Markup("\n"), boxes, class_="summary")
    speaking = sorted(filter(_speaks, members), key=lambda each: not (each.error or _refusals(each)))
    silent = [member for member in members if not _speaks(member)]
    if speaking:
        verbs = [verb.value for verb in Verb if any(unit.verb is verb for unit in units)]
        yield frames.filters({"verb": verbs})
        legend = (
            "Of two values the first is what AWS shows, the second what the files say; "
            "- goes, + comes, # says why."
        )
        yield element("p", legend, class_="legend muted")
        yield element(
            "section", Markup("\n"), (_project(member, alone=not several) for member in speaking),
            class_="services", aria_label="Projects",
        )  # fmt: skip
        yield element("p", "No project fits.", id="none", hidden=True, role="status")
    if silent:
        yield element(
            "details",
            element("summary", f"{number(len(silent), 'project')} without changes"),
            element("ul", Markup("\n"), (element("li", member.path) for member in silent)),
            class_="silent",
        )


def _verdict(members: Sequence[Member], several: bool) -> str:
    if several:
        return fleets.summary(members)
    plan = members[0].plan
    return "There is no plan." if plan is None else human.summary(plan)


def _units(member: Member) -> tuple[Unit, ...]:
    return tuple(filter(human.speaks, member.plan.units)) if member.plan is not None else ()


def _refusals(member: Member) -> list[str]:
    found = member.plan.refusals if member.plan is not None else ()
    return [str(Refused(notice.what, notice.where, notice.hint)) for notice in found]


def _warnings(member: Member) -> list[str]:
    return [human.told(notice) for notice in member.plan.notices] if member.plan is not None else []


def _speaks(member: Member) -> bool:
    return bool(member.error or _units(member) or _refusals(member) or _warnings(member))


def _project(member: Member, *, alone: bool) -> Markup:
    """Write a project: a row, and what unfolds below it. One that is `alone` is unfolded."""
    wrong = [member.error] if member.error else _refusals(member)
    units = _units(member)
    rank = "failed" if wrong else _TONES[units[0].verb] if units else "info"
    state = "failed" if member.error else "refused"
    lead = texts.cut(wrong[0].split("\n")[0], _LEAD) if wrong else ""
    chips = [[frames.chip(_TONES[unit.verb], unit.verb.value), " "] for unit in units]
    place = " ".join(filter(None, (units[0].account, units[0].region, units[0].cluster))) if units else ""
    summary = element(
        "summary",
        element(
            "span",
            element("span", element("b", member.path), class_="name"),
            element("span", place, class_="where"),
            element("span", frames.chip("failed", state) if wrong else "", class_="rank"),
            element("span", element("span", lead, class_="lead") if lead else "", chips, class_="chips"),
            class_="row",
        ),
    )
    warnings = _warnings(member)
    inside = [
        *map(frames.message, wrong),
        element("h2", "Warnings") if warnings else "",
        element("ul", Markup("\n"), (element("li", each) for each in warnings), class_="notes") if warnings else "",
        element("section", map(_unit, units), class_="unit") if units else "",
    ]  # fmt: skip
    return element(
        "details", summary, element("div", Markup("\n"), inside, class_="inside"), class_=f"service {rank}", open=alone
    )  # fmt: skip


def _unit(unit: Unit) -> Markup:
    """Write a unit: what becomes of it, what changes in it with the reason for each value, and what does not."""
    remarks = [human.becomes(unit)]
    remarks += [f"compared with {unit.live}"] if unit.live and (unit.changes or unit.noted) else []
    remarks += [unit.rollout] if unit.rollout else []
    remarks += [human.waits(awaited) for awaited in unit.awaits]
    remarks += [f"left alone: {human.left(finding)}" for finding in unit.noted]
    found = [row for finding in unit.changes for row in changes.rows(finding)]
    chip = frames.chip(_TONES[unit.verb], unit.verb.value)
    return element(
        "article",
        element("div", element("h3", element("code", unit.address)), chip, class_="title"),
        frames.diff(found) if found else "",
        element("ul", Markup("\n"), (element("li", line) for line in remarks), class_="remarks"),
        class_="difference",
        data_verb=unit.verb.value,
    )
