"""A deployment played through before it is made: what goes into a model of ECS, and what it tells."""

from __future__ import annotations

from reconciler.core.values import JsonObject
from reconciler.records import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """What to play through: `request` is the input of CreateService or UpdateService, without the task definition.

    `service` is what there is, as an input of CreateService, None where it is created; `running` is the task
    definition that it runs and `wanted` the one that it will, as inputs of RegisterTaskDefinition. `moves` says that
    the request names another one. If it `fails`, no task of the new deployment comes up.
    """

    cluster: str
    service: JsonObject | None
    running: JsonObject | None
    wanted: JsonObject
    request: JsonObject
    moves: bool
    fails: bool = False


@dataclass(frozen=True, slots=True)
class Moment:
    """Something that happened, so many seconds after the request: what, and how many tasks there were then."""

    at: float
    text: str
    tasks: int
    healthy: int


@dataclass(frozen=True, slots=True)
class Story:
    """How it went: `peak` is the most tasks at a time, `lowest` the fewest healthy ones, in all `seconds`.

    `ending` is ``completed``, ``failed``, ``rolled back``, ``stuck``, ``endless`` or ``no deployment``; `failed`
    counts tasks that did not come up.
    """

    moments: tuple[Moment, ...]
    peak: int
    lowest: int
    desired: int
    seconds: float
    ending: str
    failed: int = 0


@dataclass(frozen=True, slots=True)
class Rehearsed:
    """What would come of a unit's change: if all goes `well`, and if no new task comes up (None: none is started)."""

    address: str
    well: Story
    badly: Story | None = None
    breaks: bool = False
    """Whether a circuit breaker watches."""
