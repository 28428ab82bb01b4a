"""Express services (CreateExpressGatewayService …): a service of ECS under few settings, and how it is shown."""

import re

from reconciler.sandbox import clusters, expressdefaults, rules, scalabletargets, services, taskdefinitions
from reconciler.sandbox.errors import Refusal
from reconciler.sandbox.expressdefaults import CONTAINER, INVALID
from reconciler.sandbox.worlds import Body, Express, LogGroup, Service, World


@rules.documented(
    "model, CreateExpressGatewayService: the cluster `default` is made if there is none; name, roles and container"
)
@rules.documented(
    "developer guide, resources of Express services: cluster, task definition, service, scalable target"
)
@rules.guessed("a name that was not given; scaling policies are not made")
def create_express_gateway_service(world: World, request: Body) -> Body:
    """Make an Express service."""
    expressdefaults.check(request)
    cluster = _cluster(world, request.get("cluster"))
    name = request.get("serviceName") or f"express-{world.hexadecimal()[:8]}"
    if not re.fullmatch(r"[A-Za-z0-9_-]{1,255}", name):
        raise Refusal(INVALID, "Service name contains invalid characters.")
    held = world.services.get((cluster, name))
    if held is not None and held.body["status"] != "INACTIVE":
        raise Refusal(INVALID, "Creation of service was not idempotent.")
    express = Express(world.region, cluster, name, request["infrastructureRoleArn"], world.hexadecimal()[:8])
    configured = _configured(world, request, {}, express)
    port = configured["primaryContainer"]["containerPort"]
    definition = configured["taskDefinitionArn"]
    created = expressdefaults.service(world, express, configured, definition, port)
    services.create_service(world, created | {"tags": request.get("tags", [])})
    service = world.services[cluster, name]
    _manage(service, express)
    _scale(world, service, configured)
    _keep(world, service, configured)
    return {"service": _shown(world, service, tags=True)}


@rules.documented(
    "model, CreateExpressGatewayService.cluster: ClusterNotFoundException; FARGATE as capacity provider"
)
def _cluster(world: World, reference: str | None) -> str:
    name = clusters.short(reference or "default")
    held = world.clusters.get(name)
    if name == "default" and (held is None or held["status"] != "ACTIVE"):
        clusters.create_cluster(world, {"clusterName": name, "capacityProviders": ["FARGATE"]})
    return str(clusters.find(world, name)["clusterName"])


@rules.documented(
    "model, CreateExpressGatewayService: what is needed; a given task definition has a container Main …; developer "
    "guide, resources of Express services: a log group"
)
@rules.documented(
    "model, ExpressGatewayServiceConfiguration: what is shown of a customer's own task definition"
)
@rules.guessed("the wording of the refusals")
def _configured(world: World, request: Body, held: Body, express: Express) -> Body:
    """Give a configuration with its task definition, which is registered if there is none like it."""
    own = request.get("taskDefinitionArn") or (held.get("taskDefinitionArn") if express.customised else "")
    if own and not set(expressdefaults.MANAGED) & request.keys():
        express.customised = True
        return _customised(world, request, held, express, own)
    express.customised = False
    configured = expressdefaults.configuration(request, held, express)
    if "image" not in configured["primaryContainer"] or not configured.get("executionRoleArn"):
        raise Refusal(
            INVALID, "primaryContainer and executionRoleArn are required without taskDefinitionArn."
        )
    wanted = expressdefaults.task_definition(express, configured)
    arn = held.get("taskDefinitionArn", "")
    if express.registered.get(arn) != wanted:
        arn = taskdefinitions.register_task_definition(world, wanted)["taskDefinition"]["taskDefinitionArn"]
        express.registered[arn] = wanted
        group = configured["primaryContainer"]["awsLogsConfiguration"]["logGroup"]
        world.logs.setdefault(group, LogGroup(int(world.now * 1000)))
    return configured | {"taskDefinitionArn": arn}


