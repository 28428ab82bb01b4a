"""A task's way through its states: PROVISIONING, PENDING, ACTIVATING, RUNNING, healthy, and down again."""

import hashlib
from collections.abc import Callable

from reconciler.sandbox import definitiondefaults, events, rules
from reconciler.sandbox.outcomes import Outcome
from reconciler.sandbox.worlds import Body, Deployment, Service, Task, World


@rules.documented("developer guide, task lifecycle: the states and their order")
@rules.guessed("how long each state lasts (knobs)")
def start(world: World, service: Service, deployment: Deployment, changed: Callable[[], None]) -> Task:
    """Start a task of a deployment; `changed` is called after each of its transitions."""
    definition = _definition(world, deployment.task_definition)
    task = _create(world, service, deployment, definition, changed)
    knobs = world.knobs
    fate, culprit = _fate(world, definition)
    pulled = knobs.provision + knobs.pull
    world.agenda.after(knobs.provision, lambda: _move(task, "PENDING", pullStartedAt=world.now))
    if fate is Outcome.CANNOT_PULL:
        world.agenda.after(pulled, lambda: _cannot_pull(world, task, culprit))
        return task
    running = pulled + knobs.activate
    world.agenda.after(pulled, lambda: _move(task, "ACTIVATING", pullStoppedAt=world.now))
    world.agenda.after(running, lambda: _run(world, task))
    if fate is Outcome.CRASHES:
        world.agenda.after(running + knobs.crash, lambda: _crash(world, task, culprit))
    elif fate is Outcome.SICKENS:
        world.agenda.after(running + knobs.sick, lambda: _sicken(world, task, definition))
    else:
        world.agenda.after(running + knobs.healthy, lambda: _thrive(task, definition))
    return task


@rules.documented(
    "developer guide, task lifecycle: DEACTIVATING, STOPPING, DEPROVISIONING, STOPPED; model, TaskStopCode"
)
@rules.reported(
    "transcripts: has begun draining connections on 1 tasks.; deregistered 1 targets in (target-group …)"
)
def stop(world: World, task: Task, reason: str, code: str, exits: dict[str, int] | None = None) -> None:
    """Stop a task. `exits` are the exit codes of containers that ended by themselves."""
    if not task.wanted:
        return
    was_running = task.status == "RUNNING"
    task.healthy = False
    task.body |= {
        "desiredStatus": "STOPPED",
        "stoppedReason": reason,
        "stopCode": code,
        "stoppingAt": world.now,
    }
    _advance(task, "DEACTIVATING")
    groups = _target_groups(task.service)
    delay = world.knobs.deactivate
    if was_running and groups:
        delay = world.knobs.drain
        events.tell(world, task.service, "has begun draining connections on 1 tasks.")
        for group in groups:
            events.tell(world, task.service, events.of_targets("deregistered", group))
    world.agenda.after(delay, lambda: _advance(task, "STOPPING"))
    world.agenda.after(delay + world.knobs.kill / 2, lambda: _advance(task, "DEPROVISIONING"))
    world.agenda.after(delay + world.knobs.kill, lambda: _end(world, task, was_running, exits or {}))


@rules.guessed("only essential containers decide; the first in order with a fate of its own")
def _fate(world: World, definition: Body) -> tuple[Outcome, str]:
    for container in definition["containerDefinitions"]:
        outcome = world.outcomes(container["image"])
        if container["essential"] and outcome is not Outcome.RUNS:
            return outcome, container["name"]
    return Outcome.RUNS, ""


def _definition(world: World, arn: str) -> Body:
    family, _, revision = arn.rpartition("/")[2].partition(":")
    return world.families[family][int(revision)]


