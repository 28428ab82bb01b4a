"""Capacity providers: Fargate's two, those of Auto Scaling groups, and which a cluster uses."""

import re
from typing import Final

from reconciler.sandbox import clusters, pages, rules, servicedefaults, tagging
from reconciler.sandbox.errors import Refusal
from reconciler.sandbox.worlds import Body, World

_INVALID: Final = "InvalidParameterException"
_FARGATE: Final = ("FARGATE", "FARGATE_SPOT")


@rules.documented(
    "model, CreateCapacityProvider.name: letters, numbers, _ and -, not beginning with aws, ecs or fargate"
)
@rules.documented(
    "model, ManagedScaling and AutoScalingGroupProvider: ENABLED or not; targetCapacity 1 to 100"
)
@rules.guessed("the wording; defaults of what was not sent; Managed Instances are not simulated")
def create_capacity_provider(world: World, request: Body) -> Body:
    """Make a capacity provider of an Auto Scaling group, which is not looked for."""
    name = request["name"]
    if not re.fullmatch(r"[A-Za-z0-9_-]{1,255}", name) or re.match("aws|ecs|fargate", name, re.IGNORECASE):
        raise Refusal(_INVALID, "The specified capacity provider name is invalid.")
    if name in world.providers:
        raise Refusal(_INVALID, "The specified capacity provider already exists.")
    if "managedInstancesProvider" in request:
        message = "The sandbox does not simulate capacity providers of Managed Instances."
        raise Refusal("NotSimulatedBySandbox", message, status=501)
    if "autoScalingGroupProvider" not in request:
        raise Refusal(_INVALID, "Auto Scaling group provider should not be null or empty.")
    arn = world.arn("capacity-provider", name)
    tagging.attach(world, arn, request.get("tags", []))
    scaling = {"status": "DISABLED", "targetCapacity": 100, "minimumScalingStepSize": 1}
    scaling |= {"maximumScalingStepSize": 10000, "instanceWarmupPeriod": 300}
    given = request["autoScalingGroupProvider"]
    world.providers[name] = {
        "capacityProviderArn": arn,
        "name": name,
        "status": "ACTIVE",
        "type": "EC2_AUTOSCALING",
        "autoScalingGroupProvider": {"managedTerminationProtection": "DISABLED", "managedDraining": "ENABLED"}
        | given
        | {"managedScaling": scaling | given.get("managedScaling", {})},
    }
    return {"capacityProvider": world.providers[name] | {"tags": world.tags[arn]}}


@rules.documented("model, DeleteCapacityProvider: Fargate's cannot be deleted; not while a cluster uses it")
@rules.guessed("it is gone at once; the wording")
def delete_capacity_provider(world: World, request: Body) -> Body:
    """Delete a capacity provider that no cluster uses."""
    name = request["capacityProvider"].rpartition("/")[2]
    if name not in world.providers:
        raise Refusal(_INVALID, "The specified capacity provider does not exist.")
    if any(
        name in each["capacityProviders"] for each in world.clusters.values() if each["status"] == "ACTIVE"
    ):
        raise Refusal(_INVALID, "The specified capacity provider is in use and cannot be removed.")
    provider = world.providers.pop(name)
    world.tags.pop(provider["capacityProviderArn"], None)
    return {"capacityProvider": provider | {"status": "INACTIVE", "updateStatus": "DELETE_COMPLETE"}}


@rules.documented(
    "model, DescribeCapacityProviders: all, those named, or a cluster's; failures MISSING; tags if included"
)
def describe_capacity_providers(world: World, request: Body) -> Body:
    """Show capacity providers."""
    known = {name: _fargate(world, name) for name in _FARGATE} | world.providers
    wanted = [each.rpartition("/")[2] for each in request.get("capacityProviders") or known]
    if request.get("cluster"):
        used = clusters.find(world, request["cluster"])["capacityProviders"]
        wanted = [each for each in wanted if each in used]
    failures = [
        {"arn": world.arn("capacity-provider", each), "reason": "MISSING"}
        for each in wanted
        if each not in known
    ]
    tagged = "TAGS" in request.get("include", [])
    shown = [
        known[each] | {"tags": _tags(world, known[each]) if tagged else []}
        for each in wanted
        if each in known
    ]
    return pages.cut(shown, "capacityProviders", request) | {"failures": failures}


def _tags(world: World, provider: Body) -> list[Body]:
    return world.tags.get(provider["capacityProviderArn"], [])


@rules.documented(
    "developer guide, Fargate capacity providers: FARGATE and FARGATE_SPOT are there for everyone"
)
def _fargate(world: World, name: str) -> Body:
    arn = world.arn("capacity-provider", name)
    return {"capacityProviderArn": arn, "name": name, "status": "ACTIVE", "type": name}


@rules.documented(
    "model, PutClusterCapacityProviders: replaces both; the strategy names associated providers only; providers that "
    "are in use cannot be taken away (ResourceInUseException)"
)
@rules.guessed("the wording")
def put_cluster_capacity_providers(world: World, request: Body) -> Body:
    """Say which capacity providers a cluster has, and its default strategy."""
    cluster = clusters.find(world, request["cluster"])
    names = [each.rpartition("/")[2] for each in request["capacityProviders"]]
    for each in names:
        if each not in (*_FARGATE, *world.providers):
            message = f"The specified capacity provider '{each}' was not found. Specify a valid name or ARN."
            raise Refusal(_INVALID, message)
    for each in request["defaultCapacityProviderStrategy"]:
        if each["capacityProvider"] not in names:
            message = (
                f"The specified capacity provider strategy cannot contain a capacity provider that is not associated "
                f"with the cluster. Associate the capacity provider {each['capacityProvider']} and try again."
            )
            raise Refusal(_INVALID, message)
    gone = set(cluster["capacityProviders"]) - set(names)
    for key, service in world.services.items():
        strategy = service.body.get("capacityProviderStrategy", [])
        if key[0] == cluster["clusterName"] and gone & {each["capacityProvider"] for each in strategy}:
            message = "The specified capacity provider is in use and cannot be removed."
            raise Refusal("ResourceInUseException", message)
    strategy = servicedefaults.setting(
        "capacityProviderStrategy", request["defaultCapacityProviderStrategy"], cluster
    )
    cluster |= {"capacityProviders": names, "defaultCapacityProviderStrategy": strategy}
    return {"cluster": clusters.shown(world, cluster, include=clusters.WHOLE)}
