"""Why a rollout fails: what is told of it. `symptoms` holds what is recognised, `diagnosis` recognises it."""

from __future__ import annotations

from enum import Enum

from reconciler.records import dataclass


class Kind(Enum):
    """What a cause has to do with."""

    IMAGE = "image"
    SECRET = "secret"  # noqa: S105 — the name of a kind
    ROLE = "role"
    NETWORK = "network"
    LOGGING = "logging"
    STORAGE = "storage"
    START = "start"
    MEMORY = "memory"
    EXIT = "exit"
    HEALTH = "health"
    CAPACITY = "capacity"
    QUOTA = "quota"
    CONFIGURATION = "configuration"
    ALARM = "alarm"
    HOOK = "hook"
    INFRASTRUCTURE = "infrastructure"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Logged:
    """The last lines that a container of a task wrote, oldest first."""

    container: str
    task: str
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Cause:
    """A reason why tasks do not come up or do not stay.

    `what` is a sentence without a final dot, `hint` what to try. `tasks` are the ids of the tasks that it befell, none
    where AWS tells it of the service alone; `times` is how often it was seen. `evidence` is in AWS's own words. A
    `vague` one only says that something is wrong, or not through yet.
    """

    kind: Kind
    what: str
    hint: str
    times: int = 1
    tasks: tuple[str, ...] = ()
    evidence: tuple[str, ...] = ()
    logs: tuple[Logged, ...] = ()
    vague: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Diagnosis:
    """The causes, the likeliest first, and what could not be read; `deployment` is the id that it is about."""

    deployment: str = ""
    causes: tuple[Cause, ...] = ()
    unread: tuple[str, ...] = ()
