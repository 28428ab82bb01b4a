"""Services: created, updated, deleted, described, listed."""

import copy
from typing import Final

from reconciler.sandbox import (
    clusters,
    deployments,
    pages,
    rollouts,
    rules,
    servicedefaults,
    servicerules,
    tagging,
    taskdefinitions,
)
from reconciler.sandbox.errors import Refusal
from reconciler.sandbox.worlds import Body, Service, World

_DEPLOYING: Final = frozenset(
    {
        "networkConfiguration",
        "platformVersion",
        "loadBalancers",
        "serviceRegistries",
        "serviceConnectConfiguration",
        "volumeConfigurations",
        "vpcLatticeConfigurations",
    }
)
"""Members of UpdateService that start a deployment when they change; `taskDefinition` is the other one."""

_OWN: Final = frozenset({"service", "cluster", "taskDefinition", "desiredCount", "forceNewDeployment"})


@rules.documented("model: ServiceNotFoundException, ServiceNotActiveException")
@rules.reported("transcripts: Service not found.; Service was not ACTIVE.")
def find_active(world: World, cluster: str | None, reference: str) -> Service:
    """Give the ACTIVE service that a request names."""
    name = clusters.find(world, cluster)["clusterName"]
    service = world.services.get((name, reference.rpartition("/")[2]))
    if service is None:
        raise Refusal("ServiceNotFoundException", "Service not found.")
    if service.body["status"] != "ACTIVE":
        raise Refusal("ServiceNotActiveException", "Service was not ACTIVE.")
    return service


@rules.documented(
    "model, CreateService; a clientToken that was used for the same service gives that service again"
)
@rules.reported("transcripts: Creation of service was not idempotent.")
@rules.reported("transcripts: Unable to Start a service that is still Draining.")
def create_service(world: World, request: Body) -> Body:
    """Create a service and start its first deployment."""
    servicerules.check_new(request)
    cluster = clusters.find(world, request.get("cluster"))
    key = (cluster["clusterName"], request["serviceName"])
    held = world.services.get(key)
    if held is not None and held.body["status"] == "DRAINING":
        raise Refusal("InvalidParameterException", "Unable to Start a service that is still Draining.")
    if held is not None and held.body["status"] == "ACTIVE":
        token = request.get("clientToken")
        if token and token == held.client_token:
            return {"service": shown(world, held)}
        raise Refusal("InvalidParameterException", "Creation of service was not idempotent.")
    if not request.get("taskDefinition"):
        raise Refusal("InvalidParameterException", "Task definition can not be blank.")
    definition = taskdefinitions.find_active(world, request["taskDefinition"])
    body = servicedefaults.created(world, request, cluster, definition)
    unlisted: Body = {
        member: servicedefaults.setting(member, request[member])
        for member in servicedefaults.UNLISTED
        if member in request
    }
    servicerules.check(servicerules.Candidate(body, unlisted, definition))
    tagging.attach(world, body["serviceArn"], request.get("tags", []))
    service = Service(*key, body, unlisted, client_token=request.get("clientToken", ""))
    service.visible_from = world.now + world.knobs.missing_after_create
    world.services[key] = service
    deployments.begin(world, service)
    rollouts.wake(world, service)
    return {"service": shown(world, service, include=("TAGS",))}


@rules.documented(
    "model, UpdateService: which parameters trigger a deployment; a null leaves as is, [] removes"
)
@rules.reported("pipecd#6385: changing the capacity provider strategy needs a forced deployment")
@rules.guessed("deploymentConfiguration is merged by member, deploymentCircuitBreaker is replaced as a whole")
def update_service(world: World, request: Body) -> Body:
    """Change a service; start a deployment if a change asks for one."""
    service = find_active(world, request.get("cluster"), request["service"])
    cluster = world.clusters[service.cluster]
    body, unlisted = copy.deepcopy(service.body), copy.deepcopy(service.unlisted)
    forced = request.get("forceNewDeployment", False)
    changed = set()
    for member, sent in request.items():
        if member in _OWN:
            continue
        value = servicedefaults.setting(member, sent)
        home = unlisted if member in servicedefaults.UNLISTED else body
        if member == "deploymentConfiguration":
            value = servicedefaults.deployment_configuration(body["deploymentConfiguration"] | value)
        if (home.get(member) or None) != (value or None):
            changed.add(member)
        home[member] = value
    if "capacityProviderStrategy" in changed:
        _check_strategy(service, forced=forced)
        body = _relaunched(body, cluster)
    if request.get("taskDefinition"):
        definition = taskdefinitions.find_active(world, request["taskDefinition"])
    else:
        definition = taskdefinitions.find(world, body["taskDefinition"])
    if definition["taskDefinitionArn"] != body["taskDefinition"]:
        changed.add("taskDefinition")
        body["taskDefinition"] = definition["taskDefinitionArn"]
    body["desiredCount"] = request.get("desiredCount", body["desiredCount"])
    servicerules.check(servicerules.Candidate(body, unlisted, definition))
    service.body, service.unlisted = body, unlisted
    if forced or changed & _DEPLOYING or "taskDefinition" in changed:
        deployments.begin(world, service)
    service.primary.desired = service.desired if service.primary.rollout != "FAILED" else 0
    rollouts.wake(world, service)
    return {"service": shown(world, service)}


