"""Plans of many projects, each carried out when its turn has come: what `Fleet.apply` does."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from reconciler.api import aftermaths, turns
from reconciler.api.aftermaths import Aftermath
from reconciler.api.openings import Emit
from reconciler.api.plannings import insist_applyable
from reconciler.api.turns import Halt
from reconciler.core import fates, schedules
from reconciler.core.fates import Fate, State
from reconciler.core.outcomes import Ending, Outcome
from reconciler.core.schedules import Course, End, Schedule
from reconciler.engine.options import Options
from reconciler.errors import Interrupted, PlanError, ReconcilerError, StalePlan, Where
from reconciler.records import dataclass

if TYPE_CHECKING:
    from reconciler.api.fleets import Done, Fleet
    from reconciler.api.ordering import Order
    from reconciler.api.reconcilers import Reconciler
    from reconciler.core.events import Event
    from reconciler.core.plans import Plan

_ERROR: Final = 1
"""The exit code of what ended with an error (README, "Exit codes")."""


@dataclass(frozen=True, slots=True)
class Planned:
    """A project with the plan that was made of it, and what keeps that from being made or applied: a text, masked.

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
    def plan(self) -> Plan | None:
        """Give the plan that may be applied."""
        return None if self.wrong else self.made

    @property
    def changes(self) -> bool:
        """Tell whether there is something to do that may be done."""
        return self.plan is not None and self.plan.changes


@dataclass(frozen=True, slots=True, kw_only=True)
class Manner:
    """How plans are carried out.

    `wait`, `until` and `timeout` (seconds, each project's own where not given) are those of `Reconciler.apply`; what
    others depend on is waited for in any case. `on_failure` is ``keep`` or ``rollback``. After a failure nothing more
    begins, or with `keep_going` only nothing that depends on it. Each project is planned anew in its turn, with
    `options` and `strict` as before; a plan that moved since is refused, or with `follow` carried out as it is then.
    """

    options: Options = field(default_factory=Options)
    strict: bool = False
    wait: bool = True
    until: str = "deployed"
    timeout: float | None = None
    on_failure: str = "keep"
    keep_going: bool = False
    follow: bool = False


@dataclass(frozen=True, slots=True)
class Applied:
    """What became of each project, in the order in which they were given, and whether all was let go."""

    fates: tuple[Fate, ...]
    interrupted: bool = False


class Listener:
    """Hears what is done, by labels; of a project in the thread of its turn, hence of several at the same time.

    Given `emit`, it is told each event with the label of its project. All other methods do nothing: override those of
    interest. Texts of errors and events may hold secrets: what a turn's `mask` gives for them does not.
    """

    def __init__(self, emit: Callable[[str, Event], object] | None = None) -> None:
        """Keep what hears of events."""
        self._emit = emit

    def waits(self, labels: Sequence[str]) -> None:
        """Hear of projects that are waited for against the manner, since others depend on them."""

    def far(self, course: Course) -> None:
        """Hear how far all is, whenever a turn begins or ends."""

    def turn(self, label: str, mask: Callable[[Any], Any]) -> AbstractContextManager[object]:  # noqa: ARG002
        """Give what a project's turn runs in. `mask` hides the secrets known so far in texts, lists and mappings."""
        return nullcontext()

    def reporting(self, label: str, reconciler: Reconciler) -> AbstractContextManager[Emit]:  # noqa: ARG002
        """Give what hears the events of a project while a block runs."""
        emit = self._emit
        return nullcontext((lambda _event: None) if emit is None else (lambda event: emit(label, event)))

    def aftermath(self, label: str, reconciler: Reconciler, *, joined: bool) -> Aftermath:  # noqa: ARG002
        """Give what hears of the end of a rollout: one begun here, or `joined` while it was under way."""
        return Aftermath()

    def moved(self, label: str, plan: Plan) -> None:
        """Hear that a plan is another one than was given, and is carried out (`Manner.follow`)."""

    def unrecorded(self, label: str, why: str) -> None:
        """Hear why an apply is not written down (`record:`)."""

    def failed(self, label: str, error: ReconcilerError) -> None:
        """Hear why a project failed, or was not done."""

    def fault(self, label: str, error: Exception) -> None:
        """Hear of an exception that is no error of ours; called while it is handled."""


