"""How a CodeDeploy deployment is driven, and how it ends: by success, by failure, by a rollback.

A deployment is a generator that does its next step and gives the seconds until the one after (`codedeploysteps`);
`proceed` wakes it by the agenda. Whoever ends a wait early lets it proceed at once; whoever stops it drops the
generator.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from reconciler.sandbox import codedeployconfigs, codedeploytargets, rollouts, rules, tasksets
from reconciler.sandbox.codedeploystates import Run
from reconciler.sandbox.worlds import Body, Service, World

TEST: Final = ("AllowTestTraffic", "AfterAllowTestTraffic")
"""The lifecycle events that there are with a route for test traffic only."""


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
        "deploymentOverview": overview("Pending"),
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
        *("BeforeInstall", "Install", "AfterInstall", *TEST),
        *("BeforeAllowTraffic", "AllowTraffic", "AfterAllowTraffic"),
    )
    tested = group["loadBalancerInfo"]["targetGroupPairInfoList"][0].get("testTrafficRoute")
    return [name for name in names if tested or name not in TEST]


@rules.documented("codedeploy model, DeploymentOverview: numbers of targets by status; ECS has one target")
def overview(counted: str) -> dict[str, int]:
    """Give the overview of a deployment whose only target has a status."""
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


@rules.documented("codedeploy model, LifecycleEvent")
def event(world: World, run: Run, name: str, steps: Iterator[float]) -> Iterator[float]:
    """Have `steps` be what a lifecycle event does."""
    (shown,) = (each for each in run.events if each["lifecycleEventName"] == name)
    shown |= {"status": "InProgress", "startTime": world.now}
    yield from steps
    shown |= {"status": "Succeeded", "endTime": world.now}


@rules.documented("codedeploy model, ErrorCode INVALID_ECS_SERVICE")
@rules.guessed(
    "the wording; a service that is deleted or migrated fails its deployment when that is next looked at"
)
def check_service(service: Service) -> None:
    """Halt the deployment of a service that CodeDeploy cannot deploy any more."""
    if service.body["status"] != "ACTIVE" or service.body["deploymentController"]["type"] != "CODE_DEPLOY":
        message = f"The ECS service {service.name} is not ACTIVE with a CODE_DEPLOY deployment controller."
        raise Halt("Failed", "INVALID_ECS_SERVICE", message)


@rules.documented(
    "codedeploy model, DeploymentGroupInfo: targetRevision, last successful and attempted deployment"
)
@rules.guessed("a rollback that succeeds is the last successful deployment, too")
def finish(world: World, run: Run, status: str) -> None:
    """Bring a deployment to its end."""
    counted = {"Succeeded": "Succeeded", "Failed": "Failed"}.get(status, "Skipped")
    run.body |= {"status": status, "completeTime": world.now, "deploymentOverview": overview(counted)}
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
            "deploymentOverview": overview("InProgress"),
        }
        for each in run.events:
            yield from event(world, run, each["lifecycleEventName"], iter((world.knobs.event,)))
        check_service(run.service)
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
