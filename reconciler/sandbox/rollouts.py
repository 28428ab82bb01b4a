"""The service scheduler: what it starts, what it stops, when it is content.

It is driven by events: whenever a task or the service changes, `wake` plans one look at the service a moment
later, and `_look` acts within minimum and maximum percent. A service at rest costs nothing.
"""

import math
from functools import partial

from reconciler.sandbox import (
    alarms,
    events,
    failures,
    lifecycles,
    records,
    rules,
    strategies,
    tasksets,
    transitions,
)
from reconciler.sandbox.worlds import Deployment, Service, Task, World

_BATCH = 10
_UNSTEADY_AFTER = 3


@rules.guessed("how soon the scheduler reacts (knob `tick`)")
def wake(world: World, service: Service, delay: float | None = None) -> None:
    """Have the scheduler look at the service after `delay` simulated seconds, or a tick."""
    due = world.now + (world.knobs.tick if delay is None else delay)
    if service.woken is not None and service.woken <= due:
        return
    service.woken = due

    def look() -> None:
        if service.woken == due:
            service.woken = None
            _look(world, service)

    world.agenda.after(due - world.now, look)


def _tasks(service: Service, deployment: Deployment | None = None) -> list[Task]:
    return service.alive(deployment)


def _look(world: World, service: Service) -> None:
    if service.body["status"] == "INACTIVE":
        return
    if not service.rolls:
        tasksets.look(world, service, partial(wake, world, service))
        _settle(world, service)
        return
    if service.body["status"] == "ACTIVE":
        records.progress(world, service)
        _pace(world, service)
        _start(world, service)
    _stop(world, service)
    if service.body["status"] == "ACTIVE":
        _report_deadlock(world, service)
        _complete(world, service)
    for each in service.deployments[1:]:
        each.desired = sum(task.wanted for task in _tasks(service, each))
    service.deployments[1:] = [each for each in service.deployments[1:] if _tasks(service, each)]
    _settle(world, service)


def _pace(world: World, service: Service) -> None:
    """Fail the primary deployment if there is a reason to, else take it along its stages."""
    failed = failures.check(world, service)
    if not failed and service.primary.rollout == "IN_PROGRESS":
        delay = strategies.advance(world, service)
        failed = failures.check(world, service)
        if 0 < delay < math.inf:
            wake(world, service, delay)
    if failed:
        wake(world, service)


@rules.documented(
    "model, DeploymentConfiguration.maximumPercent: upper limit of running and pending, rounded down"
)
@rules.documented("model, Deployment.rolloutState: a FAILED deployment launches no new tasks")
@rules.guessed("at most ten tasks at a time")
def _start(world: World, service: Service) -> None:
    primary = service.primary
    if primary.rollout == "FAILED" or not strategies.may_start(primary):
        return
    live = [task for task in _tasks(service) if task.wanted]
    own = sum(task.deployment is primary for task in live)
    count = min(service.desired - own, _ceiling(service) - len(live), _BATCH)
    if count <= 0:
        return
    if world.now < primary.not_before:
        wake(world, service, primary.not_before - world.now)
        return
    started = lifecycles.launch(world, service, primary, count, partial(wake, world, service))
    if not started:
        wake(world, service)
        return
    sick = any(_failed_check(each) for each in _recent(service, primary))
    replaced = min(primary.failed, count) if sick else 0
    events.tell(world, service, events.started(started, replaced))
    if primary.failed and primary.failed % _UNSTEADY_AFTER == 0:
        events.tell(world, service, "is unable to consistently start tasks successfully.")
    service.steady = False
    wake(world, service)


def _recent(service: Service, deployment: Deployment) -> list[Task]:
    return [task for task in service.tasks.values() if task.deployment is deployment and not task.wanted]


def _failed_check(task: Task) -> bool:
    return "health checks" in str(task.body.get("stoppedReason", ""))


@rules.documented(
    "model, DeploymentConfiguration.minimumHealthyPercent: lower limit of healthy tasks, rounded up"
)
@rules.documented("model, UpdateTaskProtection: no scale-in and no deployment stops a protected task")
@rules.guessed(
    "which go first: those of older deployments, the unhealthy before the healthy, then the newest"
)
def _stop(world: World, service: Service) -> None:
    primary = service.primary
    desired = service.desired if service.body["status"] == "ACTIVE" else 0
    live = [task for task in _tasks(service) if task.wanted]
    own = sorted((task for task in live if task.deployment is primary), key=lambda task: not task.healthy)
    older = sorted((task for task in live if task.deployment is not primary), key=lambda task: task.healthy)
    if service.body["status"] == "ACTIVE" and strategies.holds(primary):
        older = []
    surplus = own[desired:]
    spare = sum(task.healthy for task in live) - sum(task.healthy for task in surplus) - _floor(service)
    sick = sum(not task.healthy for task in older)
    doomed = (
        surplus if primary.rollout == "FAILED" and desired else [*surplus, *older[: sick + max(0, spare)]]
    )
    if service.body["status"] == "ACTIVE":
        doomed = [task for task in doomed if task.protected <= world.now]
    running = [task for task in doomed if task.status == "RUNNING"]
    pending = [task for task in doomed if task.status != "RUNNING"]
    for task in doomed:
        reason = f"Scaling activity initiated by (deployment {primary.id})"
        transitions.stop(world, task, reason, "ServiceSchedulerInitiated")
    for text in events.stopped(running, pending):
        events.tell(world, service, text)
    if doomed:
        service.steady = False


