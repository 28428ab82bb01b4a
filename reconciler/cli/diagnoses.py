"""Saying why a rollout failed, under how it ended."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.cli import logs

if TYPE_CHECKING:
    from reconciler.core.causes import Diagnosis


def say(found: Diagnosis, unit: str) -> None:
    """Say a diagnosis on stderr."""
    from reconciler.render import diagnoses
    from reconciler.render.styles import Style

    if logs.people():
        logs.info(diagnoses.text(found, Style(logs.colored())))
    else:
        logs.info(diagnoses.line(found), kind="Diagnosed", unit=unit, **diagnoses.fields(found))
