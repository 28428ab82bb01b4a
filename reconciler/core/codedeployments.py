"""The judgement of a CodeDeploy deployment of an ECS service: a pure function from what CodeDeploy describes.

Takes a DeploymentInfo (GetDeployment), its ECSTarget (GetDeploymentTarget) and the service. Gives a
`rollouts.Judgement`, whose stage is the lifecycle event that is under way, and the form in which progress is told.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from reconciler.core import appspecs, rollouts
from reconciler.core.rollouts import CODE_DEPLOY_EVENTS, Judgement, State
from reconciler.core.values import Json, JsonObject

OPEN: Final = ("Created", "Queued", "InProgress", "Baking", "Ready")
"""The statuses of deployments that are not over (API model, DeploymentStatus)."""

ROLLBACK_EVENTS: Final = ("DEPLOYMENT_FAILURE", "DEPLOYMENT_STOP_ON_ALARM", "DEPLOYMENT_STOP_ON_REQUEST")
"""When a deployment may be rolled back by itself (API model, AutoRollbackEvent)."""

_CAUSES: Final = {"ALARM_ACTIVE": ROLLBACK_EVENTS[1], "MANUAL_STOP": ROLLBACK_EVENTS[2]}
"""Error codes that are the event of that name; any other is a failure (recordings: ALARM_ACTIVE of a stopped one)."""


def over(info: JsonObject) -> bool:
    """Tell whether a deployment has come to its end."""
    return info.get("status") not in OPEN


def controller(service: JsonObject) -> str:
    """Give the type of a described service's deployment controller."""
    found = service.get("deploymentController")
    return str(found.get("type") or "ECS") if isinstance(found, dict) else "ECS"


def task_sets(service: JsonObject) -> Sequence[JsonObject]:
    """Give the task sets of a described service."""
    return _objects(service.get("taskSets"))


def known(service: JsonObject) -> tuple[str, ...]:
    """Give the ids of the CodeDeploy deployments that made the task sets of a service, that of the PRIMARY one first.

    The first task set of a service has none (API model, TaskSet.externalId).
    """
    sets = sorted(task_sets(service), key=lambda each: each.get("status") != "PRIMARY")
    return tuple(str(each["externalId"]) for each in sets if each.get("externalId"))


def judge(
    info: JsonObject,
    *,
    target: JsonObject | None = None,
    back: JsonObject | None = None,
    service: JsonObject | None = None,
    before: frozenset[str] = frozenset(),
) -> Judgement:
    """Judge a deployment.

    `back` is the deployment that rolls it back, once there is one; `service` was read after all that, and `before`
    holds the deployments (`known`) that had made its task sets when this one began: by another one it was superseded.
    """
    if service is not None and service.get("status") != "ACTIVE":
        return Judgement(State.GONE, f"the service is {service.get('status')}")
    stage = _stage(target)
    match info.get("status"):
        case "Created" | "Queued":
            return Judgement(State.IN_PROGRESS, "CodeDeploy has yet to begin", stage)
        case "Ready":
            said = "CodeDeploy waits for somebody to let the traffic go over to the new tasks"
            return Judgement(State.PAUSED, said, stage)
        case "InProgress" | "Baking":
            return Judgement(State.IN_PROGRESS, _doing(target, stage), stage)
        case "Succeeded":
            stable = service is not None and at_rest(service)
            said = "the service is stable" if stable else "the deployment is completed"
            return Judgement(State.STABLE if stable else State.DEPLOYED, said)
        case status:
            return _ended(str(status), info, target, back, service, before, stage)


