"""The steps of a CodeDeploy deployment: a replacement task set, shifts of traffic, the end of the original."""

from collections.abc import Iterator
from typing import Final

from reconciler.sandbox import (
    codedeployconfigs,
    codedeploygroups,
    codedeployrevisions,
    codedeployruns,
    rollouts,
    rules,
    tasksets,
)
from reconciler.sandbox.codedeploystates import Run, Wish
from reconciler.sandbox.errors import Refusal
from reconciler.sandbox.worlds import ACCOUNT, World

_POLL: Final = 5.0
"""How often a deployment looks whether its replacement task set is healthy, in seconds. A guess."""

_WATCH: Final = 10.0
"""How often a deployment that waits looks at its alarms, in seconds. A guess."""

_HOOK_TIMEOUT: Final = 3600.0
"""AppSpec reference, hooks for ECS: a function has an hour to report."""


@rules.documented("user guide, what happens during an Amazon ECS deployment: the steps and their order")
@rules.documented("codedeploy model, DeploymentStatus; AppSpec reference: which events may have a function")
@rules.guessed("traffic rerouting is waited for after the test traffic and before BeforeAllowTraffic")
def deploying(world: World, run: Run, text: str) -> Iterator[float]:
    """Deploy what an AppSpec asks for."""
    run.body |= {
        "status": "InProgress",
        "startTime": world.now,
        "deploymentOverview": codedeployruns.overview("InProgress"),
    }
    service = run.service
    codedeployruns.check_service(service)
    try:
        wish = codedeployrevisions.read(text)
    except codedeployrevisions.BadAppSpec as error:
        raise codedeployruns.Halt("Failed", "INVALID_REVISION", _BAD_APPSPEC + error.why) from None
    run.hooks, run.original = wish.hooks, service.primary
    target_group = _other_target_group(world, run)
    yield from codedeployruns.event(world, run, "BeforeInstall", _hook(world, run, "BeforeInstall"))
    yield from codedeployruns.event(world, run, "Install", _installing(world, run, wish, target_group))
    yield from codedeployruns.event(world, run, "AfterInstall", _hook(world, run, "AfterInstall"))
    if any(each["lifecycleEventName"] in codedeployruns.TEST for each in run.events):
        yield from codedeployruns.event(world, run, "AllowTestTraffic", iter((world.knobs.event,)))
        yield from codedeployruns.event(
            world, run, "AfterAllowTestTraffic", _hook(world, run, "AfterAllowTestTraffic")
        )
    yield from _getting_ready(world, run)
    yield from codedeployruns.event(world, run, "BeforeAllowTraffic", _hook(world, run, "BeforeAllowTraffic"))
    yield from codedeployruns.event(world, run, "AllowTraffic", _shifting(world, run))
    yield from codedeployruns.event(world, run, "AfterAllowTraffic", _hook(world, run, "AfterAllowTraffic"))
    yield from _terminating(world, run)
    codedeployruns.finish(world, run, "Succeeded")


_BAD_APPSPEC: Final = (
    "The deployment failed because the AppSpec file that specifies the deployment configuration is missing or has an "
    "invalid configuration. "
)


@rules.reported(
    "user guide, troubleshooting ECS deployments: The ELB could not be updated due to the following error: Primary "
    "taskset target group must be behind listener"
)
def _other_target_group(world: World, run: Run) -> str:
    """Give the ARN of the target group of the pair that does not serve the original task set."""
    (pair,) = run.body["loadBalancerInfo"]["targetGroupPairInfoList"]
    names = [each["name"] for each in pair["targetGroups"]]
    (balancer,) = run.service.body["loadBalancers"]
    serving = balancer["targetGroupArn"]
    own = [name for name in names if name in (serving, codedeploygroups.short(serving))]
    if not own:
        message = (
            "The ELB could not be updated due to the following error: Primary taskset target group must be behind "
            f"listener {pair['prodTrafficRoute']['listenerArns'][0]}"
        )
        raise codedeployruns.Halt("Failed", "ELASTIC_LOAD_BALANCING_INVALID", message)
    (other,) = (name for name in names if name not in own)
    return world.codedeploy.target_groups[other]


@rules.documented("AppSpec reference, hooks for ECS: a function reports Succeeded or Failed within an hour")
@rules.guessed("functions are not run: the script says how they end, and a report ends them; the wording")
def _hook(world: World, run: Run, event: str) -> Iterator[float]:
    yield world.knobs.event
    function = run.hooks.get(event)
    if not function:
        return
    arn = f"arn:aws:lambda:{world.region}:{ACCOUNT}:function:{function}"
    ending, lasts = world.script.hook(world.knobs, function, event, "" if ":" in function else arn)
    run.hook = world.uuid()
    run.executions[run.hook] = event
    yield min(lasts, _HOOK_TIMEOUT)
    run.hook = ""
    if (run.reported.upper() or (ending if lasts <= _HOOK_TIMEOUT else "")) != "SUCCEEDED":
        message = (
            f"The deployment failed because the function hooked to {event} failed or did not report in time."
        )
        raise codedeployruns.Halt("Failed", "HOOK_EXECUTION_FAILURE", message)
    run.reported = ""


