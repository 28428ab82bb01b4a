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
    if not task.get("family", ""):
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
@rules.reported("hako#68: Task definition doesn't have any essential container.")
def _essential(task: Body) -> None:
    if not any(each["essential"] for each in task["containerDefinitions"]):
        raise Refusal("ClientException", "Task definition doesn't have any essential container.")


@rules.documented("model, ContainerDefinition.memory: without a task memory each container needs one")
@rules.reported("many transcripts: Invalid setting for container '…'. At least one of 'memory' or …")
@rules.documented("developer guide, task-cpu-memory-error: Invalid 'cpu' setting for task.")
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


@rules.documented("model, RegisterTaskDefinition.memory: the sizes of tasks are ignored for Windows")
@rules.reported(
    "pulumi-awsx#1220: The 'memory' setting for container '…' is greater than for the task.; klotho#892 and "
    "dreamkast-infra#4766: The sum of all container '…' values cannot be greater than the value of the task '…'."
)
def _within_the_task(task: Body) -> None:
    if task.get("runtimePlatform", {}).get("operatingSystemFamily", "").startswith("WINDOWS"):
        return
    containers = task["containerDefinitions"]
    for each in containers:
        if task.get("memory") and each.get("memory", 0) > int(task["memory"]):
            message = f"The 'memory' setting for container '{each['name']}' is greater than for the task."
            raise Refusal("ClientException", message)
    for member, size in (("cpu", "cpu"), ("memoryReservation", "memory")):
        if task.get(size) and sum(each.get(member, 0) for each in containers) > int(task[size]):
            message = (
                f"The sum of all container '{member}' values cannot be greater than the value of the task "
                f"'{size}'."
            )
            raise Refusal("ClientException", message)


@rules.documented("model, PortMapping.hostPort: with awsvpc or host it is empty or equals containerPort")
@rules.reported("amazon-ecs-cli#1014: When networkMode=awsvpc, the host ports …; wording for host inferred")
@rules.reported("aws-cli#7288: Invalid 'containerPort' setting for container '…'.")
@rules.reported("amazon-ecs-agent#1220: TCP host port '…' is mapped multiple times in task.")
@rules.guessed("a hostPort of 0 means none in every mode")
def _ports(task: Body) -> None:
    mode = definitiondefaults.network_mode(task)
    message = f"When networkMode={mode}, the host ports and container ports in port mappings must match."
    taken = set()
    for each in task["containerDefinitions"]:
        for mapping in each["portMappings"]:
            if not mapping.get("containerPort") and "containerPortRange" not in mapping:
                message = f"Invalid 'containerPort' setting for container '{each['name']}'."
                raise Refusal("ClientException", message)
            host = mapping.get("hostPort")
            if mode in ("awsvpc", "host") and host and host != mapping.get("containerPort"):
                raise Refusal("ClientException", message)
            if host and mode == "bridge" and (mapping["protocol"], host) in taken:
                message = (
                    f"{mapping['protocol'].upper()} host port '{host}' is mapped multiple times in task."
                )
                raise Refusal("ClientException", message)
            taken.add((mapping["protocol"], host))


@rules.documented(
    "task definition parameters: mount points, volumesFrom and dependsOn name what the definition has"
)
@rules.reported("ansible#35751: Unknown volume '…'.; hako#54: Invalid 'volumesFrom' setting. Unknown …")
@rules.reported("hako#99, dagster#6926: Cannot depend on container + '…' because it does not exist")
@rules.guessed("a container that names itself is refused alike")
def _references(task: Body) -> None:
    volumes = {each.get("name") for each in task["volumes"]}
    names = {each["name"] for each in task["containerDefinitions"]}
    for each in task["containerDefinitions"]:
        others = names - {each["name"]}
        for mount in each["mountPoints"]:
            if mount.get("sourceVolume") not in volumes:
                raise Refusal("ClientException", f"Unknown volume '{mount.get('sourceVolume')}'.")
        for item in each["volumesFrom"]:
            if item.get("sourceContainer") not in others:
                message = (
                    f"Invalid 'volumesFrom' setting. Unknown container: '{item.get('sourceContainer')}'."
                )
                raise Refusal("ClientException", message)
        for item in each.get("dependsOn", []):
            if item["containerName"] not in others:
                message = f"Cannot depend on container + '{item['containerName']}' because it does not exist"
                raise Refusal("ClientException", message)


@rules.documented("model, ContainerDependency.condition: COMPLETE and SUCCESS not on an essential container")
@rules.reported("boto3#2436, ecs_composex#302: A dependency container with SUCCESS or COMPLETE condition …")
def _ends(task: Body) -> None:
    essential = {each["name"] for each in task["containerDefinitions"] if each["essential"]}
    for each in task["containerDefinitions"]:
        for item in each.get("dependsOn", []):
            if item["condition"] in ("SUCCESS", "COMPLETE") and item["containerName"] in essential:
                message = "A dependency container with SUCCESS or COMPLETE condition cannot be an essential container"
                raise Refusal("ClientException", message)


