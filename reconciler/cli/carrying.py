"""Carrying out the plans of several projects, each when its turn has come."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from reconciler.cli import exits, failing, logs, options, planning, reports
from reconciler.errors import Interrupted, ReconcilerError, StalePlan
from reconciler.records import dataclass

if TYPE_CHECKING:
    from reconciler.api import Reconciler
    from reconciler.api.fleets import Fleet
    from reconciler.api.turns import Halt
    from reconciler.core.fates import Fate
    from reconciler.core.outcomes import Outcome
    from reconciler.core.plans import Plan
    from reconciler.core.schedules import Course, End
    from reconciler.engine.options import Options
    from reconciler.errors import Where
    from reconciler.render.fleets import Member

_WIDEST: Final = 24
"""Columns that the names of projects may take before their lines."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Manner:
    """How to apply: the flags of `apply`."""

    wait: bool
    until: str
    on_failure: str
    auto_approve: bool
    keep_going: bool
    strict: bool
    show_sensitive: bool
    form: str


@dataclass(frozen=True, slots=True)
class Planned:
    """A project with the plan that was made of it, and what keeps that from being made or applied.

    `needs` is its `depends_on`; `unrecorded` says why there is no record of what is as it should be already.
    """

    path: Path
    made: Plan | None
    wrong: str = ""
    needs: tuple[tuple[str, Where], ...] = ()
    unrecorded: str = ""

    @property
    def label(self) -> str:
        """Give what the project is called everywhere."""
        return str(self.path)

    @property
    def member(self) -> Member:
        """Give what is shown of it."""
        from reconciler.render.fleets import Member

        return Member(self.label, self.made, "" if self.made is not None else self.wrong)

    @property
    def plan(self) -> Plan | None:
        """Give the plan that may be applied."""
        return None if self.wrong else self.made

    @property
    def changes(self) -> bool:
        """Tell whether there is something to do that may be done."""
        return self.plan is not None and self.plan.changes


