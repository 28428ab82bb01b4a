"""Events as lines, each once: what happens while a plan is carried out."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final, assert_never

from reconciler.core.events import (
    Diagnosed,
    Event,
    LogLine,
    RolloutProgress,
    ServiceEvent,
    StepDone,
    StepStarted,
    TaskProgress,
    Warned,
)
from reconciler.core.outcomes import Ending, Outcome
from reconciler.core.rollouts import State
from reconciler.core.values import JsonObject
from reconciler.render import deployments, diagnoses, pieces
from reconciler.render.styles import PLAIN, Style

_STATES: Final = {
    "in progress": "warn",
    "paused": "warn",
    "rolling back": "bad",
    "deployed": "good",
    "stable": "good",
    "failed": "bad",
    "rolled back": "bad",
    "superseded": "warn",
    "gone": "bad",
}
_ENDINGS: Final = {Ending.SUCCEEDED: "good", Ending.FAILED: "bad", Ending.ROLLED_BACK: "bad"}


def role(state: str) -> str:
    """Give the role that a state is painted in."""
    return _STATES.get(state, "warn")


def line(event: Event, style: Style = PLAIN) -> str:
    """Write an event as one line."""
    if isinstance(event, ServiceEvent):
        return f"{style.paint('dim', _time(event.at))} {text(event, style)}"
    return text(event, style)


def text(event: Event, style: Style = PLAIN) -> str:
    """Write an event as one line, without the local time."""
    match event:
        case StepStarted():
            return f"{event.unit}: {event.step}..."
        case StepDone():
            result = f" {_short(event.result)}" if event.result else ""
            done = style.paint("good", "is there already, used again" if event.reused else "done")
            return f"{event.unit}: {done}{result}"
        case RolloutProgress():
            counts = "; ".join(_deployment(deployment) for deployment in event.deployments)
            return f"{event.unit}: {style.paint(role(event.state), event.state)}{_where(event)}: {counts}"
        case ServiceEvent():
            return event.message + (f" ×{event.times}" if event.times > 1 else "")
        case Warned():
            return f"{event.unit}: {event.what}"
        case Diagnosed():
            return f"{event.unit}: it does not move.\n{diagnoses.text(event.diagnosis, style)}"
        case TaskProgress():
            reason = f": {event.reason}" if event.reason else ""
            return f"{event.unit}: {event.status}{reason}"
        case LogLine():
            return event.text
        case _:
            assert_never(event)


def fields(event: Event) -> dict[str, object]:
    """Give the fields of an event for JSON logs, as docs/schemas/events.schema.json describes them."""
    match event:
        case StepStarted():
            return {"kind": "StepStarted", "unit": event.unit, "step": event.step}
        case StepDone():
            return {
                "kind": "StepDone",
                "unit": event.unit,
                "step": event.step,
                "result": event.result,
                "reused": event.reused,
            }
        case RolloutProgress():
            return {
                "kind": "RolloutProgress",
                "unit": event.unit,
                "at": event.at,
                "state": event.state,
                "reason": event.reason,
                "stage": event.stage,
                "usual": event.usual,
                "deployments": list(event.deployments),
                "record": event.record,
            }
        case ServiceEvent():
            return {
                "kind": "ServiceEvent",
                "unit": event.unit,
                "at": event.at,
                "message": event.message,
                "times": event.times,
            }
        case Warned():
            return {"kind": "Warned", "unit": event.unit, "what": event.what}
        case Diagnosed():
            return {"kind": "Diagnosed", "unit": event.unit, **diagnoses.fields(event.diagnosis)}
        case TaskProgress():
            return {
                "kind": "TaskProgress",
                "unit": event.unit,
                "at": event.at,
                "task": event.task,
                "status": event.status,
                "reason": event.reason,
            }
        case LogLine():
            return {
                "kind": "LogLine",
                "unit": event.unit,
                "at": event.at,
                "task": event.task,
                "container": event.container,
                "text": event.text,
            }
        case _:
            assert_never(event)


def ending(value: Outcome) -> dict[str, object]:
    """Give the fields of how it ended for JSON logs."""
    return {
        "kind": "Ended",
        "ending": value.ending.value,
        "reason": value.reason,
        "seconds": value.seconds,
        "revision": value.revision,
        "idle": value.idle,
        "state": value.state,
    }


def outcome(value: Outcome, success: str = "Applied", style: Style = PLAIN, *, timed: bool = True) -> str:
    """Write how it ended; `success` is what to call it if it ended well.

    Without `timed` nobody saw it begin, and how long it was watched says nothing.
    """
    return style.paint(_ENDINGS.get(value.ending, "warn"), _outcome(value, success, timed=timed))


_GOES_ON: Final = {
    State.IN_PROGRESS.value: "goes on. `reconciler wait` watches it.",
    State.PAUSED.value: "is paused there. `reconciler continue` lets it go on.",
}
"""What is said of a rollout that was waited for no further, by its state."""


def _outcome(value: Outcome, success: str, *, timed: bool) -> str:
    if value.idle:
        return _idle(value)
    reason = f": {value.reason}" if value.reason else ""
    does = "is registered" if value.registered else "runs"
    running = f" {_short(value.revision)} {does}." if value.revision else ""
    after = f" after {lasted(value.seconds)}" if timed else ""
    match value.ending:
        case Ending.SUCCEEDED if value.state in _GOES_ON:
            return f"The rollout has come as far as was asked{after}, and {_GOES_ON[value.state]}"
        case Ending.SUCCEEDED:
            return f"{success}{after}.{running}"
        case Ending.NOT_WAITED:
            return f"{success}, not waited for the rollout. `reconciler wait` watches it."
        case Ending.FAILED:
            return f"The rollout failed{after}{reason}."
        case Ending.ROLLED_BACK:
            by = "CodeDeploy" if value.deployment.startswith("d-") else "ECS"
            return f"The rollout was rolled back by {by}{after}{reason}."
        case Ending.PAUSED:
            return f"The rollout is paused{reason}. `reconciler continue` lets it go on."
        case Ending.TIMED_OUT:
            return f"Timed out{reason}. The rollout goes on in AWS; `reconciler wait` picks it up again."
        case Ending.SUPERSEDED:
            return f"Another rollout took this one's place{reason}. `reconciler wait` watches it."
        case _:
            assert_never(value.ending)


def _idle(value: Outcome) -> str:
    """Say how a service is of which nothing is rolled out, and where to look if it is not well."""
    stable = "the service is stable"
    name = _short(value.revision) or "the service"
    if stable in value.reason:
        return f"No rollout is running; {value.reason.replace(stable, f'{name} is stable')}."
    return f"No rollout is running; {name}: {value.reason}. `reconciler status` says more."


def lasted(seconds: float) -> str:
    """Write how long something took."""
    return f"{seconds:.0f} s" if seconds < 59.5 else deployments.duration(round(seconds))


def _where(event: RolloutProgress) -> str:
    """Say how far a rollout is that has stages: `, BAKE_TIME, production traffic 50 %`."""
    if said := deployments.between(event.record, event.state, event.reason):
        return f", {said}"
    stage = f", {event.stage}" if event.stage else ""
    moved = [
        f"{kind} traffic {deployments.percent(share)}"
        for kind, share in deployments.shares(event.record)
        if kind == "production" or (share and "TEST_TRAFFIC" in event.stage)
    ]
    return ", ".join((stage, *moved)) if stage else ""


def _deployment(deployment: JsonObject) -> str:
    counts = pieces.painted(deployments.tasks(deployment))
    return f"{deployment.get('status')} {_short(str(deployment.get('taskDefinition')))} {counts}"


def _short(arn: str) -> str:
    return arn.rsplit("/", 1)[-1]


def _time(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).astimezone().strftime("%H:%M:%S")
