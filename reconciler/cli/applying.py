"""Applying many projects: all planned and shown, approved once, then each carried out when its turn has come."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from reconciler.cli import asking, exits, fleets, logs, options, planning
from reconciler.cli.carrying import Manner, Planned, Run
from reconciler.errors import ConfigError, PlanError, ReconcilerError

if TYPE_CHECKING:
    from reconciler.api import Reconciler
    from reconciler.api.fleets import Done, Fleet
    from reconciler.core.fates import Fate
    from reconciler.engine.options import Options
    from reconciler.errors import Where


def apply(common: options.Common, choice: fleets.Choice, wanted: Options, manner: Manner) -> int:
    """Plan the projects that are chosen, ask, and carry the plans out; give the exit code."""
    from reconciler.api.turns import Halt

    halt = Halt()
    opened = fleets.opened(common, choice, show_sensitive=manner.show_sensitive, clock=halt)
    with opened as fleet:
        found = _planned(fleet, choice, wanted, manner)
        _show(found, common, manner)
        needs = _needs(found, common)
        _insist_on_one_each(found)
        wrong = [each.label for each in found if each.wrong]
        if wrong and not manner.keep_going:
            logs.failed(
                f"nothing is applied: {_count(len(wrong))} cannot be planned, or not applied as planned\n"
                "  try: mend what is wrong, leave it out with --exclude, or apply the others with --keep-going"
            )
            if manner.form == "json":
                _told(_nothing(found, wrong[0]), common, manner, interrupted=False)
            return exits.ERROR
        if any(each.changes for each in found) and not _approved(found, manner):
            logs.info("Not applied.")
            return exits.ERROR
        run = Run(
            common,
            wanted,
            manner,
            fleet,
            halt,
            {each.label: each for each in found},
            needs,
        )
        fates, interrupted = run.carry_out(choice.at_once)
    return _told(fates, common, manner, interrupted=interrupted)


def _planned(fleet: Fleet, choice: fleets.Choice, wanted: Options, manner: Manner) -> tuple[Planned, ...]:
    """Plan every project. A record of what is as it should be already is written on the way."""

    def planned(reconciler: Reconciler) -> Planned:
        plan = reconciler.plan(wanted, strict=manner.strict)
        wrong = unrecorded = ""
        try:
            planning.insist_applyable(plan)
        except PlanError as error:
            wrong = reconciler.masker.leaf(str(error))
        if not (wrong or plan.changes or planning.rolls(plan)):
            unrecorded = planning.unrecorded(reconciler, plan)
        return Planned(Path(), plan, wrong, reconciler.settings.depends_on, unrecorded)

    with fleets.progress() as told:
        done = fleet.each(planned, at_once=choice.at_once, told=told)
    found = tuple(_of(each) for each in done)
    for each in found:
        if each.unrecorded:
            logs.warning(f"{each.label}: {each.unrecorded}", project=each.label)
    return found


def _of(done: Done[Planned]) -> Planned:
    if done.result is not None:
        return replace(done.result, path=done.path)
    needs: tuple[tuple[str, Where], ...] = ()
    if done.reconciler is not None:
        try:
            needs = done.reconciler.settings.depends_on
        except ReconcilerError:  # it is what is wrong, and told as such
            needs = ()
    return Planned(done.path, None, fleets.unplanned(done).error, needs)


def _show(found: Sequence[Planned], common: options.Common, manner: Manner) -> None:
    """Show the plans, and what keeps one from being applied that has a plan."""
    from reconciler.render import fleets as sheets

    if manner.form == "human":
        options.write(sheets.plans([each.member for each in found], planning.style(common)))
    for each in found:
        if each.wrong and (manner.form != "human" or (each.made is not None and not each.made.refusals)):
            logs.failed(f"{each.label}: {each.wrong}", project=each.label)


def _needs(found: Sequence[Planned], common: options.Common) -> dict[str, tuple[str, ...]]:
    """Give the labels of those that each project depends on. ConfigError for one that is not there, or a circle."""
    from reconciler.core import schedules
    from reconciler.load.dependencies import Chosen

    chosen = Chosen((each.label for each in found), options.surroundings(common))
    needs: dict[str, tuple[str, ...]] = {}
    places: dict[tuple[str, str], Where] = {}
    for each in found:
        others: dict[str, None] = {}
        for text, where in each.needs:
            named = chosen.named(text, where, each.label)
            if not named:
                logs.info(
                    f"{each.label} depends on {text}, which is not among the projects chosen: it is not waited for."
                )
            for other in named:
                if other != each.label:  # of what several share one may be named itself
                    others[other] = None
                    places[each.label, other] = where
        needs[each.label] = tuple(others)
    circle = schedules.circle(needs)
    if circle:
        what = f"projects depend on one another in a circle: {' → '.join(circle)}"
        raise ConfigError(what, places[circle[0], circle[1]], "take one of these out of depends_on")
    return needs


def _insist_on_one_each(found: Sequence[Planned]) -> None:
    """Refuse to change a service that two projects declare: each would undo what the other one does. PlanError."""
    owners: dict[tuple[str, str, str], Planned] = {}
    for each in found:
        for unit in each.made.units if each.made is not None else ():
            if unit.kind == "task_definition":  # a family may be run by several services
                continue
            other = owners.setdefault((unit.account, unit.region, unit.address), each)
            if other is not each and (other.changes or each.changes):
                raise PlanError(
                    f"{other.label} and {each.label} both declare {unit.address}",
                    hint="leave one of them out with --exclude",
                )


def _approved(found: Sequence[Planned], manner: Manner) -> bool:
    from reconciler.render import fleets as sheets

    if manner.auto_approve:
        return True
    if sys.stdin.isatty() and (manner.form != "human" or not sys.stdout.isatty()):
        # Nobody should say yes to what went into a file, or was not written at all.
        sys.stderr.write(sheets.plans([each.member for each in found]))
    number = sum(each.changes for each in found)
    question = f"\nApply {'this plan' if number == 1 else f'these {number} plans'}? Only yes does it: "
    return asking.confirmed(question, ("yes",), "pass --auto-approve")


def _nothing(found: Sequence[Planned], first: str) -> list[Fate]:
    """Give what became of projects of which none was applied, since one had no plan to carry out."""
    from reconciler.core.fates import Fate, State

    return [
        Fate(label=each.label, state=State.FAILED, reason=each.wrong, code=exits.ERROR)
        if each.wrong
        else Fate(label=each.label, state=State.NOT_DONE, reason=f"{first} cannot be applied", because=first)
        for each in found
    ]


def _count(number: int) -> str:
    return f"{number} project{'' if number == 1 else 's'}"


def _told(fates: Sequence[Fate], common: options.Common, manner: Manner, *, interrupted: bool) -> int:
    """Say what became of each project; give the exit code."""
    from reconciler.core import fates as judged
    from reconciler.render import fates as sheets

    written = (
        sheets.document(fates) if manner.form == "json" else sheets.summary(fates, planning.style(common))
    )
    options.write(written)
    if interrupted:
        logs.failed(
            "interrupted; run the same command again: it goes on from what is there and repeats nothing"
        )
        return exits.INTERRUPTED
    return judged.code(fates)
