"""How an apply or a wait ended."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from typing import Final

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

    @property
    def code(self) -> int:
        """Give the exit code of a command that ends so (README, "Exit codes")."""
        return _CODES[self]


_CODES: Final[Mapping[Ending, int]] = {
    Ending.SUCCEEDED: 0,
    Ending.NOT_WAITED: 0,
    Ending.FAILED: 3,
    Ending.ROLLED_BACK: 4,
    Ending.TIMED_OUT: 5,
    Ending.SUPERSEDED: 6,
    Ending.PAUSED: 7,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of a plan, or of a rollout that was waited for.

    `done` describes the steps that were carried out; `revision` is the ARN of the service's revision now; `idle` means
    that there was nothing to wait for, and `reason` how the service is; `deployment` is the id (``ecs-svc/…``, ``d-…``)
    of the rollout that did not succeed. `state` is how the rollout stood when watching it ended (a value of
    `rollouts.State`), empty where none was watched: one that was waited for as far as a stage may go on. `registered`
    means that the revision was registered and no service told to run it.
    """

    ending: Ending
    reason: str = ""
    done: tuple[str, ...] = ()
    revision: str = ""
    seconds: float = 0.0
    idle: bool = False
    deployment: str = ""
    state: str = ""
    registered: bool = False