def _ended(
    status: str,
    info: JsonObject,
    target: JsonObject | None,
    back: JsonObject | None,
    service: JsonObject | None,
    before: frozenset[str],
    stage: str,
) -> Judgement:
    """Judge a deployment that failed or was stopped."""
    why = _why(info, target) or f"the deployment is {status}"
    if back is None and not rollback_of(info):
        own = {*before, str(info.get("deploymentId"))}
        stranger = next((each for each in known(service or {}) if each not in own), "")
        if stranger:
            return Judgement(State.SUPERSEDED, f"deployment {stranger} was started meanwhile")
        return Judgement(State.FAILED, why, stage)
    name = rollback_of(info)
    match (back or {}).get("status"):
        case "Succeeded":
            return Judgement(State.ROLLED_BACK, why)
        case "Failed" | "Stopped":
            return Judgement(
                State.FAILED, f"{why}; the rollback {name} failed: {_why(back or {}, None)}".rstrip(": ")
            )
    return Judgement(State.ROLLING_BACK, f"{why}; CodeDeploy goes back by {name}", stage)


def rollback_of(info: JsonObject) -> str:
    """Give the id of the deployment that rolls one back, empty where none does."""
    found = info.get("rollbackInfo")
    return str(found.get("rollbackDeploymentId") or "") if isinstance(found, dict) else ""


def expects_rollback(info: JsonObject) -> bool:
    """Tell whether a deployment that failed is going to be rolled back by a deployment that is not named yet."""
    if not over(info) or info.get("status") == "Succeeded" or rollback_of(info):
        return False
    if info.get("creator") == "codeDeployRollback":
        return False
    configured = info.get("autoRollbackConfiguration")
    events = configured.get("events") if isinstance(configured, dict) and configured.get("enabled") else ()
    error = info.get("errorInformation")
    code = str(error.get("code", "")) if isinstance(error, dict) else ""
    return isinstance(events, list | tuple) and _CAUSES.get(code, ROLLBACK_EVENTS[0]) in events


def reached(judgement: Judgement, wanted: str, target: JsonObject | None) -> bool:
    """Tell whether a deployment is as far as it is waited for (`rollouts.until`)."""
    kind, _, event = wanted.partition(":")
    if kind == "codedeploy" and judgement.state in (State.IN_PROGRESS, State.PAUSED):
        return passed(target, event)
    return rollouts.reached(judgement, wanted)


def passed(target: JsonObject | None, event: str) -> bool:
    """Tell whether a lifecycle event is over: it succeeded, or a later one has begun.

    Without a listener for test traffic a deployment has no events of it (user guide, ECS lifecycle events).
    """
    place = CODE_DEPLOY_EVENTS.index(event)
    for each in events(target):
        name, status = each.get("lifecycleEventName"), each.get("status")
        if name == event and status == "Succeeded":
            return True
        later = name in CODE_DEPLOY_EVENTS and CODE_DEPLOY_EVENTS.index(str(name)) > place
        if later and status in ("InProgress", "Succeeded"):
            return True
    return False


def at_rest(service: JsonObject) -> bool:
    """Tell whether nothing of a service moves: its PRIMARY task set is steady, and none is being drained."""
    sets = task_sets(service)
    first = next((each for each in sets if each.get("status") == "PRIMARY"), None)
    if first is None or any(each.get("status") == "DRAINING" for each in sets):
        return False
    wanted = service.get("desiredCount")
    steady = first.get("stabilityStatus") == "STEADY_STATE" and not first.get("pendingCount")
    return steady and first.get("runningCount") == wanted


def events(target: JsonObject | None) -> Sequence[JsonObject]:
    """Give the lifecycle events of an ECSTarget."""
    return _objects((target or {}).get("lifecycleEvents"))


def traffic(target: JsonObject | None) -> float | None:
    """Give the percentage of the traffic that the new tasks have, None where there are none yet."""
    weight = _green(target).get("trafficWeight")
    return float(weight) if isinstance(weight, int | float) else None


def green(target: JsonObject | None) -> str:
    """Give the id of the new task set, which started its tasks (API models: ECSTaskSet.identifer, Task.startedBy)."""
    return str(_green(target).get("identifer") or "")


def _green(target: JsonObject | None) -> JsonObject:
    sets = _objects((target or {}).get("taskSetsInfo"))
    return next((each for each in sets if each.get("taskSetLabel") == "Green"), {})


