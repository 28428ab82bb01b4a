"""Clusters: created, changed, described, listed, deleted."""

import re
from typing import Final

from reconciler.sandbox import pages, rules, tagging
from reconciler.sandbox.errors import Refusal
from reconciler.sandbox.worlds import Body, World

_PENDING: Final = ("PROVISIONING", "PENDING", "ACTIVATING")
_STATISTICS: Final = tuple(
    f"{state}{kind}{what}"
    for what, states in (("TasksCount", ("running", "pending")), ("ServiceCount", ("active", "draining")))
    for state in states
    for kind in ("EC2", "Fargate")
)
WHOLE: Final = ("SETTINGS", "CONFIGURATIONS", "STATISTICS", "TAGS")
"""What DescribeClusters can be asked to include."""


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
            "settings": request.get("settings") or [{"name": "containerInsights", "value": "disabled"}],
            "capacityProviders": request.get("capacityProviders", []),
            "defaultCapacityProviderStrategy": request.get("defaultCapacityProviderStrategy", []),
            **{member: request[member] for member in echoed if member in request},
        }
        tagging.attach(world, arn, request.get("tags", []))
    return {"cluster": shown(world, world.clusters[name], include=WHOLE)}


@rules.documented("model, DescribeClusters; API failure reasons: MISSING; settings and tags only if included")
def describe_clusters(world: World, request: Body) -> Body:
    """Show clusters by name or ARN, `default` if none is named."""
    found, failures = [], []
    for reference in request.get("clusters") or ["default"]:
        cluster = world.clusters.get(short(reference))
        if cluster is None:
            failures.append({"arn": world.arn("cluster", short(reference)), "reason": "MISSING"})
        else:
            found.append(shown(world, cluster, include=request.get("include", [])))
    return {"clusters": found, "failures": failures}


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
    counted = shown(world, cluster)
    if any(
        key[0] == cluster["clusterName"] and each.body["status"] != "INACTIVE"
        for key, each in world.services.items()
    ):
        raise Refusal(
            "ClusterContainsServicesException", "The Cluster cannot be deleted while Services are active."
        )
    if counted["runningTasksCount"] or counted["pendingTasksCount"]:
        raise Refusal(
            "ClusterContainsTasksException", "The Cluster cannot be deleted while Tasks are active."
        )
    cluster["status"] = "INACTIVE"
    return {"cluster": shown(world, cluster)}


@rules.documented(
    "model, Cluster and DescribeClusters.include: counts always; settings, configuration and so on if included"
)
def shown(world: World, cluster: Body, include: list[str] | tuple[str, ...] = ()) -> Body:
    """Give a cluster as DescribeClusters shows it."""
    states = [task.status for task in world.tasks.values() if task.cluster == cluster["clusterName"]]
    services = [each for key, each in world.services.items() if key[0] == cluster["clusterName"]]
    whole = {
        "settings": cluster["settings"] if "SETTINGS" in include else [],
        "statistics": _statistics(world, cluster["clusterName"]) if "STATISTICS" in include else [],
        "tags": world.tags.get(cluster["clusterArn"], []) if "TAGS" in include else [],
        "registeredContainerInstancesCount": len(world.instances.get(cluster["clusterName"], [])),
    }
    body = {
        name: value
        for name, value in cluster.items()
        if name != "configuration" or "CONFIGURATIONS" in include
    }
    return (
        body
        | whole
        | {
            "runningTasksCount": states.count("RUNNING"),
            "pendingTasksCount": sum(state in _PENDING for state in states),
            "activeServicesCount": sum(each.body["status"] == "ACTIVE" for each in services),
        }
    )


@rules.documented("model, Cluster.statistics: numbers of tasks and services by launch type, as text")
@rules.reported("describe-clusters transcripts: the spelling of the names")
def _statistics(world: World, cluster: str) -> list[Body]:
    counts = dict.fromkeys(_STATISTICS, 0)
    for task in world.tasks.values():
        kind = "Fargate" if task.body.get("launchType") == "FARGATE" else "EC2"
        state = "running" if task.status == "RUNNING" else "pending" if task.status in _PENDING else ""
        if task.cluster == cluster and state:
            counts[f"{state}{kind}TasksCount"] += 1
    for key, service in world.services.items():
        kind = "Fargate" if "platformVersion" in service.body else "EC2"
        state = {"ACTIVE": "active", "DRAINING": "draining"}.get(service.body["status"], "")
        if key[0] == cluster and state:
            counts[f"{state}{kind}ServiceCount"] += 1
    return [{"name": name, "value": str(value)} for name, value in counts.items()]


@rules.documented("model, UpdateCluster: what is sent replaces what was; UpdateClusterSettings")
def update_cluster(world: World, request: Body) -> Body:
    """Change settings, configuration or defaults of a cluster."""
    cluster = find(world, request["cluster"])
    if "settings" in request:
        given = {each.get("name"): each for each in request["settings"]}
        held = {each.get("name"): each for each in cluster["settings"]}
        cluster["settings"] = list((held | given).values())
    cluster |= {
        name: request[name] for name in ("configuration", "serviceConnectDefaults") if name in request
    }
    return {"cluster": shown(world, cluster, include=WHOLE)}
