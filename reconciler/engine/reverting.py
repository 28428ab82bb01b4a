"""Carrying out a rollback that `undoing` decided on, and answering PAUSE hooks; waiting until that is through."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Final, assert_never

from reconciler.core import codedeployments, news, rollouts
from reconciler.core.events import Event, Warned
from reconciler.core.outcomes import Ending, Outcome
from reconciler.core.revisions import short
from reconciler.core.values import JsonObject
from reconciler.engine import attaching, sending, undoing, watching
from reconciler.engine.applying import Events, Manner
from reconciler.engine.ports import Clock, Gateway, Snapshot
from reconciler.engine.watching import Watch, Watched
from reconciler.engine.ways import Await, AwaitShift, Redeploy, Stop, StopShift, Undoing, Update
from reconciler.errors import AwsRefused, PlanError
from reconciler.records import dataclass

if TYPE_CHECKING:
    from reconciler.engine.unshifting import Held

_PAUSE: Final = 1.0
_PATIENCE: Final = 30.0
"""Seconds between looks at what was just answered, and how long what AWS describes may lag behind."""


def undo(gateway: Gateway, clock: Clock, plan: Undoing, manner: Manner) -> Events:
    """Go back. ApplyError and Interrupted as `applying.apply`; PlanError where the rollout to stop has ended."""
    if isinstance(plan, StopShift | AwaitShift | Redeploy):
        from reconciler.engine import unshifting

        return (yield from unshifting.undo(gateway, clock, plan, manner))
    return (yield from _Return(gateway, clock, manner, plan.cluster, plan.service).undo(plan))


def answer(
    gateway: Gateway, clock: Clock, paused: Paused | Held, manner: Manner, *, rollback: bool
) -> Events:
    """Let a paused rollout go on, or have it go back; errors as `undo`."""
    if not isinstance(paused, Paused):
        from reconciler.engine import unshifting

        return (yield from unshifting.answer(gateway, clock, paused, manner, rollback=rollback))
    return (
        yield from _Return(gateway, clock, manner, paused.cluster, paused.service).answer(paused, rollback)
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Paused:
    """A PAUSE hook that holds a service deployment (its ARN, and when it was made) at a lifecycle stage."""

    cluster: str
    service: str
    arn: str
    created: float
    hook: str
    stage: str


def paused(gateway: Gateway, cluster: str, service: str, hook: str = "") -> Paused | Held:
    """Find the hook that holds the rollout, the one with this id if one is given. PlanError where there is none.

    Of CodeDeploy's there are no hooks to answer, but deployments that wait before they move the traffic.
    """
    name = f"{cluster}/{service}"
    body = watching.current(gateway, cluster, service).body
    if codedeployments.controller(body) == "CODE_DEPLOY":
        from reconciler.engine import unshifting

        return unshifting.held(gateway, cluster, service, body)
    if codedeployments.controller(body) == "EXTERNAL":
        raise PlanError(f"an external controller deploys {name}: nothing of it is paused by ECS")
    first = rollouts.primary(body)
    record: JsonObject = {}
    if first is not None:
        newest = gateway.list_service_deployments(cluster, service, since=0.0)
        arns = [str(each["serviceDeploymentArn"]) for each in newest[:1]]
        record = next(iter(gateway.describe_service_deployments(arns)), {}) if arns else {}
    waiting = [str(each.get("hookId")) for each in rollouts.waiting_hooks(record)]
    if first is None or not waiting or record.get("status") not in undoing.UNDER_WAY:
        raise PlanError(
            f"no rollout of {name} is paused: {_state(body, first, record)}",
            hint="`reconciler wait --wait-until paused` waits until one is",
        )
    if hook and hook not in waiting:
        raise PlanError(
            f"no hook {hook} holds the rollout of {name}", hint=f"it waits for {', '.join(waiting)}"
        )
    if len(waiting) > 1 and not hook:
        raise PlanError(
            f"several hooks hold the rollout of {name}: {', '.join(waiting)}", hint="name one with `--hook`"
        )
    return Paused(
        cluster=cluster,
        service=service,
        arn=str(record["serviceDeploymentArn"]),
        created=news.made_at(record),
        hook=hook or waiting[0],
        stage=str(record.get("lifecycleStage") or ""),
    )


def _state(body: JsonObject, first: JsonObject | None, record: JsonObject) -> str:
    if first is None:
        return "it has no deployment of its own"
    judged = rollouts.judge(body, str(first.get("id")), record=record or None)
    at = f" at {judged.stage}" if judged.stage and judged.state is rollouts.State.IN_PROGRESS else ""
    return f"it is {judged.state.value}{at}"


@dataclass(slots=True)
class _Return:
    """The state of one way back, or of one answer."""

    gateway: Gateway
    clock: Clock
    manner: Manner
    cluster: str
    service: str
    progress: sending.Progress

    def __init__(self, gateway: Gateway, clock: Clock, manner: Manner, cluster: str, service: str) -> None:
        """Begin with nothing done."""
        self.gateway, self.clock, self.manner = gateway, clock, manner
        self.cluster, self.service = cluster, service
        self.progress = sending.Progress([], [])

    @property
    def unit(self) -> str:
        return f"service.{self.cluster}/{self.service}"

    def undo(self, plan: Stop | Await | Update) -> Events:
        """Carry a rollback out."""
        started = self.clock.now()
        for note in plan.notes:
            yield Warned(unit=self.unit, what=note)
        before = self._current()
        _insist(plan, before.body)
        last = f"deregister {short(plan.deregisters)}" if plan.deregisters else ""
        match plan:
            case Update():
                name = f"update the service {self.cluster}/{self.service}"
                self._intend(name, last)
                update = partial(self.gateway.update_service, plan.body)
                made = yield from sending.send(self.unit, name, update, self.progress, told=_arn)
                target = attaching.begun(
                    self.cluster,
                    self.service,
                    made,
                    before.body,
                    since=started,
                    until=self.manner.until,
                    timeout=self.manner.timeout,
                )
            case Stop():
                name = f"stop the rollout of {short(plan.left)}"
                self._intend(name, last)
                target = self._native(before, plan.created)
                stop = partial(_stop, self.gateway, plan.arn)
                yield from sending.send(self.unit, name, stop, self.progress, told=_nothing)
            case Await():
                self._intend(last)
                target = self._native(before, plan.created)
            case _:
                assert_never(plan)
        if not self.manner.wait or target is None:
            return self._outcome(Watched(Ending.NOT_WAITED, "", before), started)
        if isinstance(plan, Await) and plan.over:
            watched = Watched(Ending.SUCCEEDED, "", before)
        else:
            watched = yield from self._watch(target, native=not isinstance(plan, Update))
        if watched.ending is not Ending.SUCCEEDED:
            yield from attaching.kept(self.unit, plan.deregisters, watched)
            return self._outcome(watched, started, target.deployment)
        if plan.deregisters or (self.manner.until == "stable" and not isinstance(plan, Update)):
            begun = target if isinstance(plan, Update) else None
            settled = yield from self._settled(plan.deregisters, started, begun)
            if self.manner.until == "stable" and settled.ending is not Ending.SUCCEEDED:
                return self._outcome(settled, started)
            watched = replace(watched, service=settled.service or watched.service)
        return self._outcome(watched, started)

    def answer(self, paused: Paused, rollback: bool) -> Events:
        """Answer a hook."""
        started = self.clock.now()
        before = self._current()
        told = "have it go back" if rollback else "let it go on"
        name = f"answer the hook {paused.hook} at {paused.stage}: {told}"
        self._intend(name)
        send = partial(self.gateway.continue_service_deployment, paused.arn, paused.hook, rollback=rollback)
        yield from sending.send(self.unit, name, send, self.progress, told=_nothing)
        if not self.manner.wait:
            return self._outcome(Watched(Ending.NOT_WAITED, "", before), started)
        with attaching.attached(*self.progress):
            self._heard(paused)
        native = self._native(before, paused.created)
        target = native if rollback else replace(native, until=self.manner.until)
        watched = yield from self._watch(target, native=rollback)
        return self._outcome(watched, started, target.deployment)

    def _heard(self, paused: Paused) -> None:
        """Wait until AWS no longer shows the hook as one that waits: what it describes may lag behind."""
        until = self.clock.now() + _PATIENCE
        while self.clock.now() < until:
            (record,) = self.gateway.describe_service_deployments([paused.arn]) or ({},)
            if paused.hook not in [each.get("hookId") for each in rollouts.waiting_hooks(record)]:
                return
            self.clock.sleep(_PAUSE)

    def _intend(self, *names: str) -> None:
        self.progress.left.extend(f"{self.unit}: {name}" for name in names if name)

    def _current(self) -> Snapshot:
        return watching.current(self.gateway, self.cluster, self.service)

    def _native(self, current: Snapshot, created: float) -> Watch:
        """Watch the service deployment that was made then, telling nothing of what was before: it goes back, or on."""
        body, manner = current.body, self.manner
        first = rollouts.primary(body) or {}
        return Watch(
            cluster=self.cluster,
            service=self.service,
            deployment=str(first.get("id")),
            before=attaching.ids(body) - {str(first.get("id"))},
            until="stable",
            timeout=manner.timeout,
            told=news.ids(body),
            created=created,
        )

    def _watch(self, target: Watch, *, native: bool) -> Generator[Event, None, Watched]:
        """Watch until it ends; where it is to go back, having gone back is the success."""
        started = self.clock.now()
        while True:
            with attaching.attached(*self.progress):
                watched = yield from watching.watch(self.gateway, self.clock, target)
                late = target.timeout and self.clock.now() - started >= target.timeout
                if not native or watched.ending is not Ending.PAUSED or late:
                    break
                self.clock.sleep(_PAUSE)  # that it was stopped is not shown yet
        if not native:
            return watched
        if watched.ending is Ending.ROLLED_BACK:
            return replace(watched, ending=Ending.SUCCEEDED)
        if watched.ending is Ending.SUCCEEDED:
            return replace(watched, ending=Ending.FAILED, reason="it completed before it could be stopped")
        return watched

    def _settled(
        self, deregister: str, started: float, begun: Watch | None
    ) -> Generator[Event, None, Watched]:
        """Wait until nothing but what was gone back to is left, and deregister what is left then.

        `begun` is the rollout that leads back, None where ECS itself went back.
        """
        limit = self.manner.timeout
        with attaching.attached(*self.progress):
            now = self._gone_back(deregister)
            first = rollouts.primary(now.body) or {}
            back = begun or Watch(cluster=self.cluster, service=self.service, deployment=str(first.get("id")))
            target = replace(
                back,
                until="stable",
                timeout=max(limit - (self.clock.now() - started), 1.0) if limit else 0.0,
                told=back.told | news.ids(now.body),
            )
            watched = yield from watching.watch(self.gateway, self.clock, target)
        body = watched.service.body if watched.service is not None else {}
        if not deregister:
            return watched
        if watched.ending is not Ending.SUCCEEDED or deregister in _in_use(body):
            what = f"{short(deregister)} is not deregistered: the service is not at rest without it"
            yield Warned(unit=self.unit, what=f"{what} ({watched.reason})")
            return watched
        name, act = (
            f"deregister {short(deregister)}",
            partial(self.gateway.deregister_task_definition, deregister),
        )
        yield from sending.send(self.unit, name, act, self.progress, told=_nothing)
        return watched

    def _gone_back(self, left: str) -> Snapshot:
        """Describe the service once it is shown without what it left, or failed: descriptions may lag behind."""
        until = self.clock.now() + _PATIENCE
        while True:
            now = self._current()
            failed = (rollouts.primary(now.body) or {}).get("rolloutState") == "FAILED"
            if not (failed or now.body.get("taskDefinition") == left) or self.clock.now() >= until:
                return now
            self.clock.sleep(_PAUSE)

    def _outcome(self, watched: Watched, started: float, deployment: str = "") -> Outcome:
        return watched.outcome(deployment, done=self.progress.done, seconds=self.clock.now() - started)


def _insist(plan: Stop | Await | Update, body: JsonObject) -> None:
    """See to it that nothing was begun since it was decided how to go back: it would be undone unseen."""
    first = rollouts.primary(body) or {}
    if not isinstance(plan, Await) and plan.primary not in ("", first.get("id")):
        raise PlanError(
            f"deployment {first.get('id')} has taken the place of {plan.primary} meanwhile: nothing was undone",
            hint="run the command again: it goes by what is there now",
        )


def _stop(gateway: Gateway, arn: str) -> None:
    try:
        gateway.stop_service_deployment(arn, rollback=True)
    except AwsRefused as error:
        if error.code != "ConflictException":
            raise
        raise PlanError(
            "the rollout has ended meanwhile, there is nothing to stop",
            hint="run the command again: it goes by how the rollout ended",
        ) from error


def _in_use(body: JsonObject) -> set[object]:
    return {body.get("taskDefinition"), *(each.get("taskDefinition") for each in rollouts.deployments(body))}


def _arn(made: Snapshot) -> tuple[str, bool]:
    return str(made.body.get("serviceArn", "")), False


def _nothing(_: None) -> tuple[str, bool]:
    return "", False
