"""What a CodeDeploy deployment shows of its target: an ECS service, its two task sets, the lifecycle events."""

from reconciler.sandbox import codedeploygroups, codedeploylookups, deployments, rules, tasksets
from reconciler.sandbox.codedeploystates import Run
from reconciler.sandbox.errors import Refusal
from reconciler.sandbox.worlds import Body, Deployment, World


@rules.documented("user guide, target ids of ECS deployments: CLUSTER:SERVICE")
def identity(run: Run) -> str:
    """Give the id of a deployment's only target."""
    return f"{run.service.cluster}:{run.service.name}"


@rules.documented("codedeploy model, ECSTaskSet: counts, status, trafficWeight, target group, label")
@rules.guessed("once a deployment is over, its target shows the task sets as they were at its end")
def task_sets(run: Run) -> list[Body]:
    """Give the original and the replacement task set, as far as there are any."""
    if run.last is not None:
        return run.last
    labelled = (("Blue", run.original, 100.0 - run.weight), ("Green", run.replacement, run.weight))
    return [_task_set(run, each, label, weight) for label, each, weight in labelled if each is not None]


def _task_set(run: Run, task_set: Deployment, label: str, weight: float) -> Body:
    shown = deployments.shown(run.service, task_set)
    (balancer,) = tasksets.of(run.service, task_set).own["loadBalancers"]
    return {
        "identifer": task_set.id,
        "desiredCount": tasksets.wanted(run.service, task_set),
        "pendingCount": shown["pendingCount"],
        "runningCount": shown["runningCount"],
        "status": task_set.status,
        "trafficWeight": weight,
        "targetGroup": {"name": codedeploygroups.short(balancer["targetGroupArn"])},
        "taskSetLabel": label,
    }


@rules.documented("codedeploy model, TargetStatus; ECSTarget")
@rules.guessed("a target of a stopped deployment has failed")
def _shown(run: Run) -> Body:
    status = str(run.body["status"])
    target = {
        "deploymentId": run.id,
        "targetId": identity(run),
        "targetArn": run.service.body["serviceArn"],
        "lastUpdatedAt": run.updated,
        "lifecycleEvents": run.events,
        "status": {"Created": "Pending", "Stopped": "Failed"}.get(status, status),
        "taskSetsInfo": task_sets(run),
    }
    return {"deploymentTargetType": "ECSTarget", "ecsTarget": target}


@rules.documented("codedeploy model, DeploymentNotStartedException")
@rules.guessed("the wording")
def _started(world: World, request: Body) -> Run:
    run = codedeploylookups.run(world, request)
    if "startTime" not in run.body:
        raise Refusal("DeploymentNotStartedException", f"The deployment {run.id} has not started")
    return run


@rules.documented("codedeploy model, DeploymentTargetDoesNotExistException")
@rules.guessed("the wording")
def _find(run: Run, target: str) -> Body:
    if target != identity(run):
        message = f"No deployment target found for deployment {run.id} and target id {target}"
        raise Refusal("DeploymentTargetDoesNotExistException", message)
    return _shown(run)


@rules.documented("codedeploy model, GetDeploymentTarget")
def get_deployment_target(world: World, request: Body) -> Body:
    """Show a target of a deployment."""
    return {"deploymentTarget": _find(_started(world, request), request["targetId"])}


@rules.documented(
    "codedeploy model, BatchGetDeploymentTargets; DeploymentTargetListSizeExceededException: exactly one for ECS"
)
@rules.guessed("the wording")
def batch_get_deployment_targets(world: World, request: Body) -> Body:
    """Show the target of a deployment."""
    run = _started(world, request)
    if len(request["targetIds"]) != 1:
        message = "An ECS deployment has exactly one target"
        raise Refusal("DeploymentTargetListSizeExceededException", message)
    return {"deploymentTargets": [_find(run, each) for each in request["targetIds"]]}


@rules.documented("codedeploy model, ListDeploymentTargets: filters by TargetStatus and instance label")
def list_deployment_targets(world: World, request: Body) -> Body:
    """List the id of a deployment's target."""
    run = _started(world, request)
    wanted = (request.get("targetFilters") or {}).get("TargetStatus") or []
    if wanted and _shown(run)["ecsTarget"]["status"] not in wanted:
        return {"targetIds": []}
    return codedeploylookups.page([identity(run)], "targetIds", request)
