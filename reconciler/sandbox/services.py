"""Services: created, updated, deleted, described, listed."""

import copy
from typing import Final

from reconciler.sandbox import (
    clusters,
    controllers,
    deployments,
    pages,
    pairingrules,
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
        "gatewayConnectors",
        "monitoring",
        "taskDefinition",
        "deploymentController",
    }
)
"""Members of UpdateService that start a deployment when they change.

Of `gatewayConnectors` and `monitoring` this is a guess: they are seen on revisions alone, and a revision does not
change. So it is of `deploymentController`: what CodeDeploy left is a task set, which no deployment is.
"""

_UNSAID: Final = {"resourceManagementType": "CUSTOMER"}
"""What a service is that does not say so."""

_OWN: Final = frozenset(
    {"service", "cluster", "taskDefinition", "desiredCount", "forceNewDeployment", "deploymentController"}
)


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
    definition = _definition(world, request)
    body = servicedefaults.created(world, request, cluster, definition)
    unlisted = servicedefaults.unlisted(request, cluster)
    controllers.check_configuration(body, request.get("deploymentConfiguration", {}))
    servicerules.check(pairingrules.Candidate(body, unlisted, definition))
    tagging.attach(world, body["serviceArn"], request.get("tags", []))
    service = Service(*key, body, unlisted, client_token=request.get("clientToken", ""))
    service.origin = "FARGATE" if servicedefaults.on_fargate(body) else body.get("launchType", "EC2")
    service.visible_from = world.now + world.knobs.missing_after_create
    world.services[key] = service
    if definition is not servicedefaults.NO_DEFINITION:
        deployments.begin(world, service)
        rollouts.wake(world, service)
    return {"service": shown(world, service, include=("TAGS",))}


@rules.documented("model, CreateService.taskDefinition: required but for the EXTERNAL controller")
@rules.reported("transcripts: Task definition can not be blank.")
def _definition(world: World, request: Body) -> Body:
    if request.get("taskDefinition"):
        return taskdefinitions.find_active(world, request["taskDefinition"])
    if (request.get("deploymentController") or {}).get("type") == "EXTERNAL":
        return servicedefaults.NO_DEFINITION
    raise Refusal("InvalidParameterException", "Task definition can not be blank.")


@rules.documented(
    "model, UpdateService: which parameters trigger a deployment; a null leaves as is, [] removes"
)
@rules.reported("pipecd#6385: changing the capacity provider strategy needs a forced deployment")
def update_service(world: World, request: Body) -> Body:
    """Change a service; start a deployment if a change asks for one."""
    service = find_active(world, request.get("cluster"), request["service"])
    cluster = world.clusters[service.cluster]
    servicerules.check_change(service, request)
    body, unlisted, changed = _changed(service, request, cluster)
    forced = request.get("forceNewDeployment", False)
    if "capacityProviderStrategy" in changed:
        _check_strategy(forced=forced)
        body = _relaunched(service, body, cluster)
    definition = servicedefaults.NO_DEFINITION
    if request.get("taskDefinition"):
        definition = taskdefinitions.find_active(world, request["taskDefinition"])
    elif "taskDefinition" in body:
        definition = taskdefinitions.find(world, body["taskDefinition"])
    if definition.get("taskDefinitionArn") != body.get("taskDefinition"):
        changed.add("taskDefinition")
        body["taskDefinition"] = definition["taskDefinitionArn"]
    body["desiredCount"] = request.get("desiredCount", body["desiredCount"])
    controllers.check_changed(body["deploymentController"]["type"], changed)
    controllers.check_configuration(body, request.get("deploymentConfiguration", {}))
    servicerules.check(pairingrules.Candidate(body, unlisted, definition))
    if world.knobs.stale_after_update:
        service.stale = copy.deepcopy(shown(world, service)), world.now + world.knobs.stale_after_update
    service.body, service.unlisted = body, unlisted
    if forced or changed & _DEPLOYING:
        deployments.begin(world, service)
    if service.deployments:
        service.primary.desired = service.desired if service.primary.rollout != "FAILED" else 0
        rollouts.wake(world, service)
    return {"service": shown(world, service)}


@rules.documented("model, UpdateService: what is not sent, or is null, stays as it is")
@rules.documented("developer guide: a CODE_DEPLOY service is migrated in place to the ECS controller")
@rules.guessed("objects but deploymentConfiguration are replaced as a whole; empty text is not sent")
def _changed(service: Service, request: Body, cluster: Body) -> tuple[Body, Body, set[str]]:
    """Give body and unlisted settings as the request wants them, and the members that differ from before."""
    body, unlisted = copy.deepcopy(service.body), copy.deepcopy(service.unlisted)
    scheduling, changed = body["schedulingStrategy"], set()
    controller: Body = request.get("deploymentController") or body["deploymentController"]
    if controller != body["deploymentController"]:
        changed.add("deploymentController")
        body["deploymentController"] = controller
        body["deploymentConfiguration"] = servicedefaults.deployment_configuration(
            body["deploymentConfiguration"], scheduling, controller["type"]
        )
    for member, sent in request.items():
        if member in _OWN or sent == "":
            continue
        home = unlisted if member in servicedefaults.UNLISTED else body
        value = servicedefaults.setting(member, sent, cluster)
        if member == "deploymentConfiguration":
            kept = servicedefaults.merged(body[member], value)
            value = servicedefaults.deployment_configuration(kept, scheduling, controller["type"])
        removed = servicedefaults.removes(member, value)
        if (home.get(member) or None) == (None if removed else value or None):
            continue
        changed.add(member)
        if removed:
            del home[member]
        else:
            home[member] = value
    return body, unlisted, changed


