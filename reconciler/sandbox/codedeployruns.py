"""How a CodeDeploy deployment goes: a replacement task set, shifts of traffic, the end of the original, or a rollback.

A deployment is a generator that does its next step and gives the seconds until the one after; `_proceed` wakes it by
the agenda. Whoever ends a wait early lets it proceed at once; whoever stops it drops the generator.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from reconciler.sandbox import (
    codedeployconfigs,
    codedeploygroups,
    codedeployrevisions,
    codedeploytargets,
    rollouts,
    rules,
    tasksets,
)
from reconciler.sandbox.codedeploystates import Run, Wish
from reconciler.sandbox.errors import Refusal
from reconciler.sandbox.worlds import Body, Service, World

_POLL: Final = 5.0
"""How often a deployment looks whether its replacement task set is healthy, in seconds. A guess."""

_HOOK_TIMEOUT: Final = 3600.0
"""AppSpec reference, hooks for ECS: a function has an hour to report."""

_TEST: Final = ("AllowTestTraffic", "AfterAllowTestTraffic")


@dataclass(eq=False)
class Halt(Exception):
    """The deployment ends here. `cause` is the event that a rollback configuration may list."""

    status: str
    code: str
    message: str
    cause: str = "DEPLOYMENT_FAILURE"


@rules.documented("codedeploy model, DeploymentInfo; CreateDeployment: what is not sent is the group's")
@rules.guessed("which members of no meaning for ECS are shown all the same")
def begin(
    world: World, group: Body, service: Service, members: Body, steps: Callable[[Run], Iterator[float]]
) -> Run:
    """Make a deployment of a group's service, with `members` of its own, and have it go."""
    copied = (
        "deploymentStyle",
        "blueGreenDeploymentConfiguration",
        "loadBalancerInfo",
        "autoRollbackConfiguration",
    )
    body: Body = {
        "applicationName": group["applicationName"],
        "deploymentGroupName": group["deploymentGroupName"],
        "deploymentConfigName": group["deploymentConfigName"],
        "deploymentId": "d-" + "".join(world.random.choices("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789", k=9)),
        "status": "Created",
        "createTime": world.now,
        "deploymentOverview": _overview("Pending"),
        "creator": "user",
        "ignoreApplicationStopFailures": False,
        "updateOutdatedInstancesOnly": False,
        "instanceTerminationWaitTimeStarted": False,
        "fileExistsBehavior": "DISALLOW",
        "deploymentStatusMessages": [],
        "computePlatform": "ECS",
        **{member: group[member] for member in copied if member in group},
        **({"previousRevision": group["targetRevision"]} if "targetRevision" in group else {}),
        **members,
    }
    events = [{"lifecycleEventName": name, "status": "Pending"} for name in _lifecycle(group)]
    run = Run(body, events, service, iter(()), updated=world.now)
    run.steps = steps(run)
    world.codedeploy.runs[run.id] = run
    group["lastAttemptedDeployment"] = _brief(run)
    world.agenda.after(world.knobs.tick, _waking(world, run))
    return run


@rules.documented("AppSpec reference, lifecycle events of an ECS deployment, in their order")
@rules.reported(
    "recordings: eight events with a test listener; AWS's tutorial: six without, none of test traffic among them"
)
def _lifecycle(group: Body) -> list[str]:
    names = (
        *("BeforeInstall", "Install", "AfterInstall", *_TEST),
        *("BeforeAllowTraffic", "AllowTraffic", "AfterAllowTraffic"),
    )
    tested = group["loadBalancerInfo"]["targetGroupPairInfoList"][0].get("testTrafficRoute")
    return [name for name in names if tested or name not in _TEST]


def _overview(counted: str) -> dict[str, int]:
    kinds = ("Pending", "InProgress", "Succeeded", "Failed", "Skipped", "Ready")
    return {kind: int(kind == counted) for kind in kinds}


def _brief(run: Run) -> Body:
    times = {"endTime": run.body["completeTime"]} if "completeTime" in run.body else {}
    return {
        "deploymentId": run.id,
        "status": run.body["status"],
        "createTime": run.body["createTime"],
    } | times


def _waking(world: World, run: Run) -> Callable[[], None]:
    turn = run.turn

    def wake() -> None:
        if run.turn == turn:
            proceed(world, run)

    return wake


