"""A service against the live one: create it, or update it in one call, and which revision it shall run."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

from reconciler.core import canon as canons
from reconciler.core import diffs, rollouts
from reconciler.core.plans import Finding, Notice, Unit, Verb
from reconciler.core.steps import CreateService, RegisterTaskDefinition, Step, UpdateService
from reconciler.core.values import Json, JsonObject
from reconciler.engine import scaling, units, updates
from reconciler.engine.composing import Desired
from reconciler.engine.concealing import conceal
from reconciler.engine.observing import Observed, revision_arn
from reconciler.engine.ports import Snapshot
from reconciler.engine.tagging import tag_steps
from reconciler.engine.units import Compared, Facts, Planned
from reconciler.errors import PlanError

NEW_REVISION: Final = "(known after apply)"


def plan(desired: Desired, observed: Observed, revision: Unit | None, facts: Facts, planned: Planned) -> Unit:
    """Plan a service. PlanError where it can neither be created nor updated."""
    kind = facts.kinds.service
    live = observed.service if isinstance(observed.service, Snapshot) else None
    status = live.body.get("status") if live else None
    name = f"{facts.cluster}/{facts.service}"
    if status == "DRAINING":
        raise PlanError(
            f"the service {name} is DRAINING: it is being deleted and can be neither updated nor created",
            hint=f"wait until its tasks have stopped (aws ecs wait services-inactive --cluster {facts.cluster} "
            f"--services {facts.service}), then run this again",
        )
    if status == "INACTIVE":  # deleted; ECS creates it anew under the same name
        live = None
    compared = units.compare(kind, desired, live, facts, saved=observed.saved)
    arn = str(live.body.get("serviceArn", "")) if live else ""
    wanted = _wanted_revision(revision, observed, live, facts)
    hidden = units.hide(desired, facts, f"service.{name}", planned)
    steps: tuple[Step, ...]
    effects: tuple[str, ...]
    if live is None:
        steps, effects = _create_steps(desired, hidden.body, wanted, facts), ("a new service",)
    else:
        draft = updates.build(
            compared.differences.changes,
            desired.canon,
            _canon_of(compared),
            live.body,
            facts.shapes,
            controller=_controller(live.body),
            moves=wanted.moves,
            force=facts.options.force_new_deployment,
            place=desired.resolved.where,
        )
        steps, effects = _update_steps(draft, arn, compared, wanted, facts), draft.effects
        if not observed.saved:
            planned.refusals.extend(draft.refusals)
    scaled = scaling.plan(facts.options.scaling, observed.scaling, facts.cluster, facts.service)
    planned.refusals.extend(scaled.refusals)
    planned.notices.extend((*scaled.notices, *_without_code_deploy(desired, live, facts)))
    if scaled.step is not None:
        effects = (*scaled.effects, *(effects if steps else ()))
        steps = (scaled.step, *steps)
    for step in steps:
        if isinstance(step, CreateService | UpdateService) and not observed.saved:
            operation = "CreateService" if isinstance(step, CreateService) else "UpdateService"
            units.insist_on_required(kind, desired, step.body, operation, facts)
    unit = units.unit(
        kind, desired, compared, facts, planned,
        name=name, address=f"service.{name}", arn=arn, observed=observed,
        verb=Verb.CREATE if live is None else Verb.UPDATE if steps else Verb.NONE,
        steps=conceal(steps, hidden.values), effects=effects if steps else (), hidden=hidden,
    )  # fmt: skip
    if wanted.moves:
        unit = replace(unit, changes=_with_revision(unit.changes, wanted, live))
    return replace(
        unit,
        depends_on=(revision.address,) if revision is not None else (),
        rollout=_rollout(live.body, bool(steps)) if live else "",
    )


def _canon_of(compared: Compared) -> canons.Canon:
    assert compared.live is not None
    return compared.live


@dataclass(frozen=True, slots=True)
class _Revision:
    """The revision that the service shall run: an ARN, or the one that a unit is about to register."""

    arn: str = ""
    unit: str = ""
    moves: bool = False


def _wanted_revision(
    revision: Unit | None, observed: Observed, live: Snapshot | None, facts: Facts
) -> _Revision:
    running = str(live.body.get("taskDefinition", "")) if live else ""
    if revision is not None and any(isinstance(step, RegisterTaskDefinition) for step in revision.steps):
        return _Revision(unit=revision.address, moves=True)
    if facts.options.revision:
        arn = revision_arn(observed.newest) if isinstance(observed.newest, Snapshot) else ""
        return _Revision(arn=arn, moves=arn != running)
    if revision is not None and revision.live:
        return _Revision(arn=revision.live, moves=not observed.saved and revision.live != running)
    return _Revision(arn=running)


def _create_steps(desired: Desired, body: JsonObject, wanted: _Revision, facts: Facts) -> tuple[Step, ...]:
    if not (wanted.arn or wanted.unit or "taskDefinition" in body):
        raise PlanError("a new service needs a task definition", desired.resolved.where(()))
    count: Json = facts.options.desired_count
    sent: dict[str, Json] = dict(body) | {"cluster": facts.cluster, "serviceName": facts.service}
    if wanted.arn:
        sent["taskDefinition"] = wanted.arn
    if desired.canon.facts.get("schedulingStrategy") == "DAEMON":
        sent.pop("desiredCount", None)  # the scheduler decides; the API refuses the member
    elif count is not None or "desiredCount" not in sent:
        sent["desiredCount"] = count if count is not None else 0  # as the peer: a service starts with none
    return (CreateService(cluster=facts.cluster, service=facts.service, body=sent, revision_of=wanted.unit),)


def _update_steps(
    draft: updates.Draft, arn: str, compared: Compared, wanted: _Revision, facts: Facts
) -> tuple[Step, ...]:
    steps: list[Step] = []
    body: dict[str, Json] = dict(draft.body)
    if wanted.moves and wanted.arn:
        body["taskDefinition"] = wanted.arn
    if body or wanted.moves:
        sent = {"cluster": facts.cluster, "service": facts.service} | body
        steps.append(
            UpdateService(cluster=facts.cluster, service=facts.service, body=sent, revision_of=wanted.unit)
        )
    steps.extend(tag_steps(arn, compared.differences.changes))
    return tuple(steps)


def _with_revision(
    changes: tuple[Finding, ...], wanted: _Revision, live: Snapshot | None
) -> tuple[Finding, ...]:
    running = live.body.get("taskDefinition") if live else None
    change = Finding(
        address="taskDefinition",
        pointer="/taskDefinition",
        action=diffs.Action.REPLACE if running else diffs.Action.ADD,
        before=units.short(running) if isinstance(running, str) else None,
        after=units.short(wanted.arn) if wanted.arn else NEW_REVISION,
        has_before=bool(running),
        unknown=not wanted.arn,
    )
    others = [other for other in changes if other.pointer != "/taskDefinition"]
    return tuple(sorted([*others, change], key=lambda finding: finding.pointer))


def _controller(body: JsonObject) -> str:
    controller = body.get("deploymentController")
    return str(controller.get("type", "ECS")) if isinstance(controller, dict) else "ECS"


def _without_code_deploy(desired: Desired, live: Snapshot | None, facts: Facts) -> tuple[Notice, ...]:
    """Say that rollback events mean nothing to a service whose deployments are not CodeDeploy's."""
    body = live.body if live is not None else desired.canon.wire
    if not facts.options.rollback_events or _controller(body) == "CODE_DEPLOY":
        return ()
    what = "--rollback-events concerns CodeDeploy deployments only, and ECS deploys this service itself"
    return (Notice(what=what, hint="ECS rolls back by deploymentConfiguration.deploymentCircuitBreaker"),)


def _rollout(body: JsonObject, acts: bool) -> str:
    deployment = rollouts.unfinished(body)
    if deployment is None:
        return ""
    name = units.short(str(deployment.get("taskDefinition", "")))
    if deployment.get("rolloutState") == "FAILED":
        reason = str(deployment.get("rolloutStateReason", "")).rstrip(".")
        text = f"the rollout of {name} failed" + (f": {reason}" if reason else "")
        return text if acts else f"{text}; --force-new-deployment tries it again"
    counts = f"{deployment.get('runningCount')} of {deployment.get('desiredCount')} tasks running"
    text = f"a rollout of {name} is in progress ({counts})"
    return f"{text}; applying now replaces it" if acts else text
