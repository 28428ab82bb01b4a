"""The judgement of a rollout: a pure function from what DescribeServices says to what is going on.

It goes by the deployment's id: a rollout that was rolled back ends with another deployment as PRIMARY, and the
service is as stable as after a success.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

from reconciler.core.values import Json, JsonObject


class State(Enum):
    """How a rollout stands."""

    IN_PROGRESS = "in progress"
    DEPLOYED = "deployed"  # every task is of the new deployment; old ones may still be stopping
    STABLE = "stable"  # and nothing else is left
    FAILED = "failed"
    ROLLED_BACK = "rolled back"
    SUPERSEDED = "superseded"
    GONE = "gone"

    @property
    def ended(self) -> bool:
        """Tell whether waiting longer cannot help."""
        return self in (State.FAILED, State.ROLLED_BACK, State.SUPERSEDED, State.GONE)


@dataclass(frozen=True, slots=True)
class Judgement:
    """A state with the reason, in AWS's words where it gives one."""

    state: State
    reason: str


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
    if first.get("rolloutState") not in ("COMPLETED", None):
        return failed(service) or first
    others = [deployment for deployment in deployments(service) if deployment is not first]
    return failed(service) or (first if others else None)


def failed(service: JsonObject) -> JsonObject | None:
    """Give the failed deployment of a service, the PRIMARY one first."""
    return next((d for d in deployments(service) if d.get("rolloutState") == "FAILED"), None)


def judge(service: JsonObject, deployment: str, before: frozenset[str] = frozenset()) -> Judgement:
    """Judge the rollout of the deployment with this id (``ecs-svc/…``).

    `before` holds the ids of the deployments that were there when it started: with one of them as PRIMARY again
    it was rolled back, with an unknown one someone else started a rollout meanwhile.
    """
    if service.get("status") != "ACTIVE":
        return Judgement(State.GONE, f"the service is {service.get('status')}")
    first = primary(service)
    if first is None:
        return Judgement(State.GONE, "the service has no PRIMARY deployment")
    mine = next((d for d in deployments(service) if d.get("id") == deployment), None)
    if first is not mine:
        return _replaced(first, mine, before)
    match first.get("rolloutState"):
        case "FAILED":
            return Judgement(State.FAILED, _reason(first, "the deployment failed"))
        case "COMPLETED":
            pass
        case None:  # no rollout state in this answer: go by the counts, as the `services_stable` waiter does
            if not (_running(service) and len(deployments(service)) == 1):
                return Judgement(State.IN_PROGRESS, "tasks are being started")
        case _:
            reason = _reason(first, "the deployment is in progress")
            going_back = "rolling back" in reason.lower()
            return Judgement(State.ROLLED_BACK if going_back else State.IN_PROGRESS, reason)
    if len(deployments(service)) == 1 and _running(service):
        return Judgement(State.STABLE, _reason(first, "the service is stable"))
    return Judgement(State.DEPLOYED, _reason(first, "the deployment is completed"))


def _replaced(first: JsonObject, mine: JsonObject | None, before: frozenset[str]) -> Judgement:
    reason = _reason(first, "")
    failed = mine is not None and mine.get("rolloutState") == "FAILED"
    if failed or first.get("id") in before or "rolling back" in reason.lower():
        # The deployment before may have been revived as it was: then its reason tells of its own rollout.
        told = reason if "rolling back" in reason.lower() else ""
        why = _reason(mine, "") if mine is not None and failed else told
        return Judgement(State.ROLLED_BACK, why or "ECS went back to the deployment before")
    return Judgement(State.SUPERSEDED, f"deployment {first.get('id')} was started meanwhile")


def _reason(deployment: JsonObject, otherwise: str) -> str:
    found: Json = deployment.get("rolloutStateReason")
    return found.rstrip(".") if isinstance(found, str) and found else otherwise


def _running(service: JsonObject) -> bool:
    return service.get("runningCount") == service.get("desiredCount") and not service.get("pendingCount")
