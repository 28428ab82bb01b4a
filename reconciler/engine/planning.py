"""From what is desired and what is there to a plan. Reads nothing and sends nothing."""

from __future__ import annotations

import secrets as entropy
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from reconciler.core import canon as canons
from reconciler.core import diffs, findings, patches, rollouts, shapes
from reconciler.core.kinds import Kind, Kinds
from reconciler.core.kinds.rules import ABSENT
from reconciler.core.plans import Finding, Unit, Verb
from reconciler.core.redaction import Masker
from reconciler.core.steps import (
    CreateService,
    RegisterTaskDefinition,
    Step,
    UpdateService,
)
from reconciler.core.values import Address, Json, JsonObject, Value
from reconciler.engine import composing, updates
from reconciler.engine.composing import Desired
from reconciler.engine.concealing import Hidden, conceal, fingerprint, hide
from reconciler.engine.observing import Observed, revision_arn
from reconciler.engine.options import Options
from reconciler.engine.ports import Snapshot
from reconciler.engine.tagging import tag_steps
from reconciler.errors import PlanError, Refused

NEW_REVISION: Final = "(known after apply)"


@dataclass(frozen=True, slots=True)
class Facts:
    """What a planner needs to know beside the documents."""

    kinds: Kinds
    shapes: shapes.Shapes
    cluster: str
    service: str
    known: Mapping[Address, Value]
    masker: Masker
    options: Options = field(default_factory=Options)
    salt: Callable[[], str] = lambda: entropy.token_hex(16)


@dataclass(frozen=True, slots=True)
class Sides:
    """What a textual comparison shows: two documents, list-shaped and masked, and what to call them."""

    live_name: str
    desired_name: str
    live: Json
    desired: Json


@dataclass(slots=True)
class Planned:
    """Units, and beside them what the plan itself does not hold: its secrets by unit and slot, and whole documents."""

    units: list[Unit] = field(default_factory=list)
    vault: dict[tuple[str, int], Json] = field(default_factory=dict)
    sides: dict[str, Sides] = field(default_factory=dict)
    refusals: list[Refused] = field(default_factory=list)


def plan(
    task_definition: Desired | None, service: Desired | None, observed: Observed, facts: Facts
) -> Planned:
    """Plan a task definition and the service that runs it. PlanError where no plan can be made."""
    planned = Planned()
    revision: Unit | None = None
    if task_definition is not None:
        revision = _task_definition(task_definition, observed, facts, planned)
        planned.units.append(revision)
    if service is not None:
        planned.units.append(_service(service, observed, revision, facts, planned))
    return planned


@dataclass(frozen=True, slots=True)
class _Compared:
    """One document against the live one."""

    live: canons.Canon | None
    body: JsonObject | None
    differences: diffs.Differences


def _compare(
    kind: Kind, desired: Desired, live: Snapshot | None, facts: Facts, *, saved: bool = False
) -> _Compared:
    if live is None:
        return _Compared(None, None, diffs.diff(desired.canon, None))
    live_canon = canons.canon(kind, live.body, desired=False, facts=desired.canon.facts)
    live_canon = composing.ignoring(live_canon, facts.options.ignore_tags)
    found = diffs.diff(desired.canon, live_canon)
    if desired.partial:
        kept = tuple(change for change in found.changes if change.path[0] in desired.canon.tree)
        found = diffs.Differences(kept)
    if saved and "tags" not in live.body:  # described without `--include TAGS`: the file says nothing of tags
        found = replace(found, changes=tuple(change for change in found.changes if change.path[0] != "tags"))
    return _Compared(live_canon, live.body, found)


def _insist_on_required(kind: Kind, desired: Desired, body: JsonObject, operation: str, facts: Facts) -> None:
    """Refuse a body that the API is sure to refuse, before anything is sent."""
    lacking = shapes.missing(facts.shapes.input(operation), body)
    if lacking:
        raise PlanError(
            f"the {kind.name.replace('_', ' ')} lacks {', '.join(lacking)}, which {operation} requires",
            desired.resolved.where(()),
        )