@rules.documented(
    "developer guide, service event messages: … because of the service deployment configuration"
)
@rules.guessed("it is said once a deployment")
def _report_deadlock(world: World, service: Service) -> None:
    primary = service.primary
    live = [task for task in _tasks(service) if task.wanted]
    own = sum(task.deployment is primary for task in live)
    blocked = len(live) >= _ceiling(service) and len(live) <= _floor(service) and own < service.desired
    if primary.rollout == "IN_PROGRESS" and blocked and not primary.stuck:
        primary.stuck = True
        text = (
            "was unable to stop or start tasks during a deployment because of the service deployment "
            "configuration. Update the minimumHealthyPercent or maximumPercent value and try again."
        )
        events.tell(world, service, text)


@rules.documented("model, DeploymentConfiguration.maximumPercent: of the desired count, rounded down")
@rules.documented("model, DeploymentStrategy: the other strategies start a second environment of full size")
def _ceiling(service: Service) -> int:
    if service.primary.path:
        older = sum(task.wanted and task.deployment is not service.primary for task in _tasks(service))
        return service.desired + older
    percent = int(service.body["deploymentConfiguration"]["maximumPercent"])
    return service.desired * percent // 100


@rules.documented("model, DeploymentConfiguration.minimumHealthyPercent: of the desired count, rounded up")
def _floor(service: Service) -> int:
    percent = int(service.body["deploymentConfiguration"]["minimumHealthyPercent"])
    return -(-service.desired * percent // 100)


@rules.documented("model, Deployment.rolloutState: COMPLETED when the service reaches a steady state")
@rules.reported("transcripts: (deployment ID) deployment completed.; ECS deployment ID completed.")
def _complete(world: World, service: Service) -> None:
    primary = service.primary
    if primary.rollout != "IN_PROGRESS" or not _succeeded(service) or _bakes(world, service):
        return
    primary.rollout, primary.updated = "COMPLETED", world.now
    primary.reason = f"ECS deployment {primary.id} completed."
    if service.rolls:
        events.tell(world, service, f"(deployment {primary.id}) deployment completed.")
    status = "ROLLBACK_SUCCESSFUL" if primary.rolling_back else "SUCCESSFUL"
    records.finish(world, service, primary.record, status)
    primary.rolling_back = False
    service.good = primary


@rules.documented(
    "model, DeploymentEarlySuccessCriteria.healthyPercent: after this percentage of tasks is healthy and the bake "
    "time elapses, a rolling deployment completes"
)
@rules.documented(
    "developer guide, deployment alarms: a bake time is computed from the alarms' configuration"
)
@rules.guessed("how long that is (knob `alarm_bake`); first deployments and rollbacks do not bake")
def _bakes(world: World, service: Service) -> bool:
    """Tell whether a rolling deployment that is through still has to bake; plan the look at which it has."""
    primary, configuration = service.primary, service.body["deploymentConfiguration"]
    if primary.path or primary.rolling_back or not primary.record["sourceServiceRevisions"]:
        return False
    primary.ready = world.now if primary.ready is None else primary.ready
    own = configuration.get("bakeTimeInMinutes", 0) * 60
    computed = world.knobs.alarm_bake if alarms.watched(configuration) else 0
    left = primary.ready + max(own, computed) - world.now
    if left > 0:
        primary.record["lifecycleStage"] = "BAKE_TIME"
        wake(world, service, left)
    return bool(left > 0)


@rules.documented(
    "model, DeploymentEarlySuccessCriteria: a share of healthy tasks is enough; BLOCKING waits for the source "
    "revisions' tasks to go, DEFERRED does not"
)
def _succeeded(service: Service) -> bool:
    if not strategies.through(service.primary):
        return False
    alive = _tasks(service)
    own = [task for task in alive if task.deployment is service.primary]
    healthy = sum(task.healthy for task in own)
    early = service.body["deploymentConfiguration"].get("earlySuccessCriteria", {})
    if not early.get("enable"):
        return healthy == service.desired == len(alive)
    replaced = len(own) == len(alive) or early["sourceServiceRevisionCleanup"] == "DEFERRED"
    return replaced and healthy * 100 >= service.desired * int(early["healthyPercent"])


@rules.reported("transcripts: has reached a steady state.")
@rules.documented("model, DeleteService: DRAINING until no task is left, then INACTIVE")
@rules.documented("developer guide, service deployments: they are deleted with the service")
def _settle(world: World, service: Service) -> None:
    alive = _tasks(service)
    if service.body["status"] == "DRAINING":
        if not alive:
            service.body["status"] = "INACTIVE"
            service.deployments.clear()
            service.records.clear()
        return
    if not service.deployments:
        return
    rests = service.primary.rollout == "COMPLETED" and len(alive) == service.desired
    if rests and not service.steady and all(task.healthy for task in alive):
        service.steady = True
        events.tell(world, service, "has reached a steady state.")
