"""The ways of a task between its states, above all down: DEACTIVATING, STOPPING, DEPROVISIONING, STOPPED."""

from reconciler.sandbox import events, rules, volumes
from reconciler.sandbox.worlds import Task, World


@rules.documented(
    "developer guide, task lifecycle: DEACTIVATING, STOPPING, DEPROVISIONING, STOPPED; model, TaskStopCode"
)
@rules.reported(
    "transcripts: deregistered 1 targets in (target-group …), and a moment later has begun draining connections on "
    "1 tasks."
)
@rules.guessed(
    "a container that ended by itself is STOPPED with its exit code at once, while its task goes down"
)
def stop(world: World, task: Task, reason: str, code: str, exits: dict[str, int] | None = None) -> None:
    """Stop a task. `exits` are the exit codes of containers that ended by themselves."""
    if not task.wanted:
        return
    was_running = task.status == "RUNNING"
    task.healthy = task.sick = False
    task.draining = was_running
    task.body |= {
        "desiredStatus": "STOPPED",
        "stoppedReason": reason,
        "stopCode": code,
        "stoppingAt": world.now,
    }
    for container in task.body["containers"]:
        if container["name"] in (exits or {}):
            container |= {"lastStatus": "STOPPED", "exitCode": (exits or {})[container["name"]]}
    advance(task, "DEACTIVATING")
    groups = target_groups(task)
    delay = world.knobs.deactivate
    if was_running and groups:
        delay = world.knobs.drain
        for group in groups:
            events.count(world, task.service, events.of_targets("deregistered", group))
        events.count(world, task.service, "has begun draining connections on {} tasks.")
    world.agenda.after(delay, lambda: advance(task, "STOPPING"))
    world.agenda.after(delay + world.knobs.kill / 2, lambda: advance(task, "DEPROVISIONING"))
    world.agenda.after(delay + world.knobs.kill, lambda: _end(world, task, was_running))


@rules.documented("model, AdvancedConfiguration.alternateTargetGroupArn: for blue/green deployments")
@rules.guessed("deployments that move traffic take turns")
def target_groups(task: Task) -> list[str]:
    """Give the target groups that the task's deployment stands in."""
    balancers = [each for each in task.service.body["loadBalancers"] if "targetGroupArn" in each]
    if not task.deployment.alternate:
        return [each["targetGroupArn"] for each in balancers]
    return [
        each.get("advancedConfiguration", {}).get("alternateTargetGroupArn", each["targetGroupArn"])
        for each in balancers
    ]


@rules.documented("model, Task.version: counts up with every change")
def advance(task: Task, status: str) -> None:
    """Bring a task into a state."""
    task.body |= {"lastStatus": status, "version": task.body["version"] + 1}
    task.changed()


@rules.documented("developer guide, task lifecycle: a task that is to stop goes up no more")
def move(task: Task, status: str, **members: float) -> None:
    """Bring a task a state up, unless it is to stop."""
    if task.wanted:
        task.body |= members
        advance(task, status)


@rules.documented("model, Container.exitCode")
@rules.guessed("a container that is told to stop ends with 143; one that never ran has no exit code")
def _end(world: World, task: Task, was_running: bool) -> None:
    task.draining = False
    for container in task.body["containers"]:
        if was_running:
            container.setdefault("exitCode", 143)
        container["lastStatus"] = "STOPPED"
        for agent in container.get("managedAgents", []):
            agent["lastStatus"] = "STOPPED"
    volumes.detach(task)
    task.body |= {"executionStoppedAt": world.now, "stoppedAt": world.now}
    advance(task, "STOPPED")
    world.agenda.after(world.knobs.remember_stopped, lambda: _forget(world, task))


@rules.documented("model, DescribeTasks: stopped tasks appear for at least one hour")
def _forget(world: World, task: Task) -> None:
    world.tasks.pop(task.id, None)
    task.service.tasks.pop(task.id, None)
    world.tags.pop(task.body["taskArn"], None)
