"""Deployments of the fake: one begins with a change, and ends a fixed time later, well or badly."""

from __future__ import annotations

import uuid
from typing import Any, Final

from reconciler.testing.definitions import ON_DEPLOYMENTS, Body

_SHOWN_ON_BOTH: Final = ("networkConfiguration", "launchType", "capacityProviderStrategy", "platformVersion")
STARTS: Final = frozenset(
    {
        "taskDefinition",
        "networkConfiguration",
        "platformVersion",
        "loadBalancers",
        "serviceRegistries",
        *ON_DEPLOYMENTS,
    }
)
"""Members whose change makes UpdateService start a deployment (UpdateService, ECS API reference)."""


def begin(service: Body, sent: Body, now: float) -> None:
    """Start a deployment of a service as it now stands; the ones before it run on as ACTIVE."""
    before = service["deployments"]
    carried = before[0] if before else {}
    for deployment in before:
        deployment["status"] = "ACTIVE"
    primary: Body = {
        "id": f"ecs-svc/{uuid.uuid4().int % 10**19:019}",
        "status": "PRIMARY",
        "taskDefinition": service["taskDefinition"],
        "desiredCount": service["desiredCount"],
        "pendingCount": service["desiredCount"],
        "runningCount": 0,
        "failedTasks": 0,
        "createdAt": now,
        "updatedAt": now,
        **{key: service[key] for key in _SHOWN_ON_BOTH if key in service},
        **{key: value for key in ON_DEPLOYMENTS if (value := sent.get(key, carried.get(key)))},
    }
    _move(primary, "IN_PROGRESS", "in progress.", now)
    service["deployments"] = [primary, *before]
    count(service)


def scale(service: Body) -> None:
    """Bring a service's newest deployment to the number of tasks wanted, at once."""
    primary = service["deployments"][0]
    primary["desiredCount"] = service["desiredCount"]
    if primary["rolloutState"] == "COMPLETED":
        primary["runningCount"] = service["desiredCount"]
    count(service)


def end(service: Body, now: float, *, failed: bool) -> None:
    """End the newest deployment: completed, or failed and, where the circuit breaker says so, rolled back."""
    primary, *older = service["deployments"]
    if not failed:
        _move(primary, "COMPLETED", "completed.", now)
        primary |= {"runningCount": primary["desiredCount"], "pendingCount": 0}
        service["deployments"] = [primary]
        return _report(service, "has reached a steady state.", now)
    breaker: Body = service["deploymentConfiguration"]["deploymentCircuitBreaker"]
    if primary["failedTasks"] and not breaker["enable"]:
        return None  # ECS goes on trying; once is enough to see here
    primary["failedTasks"] = 3
    if not breaker["enable"]:
        return _report(service, "was unable to start tasks.", now)
    _move(primary, "FAILED", "tasks failed to start.", now)
    primary["pendingCount"] = 0
    _report(service, f"(deployment {primary['id']}) deployment failed: tasks failed to start.", now)
    if breaker["rollback"] and older:
        service["taskDefinition"] = older[0]["taskDefinition"]
        service["deployments"] = [older[0], primary]
        older[0] |= {"status": "PRIMARY"}
        primary |= {"status": "ACTIVE"}
        _report(service, f"rolling back to deployment {older[0]['id']}.", now)
    return count(service)


def count(service: Body) -> None:
    """Sum the tasks of the deployments."""
    for key in ("runningCount", "pendingCount"):
        service[key] = sum(deployment[key] for deployment in service["deployments"])


def in_progress(service: Body) -> Body | None:
    """Give the newest deployment while it is under way."""
    primary: Body | Any = service["deployments"][0] if service["deployments"] else None
    return primary if primary and primary["rolloutState"] == "IN_PROGRESS" else None


def _move(deployment: Body, state: str, reason: str, now: float) -> None:
    deployment |= {"rolloutState": state, "rolloutStateReason": f"ECS deployment {deployment['id']} {reason}"}
    deployment["updatedAt"] = now


def _report(service: Body, message: str, now: float) -> None:
    count(service)
    event = {
        "id": str(uuid.uuid4()),
        "createdAt": now,
        "message": f"(service {service['serviceName']}) {message}",
    }
    service["events"].insert(0, event)
