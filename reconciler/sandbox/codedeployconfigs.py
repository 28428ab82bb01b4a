"""Deployment configurations: how a deployment shifts traffic."""

from typing import Final

from reconciler.sandbox import codedeploylookups, rules
from reconciler.sandbox.errors import Refusal
from reconciler.sandbox.worlds import Body, World

ALL_AT_ONCE: Final = "CodeDeployDefault.ECSAllAtOnce"


def _canary(percentage: int, minutes: int) -> Body:
    canary = {"canaryPercentage": percentage, "canaryInterval": minutes}
    return {"type": "TimeBasedCanary", "timeBasedCanary": canary}


def _linear(percentage: int, minutes: int) -> Body:
    linear = {"linearPercentage": percentage, "linearInterval": minutes}
    return {"type": "TimeBasedLinear", "timeBasedLinear": linear}


_PREDEFINED: Final = {
    ALL_AT_ONCE: {"type": "AllAtOnce"},
    "CodeDeployDefault.ECSCanary10Percent15Minutes": _canary(10, 15),
    "CodeDeployDefault.ECSCanary10Percent5Minutes": _canary(10, 5),
    "CodeDeployDefault.ECSLinear10PercentEvery1Minutes": _linear(10, 1),
    "CodeDeployDefault.ECSLinear10PercentEvery3Minutes": _linear(10, 3),
}
_OF_OTHER_PLATFORMS: Final = (
    *("CodeDeployDefault.AllAtOnce", "CodeDeployDefault.HalfAtATime", "CodeDeployDefault.OneAtATime"),
    *("CodeDeployDefault.LambdaAllAtOnce", "CodeDeployDefault.LambdaCanary10Percent10Minutes"),
    *("CodeDeployDefault.LambdaCanary10Percent15Minutes", "CodeDeployDefault.LambdaCanary10Percent30Minutes"),
    *(
        "CodeDeployDefault.LambdaCanary10Percent5Minutes",
        "CodeDeployDefault.LambdaLinear10PercentEvery1Minute",
    ),
    *("CodeDeployDefault.LambdaLinear10PercentEvery10Minutes",),
    *("CodeDeployDefault.LambdaLinear10PercentEvery2Minutes",),
    *("CodeDeployDefault.LambdaLinear10PercentEvery3Minutes",),
)
_CREATED: Final = 1543449600.0
"""2018-11-29, when ECS deployments became available; a predefined configuration has some such time."""


@rules.documented("user guide, predefined deployment configurations for Amazon ECS")
@rules.reported("recordings: their traffic routing as GetDeploymentConfig shows it")
@rules.reported("terraform-provider-aws: No deployment configuration found for name: NAME")
def find(world: World, name: str) -> Body:
    """Give a deployment configuration, predefined or not."""
    codedeploylookups.check_name("DeploymentConfig", name)
    if name in _PREDEFINED:
        return {
            "deploymentConfigId": f"00000000-0000-4000-8000-{list(_PREDEFINED).index(name):012}",
            "deploymentConfigName": name,
            "createTime": _CREATED,
            "computePlatform": "ECS",
            "trafficRoutingConfig": _PREDEFINED[name],
        }
    found = world.codedeploy.configurations.get(name)
    if found is not None:
        return found
    if name in _OF_OTHER_PLATFORMS:
        raise Refusal("NotSimulatedBySandbox", f"The sandbox does not simulate {name}.", status=501)
    message = f"No Deployment Configuration found for name: {name}"
    raise Refusal("DeploymentConfigDoesNotExistException", message)


