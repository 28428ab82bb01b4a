"""How a rollout ended: what is said of it, why it failed, and undoing it where that is wanted."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from reconciler.cli import diagnoses, exits, logs, options, reports
from reconciler.errors import Interrupted, ReconcilerError

if TYPE_CHECKING:
    from reconciler.api import Reconciler
    from reconciler.core.outcomes import Outcome
    from reconciler.engine.ways import Undoing


def ended(outcome: Outcome, success: str = "Applied", *, timed: bool = True) -> int:
    """Say how it ended, and if it is `timed` after how long; give its exit code."""
    from reconciler.render import progress
    from reconciler.render.styles import Style

    code = exits.of(outcome.ending)
    told = progress.outcome(outcome, success, Style(logs.colored()), timed=timed)
    (logs.info if code == exits.OK else logs.failed)(told, **progress.ending(outcome))
    return code


def through(
    reconciler: Reconciler,
    common: options.Common,
    outcome: Outcome,
    success: str,
    *,
    on_failure: str = "keep",
    timed: bool = True,
) -> int:
    """Say how a rollout ended and why, and undo it if it failed and that is wanted; give the exit code.

    It is `timed` if it began under our eyes.
    """
    code = ended(outcome, success, timed=timed)
    diagnoses.explain(reconciler, outcome)
    if on_failure != "rollback" or outcome.idle or outcome.ending.value not in ("failed", "timed out"):
        return code
    return _undone(reconciler, common, outcome, code)


def _undone(reconciler: Reconciler, common: options.Common, outcome: Outcome, code: int) -> int:
    """Undo a rollout that failed. The exit code stays that of the failure unless all is as it was before."""
    from reconciler.core.outcomes import Ending
    from reconciler.engine.ways import Wish

    try:
        undoing = reconciler.undoing(Wish(deployment=outcome.deployment))
        logs.info("Rolling back, as --on-failure says.")
        announce(reconciler, undoing)
        with reports.reporter(reconciler) as emit:
            back = reconciler.rollback(undoing, emit=emit, timeout=common.timeout)
    except Interrupted:
        raise
    except ReconcilerError as error:
        logs.failed(_not_rolled_back(error), kind=type(error).__name__)
        return code
    if back.ending is not Ending.SUCCEEDED:
        ended(replace(back, reason=f"while going back{': ' if back.reason else ''}{back.reason}"))
        return code
    ended(back, "Rolled back")
    return exits.of(Ending.ROLLED_BACK)


def _not_rolled_back(error: ReconcilerError) -> str:
    """Give an error's message as that of a rollback that did not come to be."""
    error.what = f"not rolled back: {error.what}"
    return str(error)


def announce(reconciler: Reconciler, undoing: Undoing) -> None:
    """Say what a rollback does."""
    from reconciler.engine import ways

    for line in ways.describe(undoing):
        logs.info(reconciler.masker.text(line))
