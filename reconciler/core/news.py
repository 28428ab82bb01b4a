"""What of a described service is news: events that were not told yet, and what has moved since the last look."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby

from reconciler.core import rollouts
from reconciler.core.events import ServiceEvent
from reconciler.core.values import Json, JsonObject


def fresh(unit: str, since: float, service: JsonObject, told: set[str]) -> Iterator[ServiceEvent]:
    """Report service events that were not `told` yet, oldest first (the API gives the newest first)."""
    found: list[tuple[float, str]] = []
    for event in reversed(events(service)):
        name, at = str(event.get("id")), event.get("createdAt")
        when = float(at) if isinstance(at, int | float) else 0.0
        if name not in told and when >= since:
            told.add(name)
            found.append((when, str(event.get("message", ""))))
    for message, same in groupby(found, key=lambda told: told[1]):
        times = [when for when, _ in same]
        yield ServiceEvent(unit=unit, at=times[0], message=message, times=len(times))


def _list(value: Json) -> Sequence[Json]:
    return value if isinstance(value, list | tuple) else ()


def events(service: JsonObject) -> list[JsonObject]:
    """Give the service events of a described service, the newest first."""
    return [event for event in _list(service.get("events")) if isinstance(event, dict)]


def ids(service: JsonObject) -> frozenset[str]:
    """Give the ids of the service events that there are."""
    return frozenset(str(event.get("id")) for event in events(service))


def made_at(deployment: JsonObject) -> float:
    """Give when a deployment was made, by AWS's clock."""
    created = deployment.get("createdAt")
    return float(created) if isinstance(created, int | float) else 0.0


def durations(briefs: Sequence[JsonObject]) -> Iterator[float]:
    """Give how long successful service deployments took, in seconds, the newest first."""
    for brief in briefs:
        began, ended = brief.get("startedAt"), brief.get("finishedAt")
        if (
            brief.get("status") == "SUCCESSFUL"
            and isinstance(began, int | float)
            and isinstance(ended, int | float)
        ):
            yield float(ended) - float(began)


def moved(service: JsonObject, record: JsonObject | None) -> tuple[object, ...]:
    """Give what is worth a look when it changes: the counts of deployments, and of the service deployment the shares of
    traffic, the hooks that hold it and the monitors that may end it.
    """
    return (_counts(service), _traffic(record), _held(record))


def _counts(service: JsonObject) -> tuple[object, ...]:
    names = ("id", "status", "desiredCount", "pendingCount", "runningCount", "failedTasks", "rolloutState")
    return tuple(tuple(d.get(name) for name in names) for d in rollouts.deployments(service))


def _traffic(record: JsonObject | None) -> tuple[object, ...]:
    target = record.get("targetServiceRevision") if record is not None else None
    shown = target if isinstance(target, dict) else {}
    return tuple(value for name, value in shown.items() if name.endswith("Weight"))


def _held(record: JsonObject | None) -> tuple[object, ...]:
    """Give what holds a service deployment or may end it: its hooks and its monitors, as far as they change."""
    found = record or {}
    hooks = found.get("lifecycleHookDetails")
    monitors = (found.get("deploymentCircuitBreaker"), found.get("alarms"))
    return (
        *((h.get("hookId"), h.get("status")) for h in _list(hooks) if isinstance(h, dict)),
        *((m.get("status"), m.get("failureCount")) for m in monitors if isinstance(m, dict)),
    )
