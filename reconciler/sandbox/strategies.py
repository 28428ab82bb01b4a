"""Blue/green, linear and canary deployments: the new tasks start beside the old ones, which go once traffic has moved.

Such a deployment goes along a path of stages (`worlds.Step`). Traffic itself is not simulated, only its shares and
the time that its way takes; `hooks` says what lifecycle hooks do at a stage.
"""

import math
from collections.abc import Iterator
from typing import Final

from reconciler.sandbox import hooks, rules
from reconciler.sandbox.worlds import Deployment, Service, Step, World

_LAST: Final = "CLEAN_UP"


@rules.documented("model, DeploymentConfiguration.strategy: ROLLING by default")
def shifts(service: Service) -> bool:
    """Tell whether the service's deployments move traffic instead of replacing task by task."""
    return bool(service.body["deploymentConfiguration"].get("strategy", "ROLLING") != "ROLLING")


@rules.documented("model, ServiceDeployment.lifecycleStage: the stages, their order and what they mean")
@rules.documented("model: RECONCILE_SERVICE only with more than one service revision that is ACTIVE")
@rules.guessed("rolling deployments have no stages, so their lifecycle hooks do nothing")
@rules.guessed(
    "a first deployment has nothing to shift and does not bake (its hooks run: seen on a creation)"
)
@rules.guessed("how long the test and the production traffic take to move (knob `shift`)")
def path(world: World, service: Service) -> tuple[Step, ...]:
    """Give the stages of a new deployment of the service; none if it is a rolling one."""
    if not shifts(service):
        return ()
    first = not service.deployments
    shift = 0 if first else world.knobs.shift
    bake = 0 if first else service.body["deploymentConfiguration"]["bakeTimeInMinutes"] * 60
    return (
        *([Step("RECONCILE_SERVICE")] if len(service.deployments) > 1 else []),
        Step("PRE_SCALE_UP"),
        Step("SCALE_UP"),
        Step("POST_SCALE_UP"),
        Step("TEST_TRAFFIC_SHIFT", shift, test=100.0),
        Step("POST_TEST_TRAFFIC_SHIFT"),
        *_production(service, shift, first=first),
        Step("POST_PRODUCTION_TRAFFIC_SHIFT"),
        Step("BAKE_TIME", bake),
        Step(_LAST),
    )


@rules.documented(
    "model: PRE_PRODUCTION_TRAFFIC_SHIFT and PRODUCTION_TRAFFIC_SHIFT at every traffic shift step"
)
@rules.documented(
    "model, LinearConfiguration: a bake time after each step but the last; CanaryConfiguration: one bake time "
    "before the rest is shifted"
)
def _production(service: Service, shift: float, *, first: bool) -> Iterator[Step]:
    configuration = service.body["deploymentConfiguration"]
    shares, bake = [100.0], 0.0
    if configuration["strategy"] == "LINEAR" and not first:
        step, bake = (
            configuration["linearConfiguration"][name] for name in ("stepPercent", "stepBakeTimeInMinutes")
        )
        shares = [round(min(100.0, step * number), 1) for number in range(1, math.ceil(100 / step) + 1)]
    elif configuration["strategy"] == "CANARY" and not first:
        canary = configuration["canaryConfiguration"]
        shares, bake = [float(canary["canaryPercent"]), 100.0], canary["canaryBakeTimeInMinutes"]
    for share in shares:
        yield Step("PRE_PRODUCTION_TRAFFIC_SHIFT")
        yield Step("PRODUCTION_TRAFFIC_SHIFT", shift + (bake * 60 if share < 100 else 0), production=share)


@rules.documented("developer guide, lifecycle hooks: the traffic shifts are invoked during a rollback too")
@rules.guessed("traffic goes back at once, test traffic last, and only where some had moved")
def way_back(world: World, failed: Deployment) -> tuple[Step, ...]:
    """Give the stages of the rollback of a deployment that moves traffic; none if it is a rolling one."""
    if not failed.path:
        return ()
    shift = world.knobs.shift
    return (
        Step("SCALE_UP"),
        *([Step("PRODUCTION_TRAFFIC_SHIFT", shift, production=100.0)] if failed.production else []),
        *([Step("TEST_TRAFFIC_SHIFT", shift, test=100.0)] if failed.test else []),
        Step(_LAST),
    )


@rules.documented(
    "model, ServiceDeployment.lifecycleStage: one stage after the other; developer guide, lifecycle hooks"
)
def advance(world: World, service: Service) -> float:
    """Take the primary deployment as far along its path as it goes now; give in how many seconds it may go on.

    `inf` means that something else has to happen first: a task, a hook, the end.
    """
    primary = service.primary
    while (step := primary.step) is not None:
        if primary.entered is None:
            _enter(world, service, primary, step)
        if hooks.failure(primary):
            return math.inf
        waiting = hooks.wait(world, primary)
        healthy = sum(task.healthy and task.deployment is primary for task in service.tasks.values())
        if (step.stage == "SCALE_UP" and healthy < service.desired) or step.stage == _LAST:
            return math.inf
        left = max(waiting, (primary.entered or 0) + step.lasts - world.now)
        if left > 0:
            return left
        primary.position, primary.entered = primary.position + 1, None
    return math.inf


@rules.documented(
    "model, ServiceDeployment.lifecycleStage: the enumeration lacks PRE_PRODUCTION_TRAFFIC_SHIFT, "
    "the text has it"
)
@rules.guessed(
    "a share is requested as soon as its stage begins; what the new revision has not, the one that had most has"
)
def _enter(world: World, service: Service, primary: Deployment, step: Step) -> None:
    primary.entered = world.now
    primary.record |= {"lifecycleStage": step.stage, "updatedAt": world.now}
    for name in ("production", "test"):
        share = getattr(step, name)
        if share is not None:
            setattr(primary, name, share)
    others = [each for each in service.deployments if each is not primary]
    shares = [100.0 if each.production is None else each.production for each in others]
    for each in others:
        each.production = each.test = 0.0
    if others:
        bearer = others[shares.index(max(shares))]
        bearer.production, bearer.test = 100.0 - (primary.production or 0), 100.0 - (primary.test or 0)
    hooks.enter(world, primary, step.stage)


@rules.documented("model, ServiceDeployment.lifecycleStage: at PRE_SCALE_UP the new revision has not started")
def may_start(deployment: Deployment) -> bool:
    """Tell whether the deployment has come so far that its tasks may start."""
    return not any(each.stage == "SCALE_UP" for each in deployment.path[deployment.position + 1 :])


@rules.documented(
    "model, DeploymentStrategy: under BLUE_GREEN, LINEAR and CANARY blue and green run side by side until CLEAN_UP"
)
def holds(deployment: Deployment) -> bool:
    """Tell whether the tasks of older deployments have to stay."""
    step = deployment.step
    return step is not None and deployment.rollout != "COMPLETED" and step.stage != _LAST


@rules.documented(
    "model, ServiceDeployment.lifecycleStage: after CLEAN_UP the new revision is the production revision"
)
def through(deployment: Deployment) -> bool:
    """Tell whether nothing is left of the path but that the old tasks go."""
    return deployment.step is None or deployment.step.stage == _LAST
