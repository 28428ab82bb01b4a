"""A service against the live one: create it, or update it in one call, and which revision it shall run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from reconciler.core import codedeployments, diffs, pointers, rollouts
from reconciler.core.kinds import Kind, controllers
from reconciler.core.plans import Finding, Notice, Unit, Verb
from reconciler.core.steps import (
    CreateService,
    DeleteService,
    RegisterTaskDefinition,
    Step,
    UpdateService,
)
from reconciler.core.values import Json, JsonObject, Path
from reconciler.engine import ignoring, scaling, units, updates
from reconciler.engine.composing import Desired
from reconciler.engine.concealing import conceal
from reconciler.engine.observing import Observed, revision_arn
from reconciler.engine.ports import Snapshot
from reconciler.engine.tagging import tag_steps
from reconciler.engine.units import Compared, Facts, Planned
from reconciler.errors import PlanError, Refused
from reconciler.records import dataclass

NEW_REVISION: Final = "(known after apply)"


def plan(
    desired: Desired,
    observed: Observed,
    revision: Unit | None,
    facts: Facts,
    planned: Planned,
) -> Unit:
    """Plan a service, with the unit of the revision that it runs. PlanError where no plan can be made."""
    kind = facts.kinds.service
    live = observed.service if isinstance(observed.service, Snapshot) else None
    name = f"{facts.cluster}/{facts.service}"
    units.insist_on_settled(live.body if live else {}, facts)
    if (
        live is not None and live.body.get("status") == "INACTIVE"
    ):  # deleted; ECS creates it anew under the same name
        live = None
    kept = scaling.kept(desired, live, observed.scaling, facts.options)
    ignored = _ignored(facts, kept)
    described = {**live.body, **observed.revised} if live else None
    desired = ignoring.adopt(desired, described, ignored, planned.idle)
    compared = units.compare(kind, desired, live, facts, saved=observed.saved, more=observed.revised)
    arn = str(live.body.get("serviceArn", "")) if live else ""
    wanted = _wanted_revision(desired, revision, observed, live, facts)
    hidden = units.hide(desired, facts, f"service.{name}", planned)
    draft = None if live is None else _draft(desired, live, compared, wanted, facts, observed.revised)
    verb, steps, effects = _action(draft, desired, hidden.body, live, compared, wanted, facts)
    balancer: Finding | None = None
    if draft is not None and live is not None and _shifts(live) and not draft.replaces:
        steps, effects, balancer = _handed_over(draft, steps, desired, live, wanted, facts, planned)
        verb = Verb.UPDATE if steps else verb
    if not observed.saved:
        planned.refusals.extend(draft.refusals if draft is not None else ())
        _insist(kind, desired, steps, facts)
        _insist_on_compatible(desired, compared, wanted, verb, steps, observed, planned)
    scaled = scaling.plan(facts.options.scaling, observed.scaling, facts.cluster, facts.service)
    planned.refusals.extend(scaled.refusals)
    planned.notices.extend(
        (
            *scaled.notices,
            *scaling.outside(desired, observed.scaling),
            *_unneeded(live.body if live is not None else desired.canon.wire, facts),
            *_without_code_deploy(desired, live, facts),
        )
    )
    if scaled.step is not None:
        steps, effects = (scaled.step, *steps), (*scaled.effects, *(effects if steps else ()))
        verb = Verb.UPDATE if verb is Verb.NONE else verb
    unit = units.unit(
        kind, desired, compared, facts, planned,
        name=name, address=f"service.{name}", arn=arn, observed=observed, verb=verb,
        steps=conceal(steps, hidden.values), effects=effects if steps else (), hidden=hidden,
        ignored=tuple(pointers.text(path) for path in ignored), kept=kept,
    )  # fmt: skip
    changes = unit.changes
    if draft is not None and draft.replaces:
        forcing = {f"/{member}" for member in draft.replaces}
        changes = tuple(
            replace(finding, forces="/" + finding.pointer.split("/")[1] in forcing) for finding in changes
        )
    if balancer is not None:
        changes = tuple(sorted([*changes, balancer], key=lambda finding: finding.pointer))
    if wanted.moves:
        changes = _with_revision(changes, wanted, live)
    return replace(
        unit,
        changes=changes,
        depends_on=(revision.address,) if revision is not None else (),
        rollout=rollout(live.body, bool(steps), observed.shifting, observed.paused) if live else "",
    )


def _ignored(facts: Facts, kept: tuple[Finding, ...]) -> tuple[Path, ...]:
    """Give the places where the live value counts: the user's, unless a flag says otherwise, and the autoscaler's."""
    count: Path = ("desiredCount",)
    ignored: list[Path] = [ignoring.path(pointer) for pointer in facts.options.ignore]
    if facts.options.desired_count is not None:
        ignored = [path for path in ignored if path != count]
    elif kept and count not in ignored:
        ignored.append(count)
    return tuple(ignored)


def _draft(
    desired: Desired,
    live: Snapshot,
    compared: Compared,
    wanted: _Revision,
    facts: Facts,
    revised: JsonObject,
) -> updates.Draft:
    assert compared.live is not None
    return updates.build(
        compared.differences.changes,
        desired.canon,
        compared.live,
        {**live.body, **revised},
        facts.shapes,
        controller=codedeployments.controller(live.body),
        moves=wanted.moves,
        force=facts.options.force_new_deployment,
        place=desired.resolved.where,
    )


def _action(
    draft: updates.Draft | None,
    desired: Desired,
    body: JsonObject,
    live: Snapshot | None,
    compared: Compared,
    wanted: _Revision,
    facts: Facts,
) -> tuple[Verb, tuple[Step, ...], tuple[str, ...]]:
    """Give what becomes of the service, by which steps, and what they cause."""
    if draft is None or live is None:
        return Verb.CREATE, _create_steps(desired, body, wanted, facts), ("a new service",)
    if draft.replaces:
        from reconciler.engine import replacing

        body, carried, lost = replacing.body(desired, compared, draft.replaces, facts.options.ignore_tags)
        delete = DeleteService(cluster=facts.cluster, service=facts.service)
        effects = ["deleted and created anew, with no task running in between"]
        if carried:
            effects.append(f"keeping {', '.join(carried)}")
        if lost:
            effects.append(f"not keeping {', '.join(lost)}")
        steps = (delete, *_create_steps(desired, body, wanted, facts))
        return Verb.REPLACE, steps, tuple(effects)
    arn = str(live.body.get("serviceArn", ""))
    steps = _update_steps(draft, arn, compared, _Revision() if _shifts(live) else wanted, facts)
    return Verb.UPDATE if steps else Verb.NONE, steps, draft.effects


def _shifts(live: Snapshot) -> bool:
    """Tell whether CodeDeploy deploys a service."""
    return controllers.shifts(codedeployments.controller(live.body), "taskDefinition")


def _handed_over(
    draft: updates.Draft,
    steps: tuple[Step, ...],
    desired: Desired,
    live: Snapshot,
    wanted: _Revision,
    facts: Facts,
    planned: Planned,
) -> tuple[tuple[Step, ...], tuple[str, ...], Finding | None]:
    """Have CodeDeploy deploy, after the update, what no update changes; what it does is said in place of that."""
    from reconciler.engine import codedeploying

    options = facts.options
    balancer = codedeploying.moved_balancer(desired.canon.wire, live.body)
    if not (draft.deployed or wanted.moves or balancer or options.force_new_deployment):
        return steps, draft.effects, None
    serving = {"loadBalancers": desired.canon.wire["loadBalancers"]} if balancer is not None else {}
    made = codedeploying.plan(
        facts.cluster,
        facts.service,
        live.body,
        {**draft.deployed, **serving},
        revision=wanted.arn,
        revision_of=wanted.unit,
        named=options.codedeploy,
        events=options.rollback_events,
        find=facts.group,
        where=desired.resolved.where(()),
    )
    planned.refusals.extend(made.refusals)
    updated = [step for step in steps if isinstance(step, UpdateService)]
    others = [step for step in steps if not isinstance(step, UpdateService)]
    return (*updated, made.step, *others), made.effects, balancer


def _insist(kind: Kind, desired: Desired, steps: tuple[Step, ...], facts: Facts) -> None:
    for step in steps:
        if isinstance(step, CreateService | UpdateService):
            operation = "CreateService" if isinstance(step, CreateService) else "UpdateService"
            units.insist_on_required(kind, desired, step.body, operation, facts)


def _insist_on_compatible(
    desired: Desired,
    compared: Compared,
    wanted: _Revision,
    verb: Verb,
    steps: tuple[Step, ...],
    observed: Observed,
    planned: Planned,
) -> None:
    """Look for members that do not go together, in what the service would be."""
    if not (steps or wanted.moves or compared.differences.changes):
        return  # AWS has taken it all, and the table need not be imported
    from reconciler.engine import compatibility

    task = planned.task if wanted.unit or not wanted.arn else _revision(wanted.arn, observed)
    created = next((step.body for step in steps if isinstance(step, CreateService)), None)
    changed = {str(change.path[0]) for change in compared.differences.changes}
    refusals, notices = compatibility.of_service(
        desired, compared.live, task, created=created, changed=changed, moves=wanted.moves
    )
    planned.refusals.extend(refusals)
    planned.notices.extend(notices)
    if verb is Verb.REPLACE and task.get("status") == "INACTIVE":
        what = (
            f"the service has to be created anew, and its revision {units.short(wanted.arn)} is deregistered"
        )
        planned.refusals.append(Refused(what, hint="plan with --force-register, which registers it again"))


def _revision(arn: str, observed: Observed) -> JsonObject:
    """Give a described revision by its ARN, empty where it was not read."""
    for snapshot in (observed.newest, observed.running):
        if isinstance(snapshot, Snapshot) and revision_arn(snapshot) == arn:
            inner = snapshot.body.get("taskDefinition")
            return inner if isinstance(inner, dict) else {}
    return {}


@dataclass(frozen=True, slots=True)
class _Revision:
    """The revision that the service shall run: an ARN, or the one that a unit is about to register."""

    arn: str = ""
    unit: str = ""
    moves: bool = False


def named_family(desired: Desired) -> str:
    """Give the family that a service's file names without a revision, which means its newest ACTIVE one."""
    named = desired.canon.wire.get("taskDefinition")
    return named if isinstance(named, str) and ":" not in named else ""