@dataclass(slots=True)
class Run:
    """The plans that were approved, by label, and what became of each."""

    common: options.Common
    wanted: Options
    manner: Manner
    fleet: Fleet
    halt: Halt
    found: Mapping[str, Planned]
    needs: Mapping[str, Sequence[str]]
    _fates: dict[str, Fate] = field(default_factory=dict)
    _names: Mapping[str, str] = field(default_factory=dict)
    _opened: dict[str, Reconciler] = field(default_factory=dict)

    def carry_out(self, at_once: int) -> tuple[tuple[Fate, ...], bool]:
        """Let each have its turn; give what became of each, in their order, and whether that was interrupted."""
        from reconciler.api import turns
        from reconciler.core import fates
        from reconciler.core.schedules import Course, Schedule
        from reconciler.render import labels

        self._names = labels.short(self.found)
        course = Course(Schedule(needs=self.needs, at_once=at_once, keep_going=self.manner.keep_going))
        for label in self.found:
            if (fate := self._before(label)) is not None:
                self._fates[label] = fate
                course = course.end(label, fate.end)
        waited = [label for label in self.found if label in self._needed() and self.found[label].changes]
        if waited and not self.manner.wait:
            logs.info(f"Waiting all the same for {', '.join(waited)}: others depend on it.")
        with reports.together(self.halt) as board:
            course = turns.take(course, self._turn, self.halt, lambda course: board.say(self._far(course)))
        for label in course.ended:
            self._fates.setdefault(label, fates.unknown(label))
        for label, cause in course.left().items():
            self._fates[label] = fates.left(label, cause, self._fates)
        return tuple(self._fates[label] for label in self.found), course.interrupted

    def _needed(self) -> frozenset[str]:
        return frozenset(label for needs in self.needs.values() for label in needs)

    def _waits(self, label: str) -> bool:
        return self.manner.wait or label in self._needed()

    def _before(self, label: str) -> Fate | None:
        """Give the fate of a project that needs no turn: there is no plan, or nothing to do whatever others do."""
        from reconciler.core import schedules
        from reconciler.core.fates import Fate, State

        if wrong := self.found[label].wrong:
            return Fate(label=label, state=State.FAILED, reason=wrong, code=exits.ERROR)
        alone = [label, *schedules.behind(self.needs, label)]
        return None if any(map(self._moves, alone)) else Fate(label=label, state=State.UNCHANGED)

    def _moves(self, label: str) -> bool:
        """Tell whether something is to be done about a project, or watched, or cannot be done."""
        plan = self.found[label].plan
        return plan is None or plan.changes or (planning.rolls(plan) and self._waits(label))

    def _far(self, course: Course) -> str:
        """Say how far all is; nothing once all is over."""
        running = len(course.running)
        if not running and (course.interrupted or len(course.ended) == len(self.found)):
            return ""  # the table that follows says it all
        if course.interrupted:
            return f"letting go of {running}; interrupt again to leave at once"
        waiting = len(self.found) - len(course.ended) - running
        told = f"{len(course.ended)} of {len(self.found)} projects over, {running} under way"
        return f"{told}, {waiting} to begin" if waiting else told

    def _turn(self, label: str) -> End:
        """Carry out the plan of a project, and say how that ended. Raises nothing."""
        from reconciler.core import fates
        from reconciler.core.fates import Fate, State

        with logs.about(self._about(label)):
            try:
                fate = self._carried(label)
            except KeyboardInterrupt:
                fate = Fate(label=label, state=State.NOT_DONE, reason="interrupted")
            except Interrupted as error:
                fate = fates.interrupted(label, error)
            except ReconcilerError as error:
                logs.error(error)
                state = State.NOT_DONE if isinstance(error, StalePlan) else State.FAILED
                fate = Fate(label=label, state=state, reason=logs.hidden(error.what), code=exits.ERROR)
            except Exception as error:  # noqa: BLE001 - others are under way, and are watched to their ends
                logs.fault(error)
                reason = f"unexpected {type(error).__name__}"
                fate = Fate(label=label, state=State.FAILED, reason=reason, code=exits.ERROR)
            self._fates[label] = replace(fate, reason=logs.hidden(fate.reason))
        self._opened.pop(label, None)
        return fate.end

    def _about(self, label: str) -> logs.About:
        from reconciler.render.styles import Style

        def hide(value: Any) -> Any:
            opened = self._opened.get(label)  # asked each time anew: it knows the secrets read so far
            return opened.masker.value(value, ours=True) if opened is not None else value

        name = self._names[label]
        width = min(max(map(len, self._names.values())), _WIDEST)
        prefix = Style(logs.colored()).paint("dim", f"{name:<{width}} │")
        return logs.About(label, name, f"{prefix} ", hide)

    def _carried(self, label: str) -> Fate:
        """Plan a project anew, and carry that out if it is what was approved."""
        from reconciler.core.fates import Fate, State

        planned = self.found[label]
        assert planned.plan is not None
        self.halt.heed()
        with self.fleet.again(planned.path) as reconciler:
            self._opened[label] = reconciler
            plan = reconciler.plan(self.wanted, strict=self.manner.strict)
            planning.insist_applyable(plan)
            self.halt.heed()
            if plan.changes:
                self._insist_on_approval(reconciler, planned.plan, plan)
                return self._applied(label, reconciler, plan)
            if self._waits(label) and planning.rolls(plan):
                return self._joined(label, reconciler, plan)
            planning.record(reconciler, plan)
        return Fate(label=label, state=State.UNCHANGED)

    def _insist_on_approval(self, reconciler: Reconciler, approved: Plan, plan: Plan) -> None:
        """Refuse a plan that does otherwise than what was approved. Where nobody was asked it is shown."""
        moved = reconciler.moved(approved, plan)
        if not moved:
            return
        if not self.manner.auto_approve:
            raise StalePlan(
                "its plan moved since it was approved; nothing was changed",
                hint="run the same command again: it shows the plan as it is now",
                moved=moved,
            )
        from reconciler.render import human
        from reconciler.render.styles import Style

        logs.warning("its plan is another one than was shown, and nobody asks: this is done now.")
        logs.info(human.plan(plan, Style(logs.colored())).rstrip("\n"))

    def _applied(self, label: str, reconciler: Reconciler, plan: Plan) -> Fate:
        from reconciler.core.fates import Fate, State

        manner = self.manner
        try:
            outcome = planning.applied(
                reconciler, plan, self.common, wait=self._waits(label), until=manner.until
            )
        except KeyboardInterrupt:  # all was sent, and the rollout is over if it was waited for
            return Fate(
                label=label, state=State.UNDER_WAY, reason="whether all is as planned was not looked at"
            )
        finally:
            if label in self._needed():
                self.fleet.renew()
        return self._ended(
            label,
            outcome,
            lambda: failing.through(
                reconciler, self.common, outcome, "Applied", on_failure=manner.on_failure
            ),
        )

    def _joined(self, label: str, reconciler: Reconciler, plan: Plan) -> Fate:
        """Watch a rollout to its end that was begun before."""
        from reconciler.core.fates import State

        outcome = planning.joined(reconciler, plan, self.common, until=self.manner.until)
        fate = self._ended(
            label,
            outcome,
            lambda: planning.over(reconciler, self.common, outcome, on_failure=self.manner.on_failure),
        )
        if fate.state is not State.APPLIED:
            return fate
        return replace(fate, state=State.UNCHANGED, reason="the rollout that was under way completed")

    def _ended(self, label: str, outcome: Outcome, told: Callable[[], int]) -> Fate:
        """Say how a rollout ended and go back where that is wanted; `told` does both, and gives the exit code."""
        from reconciler.core import fates

        try:
            code = told()
        except (Interrupted, KeyboardInterrupt) as error:
            fate = fates.carried(label, outcome, exits.of(outcome.ending))
            back = fates.interrupted(label, error).reason if isinstance(error, Interrupted) else "interrupted"
            return replace(fate, reason="; going back: ".join(filter(None, (fate.reason, back))))
        return fates.carried(label, outcome, code, undone=_undone(outcome, code))


def _undone(outcome: Outcome, code: int) -> bool:
    """Tell whether a rollout that failed was taken back: that gives its exit code, not ours."""
    from reconciler.core.outcomes import Ending

    return code == exits.of(Ending.ROLLED_BACK) != exits.of(outcome.ending)
