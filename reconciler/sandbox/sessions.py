"""Sessions in containers: ECS ExecuteCommand, and of Systems Manager StartSession and TerminateSession.

Nothing listens at the address of a session: whoever connects to it finds out that its host does not exist.
"""

import base64
import re
from collections.abc import Callable
from typing import Final

from reconciler.sandbox import clusters, rules, shapes
from reconciler.sandbox.errors import Refusal
from reconciler.sandbox.worlds import Body, Task, World

SERVICE: Final = "ssm"
_INVALID: Final = "InvalidParameterException"
_NOT_ENABLED: Final = (
    "The execute command failed because execute command was not enabled when the task was run or the execute command "
    "agent isn’t running. Wait and try again or run a new task with execute command enabled and try again."
)
_DOCUMENTS: Final = frozenset(
    {
        "SSM-SessionManagerRunShell",
        *("AWS-StartInteractiveCommand", "AWS-StartNonInteractiveCommand"),
        *(
            "AWS-StartPortForwardingSession",
            "AWS-StartPortForwardingSessionToRemoteHost",
            "AWS-StartSSHSession",
        ),
    }
)


@rules.documented(
    "model, ExecuteCommandRequest: interactive must be true; a container is needed if there are several"
)
@rules.reported(
    "e1s#206, ecs-deploy#193: The execute command failed because execute command was not enabled …"
)
@rules.reported("ecsher#56: task length should be one of [32,36]")
@rules.guessed(
    "the wording of the other refusals, and that a task that does not run is refused as without an agent"
)
def execute_command(world: World, request: Body) -> Body:
    """Open a session for a command in a container."""
    cluster = clusters.find(world, request.get("cluster"))
    reference = request["task"]
    if not reference.startswith("arn:") and len(reference) not in (32, 36):
        raise Refusal(_INVALID, "task length should be one of [32,36]")
    if not request["interactive"]:
        raise Refusal(_INVALID, "Interactive must be true: only interactive sessions are supported.")
    if not request["command"]:
        raise Refusal(_INVALID, "Command can not be blank.")
    task = world.tasks.get(reference.rpartition("/")[2])
    if task is None or task.cluster != cluster["clusterName"]:
        raise Refusal(_INVALID, "The referenced task was not found.")
    container = _container(task, request.get("container"))
    if not _reachable(task, container):
        raise Refusal(_INVALID, _NOT_ENABLED)
    opened = _open(
        world, "ecs-execute-command", f"{cluster['clusterName']}_{task.id}_{container['runtimeId']}"
    )
    return {
        "clusterArn": cluster["clusterArn"],
        "taskArn": task.body["taskArn"],
        "containerArn": container["containerArn"],
        "containerName": container["name"],
        "interactive": True,
        "session": {f"{name[:1].lower()}{name[1:]}": value for name, value in opened.items()},
    }


@rules.documented(
    "model, ExecuteCommandRequest.container: needed for tasks that contain multiple containers only"
)
@rules.guessed("the wording")
def _container(task: Task, name: str | None) -> Body:
    containers: list[Body] = task.body["containers"]
    if not name and len(containers) > 1:
        raise Refusal(_INVALID, "Container name must be specified for a task with multiple containers.")
    for each in containers:
        if name in (None, "", each["name"]):
            return each
    raise Refusal(_INVALID, f"The container {name} was not found in the task.")


@rules.documented("developer guide, ECS Exec: the task was started with it, and the managed agent RUNNING")
def _reachable(task: Task, container: Body) -> bool:
    agents = container.get("managedAgents", [])
    return (
        task.wanted
        and container["lastStatus"] == "RUNNING"
        and any(agent["lastStatus"] == "RUNNING" for agent in agents)
    )


@rules.documented("ssm model, StartSession: the token and the address; TargetNotConnected, InvalidDocument")
@rules.reported("amazon-ssm-agent#540: TARGET is not connected; the target is ecs:CLUSTER_TASK_RUNTIMEID")
@rules.guessed("the wording for a document that there is not; what its parameters may be is not looked at")
def start_session(world: World, request: Body) -> Body:
    """Open a session to a container, for a shell or for the forwarding of a port."""
    target = request["Target"]
    document = request.get("DocumentName", "SSM-SessionManagerRunShell")
    if document not in _DOCUMENTS:
        raise Refusal("InvalidDocument", f"Document with name {document} does not exist.")
    found = re.fullmatch(r"ecs:(.+)_([0-9a-f]{32})_([^_]+)", target)
    task = world.tasks.get(found[2]) if found else None
    if found is None or task is None or task.cluster != found[1]:
        raise Refusal("TargetNotConnected", f"{target} is not connected.")
    for container in task.body["containers"]:
        if container.get("runtimeId") == found[3] and _reachable(task, container):
            return _open(world, "sandbox", target)
    raise Refusal("TargetNotConnected", f"{target} is not connected.")


@rules.documented("ssm model, TerminateSession: gives the id back; a session that there is not is no error")
def terminate_session(world: World, request: Body) -> Body:
    """End a session."""
    world.sessions.pop(request["SessionId"], None)
    return {"SessionId": request["SessionId"]}


@rules.documented(
    "ssm model, StartSessionResponse: wss://ssmmessages.REGION.amazonaws.com/v1/data-channel/ID?…"
)
@rules.guessed(
    "the host, which must not exist: no sandbox's session may reach an account; the token's content"
)
def _open(world: World, prefix: str, target: str) -> Body:
    identity = f"{prefix}-{world.hexadecimal()[:17]}"
    world.sessions[identity] = target
    host = f"ssmmessages.{world.region}.sandbox.invalid"
    return {
        "SessionId": identity,
        "StreamUrl": f"wss://{host}/v1/data-channel/{identity}?role=publish_subscribe",
        "TokenValue": base64.b64encode(f"token of {identity}".encode()).decode(),
    }


OPERATIONS: Final[dict[str, Callable[[World, Body], Body]]] = {
    "StartSession": start_session,
    "TerminateSession": terminate_session,
}


def answer(world: World, operation: str, request: object) -> Body | None:
    """Answer a call of Systems Manager, or give None if it is about no session."""
    if operation not in OPERATIONS:
        return None
    return OPERATIONS[operation](world, shapes.accept(operation, request, SERVICE))
