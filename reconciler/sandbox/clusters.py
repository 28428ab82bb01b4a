"""Clusters: created, described, listed, deleted."""

import re

from reconciler.sandbox import pages, rules, tagging
from reconciler.sandbox.errors import Refusal
from reconciler.sandbox.worlds import Body, World

_PENDING = ("PROVISIONING", "PENDING", "ACTIVATING")


def short(reference: str) -> str:
    """Give the name in a cluster's name or ARN."""
    return reference.rpartition("/")[2]


@rules.documented(
    "model: an operation without `cluster` means the cluster `default`; ClusterNotFoundException"
)
def find(world: World, reference: str | None) -> Body:
    """Give the cluster that a request names; none, or an INACTIVE one, is a `Refusal`."""
    cluster = world.clusters.get(short(reference or "default"))
    if cluster is None or cluster["status"] != "ACTIVE":
        raise Refusal("ClusterNotFoundException", "Cluster not found.")
    return cluster


@rules.documented(
    "model, CreateCluster: up to 255 letters, numbers, underscores and hyphens; creating again is no error"
)
@rules.reported("terraform-provider-aws: containerInsights is reported as disabled if never set")
def create_cluster(world: World, request: Body) -> Body:
    """Create a cluster, or give the one of that name."""
    name = request.get("clusterName") or "default"
    if not re.fullmatch(r"[A-Za-z0-9_-]{1,255}", name):
        raise Refusal("InvalidParameterException", "Invalid identifier: Identifier is for the cluster name.")
    held = world.clusters.get(name)
    if held is None or held["status"] != "ACTIVE":
        arn = world.arn("cluster", name)
        echoed = ("configuration", "serviceConnectDefaults")
        world.clusters[name] = {
            "clusterArn": arn,
            "clusterName": name,
            "status": "ACTIVE",
            "registeredContainerInstancesCount": 0,
            "statistics": [],
            "settings": request.get("settings") or [{"name": "containerInsights", "value": "disabled"}],
            "capacityProviders": request.get("capacityProviders", []),
            "defaultCapacityProviderStrategy": request.get("defaultCapacityProviderStrategy", []),
            **{member: request[member] for member in echoed if member in request},
        }
        tagging.attach(world, arn, request.get("tags", []))
    return {"cluster": _shown(world, world.clusters[name], include=("TAGS",))}


@rules.documented("model, DescribeClusters; API failure reasons: MISSING; settings and tags only if included")
def describe_clusters(world: World, request: Body) -> Body:
    """Show clusters by name or ARN, `default` if none is named."""
    shown, failures = [], []
    for reference in request.get("clusters") or ["default"]:
        cluster = world.clusters.get(short(reference))
        if cluster is None:
            failures.append({"arn": world.arn("cluster", short(reference)), "reason": "MISSING"})
        else:
            shown.append(_shown(world, cluster, include=request.get("include", [])))
    return {"clusters": shown, "failures": failures}


@rules.documented("model, ListClusters")
def list_clusters(world: World, request: Body) -> Body:
    """List the ARNs of the active clusters."""
    arns = [each["clusterArn"] for each in world.clusters.values() if each["status"] == "ACTIVE"]
    return pages.cut(arns, "clusterArns", request)


@rules.documented(
    "model, DeleteCluster: ClusterContainsServicesException, ClusterContainsTasksException; then INACTIVE"
)
def delete_cluster(world: World, request: Body) -> Body:
    """Delete an empty cluster."""
    cluster = find(world, request["cluster"])
    shown = _shown(world, cluster)
    if any(
        key[0] == cluster["clusterName"] and each.body["status"] != "INACTIVE"
        for key, each in world.services.items()
    ):
        raise Refusal(
            "ClusterContainsServicesException", "The Cluster cannot be deleted while Services are active."
        )
    if shown["runningTasksCount"] or shown["pendingTasksCount"]:
        raise Refusal(
            "ClusterContainsTasksException", "The Cluster cannot be deleted while Tasks are active."
        )
    cluster["status"] = "INACTIVE"
    return {"cluster": _shown(world, cluster)}


@rules.documented(
    "model, Cluster: the counts; `settings` needs include=[SETTINGS], which is not enforced here"
)
def _shown(world: World, cluster: Body, include: list[str] | tuple[str, ...] = ()) -> Body:
    states = [task.status for task in world.tasks.values() if task.cluster == cluster["clusterName"]]
    services = [each for key, each in world.services.items() if key[0] == cluster["clusterName"]]
    return cluster | {
        "runningTasksCount": states.count("RUNNING"),
        "pendingTasksCount": sum(state in _PENDING for state in states),
        "activeServicesCount": sum(each.body["status"] == "ACTIVE" for each in services),
        "tags": world.tags.get(cluster["clusterArn"], []) if "TAGS" in include else [],
    }
