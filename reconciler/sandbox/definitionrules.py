"""What RegisterTaskDefinition refuses. Each rule takes the definition as stored and raises a `Refusal`."""

import re
from collections.abc import Callable
from typing import Final

from reconciler.sandbox import definitiondefaults, rules
from reconciler.sandbox.errors import Refusal
from reconciler.sandbox.worlds import Body

_FARGATE: Final[dict[int, tuple[int, ...]]] = {
    256: (512, 1024, 2048),
    512: tuple(range(1024, 4097, 1024)),
    1024: tuple(range(2048, 8193, 1024)),
    2048: tuple(range(4096, 16385, 1024)),
    4096: tuple(range(8192, 30721, 1024)),
    8192: tuple(range(16384, 61441, 4096)),
    16384: tuple(range(32768, 122881, 8192)),
    32768: (61440, 122880, 184320, 249856),
}
"""Memory sizes in MiB by CPU units, from the developer guide's task size table."""


def check(task: Body) -> None:
    """Apply every rule in turn."""
    for rule in _RULES:
        rule(task)
    if "FARGATE" in task.get("requiresCompatibilities", []):
        for rule in _FARGATE_RULES:
            rule(task)


def fits_fargate(task: Body) -> bool:
    """Tell whether a stored definition would pass as one for Fargate."""
    try:
        for rule in _FARGATE_RULES:
            rule(task)
    except Refusal:
        return False
    return True


@rules.documented("model, RegisterTaskDefinition.family: up to 255 letters, numbers, hyphens and underscores")
@rules.reported("amazon-ecs-cli#37: Family contains invalid characters.")
def _family(task: Body) -> None:
    if not task["family"]:
        raise Refusal("ClientException", "Family should not be null or empty.")
    if not re.fullmatch(r"[A-Za-z0-9_-]{1,255}", task["family"]):
        raise Refusal("ClientException", "Family contains invalid characters.")


@rules.reported(
    "terraform-provider-aws#5950, prefect-aws#159, aws-cli#5924: Container.name and Container.image"
)
@rules.guessed("the wording for an empty list and for a name used twice")
def _containers(task: Body) -> None:
    containers = task["containerDefinitions"]
    if not containers:
        raise Refusal("ClientException", "Container list cannot be empty.")
    for each in containers:
        if not each.get("name"):
            raise Refusal("ClientException", "Container.name should not be null or empty.")
        if not re.fullmatch(r"[A-Za-z0-9_-]{1,255}", each["name"]):
            raise Refusal("ClientException", "Container.name contains invalid characters.")
        if not each.get("image"):
            raise Refusal("ClientException", "Container.image should not be null or empty.")
    names = [each["name"] for each in containers]
    if len(set(names)) < len(names):
        raise Refusal("ClientException", "Container definitions must have unique names.")


@rules.documented(
    "model, ContainerDefinition.essential: all tasks must have at least one essential container"
)
@rules.guessed("the wording")
def _essential(task: Body) -> None:
    if not any(each["essential"] for each in task["containerDefinitions"]):
        raise Refusal("ClientException", "A task definition must have at least one essential container.")


@rules.documented("model, ContainerDefinition.memory: without a task memory each container needs one")
@rules.reported("many transcripts: Invalid setting for container '…'. At least one of 'memory' or …")
def _memory(task: Body) -> None:
    for each in task["containerDefinitions"]:
        hard, soft = each.get("memory"), each.get("memoryReservation")
        setting = f"Invalid setting for container '{each['name']}'."
        if not task.get("memory") and not hard and not soft:
            message = "At least one of 'memory' or 'memoryReservation' must be specified."
            raise Refusal("ClientException", f"{setting} {message}")
        if hard and soft and hard < soft:
            message = "The memory must be greater than or equal to the memoryReservation."
            raise Refusal("ClientException", f"{setting} {message}")
    for member in ("cpu", "memory"):
        if task.get(member) and not task[member].isdigit():
            raise Refusal("ClientException", f"Invalid '{member}' setting for task.")


@rules.documented("model, PortMapping.hostPort: with awsvpc or host it is empty or equals containerPort")
@rules.guessed("the wording")
def _ports(task: Body) -> None:
    mode = definitiondefaults.network_mode(task)
    if mode not in ("awsvpc", "host"):
        return
    message = f"When networkMode={mode}, the host ports and container ports in port mappings must match."
    for each in task["containerDefinitions"]:
        for mapping in each["portMappings"]:
            if "containerPort" in mapping and mapping["hostPort"] != mapping["containerPort"]:
                raise Refusal("ClientException", message)