def prepared(reconciler: Reconciler, manner: Manner) -> Planned:
    """Plan a project. A record of what is as it should be already is written on the way."""
    plan = reconciler.plan(manner.options, strict=manner.strict)
    wrong = missing = ""
    try:
        insist_applyable(plan)
    except PlanError as error:
        wrong = reconciler.masker.leaf(str(error))
    if not (wrong or plan.changes or aftermaths.rolls(plan)):
        missing = aftermaths.unrecorded(reconciler, plan)
    return Planned(Path(), plan, wrong, reconciler.settings.depends_on, missing)


def of(done: Done[Planned]) -> Planned:
    """Give what came of planning a project, also where that failed."""
    if done.result is not None:
        return replace(done.result, path=done.path)
    assert done.error is not None
    if done.reconciler is None:
        return Planned(done.path, None, str(done.error))
    try:
        needs = done.reconciler.settings.depends_on
    except ReconcilerError:  # it is what is wrong, and told as such
        needs = ()
    return Planned(done.path, None, done.reconciler.masker.leaf(str(done.error)), needs)


def nothing(planned: Sequence[Planned]) -> Applied | None:
    """Give what becomes of projects of which none may be applied, since one has no plan to carry out; None else."""
    first = next((each.label for each in planned if each.wrong), None)
    if first is None:
        return None
    reason = f"{first} cannot be applied"
    return Applied(
        tuple(
            Fate(label=each.label, state=State.FAILED, reason=each.wrong, code=_ERROR)
            if each.wrong
            else Fate(label=each.label, state=State.NOT_DONE, reason=reason, because=first)
            for each in planned
        )
    )


