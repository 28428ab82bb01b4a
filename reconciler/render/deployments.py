"""A rollout as lines: its deployments' tasks, its lifecycle stage, its traffic, what watches it and what holds it.

Takes deployments as DescribeServices shows them and the record of DescribeServiceDeployments (API model: Deployment,
ServiceDeployment); `status`, the live screen and the lines for pipes all say it with these.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from reconciler.core.rollouts import State, waiting_hooks
from reconciler.core.values import Json, JsonObject
from reconciler.render import pieces
from reconciler.render.pieces import Glyphs, Line, Piece

PHASES: Final = (
    ("scale up", ("PRE_SCALE_UP", "SCALE_UP", "POST_SCALE_UP")),
    ("test traffic", ("TEST_TRAFFIC_SHIFT", "POST_TEST_TRAFFIC_SHIFT")),
    (
        "production traffic",
        ("PRE_PRODUCTION_TRAFFIC_SHIFT", "PRODUCTION_TRAFFIC_SHIFT", "POST_PRODUCTION_TRAFFIC_SHIFT"),
    ),
    ("bake", ("BAKE_TIME",)),
    ("clean up", ("CLEAN_UP",)),
)
"""The lifecycle stages of `core.rollouts`, put together: all of their names would not fit on a line.

RECONCILE_SERVICE comes before them, and only where an earlier deployment was not through (API model, lifecycleStage).
"""

CODE_DEPLOY_PHASES: Final = (
    ("install", ("BeforeInstall", "Install", "AfterInstall")),
    ("test traffic", ("AllowTestTraffic", "AfterAllowTestTraffic")),
    ("production traffic", ("BeforeAllowTraffic", "AllowTraffic", "AfterAllowTraffic")),
)
"""The lifecycle events of CodeDeploy's in `core.rollouts`, put together likewise."""

_PASSED: Final = ("Succeeded", "Skipped")

_TRAFFIC: Final = (
    ("production", "requestedProductionTrafficWeight"),
    ("test", "requestedTestTrafficWeight"),
)
_CELLS: Final = 20
_FEW: Final = 10


def short(arn: Json) -> str:
    """Give the last part of an ARN: ``web:8`` of a task definition's."""
    return str(arn).rsplit("/", 1)[-1]


def rows(deployments: Sequence[JsonObject], columns: int, with_: Glyphs) -> Iterator[Line]:
    """Give a row for each deployment, with a bar where there is room; the bars of a service have one scale."""
    names = [short(each.get("taskDefinition")) for each in deployments]
    longest = max((len(name) for name in names), default=0)
    total = max((max(_whole(each, "desiredCount"), _up(each)) for each in deployments), default=0)
    cells = _cells(columns)
    for name, each in zip(names, deployments, strict=True):
        first = each.get("status") == "PRIMARY"
        yield (
            Piece(f"{each.get('status')!s:<8} ", "bold" if first else ""),
            Piece(f"{name:<{longest}}  "),
            *_tasks_bar(each, total, cells, with_),
            *tasks(each),
        )


def _tasks_bar(deployment: JsonObject, total: int, cells: int, with_: Glyphs) -> Line:
    if not cells:
        return ()
    running, pending = _whole(deployment, "runningCount"), _whole(deployment, "pendingCount")
    return (*pieces.bar(cells, total, running, pending, with_=with_), Piece("  "))


def tasks(deployment: JsonObject) -> Line:
    """Say how many tasks of a deployment run, are wanted, are starting and failed."""
    parts: list[Line] = [
        (Piece(f"{deployment.get('runningCount')}/{deployment.get('desiredCount')} running"),)
    ]
    if deployment.get("pendingCount"):
        parts.append((Piece(f"{deployment['pendingCount']} pending"),))
    if deployment.get("failedTasks"):
        parts.append((Piece(f"{deployment['failedTasks']} failed", "bad"),))
    return pieces.joined(parts)


