"""Applying many projects: what is asked before, and what is said of it."""

from __future__ import annotations

import gc
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from reconciler.api import applying, ordering
from reconciler.cli import asking, exits, fleets, logs, options, planning, reports
from reconciler.cli.carrying import Telling

if TYPE_CHECKING:
    from reconciler.api.applying import Applied, Manner, Planned
    from reconciler.api.fleets import Fleet
    from reconciler.render.fleets import Member


def apply(
    common: options.Common, choice: fleets.Choice, manner: Manner, *, form: str, show_sensitive: bool
) -> int:
    """Plan the projects that are chosen, ask, and carry the plans out; give the exit code."""
    with fleets.opened(common, choice, show_sensitive=show_sensitive) as fleet:
        found = _planned(fleet, choice, manner)
        _show(found, common, form)
        order = fleet.order(found, options.surroundings(common))
        for label, text in order.beyond:
            logs.info(
                f"{label} depends on {text}, which is not among the projects chosen: it is not waited for."
            )
        ordering.insist_on_one_each(found)
        nothing = None if manner.keep_going else applying.nothing(found)
        if nothing is not None:
            wrong = sum(bool(each.wrong) for each in found)
            logs.failed(
                f"nothing is applied: {_count(wrong)} cannot be planned, or not applied as planned\n"
                "  try: mend what is wrong, leave it out with --exclude, or apply the others with --keep-going"
            )
            if form == "json":
                _told(nothing, common, form)
            return exits.ERROR
        if any(each.changes for each in found) and not (manner.follow or _approved(found, form)):
            logs.info("Not applied.")
            return exits.ERROR
        gc.enable()  # rollouts take minutes
        with reports.together() as board:
            listener = Telling(board, [each.label for each in found])
            applied = fleet.apply(found, manner, order=order, at_once=choice.at_once, listener=listener)
    return _told(applied, common, form)


def _planned(fleet: Fleet, choice: fleets.Choice, manner: Manner) -> tuple[Planned, ...]:
    with fleets.progress() as told:
        found = fleet.prepare(manner, at_once=choice.at_once, told=told)
    for each in found:
        if each.unrecorded:
            logs.warning(f"{each.label}: {each.unrecorded}", project=each.label)
    return found


def _member(planned: Planned) -> Member:
    """Give what is shown of a project."""
    from reconciler.render.fleets import Member

    return Member(planned.label, planned.made, "" if planned.made is not None else planned.wrong)


def _show(found: Sequence[Planned], common: options.Common, form: str) -> None:
    """Show the plans, and what keeps one from being applied that has a plan."""
    from reconciler.render import fleets as sheets

    if form == "human":
        options.write(sheets.plans([_member(each) for each in found], planning.style(common)))
    for each in found:
        if each.wrong and (form != "human" or (each.made is not None and not each.made.refusals)):
            logs.failed(f"{each.label}: {each.wrong}", project=each.label)


def _approved(found: Sequence[Planned], form: str) -> bool:
    from reconciler.render import fleets as sheets

    if sys.stdin.isatty() and (form != "human" or not sys.stdout.isatty()):
        # Nobody should say yes to what went into a file, or was not written at all.
        sys.stderr.write(sheets.plans([_member(each) for each in found]))
    number = sum(each.changes for each in found)
    question = f"\nApply {'this plan' if number == 1 else f'these {number} plans'}? Only yes does it: "
    return asking.confirmed(question, ("yes",), "pass --auto-approve")


def _count(number: int) -> str:
    return f"{number} project{'' if number == 1 else 's'}"


def _told(applied: Applied, common: options.Common, form: str) -> int:
    """Say what became of each project; give the exit code."""
    from reconciler.core import fates as judged
    from reconciler.render import fates as sheets

    fates = applied.fates
    options.write(sheets.document(fates) if form == "json" else sheets.summary(fates, planning.style(common)))
    if applied.interrupted:
        logs.failed(
            "interrupted; run the same command again: it goes on from what is there and repeats nothing"
        )
        return exits.INTERRUPTED
    return judged.code(fates)
