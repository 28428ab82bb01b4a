"""Plans of many projects: those with something to say, then what failed, then one summary."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import field

from reconciler.core.plans import Notice, Plan
from reconciler.core.values import Json
from reconciler.errors import HclErrors, ReconcilerError, Refused, Where
from reconciler.records import dataclass
from reconciler.render import failures, human, texts
from reconciler.render.styles import PLAIN, Style

FORMAT = 1
"""The version of the JSON form."""


@dataclass(frozen=True, slots=True)
class Member:
    """A project, of a fleet or alone: its file, its plan or what is wrong with it.

    `error` is the message and `wrong` the same by places. What only some formats need is there for these alone: the
    plan's JSON form, and where the units that change are written, by address.
    """

    path: str
    plan: Plan | None
    error: str = ""
    wrong: tuple[Notice, ...] = ()
    shown: Json = None
    places: Mapping[str, Where] = field(default_factory=dict)

    @classmethod
    def failed(cls, path: str, error: ReconcilerError, mask: Callable[[str], str] = str) -> Member:
        """Make the member of a project that has no plan; `mask` hides what must not be shown in a message."""
        return cls(path, None, mask(str(error)), tuple(wrong(error, mask)))


def wrong(error: ReconcilerError, mask: Callable[[str], str]) -> Iterator[Notice]:
    """Tell what is wrong, each thing with its place."""
    if isinstance(error, HclErrors):
        for each in error.errors:
            yield from wrong(each, mask)
        return
    what = "\n".join([error.what, *error.excerpt, *error.details()])
    yield Notice(what=mask(what), where=error.where, hint=mask(error.hint) if error.hint else None)


def plans(members: Sequence[Member], style: Style = PLAIN) -> str:
    """Write plans as people read them: of projects without changes nothing but warnings."""
    lines: list[str] = []
    for member in members:
        if member.plan is not None and _speaks(member.plan):
            lines += [
                style.paint("bold", f"== {texts.safe(member.path)}"),
                "",
                human.plan(member.plan, style),
            ]
    lines += failures.human(_wrongs(members), style)
    lines.append(summary(members, style))
    return "\n".join(lines) + "\n"


def _speaks(plan: Plan) -> bool:
    return bool(plan.changes or plan.deferred or plan.notices or plan.refusals) or any(
        unit.noted or unit.rollout for unit in plan.units
    )


def _wrongs(members: Iterable[Member]) -> Iterator[tuple[str, str]]:
    for member in members:
        refused = member.plan.refusals if member.plan is not None else ()
        for said in [member.error] if member.error else _refused(refused):
            yield member.path, said


def _refused(refusals: Iterable[Notice]) -> Iterator[str]:
    return (str(Refused(each.what, each.where, each.hint)) for each in refusals)


def summary(members: Sequence[Member], style: Style = PLAIN) -> str:
    """Write the closing line."""
    counts = {name: len(found) for name, found in kinds(members).items()}
    told = ", ".join(f"{counts[name]} {words}" for name, words in _WORDS.items() if counts[name])
    count = f"{len(members)} project{'' if len(members) == 1 else 's'}"
    return style.paint("bold", f"{count}:") + f" {told}." if told else style.paint("bold", f"{count}.")


_WORDS = {"changed": "to change", "deferred": "deferred", "unchanged": "without changes", "failed": "failed"}


def kinds(members: Iterable[Member]) -> dict[str, list[str]]:
    """Give the paths of the projects by what came of them: ``changed``, ``deferred``, ``unchanged``, ``failed``."""
    found: dict[str, list[str]] = {name: [] for name in _WORDS}
    for member in members:
        plan = member.plan
        kind = (
            "failed"
            if plan is None or plan.refusals
            else "changed"
            if plan.changes
            else "deferred"
            if plan.deferred
            else "unchanged"
        )
        found[kind].append(member.path)
    return found


def document(members: Sequence[Member]) -> str:
    """Write plans as JSON (docs/fleets.md): ``{"format", "projects": [{"path", "plan" | "error"}], "summary"}``."""
    projects = [
        {"path": member.path, "error": member.error}
        if member.plan is None
        else {"path": member.path, "plan": member.shown}
        for member in members
    ]
    body = {"format": FORMAT, "projects": projects, "summary": kinds(members)}
    return json.dumps(body, indent=2, ensure_ascii=False) + "\n"