def stages(
    stage: str, columns: int, with_: Glyphs, *, record: JsonObject | None = None, over: bool = False
) -> Line:
    """Draw the line of stages with the current one by AWS's name; `over` says that all are done.

    Where it is longer than `columns` the others are their marks alone; a stage unknown here stands for itself. A
    deployment of CodeDeploy's, as the `record` says, goes through its events, and may be between two of them.
    """
    passed = _events(record)
    phases = tuple(each for each in CODE_DEPLOY_PHASES if passed.keys() & set(each[1])) if passed else PHASES
    place = next((number for number, (_, members) in enumerate(phases) if stage in members), -1)
    if place < 0 and stage not in ("", "RECONCILE_SERVICE") and not over:
        return (Piece(stage, "warn"),)
    if not stage:
        place = sum(all(passed.get(each, True) for each in members) for _, members in phases) - 1
    names = [name for name, _ in phases]
    before, after = names[: max(place, 0) if stage else place + 1], names[place + 1 :]
    if over:
        before, after = names, []
    here: list[Line] = [] if over or not stage else [(Piece(f"{with_.here} {stage}", "warn"),)]
    whole = pieces.joined(
        [
            *((Piece(f"{with_.done} {name}", "good"),) for name in before),
            *here,
            *((Piece(f"{with_.ahead} {name}", "dim"),) for name in after),
        ],
        "  ",
    )
    if pieces.width(whole) <= columns:
        return whole
    marks = (Piece(with_.done * len(before), "good"), Piece(with_.here if here else "", "warn"))
    return (*marks, Piece(with_.ahead * len(after), "dim"), *((Piece(f" {stage}", "warn"),) if here else ()))


def _events(record: JsonObject | None) -> dict[str, bool]:
    """Give the lifecycle events of a deployment of CodeDeploy's, and which of them are over."""
    found = record.get("lifecycleEvents") if record is not None else None
    return {
        str(each.get("lifecycleEventName")): each.get("status") in _PASSED
        for each in (found if isinstance(found, list | tuple) else ())
        if isinstance(each, dict)
    }


def staged(record: JsonObject | None) -> bool:
    """Tell whether a deployment has stages even while none is under way: one of CodeDeploy's, once they are known."""
    return bool(_events(record))


def traffic(record: JsonObject | None, columns: int, with_: Glyphs) -> Line:
    """Draw the shares of the traffic that the new revision has; nothing where traffic is not shifted."""
    cells = _cells(columns)
    return pieces.joined(
        (
            (
                Piece(f"{kind} "),
                *pieces.bar(cells, 100, share, with_=with_),
                Piece(f"{' ' if cells else ''}{percent(share)}"),
            )
            for kind, share in shares(record)
        ),
        "   ",
    )


def shares(record: JsonObject | None) -> Iterator[tuple[str, float]]:
    """Give which kinds of traffic the new revision has, and how much in percent: production, test."""
    target = record.get("targetServiceRevision") if record is not None else None
    for kind, member in _TRAFFIC:
        share = target.get(member) if isinstance(target, dict) else None
        if isinstance(share, int | float):
            yield kind, float(share)


def percent(share: float) -> str:
    """Write a share that is in percent."""
    return f"{share:g} %"


def monitors(record: JsonObject | None) -> Line:
    """Say what the circuit breaker has counted and what the alarms say; nothing where both are off."""
    if record is None:
        return ()
    return pieces.joined([part for part in (_breaker(record), _alarms(record)) if part], "   ")


def _breaker(record: JsonObject) -> Line:
    found = record.get("deploymentCircuitBreaker")
    state = found if isinstance(found, dict) else {}
    if state.get("status") in (None, "DISABLED"):
        return ()
    count, threshold = state.get("failureCount", 0), state.get("threshold")
    counted = f"{count} of {threshold} failed" if threshold else f"{count} failed"
    if state["status"] == "TRIGGERED":
        return (Piece(f"circuit breaker tripped, {counted}", "bad"),)
    return (Piece("circuit breaker "), Piece(counted, "warn" if count else ""))


