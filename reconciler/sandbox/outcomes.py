"""What becomes of a container once it is started: a strategy decides it from the image."""

from collections.abc import Callable
from enum import Enum
from typing import TypeAlias

from reconciler.sandbox import rules


class Outcome(Enum):
    """The fates a container can have."""

    RUNS = "runs"
    CRASHES = "crash"
    CANNOT_PULL = "nopull"
    SICKENS = "sick"


Strategy: TypeAlias = Callable[[str], Outcome]
"""Decides the fate of a container from its image."""


@rules.guessed("a convention of this sandbox, so that a demonstration needs no script")
def by_tag(image: str) -> Outcome:
    """Let an image whose tag is `crash`, `nopull` or `sick` behave so; every other one runs."""
    tag = image.rpartition("/")[2].partition("@")[0].partition(":")[2]
    fates = {each.value: each for each in Outcome}
    return fates.get(tag, Outcome.RUNS)