def _wanted_revision(
    desired: Desired, revision: Unit | None, observed: Observed, live: Snapshot | None, facts: Facts
) -> _Revision:
    running = str(live.body.get("taskDefinition", "")) if live else ""
    if revision is not None and any(isinstance(step, RegisterTaskDefinition) for step in revision.steps):
        return _Revision(unit=revision.address, moves=True)
    if facts.options.revision:
        arn = revision_arn(observed.newest) if isinstance(observed.newest, Snapshot) else ""
        return _Revision(arn=arn, moves=arn != running)
    if named_family(desired) and isinstance(observed.newest, Snapshot):
        arn = revision_arn(observed.newest)
        return _Revision(arn=arn, moves=arn != running)
    if revision is not None and revision.live:
        return _Revision(arn=revision.live, moves=not observed.saved and revision.live != running)
    return _Revision(arn=running)


def _create_steps(desired: Desired, body: JsonObject, wanted: _Revision, facts: Facts) -> tuple[Step, ...]:
    named = bool(wanted.arn or wanted.unit or "taskDefinition" in body)
    external = codedeployments.controller(desired.canon.wire) == "EXTERNAL"
    if external and named:  # API model, CreateService.taskDefinition: for ECS and CODE_DEPLOY only
        raise Refused(
            "a service whose deployments belong to EXTERNAL is created without a task definition",
            desired.resolved.where(()),
            "plan with --skip-task-definition: its task sets say what they run",
        )
    if not (named or external):
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