@rules.reported("pipecd#6385 and aws-cdk#36563; hako#92: no way back to the cluster's default strategy")
def _check_strategy(service: Service, *, forced: bool) -> None:
    if forced:
        return
    message = "You must force a new deployment to change the capacity provider strategy of a service."
    if not service.body.get("capacityProviderStrategy"):
        message = (
            "When switching from launch type to capacity provider strategy on an existing service, or making a "
            "change to a capacity provider strategy on a service that is already using one, you must force a new "
            "deployment."
        )
    raise Refusal("InvalidParameterException", message)


@rules.documented("model, UpdateService.capacityProviderStrategy: an empty one returns to the launch type")
@rules.guessed("which is the one that the service was created with, as far as its platform tells")
def _relaunched(body: Body, cluster: Body) -> Body:
    strategy = body.get("capacityProviderStrategy")
    kept = {
        name: value for name, value in body.items() if name not in ("launchType", "capacityProviderStrategy")
    }
    if strategy:
        kept["capacityProviderStrategy"] = strategy
    else:
        kept["launchType"] = "FARGATE" if "platformVersion" in body else "EC2"
    return kept | servicedefaults.launch(kept, cluster)


@rules.documented(
    "model, DeleteService: refused while scaled above 0 unless forced; DRAINING, later INACTIVE"
)
@rules.reported("transcripts: The service cannot be stopped while it is scaled above 0.")
def delete_service(world: World, request: Body) -> Body:
    """Begin the end of a service."""
    service = find_active(world, request.get("cluster"), request["service"])
    if service.desired > 0 and not request.get("force"):
        raise Refusal(
            "InvalidParameterException", "The service cannot be stopped while it is scaled above 0."
        )
    service.body |= {"status": "DRAINING", "desiredCount": 0}
    service.primary.desired = 0
    rollouts.wake(world, service)
    return {"service": shown(world, service)}


@rules.documented("model, DescribeServices: up to 10; API failure reasons: MISSING; tags if included")
def describe_services(world: World, request: Body) -> Body:
    """Show services by name or ARN."""
    cluster = clusters.find(world, request.get("cluster"))
    if not request["services"]:
        raise Refusal("InvalidParameterException", "Services cannot be empty.")
    if len(request["services"]) > 10:
        raise Refusal("InvalidParameterException", "Services cannot be more than 10.")
    found, failures = [], []
    for reference in request["services"]:
        name = reference.rpartition("/")[2]
        service = world.services.get((cluster["clusterName"], name))
        if service is None or world.now < service.visible_from:
            failures.append(
                {"arn": world.arn("service", f"{cluster['clusterName']}/{name}"), "reason": "MISSING"}
            )
        else:
            found.append(shown(world, service, include=request.get("include", [])))
    return {"services": found, "failures": failures}


@rules.documented("model, ListServices: 10 a page; by launchType and schedulingStrategy")
@rules.guessed("INACTIVE services are not listed, DRAINING ones are")
def list_services(world: World, request: Body) -> Body:
    """List the ARNs of a cluster's services."""
    cluster = clusters.find(world, request.get("cluster"))
    filters = {name: request[name] for name in ("launchType", "schedulingStrategy") if name in request}
    arns = [
        each.body["serviceArn"]
        for key, each in world.services.items()
        if key[0] == cluster["clusterName"]
        and each.body["status"] != "INACTIVE"
        and all(each.body.get(name) == value for name, value in filters.items())
    ]
    return pages.cut(arns, "serviceArns", request, default=10)


@rules.documented(
    "model, Service: the members; Service Connect, volumes and Lattice stand on the PRIMARY deployment"
)
def shown(world: World, service: Service, include: list[str] | tuple[str, ...] = ()) -> Body:
    """Give a service as DescribeServices shows it."""
    listed = [deployments.shown(service, each) for each in service.deployments]
    revisions = [
        {
            "arn": each.revision,
            "requestedTaskCount": view["desiredCount"],
            "runningTaskCount": view["runningCount"],
            "pendingTaskCount": view["pendingCount"],
        }
        for each, view in zip(service.deployments, listed, strict=True)
    ]
    body = service.body | {
        "runningCount": sum(each["runningCount"] for each in listed),
        "pendingCount": sum(each["pendingCount"] for each in listed),
        "deployments": listed,
        "events": service.events,
        "currentServiceDeployment": service.records[0]["serviceDeploymentArn"],
        "currentServiceRevisions": revisions,
    }
    return body | ({"tags": world.tags[service.body["serviceArn"]]} if "TAGS" in include else {})