@rules.documented(
    "model, CreateExpressGatewayService.taskDefinitionArn: a container named Main with a single TCP port mapping that "
    "has a port and a name; FARGATE compatibility"
)
@rules.guessed("the wording")
def _customised(world: World, request: Body, held: Body, express: Express, reference: str) -> Body:
    definition = taskdefinitions.find_active(world, reference)
    main = next((each for each in definition["containerDefinitions"] if each["name"] == CONTAINER), None)
    ports = [each for each in main["portMappings"] if each.get("name")] if main else []
    if main is None or len(main["portMappings"]) != 1 or len(ports) != 1 or ports[0].get("protocol") != "tcp":
        message = f"The task definition must have a container named {CONTAINER} with a single named TCP port mapping."
        raise Refusal(INVALID, message)
    if "FARGATE" not in definition["compatibilities"]:
        raise Refusal(INVALID, "The task definition must be compatible with FARGATE.")
    given = {name: value for name, value in request.items() if name not in expressdefaults.MANAGED}
    shown: Body = {"primaryContainer": {"image": main["image"], "containerPort": ports[0]["containerPort"]}}
    shown |= {
        name: definition[name]
        for name in ("executionRoleArn", "taskRoleArn", "cpu", "memory")
        if name in definition
    }
    configured = expressdefaults.configuration(given, held | shown, express)
    configured["primaryContainer"] = shown["primaryContainer"]
    architecture = definition.get("runtimePlatform", {}).get("cpuArchitecture")
    configured |= {"cpuArchitecture": architecture} if architecture else {}
    if not architecture:
        del configured["cpuArchitecture"]
    return configured | {"taskDefinitionArn": definition["taskDefinitionArn"]}


@rules.documented("model, DescribeExpressGatewayService: ResourceNotFoundException; tags if included")
@rules.guessed("the wording")
def describe_express_gateway_service(world: World, request: Body) -> Body:
    """Show an Express service."""
    service = _find(world, request["serviceArn"], "ResourceNotFoundException")
    return {"service": _shown(world, service, tags="TAGS" in request.get("include", []))}


@rules.documented("model, UpdateExpressGatewayService: ServiceNotFoundException, ServiceNotActiveException")
@rules.documented("developer guide, updating an Express service: a new revision, deployed as a canary")
@rules.guessed(
    "another health check path or scaling target alone deploys nothing; what is not sent is as it is, or as "
    "what is being deployed has it"
)
def update_express_gateway_service(world: World, request: Body) -> Body:
    """Change an Express service; what concerns its tasks is deployed."""
    service = _active(world, request["serviceArn"])
    expressdefaults.check(request)
    express = _express(service)
    held = _present(service)
    configured = _configured(world, request, held, express)
    update: Body = {
        "cluster": service.cluster,
        "service": service.name,
        "taskDefinition": configured["taskDefinitionArn"],
        "networkConfiguration": expressdefaults.network(configured),
    }
    port = configured["primaryContainer"]["containerPort"]
    balancer = service.body["loadBalancers"][0]
    if balancer["containerPort"] != port:
        update["loadBalancers"] = [balancer | {"containerPort": port}]
    services.update_service(world, update)
    if configured["scalingTarget"] != held["scalingTarget"]:
        _scale(world, service, configured)
    express.updated = world.now
    _keep(world, service, configured)
    return {
        "service": {
            "serviceArn": service.body["serviceArn"],
            "cluster": service.cluster,
            "serviceName": service.name,
            "status": {"statusCode": service.body["status"]},
            "targetConfiguration": _present(service),
            "createdAt": service.body["createdAt"],
            "updatedAt": express.updated,
        }
    }


@rules.documented("model, DeleteExpressGatewayService: DRAINING, then all that was made for it goes")
@rules.guessed("it can be described as INACTIVE afterwards")
def delete_express_gateway_service(world: World, request: Body) -> Body:
    """Begin the end of an Express service."""
    service = _active(world, request["serviceArn"])
    services.delete_service(world, {"cluster": service.cluster, "service": service.name, "force": True})
    world.targets.pop(f"service/{service.cluster}/{service.name}", None)
    _express(service).updated = world.now
    return {"service": _shown(world, service, tags=True)}