def _alarms(record: JsonObject) -> Line:
    found = record.get("alarms")
    state = found if isinstance(found, dict) else {}
    if state.get("status") in (None, "DISABLED"):
        return ()
    gone_off = state.get("triggeredAlarmNames")
    if isinstance(gone_off, list | tuple) and gone_off:
        return (Piece("in alarm: " + ", ".join(str(name) for name in gone_off), "bad"),)
    if state["status"] == "TRIGGERED":
        return (Piece("an alarm went off", "bad"),)
    names = state.get("alarmNames")
    count = len(names) if isinstance(names, list | tuple) else 0
    return (Piece(f"{count} alarm{'' if count == 1 else 's'} quiet"),)


def between(record: JsonObject | None, state: str, reason: str) -> str:
    """Say what a deployment of CodeDeploy's does while none of its events is under way; of others nothing.

    It waits for its turn, for somebody to let the traffic go over, or until the tasks before may be stopped.
    """
    waits = state in (State.IN_PROGRESS.value, State.PAUSED.value)
    codedeploy = record is not None and "deploymentId" in record
    return reason if codedeploy and waits and not (record or {}).get("lifecycleStage") else ""


def hooks(record: JsonObject | None, now: float) -> Iterator[Line]:
    """Say what lifecycle hooks a rollout waits for, with the time that they have."""
    found = record.get("lifecycleHookDetails") if record is not None else None
    several = len(list(waiting_hooks(record or {}))) > 1
    for hook in found if isinstance(found, list | tuple) else ():
        if not isinstance(hook, dict):
            continue
        match hook.get("status"):
            case "AWAITING_ACTION":
                how = f" --hook {hook.get('hookId')}" if several else ""
                yield (
                    Piece("paused by a hook", "warn"),
                    Piece(f"{_limit(hook, now)}; `reconciler continue{how}` lets it go on"),
                )
            case "IN_PROGRESS":
                unless = " unless it answers" if (limit := _limit(hook, now)) else ""
                yield (Piece(f"{_function(hook)} is running{limit}{unless}"),)
            case "FAILED" | "TIMED_OUT" as status:
                yield (Piece(f"{_function(hook)} {str(status).lower().replace('_', ' ')}", "bad"),)


def _function(hook: JsonObject) -> str:
    arn = hook.get("targetArn")
    return f"hook {arn.rpartition(':function:')[2] or arn}" if isinstance(arn, str) else "the PAUSE hook"


def _limit(hook: JsonObject, now: float) -> str:
    expires = hook.get("expiresAt")
    if not isinstance(expires, int | float):
        return ""
    then = {"CONTINUE": "goes on", "ROLLBACK": "rolls back"}.get(str(hook.get("timeoutAction")), "times out")
    return f", {then} in {duration(expires - now)}"


def duration(seconds: float) -> str:
    """Write a duration in its two largest units: ``42s``, ``2m10s``, ``1h02m``, ``2d03h``."""
    whole = max(int(seconds), 0)
    if whole < 60:
        return f"{whole}s"
    minutes, rest = divmod(whole, 60)
    if minutes < 60:
        return f"{minutes}m{rest:02}s"
    hours, minutes = divmod(minutes, 60)
    return f"{hours}h{minutes:02}m" if hours < 24 else f"{hours // 24}d{hours % 24:02}h"


def _cells(columns: int) -> int:
    return _CELLS if columns >= 90 else _FEW if columns >= 60 else 0


def _whole(deployment: JsonObject, name: str) -> int:
    value = deployment.get(name)
    return value if isinstance(value, int) else 0


def _up(deployment: JsonObject) -> int:
    return _whole(deployment, "runningCount") + _whole(deployment, "pendingCount")