@rules.reported("pipecd#6385 and aws-cdk#36563; hako#92: no way back to the cluster's default strategy")
def _check_strategy(*, forced: bool) -> None:
    if not forced:
        message = (
            "When switching from launch type to capacity provider strategy on an existing service, or making a "
            "change to a capacity provider strategy on a service that is already using one, you must force a new "
            "deployment."
        )
        raise Refusal("InvalidParameterException", message)


@rules.documented("model, UpdateService.capacityProviderStrategy: an empty one returns to the launch type")
@rules.guessed(
    "which is the one that the service was created with, as far as its platform tells; the platform version "
    "goes when the service leaves Fargate"
)
def _relaunched(service: Service, body: Body, cluster: Body) -> Body:
    kept = {
        name: value
        for name, value in body.items()
        if name not in ("launchType", "platformVersion", "platformFamily")
    }
    if "capacityProviderStrategy" not in kept:
        kept["launchType"] = service.origin
    given = body.get("platformVersion")
    moved = given and given == service.body.get("platformVersion") and not servicedefaults.on_fargate(kept)
    if given and not moved:
        kept["platformVersion"] = given
    return kept | servicedefaults.launch(kept, cluster)


@rules.documented(
    "model, DeleteService: refused while scaled above 0 unless forced or DAEMON; DRAINING, later INACTIVE"
)
@rules.reported("transcripts: The service cannot be stopped while it is scaled above 0.")
def delete_service(world: World, request: Body) -> Body:
    """Begin the end of a service."""
    service = find_active(world, request.get("cluster"), request["service"])
    daemon = service.body["schedulingStrategy"] == "DAEMON"
    if service.desired > 0 and not request.get("force") and not daemon:
        raise Refusal(
            "InvalidParameterException", "The service cannot be stopped while it is scaled above 0."
        )
    service.body |= {"status": "DRAINING", "desiredCount": 0}
    for each in service.deployments[:1]:
        each.desired = 0
    rollouts.wake(world, service)
    return {"service": shown(world, service)}


@rules.documented("developer guide, eventual consistency: what was changed is not seen everywhere at once")
@rules.guessed("for how long (knobs `missing_after_create`, `stale_after_update`)")
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
        elif service.stale is not None and world.now < service.stale[1]:
            found.append(service.stale[0] | _tags(world, service, request.get("include", [])))
        else:
            found.append(shown(world, service, include=request.get("include", [])))
    return {"services": found, "failures": failures}


@rules.documented(
    "model, ListServices: 10 a page; by launchType, schedulingStrategy and resourceManagementType"
)
@rules.documented("model, DeleteService: DRAINING and INACTIVE services are described, but not listed")
def list_services(world: World, request: Body) -> Body:
    """List the ARNs of a cluster's services."""
    cluster = clusters.find(world, request.get("cluster"))
    members = ("launchType", "schedulingStrategy", "resourceManagementType")
    filters = {name: request[name] for name in members if name in request}
    arns = [
        each.body["serviceArn"]
        for key, each in world.services.items()
        if key[0] == cluster["clusterName"]
        and each.body["status"] == "ACTIVE"
        and all(each.body.get(name, _UNSAID.get(name)) == value for name, value in filters.items())
    ]
    return pages.cut(arns, "serviceArns", request, default=10)


@rules.documented(
    "model, ListServicesByNamespace: services of any cluster, as clients too; NamespaceNotFoundException"
)
@rules.guessed("services that are DRAINING or INACTIVE are not listed here either")
@rules.guessed(
    "a namespace that no service and no cluster names is not found; it is told by its name or the end of its ARN"
)
def list_services_by_namespace(world: World, request: Body) -> Body:
    """List the ARNs of the services whose Service Connect is in a namespace."""
    wanted = request["namespace"].rpartition("/")[2]
    known = {each.get("serviceConnectDefaults", {}).get("namespace", "") for each in world.clusters.values()}
    arns = []
    for service in world.services.values():
        named = service.unlisted.get("serviceConnectConfiguration", {}).get("namespace", "")
        known.add(named)
        if service.body["status"] == "ACTIVE" and named.rpartition("/")[2] == wanted:
            arns.append(service.body["serviceArn"])
    if wanted not in {each.rpartition("/")[2] for each in known - {""}}:
        raise Refusal("NamespaceNotFoundException", "Namespace not found.")
    return pages.cut(arns, "serviceArns", request, default=10)


@rules.documented(
    "model, Service: the members; Service Connect, volumes and Lattice stand on the PRIMARY deployment"
)
def shown(world: World, service: Service, include: list[str] | tuple[str, ...] = ()) -> Body:
    """Give a service as DescribeServices shows it."""
    listed = [deployments.shown(service, each) for each in service.deployments]
    body = service.body | {
        "runningCount": sum(each["runningCount"] for each in listed),
        "pendingCount": sum(each["pendingCount"] for each in listed),
        "deployments": listed if service.rolls else [],
        "events": service.events,
    }
    if service.rolls:
        revisions = [
            {
                "arn": each.revision,
                "requestedTaskCount": view["desiredCount"],
                "runningTaskCount": view["runningCount"],
                "pendingTaskCount": view["pendingCount"],
            }
            for each, view in zip(service.deployments, listed, strict=True)
        ]
        if service.records:
            body["currentServiceDeployment"] = service.records[0]["serviceDeploymentArn"]
        body["currentServiceRevisions"] = revisions
    else:
        body["taskSets"] = controllers.task_sets(world, service)
    return body | _tags(world, service, include)


def _tags(world: World, service: Service, include: list[str] | tuple[str, ...]) -> Body:
    return {"tags": world.tags[service.body["serviceArn"]]} if "TAGS" in include else {}
