"""CodeDeploy's applications and deployment groups, for ECS services."""

import hashlib
from typing import Final

from reconciler.sandbox import codedeployconfigs, codedeploylookups, rules
from reconciler.sandbox.errors import Refusal
from reconciler.sandbox.worlds import ACCOUNT, Body, Service, World

_ROLLBACKS: Final = ("DEPLOYMENT_FAILURE", "DEPLOYMENT_STOP_ON_ALARM", "DEPLOYMENT_STOP_ON_REQUEST")
_FOREIGN: Final = (
    "ec2TagFilters",
    "onPremisesInstanceTagFilters",
    "autoScalingGroups",
    "ec2TagSet",
    "onPremisesTagSet",
)
_ECHOED: Final = (
    *("serviceRoleArn", "triggerConfigurations", "alarmConfiguration", "autoRollbackConfiguration"),
    *("blueGreenDeploymentConfiguration", "loadBalancerInfo", "ecsServices", "outdatedInstancesStrategy"),
)


@rules.documented("codedeploy model, CreateApplication: Server is the compute platform if none is named")
@rules.guessed("the wording")
def create_application(world: World, request: Body) -> Body:
    """Create an application."""
    name = request["applicationName"]
    codedeploylookups.check_name("Application", name)
    if name in world.codedeploy.applications:
        message = f"An application with the name {name} already exists"
        raise Refusal("ApplicationAlreadyExistsException", message)
    identity = world.uuid()
    world.codedeploy.applications[name] = {
        "applicationId": identity,
        "applicationName": name,
        "createTime": world.now,
        "linkedToGitHub": False,
        "computePlatform": request.get("computePlatform", "Server"),
    }
    return {"applicationId": identity}


@rules.documented("codedeploy model, GetApplication")
def get_application(world: World, request: Body) -> Body:
    """Show an application."""
    return {"application": codedeploylookups.application(world, request)}


@rules.documented("codedeploy model, ListApplications")
def list_applications(world: World, request: Body) -> Body:
    """List the names of all applications."""
    return codedeploylookups.page(sorted(world.codedeploy.applications), "applications", request)


@rules.documented("codedeploy model, CreateDeploymentGroup")
@rules.documented("user guide: CodeDeployDefault.ECSAllAtOnce is what ECS deployments do by default")
@rules.guessed("the wording of DeploymentGroupAlreadyExistsException")
def create_deployment_group(world: World, request: Body) -> Body:
    """Create a deployment group for an ECS service."""
    application = codedeploylookups.application(world, request)
    name = request["deploymentGroupName"]
    codedeploylookups.check_name("DeploymentGroup", name)
    key = (application["applicationName"], name)
    if application["computePlatform"] != "ECS":
        message = "The sandbox simulates deployment groups of the compute platform ECS only."
        raise Refusal("NotSimulatedBySandbox", message, status=501)
    if key in world.codedeploy.groups:
        message = f"Deployment group {name} already exists for application {key[0]}"
        raise Refusal("DeploymentGroupAlreadyExistsException", message)
    configuration = request.get("deploymentConfigName") or codedeployconfigs.ALL_AT_ONCE
    codedeployconfigs.find(world, configuration)
    _check(world, request)
    identity = world.uuid()
    world.codedeploy.groups[key] = {
        "applicationName": key[0],
        "deploymentGroupId": identity,
        "deploymentGroupName": name,
        "deploymentConfigName": configuration,
        "ec2TagFilters": [],
        "onPremisesInstanceTagFilters": [],
        "autoScalingGroups": [],
        "triggerConfigurations": [],
        "deploymentStyle": request["deploymentStyle"],
        "computePlatform": "ECS",
        **{member: request[member] for member in _ECHOED if member in request},
    }
    return {"deploymentGroupId": identity}


