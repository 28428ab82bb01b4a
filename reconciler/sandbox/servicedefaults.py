"""What CreateService and UpdateService add to a service before they store it."""

import copy
from typing import Any, Final

from reconciler.sandbox import controllers, definitiondefaults, rules
from reconciler.sandbox.worlds import ACCOUNT, CALLER, Body, World

UNLISTED: Final = (
    "serviceConnectConfiguration",
    "volumeConfigurations",
    "vpcLatticeConfigurations",
    "gatewayConnectors",
    "monitoring",
)
"""Settings that are in no `Service` of the API, only on its deployments or revisions."""

_ROLE: Final = f"arn:aws:iam::{ACCOUNT}:role/aws-service-role/ecs.amazonaws.com/AWSServiceRoleForECS"
_DAEMON: Final = {"maximumPercent": 100, "minimumHealthyPercent": 0}

_SHIFTS: Final = (
    ("linearConfiguration", "LINEAR", {"stepPercent": 10.0, "stepBakeTimeInMinutes": 6}),
    ("canaryConfiguration", "CANARY", {"canaryPercent": 5.0, "canaryBakeTimeInMinutes": 10}),
)

NO_DEFINITION: Final[Body] = {"containerDefinitions": [], "volumes": [], "compatibilities": []}
"""What a service without a task definition runs, which is one of the EXTERNAL controller."""


@rules.documented("model, DeploymentConfiguration: 200/100, DAEMON 100/0, ROLLING, no bake time")
@rules.reported(
    "recordings of April and July 2026: strategy, bakeTimeInMinutes, thresholdConfiguration are echoed"
)
@rules.documented(
    "model, LinearConfiguration and CanaryConfiguration: 10 % each 6 minutes; 5 % for 10 minutes"
)
@rules.guessed("no lifecycle hooks are not echoed; the defaults of a strategy are, with the strategy only")
def deployment_configuration(sent: Body, scheduling: str, controller: str) -> Body:
    """Fill the leaves of a deployment configuration that were not sent."""
    breaker: Body = {
        "enable": False,
        "rollback": False,
        "resetOnHealthyTask": True,
        "thresholdConfiguration": {"type": "BOUNDED_PERCENT", "value": 50},
    }
    base: Body = {
        "maximumPercent": 200,
        "minimumHealthyPercent": 100,
        "strategy": "ROLLING",
        "bakeTimeInMinutes": 0,
    }
    filled = base | (_DAEMON if scheduling == "DAEMON" else {}) | sent
    filled |= {"deploymentCircuitBreaker": breaker | sent.get("deploymentCircuitBreaker", {})}
    for member, own, usual in _SHIFTS:
        if filled["strategy"] == own:
            filled[member] = usual | sent.get(member, {})
    if not filled.get("lifecycleHooks", True):
        del filled["lifecycleHooks"]
    return controllers.configuration(filled, controller)


@rules.documented(
    "model, AwsVpcConfiguration.assignPublicIp: DISABLED; CapacityProviderStrategyItem: weight 0, base 0"
)
@rules.documented("model, ServiceConnectService.discoveryName: the portName if omitted")
@rules.documented(
    "model, ServiceConnectClientAlias.dnsName: discoveryName.namespace; the cluster's namespace"
)
@rules.reported("recordings: undeclared securityGroups are []; managedEBSVolume.filesystemType xfs")
def setting(member: str, value: Any, cluster: Body) -> Any:
    """Give one member of a service as it is stored."""
    stored = copy.deepcopy(value)
    if member == "networkConfiguration" and "awsvpcConfiguration" in stored:
        defaults = {"securityGroups": [], "assignPublicIp": "DISABLED"}
        stored["awsvpcConfiguration"] = defaults | stored["awsvpcConfiguration"]
    elif member == "capacityProviderStrategy":
        stored = [{"weight": 0, "base": 0} | each for each in stored]
    elif member == "serviceConnectConfiguration":
        namespace = stored.get("namespace") or cluster.get("serviceConnectDefaults", {}).get("namespace")
        stored |= {"namespace": namespace} if namespace else {}
        for each in stored.get("services", []):
            each.setdefault("discoveryName", each["portName"])
            for alias in each.get("clientAliases", []) if namespace else []:
                alias.setdefault("dnsName", f"{each['discoveryName']}.{namespace.rpartition('/')[2]}")
    elif member == "volumeConfigurations":
        for each in stored:
            if "managedEBSVolume" in each:
                each["managedEBSVolume"].setdefault("filesystemType", "xfs")
    return stored


@rules.guessed("members are merged one by one; what belongs to another strategy goes with it")
def merged(held: Body, sent: Body) -> Body:
    """Give a deployment configuration as an update leaves it, before its defaults are filled in."""
    strategy = sent.get("strategy", held.get("strategy"))
    foreign = [member for member, own, _ in _SHIFTS if own != strategy]
    return {member: value for member, value in held.items() if member not in foreign} | sent


@rules.documented("model, UpdateService: an empty list removes; ServiceConnectConfiguration.enabled")
@rules.reported(
    "recordings: with Service Connect off no serviceConnectConfiguration is shown; "
    "amazon-ecs-deploy-task-definition tests: an empty list removes volumes and Lattice"
)
@rules.guessed("an empty object removes monitoring and the network configuration")
def removes(member: str, value: Any) -> bool:
    """Tell whether to set a member so is to have none, so that nothing of it is shown."""
    if member == "serviceConnectConfiguration":
        return not value["enabled"]
    if member == "monitoring":
        return not value.get("metricConfigurations")
    return not value and member in (*UNLISTED, "networkConfiguration", "capacityProviderStrategy")