@rules.documented("model, ResourceNotFoundException, ServiceNotFoundException")
@rules.reported("users' policies: the ARN is that of the service, service/CLUSTER/NAME")
def _find(world: World, arn: str, code: str) -> Service:
    for service in world.services.values():
        if service.body["serviceArn"] == arn and service.express is not None:
            return service
    raise Refusal(code, "Express service not found.")


@rules.documented("model, ServiceNotActiveException")
@rules.reported("transcripts: Service was not ACTIVE.")
def _active(world: World, arn: str) -> Service:
    service = _find(world, arn, "ServiceNotFoundException")
    if service.body["status"] != "ACTIVE":
        raise Refusal("ServiceNotActiveException", "Service was not ACTIVE.")
    return service


@rules.documented("model, ResourceManagementType: ECS for Express services")
@rules.reported(
    "terraform-provider-aws#47919: the circuit breaker is on and rolls back, which others' canaries cannot have"
)
def _manage(service: Service, express: Express) -> None:
    service.body["resourceManagementType"] = "ECS"
    service.body["deploymentConfiguration"]["deploymentCircuitBreaker"] |= {"enable": True, "rollback": True}
    service.express = express


def _express(service: Service) -> Express:
    assert service.express is not None
    return service.express


def _present(service: Service) -> Body:
    """Give the configuration that is being moved to, or rested at; the newest one if UpdateService came in between."""
    known = _express(service).configurations
    return known.get(service.primary.revision) or list(known.values())[-1]


def _scale(world: World, service: Service, configured: Body) -> None:
    target = configured["scalingTarget"]
    bounds = {"MinCapacity": target["minTaskCount"], "MaxCapacity": target["maxTaskCount"]}
    resource = {"ResourceId": f"service/{service.cluster}/{service.name}"}
    scalabletargets.register_scalable_target(world, scalabletargets.NAMESPACE | resource | bounds)


@rules.documented("model, ExpressGatewayServiceConfiguration: serviceRevisionArn, ingressPaths, createdAt")
@rules.reported("users' scripts: endpoints are …ecs.REGION.on.aws")
@rules.guessed("the rest of the endpoint; every service is PUBLIC")
def _keep(world: World, service: Service, configured: Body) -> None:
    """Remember a configuration under the revision that the service is moving to, or rests at."""
    express, revision = _express(service), service.primary.revision
    endpoint = f"{service.name}-{express.suffix}.ecs.{world.region}.on.aws"
    shown = configured | {
        "serviceRevisionArn": revision,
        "ingressPaths": [{"accessType": "PUBLIC", "endpoint": endpoint}],
        "createdAt": service.revisions[revision]["createdAt"],
    }
    express.configurations[revision] = shown
    managed = {"status": "ACTIVE", "updatedAt": world.now}
    group = configured["primaryContainer"].get("awsLogsConfiguration", {}).get("logGroup")
    service.revisions[revision]["ecsManagedResources"] = {
        "ingressPaths": [
            shown["ingressPaths"][0] | {"loadBalancer": managed | {"scheme": "internet-facing"}}
        ],
        "logGroups": [managed | {"logGroupName": group}] if group else [],
    }


@rules.documented("model, ECSExpressGatewayService: the configurations of all revisions that are active")
@rules.guessed("currentDeployment is the newest service deployment, also when it is over")
def _shown(world: World, service: Service, *, tags: bool) -> Body:
    express = _express(service)
    revisions = [each.revision for each in service.deployments if each.revision in express.configurations]
    current = {"currentDeployment": service.records[0]["serviceDeploymentArn"]} if service.records else {}
    return {
        "cluster": service.cluster,
        "serviceName": service.name,
        "serviceArn": service.body["serviceArn"],
        "infrastructureRoleArn": express.role,
        "status": {"statusCode": service.body["status"]},
        **current,
        "activeConfigurations": [express.configurations[each] for each in revisions],
        "tags": world.tags[service.body["serviceArn"]] if tags else [],
        "createdAt": service.body["createdAt"],
        "updatedAt": express.updated or service.body["createdAt"],
    }
