"""A service as `status` shows it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Final

from reconciler.core import codedeployments, expresses, rollouts
from reconciler.core.events import RolloutProgress
from reconciler.core.values import Json, JsonObject
from reconciler.render import deployments, live, pieces
from reconciler.render.pieces import UNICODE, Glyphs
from reconciler.render.progress import role
from reconciler.render.styles import PLAIN, Style

_COLUMNS: Final = 120


def text(
    service: JsonObject,
    events: int,
    rollout: RolloutProgress | None = None,
    style: Style = PLAIN,
    glyphs: Glyphs = UNICODE,
) -> str:
    """Write a described service: its state, its deployments, how far its rollout is, the newest `events` events."""
    lines = [
        f"Service: {service.get('serviceName')}",
        f"Cluster: {_short(service.get('clusterArn'))}",
        f"Status: {service.get('status')}",
        # A service of an external controller has none of its own: each of its task sets has one.
        *([f"TaskDefinition: {_short(service['taskDefinition'])}"] if service.get("taskDefinition") else []),
        f"Tasks: {_counts(service)}",
        *_express(service.get("expressGatewayService")),
    ]
    deployed = rollouts.deployments(service) or codedeployments.deployments(service)
    lines.append("Deployments:" if deployed else f"Deployments: none{_whose(service)}")
    for deployment in deployed:
        reason = f"  {deployment['rolloutStateReason']}" if deployment.get("rolloutStateReason") else ""
        lines.append(
            f"  {deployment.get('status')} {_short(deployment.get('taskDefinition'))} "
            f"desired:{deployment.get('desiredCount')} pending:{deployment.get('pendingCount')} "
            f"running:{deployment.get('runningCount')} {deployment.get('rolloutState', '')}{reason}".rstrip()
        )
    if rollout is not None:
        lines += _rollout(rollout, style, glyphs)
    lines += _scaling(service.get("scalableTarget"))
    lines.append("Events:")
    lines += [
        f"  {_time(event.get('createdAt'))} {event.get('message')}" for event in newest(service, events)
    ]
    return "\n".join(lines) + "\n"


def _scaling(target: Json) -> Iterator[str]:
    """Write what sets the number of tasks, as the peer does: the limits, and what is suspended."""
    if not isinstance(target, dict):
        return
    yield "AutoScaling:"
    yield f"  Capacity min:{target.get('MinCapacity')} max:{target.get('MaxCapacity')}"
    state = target.get("SuspendedState")
    held = state if isinstance(state, dict) else {}
    told = {
        "in": "DynamicScalingInSuspended",
        "out": "DynamicScalingOutSuspended",
        "scheduled": "ScheduledScalingSuspended",
    }
    yield "  Suspended " + " ".join(
        f"{word}:{str(held.get(member) is True).lower()}" for word, member in told.items()
    )


def _express(described: Json) -> Iterator[str]:
    """Write what a service is in Express Mode, and where it is reached."""
    if not isinstance(described, dict):
        return
    status = described.get("status")
    reason = status.get("statusReason") if isinstance(status, dict) else None
    yield "Express:"
    yield f"  Status: {expresses.status(described)}" + (f" ({reason})" if reason else "")
    endpoints = expresses.endpoints(described)
    yield "  IngressPaths:" if endpoints else "  IngressPaths: none"
    yield from (f"    {kind} {endpoint}" for kind, endpoint in endpoints)


def _whose(service: JsonObject) -> str:
    """Say whom the deployments are left to where that is another controller than ECS itself."""
    controller = codedeployments.controller(service)
    return "" if controller == "ECS" else f" (the deployment controller is {controller})"


def _rollout(event: RolloutProgress, style: Style, glyphs: Glyphs) -> list[str]:
    usual = f", usually {deployments.duration(event.usual)}" if event.usual else ""
    record = event.record or {}
    began = record.get("createdAt")
    since = f", begun {_time(began)}" if isinstance(began, int | float) else ""
    name = f", {record['deploymentId']}" if record.get("deploymentId") else ""
    at = f" at {event.stage}" if event.stage and event.state == rollouts.State.PAUSED.value else ""
    return [
        f"Rollout: {style.paint(role(event.state), event.state + at)}{name}{since}{usual}",
        *(
            "  " + pieces.painted(line, style, with_=glyphs)
            for line in live.details(event, _COLUMNS, event.at, glyphs)
        ),
    ]


def _counts(service: JsonObject) -> str:
    return ", ".join(f"{service.get(f'{word}Count')} {word}" for word in ("running", "pending", "desired"))


def newest(service: JsonObject, count: int) -> Sequence[JsonObject]:
    """Give the newest events, oldest first, as a log reads."""
    found = service.get("events")
    events = [event for event in found if isinstance(event, dict)] if isinstance(found, list | tuple) else []
    return events[:count][::-1]


def _short(arn: Json) -> str:
    return str(arn).rsplit("/", 1)[-1]


def _time(at: Json) -> str:
    if not isinstance(at, int | float):
        return str(at)
    return datetime.fromtimestamp(at, UTC).astimezone().strftime("%Y-%m-%d %H:%M:%S")