@rules.documented(
    "model, Task and Container: the members; group is service:NAME, startedBy the deployment id"
)
@rules.guessed("addresses and interface ids; the image digest is a hash of the image's name")
def _create(
    world: World, service: Service, deployment: Deployment, definition: Body, changed: Callable[[], None]
) -> Task:
    identity = world.hexadecimal()
    arn = world.arn("task", f"{service.cluster}/{identity}")
    settings: Body = {
        key: deployment.settings[key]
        for key in ("launchType", "platformVersion")
        if key in deployment.settings
    }
    body: Body = {
        "taskArn": arn,
        "clusterArn": service.body["clusterArn"],
        "taskDefinitionArn": deployment.task_definition,
        "group": f"service:{service.name}",
        "startedBy": deployment.id,
        "lastStatus": "PROVISIONING",
        "desiredStatus": "RUNNING",
        "createdAt": world.now,
        "healthStatus": "UNKNOWN",
        "version": 1,
        "overrides": {
            "containerOverrides": [{"name": each["name"]} for each in definition["containerDefinitions"]]
        },
        "attachments": [],
        "containers": [_container(world, arn, each) for each in definition["containerDefinitions"]],
        "enableExecuteCommand": service.body.get("enableExecuteCommand", False),
        "availabilityZone": f"{world.region}{world.random.choice('abc')}",
        **settings,
        **{member: definition[member] for member in ("cpu", "memory") if member in definition},
    }
    strategy = deployment.settings.get("capacityProviderStrategy")
    if strategy:
        body["capacityProviderName"] = strategy[0]["capacityProvider"]
    if definitiondefaults.network_mode(definition) == "awsvpc":
        _attach_interface(world, body, deployment.settings.get("networkConfiguration", {}))
    task = Task(identity, body, service.cluster, service, deployment, changed)
    world.tasks[identity] = service.tasks[identity] = task
    world.tags[arn] = _propagated(world, service, definition)
    return task


def _container(world: World, task: str, definition: Body) -> Body:
    return {
        "containerArn": world.arn("container", f"{task.partition('task/')[2]}/{world.uuid()}"),
        "taskArn": task,
        "name": definition["name"],
        "image": definition["image"],
        "lastStatus": "PENDING",
        "networkInterfaces": [],
        "networkBindings": [],
        "healthStatus": "UNKNOWN",
        "cpu": str(definition["cpu"]),
        **({"memory": str(definition["memory"])} if "memory" in definition else {}),
    }


def _attach_interface(world: World, body: Body, network: Body) -> None:
    subnets = network.get("awsvpcConfiguration", {}).get("subnets") or ["subnet-00000000"]
    subnet = world.random.choice(subnets)
    address = f"10.0.{world.random.randrange(256)}.{world.random.randrange(4, 255)}"
    details = {
        "subnetId": subnet,
        "networkInterfaceId": f"eni-{world.hexadecimal()[:17]}",
        "privateIPv4Address": address,
    }
    attachment = {"id": world.uuid(), "type": "ElasticNetworkInterface", "status": "ATTACHED"}
    body["attachments"] = [
        attachment | {"details": [{"name": name, "value": value} for name, value in details.items()]}
    ]
    for container in body["containers"]:
        container["networkInterfaces"] = [{"attachmentId": attachment["id"], "privateIpv4Address": address}]


@rules.documented(
    "model, CreateService.propagateTags and enableECSManagedTags: aws:ecs:clusterName, aws:ecs:serviceName"
)
def _propagated(world: World, service: Service, definition: Body) -> list[Body]:
    sources = {"SERVICE": service.body["serviceArn"], "TASK_DEFINITION": definition["taskDefinitionArn"]}
    tags = list(world.tags.get(sources.get(service.body.get("propagateTags", "NONE"), ""), []))
    if service.body.get("enableECSManagedTags"):
        managed = {"aws:ecs:clusterName": service.cluster, "aws:ecs:serviceName": service.name}
        tags += [{"key": key, "value": value} for key, value in managed.items()]
    return tags


def _target_groups(service: Service) -> list[str]:
    return [each["targetGroupArn"] for each in service.body["loadBalancers"] if "targetGroupArn" in each]


def _advance(task: Task, status: str) -> None:
    task.body |= {"lastStatus": status, "version": task.body["version"] + 1}
    task.changed()


def _move(task: Task, status: str, **members: float) -> None:
    if task.wanted:
        task.body |= members
        _advance(task, status)


@rules.reported("transcripts: registered 1 targets in (target-group ARN)")
def _run(world: World, task: Task) -> None:
    if not task.wanted:
        return
    for container in task.body["containers"]:
        container |= {"lastStatus": "RUNNING", "runtimeId": f"{task.id}-{world.digits(10)}"}
        container["imageDigest"] = "sha256:" + hashlib.sha256(container["image"].encode()).hexdigest()
    task.body |= {"startedAt": world.now, "connectivity": "CONNECTED", "connectivityAt": world.now}
    _advance(task, "RUNNING")
    for group in _target_groups(task.service):
        events.tell(world, task.service, events.of_targets("registered", group))