@rules.documented("model, Service: which settings are no members of it")
def unlisted(request: Body, cluster: Body) -> Body:
    """Give the settings of a new service that stand on its deployments and revisions only."""
    return {
        member: setting(member, request[member], cluster)
        for member in UNLISTED
        if member in request and not removes(member, request[member])
    }


@rules.documented("model, CreateService: the defaults stated there; launchType EC2 unless a strategy applies")
@rules.reported("September 2025: availabilityZoneRebalancing ENABLED on create; DAEMON reads DISABLED")
@rules.guessed("a DAEMON service finds one container instance, wherever it is (knob `instances`)")
@rules.reported(
    "recordings: empty lists, healthCheckGracePeriodSeconds 0, createdBy, platformVersion LATEST are echoed"
)
def created(world: World, request: Body, cluster: Body, definition: Body) -> Body:
    """Give the body of a new service."""
    name, scheduling = request["serviceName"], request.get("schedulingStrategy") or "REPLICA"
    controller = (request.get("deploymentController") or {"type": "ECS"})["type"]
    listed = {
        member: setting(member, value, cluster)
        for member, value in request.items()
        if member not in UNLISTED and value != "" and not removes(member, value)
    }
    body: Body = {
        "loadBalancers": [],
        "serviceRegistries": [],
        "placementConstraints": [],
        "placementStrategy": [],
        "healthCheckGracePeriodSeconds": 0,
        "deploymentController": {"type": "ECS"},
        "enableECSManagedTags": False,
        "enableExecuteCommand": False,
        "propagateTags": "NONE",
        **listed,
        "serviceArn": world.arn("service", f"{cluster['clusterName']}/{name}"),
        "clusterArn": cluster["clusterArn"],
        "status": "ACTIVE",
        "desiredCount": int(world.knobs.instances)
        if scheduling == "DAEMON"
        else request.get("desiredCount", 0),
        "schedulingStrategy": scheduling,
        "deploymentConfiguration": deployment_configuration(
            request.get("deploymentConfiguration", {}), scheduling, controller
        ),
        "createdAt": world.now,
        "createdBy": CALLER,
    }
    for member in ("cluster", "clientToken", "tags", "role"):
        body.pop(member, None)
    if definition is not NO_DEFINITION:
        body |= {"taskDefinition": definition["taskDefinitionArn"]} | launch(body, cluster)
    body |= role(request, body, definition)
    rebalancing = "DISABLED" if obstacle_to_rebalancing(body) else "ENABLED"
    return {"availabilityZoneRebalancing": rebalancing} | body


@rules.documented("developer guide, service rebalancing: the combinations, as in aws-cdk#32259")
@rules.reported("September 2025: on by default for what is eligible")
@rules.reported(
    "transcripts: … does not support maximumPercent <= 100 % …, … only supports availability zone …"
)
@rules.reported("transcripts: … does not support DAEMON services")
@rules.guessed("the wording of the others")
def obstacle_to_rebalancing(body: Body) -> str | None:
    """Say what keeps a service from being rebalanced over Availability Zones, if anything does."""
    zone = "attribute:ecs.availability-zone"
    first = (body["placementStrategy"] or [{"type": "spread", "field": zone}])[0]
    obstacles = {
        "does not support DAEMON services": body["schedulingStrategy"] == "DAEMON",
        "does not support maximumPercent <= 100 % as deployment configuration": (
            body["deploymentConfiguration"]["maximumPercent"] <= 100
        ),
        "does not support Classic Load Balancers": any(
            each.get("loadBalancerName") for each in body["loadBalancers"]
        ),
        "does not support the EXTERNAL launch type": body.get("launchType") == "EXTERNAL",
        "does not support placement constraints on the availability zone": any(
            "ecs.availability-zone" in each.get("expression", "") for each in body["placementConstraints"]
        ),
        "only supports availability zone spread as task placement strategy": (
            (first.get("type"), first.get("field")) != ("spread", zone)
        ),
    }
    return next((what for what, applies in obstacles.items() if applies), None)


@rules.documented(
    "model, CreateService.launchType and capacityProviderStrategy: the cluster's strategy, else EC2"
)
@rules.reported(
    "recordings: launchType is absent with a strategy; LATEST and Linux are shown for Fargate only"
)
def launch(body: Body, cluster: Body) -> Body:
    """Give the members that say on what the service runs."""
    strategy = body.get("capacityProviderStrategy")
    if not strategy and not body.get("launchType"):
        strategy = setting("capacityProviderStrategy", cluster["defaultCapacityProviderStrategy"], cluster)
    members: Body = (
        {"capacityProviderStrategy": strategy}
        if strategy
        else {"launchType": body.get("launchType") or "EC2"}
    )
    if on_fargate(body | members):
        members |= {"platformVersion": body.get("platformVersion") or "LATEST", "platformFamily": "Linux"}
    return members


def on_fargate(body: Body) -> bool:
    """Tell whether a service runs on Fargate."""
    providers = {each["capacityProvider"] for each in body.get("capacityProviderStrategy") or []}
    return bool(providers & {"FARGATE", "FARGATE_SPOT"}) if providers else body.get("launchType") == "FARGATE"


@rules.documented("model, CreateService.role: the service-linked role is used where the service needs one")
def role(request: Body, body: Body, definition: Body) -> Body:
    """Give `roleArn`, where the service has one."""
    given = request.get("role")
    if given:
        return {
            "roleArn": given
            if given.startswith("arn:")
            else f"arn:aws:iam::{ACCOUNT}:role/{given.strip('/')}"
        }
    needed = (
        definitiondefaults.network_mode(definition) == "awsvpc"
        or body["loadBalancers"]
        or body["serviceRegistries"]
    )
    return {"roleArn": _ROLE} if needed else {}
