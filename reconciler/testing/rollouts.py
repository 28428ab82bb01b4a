"""Deployments of the fake: one begins with a change, and ends a fixed time later, well or badly."""

from __future__ import annotations

import uuid
from typing import Any, Final

from reconciler.testing import definitions
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
    _record(service, primary, now)
    count(service)


def _record(service: Body, deployment: Body, now: float) -> None:
    """Note a deployment as List and DescribeServiceDeployments tell of it, and that it ends the one before."""
    records = service.setdefault("records", [])
    if records and records[0]["status"] == "IN_PROGRESS":
        _close(records[0], "STOPPED", now)
    arn = service["serviceArn"]
    number = deployment["id"].rpartition("/")[2]
    revision = arn.replace(":service/", ":service-revision/")
    target = f"{revision}/{number}"
    service.setdefault("revisions", {})[target] = definitions.snapshot(service) | {"createdAt": now}
    sources = [f"{revision}/{each['id'].rpartition('/')[2]}" for each in service["deployments"][1:]]
    record = {
        "serviceDeploymentArn": f"{arn.replace(':service/', ':service-deployment/')}/{number}",
        "serviceArn": arn,
        "clusterArn": service["clusterArn"],
        "createdAt": now,
        "startedAt": now,
        "updatedAt": now,
        "status": "IN_PROGRESS",
        "sourceServiceRevisions": [{"arn": each} for each in sources],
        "targetServiceRevision": {"arn": target},
        "deploymentConfiguration": service["deploymentConfiguration"],
    }
    records.insert(0, record)


def _close(record: Body, status: str, now: float) -> None:
    record |= {"status": status, "finishedAt": now, "updatedAt": now}


def stop(service: Body, record: Body, now: float, *, rollback: bool) -> None:
    """Stop the newest deployment as somebody asked: back to the one before it, or as things are."""
    primary, *older = service["deployments"]
    _move(primary, "FAILED", "stopped.", now)
    if rollback and older:
        _go_back(service, now)
    _close(record, "ROLLBACK_SUCCESSFUL" if rollback and older else "STOPPED", now)
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
        _close(service["records"][0], "SUCCESSFUL", now)
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
    back = breaker["rollback"] and older
    if back:
        _go_back(service, now)
    _close(service["records"][0], "ROLLBACK_SUCCESSFUL" if back else "STOPPED", now)
    return count(service)


def _go_back(service: Body, now: float) -> None:
    primary, *older = service["deployments"]
    service["taskDefinition"] = older[0]["taskDefinition"]
    service["deployments"] = [older[0], primary]
    older[0] |= {"status": "PRIMARY"}
    primary |= {"status": "ACTIVE"}
    _report(service, f"rolling back to deployment {older[0]['id']}.", now)


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
