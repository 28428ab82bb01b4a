"""The judgement of a rollout: a pure function from what AWS describes to what is going on.

It goes by the deployment's id, and by the status of its service deployment where that may be read: a rollout that was
rolled back ends with another deployment as PRIMARY, and the service is as stable as after a success.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from enum import Enum
from typing import Final

from reconciler.core.revisions import short
from reconciler.core.values import Json, JsonObject
from reconciler.records import dataclass


class State(Enum):
    """How a rollout stands."""

    IN_PROGRESS = "in progress"
    PAUSED = "paused"  # a PAUSE hook holds it until somebody answers
    ROLLING_BACK = "rolling back"
    DEPLOYED = "deployed"  # every task is of the new deployment; old ones may still be stopping
    STABLE = "stable"  # and nothing else is left
    FAILED = "failed"
    ROLLED_BACK = "rolled back"
    SUPERSEDED = "superseded"
    GONE = "gone"

    @property
    def ended(self) -> bool:
        """Tell whether waiting longer cannot help."""
        return self in (State.FAILED, State.ROLLED_BACK, State.SUPERSEDED, State.GONE, State.PAUSED)


@dataclass(frozen=True, slots=True)
class Judgement:
    """A state with the reason, in AWS's words where it gives one, and the lifecycle stage where it is known."""

    state: State
    reason: str
    stage: str = ""


STAGES: Final = (
    "RECONCILE_SERVICE",
    "PRE_SCALE_UP",
    "SCALE_UP",
    "POST_SCALE_UP",
    "TEST_TRAFFIC_SHIFT",
    "POST_TEST_TRAFFIC_SHIFT",
    "PRE_PRODUCTION_TRAFFIC_SHIFT",
    "PRODUCTION_TRAFFIC_SHIFT",
    "POST_PRODUCTION_TRAFFIC_SHIFT",
    "BAKE_TIME",
    "CLEAN_UP",
)
"""The lifecycle stages of a service deployment, in order (API model, ServiceDeployment.lifecycleStage)."""

CODE_DEPLOY_EVENTS: Final = (
    "BeforeInstall",
    "Install",
    "AfterInstall",
    "AllowTestTraffic",
    "AfterAllowTestTraffic",
    "BeforeAllowTraffic",
    "AllowTraffic",
    "AfterAllowTraffic",
)
"""The lifecycle events of a CodeDeploy deployment for ECS, in order (CodeDeploy user guide, AppSpec "hooks")."""


def until(text: str) -> str:
    """Read what to wait for, in AWS's spelling: ``stable``, ``deployed``, ``paused``, ``ecs:<stage>``,
    ``codedeploy:<event>``. ValueError says what there is.
    """
    kind, colon, name = text.partition(":")
    if not colon and text in ("stable", "deployed", "paused"):
        return text
    if kind not in ("ecs", "codedeploy") or not colon:
        raise ValueError(f"{text!r} is none of stable, deployed, paused, ecs:STAGE and codedeploy:EVENT")
    known = STAGES if kind == "ecs" else CODE_DEPLOY_EVENTS
    folded = {each.replace("_", "").lower(): each for each in known}
    found = folded.get(name.replace("_", "").lower())
    if found is None:
        raise ValueError(f"{name!r} is none of {', '.join(known)}")
    return f"{kind}:{found}"


def reached(judgement: Judgement, wanted: str) -> bool:
    """Tell whether a rollout is as far as it is waited for (`until`)."""
    state = judgement.state
    if wanted == "stable" or state is State.STABLE:
        return state is State.STABLE
    if state is State.DEPLOYED:
        return True
    if wanted == "paused":
        return state is State.PAUSED
    kind, _, stage = wanted.partition(":")
    if kind != "ecs" or state not in (State.IN_PROGRESS, State.PAUSED) or judgement.stage not in STAGES:
        return False
    return STAGES.index(judgement.stage) >= STAGES.index(stage)


def primary(service: JsonObject) -> JsonObject | None:
    """Give the PRIMARY deployment, None where there is none (CodeDeploy, EXTERNAL, INACTIVE)."""
    return next((d for d in deployments(service) if d.get("status") == "PRIMARY"), None)


def deployments(service: JsonObject) -> Sequence[JsonObject]:
    """Give the deployments of a described service."""
    found = service.get("deployments")
    return [d for d in found if isinstance(d, dict)] if isinstance(found, list | tuple) else []


def unfinished(service: JsonObject) -> JsonObject | None:
    """Give the deployment that keeps a service from being at rest, None where it is.

    That is a PRIMARY one that is not completed, a failed one beside it (ECS is going back from it), or any other one
    whose tasks are still being stopped.
    """
    first = primary(service)
    if first is None:
        return None
    others = [deployment for deployment in deployments(service) if deployment is not first]
    return latest(service) if others or first.get("rolloutState") not in ("COMPLETED", None) else None


