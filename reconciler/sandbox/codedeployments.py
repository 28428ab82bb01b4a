"""CodeDeploy's deployments as callers have them: created, shown, listed, continued, stopped, told how a hook ended."""

from functools import partial
from typing import Final

from reconciler.sandbox import (
    codedeployconfigs,
    codedeploygroups,
    codedeploylookups,
    codedeployrevisions,
    codedeployruns,
    codedeploysteps,
    rules,
)
from reconciler.sandbox.codedeploystates import OVER, Run
from reconciler.sandbox.errors import Refusal
from reconciler.sandbox.worlds import Body, World

_SENT: Final = (
    *("revision", "deploymentConfigName", "description", "autoRollbackConfiguration"),
    "overrideAlarmConfiguration",
)


@rules.documented(
    "codedeploy model, CreateDeployment: what is not sent is the group's; RESTART is rejected for ECS; "
    "DeploymentLimitExceededException"
)
@rules.reported(
    "aws-ecs-orb#181: The Deployment Group 'NAME' already has an active Deployment 'ID'; aws-cli#6267: an AppSpec "
    "that cannot be read fails the deployment, not its creation"
)
@rules.guessed("the wording for RESTART")
def create_deployment(world: World, request: Body) -> Body:
    """Create a deployment, which begins a moment later."""
    group = codedeploylookups.group(world, request)
    if request.get("deploymentMode") == "RESTART":
        raise Refusal("InvalidInputException", "RESTART is not supported for the ECS compute platform")
    text = codedeployrevisions.content(request)
    if request.get("deploymentConfigName"):
        codedeployconfigs.find(world, request["deploymentConfigName"])
    codedeploygroups.check_rollback(request.get("autoRollbackConfiguration") or {})
    service = codedeploygroups.target(world, group["ecsServices"][0])
    for each in _of_group(world, group):
        if not each.over:
            name = group["deploymentGroupName"]
            message = f"The Deployment Group '{name}' already has an active Deployment '{each.id}'"
            raise Refusal("DeploymentLimitExceededException", message)
    members = {member: request[member] for member in _SENT if request.get(member)}
    run = codedeployruns.begin(
        world, group, service, members, partial(codedeploysteps.deploying, world, text=text)
    )
    _used(world, group, run)
    return {"deploymentId": run.id}


@rules.documented("codedeploy model, GenericRevisionInfo: firstUsedTime, lastUsedTime, deploymentGroups")
def _used(world: World, group: Body, run: Run) -> None:
    revision = codedeployrevisions.register(world, group["applicationName"], run.body["revision"])
    info = revision["revisionInfo"]
    info["lastUsedTime"] = world.now
    info.setdefault("firstUsedTime", world.now)
    if group["deploymentGroupName"] not in info["deploymentGroups"]:
        info["deploymentGroups"].append(group["deploymentGroupName"])


def _of_group(world: World, group: Body) -> list[Run]:
    members = ("applicationName", "deploymentGroupName")
    wanted = [group[name] for name in members]
    return [run for run in world.codedeploy.runs.values() if [run.body[name] for name in members] == wanted]


@rules.documented("codedeploy model, GetDeployment")
def get_deployment(world: World, request: Body) -> Body:
    """Show a deployment."""
    return {"deploymentInfo": codedeploylookups.run(world, request).body}


@rules.documented("codedeploy model, BatchGetDeployments: at most 25 ids")
@rules.guessed("deployments that do not exist are left out")
def batch_get_deployments(world: World, request: Body) -> Body:
    """Show several deployments."""
    codedeploylookups.check_batch(request["deploymentIds"], most=25)
    runs = (world.codedeploy.runs.get(each) for each in request["deploymentIds"])
    return {"deploymentsInfo": [each.body for each in runs if each is not None]}