@rules.documented("codedeploy model, CreateDeploymentConfig, TimeBasedCanary, TimeBasedLinear")
@rules.guessed("the wording of what is refused, and that CodeDeployDefault is nobody else's prefix")
def create_deployment_config(world: World, request: Body) -> Body:
    """Create a deployment configuration for ECS."""
    name = request["deploymentConfigName"]
    codedeploylookups.check_name("DeploymentConfig", name)
    if request.get("computePlatform", "Server") != "ECS":
        message = "The sandbox simulates deployment configurations of the compute platform ECS only."
        raise Refusal("NotSimulatedBySandbox", message, status=501)
    if name.startswith("CodeDeployDefault."):
        message = f"Deployment configuration names cannot begin with CodeDeployDefault: {name}"
        raise Refusal("InvalidDeploymentConfigNameException", message)
    if name in world.codedeploy.configurations:
        message = f"A Deployment Configuration with the name {name} already exists"
        raise Refusal("DeploymentConfigAlreadyExistsException", message)
    if request.get("minimumHealthyHosts"):
        message = "minimumHealthyHosts cannot be specified for the compute platform ECS"
        raise Refusal("InvalidMinimumHealthyHostValueException", message)
    routing = request.get("trafficRoutingConfig") or {"type": "AllAtOnce"}
    _check_routing(routing)
    identity = world.uuid()
    world.codedeploy.configurations[name] = {
        "deploymentConfigId": identity,
        "deploymentConfigName": name,
        "createTime": world.now,
        "computePlatform": "ECS",
        "trafficRoutingConfig": routing,
    }
    return {"deploymentConfigId": identity}


@rules.documented("codedeploy model, TrafficRoutingConfig; InvalidTrafficRoutingConfigurationException")
@rules.guessed("percentages from 1 to 99, whole minutes from 1 on; the wording")
def _check_routing(routing: Body) -> None:
    for kind, member, parts in (
        ("TimeBasedCanary", "timeBasedCanary", ("canaryPercentage", "canaryInterval")),
        ("TimeBasedLinear", "timeBasedLinear", ("linearPercentage", "linearInterval")),
    ):
        given = routing.get(member)
        if (routing.get("type") == kind) != (given is not None):
            message = f"{member} must be specified with the type {kind}, and with no other"
            raise Refusal("InvalidTrafficRoutingConfigurationException", message)
        percentage, minutes = ((given or {}).get(part, 1) for part in parts)
        if not 1 <= percentage <= 99 or minutes < 1 or (given is not None and set(given) != set(parts)):
            message = f"{member} needs a percentage from 1 to 99 and an interval of at least a minute"
            raise Refusal("InvalidTrafficRoutingConfigurationException", message)


@rules.documented("codedeploy model, GetDeploymentConfig")
def get_deployment_config(world: World, request: Body) -> Body:
    """Show a deployment configuration."""
    return {"deploymentConfigInfo": find(world, request["deploymentConfigName"])}


@rules.documented("codedeploy model, ListDeploymentConfigs")
@rules.reported("recordings: the predefined ones of every platform are listed, by name")
def list_deployment_configs(world: World, request: Body) -> Body:
    """List the names of all deployment configurations."""
    names = sorted([*_PREDEFINED, *_OF_OTHER_PLATFORMS, *world.codedeploy.configurations])
    return codedeploylookups.page(names, "deploymentConfigsList", request)


@rules.documented(
    "codedeploy model, TimeBasedCanary and TimeBasedLinear: increments and minutes between them"
)
@rules.reported(
    "recordings: a linear deployment shifts its first increment at once, the last after nine minutes"
)
def shifts(configuration: Body) -> tuple[tuple[float, float], ...]:
    """Give the shifts of traffic in order: seconds since the one before, percentage that the new tasks have then."""
    routing = configuration["trafficRoutingConfig"]
    if routing["type"] == "TimeBasedCanary":
        canary = routing["timeBasedCanary"]
        return (0.0, float(canary["canaryPercentage"])), (canary["canaryInterval"] * 60.0, 100.0)
    if routing["type"] == "TimeBasedLinear":
        step, interval = (routing["timeBasedLinear"][name] for name in ("linearPercentage", "linearInterval"))
        weights = [*range(step, 100, step), 100]
        return tuple((interval * 60.0 if index else 0.0, float(each)) for index, each in enumerate(weights))
    return ((0.0, 100.0),)