@rules.guessed("what ends a wait early takes effect at once")
def proceed(world: World, run: Run) -> None:
    """Have a deployment do its next step, whether it waits or not."""
    run.turn += 1
    run.updated = world.now
    try:
        delay = next(run.steps)
    except StopIteration:
        return
    except Halt as reason:
        halt(world, run, reason)
        return
    world.agenda.after(delay, _waking(world, run))


@rules.documented("user guide, what happens during an Amazon ECS deployment: the steps and their order")
@rules.documented("codedeploy model, DeploymentStatus; AppSpec reference: which events may have a function")
@rules.guessed("traffic rerouting is waited for after the test traffic and before BeforeAllowTraffic")
def deploying(world: World, run: Run, text: str) -> Iterator[float]:
    """Deploy what an AppSpec asks for."""
    run.body |= {
        "status": "InProgress",
        "startTime": world.now,
        "deploymentOverview": _overview("InProgress"),
    }
    service = run.service
    _check_service(service)
    try:
        wish = codedeployrevisions.read(text)
    except codedeployrevisions.BadAppSpec as error:
        raise Halt("Failed", "INVALID_REVISION", _BAD_APPSPEC + error.why) from None
    run.hooks, run.original = wish.hooks, service.primary
    target_group = _other_target_group(world, run)
    yield from _event(world, run, "BeforeInstall", _hook(world, run, "BeforeInstall"))
    yield from _event(world, run, "Install", _installing(world, run, wish, target_group))
    yield from _event(world, run, "AfterInstall", _hook(world, run, "AfterInstall"))
    if any(each["lifecycleEventName"] in _TEST for each in run.events):
        yield from _event(world, run, "AllowTestTraffic", iter((world.knobs.event,)))
        yield from _event(world, run, "AfterAllowTestTraffic", _hook(world, run, "AfterAllowTestTraffic"))
    yield from _getting_ready(run)
    yield from _event(world, run, "BeforeAllowTraffic", _hook(world, run, "BeforeAllowTraffic"))
    yield from _event(world, run, "AllowTraffic", _shifting(world, run))
    yield from _event(world, run, "AfterAllowTraffic", _hook(world, run, "AfterAllowTraffic"))
    yield from _terminating(world, run)
    finish(world, run, "Succeeded")


_BAD_APPSPEC: Final = (
    "The deployment failed because the AppSpec file that specifies the deployment configuration is missing or has an "
    "invalid configuration. "
)


@rules.documented("codedeploy model, LifecycleEvent")
def _event(world: World, run: Run, name: str, steps: Iterator[float]) -> Iterator[float]:
    (event,) = (each for each in run.events if each["lifecycleEventName"] == name)
    event |= {"status": "InProgress", "startTime": world.now}
    yield from steps
    event |= {"status": "Succeeded", "endTime": world.now}


@rules.documented("codedeploy model, ErrorCode INVALID_ECS_SERVICE")
@rules.guessed(
    "the wording; a service that is deleted or migrated fails its deployment when that is next looked at"
)
def _check_service(service: Service) -> None:
    if service.body["status"] != "ACTIVE" or service.body["deploymentController"]["type"] != "CODE_DEPLOY":
        message = f"The ECS service {service.name} is not ACTIVE with a CODE_DEPLOY deployment controller."
        raise Halt("Failed", "INVALID_ECS_SERVICE", message)


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
        raise Halt("Failed", "ELASTIC_LOAD_BALANCING_INVALID", message)
    (other,) = (name for name in names if name not in own)
    return world.codedeploy.target_groups[other]


@rules.documented("AppSpec reference, hooks for ECS: a function reports Succeeded or Failed within an hour")
@rules.guessed(
    "functions are not run: each succeeds unless the seed says otherwise; the wording of a failure"
)
def _hook(world: World, run: Run, event: str) -> Iterator[float]:
    yield world.knobs.event
    function = run.hooks.get(event, "")
    outcome = world.codedeploy.hooks.get(function.rpartition(":")[2], "Succeeded")
    if not function or outcome == "Succeeded":
        return
    if outcome == "InProgress":
        run.waits, run.hook = "HOOK", world.uuid()
        run.executions[run.hook] = event
        yield _HOOK_TIMEOUT
        run.waits, run.hook = "", ""
        if run.released:
            run.released = False
            return
    raise Halt("Failed", "HOOK_EXECUTION_FAILURE", hook_failure(event))