@rules.reported(
    "user reports of CreateDeploymentGroup: For ECS deployment group, loadBalancerInfo must be specified; "
    "… blueGreenDeploymentConfiguration must be specified; … must not contain elbInfo list; … the deployment type "
    "must be BLUE_GREEN, and deployment option must be WITH_TRAFFIC_CONTROL.; … autoScalingGroups can not be specified"
)
@rules.documented("codedeploy model, TargetGroupPairInfo: a pair of target groups and a route for traffic")
@rules.guessed("the order in which they are looked at, and the wording of the others")
def _check(world: World, request: Body) -> None:
    style = request.get("deploymentStyle") or {}
    if (style.get("deploymentType"), style.get("deploymentOption")) != ("BLUE_GREEN", "WITH_TRAFFIC_CONTROL"):
        message = (
            "For ECS deployment group, the deployment type must be BLUE_GREEN, and deployment option must be "
            "WITH_TRAFFIC_CONTROL."
        )
        raise Refusal("InvalidDeploymentStyleException", message)
    for member in _FOREIGN:
        if request.get(member):
            message = f"For ECS deployment group, {member} can not be specified"
            raise Refusal("InvalidInputException", message)
    service = _service(world, request)
    balancing = request.get("loadBalancerInfo")
    if not balancing:
        message = "For ECS deployment group, loadBalancerInfo must be specified"
        raise Refusal("InvalidLoadBalancerInfoException", message)
    for member in ("elbInfoList", "targetGroupInfoList"):
        if balancing.get(member):
            message = f"For ECS deployment group, loadBalancerInfo must not contain {member[:-4]} list"
            raise Refusal("InvalidLoadBalancerInfoException", message)
    _check_pair(world, balancing, service)
    if not request.get("blueGreenDeploymentConfiguration"):
        message = "For ECS deployment group, blueGreenDeploymentConfiguration must be specified"
        raise Refusal("InvalidBlueGreenDeploymentConfigurationException", message)
    _check_blue_green(request["blueGreenDeploymentConfiguration"])
    check_rollback(request.get("autoRollbackConfiguration") or {})


@rules.documented("codedeploy model, ECSServiceMappingLimitExceededException: one deployment group a service")
@rules.reported(
    "user reports: Deployment group's ECS service must be configured for a CODE_DEPLOY deployment controller.; "
    "Could not load ECS service information for cluster: …, service: …"
)
@rules.guessed("the wording of the others")
def _service(world: World, request: Body) -> Service:
    given = request.get("ecsServices") or []
    if len(given) != 1:
        message = "For ECS deployment group, exactly one ECS service must be specified"
        raise Refusal("InvalidECSServiceException", message)
    if any(each["ecsServices"] == given for each in world.codedeploy.groups.values()):
        message = "The ECS service is already associated with another deployment group."
        raise Refusal("ECSServiceMappingLimitExceededException", message)
    return target(world, given[0])


@rules.documented("codedeploy model, InvalidECSServiceException")
@rules.reported("user reports: Could not load ECS service information for cluster: …, service: …. Cause: …")
def target(world: World, named: Body) -> Service:
    """Give the service that a deployment group deploys; one that is gone or not CodeDeploy's is a `Refusal`."""
    cluster, name = named.get("clusterName") or "default", named.get("serviceName", "")
    service = world.services.get((cluster, name))
    if service is None or service.body["status"] != "ACTIVE":
        cause = "Service not found." if service is None else "Service was not ACTIVE."
        message = (
            f"Could not load ECS service information for cluster: {cluster}, service: {name}. Cause: {cause}"
        )
        raise Refusal("InvalidECSServiceException", message)
    if service.body["deploymentController"]["type"] != "CODE_DEPLOY":
        message = "Deployment group's ECS service must be configured for a CODE_DEPLOY deployment controller."
        raise Refusal("InvalidECSServiceException", message)
    return service


