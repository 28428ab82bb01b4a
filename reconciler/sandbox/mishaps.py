"""What goes wrong with tasks: no place, no secret, no image, a crash, failed health checks."""

from typing import Final

from reconciler.sandbox import events, rules, transitions
from reconciler.sandbox.outcomes import Fate
from reconciler.sandbox.worlds import Body, Deployment, Service, Task, World

_SEE: Final = "For more information, see the Troubleshooting section of the Amazon ECS Developer Guide."


@rules.documented(
    "model, Deployment.failedTasks: a task that cannot be launched counts; developer guide, service event messages: "
    "was unable to place a task. Reason: Capacity is unavailable …; … because no container instance met all …"
)
@rules.guessed("which of the two, by the launch type alone")
def no_place(world: World, service: Service, deployment: Deployment, fate: Fate) -> None:
    """Find no place for another task of a deployment."""
    _count_failure(world, deployment)
    if fate.reason:
        text = f"was unable to place a task. Reason: {fate.reason}."
    elif "platformVersion" in deployment.settings:
        text = (
            "was unable to place a task. Reason: Capacity is unavailable at this time. Please try again later or in "
            f"a different availability zone. {_SEE}"
        )
    else:
        text = (
            "was unable to place a task because no container instance met all of its requirements. Reason: No "
            f"Container Instances were found in your cluster. {_SEE}"
        )
    events.tell(world, service, text.replace("..", "."))


@rules.reported(
    "users' stopped tasks: ResourceInitializationError: unable to pull secrets or registry auth: execution resource "
    "retrieval failed: …; TaskFailedToStart"
)
def no_secret(world: World, task: Task, definition: Body, fate: Fate) -> None:
    """Stop a task that cannot get one of its secrets."""
    if not task.wanted:
        return
    names = [
        each["valueFrom"] for one in definition["containerDefinitions"] for each in one.get("secrets", [])
    ]
    name = names[0] if names else "secret"
    source = (
        "unable to retrieve secrets from ssm: service call has been retried 1 time(s): Fetching secret data from SSM "
        f"Parameter Store in {world.region}: invalid parameters: {name}"
        if names and ":secretsmanager:" not in name
        else "unable to retrieve secret from asm: service call has been retried 1 time(s): failed to fetch secret "
        f"{name} from secrets manager: ResourceNotFoundException: Secrets Manager can't find the specified secret."
    )
    reason = fate.reason or (
        "ResourceInitializationError: unable to pull secrets or registry auth: execution resource retrieval failed: "
        f"{source}"
    )
    _count_failure(world, task.deployment)
    transitions.stop(world, task, reason, "TaskFailedToStart")


@rules.reported(
    "transcripts: CannotPullContainerError: pull image manifest has been retried …; TaskFailedToStart"
)
def cannot_pull(world: World, task: Task, culprit: str, fate: Fate) -> None:
    """Stop a task of whose image there is none."""
    if not task.wanted:
        return
    image = next(each["image"] for each in task.body["containers"] if each["name"] == culprit)
    reason = fate.reason or (
        "CannotPullContainerError: pull image manifest has been retried 5 time(s): "
        f"failed to resolve ref {image}: not found"
    )
    _blame(task, culprit, reason)
    _count_failure(world, task.deployment)
    events.tell(world, task.service, f"was unable to place a task. Reason: {reason}.")
    transitions.stop(world, task, reason, "TaskFailedToStart")


@rules.reported("transcripts: Essential container in task exited; EssentialContainerExited; exitCode 1")
@rules.guessed("that a task which has been healthy for a while counts as failed too")
def crash(world: World, task: Task, culprit: str, fate: Fate) -> None:
    """Let a container exit by itself."""
    if not task.wanted:
        return
    if fate.reason:
        _blame(task, culprit, fate.reason)
    _count_failure(world, task.deployment)
    reason, code = "Essential container in task exited", "EssentialContainerExited"
    transitions.stop(world, task, reason, code, {culprit: fate.exit_code})


@rules.documented(
    "model, ContainerDefinition.essential: if false, a container's end does not affect the task"
)
def leave(task: Task, name: str, fate: Fate) -> None:
    """Let a container that is not essential exit; its task goes on."""
    for container in task.body["containers"]:
        if container["name"] == name and container["lastStatus"] == "RUNNING":
            reason = {"reason": fate.reason} if fate.reason else {}
            container.update({"lastStatus": "STOPPED", "exitCode": fate.exit_code} | reason)


@rules.documented(
    "developer guide, container health checks: only tasks of services are stopped for their health"
)
@rules.reported(
    "transcripts: failed container health checks.; is unhealthy in (target-group ARN) due to (reason …)"
)
@rules.guessed(
    "without any health check a sick container is found out all the same, so that the tag always works"
)
def sicken(world: World, task: Task, definition: Body, fate: Fate) -> None:
    """Stop a task that failed its health checks."""
    if not task.wanted:
        return
    if task.standalone:
        task.body["healthStatus"] = "UNHEALTHY"
        return
    _count_failure(world, task.deployment)
    groups = transitions.target_groups(task)
    checked = [each["name"] for each in definition["containerDefinitions"] if "healthCheck" in each]
    if groups and not checked:
        ports = (
            each.get("containerPort")
            for each in task.service.body["loadBalancers"]
            if "targetGroupArn" in each
        )
        text = (
            f"(task {task.id}) (port {next(ports)}) is unhealthy in (target-group {groups[0]}) "
            f"due to (reason {fate.reason or 'Request timed out'})"
        )
        reason = f"Task failed ELB health checks in (target-group {groups[0]})"
    else:
        text, reason = (
            f"(task {task.id}) failed container health checks.",
            "Task failed container health checks",
        )
        task.body["healthStatus"] = "UNHEALTHY"
    events.tell(world, task.service, text)
    transitions.stop(world, task, reason, "ServiceSchedulerInitiated")


@rules.documented("developer guide, Fargate Spot: stopCode SpotInterruption, Your Spot Task was interrupted.")
@rules.guessed("it is no failure of the deployment")
def interrupt(world: World, task: Task) -> None:
    """Take a task its spare capacity."""
    if task.wanted:
        transitions.stop(world, task, "Your Spot Task was interrupted.", "SpotInterruption")


def _blame(task: Task, culprit: str, reason: str) -> None:
    for container in task.body["containers"]:
        if container["name"] == culprit:
            container["reason"] = reason


@rules.documented(
    "model, Deployment.failedTasks; developer guide, service throttle logic: growing delays between starts"
)
@rules.guessed("the delays themselves: doubling from a knob to a knob")
def _count_failure(world: World, deployment: Deployment) -> None:
    deployment.failed += 1
    delay = min(world.knobs.backoff_limit, world.knobs.backoff * 2 ** min(deployment.failed - 1, 20))
    deployment.not_before = world.now + delay
    deployment.updated = world.now
