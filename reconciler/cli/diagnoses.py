"""Saying why a rollout failed, under how it ended."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from reconciler.cli import logs

if TYPE_CHECKING:
    from reconciler.api import Reconciler
    from reconciler.core.causes import Diagnosis
    from reconciler.core.outcomes import Outcome

_BAD: Final = ("failed", "rolled back", "timed out")


def explain(reconciler: Reconciler, outcome: Outcome) -> None:
    """Say on stderr why a rollout failed, was rolled back or takes too long; of any other say nothing."""
    deleted = outcome.state == "gone"  # that is no fault of its tasks
    if outcome.ending.value not in _BAD or deleted:
        return
    found = reconciler.diagnose(outcome.deployment)
    say(found, f"service.{reconciler.settings.cluster}/{reconciler.settings.service}")


def say(found: Diagnosis, unit: str) -> None:
    """Say a diagnosis on stderr."""
    from reconciler.render import diagnoses
    from reconciler.render.styles import Style

    if logs.people():
        logs.info(diagnoses.text(found, Style(logs.colored())))
    else:
        logs.info(diagnoses.line(found), kind="Diagnosed", unit=unit, **diagnoses.fields(found))
