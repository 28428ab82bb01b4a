"""Task sets: what services run whose deployments are CodeDeploy's. Each keeps up its share of the desired count.

A task set is a `Deployment` with a `TaskSet` to it. `codedeployruns` adds, promotes and retires them; the scheduler
of `rollouts` hands services that have them to `look`.
"""

import math
from collections.abc import Callable
from dataclasses import replace
from typing import Final

from reconciler.sandbox import deployments, events, lifecycles, rules, transitions
from reconciler.sandbox.worlds import Body, Deployment, Service, TaskSet, World

_OWN: Final = frozenset(
    {
        *("taskDefinition", "loadBalancers", "networkConfiguration", "launchType"),
        *("capacityProviderStrategy", "platformVersion", "platformFamily"),
    }
)
"""The members of a service that stand on its task sets, and are shown on the service as the primary one has them."""

_BATCH: Final = 10


@rules.documented("model, TaskSet: it has the members of a service that CreateTaskSet takes")
def of(service: Service, deployment: Deployment) -> TaskSet:
    """Give what makes a deployment a task set; the first one of a service is as the service was created."""
    if deployment.task_set is None:
        own = {member: service.body[member] for member in sorted(_OWN) if member in service.body}
        deployment.task_set = TaskSet(own, judged=deployment.created)
    return deployment.task_set


@rules.documented("model, TaskSet: loadBalancers, networkConfiguration etc. are those of the task set")
@rules.reported("transcripts: events begin with (service NAME, taskSet ecs-svc/…)")
def seen_by(service: Service, deployment: Deployment) -> Service:
    """Give the service as one of its task sets would have it."""
    return replace(
        service,
        body=_with(service, of(service, deployment).own),
        speaks_as=f"{service.name}, taskSet {deployment.id}",
    )


def _with(service: Service, own: Body) -> Body:
    return {member: value for member, value in service.body.items() if member not in _OWN} | own


@rules.documented("model, CreateTaskSet: externalId; CODE_DEPLOY starts them at full scale")
@rules.reported("recordings: externalId is the CodeDeploy deployment's id, the first task set has none")
def add(world: World, service: Service, own: Body, external_id: str) -> Deployment:
    """Add a task set that serves no traffic yet, with the members in `own` in place of the service's."""
    for each in service.deployments:
        of(service, each)
    statuses = [(each, each.status) for each in service.deployments]
    added = deployments.begin(world, replace(service, body=_with(service, own)))
    for each, status in statuses:
        each.status = status
    added.status, service.steady = "ACTIVE", False
    added.task_set = TaskSet(own, external_id=external_id, judged=world.now)
    service.deployments.sort(key=lambda each: each.status != "PRIMARY")
    return added


@rules.documented(
    "model, UpdateServicePrimaryTaskSet: what is set on the primary task set goes over to the service"
)
def promote(world: World, service: Service, primary: Deployment) -> None:
    """Make a task set the PRIMARY one."""
    for each in service.deployments:
        if each is not primary and each.status == "PRIMARY":
            each.status, each.updated = "ACTIVE", world.now
    primary.status, primary.updated = "PRIMARY", world.now
    service.deployments.sort(key=lambda each: each is not primary)
    service.body = _with(service, of(service, primary).own)


@rules.reported("recordings: a task set that goes has scale 0 and is DRAINING")
def retire(world: World, service: Service, deployment: Deployment) -> None:
    """Let a task set stop its tasks and go."""
    of(service, deployment).scale = 0.0
    deployment.status, deployment.updated = "DRAINING", world.now


@rules.documented(
    "model, TaskSet: STEADY_STATE once all tasks run, none is pending and no health is unknown; "
    "computedDesiredCount is the scale of the desired count, rounded up"
)
def stable(service: Service, deployment: Deployment) -> bool:
    """Tell whether a task set runs just the tasks that it shall, all healthy."""
    alive = service.alive(deployment)
    return len(alive) == wanted(service, deployment) and all(task.healthy for task in alive)


@rules.documented("model, TaskSet.computedDesiredCount: the service's desired count by the scale, rounded up")
def wanted(service: Service, deployment: Deployment) -> int:
    """Give how many tasks a task set shall run."""
    if service.body["status"] != "ACTIVE":
        return 0
    return math.ceil(service.desired * of(service, deployment).scale / 100)


@rules.guessed("nothing of minimum and maximum percent: a task set is brought to its size at once")
def look(world: World, service: Service, wake: Callable[[float | None], None]) -> None:
    """Have every task set start and stop what it has to; `wake` plans another look after some seconds, or a tick."""
    for each in service.deployments:
        each.desired = wanted(service, each)
        _start(world, service, each, wake)
        _stop(world, service, each)
        _judge(world, service, each)
    service.deployments[:] = [
        each for each in service.deployments if each.status != "DRAINING" or service.alive(each)
    ]


@rules.documented("developer guide, service throttle logic: growing delays between starts")
@rules.reported("transcripts: (service NAME, taskSet ecs-svc/…) has started N tasks: (task ID).")
@rules.guessed("at most ten tasks at a time")
def _start(
    world: World, service: Service, task_set: Deployment, wake: Callable[[float | None], None]
) -> None:
    live = sum(task.wanted for task in service.alive(task_set))
    count = min(task_set.desired - live, _BATCH)
    if count <= 0:
        return
    if world.now < task_set.not_before:
        wake(task_set.not_before - world.now)
        return
    seen = seen_by(service, task_set)
    started = lifecycles.launch(world, seen, task_set, count, lambda: wake(None))
    if started:
        events.tell(world, seen, events.started(started, 0))
    service.steady = False
    wake(None)


@rules.guessed("the unhealthy go before the healthy; the reason has the wording of deployments")
def _stop(world: World, service: Service, task_set: Deployment) -> None:
    live = [task for task in service.alive(task_set) if task.wanted]
    doomed = sorted(live, key=lambda task: not task.healthy)[task_set.desired :]
    running = [task for task in doomed if task.status == "RUNNING"]
    pending = [task for task in doomed if task.status != "RUNNING"]
    for task in doomed:
        reason = f"Scaling activity initiated by (deployment {task_set.id})"
        transitions.stop(world, task, reason, "ServiceSchedulerInitiated")
    for text in events.stopped(running, pending):
        events.tell(world, seen_by(service, task_set), text)
    if doomed:
        service.steady = False


def _judge(world: World, service: Service, deployment: Deployment) -> None:
    task_set, now_stable = of(service, deployment), stable(service, deployment)
    if now_stable != task_set.stable:
        task_set.stable, task_set.judged = now_stable, world.now
    if now_stable:
        deployment.rollout = "COMPLETED"
