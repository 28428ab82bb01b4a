"""How an apply or a wait ended."""

from __future__ import annotations

from enum import Enum

from reconciler.records import dataclass


class Ending(Enum):
    """The ways in which a rollout, or the apply that started it, ends."""

    SUCCEEDED = "succeeded"
    NOT_WAITED = "not waited for"
    FAILED = "failed"
    ROLLED_BACK = "rolled back"
    PAUSED = "paused"
    TIMED_OUT = "timed out"
    SUPERSEDED = "superseded"


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of a plan, or of a rollout that was waited for.

    `done` describes the steps that were carried out; `revision` is the ARN now running; `idle` means that there was
    nothing to wait for; `deployment` is the id (``ecs-svc/…``) of the rollout that did not succeed.
    """

    ending: Ending
    reason: str = ""
    done: tuple[str, ...] = ()
    revision: str = ""
    seconds: float = 0.0
    idle: bool = False
    deployment: str = ""