def may_pause(service: JsonObject) -> bool:
    """Tell whether a rollout of a described service is under way that a PAUSE hook may hold."""
    configuration = service.get("deploymentConfiguration")
    return unfinished(service) is not None and pauses(
        configuration if isinstance(configuration, dict) else {}
    )


def pauses(configuration: JsonObject) -> bool:
    """Tell whether a deployment configuration has PAUSE hooks."""
    hooks = configuration.get("lifecycleHooks")
    named = hooks if isinstance(hooks, list | tuple) else ()
    return any(isinstance(hook, dict) and hook.get("targetType") == "PAUSE" for hook in named)


def latest(service: JsonObject) -> JsonObject | None:
    """Give the deployment that was begun last: PRIMARY, or the failed one beside it that ECS goes back from."""
    first, bad = primary(service), failed(service)
    return bad if first is not None and bad is not None and led_back(first, bad) else first


def failed(service: JsonObject) -> JsonObject | None:
    """Give the failed deployment of a service, the PRIMARY one first."""
    return next((d for d in deployments(service) if d.get("rolloutState") == "FAILED"), None)


def judge(
    service: JsonObject,
    deployment: str,
    before: frozenset[str] = frozenset(),
    record: JsonObject | None = None,
    *,
    shown: bool = True,
) -> Judgement:
    """Judge the rollout of the deployment with this id (``ecs-svc/…``).

    `before` holds the ids of the deployments that were there when it started: with one of them as PRIMARY again
    it was rolled back, with an unknown one someone else started a rollout meanwhile; but where no description has
    `shown` it yet, descriptions lag behind. `record` is the deployment's service deployment, read after the service;
    without one the deployments of the service have to do.
    """
    if service.get("status") != "ACTIVE":
        return Judgement(State.GONE, f"the service is {service.get('status')}")
    if record is not None:
        return _by_record(service, deployment, before, record)
    first = primary(service)
    if first is None:
        return Judgement(State.GONE, "the service has no PRIMARY deployment")
    mine = next((d for d in deployments(service) if d.get("id") == deployment), None)
    if mine is None and not shown and first.get("id") in before:
        return Judgement(State.IN_PROGRESS, "AWS does not show the deployment yet")
    if first is not mine:
        return _replaced(first, mine, before, _told_to_fail(service, deployment))
    match first.get("rolloutState"):
        case "FAILED":
            return Judgement(State.FAILED, _reason(first, "the deployment failed"))
        case "COMPLETED":
            pass
        case None:  # no rollout state in this answer: go by the counts, as the `services_stable` waiter does
            if not (_running(service) and len(deployments(service)) == 1):
                return Judgement(State.IN_PROGRESS, "tasks are being started")
        case _:
            state = State.ROLLING_BACK if says_back(first) else State.IN_PROGRESS
            return Judgement(state, _reason(first, "the deployment is in progress"))
    if len(deployments(service)) == 1 and _running(service):
        return Judgement(State.STABLE, _reason(first, "the service is stable"))
    return Judgement(State.DEPLOYED, _reason(first, "the deployment is completed"))


def _by_record(service: JsonObject, deployment: str, before: frozenset[str], record: JsonObject) -> Judgement:
    """Judge by the status of the service deployment (API model, ServiceDeploymentStatus)."""
    mine = next((d for d in deployments(service) if d.get("id") == deployment), None)
    first = primary(service)
    other = overtaken(service, deployment, before)
    said = _reason(mine, "") if mine is not None else ""
    stage = str(record.get("lifecycleStage") or "")
    match record.get("status"):
        case "SUCCESSFUL":
            at_rest = len(deployments(service)) == 1 and first is mine and _running(service)
            completed = mine is not None and mine.get("rolloutState") in ("COMPLETED", None)
            stable = at_rest and completed
            reason = said if completed and said else "the deployment is completed"
            return Judgement(State.STABLE if stable else State.DEPLOYED, reason, stage)
        case "ROLLBACK_SUCCESSFUL":
            return Judgement(State.ROLLED_BACK, _why(record, mine, "ECS went back to the deployment before"))
        case "ROLLBACK_FAILED":
            why = _why(record, mine, "no reason is given")
            sources = record.get("sourceServiceRevisions")
            if isinstance(sources, list | tuple) and not sources:
                return Judgement(State.FAILED, f"{why}; there was nothing to go back to")
            return Judgement(State.FAILED, f"the rollback failed: {why}")
        case "ROLLBACK_REQUESTED" | "ROLLBACK_IN_PROGRESS":
            return Judgement(
                State.ROLLING_BACK, _why(record, mine, "ECS goes back to the deployment before"), stage
            )
        case "STOPPED":
            if other:
                return Judgement(State.SUPERSEDED, meanwhile(other))
            return Judgement(State.FAILED, _why(record, mine, "the deployment was stopped"))
        case "STOP_REQUESTED":
            return Judgement(State.IN_PROGRESS, "the deployment is being stopped", stage)
    # From here on the record says less than the service may show already: its status can lag behind.
    if mine is not None and mine.get("rolloutState") == "FAILED":
        back = _goes_back(record) or (first is not None and says_back(first))
        return Judgement(
            State.ROLLING_BACK if back else State.FAILED, _reason(mine, "the deployment failed"), stage
        )
    if other and says_back(other):
        return Judgement(State.ROLLING_BACK, _reason(other, ""), stage)
    if other:
        return Judgement(State.SUPERSEDED, meanwhile(other))
    hook = next(waiting_hooks(record), None)
    if hook is not None:
        return Judgement(State.PAUSED, f"a PAUSE hook holds it at {stage}", stage)
    if mine is not None and mine.get("rolloutState") == "COMPLETED":
        said = "all tasks are new ones, and the deployment goes on"
    return Judgement(State.IN_PROGRESS, said or "the deployment is in progress", stage)