@rules.guessed("the wording")
def hook_failure(event: str) -> str:
    """Say that the function of a lifecycle event has failed."""
    return f"The deployment failed because the function hooked to {event} failed or did not report in time."


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
    _check_service(service)
    try:
        own = codedeployrevisions.wished(world, service, wish, target_group)
    except Refusal as refusal:
        message = (
            f"The ECS service cannot be updated due to an unexpected error: {refusal.message} (Service: AmazonECS; "
            f"Status Code: 400; Error Code: {refusal.code}; Request ID: {world.uuid()}; Proxy: null). Check your ECS "
            "service status."
        )
        raise Halt("Failed", "ECS_UPDATE_ERROR", message) from None
    for each in service.deployments:
        if each.status == "ACTIVE":
            tasksets.retire(world, service, each)
    run.replacement = tasksets.add(world, service, own, run.id)
    rollouts.wake(world, service)
    patience = world.now + world.knobs.replacement_timeout
    while not tasksets.stable(service, run.replacement):
        if world.now >= patience:
            raise Halt("Failed", "TIMEOUT", _TIMED_OUT)
        yield min(_POLL, patience - world.now)
        _check_service(service)
        _check_alarms(world, run)


_TIMED_OUT: Final = (
    "The deployment timed out while waiting for the replacement task set to become healthy. This time out period is "
    "60 minutes."
)


@rules.documented("codedeploy model, AlarmConfiguration; overrideAlarmConfiguration overrides the group's")
@rules.reported("recordings: ALARM_ACTIVE and its message, the deployment is Stopped, Install has failed")
@rules.guessed("CloudWatch is not simulated: the seed says which alarms are active")
def _check_alarms(world: World, run: Run) -> None:
    group = world.codedeploy.groups[run.body["applicationName"], run.body["deploymentGroupName"]]
    watched = run.body.get("overrideAlarmConfiguration") or group.get("alarmConfiguration") or {}
    active = [each["name"] for each in watched.get("alarms", []) if each["name"] in world.codedeploy.alarms]
    if watched.get("enabled") and active:
        message = (
            "One or more alarms have been activated according to the Amazon CloudWatch metrics you selected, and the "
            f"affected deployments have been stopped. Activated alarms: {' '.join(f'<{name}>' for name in active)}"
        )
        raise Halt("Stopped", "ALARM_ACTIVE", message, "DEPLOYMENT_STOP_ON_ALARM")


@rules.documented(
    "codedeploy model, DeploymentReadyOption: STOP_DEPLOYMENT waits for ContinueDeployment, then Stopped"
)
@rules.reported(
    "aws-cdk, AutoRollbackConfig.stoppedDeployment: it rolls back if the wait for approval times out"
)
@rules.guessed("code and message of that")
def _getting_ready(run: Run) -> Iterator[float]:
    option = run.body["blueGreenDeploymentConfiguration"].get("deploymentReadyOption") or {}
    if option.get("actionOnTimeout") != "STOP_DEPLOYMENT":
        return
    run.body |= {"status": "Ready", "deploymentOverview": _overview("Ready")}
    run.waits = "READY_WAIT"
    yield option.get("waitTimeInMinutes", 0) * 60.0
    run.waits = ""
    if not run.released:
        message = "The deployment was stopped because traffic rerouting was not started in time."
        raise Halt("Stopped", "TIMEOUT", message, "DEPLOYMENT_STOP_ON_REQUEST")
    run.released = False
    run.body |= {"status": "InProgress", "deploymentOverview": _overview("InProgress")}


@rules.documented("user guide: traffic is shifted as the deployment configuration says")
@rules.reported("recordings: the weights by minute; alarms are heeded between the shifts")
@rules.guessed("the replacement becomes PRIMARY when it has all the traffic")
def _shifting(world: World, run: Run) -> Iterator[float]:
    assert run.replacement is not None
    configuration = codedeployconfigs.find(world, run.body["deploymentConfigName"])
    for delay, weight in codedeployconfigs.shifts(configuration):
        if delay:
            yield delay
        _check_service(run.service)
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
    yield option.get("terminationWaitTimeInMinutes", 0) * 60.0
    run.waits, run.released = "", False
    _check_service(run.service)
    tasksets.retire(world, run.service, run.original)
    rollouts.wake(world, run.service)