@rules.documented(
    "codedeploy model, ListDeployments: application and group go together; by status and creation time"
)
@rules.reported("aws-cli: the newest first")
@rules.guessed("the wording of what is refused")
def list_deployments(world: World, request: Body) -> Body:
    """List the ids of deployments, those of one group or all."""
    if request.get("deploymentGroupName") and not request.get("applicationName"):
        message = "Application name must be specified with a deployment group"
        raise Refusal("ApplicationNameRequiredException", message)
    runs = list(world.codedeploy.runs.values())
    if request.get("applicationName"):
        runs = _of_group(world, codedeploylookups.group(world, request))
    span = request.get("createTimeRange") or {}
    start, end = span.get("start"), span.get("end")
    if start is not None and end is not None and start > end:
        raise Refusal("InvalidTimeRangeException", "The start of the time range must not be after its end")
    statuses = request.get("includeOnlyStatuses") or []
    found = [
        run.id
        for run in reversed(runs)
        if (not statuses or run.body["status"] in statuses)
        and (start is None or run.body["createTime"] >= start)
        and (end is None or run.body["createTime"] <= end)
    ]
    return codedeploylookups.page(found, "deployments", request)


@rules.documented(
    "codedeploy model, ContinueDeployment: READY_WAIT or TERMINATION_WAIT; DeploymentIsNotInReadyState…"
)
@rules.guessed("without a type READY_WAIT is meant; the wording")
def continue_deployment(world: World, request: Body) -> Body:
    """End the wait for traffic rerouting, or the one for the original task set's termination."""
    run = _open(world, request)
    kind = request.get("deploymentWaitType") or "READY_WAIT"
    if run.waits != kind:
        message = f"The deployment {run.id} does not wait for {kind}"
        raise Refusal("DeploymentIsNotInReadyStateException", message)
    run.released = True
    codedeployruns.proceed(world, run)
    return {}


@rules.documented(
    "codedeploy model, StopDeployment; DeploymentAlreadyCompletedException; autoRollbackEnabled"
)
@rules.documented("aws-cli examples, stop-deployment: No more commands will be scheduled for execution in …")
@rules.guessed(
    "a deployment stops at once; without autoRollbackEnabled its configuration decides about a rollback"
)
def stop_deployment(world: World, request: Body) -> Body:
    """Stop a deployment, and roll it back if that is wanted."""
    run = _open(world, request)
    reason = codedeployruns.Halt(
        "Stopped", "MANUAL_STOP", "The deployment was stopped on request.", "DEPLOYMENT_STOP_ON_REQUEST"
    )
    run.body.setdefault("startTime", world.now)
    codedeployruns.halt(world, run, reason, roll_back=request.get("autoRollbackEnabled"))
    message = "No more commands will be scheduled for execution in the deployment instances"
    return {"status": "Succeeded", "statusMessage": message}


@rules.documented("codedeploy model, DeploymentAlreadyCompletedException")
@rules.guessed("the wording")
def _open(world: World, request: Body) -> Run:
    run = codedeploylookups.run(world, request)
    if run.body["status"] in OVER:
        message = f"The deployment {run.id} is already completed"
        raise Refusal("DeploymentAlreadyCompletedException", message)
    return run


@rules.documented(
    "codedeploy model, PutLifecycleEventHookExecutionStatus: Succeeded or Failed; "
    "LifecycleEventAlreadyCompletedException, InvalidLifecycleEventHookExecutionIdException"
)
@rules.guessed("the wording")
def put_lifecycle_event_hook_execution_status(world: World, request: Body) -> Body:
    """Tell how the function of a lifecycle event ended."""
    run = codedeploylookups.run(world, request)
    identity, status = request.get("lifecycleEventHookExecutionId", ""), request.get("status")
    if status not in ("Succeeded", "Failed"):
        message = "The status of a hook execution must be Succeeded or Failed"
        raise Refusal("InvalidLifecycleEventHookExecutionStatusException", message)
    if identity not in run.executions:
        message = f"Unknown lifecycle event hook execution id: {identity}"
        raise Refusal("InvalidLifecycleEventHookExecutionIdException", message)
    if identity != run.hook:
        message = f"The lifecycle event {run.executions[identity]} is already completed"
        raise Refusal("LifecycleEventAlreadyCompletedException", message)
    run.reported = status
    codedeployruns.proceed(world, run)
    return {"lifecycleEventHookExecutionId": identity}