def _task_definition(desired: Desired, observed: Observed, facts: Facts, planned: Planned) -> Unit:
    kind = facts.kinds.task_definition
    family = desired.canon.wire.get("family")
    if not isinstance(family, str) and not observed.saved:
        hint = 'add "family": "NAME", under which its revisions are registered'
        raise PlanError("the task definition has no `family`", desired.resolved.where(()), hint)
    live = observed.live_revision()
    compared = _compare(kind, desired, live, facts, saved=observed.saved)
    changes = compared.differences.changes
    name = family if isinstance(family, str) else _family(live)
    arn = revision_arn(live) if live else ""
    hidden = _hide(desired, facts, f"task_definition.{name}", planned)
    steps, effects = _revision_steps(name, hidden.body, live is None, arn, changes, facts)
    if steps and not observed.saved and isinstance(steps[0], RegisterTaskDefinition):
        _insist_on_required(kind, desired, steps[0].body, "RegisterTaskDefinition", facts)
    if steps and isinstance(steps[0], RegisterTaskDefinition) and _is_newest(desired, observed, live, facts):
        assert isinstance(observed.newest, Snapshot)
        effects = (f"revision {_number(revision_arn(observed.newest))} is registered already and equal",)
    return _unit(
        kind, desired, compared, facts, planned,
        name=name, address=f"task_definition.{name}", arn=arn, observed=observed,
        verb=Verb.CREATE if live is None else Verb.UPDATE if steps else Verb.NONE,
        steps=conceal(steps, hidden.values), effects=effects, hidden=hidden,
    )  # fmt: skip


def _revision_steps(
    name: str, body: JsonObject, new: bool, arn: str, changes: Sequence[diffs.Change], facts: Facts
) -> tuple[tuple[Step, ...], tuple[str, ...]]:
    """A revision cannot be changed, only its tags can; every other change is a new revision (API model)."""
    if new or facts.options.force_register or any(change.path[0] != "tags" for change in changes):
        step = RegisterTaskDefinition(family=name, body=body, insist=facts.options.force_register)
        return (step,), ("a new revision",)
    steps = tag_steps(arn, changes)
    return steps, ("tags only, no new revision",) if steps else ()


def _is_newest(desired: Desired, observed: Observed, live: Snapshot | None, facts: Facts) -> bool:
    newest = observed.newest
    if not isinstance(newest, Snapshot) or newest is live or facts.options.force_register:
        return False
    return not _compare(facts.kinds.task_definition, desired, newest, facts).differences.changes


def _service(
    desired: Desired, observed: Observed, revision: Unit | None, facts: Facts, planned: Planned
) -> Unit:
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
    compared = _compare(kind, desired, live, facts, saved=observed.saved)
    arn = str(live.body.get("serviceArn", "")) if live else ""
    wanted = _wanted_revision(revision, observed, live, facts)
    hidden = _hide(desired, facts, f"service.{name}", planned)
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
    for step in steps:
        if isinstance(step, CreateService | UpdateService) and not observed.saved:
            operation = "CreateService" if isinstance(step, CreateService) else "UpdateService"
            _insist_on_required(kind, desired, step.body, operation, facts)
    unit = _unit(
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


def _canon_of(compared: _Compared) -> canons.Canon:
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
    draft: updates.Draft, arn: str, compared: _Compared, wanted: _Revision, facts: Facts
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
        before=_short(running) if isinstance(running, str) else None,
        after=_short(wanted.arn) if wanted.arn else NEW_REVISION,
        has_before=bool(running),
        unknown=not wanted.arn,
    )
    others = [other for other in changes if other.pointer != "/taskDefinition"]
    return tuple(sorted([*others, change], key=lambda finding: finding.pointer))