@dataclass(slots=True)
class Run:
    """The plans that are carried out, by label, and what became of each."""

    fleet: Fleet
    found: Mapping[str, Planned]
    order: Order
    manner: Manner
    listener: Listener
    halt: Halt
    _fates: dict[str, Fate] = field(default_factory=dict)
    _opened: dict[str, Reconciler] = field(default_factory=dict)

    def carry_out(self, at_once: int) -> Applied:
        """Let each have its turn, at most `at_once` at a time."""
        schedule = Schedule(needs=self.order.needs, at_once=at_once, keep_going=self.manner.keep_going)
        course = Course(schedule)
        for label in self.found:
            if (fate := self._before(label)) is not None:
                self._fates[label] = fate
                course = course.end(label, fate.end)
        waited = [label for label in self.found if label in self._needed() and self.found[label].changes]
        if waited and not self.manner.wait:
            self.listener.waits(waited)
        course = turns.take(course, self._turn, self.halt, self.listener.far)
        for label in course.ended:
            self._fates.setdefault(label, fates.unknown(label))
        for label, cause in course.left().items():
            self._fates[label] = fates.left(label, cause, self._fates)
        return Applied(tuple(self._fates[label] for label in self.found), course.interrupted)

    def _needed(self) -> frozenset[str]:
        return frozenset(label for needs in self.order.needs.values() for label in needs)

    def _waits(self, label: str) -> bool:
        return self.manner.wait or label in self._needed()

    def _before(self, label: str) -> Fate | None:
        """Give the fate of a project that needs no turn: there is no plan, or nothing to do whatever others do."""
        if wrong := self.found[label].wrong:
            return Fate(label=label, state=State.FAILED, reason=wrong, code=_ERROR)
        alone = [label, *schedules.behind(self.order.needs, label)]
        return None if any(map(self._moves, alone)) else Fate(label=label, state=State.UNCHANGED)

    def _moves(self, label: str) -> bool:
        """Tell whether something is to be done about a project, or watched, or cannot be done."""
        plan = self.found[label].plan
        return plan is None or plan.changes or (aftermaths.rolls(plan) and self._waits(label))

    def _turn(self, label: str) -> End:
        """Carry out the plan of a project, and say how that ended. Raises nothing."""

        def mask(value: Any) -> Any:
            opened = self._opened.get(label)  # asked each time anew: it knows the secrets read so far
            return opened.masker.value(value, ours=True) if opened is not None else value

        with self.listener.turn(label, mask):
            try:
                fate = self._carried(label)
            except KeyboardInterrupt:
                fate = Fate(label=label, state=State.NOT_DONE, reason="interrupted")
            except Interrupted as error:
                fate = fates.interrupted(label, error)
            except ReconcilerError as error:
                self.listener.failed(label, error)
                state = State.NOT_DONE if isinstance(error, StalePlan) else State.FAILED
                fate = Fate(label=label, state=state, reason=error.what, code=_ERROR)
            except Exception as error:  # noqa: BLE001 - others are under way, and are watched to their ends
                self.listener.fault(label, error)
                reason = f"unexpected {type(error).__name__}"
                fate = Fate(label=label, state=State.FAILED, reason=reason, code=_ERROR)
            self._fates[label] = replace(fate, reason=str(mask(fate.reason)))
        self._opened.pop(label, None)
        return fate.end

    def _carried(self, label: str) -> Fate:
        """Plan a project anew, and carry that out if it is what was approved."""
        planned = self.found[label]
        assert planned.plan is not None
        self.halt.heed()
        with self.fleet.again(planned.path, clock=self.halt) as reconciler:
            self._opened[label] = reconciler
            plan = reconciler.plan(self.manner.options, strict=self.manner.strict)
            insist_applyable(plan)
            self.halt.heed()
            if plan.changes:
                self._insist_on_approval(label, reconciler, planned.plan, plan)
                return self._applied(label, reconciler, plan)
            if self._waits(label) and aftermaths.rolls(plan):
                return self._joined(label, reconciler, plan)
            self._record(label, reconciler, plan)
        return Fate(label=label, state=State.UNCHANGED)

    def _insist_on_approval(self, label: str, reconciler: Reconciler, approved: Plan, plan: Plan) -> None:
        """Refuse a plan that does otherwise than what was approved, but where any is to be followed."""
        moved = reconciler.moved(approved, plan)
        if not moved:
            return
        if not self.manner.follow:
            raise StalePlan(
                "its plan moved since it was approved; nothing was changed",
                hint="run the same command again: it shows the plan as it is now",
                moved=moved,
            )
        self.listener.moved(label, plan)

    def _applied(self, label: str, reconciler: Reconciler, plan: Plan) -> Fate:
        manner = self.manner
        wait = self._waits(label)
        try:
            with self._reporting(label, reconciler) as emit:
                outcome = reconciler.apply(
                    plan, emit=emit, wait=wait, until=manner.until, timeout=manner.timeout
                )
            self._record(label, reconciler, plan, outcome)
        except KeyboardInterrupt:  # all was sent, and the rollout is over if it was waited for
            return Fate(
                label=label, state=State.UNDER_WAY, reason="whether all is as planned was not looked at"
            )
        finally:
            if label in self._needed():
                self.fleet.renew()
        return self._ended(label, reconciler, outcome, joined=False)

    def _joined(self, label: str, reconciler: Reconciler, plan: Plan) -> Fate:
        """Watch a rollout to its end that was begun before."""
        manner = self.manner
        with self._reporting(label, reconciler) as emit:
            outcome = reconciler.wait(emit=emit, until=manner.until, timeout=manner.timeout, met=True)
        self._record(label, reconciler, plan, outcome)
        fate = self._ended(label, reconciler, outcome, joined=True)
        if fate.state is not State.APPLIED:
            return fate
        return replace(fate, state=State.UNCHANGED, reason="the rollout that was under way completed")

    def _ended(self, label: str, reconciler: Reconciler, outcome: Outcome, *, joined: bool) -> Fate:
        """Say how a rollout ended, and go back where that is wanted."""
        try:
            undone = aftermaths.follow(
                reconciler,
                outcome,
                self.listener.aftermath(label, reconciler, joined=joined),
                lambda: self._reporting(label, reconciler),
                on_failure=self.manner.on_failure,
                timeout=self.manner.timeout,
            )
        except (Interrupted, KeyboardInterrupt) as error:
            fate = fates.carried(label, outcome, outcome.ending.code)
            back = fates.interrupted(label, error).reason if isinstance(error, Interrupted) else "interrupted"
            return replace(fate, reason="; going back: ".join(filter(None, (fate.reason, back))))
        code = Ending.ROLLED_BACK.code if undone else outcome.ending.code
        return fates.carried(label, outcome, code, undone=undone)

    def _record(self, label: str, reconciler: Reconciler, plan: Plan, outcome: Outcome | None = None) -> None:
        if why := aftermaths.unrecorded(reconciler, plan, outcome):
            self.listener.unrecorded(label, why)

    @contextmanager
    def _reporting(self, label: str, reconciler: Reconciler) -> Iterator[Emit]:
        """Give what tells events; once all is to be let go, KeyboardInterrupt in place of the next."""
        with self.listener.reporting(label, reconciler) as emit:

            def told(event: Event) -> None:
                self.halt.heed()
                emit(event)

            yield told
