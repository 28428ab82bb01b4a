"""Why tasks do not come up: a pure function from what AWS shows of a rollout to its causes, the likeliest first."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import field, replace
from typing import Final

from reconciler.core import codedeployments, evidence, rollouts, symptoms
from reconciler.core.causes import Cause, Kind
from reconciler.core.evidence import Seen
from reconciler.core.symptoms import Of, Symptom
from reconciler.core.values import JsonObject
from reconciler.records import dataclass

# What differs between tasks that end for one reason: their ids, addresses, requests and times.
_DIFFERING: Final = re.compile(
    r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}|\b[0-9a-f]{32}\b|\bi-[0-9a-f]{8,17}\b|ecs-svc/\d+"
    r"|\b\d{1,3}(?:\.\d{1,3}){3}(?::\d+)?|\d{4}-\d\d-\d\d[T ][\d:.]+Z?"
)
_FAILED: Final = re.compile(r"\(deployment (ecs-svc/\d+)\) deployment failed")
_MOST_EVIDENCE: Final = 3


def suspect(service: JsonObject, named: str = "") -> str:
    """Give the id of the deployment that fails or failed, else of the one that runs; empty where there is none.

    That is the one that is `named`, but for one by which ECS goes back. After a rollback was completed the failed one
    is no longer shown: then the service's events name it.
    """
    first, bad = rollouts.primary(service), rollouts.failed(service)
    back = first is not None and first.get("id") == named and rollouts.says_back(first)
    if named and not back:
        return named
    if bad is not None and (bad is first or first is None or rollouts.led_back(first, bad)):
        return str(bad.get("id"))
    if first is not None and (first.get("rolloutState") == "IN_PROGRESS" or _lacks(service)):
        return str(first.get("id"))
    for event in evidence.listed(service, "events"):
        found = _FAILED.search(str(event.get("message")))
        if found:
            return found[1]
    return str(first.get("id")) if first is not None else ""


STILL: Final = 60.0
"""For how many seconds a rollout may stand still before its lost tasks are worth a word."""


def failing(service: JsonObject, now: float = 0.0) -> bool:
    """Tell whether a rollout of the service has failed, or has lost tasks so far, or whether tasks lack without one.

    Of a deployment of CodeDeploy's, whether it lacks tasks that it should have had long before `now`.
    """
    lacking = codedeployments.lacking(service)
    if lacking is not None:
        return now - evidence.number(lacking.get("createdAt")) >= STILL
    return any(
        each.get("rolloutState") == "FAILED"
        or (each.get("rolloutState") == "IN_PROGRESS" and bool(each.get("failedTasks")))
        for each in rollouts.deployments(service)
    ) or (rollouts.unfinished(service) is None and _lacks(service))


def _lacks(service: JsonObject) -> bool:
    """Tell whether a service whose rollout is through has fewer tasks than it should have."""
    first = rollouts.primary(service)
    if first is None or first.get("rolloutState") != "COMPLETED":
        return False
    return evidence.number(service.get("runningCount")) < evidence.number(service.get("desiredCount"))


def of_deployment(tasks: Iterable[JsonObject], deployment: str) -> list[JsonObject]:
    """Give the tasks of a deployment, those that were stopped last first."""
    own = [task for task in tasks if not deployment or task.get("startedBy") == deployment]
    return sorted(
        own, key=lambda task: evidence.number(task.get("stoppingAt") or task.get("createdAt")), reverse=True
    )


def diagnose(seen: Seen) -> tuple[Cause, ...]:
    """Give the causes, the likeliest first: what most tasks ended of before what only the service's events tell.

    What only says that something is wrong is left out where anything says what.
    """
    found: dict[tuple[int, str], _Group] = {}
    told: set[str] = set()
    for task in seen.stopped:
        texts = list(evidence.of_stopped(task, seen, told))
        if texts:
            _collect(found, texts, seen, task)
    for task in evidence.ill(seen):
        _collect(found, list(evidence.of_ill(task, seen, told)), seen, task)
    for task in evidence.waiting(seen):
        _collect(found, list(evidence.of_waiting(task, seen)), seen, task)
    for text, target in evidence.of_targets(seen):
        _collect(found, [(Of.SAID, text)], seen, None, target)
    endings = list(evidence.of_ending(seen))
    for text in endings:
        _collect(found, [(Of.SAID, text)], seen, None)
    for message in evidence.events(seen):
        if message not in told and not any(text in message for text in endings):
            _collect(found, [(Of.SAID, message)], seen, None)
    groups = sorted(found.values(), key=lambda group: (-len(group.tasks), -group.times, group.rank))
    particular = [group for group in groups if not group.vague]
    return tuple(_cause(group, seen) for group in particular or groups)


@dataclass(slots=True)
class _Group:
    """What is one cause so far; `said` counts AWS's sentences by what is left of them without ids."""

    rank: int
    cause: Cause
    vague: bool
    times: int = 0
    tasks: dict[str, None] = field(default_factory=dict)
    said: dict[str, list[str]] = field(default_factory=dict)


