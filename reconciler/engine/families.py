"""The registered revisions of a family, and what uses each of them. Changes nothing."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping

from reconciler.core import rollouts
from reconciler.core.values import JsonObject
from reconciler.engine import observing
from reconciler.engine.ports import Gateway, Snapshot
from reconciler.records import dataclass


@dataclass(frozen=True, slots=True)
class Registered:
    """A revision by its ARN, and what uses it (``PRIMARY deployment``, ``RUNNING task``), empty where nothing does."""

    arn: str
    use: str = ""


def registered(gateway: Gateway, cluster: str, service: str, family: str) -> tuple[Registered, ...]:
    """Give the ACTIVE revisions of a family, the oldest first."""
    used = uses(gateway, cluster, service, family)
    arns = gateway.list_revisions(family, limit=sys.maxsize)
    return tuple(Registered(arn, used.get(arn, "")) for arn in reversed(arns))


def uses(gateway: Gateway, cluster: str, service: str, family: str) -> Mapping[str, str]:
    """Say by what the revisions of a family are in use: tasks in the cluster, whoever started them, and the service's
    deployments and task sets (which count where both do). `service` is empty where the project names none.
    """
    used: dict[str, str] = {}
    arns = [
        arn
        for status in ("RUNNING", "STOPPED")  # one that is to stop runs until it has stopped
        for arn in gateway.list_family_tasks(cluster, family, status=status)
    ]
    for task in gateway.describe_tasks(cluster, list(dict.fromkeys(arns))):
        status = str(task.get("lastStatus") or task.get("desiredStatus"))
        if status != "STOPPED":
            used[str(task.get("taskDefinitionArn"))] = f"{status} task"
    found = observing.describe(gateway, cluster, service) if service else None
    if isinstance(found, Snapshot) and found.body.get("status") != "INACTIVE":
        used.update(of_service(found.body))
    return used


def of_service(body: JsonObject) -> Iterator[tuple[str, str]]:
    """Say by what a service as it is described uses revisions; the last word on each counts."""
    yield str(body.get("taskDefinition")), "service"
    sets = body.get("taskSets")
    for each in sets if isinstance(sets, list | tuple) else ():
        if isinstance(each, dict):
            yield str(each.get("taskDefinition")), f"{each.get('status')} task set"
    # The newest deployment of a revision comes first, and is the one to name.
    for deployment in reversed(rollouts.deployments(body)):
        yield str(deployment.get("taskDefinition")), f"{deployment.get('status')} deployment"