@rules.documented("model, ContainerDefinition: links for bridge mode, no hostname with awsvpc")
@rules.reported("aws-otel-collector#1359: Links are not supported …; ecs-deplojo#26: hostname is not …")
def _interfaces(task: Body) -> None:
    if definitiondefaults.network_mode(task) != "awsvpc":
        return
    for each in task["containerDefinitions"]:
        if each.get("links"):
            raise Refusal("ClientException", "Links are not supported when networkMode=awsvpc.")
        if each.get("hostname"):
            message = "hostname is not supported on container when networkMode=awsvpc."
            raise Refusal("ClientException", message)


@rules.reported("klotho#892: Log driver awslogs requires options: awslogs-region, awslogs-group")
@rules.documented("model, LogConfiguration.options: awslogs-group and awslogs-region are required")
def _logs(task: Body) -> None:
    for each in task["containerDefinitions"]:
        logs = each.get("logConfiguration", {})
        needed = [
            name for name in ("awslogs-region", "awslogs-group") if name not in (logs.get("options") or {})
        ]
        if logs.get("logDriver") == "awslogs" and needed:
            message = f"Log driver awslogs requires options: {', '.join(needed)}"
            raise Refusal("ClientException", message)


@rules.reported(
    "terraform-aws-ecs-alb-service-task#185: … only one volume configuration type should be used."
)
def _kinds_of_volume(task: Body) -> None:
    for volume in task["volumes"]:
        kinds = [name for name, value in volume.items() if name.endswith("Configuration") and value]
        if len(kinds) + bool(volume.get("host", {}).get("sourcePath")) > 1:
            message = (
                "When the volume parameter is specified, only one volume configuration type should be used."
            )
            raise Refusal("ClientException", message)


@rules.documented("model, EFSAuthorizationConfig.accessPointId: the root directory must be omitted or /")
@rules.guessed("the wording")
def _access_point(task: Body) -> None:
    for volume in task["volumes"]:
        efs = volume.get("efsVolumeConfiguration", {})
        if efs.get("authorizationConfig", {}).get("accessPointId") and efs["rootDirectory"] != "/":
            message = "EFS access point id and root directory cannot both be specified."
            raise Refusal("ClientException", message)


@rules.documented("model, Secret: needs an execution role to read the value")
@rules.reported("ecs-deploy#87, terraform-provider-aws#6503: When you are specifying container secrets, …")
@rules.guessed("that it is refused for every launch type")
def _secrets(task: Body) -> None:
    if any(each.get("secrets") for each in task["containerDefinitions"]) and "executionRoleArn" not in task:
        message = (
            "When you are specifying container secrets, you must also specify a value for 'executionRoleArn'."
        )
        raise Refusal("ClientException", message)


@rules.reported("ecs_composex#707: The secret name must be unique and not shared with …")
def _secret_names(task: Body) -> None:
    for each in task["containerDefinitions"]:
        names = {item.get("name") for item in each["environment"]}
        if any(item["name"] in names for item in each.get("secrets", [])):
            message = (
                "The secret name must be unique and not shared with any new or existing environment variables set "
                "on the container"
            )
            raise Refusal("ClientException", message)


@rules.documented("model, RegisterTaskDefinition.cpu and memory: a whole number, or a number of vCPUs or GB")
@rules.reported(
    "terraform-provider-aws and copilot issues: Invalid 'cpu' setting for task. For more information, …"
)
def check_numbers(task: Body) -> None:
    """Refuse a size that is no number."""
    for member in ("cpu", "memory"):
        if not str(task.get(member, "0")).isdigit():
            message = (
                f"Invalid '{member}' setting for task. For more information, see the Troubleshooting section of the "
                "Amazon ECS Developer Guide."
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
def check_size(task: Body) -> None:
    """Refuse a size that Fargate has not."""
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
def check_storage(task: Body) -> None:
    """Refuse ephemeral storage of a size that Fargate has not."""
    size = task.get("ephemeralStorage", {}).get("sizeInGiB")
    if size is not None and not 21 <= size <= 200:
        raise Refusal("ClientException", "Ephemeral storage size must be between 21 and 200 GiB.")


@rules.reported("terraform-aws-ecs-fargate#2: Tasks using the Fargate launch type do not support ipcMode.")
@rules.documented("developer guide, Fargate task definition considerations: no placement constraints")
@rules.guessed("the wording of the latter")
def _fargate_members(task: Body) -> None:
    if task.get("ipcMode"):
        message = "Tasks using the Fargate launch type do not support ipcMode."
        raise Refusal("ClientException", message)
    if task["placementConstraints"]:
        raise Refusal("ClientException", "Placement constraints are not supported with FARGATE launch type.")


_Rule = Callable[[Body], None]
_RULES: Final[tuple[_Rule, ...]] = (
    check_numbers,
    _family,
    _containers,
    _essential,
    _memory,
    _within_the_task,
    _ports,
    _references,
    _ends,
    _interfaces,
    _logs,
    _kinds_of_volume,
    _access_point,
    _secrets,
    _secret_names,
)
_FARGATE_RULES: Final[tuple[_Rule, ...]] = (
    _fargate_network,
    check_size,
    _fargate_role,
    check_storage,
    _fargate_members,
)