@rules.documented(
    "codedeploy model, TargetGroupPairInfo: two target groups, a production route of one listener"
)
@rules.guessed("the wording; that the service must serve one of the two is looked at by the deployment")
def _check_pair(world: World, balancing: Body, service: Service) -> None:
    pairs = balancing.get("targetGroupPairInfoList") or []
    groups = [each.get("name") for each in pairs[0].get("targetGroups", [])] if pairs else []
    if len(pairs) != 1 or len(set(groups)) != 2 or None in groups:
        message = "For ECS deployment group, targetGroupPairInfoList must contain one pair of target groups"
        raise Refusal("InvalidTargetGroupPairException", message)
    if len((pairs[0].get("prodTrafficRoute") or {}).get("listenerArns", [])) != 1:
        message = "For ECS deployment group, prodTrafficRoute must contain exactly one listener"
        raise Refusal("InvalidTargetGroupPairException", message)
    arns = (each.get("targetGroupArn") for each in service.body["loadBalancers"])
    for arn in filter(None, arns):
        world.codedeploy.target_groups.setdefault(short(arn), arn)
    for name in groups:
        world.codedeploy.target_groups.setdefault(name, _made_up(world, name))


def short(target_group: str) -> str:
    """Give the name in a target group's ARN."""
    return target_group.split("/")[1] if target_group.count("/") == 2 else target_group


@rules.guessed("load balancers are not simulated: the ARN of a target group no service names is made up")
def _made_up(world: World, name: str) -> str:
    digits = hashlib.sha256(name.encode()).hexdigest()[:16]
    return f"arn:aws:elasticloadbalancing:{world.region}:{ACCOUNT}:targetgroup/{name}/{digits}"


@rules.documented(
    "codedeploy model, BlueInstanceTerminationOption: at most 2880 minutes; DeploymentReadyOption"
)
@rules.guessed("the wording, and that both waiting times have the one limit")
def _check_blue_green(given: Body) -> None:
    code = "InvalidBlueGreenDeploymentConfigurationException"
    minutes = (given.get("terminateBlueInstancesOnDeploymentSuccess") or {}).get(
        "terminationWaitTimeInMinutes", 0
    )
    waiting = (given.get("deploymentReadyOption") or {}).get("waitTimeInMinutes", 0)
    if not 0 <= minutes <= 2880 or not 0 <= waiting <= 2880:
        raise Refusal(code, "Waiting times must be between 0 and 2880 minutes")
    if given.get("greenFleetProvisioningOption"):
        raise Refusal(code, "For ECS deployment group, greenFleetProvisioningOption can not be specified")


@rules.documented("codedeploy model, InvalidAutoRollbackConfigException: enabled, but no or invalid events")
@rules.guessed("the wording")
def check_rollback(given: Body) -> None:
    """Refuse an `autoRollbackConfiguration` that does not say when to roll back."""
    if given.get("enabled") and not given.get("events"):
        message = "The auto rollback configuration must list at least one event when it is enabled"
        raise Refusal("InvalidAutoRollbackConfigException", message)
    if not set(given.get("events") or []).issubset(_ROLLBACKS):
        message = f"Rollback events can be {', '.join(_ROLLBACKS)}"
        raise Refusal("InvalidAutoRollbackConfigException", message)


@rules.documented("codedeploy model, GetDeploymentGroup")
def get_deployment_group(world: World, request: Body) -> Body:
    """Show a deployment group."""
    return {"deploymentGroupInfo": codedeploylookups.group(world, request)}


@rules.documented("codedeploy model, BatchGetDeploymentGroups: at most 100; errorMessage")
@rules.guessed("groups that do not exist are left out, and named in errorMessage")
def batch_get_deployment_groups(world: World, request: Body) -> Body:
    """Show several deployment groups of an application."""
    name = codedeploylookups.application(world, request)["applicationName"]
    codedeploylookups.check_batch(request["deploymentGroupNames"])
    found = {each: world.codedeploy.groups.get((name, each)) for each in request["deploymentGroupNames"]}
    missing = [each for each, group in found.items() if group is None]
    shown: Body = {"deploymentGroupsInfo": [group for group in found.values() if group is not None]}
    if missing:
        shown["errorMessage"] = f"No Deployment Group found for name: {', '.join(missing)}"
    return shown


@rules.documented("codedeploy model, ListDeploymentGroups")
def list_deployment_groups(world: World, request: Body) -> Body:
    """List the names of an application's deployment groups."""
    name = codedeploylookups.application(world, request)["applicationName"]
    names = sorted(each for application, each in world.codedeploy.groups if application == name)
    return {"applicationName": name} | codedeploylookups.page(names, "deploymentGroups", request)