@rules.documented(
    "user guide: This time out period is 60 minutes., as a knob; CreateTaskSet starts the tasks"
)
@rules.reported(
    "user guide, troubleshooting: The deployment timed out while waiting for the replacement task set …"
)
@rules.reported(
    "recordings: ECS_UPDATE_ERROR: The ECS service cannot be updated due to an unexpected error: …"
)
@rules.guessed("the code of the time-out; task sets that earlier deployments left are retired first")
def _installing(world: World, run: Run, wish: Wish, target_group: str) -> Iterator[float]:
    service = run.service
    codedeployruns.check_service(service)
    try:
        own = codedeployrevisions.wished(world, service, wish, target_group)
    except Refusal as refusal:
        message = (
            f"The ECS service cannot be updated due to an unexpected error: {refusal.message} (Service: AmazonECS; "
            f"Status Code: 400; Error Code: {refusal.code}; Request ID: {world.uuid()}; Proxy: null). Check your ECS "
            "service status."
        )
        raise codedeployruns.Halt("Failed", "ECS_UPDATE_ERROR", message) from None
    for each in service.deployments:
        if each.status == "ACTIVE":
            tasksets.retire(world, service, each)
    run.replacement = tasksets.add(world, service, own, run.id)
    rollouts.wake(world, service)
    patience = world.now + world.knobs.replacement_timeout
    while not tasksets.stable(service, run.replacement):
        if world.now >= patience:
            raise codedeployruns.Halt("Failed", "TIMEOUT", _TIMED_OUT)
        yield min(_POLL, patience - world.now)
        codedeployruns.check_service(service)
        _check_alarms(world, run)


_TIMED_OUT: Final = (
    "The deployment timed out while waiting for the replacement task set to become healthy. This time out period is "
    "60 minutes."
)


@rules.documented("codedeploy model, AlarmConfiguration; overrideAlarmConfiguration overrides the group's")
@rules.reported("recordings: ALARM_ACTIVE and its message, the deployment is Stopped, Install has failed")
@rules.guessed("an alarm that is active before the deployment began is heeded too")
def _check_alarms(world: World, run: Run) -> None:
    group = world.codedeploy.groups[run.body["applicationName"], run.body["deploymentGroupName"]]
    watched = run.body.get("overrideAlarmConfiguration") or group.get("alarmConfiguration") or {}
    active = [each["name"] for each in watched.get("alarms", []) if world.alarms.get(each["name"]) == "ALARM"]
    if watched.get("enabled") and active:
        message = (
            "One or more alarms have been activated according to the Amazon CloudWatch metrics you selected, and the "
            f"affected deployments have been stopped. Activated alarms: {' '.join(f'<{name}>' for name in active)}"
        )
        raise codedeployruns.Halt("Stopped", "ALARM_ACTIVE", message, "DEPLOYMENT_STOP_ON_ALARM")


@rules.documented(
    "codedeploy model, DeploymentReadyOption: STOP_DEPLOYMENT waits for ContinueDeployment, then Stopped"
)
@rules.reported(
    "aws-cdk, AutoRollbackConfig.stoppedDeployment: it rolls back if the wait for approval times out"
)
@rules.guessed("code and message of that")
def _getting_ready(world: World, run: Run) -> Iterator[float]:
    option = run.body["blueGreenDeploymentConfiguration"].get("deploymentReadyOption") or {}
    if option.get("actionOnTimeout") != "STOP_DEPLOYMENT":
        return
    run.body |= {"status": "Ready", "deploymentOverview": codedeployruns.overview("Ready")}
    run.waits = "READY_WAIT"
    yield from _waiting(world, run, option.get("waitTimeInMinutes", 0) * 60.0)
    run.waits = ""
    if not run.released:
        message = "The deployment was stopped because traffic rerouting was not started in time."
        raise codedeployruns.Halt("Stopped", "TIMEOUT", message, "DEPLOYMENT_STOP_ON_REQUEST")
    run.released = False
    run.body |= {"status": "InProgress", "deploymentOverview": codedeployruns.overview("InProgress")}


@rules.reported("recordings: an alarm stops a deployment about twenty seconds after it goes off")
@rules.guessed("whatever a deployment waits for then, alarms are looked at every ten seconds")
def _waiting(world: World, run: Run, seconds: float) -> Iterator[float]:
    """Wait, unless a caller ends the wait or an alarm the deployment."""
    until = world.now + seconds
    while world.now < until and not run.released:
        yield min(_WATCH, until - world.now)
        codedeployruns.check_service(run.service)
        _check_alarms(world, run)


@rules.documented("user guide: traffic is shifted as the deployment configuration says")
@rules.reported("recordings: the weights by minute")
@rules.guessed("the replacement becomes PRIMARY when it has all the traffic")
def _shifting(world: World, run: Run) -> Iterator[float]:
    assert run.replacement is not None
    configuration = codedeployconfigs.find(world, run.body["deploymentConfigName"])
    for delay, weight in codedeployconfigs.shifts(configuration):
        yield from _waiting(world, run, delay)
        codedeployruns.check_service(run.service)
        _check_alarms(world, run)
        run.weight = weight
    tasksets.promote(world, run.service, run.replacement)
    yield world.knobs.event


@rules.documented("codedeploy model, BlueInstanceTerminationOption; instanceTerminationWaitTimeStarted")
@rules.reported(
    "recordings: InProgress during the wait, both task sets at full scale; then DRAINING at scale 0"
)
@rules.guessed("without a word about it the original is terminated at once")
def _terminating(world: World, run: Run) -> Iterator[float]:
    assert run.original is not None
    option = (
        run.body["blueGreenDeploymentConfiguration"].get("terminateBlueInstancesOnDeploymentSuccess") or {}
    )
    if option.get("action") == "KEEP_ALIVE":
        return
    run.body["instanceTerminationWaitTimeStarted"] = True
    run.waits = "TERMINATION_WAIT"
    yield from _waiting(world, run, option.get("terminationWaitTimeInMinutes", 0) * 60.0)
    run.waits, run.released = "", False
    codedeployruns.check_service(run.service)
    tasksets.retire(world, run.service, run.original)
    rollouts.wake(world, run.service)
