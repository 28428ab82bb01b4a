"""The formats of a plan, one table: `plan --format NAME` for one project and for many."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypeAlias

from reconciler.cli import logs, options, planning
from reconciler.errors import ConfigError, ReconcilerError

if TYPE_CHECKING:
    from reconciler.api import Reconciler
    from reconciler.core.plans import Notice, Plan
    from reconciler.core.redaction import Masker
    from reconciler.render.fleets import Member


class Sheet:
    """What a format may say beside the plans.

    `what` is the project's file, or how `several` were chosen; `limit` is how many characters there may be, None for
    the format's own.
    """

    def __init__(
        self, common: options.Common, what: str, *, several: bool = False, limit: int | None = None
    ) -> None:
        """Keep what is given."""
        self.common = common
        self.what = what
        self.several = several
        self.limit = limit

    @property
    def name(self) -> str:
        """Say what is planned, and with which settings: those by which stages of one project differ."""
        told = [self.what if self.several else located(self.what)]
        for setting in ("envfile", "var_file", "workspace", "profile", "region"):
            given = getattr(self.common, setting) or ()
            told += [f"{setting}={each}" for each in ((given,) if isinstance(given, str) else given)]
        return " ".join(told)


_Single: TypeAlias = "Callable[[Reconciler, Plan, Sheet], str]"
_Several: TypeAlias = "Callable[[Sequence[Member], Sheet], str]"


def _bare(member: Member, _reconciler: Reconciler, _plan: Plan) -> Member:
    return member


class Form:
    """A format: what it writes of several projects (None: it is about one) and, where that differs, of one.

    `enrich` adds to a project what the format shows beside the plan. In a `report` stands also what is wrong, even
    where it ends the command.
    """

    def __init__(
        self,
        several: _Several | None = None,
        single: _Single | None = None,
        enrich: Callable[[Member, Reconciler, Plan], Member] = _bare,
        *,
        report: bool = False,
    ) -> None:
        """Keep what is given."""
        self.several = several
        self.single = single
        self.enrich = enrich
        self.report = report


def show(form: str, reconciler: Reconciler, plan: Plan, sheet: Sheet) -> None:
    """Print the plan of one project."""
    found = FORMS[form]
    if found.single is not None:
        _put(found.single(reconciler, plan, sheet))
    elif found.several is not None:
        _put(found.several([member(form, sheet.what, reconciler, plan)], sheet))


def show_several(form: str, members: Sequence[Member], sheet: Sheet) -> None:
    """Print the plans of several projects."""
    found = FORMS[form].several
    assert found is not None
    _put(found(members, sheet))


def member(form: str, path: str, reconciler: Reconciler, plan: Plan) -> Member:
    """Give a project that has a plan, with what the format shows of it."""
    from reconciler.render.fleets import Member

    return FORMS[form].enrich(Member(path, plan), reconciler, plan)


@contextmanager
def reporting(form: str, sheet: Sheet) -> Iterator[None]:
    """Write an error that ends the block in the format too, if it is one for reports. The error goes on."""
    try:
        yield
    except ReconcilerError as error:
        found = FORMS[form]
        if found.report and found.several is not None:
            from reconciler.render.fleets import Member

            _put(found.several([Member.failed(sheet.what, error, logs.hidden)], sheet))
        raise


def project(form: str, common: options.Common) -> str:
    """Give the path of the project file, where the format is one for reports: these say what they are of."""
    return found(common) if FORMS[form].report else ""


def found(common: options.Common) -> str:
    """Give the path of the project file; the name that it would have where there is none."""
    from reconciler.load import project

    try:
        return str(project.find(common.config, Path()))
    except ConfigError:
        return project.NAMES[0]


def located(path: str) -> str:
    """Give a path as from the root of the checkout, where GitHub's runner says which that is."""
    workspace = os.environ.get("GITHUB_WORKSPACE")
    if not workspace or "://" in path:
        return path
    absolute = Path(os.path.abspath(path))  # noqa: PTH100 - a link is a file of the checkout too
    return absolute.relative_to(workspace).as_posix() if absolute.is_relative_to(workspace) else path


def _put(text: str) -> None:
    if text:
        options.write(text)


def _humans(members: Sequence[Member], sheet: Sheet) -> str:
    from reconciler.render import fleets

    return fleets.plans(members, planning.style(sheet.common))


def _human(_reconciler: Reconciler, plan: Plan, sheet: Sheet) -> str:
    from reconciler.render import human

    return human.plan(plan, planning.style(sheet.common))


def _json(reconciler: Reconciler, plan: Plan, _sheet: Sheet) -> str:
    from reconciler.core import planfiles

    return planfiles.shown(plan, reconciler.masker, planning.said(reconciler, plan))


def _jsons(members: Sequence[Member], _sheet: Sheet) -> str:
    from reconciler.render import fleets

    return fleets.document(members)


def _with_json(member: Member, reconciler: Reconciler, plan: Plan) -> Member:
    import json

    from reconciler.core import planfiles

    text = planfiles.shown(plan, reconciler.masker, planning.said(reconciler, plan))
    return replace(member, shown=json.loads(text))


def _patch(_reconciler: Reconciler, plan: Plan, _sheet: Sheet) -> str:
    from reconciler.render import jsons

    return jsons.patches(plan)


def _diff(reconciler: Reconciler, plan: Plan, sheet: Sheet) -> str:
    return planning.textual(reconciler, plan, sheet.common)


def _markdown(members: Sequence[Member], sheet: Sheet) -> str:
    from reconciler.render import markdown

    limit = markdown.LIMIT if sheet.limit is None else sheet.limit
    return markdown.comment(members, sheet.name, several=sheet.several, limit=limit)


def _page(members: Sequence[Member], sheet: Sheet) -> str:
    from reconciler.render.reports import planpages

    return planpages.page(members, sheet.name, several=sheet.several)


def _annotations(members: Sequence[Member], _sheet: Sheet) -> str:
    from reconciler.render import annotations

    return annotations.commands(members, located)


def hidden(notices: Sequence[Notice], masker: Masker) -> tuple[Notice, ...]:
    """Hide secrets in what is said beside the changes, as is done with what goes to stderr."""
    return tuple(
        replace(notice, what=masker.leaf(notice.what), hint=masker.leaf(notice.hint) if notice.hint else None)
        for notice in notices
    )


def _masked(member: Member, reconciler: Reconciler, plan: Plan) -> Member:
    masker = reconciler.masker
    return replace(
        member,
        plan=replace(plan, notices=hidden(plan.notices, masker), refusals=hidden(plan.refusals, masker)),
    )


def _with_places(member: Member, reconciler: Reconciler, plan: Plan) -> Member:
    return replace(_masked(member, reconciler, plan), places=reconciler.places(plan))


FORMS: Final[Mapping[str, Form]] = {
    "human": Form(_humans, _human),
    "json": Form(_jsons, _json, _with_json),
    "patch": Form(None, _patch),
    "diff": Form(None, _diff),
    "markdown": Form(_markdown, enrich=_masked, report=True),
    "html": Form(_page, enrich=_masked, report=True),
    "github": Form(_annotations, enrich=_with_places, report=True),
}
"""The formats by their names."""
