"""What follows a rollout: a record where it went well, else its diagnosis, and going back where that is wanted."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Final, TypeAlias

from reconciler.api.openings import Emit
from reconciler.core.outcomes import Ending, Outcome
from reconciler.errors import Interrupted, ReconcilerError

if TYPE_CHECKING:
    from reconciler.api.reconcilers import Reconciler
    from reconciler.core.causes import Diagnosis
    from reconciler.core.plans import Plan
    from reconciler.engine.ways import Undoing

Reporting: TypeAlias = Callable[[], AbstractContextManager[Emit]]
"""Gives what hears of events while a block runs."""

_BAD: Final = (Ending.FAILED, Ending.ROLLED_BACK, Ending.TIMED_OUT)
_WELL: Final = (Ending.SUCCEEDED, Ending.NOT_WAITED)


class Aftermath:
    """Hears what follows a rollout, step by step. Its methods do nothing: override those of interest."""

    def ended(self, outcome: Outcome) -> None:
        """Hear how it ended."""

    def diagnosed(self, diagnosis: Diagnosis) -> None:
        """Hear why it failed, was rolled back or takes too long."""

    def going_back(self, undoing: Undoing) -> None:
        """Hear how it is undone, before that is begun."""

    def back(self, outcome: Outcome) -> None:
        """Hear how going back ended."""

    def stayed(self, error: ReconcilerError) -> None:
        """Hear why nothing was undone."""


def rolls(plan: Plan) -> bool:
    """Tell whether a rollout was under way when the plan was made."""
    return any(unit.rollout for unit in plan.units)


def unrecorded(reconciler: Reconciler, plan: Plan, outcome: Outcome | None = None) -> str:
    """Write down that a plan was applied, where the project wants that and the outcome is no bad one.

    Give why that failed, where it did: it undoes nothing. Without an `outcome` all was as it should be already.
    """
    if not plan.project.record or (outcome is not None and outcome.ending not in _WELL):
        return ""
    from reconciler.core import planfiles

    try:
        reconciler.keep_record(plan, planfiles.shown(plan, reconciler.masker, ()))
    except ReconcilerError as error:
        return f"the apply is not recorded, so that `drift` cannot tell causes: {error.what}"
    return ""


def diagnosis(reconciler: Reconciler, outcome: Outcome) -> Diagnosis | None:
    """Say why a rollout failed, was rolled back or takes too long; of any other nothing."""
    deleted = outcome.state == "gone"  # that is no fault of its tasks
    return reconciler.diagnose(outcome.deployment) if outcome.ending in _BAD and not deleted else None


def follow(
    reconciler: Reconciler,
    outcome: Outcome,
    told: Aftermath,
    reporting: Reporting,
    *,
    on_failure: str = "keep",
    timeout: float | None = None,
) -> bool:
    """Tell how a rollout ended and why, and with `on_failure` ``rollback`` undo it if it failed or timed out.

    Give whether it was undone: all is as it was before. Interrupted, and AwsError of the diagnosis.
    """
    told.ended(outcome)
    found = diagnosis(reconciler, outcome)
    if found is not None:
        told.diagnosed(found)
    failed = outcome.ending in (Ending.FAILED, Ending.TIMED_OUT) and not outcome.idle
    if on_failure != "rollback" or not failed:
        return False
    from reconciler.engine.ways import Wish

    try:
        undoing = reconciler.undoing(Wish(deployment=outcome.deployment))
        told.going_back(undoing)
        with reporting() as emit:
            back = reconciler.rollback(undoing, emit=emit, timeout=timeout)
    except Interrupted:
        raise
    except ReconcilerError as error:
        told.stayed(error)
        return False
    told.back(back)
    return back.ending is Ending.SUCCEEDED
