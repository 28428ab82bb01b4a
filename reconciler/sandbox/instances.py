"""Container instances: what tasks that are not on Fargate run on. Nothing registers: they are there when needed.

A seed may give a cluster its instances from the start; else it gets as many as the knob `instances` says when its
first task needs one.
"""

import hashlib
from typing import Final

from reconciler.sandbox import clusters, pages, rules
from reconciler.sandbox.errors import Refusal
from reconciler.sandbox.worlds import Body, Task, World

_CPU: Final = 2048
_MEMORY: Final = 3885
_PENDING: Final = ("PROVISIONING", "PENDING", "ACTIVATING")
_ATTRIBUTES: Final = {
    "ecs.ami-id": "ami-0123456789abcdef0",
    "ecs.cpu-architecture": "x86_64",
    "ecs.instance-type": "t3.medium",
    "ecs.os-family": "LINUX",
    "ecs.os-type": "linux",
}
_CAPABILITIES: Final = (
    *("com.amazonaws.ecs.capability.docker-remote-api.1.44", "com.amazonaws.ecs.capability.ecr-auth"),
    *("com.amazonaws.ecs.capability.logging-driver.awslogs", "com.amazonaws.ecs.capability.task-iam-role"),
    *("ecs.capability.execution-role-awslogs", "ecs.capability.execution-role-ecr-pull"),
    *("ecs.capability.execute-command", "ecs.capability.task-eni"),
)


@rules.guessed("of which kind they are")
def provide(world: World, cluster: str, count: int) -> None:
    """Give a cluster container instances, up to `count`."""
    held = world.instances.setdefault(cluster, [])
    for number in range(len(held), count):
        # Not of the world's own source of ids: a seed that asks for instances shall change no other id.
        identity = hashlib.sha256(f"{world.region}/{cluster}/{number}".encode()).hexdigest()[:32]
        held.append(
            {
                "containerInstanceArn": world.arn("container-instance", f"{cluster}/{identity}"),
                "ec2InstanceId": f"i-{identity[:17]}",
                "version": 1,
                "versionInfo": {"agentVersion": "1.98.0", "dockerVersion": "DockerVersion: 25.0.8"},
                "status": "ACTIVE",
                "agentConnected": True,
                "registeredAt": world.now,
                "attachments": [],
                "attributes": _attributes(f"{world.region}{'abc'[number % 3]}"),
            }
        )


@rules.reported("describe-container-instances transcripts: capabilities are attributes without a value")
def _attributes(zone: str) -> list[Body]:
    valued = {"ecs.availability-zone": zone, **_ATTRIBUTES}
    return [{"name": name, "value": value} for name, value in sorted(valued.items())] + [
        {"name": name} for name in _CAPABILITIES
    ]


@rules.documented("model, Task.containerInstanceArn")
@rules.guessed("tasks go to the instance with the fewest; there is always room")
def place(world: World, cluster: str) -> str:
    """Give the ARN of the container instance that the next task goes to."""
    if not world.instances.get(cluster):
        provide(world, cluster, max(1, int(world.knobs.instances)))
    arns = [str(each["containerInstanceArn"]) for each in world.instances[cluster]]
    return min(arns, key=lambda arn: len(_tasks(world, arn)))


def _tasks(world: World, arn: str) -> list[Task]:
    return [
        each
        for each in world.tasks.values()
        if each.body.get("containerInstanceArn") == arn and each.status != "STOPPED"
    ]


@rules.documented("model, ListContainerInstances: ACTIVE and DRAINING ones; all are ACTIVE here")
def list_container_instances(world: World, request: Body) -> Body:
    """List the ARNs of a cluster's container instances."""
    cluster = clusters.find(world, request.get("cluster"))["clusterName"]
    if request.get("filter"):
        message = "The sandbox does not simulate the cluster query language."
        raise Refusal("NotSimulatedBySandbox", message, status=501)
    wanted = request.get("status") or "ACTIVE"
    held = [each for each in world.instances.get(cluster, []) if each["status"] == wanted]
    return pages.cut([each["containerInstanceArn"] for each in held], "containerInstanceArns", request)


@rules.documented(
    "model, DescribeContainerInstances: up to 100; API failure reasons: MISSING; tags if included"
)
def describe_container_instances(world: World, request: Body) -> Body:
    """Show container instances by id or ARN."""
    cluster = clusters.find(world, request.get("cluster"))["clusterName"]
    if not request["containerInstances"]:
        raise Refusal("InvalidParameterException", "Container instances cannot be empty.")
    held = {
        each["containerInstanceArn"].rpartition("/")[2]: each for each in world.instances.get(cluster, [])
    }
    shown, failures = [], []
    for reference in request["containerInstances"]:
        identity = reference.rpartition("/")[2]
        if identity in held:
            tags: Body = {"tags": []} if "TAGS" in request.get("include", []) else {}
            shown.append(_shown(world, held[identity]) | tags)
        else:
            arn = world.arn("container-instance", f"{cluster}/{identity}")
            failures.append({"arn": arn, "reason": "MISSING"})
    return {"containerInstances": shown, "failures": failures}


@rules.documented("model, ContainerInstance: registeredResources and remainingResources; the counts of tasks")
@rules.guessed("only CPU and memory are counted; what a task asks for without saying so counts for nothing")
def _shown(world: World, instance: Body) -> Body:
    tasks = _tasks(world, instance["containerInstanceArn"])
    used = {name: sum(_asked(task, name) for task in tasks) for name in ("cpu", "memory")}
    registered = {"CPU": _CPU, "MEMORY": _MEMORY}
    remaining = {"CPU": _CPU - used["cpu"], "MEMORY": _MEMORY - used["memory"]}
    return instance | {
        "runningTasksCount": sum(task.status == "RUNNING" for task in tasks),
        "pendingTasksCount": sum(task.status in _PENDING for task in tasks),
        "registeredResources": [_resource(name, value) for name, value in registered.items()],
        "remainingResources": [_resource(name, max(0, value)) for name, value in remaining.items()],
    }


def _asked(task: Task, name: str) -> int:
    if name in task.body:
        return int(task.body[name])
    return sum(int(each.get(name, 0)) for each in task.body["containers"])


def _resource(name: str, value: int) -> Body:
    return {"name": name, "type": "INTEGER", "integerValue": value}


@rules.documented("model, ListAttributes: of container instances; by name, and by value with a name")
def list_attributes(world: World, request: Body) -> Body:
    """List the attributes of a cluster's container instances."""
    cluster = clusters.find(world, request.get("cluster"))["clusterName"]
    name, value = request.get("attributeName"), request.get("attributeValue")
    found = [
        attribute | {"targetType": "container-instance", "targetId": each["containerInstanceArn"]}
        for each in world.instances.get(cluster, [])
        for attribute in each["attributes"]
        if name in (None, attribute["name"]) and value in (None, attribute.get("value"))
    ]
    return pages.cut(found, "attributes", request)
