"""Blue/green, linear and canary deployments: the new tasks start beside the old ones, which go once traffic has moved.

Traffic itself is not simulated, only the time that its way takes. Lifecycle hooks that call a function are taken
to succeed at once; those that pause are refused with the strategy (`servicerules`).
"""

import math

from reconciler.sandbox import rules
from reconciler.sandbox.worlds import Service, World


@rules.documented("model, DeploymentConfiguration.strategy: ROLLING by default")
def shifts(service: Service) -> bool:
    """Tell whether the service's deployments move traffic instead of replacing task by task."""
    return bool(service.body["deploymentConfiguration"].get("strategy", "ROLLING") != "ROLLING")


@rules.documented(
    "model, LinearConfiguration: a bake time after each step but the last; CanaryConfiguration: one bake time "
    "before the rest is shifted"
)
def _shifting(service: Service) -> float:
    """Give how long it takes until all traffic has moved, in seconds."""
    configuration = service.body["deploymentConfiguration"]
    linear, canary = (configuration.get(name) for name in ("linearConfiguration", "canaryConfiguration"))
    if configuration["strategy"] == "LINEAR" and linear:
        steps = math.ceil(100 / linear["stepPercent"])
        return float((steps - 1) * linear["stepBakeTimeInMinutes"] * 60)
    if configuration["strategy"] == "CANARY" and canary:
        return float(canary["canaryBakeTimeInMinutes"] * 60)
    return 0.0


@rules.documented(
    "model, ServiceDeployment.lifecycleStage and DeploymentConfiguration.bakeTimeInMinutes: old and new run side "
    "by side until traffic has moved and the bake time is over"
)
@rules.guessed("a first deployment has nothing to shift and does not bake")
def wait(world: World, service: Service) -> float:
    """Give for how long the old tasks have to stay, in seconds; `inf` until the new ones are healthy.

    Keeps the record of the service deployment at the stage that it has reached.
    """
    primary = service.primary
    healthy = sum(task.healthy and task.deployment is primary for task in service.tasks.values())
    if primary.ready is None:
        if healthy < service.desired:
            primary.record["lifecycleStage"] = "SCALE_UP"
            return math.inf
        primary.ready = world.now
    shifted = primary.ready + _shifting(service)
    baked = shifted + service.body["deploymentConfiguration"]["bakeTimeInMinutes"] * 60
    stages = (("PRODUCTION_TRAFFIC_SHIFT", shifted), ("BAKE_TIME", baked))
    stage, due = next((each for each in stages if world.now < each[1]), ("CLEAN_UP", world.now))
    primary.record["lifecycleStage"] = stage
    return due - world.now
