"""How a rollout ended: what is said of it, why it failed, and undoing it where that is wanted."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from reconciler.api import aftermaths
from reconciler.api.aftermaths import Aftermath
from reconciler.cli import diagnoses, exits, logs, options, reports
from reconciler.core.outcomes import Ending
from reconciler.errors import ReconcilerError

if TYPE_CHECKING:
    from reconciler.api import Reconciler
    from reconciler.core.causes import Diagnosis
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

    It is `timed` if it began under our eyes. The code stays that of the failure unless all is as it was before.
    """
    undone = aftermaths.follow(
        reconciler,
        outcome,
        Told(reconciler, success, timed=timed),
        lambda: reports.reporter(reconciler),
        on_failure=on_failure,
        timeout=common.timeout,
    )
    return exits.of(Ending.ROLLED_BACK if undone else outcome.ending)


class Told(Aftermath):
    """Says on stderr what follows a rollout."""

    def __init__(self, reconciler: Reconciler, success: str, *, timed: bool = True) -> None:
        """Keep what is given: `success` says that it went well, and where it is `timed` after how long."""
        self._reconciler = reconciler
        self._success = success
        self._timed = timed

    def ended(self, outcome: Outcome) -> None:
        """Say how it ended."""
        ended(outcome, self._success, timed=self._timed)

    def diagnosed(self, diagnosis: Diagnosis) -> None:
        """Say why it failed, under that."""
        settings = self._reconciler.settings
        diagnoses.say(diagnosis, f"service.{settings.cluster}/{settings.service}")

    def going_back(self, undoing: Undoing) -> None:
        """Say what going back does."""
        logs.info("Rolling back, as --on-failure says.")
        announce(self._reconciler, undoing)

    def back(self, outcome: Outcome) -> None:
        """Say how going back ended."""
        if outcome.ending is Ending.SUCCEEDED:
            ended(outcome, "Rolled back")
        else:
            reason = f"while going back{': ' if outcome.reason else ''}{outcome.reason}"
            ended(replace(outcome, reason=reason))

    def stayed(self, error: ReconcilerError) -> None:
        """Say why nothing was undone."""
        logs.failed(_not_rolled_back(error), kind=type(error).__name__)


def _not_rolled_back(error: ReconcilerError) -> str:
    """Give an error's message as that of a rollback that did not come to be."""
    error.what = f"not rolled back: {error.what}"
    return str(error)


def announce(reconciler: Reconciler, undoing: Undoing) -> None:
    """Say what a rollback does."""
    from reconciler.engine import ways

    for line in ways.describe(undoing):
        logs.info(reconciler.masker.text(line))
