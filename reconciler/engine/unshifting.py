"""Going back where CodeDeploy deploys: a deployment that runs is stopped and rolled back, one that is through is undone
by another deployment, of an earlier revision. Decided from what CodeDeploy says, as `undoing` does for ECS.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from dataclasses import replace
from functools import partial
from typing import Final, assert_never

from reconciler.core import appspecs, codedeployments, news
from reconciler.core.events import Event, Warned
from reconciler.core.outcomes import Ending
from reconciler.core.revisions import family_of, older, short
from reconciler.core.steps import CreateCodeDeployDeployment, describe
from reconciler.core.values import Json, JsonObject
from reconciler.engine import attaching, codedeploying, sending, shifting, undoing, watching
from reconciler.engine.applying import Events, Manner
from reconciler.engine.grouping import Group
from reconciler.engine.ports import Clock, Gateway, Snapshot
from reconciler.engine.shifting import Shift
from reconciler.engine.watching import Watched
from reconciler.engine.ways import AwaitShift, Facts, Redeploy, StopShift, Wish
from reconciler.errors import AwsRefused, PlanError
from reconciler.records import dataclass

_LOOKED_AT: Final = 25
"""How many of a group's deployments are looked at: what one call describes."""


_PAUSE: Final = 1.0
_PATIENCE: Final = 30.0
"""Seconds between looks at what was just answered, and how long what CodeDeploy describes may lag behind."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """A CodeDeploy deployment (its id) whose traffic goes over once somebody says so."""

    cluster: str
    service: str
    deployment: str

    @property
    def unit(self) -> str:
        """Give the address of the service in a plan."""
        return f"service.{self.cluster}/{self.service}"


def read(gateway: Gateway, facts: Facts, wish: Wish, find: Callable[[JsonObject], Group] | None) -> Facts:
    """Read what CodeDeploy did with the service of late. Refused where no group of its deploys the service."""
    if find is None:
        raise PlanError(f"nobody says how the group of {facts.cluster}/{facts.service} is found")
    group = find(facts.body)
    port = gateway.codedeploy
    ids = port.list_deployments(group.application, group.name, limit=_LOOKED_AT)
    family = family_of(str(facts.body.get("taskDefinition")))
    return replace(
        facts,
        group=group.body,
        shifts=_newest_first(port.describe_deployments(ids)) if ids else (),
        active=gateway.list_revisions(family, limit=undoing.REVISIONS),
        wanted=undoing.wanted(gateway, wish.to, family) if wish.to else "",
    )


def _newest_first(infos: Sequence[JsonObject]) -> tuple[JsonObject, ...]:
    """Sort deployments by when they were made: ListDeployments promises no order (API model)."""

    def made(info: JsonObject) -> float:
        time = info.get("createTime")
        return float(time) if isinstance(time, int | float) else 0.0

    return tuple(sorted(infos, key=made, reverse=True))


def decide(facts: Facts, wish: Wish) -> StopShift | AwaitShift | Redeploy:
    """Decide how to go back. PlanError where there is nothing to go back to, or nothing that may be undone."""
    now = next((each for each in facts.shifts if not codedeployments.over(each)), None)
    name = f"{facts.cluster}/{facts.service}"
    if now is not None:
        return _interrupt(facts, wish, now)
    running = str(facts.body.get("taskDefinition"))
    if facts.wanted:
        if facts.wanted == running:
            raise PlanError(f"{name} runs {short(running)} already", hint="`reconciler status` shows it")
        return _redeploy(facts, wish, facts.wanted, "as asked")
    last = _last(facts, wish)
    failed = last is not None and last.get("status") != "Succeeded"
    if last is not None and failed and _revision(facts, last) != running:
        raise PlanError(
            f"there is nothing to undo: {short(running)} has the traffic, since the deployment "
            f"{codedeployments.described(last)} {'was stopped' if last.get('status') == 'Stopped' else 'failed'}",
            hint="name an earlier revision with `--to`",
        )
    succeeded = (each for each in facts.shifts if each.get("status") == "Succeeded")
    for arn in (_revision(facts, each) for each in succeeded):
        if arn in facts.active and older(arn, running):
            return _redeploy(facts, wish, arn, "the last before it that CodeDeploy deployed")
    ends = [(each.get("status"), _revision(facts, each)) for each in facts.shifts]
    bad = {arn for status, arn in ends if status in ("Failed", "Stopped")}
    bad -= {arn for status, arn in ends if status == "Succeeded"}
    for arn in facts.active:
        if older(arn, running) and family_of(arn) == family_of(running) and arn not in bad:
            return _redeploy(facts, wish, arn, "the newest registered before it")
    raise undoing.none_before(facts, running, bad)


def _last(facts: Facts, wish: Wish) -> JsonObject | None:
    """Give what is to be undone: the newest that was no rollback. PlanError if another one is asked for."""
    forward = [each for each in facts.shifts if each.get("creator") != "codeDeployRollback"]
    last = next(iter(forward), None)
    if wish.deployment and (last is None or last.get("deploymentId") != wish.deployment):
        there = last.get("deploymentId") if last is not None else "none"
        raise PlanError(
            f"deployment {there} has taken the place of {wish.deployment}: nothing was undone",
            hint="`reconciler status` shows what runs",
        )
    return last


def _interrupt(facts: Facts, wish: Wish, now: JsonObject) -> StopShift | AwaitShift:
    """Stop the deployment that runs, or let the rollback that runs come to its end."""
    name = str(now.get("deploymentId"))
    rollback = now.get("rollbackInfo")
    triggering = str(
        (rollback if isinstance(rollback, dict) else {}).get("rollbackTriggeringDeploymentId") or ""
    )
    if wish.to:
        raise PlanError(
            f"CodeDeploy is deploying {facts.cluster}/{facts.service}: {codedeployments.described(now)}",
            hint="`reconciler rollback` without --to stops it first; or wait for it with `reconciler wait`",
        )
    if wish.deployment and wish.deployment not in (name, triggering):
        raise PlanError(
            f"deployment {name} has taken the place of {wish.deployment}: nothing was undone",
            hint="`reconciler status` shows what runs",
        )
    if triggering:
        undone = next((each for each in facts.shifts if each.get("deploymentId") == triggering), {})
        left = _revision(facts, undone)
        return AwaitShift(
            cluster=facts.cluster, service=facts.service, left=left, target=_before(facts, undone, left),
            deregisters=undoing.stale(facts, wish, left, _before(facts, undone, left)),
            notes=facts.notes, deployment=triggering,
        )  # fmt: skip
    left = _revision(facts, now)
    target = _before(facts, now, left)
    return StopShift(
        cluster=facts.cluster, service=facts.service, left=left, target=target,
        deregisters=undoing.stale(facts, wish, left, target), notes=facts.notes, deployment=name,
    )  # fmt: skip


def _before(facts: Facts, info: JsonObject, left: str) -> str:
    """Give the revision that a rollback leads to: what has the traffic still, else what was deployed before."""
    running = str(facts.body.get("taskDefinition"))
    return running if running != left else _arn(facts, appspecs.task_definition(info.get("previousRevision")))


def _redeploy(facts: Facts, wish: Wish, target: str, why: str) -> Redeploy:
    left = str(facts.body.get("taskDefinition"))
    named = wish.codedeploy
    body: dict[str, Json] = {
        name: str(facts.group.get(name)) for name in ("applicationName", "deploymentGroupName")
    }
    if named.configuration:
        body["deploymentConfigName"] = named.configuration
    if wish.events:
        body["autoRollbackConfiguration"] = {"enabled": True, "events": list(wish.events)}
    try:
        spec = appspecs.build(target, facts.body, named.hooks)
    except ValueError as error:
        raise PlanError(f"CodeDeploy cannot deploy {facts.cluster}/{facts.service}: {error}") from None
    return Redeploy(
        cluster=facts.cluster, service=facts.service, left=left, target=target,
        deregisters=undoing.stale(facts, wish, left, target), notes=facts.notes,
        body=body, appspec=spec, why=why,
    )  # fmt: skip


def _revision(facts: Facts, info: JsonObject) -> str:
    """Give the ARN of the revision that a deployment deployed, empty where that cannot be seen."""
    return _arn(facts, appspecs.task_definition(info.get("revision")))


def _arn(facts: Facts, named: str) -> str:
    """Give the ARN of a revision that an AppSpec may name by family and number alone."""
    running = str(facts.body.get("taskDefinition"))
    if not named or named.startswith("arn:") or ":" not in named:
        return named
    return f"{running.rpartition('/')[0]}/{named}"


def undo(gateway: Gateway, clock: Clock, plan: StopShift | AwaitShift | Redeploy, manner: Manner) -> Events:
    """Go back; errors as `reverting.undo`."""
    started = clock.now()
    unit, name = plan.unit, f"deregister {short(plan.deregisters)}"
    progress = sending.Progress([], [])
    for note in plan.notes:
        yield Warned(unit=unit, what=note)
    current = watching.current(gateway, plan.cluster, plan.service)
    match plan:
        case Redeploy():
            running = str(current.body.get("taskDefinition"))
            if running != plan.left:
                raise PlanError(
                    f"{short(running)} has taken the place of {short(plan.left)} meanwhile: nothing was undone",
                    hint="run the command again: it goes by what is there now",
                )
            step = CreateCodeDeployDeployment(
                cluster=plan.cluster, service=plan.service, body=plan.body, appspec=plan.appspec
            )
            act = partial(
                codedeploying.begin, gateway, clock, step, plan.body, plan.appspec,
                until=manner.until, timeout=manner.timeout,
            )  # fmt: skip
            progress.left.extend(_lines(plan, describe(step), name))
            target, _ = yield from sending.send(unit, describe(step), act, progress, told=_joined)
        case StopShift():
            said = f"stop the CodeDeploy deployment {plan.deployment}"
            progress.left.extend(_lines(plan, said, name))
            target = replace(_shift(plan, current, plan.deployment, manner), returns=True)
            yield from sending.send(
                unit, said, partial(_stop, gateway, plan.deployment), progress, told=_nothing
            )
        case AwaitShift():
            progress.left.extend(_lines(plan, name))
            target = _shift(plan, current, plan.deployment, manner)
        case _:
            assert_never(plan)
    if not manner.wait:
        return Watched(Ending.NOT_WAITED, "", current).outcome(
            "", done=progress.done, seconds=clock.now() - started
        )
    with attaching.attached(*progress):
        watched = yield from shifting.watch(gateway, clock, target)
    watched = watched if isinstance(plan, Redeploy) else _back(watched)
    if watched.ending is not Ending.SUCCEEDED:
        yield from attaching.kept(unit, plan.deregisters, watched)
    elif plan.deregisters:
        limit = max(manner.timeout - (clock.now() - started), 1.0) if manner.timeout else 0.0
        rest = replace(_shift(plan, watched.service or current, "", manner), timeout=limit)
        yield from _deregister(gateway, clock, plan.deregisters, rest, progress)
    return watched.outcome(target.deployment, done=progress.done, seconds=clock.now() - started)


def held(gateway: Gateway, cluster: str, service: str, live: JsonObject) -> Held:
    """Find the deployment whose traffic waits to go over. PlanError where none waits."""
    known = codedeployments.known(live)
    for info in gateway.codedeploy.describe_deployments(known) if known else ():
        if info.get("status") == "Ready":
            return Held(cluster=cluster, service=service, deployment=str(info.get("deploymentId")))
    raise PlanError(
        f"no CodeDeploy deployment of {cluster}/{service} waits for its traffic to go over",
        hint="`reconciler wait --wait-until paused` waits until one does",
    )


def answer(gateway: Gateway, clock: Clock, waiting: Held, manner: Manner, *, rollback: bool) -> Events:
    """Let the traffic of a deployment go over, or stop it and have it go back; errors as `reverting.answer`."""
    started = clock.now()
    current = watching.current(gateway, waiting.cluster, waiting.service)
    told = "stop it" if rollback else "let its traffic go over"
    said = f"answer the CodeDeploy deployment {waiting.deployment}: {told}"
    progress = sending.Progress([], [f"{waiting.unit}: {said}"])
    act = partial(gateway.codedeploy.continue_deployment, waiting.deployment)
    if rollback:
        act = partial(_stop, gateway, waiting.deployment)
    yield from sending.send(waiting.unit, said, act, progress, told=_nothing)
    if not manner.wait:
        return Watched(Ending.NOT_WAITED, "", current).outcome(
            "", done=progress.done, seconds=clock.now() - started
        )
    target = _shift(waiting, current, waiting.deployment, manner)
    target = replace(target, until=manner.until, returns=rollback)
    with attaching.attached(*progress):
        _heard(gateway, clock, waiting)
        watched = yield from shifting.watch(gateway, clock, target)
    watched = _back(watched) if rollback else watched
    return watched.outcome(target.deployment, done=progress.done, seconds=clock.now() - started)


def _heard(gateway: Gateway, clock: Clock, waiting: Held) -> None:
    """Wait until a deployment is no longer described as one that waits: that may lag behind."""
    until = clock.now() + _PATIENCE
    while clock.now() < until:
        (info,) = gateway.codedeploy.describe_deployments([waiting.deployment]) or ({},)
        if info.get("status") != "Ready":
            return
        clock.sleep(_PAUSE)


def _lines(plan: StopShift | AwaitShift | Redeploy, *names: str) -> list[str]:
    """Give what is left to do, a line each; the last name is that of deregistering."""
    return [f"{plan.unit}: {name}" for name in (names if plan.deregisters else names[:-1])]


def _back(watched: Watched) -> Watched:
    """Take having gone back for the success that it is here."""
    if watched.ending is Ending.ROLLED_BACK:
        return replace(watched, ending=Ending.SUCCEEDED)
    if watched.ending is Ending.SUCCEEDED:
        return replace(watched, ending=Ending.FAILED, reason="it completed before it could be stopped")
    return watched


def _deregister(
    gateway: Gateway, clock: Clock, arn: str, rest: Shift, progress: sending.Progress
) -> Generator[Event, None, None]:
    """Deregister a revision once the service is at rest without it."""
    with attaching.attached(*progress):
        watched = yield from shifting.watch(gateway, clock, rest)
    body = watched.service.body if watched.service is not None else {}
    used = [
        body.get("taskDefinition"),
        *(each.get("taskDefinition") for each in codedeployments.task_sets(body)),
    ]
    if watched.ending is not Ending.SUCCEEDED or arn in used:
        what = f"{short(arn)} is not deregistered: the service is not at rest without it"
        yield Warned(unit=rest.unit, what=f"{what} ({watched.reason})")
        return
    act = partial(gateway.deregister_task_definition, arn)
    yield from sending.send(rest.unit, f"deregister {short(arn)}", act, progress, told=_nothing)


def _shift(
    plan: StopShift | AwaitShift | Redeploy | Held, current: Snapshot, deployment: str, manner: Manner
) -> Shift:
    """Watch a deployment until the service is at rest again, telling nothing of what was before."""
    known = frozenset(codedeployments.known(current.body)) - {deployment}
    told = news.ids(current.body)
    return Shift(
        cluster=plan.cluster, service=plan.service, deployment=deployment, before=known, told=told,
        until="stable", timeout=manner.timeout,
    )  # fmt: skip


def _stop(gateway: Gateway, deployment: str) -> None:
    try:
        gateway.codedeploy.stop_deployment(deployment, rollback=True)
    except AwsRefused as error:
        if error.code != "DeploymentAlreadyCompletedException":
            raise
        raise PlanError(
            "the deployment has ended meanwhile, there is nothing to stop",
            hint="run the command again: it goes by how the deployment ended",
        ) from error


def _joined(begun: tuple[Shift, bool]) -> tuple[str, bool]:
    return begun[0].deployment, begun[1]


def _nothing(_: None) -> tuple[str, bool]:
    return "", False