@rules.documented(
    "task definition parameters: mount points, volumesFrom and dependsOn name what the definition has"
)
@rules.guessed("the wording")
def _references(task: Body) -> None:
    volumes = {each.get("name") for each in task["volumes"]}
    names = {each["name"] for each in task["containerDefinitions"]}
    for each in task["containerDefinitions"]:
        for mount in each["mountPoints"]:
            if mount.get("sourceVolume") not in volumes:
                raise Refusal("ClientException", f"Unknown volume '{mount.get('sourceVolume')}'.")
        wanted = [item.get("sourceContainer") for item in each["volumesFrom"]]
        wanted += [item["containerName"] for item in each.get("dependsOn", [])]
        for name in wanted:
            if name not in names or name == each["name"]:
                raise Refusal(
                    "ClientException", f"Invalid reference to container '{name}' in '{each['name']}'."
                )


@rules.documented("model, EFSAuthorizationConfig.accessPointId: the root directory must be omitted or /")
@rules.guessed("the wording")
def _access_point(task: Body) -> None:
    for volume in task["volumes"]:
        efs = volume.get("efsVolumeConfiguration", {})
        if efs.get("authorizationConfig", {}).get("accessPointId") and efs["rootDirectory"] != "/":
            message = "EFS access point id and root directory cannot both be specified."
            raise Refusal("ClientException", message)


@rules.documented("model, Secret: needs an execution role to read the value")
@rules.guessed("that it is refused on registration for every launch type, and the wording")
def _secrets(task: Body) -> None:
    if any(each.get("secrets") for each in task["containerDefinitions"]) and "executionRoleArn" not in task:
        message = (
            "When you are specifying container secrets, you must also specify a value for 'executionRoleArn'."
        )
        raise Refusal("ClientException", message)


@rules.documented("model, RegisterTaskDefinition.networkMode: Fargate requires awsvpc")
@rules.reported("transcripts: Fargate only supports network mode ‘awsvpc’.")
def _fargate_network(task: Body) -> None:
    if definitiondefaults.network_mode(task) != "awsvpc":
        raise Refusal("ClientException", "Fargate only supports network mode ‘awsvpc’.")


@rules.documented("developer guide, task size: the table of CPU and memory")
@rules.reported(
    "transcripts: Fargate requires that 'cpu' be defined at the task level.; No Fargate configuration …"
)
def _fargate_size(task: Body) -> None:
    for member in ("cpu", "memory"):
        if not task.get(member):
            raise Refusal(
                "ClientException", f"Fargate requires that '{member}' be defined at the task level."
            )
    if int(task["memory"]) not in _FARGATE.get(int(task["cpu"]), ()):
        raise Refusal("ClientException", "No Fargate configuration exists for given values.")


@rules.reported("virtual-kubelet#193, terraform-provider-aws#3051: … execution role ARN to support …")
def _fargate_role(task: Body) -> None:
    if "executionRoleArn" in task:
        return
    for each in task["containerDefinitions"]:
        reasons = []
        if ".dkr.ecr." in each["image"]:
            reasons.append("ECR images")
        if each.get("logConfiguration", {}).get("logDriver") == "awslogs":
            reasons.append("log driver awslogs")
        for reason in reasons:
            message = f"Fargate requires task definition to have execution role ARN to support {reason}."
            raise Refusal("ClientException", message)


@rules.documented("model, EphemeralStorage.sizeInGiB: 21 to 200")
@rules.guessed("the wording")
def _fargate_storage(task: Body) -> None:
    size = task.get("ephemeralStorage", {}).get("sizeInGiB")
    if size is not None and not 21 <= size <= 200:
        raise Refusal("ClientException", "Ephemeral storage size must be between 21 and 200 GiB.")


_Rule = Callable[[Body], None]
_RULES: Final[tuple[_Rule, ...]] = (
    _family,
    _containers,
    _essential,
    _memory,
    _ports,
    _references,
    _access_point,
    _secrets,
)
_FARGATE_RULES: Final[tuple[_Rule, ...]] = (_fargate_network, _fargate_size, _fargate_role, _fargate_storage)
