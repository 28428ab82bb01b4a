"""Playing the changes of a plan through, by a model of ECS behind a port. Reads nothing and sends nothing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from reconciler.core import canon as canons
from reconciler.core import codedeployments, pointers, secrets
from reconciler.core.kinds import Kind, Kinds
from reconciler.core.plans import Plan, Unit
from reconciler.core.redaction import MASK
from reconciler.core.rehearsals import Case, Rehearsed
from reconciler.core.steps import (
    CreateCodeDeployDeployment,
    CreateService,
    RegisterTaskDefinition,
    UpdateService,
)
from reconciler.core.values import Json, JsonObject
from reconciler.engine.observing import Observed
from reconciler.engine.ports import Rehearsal, Snapshot
from reconciler.errors import PlanError


def rehearse(plan: Plan, observed: Observed, kinds: Kinds, rehearsal: Rehearsal) -> tuple[Rehearsed, ...]:
    """Play through what a plan sends for its services; nothing where it sends nothing for any."""
    return tuple(
        _played(case, unit.address, rehearsal)
        for unit in plan.units
        for case in _cases(plan, unit, observed, kinds)
    )


def _played(case: Case, address: str, rehearsal: Rehearsal) -> Rehearsed:
    well = rehearsal.play(case)
    if well.ending in ("no deployment", "stuck"):
        return Rehearsed(address, well)
    badly = rehearsal.play(replace(case, fails=True, moves=True))
    return Rehearsed(address, well, badly, breaks=_has_breaker(case))


def _has_breaker(case: Case) -> bool:
    both = [case.service or {}, case.request]
    found = [pointers.objects(each.get("deploymentConfiguration") or {}) for each in both]
    said = [each["deploymentCircuitBreaker"] for each in found if "deploymentCircuitBreaker" in each]
    return bool(said) and isinstance(said[-1], dict) and said[-1].get("enable") is True


def _cases(plan: Plan, unit: Unit, observed: Observed, kinds: Kinds) -> Iterator[Case]:
    if unit.kind == "express_service" and unit.steps:
        raise PlanError(
            f"{unit.address} cannot be rehearsed: what it runs is ECS's to make of its definition",
            hint="plan without --simulate",
        )
    if any(isinstance(step, CreateCodeDeployDeployment) for step in unit.steps):
        raise PlanError(
            f"{unit.address} cannot be rehearsed: CodeDeploy deploys it, and the model plays ECS's own deployments",
            hint="plan without --simulate",
        )
    steps = [step for step in unit.steps if isinstance(step, CreateService | UpdateService)]
    if not steps:
        return
    (step,) = steps
    if codedeployments.controller(unit.desired) == "EXTERNAL":
        raise PlanError(
            f"{unit.address} cannot be rehearsed: an external controller deploys it",
            hint="plan without --simulate",
        )
    running = _wire(kinds.task_definition, observed.running)
    registered = [
        body
        for other in plan.units
        if any(isinstance(each, RegisterTaskDefinition) for each in other.steps)
        and isinstance(body := _unveiled(other.desired), dict)
    ]
    wanted = registered[0] if registered else running
    if wanted is None:
        raise PlanError(
            f"{unit.address} cannot be rehearsed: the task definition that it runs is not known",
            hint="plan without --skip-task-definition and --revision",
        )
    body = pointers.objects(_unveiled(step.body))
    live = None if isinstance(step, CreateService) else _wire(kinds.service, observed.service)
    named: JsonObject = {"serviceName": step.service}
    yield Case(
        cluster=step.cluster,
        service=None if live is None else {**live, **named},
        running=running,
        wanted=wanted,
        request={
            **{name: value for name, value in body.items() if name not in ("cluster", "taskDefinition")},
            **(named if isinstance(step, CreateService) else {"service": step.service}),
        },
        moves=isinstance(step, CreateService) or bool(step.revision_of) or "taskDefinition" in body,
    )


def _wire(kind: Kind, snapshot: object) -> JsonObject | None:
    """Give what is described as an input that would make it."""
    if not isinstance(snapshot, Snapshot):
        return None
    return canons.canon(kind, snapshot.body, desired=False).wire


def _unveiled(body: Json) -> Json:
    """Give a body with a mark where a secret belongs: the model needs to know none."""
    indices = [index for _, index in secrets.slots(body)]
    return secrets.put(body, [MASK] * (max(indices) + 1)) if indices else body
