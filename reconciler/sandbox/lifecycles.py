"""A task's way up through its states: PROVISIONING, PENDING, ACTIVATING, RUNNING, healthy; `transitions` lead down."""

import hashlib
from collections.abc import Callable, Mapping

from reconciler.sandbox import definitiondefaults, events, logs, mishaps, providers, rules, transitions
from reconciler.sandbox.outcomes import RUNS, Fate, Outcome
from reconciler.sandbox.worlds import Body, Deployment, Service, Task, World


@rules.guessed("the first task that finds no place ends the attempt; the others are not tried")
def launch(
    world: World, service: Service, deployment: Deployment, count: int, changed: Callable[[], None]
) -> list[Task]:
    """Start up to `count` tasks of a deployment, until one finds no place; give those that were started."""
    started: list[Task] = []
    for _ in range(count):
        task = _start(world, service, deployment, changed)
        if task is None:
            break
        started.append(task)
    return started


@rules.documented("developer guide, task lifecycle: the states and their order")
@rules.documented("model, CreateService.healthCheckGracePeriodSeconds: until then failed checks are ignored")
@rules.guessed("how long each state lasts (knobs)")
def _start(
    world: World, service: Service, deployment: Deployment, changed: Callable[[], None]
) -> Task | None:
    """Start a task of a deployment; `changed` is called after each of its transitions. None if it finds no place."""
    definition = _definition(world, deployment.task_definition)
    fates = _cast(world, definition)
    culprit, fate = _decided(definition, fates)
    if fate.outcome is Outcome.HAS_NO_PLACE:
        mishaps.no_place(world, service, deployment, fate)
        return None
    task = _create(world, service, deployment, definition, changed)
    knobs, after = world.knobs, world.agenda.after
    after(knobs.provision, lambda: transitions.move(task, "PENDING", pullStartedAt=world.now))
    if fate.outcome is Outcome.HAS_NO_SECRET:
        after(knobs.provision, lambda: mishaps.no_secret(world, task, definition, fate))
        return task
    pulled = knobs.provision + knobs.pull
    if fate.outcome is Outcome.CANNOT_PULL:
        after(pulled, lambda: mishaps.cannot_pull(world, task, culprit, fate))
        return task
    running = pulled + knobs.activate
    after(pulled, lambda: transitions.move(task, "ACTIVATING", pullStoppedAt=world.now))
    after(running, lambda: _run(world, task, definition, fates))
    _live(world, task, definition, culprit, fate, running)
    return task


@rules.guessed("how long it takes until what happens happens (knobs), unless a script says so")
def _live(world: World, task: Task, definition: Body, culprit: str, fate: Fate, running: float) -> None:
    """Plan what becomes of a task `running` seconds from now, when it will be RUNNING."""
    knobs, plan = world.knobs, world.agenda.after

    def due(usual: float) -> float:
        return usual if fate.after is None else fate.after

    match fate.outcome:
        case Outcome.CRASHES:
            plan(running + due(knobs.crash), lambda: mishaps.crash(world, task, culprit, fate))
        case Outcome.SICKENS:
            grace = float(task.service.body.get("healthCheckGracePeriodSeconds", 0))
            found = max(due(knobs.sick), grace)
            plan(running + min(knobs.healthy, found), lambda: _sicken(task))
            plan(running + found, lambda: mishaps.sicken(world, task, definition, fate))
        case Outcome.FLAPS:
            plan(running + knobs.healthy, lambda: _thrive(task, definition))
            lasts = knobs.healthy + due(knobs.flap)
            plan(running + lasts, lambda: mishaps.crash(world, task, culprit, fate))
        case Outcome.IS_INTERRUPTED:
            plan(running + knobs.healthy, lambda: _thrive(task, definition))
            plan(running + knobs.healthy + due(knobs.flap), lambda: mishaps.interrupt(world, task))
        case Outcome.IS_SLOW:
            plan(running + due(knobs.slow), lambda: _thrive(task, definition))
        case _:
            plan(running + knobs.healthy, lambda: _thrive(task, definition))


def _sicken(task: Task) -> None:
    if task.wanted:
        task.sick = True
        task.changed()


def _cast(world: World, definition: Body) -> dict[str, Fate]:
    """Give the fate of each container of another task; what a script holds for so many tasks counts down."""
    fates = {}
    for container in definition["containerDefinitions"]:
        rule = world.script.fate(container["image"], container["name"])
        if rule is not None:
            rule.left -= 1
            fates[container["name"]] = rule.fate
        else:
            given = world.outcomes(container["image"])
            fates[container["name"]] = given if isinstance(given, Fate) else Fate(given)
    return fates


@rules.guessed("only essential containers decide; the first in order with a fate of its own")
def _decided(definition: Body, fates: Mapping[str, Fate]) -> tuple[str, Fate]:
    for container in definition["containerDefinitions"]:
        fate = fates[container["name"]]
        if container["essential"] and fate.outcome is not Outcome.RUNS:
            return container["name"], fate
    return "", RUNS


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
    provider = providers.choose(service, deployment)
    if provider:
        body["capacityProviderName"] = provider
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


@rules.reported("transcripts: registered 1 targets in (target-group ARN)")
def _run(world: World, task: Task, definition: Body, fates: Mapping[str, Fate]) -> None:
    if not task.wanted:
        return
    for container in task.body["containers"]:
        container |= {"lastStatus": "RUNNING", "runtimeId": f"{task.id}-{world.digits(10)}"}
        container["imageDigest"] = "sha256:" + hashlib.sha256(container["image"].encode()).hexdigest()
    task.body |= {"startedAt": world.now, "connectivity": "CONNECTED", "connectivityAt": world.now}
    for container in definition["containerDefinitions"]:
        logs.write(world, task, container, fates[container["name"]].logs)
    transitions.advance(task, "RUNNING")
    for group in transitions.target_groups(task):
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
