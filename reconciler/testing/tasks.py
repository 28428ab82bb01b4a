"""Tasks of the fake: one for each that a deployment counts as running or failed, always the same ones."""

from __future__ import annotations

import uuid
from collections.abc import Callable

from reconciler.testing.definitions import Body


def of(service: Body, definition: Callable[[str], Body | None]) -> list[Body]:
    """Give the tasks of a service; `definition` gives a revision by its ARN. Those that failed exited with 1."""
    return [
        _task(service, deployment, definition(deployment["taskDefinition"]) or {}, status, number)
        for deployment in service["deployments"]
        for count, status in ((deployment["runningCount"], "RUNNING"), (deployment["failedTasks"], "STOPPED"))
        for number in range(count)
    ]


def address(task: Body) -> str:
    """Give the address of a task, empty where it has none."""
    return next(
        (str(each["networkInterfaces"][0]["privateIpv4Address"]) for each in task.get("containers", ())), ""
    )


def _task(service: Body, deployment: Body, definition: Body, status: str, number: int) -> Body:
    identity = uuid.uuid5(uuid.NAMESPACE_OID, f"{deployment['id']} {status}{number}").hex
    here = f"10.0.{int(identity[:2], 16)}.{int(identity[2:4], 16)}"
    ended = {"exitCode": 1} if status == "STOPPED" else {}
    return {
        "taskArn": service["clusterArn"].replace(":cluster/", ":task/") + f"/{identity}",
        "clusterArn": service["clusterArn"],
        "taskDefinitionArn": deployment["taskDefinition"],
        "group": f"service:{service['serviceName']}",
        "startedBy": deployment["id"],
        "desiredStatus": status,
        "lastStatus": status,
        "containers": [
            {"name": each["name"], "networkInterfaces": [{"privateIpv4Address": here}], **ended}
            for each in definition.get("containerDefinitions", ())
        ],
        **(_STOPPED if ended else {}),
    }


_STOPPED = {"stopCode": "EssentialContainerExited", "stoppedReason": "Essential container in task exited"}