def _without_code_deploy(desired: Desired, live: Snapshot | None, facts: Facts) -> tuple[Notice, ...]:
    """Say that what is about CodeDeploy means nothing to a service whose deployments are not CodeDeploy's."""
    body = live.body if live is not None else desired.canon.wire
    if not facts.options.rollback_events or codedeployments.controller(body) == "CODE_DEPLOY":
        return ()
    what = "--rollback-events concerns CodeDeploy deployments only, and this service has none"
    return (Notice(what=what, hint="ECS rolls back by deploymentConfiguration.deploymentCircuitBreaker"),)


def _unneeded(body: JsonObject, facts: Facts) -> tuple[Notice, ...]:
    """Say that names and hooks for CodeDeploy in the project file have no effect where it does not deploy."""
    named = facts.options.codedeploy
    controller = codedeployments.controller(body)
    if controller == "CODE_DEPLOY" or not (
        named.application or named.group or named.configuration or named.hooks
    ):
        return ()
    what = (
        f"`codedeploy` and `appspec` have no effect: the deployment controller of the service is {controller}"
    )
    return (Notice(what=what, where=named.where),)


def rollout(body: JsonObject, acts: bool, shifting: Sequence[JsonObject] = (), paused: str = "") -> str:
    """Say which rollout of a described service runs, is `paused` at a stage, or failed, and what `acts` on it does;
    empty where none did.
    """
    for info in shifting:
        text = f"a CodeDeploy deployment is in progress: {codedeployments.described(info)}"
        return (
            f"{text}; applying now joins it if it does just this, and is refused otherwise" if acts else text
        )
    deployment = rollouts.unfinished(body)
    if deployment is None:
        return ""
    name = units.short(str(deployment.get("taskDefinition", "")))
    if deployment.get("rolloutState") == "FAILED":
        reason = str(deployment.get("rolloutStateReason", "")).rstrip(".")
        text = f"the rollout of {name} failed" + (f": {reason}" if reason else "")
        return text if acts else f"{text}; --force-new-deployment tries it again"
    counts = f"{deployment.get('runningCount')} of {deployment.get('desiredCount')} tasks running"
    text = f"a rollout of {name} is {f'paused at {paused}' if paused else 'in progress'} ({counts})"
    if acts:
        return f"{text}; applying now replaces it"
    return f"{text}; `reconciler continue` lets it go on" if paused else text
