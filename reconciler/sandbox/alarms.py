"""The CloudWatch alarms that a deployment watches."""

from reconciler.sandbox import rules
from reconciler.sandbox.worlds import Body, Deployment, World


@rules.documented("model, DeploymentAlarms: alarmNames, enable")
def watched(configuration: Body) -> tuple[str, ...]:
    """Give the names of the alarms that a deployment configuration has watched."""
    given = configuration.get("alarms", {})
    return tuple(given.get("alarmNames", [])) if given.get("enable") else ()


@rules.documented(
    "developer guide, deployment alarms: any alarm that goes into ALARM fails the deployment; one that is in "
    "ALARM already when the deployment starts is not looked at"
)
@rules.guessed("that such an alarm is not looked at again, even if it recovers meanwhile")
def triggered(world: World, configuration: Body, deployment: Deployment) -> list[str]:
    """Give the alarms that fail a deployment now."""
    return [
        name
        for name in watched(configuration)
        if world.alarms.get(name) == "ALARM" and name not in deployment.ignored
    ]