def record(info: JsonObject, target: JsonObject | None, judgement: Judgement) -> JsonObject:
    """Give a deployment in the form of a service deployment, as far as progress is told by one."""
    weight = traffic(target)
    shares = {} if weight is None else {"requestedProductionTrafficWeight": weight}
    rest = [] if weight is None else [{"requestedProductionTrafficWeight": 100.0 - weight}]
    return {
        "deploymentId": info.get("deploymentId"),
        "createdAt": info.get("createTime"),
        "status": info.get("status"),
        "lifecycleStage": judgement.stage,
        "targetServiceRevision": shares,
        "sourceServiceRevisions": rest,
        "lifecycleEvents": [
            {"lifecycleEventName": each.get("lifecycleEventName"), "status": each.get("status")}
            for each in events(target)
        ],
    }


def lacking(service: JsonObject) -> JsonObject | None:
    """Give the task set that is to take the place of the PRIMARY one, as long as it has too few running tasks.

    Nothing in it tells of tasks that were lost (API model, TaskSet): whether it stands still only time can tell.
    """
    sets = (each for each in task_sets(service) if each.get("status") == "ACTIVE")
    few = (
        each for each in sets if _number(each.get("runningCount")) < _number(each.get("computedDesiredCount"))
    )
    return next(few, None)


def _number(value: Json) -> float:
    return float(value) if isinstance(value, int | float) else 0.0


def deployments(service: JsonObject) -> tuple[JsonObject, ...]:
    """Give the task sets of a service in the form of its deployments, the PRIMARY one first."""
    sets = sorted(task_sets(service), key=lambda each: each.get("status") != "PRIMARY")
    members = ("id", "status", "taskDefinition", "pendingCount", "runningCount", "createdAt", "updatedAt")
    return tuple(
        {name: each[name] for name in members if name in each}
        | {"desiredCount": each.get("computedDesiredCount")}
        for each in sets
    )


def described(info: JsonObject) -> str:
    """Say which deployment this is, what it deploys and who began it."""
    revision = appspecs.task_definition(info.get("revision")).rsplit("/", 1)[-1]
    what = f"{info.get('deploymentId')}" + (f" of {revision}" if revision else "")
    return f"{what}, a rollback" if info.get("creator") == "codeDeployRollback" else what


def _stage(target: JsonObject | None) -> str:
    """Give the event that is under way, else the one that failed."""
    for wanted in ("InProgress", "Failed"):
        for each in events(target):
            if each.get("status") == wanted:
                return str(each.get("lifecycleEventName", ""))
    return ""


def _doing(target: JsonObject | None, stage: str) -> str:
    """Say what a deployment does just now."""
    weight = traffic(target)
    if stage == "AllowTraffic" and weight is not None:
        return f"{stage}: {weight:g}% of the traffic goes to the new tasks"
    if stage:
        return f"{stage} is under way"
    if weight == 100 and passed(target, CODE_DEPLOY_EVENTS[-1]):
        return "all traffic goes to the new tasks; those before are kept until CodeDeploy stops them"
    return "the deployment is in progress"


def _why(info: JsonObject, target: JsonObject | None) -> str:
    """Say why a deployment ended as it did, in CodeDeploy's words."""
    error = info.get("errorInformation")
    told = error if isinstance(error, dict) else {}
    message, code = str(told.get("message") or "").rstrip("."), str(told.get("code") or "")
    said = next(_diagnosed(target), "")
    text = message + (f" ({code})" if message and code else code)
    return f"{text}; {said}" if text and said and said not in text else text or said


def _diagnosed(target: JsonObject | None) -> Iterator[str]:
    for each in events(target):
        found = each.get("diagnostics")
        message = found.get("message") if isinstance(found, dict) else None
        if each.get("status") == "Failed" and message:
            yield f"{each.get('lifecycleEventName')}: {str(message).rstrip('.')}"


def _objects(value: Json) -> Sequence[JsonObject]:
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list | tuple) else []
