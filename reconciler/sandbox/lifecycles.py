"""A task's way up through its states: PROVISIONING, PENDING, ACTIVATING, RUNNING, healthy; `transitions` lead down."""

from collections.abc import Callable, Mapping
from functools import partial

from reconciler.sandbox import (
    events,
    logs,
    mishaps,
    providers,
    quotas,
    registries,
    rules,
    taskbodies,
    transitions,
)
from reconciler.sandbox.outcomes import RUNS, Fate, Outcome
from reconciler.sandbox.taskbodies import Order
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


@rules.documented("model, Task.group is service:NAME, startedBy the deployment id")
def _start(
    world: World, service: Service, deployment: Deployment, changed: Callable[[], None]
) -> Task | None:
    """Start a task of a deployment; `changed` is called after each of its transitions. None if it finds no place."""
    definition = _definition(world, deployment.task_definition)
    fates = cast(world, definition)
    _, fate = decided(definition, fates)
    if fate.outcome is Outcome.HAS_NO_PLACE:
        mishaps.no_place(world, service, deployment, fate)
        return None
    provider = providers.choose(service, deployment)
    if "platformVersion" in deployment.settings:
        obstacle = quotas.obstacle(world, definition, spot=provider == "FARGATE_SPOT")
        if obstacle:
            mishaps.no_place(world, service, deployment, Fate(Outcome.HAS_NO_PLACE, reason=obstacle))
            return None
    order = Order(
        service=service,
        deployment=deployment,
        definition=definition,
        group=f"service:{service.name}",
        execute_command=service.body.get("enableExecuteCommand", False),
        provider=provider,
        volumes=tuple(deployment.settings.get("volumeConfigurations", ())),
        tags=tuple(_propagated(world, service, definition)),
    )
    task = taskbodies.create(world, order)
    task.changed = changed
    grow(world, task, definition, fates)
    return task


@rules.documented("developer guide, task lifecycle: the states and their order")
@rules.documented("model, CreateService.healthCheckGracePeriodSeconds: until then failed checks are ignored")
@rules.guessed("how long each state lasts (knobs)")
def grow(world: World, task: Task, definition: Body, fates: Mapping[str, Fate]) -> None:
    """Plan a new task's way up, and what becomes of it."""
    culprit, fate = decided(definition, fates)
    knobs, after = world.knobs, world.agenda.after
    after(knobs.provision, lambda: transitions.move(task, "PENDING", pullStartedAt=world.now))
    if fate.outcome is Outcome.HAS_NO_SECRET:
        after(knobs.provision, lambda: mishaps.no_secret(world, task, definition, fate))
        return
    pulled = knobs.provision + knobs.pull
    if fate.outcome is Outcome.CANNOT_PULL:
        after(pulled, lambda: mishaps.cannot_pull(world, task, culprit, fate))
        return
    running = pulled + knobs.activate
    after(pulled, lambda: transitions.move(task, "ACTIVATING", pullStoppedAt=world.now))
    after(running, lambda: _run(world, task, definition, fates))
    for container in definition["containerDefinitions"]:
        own = fates[container["name"]]
        if own.outcome in (Outcome.CRASHES, Outcome.EXITS):
            ends = partial(mishaps.crash, world) if container["essential"] else mishaps.leave
            lasts = knobs.crash if own.after is None else own.after
            after(running + lasts, partial(ends, task, container["name"], own))
    _live(world, task, definition, culprit, fate, running)


@rules.guessed("how long it takes until what happens happens (knobs), unless a script says so")
def _live(world: World, task: Task, definition: Body, culprit: str, fate: Fate, running: float) -> None:
    """Plan what becomes of a task `running` seconds from now, when it will be RUNNING."""
    knobs, plan = world.knobs, world.agenda.after

    def due(usual: float) -> float:
        return usual if fate.after is None else fate.after

    match fate.outcome:
        case Outcome.CRASHES | Outcome.EXITS:
            pass  # planned with those of the other containers: the first to end decides
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


@rules.guessed("nothing of AWS's: registry and log groups decide, else the script, else the image's tag")
def cast(world: World, definition: Body) -> dict[str, Fate]:
    """Give the fate of each container of another task; what a script holds for so many tasks counts down."""
    fates = {}
    for container in definition["containerDefinitions"]:
        unheld = registries.fate(world, definition, container["image"]) or logs.fate(world, container)
        if unheld is not None:
            fates[container["name"]] = unheld
            continue
        rule = world.script.fate(container["image"], container["name"], container.get("command", ()))
        if rule is not None:
            rule.left -= 1
            fates[container["name"]] = rule.fate
        else:
            given = world.outcomes(container["image"])
            fates[container["name"]] = given if isinstance(given, Fate) else Fate(given)
    return fates


@rules.guessed(
    "only essential containers decide; the first in order with a fate of its own, of exits the first to happen"
)
def decided(definition: Body, fates: Mapping[str, Fate]) -> tuple[str, Fate]:
    """Give the container that decides what becomes of the task, and its fate."""
    for container in definition["containerDefinitions"]:
        fate = fates[container["name"]]
        if container["essential"] and fate.outcome is not Outcome.RUNS:
            return container["name"], fate
    return "", RUNS


def _definition(world: World, arn: str) -> Body:
    family, _, revision = arn.rpartition("/")[2].partition(":")
    return world.families[family][int(revision)]


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
@rules.reported("recordings: runtimeId is TASK-DIGITS on Fargate, and the Docker container's id elsewhere")
def _run(world: World, task: Task, definition: Body, fates: Mapping[str, Fate]) -> None:
    if not task.wanted:
        return
    fargate = task.body.get("launchType") == "FARGATE"
    for container in task.body["containers"]:
        identity = f"{task.id}-{world.digits(10)}" if fargate else world.hexadecimal() + world.hexadecimal()
        container |= {"lastStatus": "RUNNING", "runtimeId": identity}
        container["imageDigest"] = registries.digest_of(world, container["image"])
    task.body |= {"startedAt": world.now, "connectivity": "CONNECTED", "connectivityAt": world.now}
    for container, shown in zip(definition["containerDefinitions"], task.body["containers"], strict=True):
        logs.begin(world, task, container, shown["runtimeId"], fates[container["name"]])
    transitions.advance(task, "RUNNING")
    if task.body["enableExecuteCommand"]:
        world.agenda.after(world.knobs.agent, lambda: _connect(world, task, fates))
    for group in transitions.target_groups(task):
        events.count(world, task.service, events.of_targets("registered", group))


@rules.documented("model, ManagedAgent: lastStatus and lastStartedAt")
@rules.guessed("how soon the agent runs (knob `agent`); in every container")
def _connect(world: World, task: Task, fates: Mapping[str, Fate]) -> None:
    if not task.wanted:
        return
    for container in task.body["containers"]:
        status = fates[container["name"]].agent
        started = {"lastStartedAt": world.now} if status == "RUNNING" else {}
        container["managedAgents"] = [container["managedAgents"][0] | {"lastStatus": status} | started]


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
