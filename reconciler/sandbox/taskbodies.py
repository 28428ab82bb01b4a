"""What a new task is made of: its body as DescribeTasks shows it, its containers, interface and volumes."""

from dataclasses import dataclass, field
from typing import Final

from reconciler.sandbox import definitiondefaults, instances, rules, volumes
from reconciler.sandbox.worlds import Body, Deployment, Service, Task, World

_AGENT: Final = "ExecuteCommandAgent"
_FREE_STORAGE: Final = 20
"""GiB of ephemeral storage that every task on Fargate has."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What a task is asked to be: whose it is, its definition with the overrides applied, what else is said of it.

    `volumes` are volumeConfigurations, of services or of tasks; `tags` are the task's own.
    """

    service: Service
    deployment: Deployment
    definition: Body
    group: str
    execute_command: bool
    provider: str | None = None
    overrides: Body = field(default_factory=dict)
    volumes: tuple[Body, ...] = ()
    tags: tuple[Body, ...] = ()


@rules.documented("model, Task and Container: the members; startedBy of a service's is the deployment id")
@rules.documented(
    "model, Task.ephemeralStorage; developer guide, Fargate task storage: 20 GiB for every task"
)
@rules.reported("events of Fargate Spot: a task shows launchType FARGATE beside the capacity provider")
@rules.guessed(
    "addresses and interface ids; cpu and memory are the overriding ones where they are overridden"
)
def create(world: World, order: Order) -> Task:
    """Make a task that is being provisioned, and enter it in the region."""
    service, deployment, definition = order.service, order.deployment, order.definition
    identity = world.hexadecimal()
    arn = world.arn("task", f"{service.cluster}/{identity}")
    settings: Body = {
        key: deployment.settings[key]
        for key in ("launchType", "platformVersion", "platformFamily")
        if key in deployment.settings
    }
    if "platformVersion" in settings:
        settings = {"launchType": "FARGATE"} | settings
        storage = definition.get("ephemeralStorage", {"sizeInGiB": _FREE_STORAGE})
        settings |= {"ephemeralStorage": storage, "fargateEphemeralStorage": storage}
    body: Body = {
        "taskArn": arn,
        "clusterArn": service.body["clusterArn"],
        "taskDefinitionArn": deployment.task_definition,
        "group": order.group,
        **({"startedBy": deployment.id} if deployment.id else {}),
        "lastStatus": "PROVISIONING",
        "desiredStatus": "RUNNING",
        "createdAt": world.now,
        "healthStatus": "UNKNOWN",
        "version": 1,
        "overrides": _overrides(order),
        "attachments": [],
        "containers": [_container(world, arn, each) for each in definition["containerDefinitions"]],
        "enableExecuteCommand": order.execute_command,
        "availabilityZone": f"{world.region}{world.random.choice('abc')}",
        **settings,
        **{member: definition[member] for member in ("cpu", "memory") if member in definition},
    }
    if "platformVersion" not in settings:
        body |= {"launchType": settings.get("launchType", "EC2")}
        body["containerInstanceArn"] = instances.place(world, service.cluster)
    if order.provider:
        body["capacityProviderName"] = order.provider
    if definitiondefaults.network_mode(definition) == "awsvpc":
        _attach_interface(world, body, deployment.settings.get("networkConfiguration", {}))
    body["attachments"] += [volumes.attachment(world, each) for each in order.volumes]
    if order.execute_command:
        for container in body["containers"]:
            container["managedAgents"] = [{"name": _AGENT, "lastStatus": "PENDING"}]
    task = Task(identity, body, service.cluster, service, deployment, lambda: None)
    world.tasks[identity] = service.tasks[identity] = task
    world.tags[arn] = list(order.tags)
    return task


@rules.reported("describe-tasks transcripts: every container is listed by name, overridden or not")
def _overrides(order: Order) -> Body:
    given = {each["name"]: each for each in order.overrides.get("containerOverrides", []) if "name" in each}
    listed = [
        given.get(each["name"], {"name": each["name"]}) for each in order.definition["containerDefinitions"]
    ]
    return {"inferenceAcceleratorOverrides": []} | order.overrides | {"containerOverrides": listed}


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
        **{name: str(definition[name]) for name in ("memory", "memoryReservation") if name in definition},
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
