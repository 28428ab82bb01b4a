"""What becomes of a container once it is started: a strategy decides it from the image, unless a script does."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Final, TypeAlias

from reconciler.sandbox import rules


class Outcome(Enum):
    """The fates a container can have."""

    RUNS = "runs"
    CRASHES = "crash"
    EXITS = "exit"
    CANNOT_PULL = "nopull"
    SICKENS = "sick"
    FLAPS = "flap"
    IS_INTERRUPTED = "spot"
    IS_SLOW = "slow"
    HAS_NO_PLACE = "noplace"
    HAS_NO_SECRET = "nosecret"  # noqa: S105 — the name of an outcome


@dataclass(frozen=True, slots=True)
class Fate:
    """What becomes of a container, in particulars.

    `after` is the simulated seconds from RUNNING until it happens (for `slow` until it is healthy), `reason` takes
    the place of the text that AWS would give, `logs` are the lines that the container writes, each so many seconds
    from RUNNING; `agent` is the status that the agent of ECS Exec comes to.
    """

    outcome: Outcome = Outcome.RUNS
    exit_code: int = 1
    reason: str = ""
    after: float | None = None
    logs: tuple[tuple[float, str], ...] = ()
    agent: str = "RUNNING"


RUNS: Final = Fate()

_FATES: Final = {
    Outcome.CRASHES: Fate(
        Outcome.CRASHES, logs=((0, "started"), (0, "exiting with status 1, as the image's tag says"))
    ),
    Outcome.EXITS: Fate(Outcome.EXITS, exit_code=0, logs=((0, "started"), (0, "done"))),
}

Strategy: TypeAlias = Callable[[str], "Outcome | Fate"]
"""Decides the fate of a container from its image."""


@rules.guessed("a convention of this sandbox, so that a demonstration needs no script")
def by_tag(image: str) -> Outcome | Fate:
    """Let an image whose tag names an outcome (`crash`, `nopull`, `sick`, …) behave so; every other one runs."""
    tag = image.rpartition("/")[2].partition("@")[0].partition(":")[2]
    outcome = {each.value: each for each in Outcome}.get(tag, Outcome.RUNS)
    return _FATES.get(outcome, outcome)