@rules.documented(
    "model, DeploymentCircuitBreaker.resetOnHealthyTask; Task.healthStatus is UNKNOWN without a health check"
)
@rules.guessed(
    "a task without any check counts as healthy a little after RUNNING, for the scheduler's slowness"
)
def _thrive(task: Task, definition: Body) -> None:
    if not task.wanted:
        return
    checked = [each["name"] for each in definition["containerDefinitions"] if "healthCheck" in each]
    for container in task.body["containers"]:
        if container["name"] in checked:
            container["healthStatus"] = "HEALTHY"
    task.body["healthStatus"] = "HEALTHY" if checked else "UNKNOWN"
    task.healthy = True
    breaker = task.service.body.get("deploymentConfiguration", {}).get("deploymentCircuitBreaker", {})
    if breaker.get("resetOnHealthyTask", True):
        task.deployment.failed = 0
    task.changed()


@rules.reported(
    "transcripts: CannotPullContainerError: pull image manifest has been retried …; TaskFailedToStart"
)
def _cannot_pull(world: World, task: Task, culprit: str) -> None:
    if not task.wanted:
        return
    image = next(each["image"] for each in task.body["containers"] if each["name"] == culprit)
    reason = (
        "CannotPullContainerError: pull image manifest has been retried 5 time(s): "
        f"failed to resolve ref {image}: not found"
    )
    for container in task.body["containers"]:
        if container["name"] == culprit:
            container["reason"] = reason
    _count_failure(world, task)
    events.tell(world, task.service, f"was unable to place a task. Reason: {reason}.")
    stop(world, task, reason, "TaskFailedToStart")


@rules.reported("transcripts: Essential container in task exited; EssentialContainerExited; exitCode 1")
def _crash(world: World, task: Task, culprit: str) -> None:
    if task.wanted:
        _count_failure(world, task)
        stop(world, task, "Essential container in task exited", "EssentialContainerExited", {culprit: 1})


@rules.reported(
    "transcripts: failed container health checks.; is unhealthy in (target-group ARN) due to (reason …)"
)
@rules.guessed(
    "without any health check a sick container is found out all the same, so that the tag always works"
)
def _sicken(world: World, task: Task, definition: Body) -> None:
    if not task.wanted:
        return
    _count_failure(world, task)
    balancers = [each for each in task.service.body["loadBalancers"] if "targetGroupArn" in each]
    checked = [each["name"] for each in definition["containerDefinitions"] if "healthCheck" in each]
    if balancers and not checked:
        group, port = balancers[0]["targetGroupArn"], balancers[0].get("containerPort")
        text = (
            f"(task {task.id}) (port {port}) is unhealthy in (target-group {group}) "
            "due to (reason Request timed out)"
        )
        reason = f"Task failed ELB health checks in (target-group {group})"
    else:
        text, reason = (
            f"(task {task.id}) failed container health checks.",
            "Task failed container health checks",
        )
        task.body["healthStatus"] = "UNHEALTHY"
    events.tell(world, task.service, text)
    stop(world, task, reason, "ServiceSchedulerInitiated")


@rules.documented(
    "model, Deployment.failedTasks; developer guide, service throttle logic: growing delays between starts"
)
@rules.guessed("the delays themselves: doubling from a knob to a knob")
def _count_failure(world: World, task: Task) -> None:
    deployment = task.deployment
    deployment.failed += 1
    delay = min(world.knobs.backoff_limit, world.knobs.backoff * 2 ** min(deployment.failed - 1, 20))
    deployment.not_before = world.now + delay
    deployment.updated = world.now


@rules.documented("model, Container.exitCode")
@rules.guessed("a container that is told to stop ends with 143; one that never ran has no exit code")
def _end(world: World, task: Task, was_running: bool, exits: dict[str, int]) -> None:
    for container in task.body["containers"]:
        container["lastStatus"] = "STOPPED"
        if was_running:
            container["exitCode"] = exits.get(container["name"], 143)
    task.body |= {"executionStoppedAt": world.now, "stoppedAt": world.now}
    _advance(task, "STOPPED")
    world.agenda.after(world.knobs.remember_stopped, lambda: _forget(world, task))


@rules.documented("model, DescribeTasks: stopped tasks appear for at least one hour")
def _forget(world: World, task: Task) -> None:
    world.tasks.pop(task.id, None)
    task.service.tasks.pop(task.id, None)
    world.tags.pop(task.body["taskArn"], None)
