"""Events as lines, each once: what happens while a plan is carried out."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import assert_never

from reconciler.core.events import Event, RolloutProgress, ServiceEvent, StepDone, StepStarted, Warned
from reconciler.core.outcomes import Ending, Outcome
from reconciler.core.values import JsonObject


def line(event: Event) -> str:
    """Write an event as one line."""
    match event:
        case StepStarted():
            return f"{event.unit}: {event.step}..."
        case StepDone():
            result = f" {_short(event.result)}" if event.result else ""
            return f"{event.unit}: {'is there already, used again' if event.reused else 'done'}{result}"
        case RolloutProgress():
            deployments = "; ".join(_deployment(deployment) for deployment in event.deployments)
            return f"{event.unit}: {event.state}: {deployments}"
        case ServiceEvent():
            return f"{_time(event.at)} {event.message}"
        case Warned():
            return f"{event.unit}: {event.what}"
        case _:
            assert_never(event)


def fields(event: Event) -> dict[str, object]:
    """Give the fields of an event for JSON logs."""
    match event:
        case StepStarted() | StepDone():
            return {"kind": type(event).__name__, "unit": event.unit, "step": event.step}
        case RolloutProgress():
            return {
                "kind": "RolloutProgress",
                "unit": event.unit,
                "state": event.state,
                "reason": event.reason,
                "deployments": list(event.deployments),
            }
        case ServiceEvent() | Warned():
            return {"kind": type(event).__name__, "unit": event.unit}
        case _:
            assert_never(event)


def outcome(value: Outcome, success: str = "Applied") -> str:
    """Write how it ended; `success` is what to call it if it ended well."""
    reason = f": {value.reason}" if value.reason else ""
    running = f" {_short(value.revision)} runs." if value.revision else ""
    after = f" after {value.seconds:.0f} s"
    match value.ending:
        case Ending.SUCCEEDED:
            return f"{success}{after}.{running}"
        case Ending.NOT_WAITED:
            return "Applied, not waited for the rollout. `reconciler wait` watches it."
        case Ending.FAILED:
            return f"The rollout failed{after}{reason}."
        case Ending.ROLLED_BACK:
            return f"The rollout was rolled back by ECS{after}{reason}."
        case Ending.TIMED_OUT:
            return f"Timed out{reason}. The rollout goes on in AWS; `reconciler wait` picks it up again."
        case Ending.SUPERSEDED:
            return f"Another rollout took this one's place{reason}. `reconciler wait` watches it."
        case _:
            assert_never(value.ending)


def _deployment(deployment: JsonObject) -> str:
    failed = f", {deployment['failedTasks']} failed" if deployment.get("failedTasks") else ""
    counts = f"{deployment.get('runningCount')}/{deployment.get('desiredCount')} running"
    pending = f", {deployment['pendingCount']} pending" if deployment.get("pendingCount") else ""
    return f"{deployment.get('status')} {_short(str(deployment.get('taskDefinition')))} {counts}{pending}{failed}"


def _short(arn: str) -> str:
    return arn.rsplit("/", 1)[-1]


def _time(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).astimezone().strftime("%H:%M:%S")
