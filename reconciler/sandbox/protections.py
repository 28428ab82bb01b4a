"""Scale-in protection of tasks: while it lasts, neither scaling in nor a deployment stops a service's task."""

from typing import Final

from reconciler.sandbox import clusters, rules
from reconciler.sandbox.errors import Refusal
from reconciler.sandbox.worlds import Body, Task, World

_INVALID: Final = "InvalidParameterException"
_USUAL: Final = 120
_LONGEST: Final = 2880


@rules.documented(
    "model, UpdateTaskProtection: up to 10 tasks; for 120 minutes, or 1 to 2880; standalone tasks are a failure "
    "TASK_NOT_VALID"
)
@rules.guessed("the wording; a task that is not to run is TASK_NOT_VALID as well")
def update_task_protection(world: World, request: Body) -> Body:
    """Protect tasks for a while, or no longer."""
    minutes = request.get("expiresInMinutes", _USUAL)
    if not 1 <= minutes <= _LONGEST:
        raise Refusal(_INVALID, f"expiresInMinutes must be between 1 and {_LONGEST}.")
    found, failures = _found(world, request, most=10)
    for task in found:
        task.protected = world.now + minutes * 60 if request["protectionEnabled"] else 0
        world.agenda.after(max(0.0, task.protected - world.now), task.changed)
    return {"protectedTasks": [_shown(world, each) for each in found], "failures": failures}


@rules.documented("model, GetTaskProtection: up to 100 tasks")
def get_task_protection(world: World, request: Body) -> Body:
    """Show how tasks are protected."""
    found, failures = _found(world, request, most=100)
    return {"protectedTasks": [_shown(world, each) for each in found], "failures": failures}


@rules.documented("developer guide, API failure reasons: TASK_NOT_VALID, MISSING")
def _found(world: World, request: Body, most: int) -> tuple[list[Task], list[Body]]:
    cluster = clusters.find(world, request["cluster"])["clusterName"]
    references = request.get("tasks") or []
    if not references:
        raise Refusal(_INVALID, "Tasks cannot be empty.")
    if len(references) > most:
        raise Refusal(_INVALID, f"Tasks cannot be more than {most}.")
    found, failures = [], []
    for reference in references:
        identity = reference.rpartition("/")[2]
        task, arn = world.tasks.get(identity), world.arn("task", f"{cluster}/{identity}")
        if task is None or task.cluster != cluster:
            failures.append({"arn": arn, "reason": "MISSING"})
        elif task.standalone or not task.wanted:
            failures.append({"arn": arn, "reason": "TASK_NOT_VALID"})
        else:
            found.append(task)
    return found, failures


@rules.documented("model, ProtectedTask: expirationDate while it is protected")
def _shown(world: World, task: Task) -> Body:
    protected = task.protected > world.now
    until = {"expirationDate": task.protected} if protected else {}
    return {"taskArn": task.body["taskArn"], "protectionEnabled": protected} | until
