"""Carrying out a plan: every step once, in order, saying what was done; then a look at whether it is so."""

from __future__ import annotations

import json
from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import field, replace
from functools import partial
from typing import Final, TypeAlias, assert_never

from reconciler.core import appspecs, codedeployments, diffs, news, pointers, secrets, steps
from reconciler.core import canon as canons
from reconciler.core.events import Event
from reconciler.core.kinds import Kinds
from reconciler.core.outcomes import Ending, Outcome
from reconciler.core.plans import Plan, Unit
from reconciler.core.steps import (
    CreateCodeDeployDeployment,
    CreateExpressService,
    CreateService,
    DeleteService,
    RegisterTaskDefinition,
    RemoveTags,
    SetScaling,
    SetTags,
    Step,
    UpdateExpressService,
    UpdateService,
)
from reconciler.core.values import Address, Json, JsonObject, Value
from reconciler.engine import attaching, codedeploying, composing, converging, sending, shifting, watching
from reconciler.engine.observing import revision_arn
from reconciler.engine.ports import Absent, Clock, Gateway, Snapshot
from reconciler.errors import (
    AwsRefused,
    PlanError,
    ReconcilerError,
)
from reconciler.records import dataclass

Events: TypeAlias = Generator[Event, None, Outcome]
Reveal: TypeAlias = Callable[[Sequence[Address]], Mapping[Address, Value]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Manner:
    """How to apply: whether to wait, for what (as `core.rollouts.until` gives it) and how many seconds (0: no limit).

    `saved` says that the plan comes from a file, which cannot be applied again once a step of it was done.
    """

    wait: bool = True
    until: str = "deployed"
    timeout: float = 600.0
    saved: bool = False


@dataclass(slots=True)
class _Run:
    """The state of one apply: what came of the steps so far."""

    gateway: Gateway
    clock: Clock
    kinds: Kinds
    manner: Manner
    ignored: tuple[str, ...]
    ran: Mapping[str, str]
    """The ARN of the revision that ran when the plan was made, for the unit of each task definition."""
    revisions: dict[str, str] = field(default_factory=dict)
    done: list[str] = field(default_factory=list)
    watches: list[watching.Watch | shifting.Shift] = field(default_factory=list)
    described: dict[str, Snapshot] = field(default_factory=dict)
    gone: JsonObject | None = None
    """What a service that was deleted had and its file does not say, once AWS has taken the deletion."""


def apply(
    plan: Plan,
    gateway: Gateway,
    clock: Clock,
    kinds: Kinds,
    bodies: Mapping[str, tuple[JsonObject, ...]],
    manner: Manner,
) -> Events:
    """Carry out a plan.

    `bodies` holds for each unit's address the bodies of its steps with the secrets filled in (`reveal`).
    ApplyError says which steps were done and which were not; Interrupted is the same after Ctrl-C; NotConverged
    means that AWS took everything and shows something else.
    """
    if not plan.applyable:
        raise PlanError("this plan cannot be applied: it was made against a saved description")
    _insist_on_until(plan, manner)
    ran = {unit.address: unit.live for unit in plan.units if unit.kind == "task_definition"}
    run = _Run(gateway, clock, kinds, manner, plan.project.ignore_tags, ran)
    started = clock.now()
    left = [f"{unit.address}: {steps.describe(step)}" for unit, step in plan.steps()]
    for unit in plan.units:
        for index, step in enumerate(unit.steps):
            yield from sending.send(
                unit.address,
                steps.describe(step),
                partial(_carry_out, run, unit, step, bodies[unit.address][index]),
                sending.Progress(run.done, left),
                told=_told,
                hint=partial(_way_on, run),
            )
    outcome = yield from _follow(run)
    if outcome.ending in (Ending.SUCCEEDED, Ending.NOT_WAITED):
        converging.insist(gateway, clock, kinds, plan, bodies, run.described)
    alone = all(unit.kind == "task_definition" for unit, _ in plan.steps())
    return replace(outcome, seconds=clock.now() - started, registered=alone and bool(run.revisions))


def _insist_on_until(plan: Plan, manner: Manner) -> None:
    """Refuse to wait for what these steps never come to, before anything is sent."""
    deployed = {isinstance(step, CreateCodeDeployDeployment) for unit, step in plan.steps()}
    ours = any(isinstance(step, _ROLLING) for unit, step in plan.steps())
    if manner.wait and (True in deployed or ours):
        for unit in plan.units:
            if unit.kind != "task_definition":
                known = codedeployments.controller(unit.desired)
                shifting.insist_on_until(manner.until, "CODE_DEPLOY" if True in deployed else known)


_ROLLING: Final = CreateService | UpdateService | CreateExpressService | UpdateExpressService
"""Steps after which ECS rolls out."""


def _way_on(run: _Run, error: ReconcilerError | None) -> str:
    """Say how to go on after a step that was not done."""
    if run.gone is not None:
        had = f"; the file does not say what it had: {json.dumps(run.gone)}" if run.gone else ""
        return f"the service is deleted: mend what is wrong, then plan and apply again to create it{had}"
    if run.manner.saved and run.done and not (isinstance(error, AwsRefused) or (error and error.hint)):
        return "make a new plan: it goes on from what is there and repeats nothing"
    return sending.way_on(error)


def _told(came: tuple[str, bool]) -> tuple[str, bool]:
    return came


def _carry_out(run: _Run, unit: Unit, step: Step, body: JsonObject) -> tuple[str, bool]:
    """Do one step. Gives the ARN that came of it and whether nothing had to be sent."""
    match step:
        case RegisterTaskDefinition():
            equal = None if step.insist else _equal_revision(run, step.family, body)
            snapshot = equal or run.gateway.register_task_definition(body)
            run.revisions[unit.address] = revision_arn(snapshot)
            return revision_arn(snapshot), equal is not None
        case SetTags():
            tags = body.get("tags")
            run.gateway.tag(
                step.arn, [t for t in tags if isinstance(t, dict)] if isinstance(tags, list | tuple) else []
            )
            return "", False
        case RemoveTags():
            run.gateway.untag(step.arn, step.keys)
            return "", False
        case CreateService():
            since = run.clock.now()
            made = run.gateway.create_service(_with_revision(run, body, step.revision_of))
            run.gone = None
            _expect(run, step.cluster, step.service, made, None, since)
            return str(made.body.get("serviceArn", "")), False
        case UpdateService():
            since = run.clock.now()
            current = run.gateway.describe_services(step.cluster, [step.service])[step.service]
            updated = run.gateway.update_service(_with_revision(run, body, step.revision_of))
            before = current.body if isinstance(current, Snapshot) else None
            _expect(run, step.cluster, step.service, updated, before, since)
            return str(updated.body.get("serviceArn", "")), False
        case CreateCodeDeployDeployment():
            spec = pointers.objects(body["appspec"])
            if step.revision_of:
                spec = appspecs.running(spec, run.revisions[step.revision_of])
            sent = {name: value for name, value in body.items() if name != "appspec"}
            manner = run.manner
            target, joined = codedeploying.begin(
                run.gateway,
                run.clock,
                step,
                sent,
                spec,
                until=manner.until,
                timeout=manner.timeout,
                ran=run.ran.get(step.revision_of, ""),
            )
            # What it says of the service at its end says that of the update before it, too.
            run.watches = [watch for watch in run.watches if watch.unit != target.unit]
            run.watches.append(target)
            return target.deployment, joined
        case CreateExpressService() | UpdateExpressService():
            from reconciler.engine import expressing

            arn, shown, was, since = expressing.send(run.gateway, run.clock, step, body)
            _expect(run, step.cluster, step.service, shown, was, since)
            return arn, False
        case SetScaling():
            run.gateway.register_scaling(body)
            return "", False
        case DeleteService():
            _delete(run, unit, step)
            return "", False
        case _:
            assert_never(step)


_DRAINING_POLL: Final = 5.0
"""Seconds between looks at a service that is being deleted."""


def _delete(run: _Run, unit: Unit, step: DeleteService) -> None:
    """Delete a service and wait until its name is free. PlanError where that takes longer than a rollout may."""
    limit = run.manner.timeout
    started = run.clock.now()
    snapshot: Snapshot | Absent = run.gateway.delete_service(step.cluster, step.service)
    run.gone = _only_in_aws(unit)
    run.done.append(f"{unit.address}: AWS is deleting it")
    while isinstance(snapshot, Snapshot) and snapshot.body.get("status") != "INACTIVE":
        if limit and run.clock.now() - started > limit:
            raise PlanError(
                f"{step.cluster}/{step.service} is still DRAINING after {limit:g} seconds: its tasks have not stopped",
                hint="run the command again once it is gone: it creates the service anew",
            )
        run.clock.sleep(_DRAINING_POLL)
        snapshot = run.gateway.describe_services(step.cluster, [step.service])[step.service]
    run.done.pop()


def _only_in_aws(unit: Unit) -> JsonObject:
    """Give the members of a service's creation that its file does not say."""
    bodies = [step.body for step in unit.steps if isinstance(step, CreateService)]
    return {
        name: value
        for body in bodies
        for name, value in body.items()
        if name not in ("cluster", "serviceName", "taskDefinition") and unit.desired.get(name) != value
    }


def _equal_revision(run: _Run, family: str, body: JsonObject) -> Snapshot | None:
    """Give the newest ACTIVE revision if it is exactly what would be registered.

    RegisterTaskDefinition has no client token, so this is what makes a killed apply safe to run again.
    """
    newest = run.gateway.describe_task_definition(family)
    if not isinstance(newest, Snapshot):
        return None
    kind = run.kinds.task_definition
    desired = composing.ignoring(canons.canon(kind, body, desired=True), run.ignored)
    live = canons.canon(kind, newest.body, desired=False, like=desired)
    live = composing.ignoring(live, run.ignored, desired)
    return None if diffs.diff(desired, live).changes else newest


def _with_revision(run: _Run, body: JsonObject, unit: str) -> JsonObject:
    return dict(body) | {"taskDefinition": run.revisions[unit]} if unit else body


def _expect(
    run: _Run, cluster: str, service: str, snapshot: Snapshot, described: JsonObject | None, since: float
) -> None:
    """Note what to watch."""
    run.described[f"service.{cluster}/{service}"] = snapshot
    manner = run.manner
    watch = attaching.begun(
        cluster, service, snapshot, described, since=since, until=manner.until, timeout=manner.timeout
    )
    if watch is not None:
        run.watches.append(watch)
    elif codedeployments.controller(snapshot.body) == "CODE_DEPLOY":
        told = news.ids(described or {})
        run.watches.append(
            shifting.Shift(
                cluster=cluster,
                service=service,
                until="stable",
                timeout=manner.timeout,
                told=told,
                desired=attaching.promised(snapshot),
            )
        )


def _follow(run: _Run) -> Events:
    revision = next(iter(run.revisions.values()), "")
    done = tuple(run.done)
    if not run.watches:
        return Outcome(ending=Ending.SUCCEEDED, done=done, revision=revision)
    if not run.manner.wait:
        return Outcome(ending=Ending.NOT_WAITED, done=done, revision=revision)
    outcome = Outcome(ending=Ending.SUCCEEDED, done=done, revision=revision)
    for target in run.watches:
        with attaching.attached(done):
            watched = yield from shifting.follow(run.gateway, run.clock, target)
        outcome = watched.outcome(target.deployment, done=done, revision=revision)
        if watched.ending is not Ending.SUCCEEDED:
            return outcome
        if watched.service is not None:
            run.described[target.unit] = watched.service
    return outcome


def reveal(
    plan: Plan, lookup: Reveal, vault: Mapping[tuple[str, int], Json] | None = None
) -> dict[str, tuple[JsonObject, ...]]:
    """Give the bodies of every step with secrets filled in, from the vault or by looking them up again.

    Raises StalePlan where a secret moved, Refused where one cannot be made again from references.
    """
    return {
        unit.address: tuple(_body(step, unit, lookup, vault) for step in unit.steps) for unit in plan.units
    }


def _body(step: Step, unit: Unit, lookup: Reveal, vault: Mapping[tuple[str, int], Json] | None) -> JsonObject:
    match step:
        case (
            RegisterTaskDefinition()
            | CreateService()
            | UpdateService()
            | SetScaling()
            | CreateExpressService()
            | UpdateExpressService()
        ):
            body: Json = step.body
        case CreateCodeDeployDeployment():
            body = {**step.body, "appspec": step.appspec}
        case SetTags():
            body = {"tags": list(step.tags)}
        case RemoveTags() | DeleteService():
            body = {}
        case _:
            assert_never(step)
    return pointers.objects(filled(body, unit, lookup, vault))


def filled(body: Json, unit: Unit, lookup: Reveal, vault: Mapping[tuple[str, int], Json] | None) -> Json:
    """Put a unit's secrets into a body."""
    if not unit.secrets:
        return body
    if vault is not None:
        values = [vault[unit.address, index] for index in range(len(unit.secrets))]
        return secrets.put(body, values)
    return secrets.fill(body, unit.secrets, lookup([o.address for s in unit.secrets for o in s.sources]))