def _unit(
    kind: Kind,
    desired: Desired,
    compared: _Compared,
    facts: Facts,
    planned: Planned,
    *,
    name: str,
    address: str,
    arn: str,
    observed: Observed,
    verb: Verb,
    steps: tuple[Step, ...],
    effects: tuple[str, ...],
    hidden: Hidden,
) -> Unit:
    origin = findings.Provenance(desired.resolved, desired.canon)
    changes = compared.differences.changes
    patch = patches.build(
        changes, desired.canon, compared.live, compared.body,
        secret=lambda change: not facts.masker.open and _is_secret(change, origin, facts.masker),
    )  # fmt: skip
    managed = None if compared.live is None else diffs.managed(desired.canon, compared.live)
    if desired.partial and isinstance(managed, dict):
        managed = {name: value for name, value in managed.items() if name in desired.canon.tree}
    masked = (
        None if managed is None else findings.mask(managed, (), origin, replace(facts.masker, open=False))
    )
    salt = facts.salt() if hidden.secrets or masked != managed else ""
    planned.sides[address] = Sides(
        live_name=arn or f"{name} (not there yet)",
        desired_name=desired.resolved.path,
        live=canons.listed(kind.node, _shown(managed, origin, facts.masker)),
        desired=canons.listed(kind.node, _shown(desired.canon.tree, origin, facts.masker)),
    )
    return Unit(
        address=address,
        kind=kind.name,
        name=name,
        account=observed.account,
        region=observed.region,
        cluster=facts.cluster,
        verb=verb,
        live=arn,
        changes=findings.findings(changes, origin, facts.masker),
        noted=findings.findings(compared.differences.noted, origin, facts.masker),
        effects=effects,
        steps=steps,
        desired=hidden.body,
        partial=desired.partial,
        secrets=hidden.secrets,
        managed=masked,
        salt=salt,
        fingerprint="" if managed is None else fingerprint(managed, salt),
        base=_base(kind, arn, compared),
        patch=patch.operations,
        unguarded=patch.unguarded,
        withheld=patch.withheld,
    )


def _hide(desired: Desired, facts: Facts, unit: str, planned: Planned) -> Hidden:
    """Take the secrets out of the body to send, and put them into the vault."""
    hidden = hide(desired, facts.known, facts.salt)
    planned.vault.update({(unit, index): value for index, value in enumerate(hidden.values)})
    return hidden


def _shown(tree: Json, origin: findings.Provenance, masker: Masker) -> Json:
    return {} if tree is None else findings.mask(tree, (), origin, masker)


def _base(kind: Kind, arn: str, compared: _Compared) -> JsonObject | None:
    if compared.body is None:
        return None
    if kind.name == "service":
        return {"operation": "DescribeServices", "pointer": "/services/0", "arn": arn}
    whole = "taskDefinition" in compared.body
    return {"operation": "DescribeTaskDefinition", "pointer": "" if whole else "/taskDefinition", "arn": arn}


def _is_secret(change: diffs.Change, origin: findings.Provenance, masker: Masker) -> bool:
    values: list[Json] = [value for value in (change.before, change.after) if value is not ABSENT]
    return origin.holds_secret(change.path) or any(
        findings.mask(value, change.path, origin, masker) != value for value in values
    )


def _controller(body: JsonObject) -> str:
    controller = body.get("deploymentController")
    return str(controller.get("type", "ECS")) if isinstance(controller, dict) else "ECS"


def _rollout(body: JsonObject, acts: bool) -> str:
    deployment = rollouts.unfinished(body)
    if deployment is None:
        return ""
    name = _short(str(deployment.get("taskDefinition", "")))
    if deployment.get("rolloutState") == "FAILED":
        reason = str(deployment.get("rolloutStateReason", "")).rstrip(".")
        text = f"the rollout of {name} failed" + (f": {reason}" if reason else "")
        return text if acts else f"{text}; --force-new-deployment tries it again"
    counts = f"{deployment.get('runningCount')} of {deployment.get('desiredCount')} tasks running"
    text = f"a rollout of {name} is in progress ({counts})"
    return f"{text}; applying now replaces it" if acts else text


def _short(arn: str) -> str:
    return arn.rsplit("/", 1)[-1]


def _number(arn: str) -> str:
    return arn.rsplit(":", 1)[-1]


def _family(live: Snapshot | None) -> str:
    return _short(revision_arn(live)).rsplit(":", 1)[0] if live else ""
