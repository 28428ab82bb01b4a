"""What tasks tell: whether and how they ended, and where their containers write. Bodies are DescribeTasks' own."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from reconciler.core.evidence import Stream, listed, stream, task_id
from reconciler.core.values import JsonObject
from reconciler.errors import PlanError

__all__ = [
    "ended",
    "essential",
    "exit_code",
    "forgotten",
    "known",
    "listed",
    "running",
    "streams",
    "task_id",
    "why",
]

_RUNNING: Final = "RUNNING"
_STOPPED: Final = "STOPPED"


def running(task: JsonObject) -> bool:
    """Tell whether all of a task has come up."""
    return task.get("lastStatus") == _RUNNING


def ended(task: JsonObject) -> bool:
    """Tell whether nothing of a task runs any more."""
    return task.get("lastStatus") == _STOPPED


def forgotten(task: JsonObject) -> JsonObject:
    """Give a task that ECS describes no more as one that has ended: nobody can tell how."""
    reason = "ECS does not describe the task any more: how it ended is not known"
    return task if ended(task) else {**task, "lastStatus": _STOPPED, "stoppedReason": reason}


def exit_code(task: JsonObject, container: str) -> int | None:
    """Give a container's exit code; None where it has none: it runs, or has never run."""
    for each in listed(task, "containers"):
        code = each.get("exitCode")
        if each.get("name") == container and isinstance(code, int):
            return code
    return None


def why(task: JsonObject) -> str:
    """Say why a task ended, in AWS's words: its own reason, and those of its containers that say something else."""
    reason = str(task.get("stoppedReason") or "")
    more = [
        f"{each.get('name')}: {each['reason']}"
        for each in listed(task, "containers")
        if each.get("reason") and each["reason"] != reason
    ]
    return "; ".join(filter(None, (reason, *more)))


def essential(definition: JsonObject) -> str:
    """Give the name of a task definition's first essential container."""
    containers = list(listed(definition, "containerDefinitions"))
    first = next((each for each in containers if each.get("essential") is not False), None)
    return str((first or containers[0]).get("name")) if containers else ""


def known(tasks: Iterable[JsonObject], container: str) -> None:
    """Check that some task has a container of this name, where there is any task. PlanError."""
    names = {str(each.get("name")) for task in tasks for each in listed(task, "containers")}
    if names and container not in names:
        raise PlanError(f"no container is called {container}", hint=f"there are {', '.join(sorted(names))}")


def streams(task: JsonObject, definition: JsonObject, container: str = "") -> Iterator[Stream]:
    """Give the log streams of a task's containers, or of one, as far as they write to CloudWatch Logs (awslogs).

    A container that never ran has none.
    """
    configured = {
        str(each.get("name")): each.get("logConfiguration")
        for each in listed(definition, "containerDefinitions")
    }
    for each in listed(task, "containers"):
        name = str(each.get("name"))
        configuration = configured.get(name)
        if (container and name != container) or _never_ran(task, each) or not isinstance(configuration, dict):
            continue
        options = configuration.get("options")
        if configuration.get("logDriver") == "awslogs" and isinstance(options, dict):
            found = stream(task, each, options)
            if found is not None:
                yield found


def _never_ran(task: JsonObject, container: JsonObject) -> bool:
    """Tell that a container did not run (developer guide, stop codes); others of its task may have run before."""
    began = container.get("runtimeId") or container.get("exitCode") is not None
    return task.get("stopCode") == "TaskFailedToStart" and not began
