"""EBS volumes that ECS makes for tasks: what is refused of their configuration, how a task shows them, when they go."""

from typing import Final

from reconciler.sandbox import rules
from reconciler.sandbox.errors import Refusal
from reconciler.sandbox.worlds import Body, Task, World

_INVALID: Final = "InvalidParameterException"
_KIND: Final = "AmazonElasticBlockStorage"


@rules.documented(
    "model, TaskVolumeConfiguration.name matches a volume with configuredAtLaunch; "
    "TaskManagedEBSVolumeConfiguration: a size or a snapshot; developer guide: one volume a task"
)
@rules.reported("cdkd#811: Volume configuration provided but no matching configuredAtLaunch volume found …")
@rules.guessed("the wording of the others")
def check(definition: Body, configurations: list[Body]) -> None:
    """Refuse volume configurations of RunTask that do not go with the task definition."""
    expected = {each["name"] for each in definition["volumes"] if each.get("configuredAtLaunch")}
    given = [each["name"] for each in configurations]
    if set(given) - expected:
        message = "Volume configuration provided but no matching configuredAtLaunch volume found in task definition."
        raise Refusal(_INVALID, message)
    if expected != set(given):
        message = (
            "The volumeConfigurations must match the task definition's volumes that are configured at launch."
        )
        raise Refusal(_INVALID, message)
    if len(given) > 1:
        raise Refusal(_INVALID, "volumeConfigurations can have at most 1 items.")
    for each in configurations:
        managed = each.get("managedEBSVolume")
        if managed is None:
            raise Refusal(_INVALID, "managedEBSVolume must be specified for a volume configuration.")
        if not {"sizeInGiB", "snapshotId"} & managed.keys():
            raise Refusal(_INVALID, "You must specify either a volume size or a snapshot ID.")


@rules.documented(
    "model, Attachment.details: for Elastic Block Storage roleArn, deleteOnTermination, volumeName and volumeId; "
    "TaskManagedEBSVolumeTerminationPolicy: true unless said otherwise, and always of services"
)
@rules.guessed("the volume's id; that it is attached from the beginning")
def attachment(world: World, configuration: Body) -> Body:
    """Give what a task shows of a volume that is made for it."""
    managed: Body = configuration.get("managedEBSVolume", {})
    deleted = managed.get("terminationPolicy", {}).get("deleteOnTermination", True)
    details = {
        "roleArn": managed.get("roleArn", ""),
        "volumeName": configuration["name"],
        "volumeId": f"vol-{world.hexadecimal()[:17]}",
        "deleteOnTermination": "true" if deleted else "false",
    }
    return {
        "id": world.uuid(),
        "type": _KIND,
        "status": "ATTACHED",
        "details": [{"name": name, "value": value} for name, value in details.items()],
    }


@rules.documented(
    "model, Attachment.status; TaskManagedEBSVolumeTerminationPolicy: the volume goes, or stays"
)
@rules.guessed("which status is shown of a volume that stays, and of the network interface")
def detach(task: Task) -> None:
    """Take its interface and its volumes from a task that has stopped."""
    for each in task.body["attachments"]:
        kept = {"name": "deleteOnTermination", "value": "false"} in each["details"]
        each["status"] = "DETACHED" if kept or each["type"] != _KIND else "DELETED"