@rules.documented(
    "codedeploy model, DeploymentGroupInfo: targetRevision, last successful and attempted deployment"
)
@rules.guessed("a rollback that succeeds is the last successful deployment, too")
def finish(world: World, run: Run, status: str) -> None:
    """Bring a deployment to its end."""
    overview = {"Succeeded": "Succeeded", "Failed": "Failed"}.get(status, "Skipped")
    run.body |= {"status": status, "completeTime": world.now, "deploymentOverview": _overview(overview)}
    run.updated, run.waits, run.hook = world.now, "", ""
    run.last = codedeploytargets.task_sets(run)
    group = world.codedeploy.groups[run.body["applicationName"], run.body["deploymentGroupName"]]
    group["lastAttemptedDeployment"] = _brief(run)
    if status == "Succeeded":
        group["lastSuccessfulDeployment"] = _brief(run)
        group |= {"targetRevision": run.body["revision"]} if "revision" in run.body else {}


@rules.reported(
    "recordings: the event that is under way Failed, those after it Skipped; traffic is back at once"
)
@rules.documented("codedeploy model, AutoRollbackConfiguration: rolled back on the events that it lists")
@rules.guessed("without a rollback the task sets stay as they are until the next deployment")
def halt(world: World, run: Run, reason: Halt, *, roll_back: bool | None = None) -> None:
    """End a deployment before it has succeeded; `roll_back` overrides what its configuration says."""
    run.turn += 1
    run.steps = iter(())
    for each in run.events:
        if each["status"] == "InProgress":
            each |= {"status": "Failed", "endTime": world.now}
        elif each["status"] == "Pending":
            each["status"] = "Skipped"
    run.body["errorInformation"] = {"code": reason.code, "message": reason.message}
    configured = run.body.get("autoRollbackConfiguration") or {}
    if roll_back is None:
        roll_back = bool(configured.get("enabled")) and reason.cause in configured.get("events", [])
    possible = reason.code != "INVALID_ECS_SERVICE" and run.body["creator"] != "codeDeployRollback"
    if not (roll_back and possible):
        finish(world, run, reason.status)
        return
    run.weight = 0.0
    if run.original is not None and run.original.status != "PRIMARY":
        tasksets.promote(world, run.service, run.original)
    finish(world, run, reason.status)
    _roll_back(world, run)


@rules.reported(
    "recordings: the rollback is a deployment by codeDeployRollback with ECSAllAtOnce; it makes no task set but drains "
    "the one of the deployment it rolls back; both have the other's id and a message in rollbackInfo"
)
@rules.documented(
    "user guide, redeploy and roll back: the last successful revision is deployed, as a new deployment"
)
@rules.guessed("its lifecycle events run one after the other, and call no functions")
def _roll_back(world: World, failed: Run) -> None:
    group = world.codedeploy.groups[failed.body["applicationName"], failed.body["deploymentGroupName"]]

    def steps(run: Run) -> Iterator[float]:
        run.body |= {
            "status": "InProgress",
            "startTime": world.now,
            "deploymentOverview": _overview("InProgress"),
        }
        for each in run.events:
            yield from _event(world, run, each["lifecycleEventName"], iter((world.knobs.event,)))
        _check_service(run.service)
        if run.replacement is not None:
            tasksets.retire(world, run.service, run.replacement)
            rollouts.wake(world, run.service)
        finish(world, run, "Succeeded")

    members: Body = {"creator": "codeDeployRollback", "deploymentConfigName": codedeployconfigs.ALL_AT_ONCE}
    if "targetRevision" in group:
        members["revision"] = group["targetRevision"]
    run = begin(world, group, failed.service, members, steps)
    run.original, run.replacement = failed.original, failed.replacement
    run.body["rollbackInfo"] = {
        "rollbackTriggeringDeploymentId": failed.id,
        "rollbackMessage": f"Deployment {run.id} is triggered to roll back deployment {failed.id}.",
    }
    failed.body["rollbackInfo"] = {
        "rollbackDeploymentId": run.id,
        "rollbackMessage": (
            f"Deployment {failed.id} terminated. Automatic rollback is triggered with a DeploymentId {run.id}."
        ),
    }
