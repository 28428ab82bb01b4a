"""The course of a task: when it came to what, by its own times, what its service tells of it, and what it wrote."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from reconciler.core.events import LogLine
from reconciler.core.tasks import listed, task_id, why
from reconciler.core.values import JsonObject
from reconciler.records import dataclass

_TIMES: Final = {
    "createdAt": "created",
    "connectivityAt": "connected to the network",
    "pullStartedAt": "images are pulled",
    "pullStoppedAt": "images are there",
    "startedAt": "its containers have started",
    "stoppingAt": "begins to stop",
    "executionStoppedAt": "its containers have stopped",
    "stoppedAt": "stopped",
}
"""Times of a task (API model, Task), and what they mean."""


@dataclass(frozen=True, slots=True)
class Moment:
    """What happened at a time (in seconds since 1970, by AWS's clock), and who tells it: ``task``, ``service`` or a
    container's name."""

    at: float
    source: str
    what: str


def timeline(
    task: JsonObject, service: JsonObject | None = None, lines: Iterable[LogLine] = ()
) -> tuple[Moment, ...]:
    """Give the course of a task, oldest first."""
    found = [
        Moment(at, "task", f"{words}: {why(task)}" if name == "stoppedAt" and why(task) else words)
        for name, words in _TIMES.items()
        if isinstance(at := task.get(name), int | float)
    ]
    for event in listed(service or {}, "events"):
        at, message = event.get("createdAt"), str(event.get("message"))
        if isinstance(at, int | float) and task_id(task) in message:
            found.append(Moment(at, "service", message))
    found += [Moment(line.at, line.container, line.text) for line in lines]
    return tuple(sorted(found, key=lambda moment: moment.at))
