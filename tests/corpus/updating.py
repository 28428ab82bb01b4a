"""One update of a real service: what its plan would send is taken by the fake, and what that describes is as desired.

What a plan refuses, does by other calls, or by another service in the place of this one, is named and not tried.
"""

from __future__ import annotations

import copy
from typing import Any

from reconciler.aws.shapes import ECS
from reconciler.core import canon, diffs, shapes
from reconciler.core.canon import Canon
from reconciler.core.diffs import Differences
from reconciler.core.values import JsonObject
from reconciler.engine import updates
from reconciler.engine.ports import Snapshot
from reconciler.errors import Where
from reconciler.testing import FakeGateway

NAMES = {
    "serviceName": "web",
    "serviceArn": "arn:aws:ecs:eu-west-1:123456789012:service/main/web",
    "clusterArn": "arn:aws:ecs:eu-west-1:123456789012:cluster/main",
}
_DEPLOYMENT = {
    "id": "ecs-svc/1",
    "status": "PRIMARY",
    **dict.fromkeys(("desiredCount", "runningCount", "pendingCount", "failedTasks"), 0),
}


def updated(live: JsonObject, sent: JsonObject) -> JsonObject:
    """Give what the fake describes of a service after an update, with what its revision shows."""
    body: dict[str, Any] = NAMES | copy.deepcopy(dict(live)) | {"status": "ACTIVE"}
    cluster, name = body["clusterArn"].rpartition("/")[2], body["serviceName"]
    body |= {
        "desiredCount": live.get("desiredCount", 0),
        "taskDefinition": live.get("taskDefinition", "web:1"),
    }
    body.setdefault("deploymentConfiguration", {})
    found: Any = live.get("deployments", ())
    primary: dict[str, Any] = next((each for each in found if each["status"] == "PRIMARY"), {})
    body["deployments"] = [_DEPLOYMENT | primary | {"rolloutState": "COMPLETED", "createdAt": 0}]
    gateway = FakeGateway(clusters=[cluster])
    gateway.put(body)
    gateway.update_service({"cluster": cluster, "service": name, **sent})
    after = gateway.describe_services(cluster, [name])[name]
    assert isinstance(after, Snapshot)
    arns: Any = after.body["currentServiceRevisions"]
    (revision,) = gateway.describe_service_revisions([each["arn"] for each in arns])
    return {**after.body, **revision}


def left(desired: Canon, there: Canon, live: JsonObject, found: Differences) -> tuple[str, list[str]]:
    """Say why an update is not tried, and give the addresses that it leaves different."""
    controller = desired.facts.get("deploymentController")
    draft = updates.build(
        found.changes,
        desired,
        there,
        live,
        ECS,
        controller=str(controller.get("type", "ECS")) if isinstance(controller, dict) else "ECS",
        moves=False,
        force=False,
        place=lambda _path: Where("service.json"),
    )
    if draft.replaces:
        return "replaced", []
    if (
        draft.refusals
        or _contradicts(desired.wire)
        or shapes.missing(ECS.input("UpdateService"), {"service": "web", **draft.body})
    ):
        return "refused", []
    if draft.deployed or any(change.path[0] in ("taskDefinition", "tags") for change in found.changes):
        return "by other calls", []
    body = updated(live, draft.body)
    after = canon.canon(desired.kind, body, desired=False, like=desired)
    changes = diffs.diff(desired, after).changes
    # Which launch type a service goes back to, its description does not tell.
    back = draft.body.get("capacityProviderStrategy") == []
    return "", [change.address for change in changes if not (back and change.path == ("launchType",))]


def _contradicts(service: JsonObject) -> bool:
    """Tell whether a service would run on a launch type and on a strategy, or on a platform that is not Fargate's."""
    strategy: Any = service.get("capacityProviderStrategy", [])
    elsewhere = bool({each.get("capacityProvider") for each in strategy} - {"FARGATE", "FARGATE_SPOT"})
    return bool(strategy) and ("launchType" in service or (elsewhere and "platformVersion" in service))