def waiting_hooks(record: JsonObject) -> Iterator[JsonObject]:
    """Give the PAUSE hooks of a service deployment that wait for an answer."""
    hooks = record.get("lifecycleHookDetails")
    for hook in hooks if isinstance(hooks, list | tuple) else ():
        if isinstance(hook, dict) and hook.get("status") == "AWAITING_ACTION":
            yield hook


def _goes_back(record: JsonObject) -> bool:
    """Tell whether ECS rolls a failed deployment back by itself."""
    configuration = record.get("deploymentConfiguration")
    settings = configuration if isinstance(configuration, dict) else {}
    monitors = (settings.get("deploymentCircuitBreaker"), settings.get("alarms"))
    return any(isinstance(each, dict) and each.get("enable") and each.get("rollback") for each in monitors)


def _why(record: JsonObject, mine: JsonObject | None, otherwise: str) -> str:
    """Say why a rollout ended as it did: the deployment's own failure, else what the record says of it."""
    failed = mine if mine is not None and mine.get("rolloutState") == "FAILED" else None
    rollback = record.get("rollback")
    told = [rollback.get("reason") if isinstance(rollback, dict) else None, record.get("statusReason")]
    found = next((text.rstrip(".") for text in told if isinstance(text, str) and text), "")
    return _reason(failed, "") if failed is not None and _reason(failed, "") else found or otherwise


def _told_to_fail(service: JsonObject, deployment: str) -> str:
    """Give why events say that a deployment failed, empty where none does: they outlast it (developer guide)."""
    events = service.get("events")
    for event in events if isinstance(events, list | tuple) else ():
        message = str(event.get("message")) if isinstance(event, dict) else ""
        _, told, why = message.partition(f"(deployment {deployment}) deployment failed")
        if told:
            return why.strip(": .") or "the deployment failed"
    return ""


def _replaced(first: JsonObject, mine: JsonObject | None, before: frozenset[str], told: str) -> Judgement:
    """Judge a rollout in whose place another deployment is PRIMARY: what ECS goes back to, or somebody's.

    Where events have `told` that it failed, and nothing shows it any more, ECS has gone back from it.
    """
    failed = bool(told) if mine is None else mine.get("rolloutState") == "FAILED"
    if not (failed or first.get("id") in before or says_back(first)):
        return Judgement(State.SUPERSEDED, meanwhile(first))
    # The deployment before may have been revived as it was: then its reason tells of its own rollout.
    said = _reason(first, "") if says_back(first) else told
    why = (
        _reason(mine, "") if mine is not None and failed else said
    ) or "ECS went back to the deployment before"
    match first.get("rolloutState"):
        case "IN_PROGRESS":
            return Judgement(State.ROLLING_BACK, why)
        case "FAILED":
            return Judgement(State.FAILED, f"the rollback failed: {_reason(first, why)}")
    return Judgement(State.ROLLED_BACK, why)


def overtaken(service: JsonObject, deployment: str, before: frozenset[str]) -> JsonObject | None:
    """Give the deployment that took the place of one, None where none did or one of those before did."""
    first = primary(service)
    return first if first is not None and first.get("id") not in {deployment, *before} else None


def meanwhile(other: JsonObject) -> str:
    """Say which deployment took the place of another one."""
    revision = short(str(other.get("taskDefinition") or ""))
    return f"deployment {other.get('id')}{' of ' if revision else ''}{revision} was started meanwhile"


def led_back(first: JsonObject, bad: JsonObject) -> bool:
    """Tell whether a PRIMARY deployment is what ECS goes back to from a failed one, and no newer rollout."""
    older = _made(first) < _made(bad)
    return older or says_back(first)


def _made(deployment: JsonObject) -> float:
    created = deployment.get("createdAt")
    return float(created) if isinstance(created, int | float) else 0.0


def says_back(deployment: JsonObject) -> bool:
    """Tell whether a deployment says that ECS goes back by it."""
    return "rolling back" in _reason(deployment, "").lower()


def _reason(deployment: JsonObject, otherwise: str) -> str:
    found: Json = deployment.get("rolloutStateReason")
    return found.rstrip(".") if isinstance(found, str) and found else otherwise


def _running(service: JsonObject) -> bool:
    return service.get("runningCount") == service.get("desiredCount") and not service.get("pendingCount")