def _collect(
    found: dict[tuple[int, str], _Group],
    texts: Sequence[tuple[Of, str]],
    seen: Seen,
    task: JsonObject | None,
    target: JsonObject | None = None,
) -> None:
    """Find the row for what was said of a task, a target or the service, and add it to those of the same cause."""
    groups: dict[str, str] = {}
    matched = _match(texts)
    if matched is None:
        if task is None:
            return  # of the events only what is known matters
        rank, symptom = len(symptoms.TABLE), _unknown(task)
    else:
        rank, symptom, groups = matched
    facts = evidence.facts(texts, seen, task, target) | groups
    what = _sentence(symptom.what, facts)
    group = found.setdefault(
        (rank, what),
        _Group(
            rank,
            Cause(kind=symptom.kind, what=what, hint=_sentence(symptom.hint, facts), vague=symptom.vague),
            symptom.vague,
        ),
    )
    group.times += 1
    if task is not None:
        group.tasks[evidence.task_id(task)] = None
    if task is None and group.tasks:
        return  # the tasks' own words say it already
    for of, text in texts:
        if of is Of.SAID:
            group.said.setdefault(_DIFFERING.sub("…", text), []).append(text)


def _match(texts: Sequence[tuple[Of, str]]) -> tuple[int, Symptom, dict[str, str]] | None:
    for rank, symptom in enumerate(symptoms.TABLE):
        for of, text in texts:
            if of is symptom.of:
                found = re.search(symptom.pattern, text, re.IGNORECASE | re.DOTALL)
                if found:
                    return rank, symptom, {name: value or "" for name, value in found.groupdict().items()}
    return None


def _unknown(task: JsonObject) -> Symptom:
    said = str(task.get("stoppedReason") or task.get("stopCode") or "no reason is given")
    return Symptom(
        Kind.OTHER, "", f"tasks stopped: {_DIFFERING.sub('…', said)}".replace("{", "(").replace("}", ")"),
        "`aws ecs describe-tasks` has all that AWS tells of them", "",
    )  # fmt: skip


def _cause(group: _Group, seen: Seen) -> Cause:
    """Give a cause with what AWS said of it, and with the last lines of the containers that it befell."""
    said = [texts[0] + (f" ×{len(texts)}" if len(texts) > 1 else "") for texts in group.said.values()]
    logs = tuple(each for each in seen.logs if each.task in group.tasks)
    return replace(
        group.cause,
        times=len(group.tasks) or group.times,
        tasks=tuple(group.tasks),
        evidence=tuple(said[:_MOST_EVIDENCE]),
        logs=logs,
    )


def _sentence(template: str, facts: Mapping[str, str]) -> str:
    return " ".join(template.format_map(facts).split()).replace(" )", ")").rstrip(": ")
