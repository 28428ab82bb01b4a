"""Deleting a service: what would become of its tasks, and doing it. What it was made of stays."""

from __future__ import annotations

from collections.abc import Generator
from functools import partial

from reconciler.core import expresses
from reconciler.core.events import Event
from reconciler.core.values import JsonObject
from reconciler.engine import sending
from reconciler.engine.ports import Gateway, Snapshot
from reconciler.errors import PlanError
from reconciler.records import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Deletion:
    """A service that is to be deleted. `tasks` of it run or are about to; with `terminate` AWS is told to stop them.

    `express` is the ARN of one in Express Mode, with which all goes that ECS made for it; empty for any other.
    """

    cluster: str
    service: str
    tasks: int = 0
    terminate: bool = False
    express: str = ""

    @property
    def unit(self) -> str:
        """Give the address of the service in a plan."""
        kind = "express_service" if self.express else "service"
        return f"{kind}.{self.cluster}/{self.service}"


def decide(cluster: str, service: str, body: JsonObject, *, terminate: bool) -> Deletion:
    """Decide whether a service can be deleted as it is described. PlanError where AWS would refuse it.

    AWS deletes a service that is to run tasks only if it is told to (API model, DeleteService.force), but for a daemon
    service, whose number of tasks is nobody's to set.
    """
    name, status = f"{cluster}/{service}", body.get("status")
    if status != "ACTIVE":
        raise PlanError(
            f"{name} is {status}: it is being deleted already", hint="`reconciler status` shows it"
        )
    running = _count(body, "runningCount") + _count(body, "pendingCount")
    if expresses.managed(body):  # it never runs none, and its operation takes no such flag (API model)
        arn = str(body.get("serviceArn", ""))
        return Deletion(cluster=cluster, service=service, tasks=running, terminate=True, express=arn)
    wanted = _count(body, "desiredCount")
    if wanted and not terminate and body.get("schedulingStrategy") != "DAEMON":
        raise PlanError(
            f"{name} is to run {_tasks(wanted)}, and AWS deletes only a service that is to run none",
            hint="--terminate stops them; or `reconciler scale --tasks 0` first",
        )
    return Deletion(cluster=cluster, service=service, tasks=running, terminate=terminate)


def describe(deletion: Deletion) -> tuple[str, ...]:
    """Say what a deletion does, and what it leaves, a line each."""
    match deletion.tasks:
        case 0:
            tasks = "no task of it runs"
        case 1:
            tasks = "its task is stopped"
        case _:
            tasks = f"its {deletion.tasks} tasks are stopped"
    lines = (
        f"delete the service; {tasks}",
        "its load balancer, where no other service has it, security groups and autoscaling go with it"
        if deletion.express
        else "revisions of its task definition, load balancers, logs and autoscaling stay",
    )
    return tuple(f"{deletion.unit}: {line}" for line in lines)


def delete(gateway: Gateway, deletion: Deletion) -> Generator[Event, None, JsonObject]:
    """Delete the service; gives it as it is then, DRAINING until its tasks have stopped. ApplyError, Interrupted."""
    name = f"delete the service {deletion.cluster}/{deletion.service}"
    act = (
        partial(_delete_express, gateway, deletion.express)
        if deletion.express
        else partial(gateway.delete_service, deletion.cluster, deletion.service, force=deletion.terminate)
    )
    progress = sending.Progress([], [f"{deletion.unit}: {name}"])
    made = yield from sending.send(deletion.unit, name, act, progress, told=_arn)
    return made.body


def _delete_express(gateway: Gateway, arn: str) -> Snapshot:
    """Delete a service in Express Mode, and show it with its status where a service has that."""
    body = gateway.express.delete(arn).body
    return Snapshot({**body, "status": expresses.status(body)})


def _arn(made: Snapshot) -> tuple[str, bool]:
    return str(made.body.get("serviceArn", "")), False


def _count(body: JsonObject, name: str) -> int:
    found = body.get(name)
    return found if isinstance(found, int) else 0


def _tasks(count: int) -> str:
    return "one task" if count == 1 else f"{count} tasks"
