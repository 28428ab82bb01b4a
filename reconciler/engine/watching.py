"""Watching rollouts: describe, judge, report, wait, until they end or time is up. Changes nothing.

Rollouts that are watched together share their reads: services are described by the ten of a cluster, service
deployments by the twenty.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping, Sequence
from dataclasses import field, replace
from typing import Final, TypeAlias

from reconciler.core import news, rollouts
from reconciler.core.events import Event, RolloutProgress, Warned
from reconciler.core.outcomes import Ending, Outcome
from reconciler.core.rollouts import Judgement, State
from reconciler.core.values import JsonObject
from reconciler.engine import observing
from reconciler.engine.diagnosing import Stall, diagnosed
from reconciler.engine.ports import Absent, Clock, Gateway, Snapshot
from reconciler.errors import AwsError, AwsNotFound, ReconcilerError
from reconciler.records import dataclass

# A rollout takes minutes, and DescribeServices allows about twenty calls a second for the whole account.
FIRST_PAUSE: Final = 0.5
LONGEST_PAUSE: Final = 6.0
# CreateService is eventually consistent: for some seconds the new service may be missing.
PATIENCE: Final = 60.0
# For how long a service deployment that has ended is waited with until the service shows it as well.
CATCHING_UP: Final = 10.0
# How far the times of a deployment and of its service deployment may lie apart: by how much the latter may be older at
# first, when what is listed may lag behind, and either way after a few looks.
AT_ONCE: Final = 1.0
NEAR: Final = 60.0
LISTINGS: Final = 8

_ENDINGS: Final[Mapping[State, Ending]] = {
    State.PAUSED: Ending.PAUSED,
    State.FAILED: Ending.FAILED,
    State.GONE: Ending.FAILED,
    State.ROLLED_BACK: Ending.ROLLED_BACK,
    State.SUPERSEDED: Ending.SUPERSEDED,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Watch:
    """What to watch. `before` holds the deployments that were there before; `since` hides service events that are
    older, `told` those with these ids.

    `until` is as `core.rollouts.until` gives it; `timeout` in seconds, 0 for no limit. `created` is when the
    deployment was made, by AWS's clock: its service deployment is the one of that time. 0 where nothing new was made.
    `desired` is the number of tasks that AWS has promised, -1 where that may be any.
    """

    cluster: str
    service: str
    deployment: str
    before: frozenset[str] = frozenset()
    until: str = "deployed"
    timeout: float = 600.0
    since: float = 0.0
    told: frozenset[str] = frozenset()
    created: float = 0.0
    desired: int = -1

    @property
    def unit(self) -> str:
        """Give the address of the service in a plan."""
        return f"service.{self.cluster}/{self.service}"


@dataclass(frozen=True, slots=True)
class Watched:
    """How watching ended, and the service as it was described last, with its service deployment if that is known.

    `state` is how the rollout stood, None where it could not be seen.
    """

    ending: Ending
    reason: str
    service: Snapshot | None
    record: JsonObject | None = None
    state: State | None = None

    def outcome(
        self, deployment: str, *, done: Sequence[str] = (), seconds: float = 0.0, revision: str = ""
    ) -> Outcome:
        """Give the outcome of what was watched; `revision` is the service's as far as no description has shown it."""
        shown = self.service.body.get("taskDefinition") if self.service is not None else None
        return Outcome(
            ending=self.ending,
            reason=self.reason,
            done=tuple(done),
            revision=str(shown or revision),
            seconds=seconds,
            deployment="" if self.ending is Ending.SUCCEEDED else deployment,
            state=self.state.value if self.state is not None else "",
        )


_THROUGH: Final = (State.DEPLOYED, State.STABLE, State.SUPERSEDED)
"""How a rollback that was seen looks at its end, to who knows nothing of it."""

Ended: TypeAlias = Watched | ReconcilerError
"""How watching one of several ended: an error is that one's own."""


def watch(gateway: Gateway, clock: Clock, target: Watch) -> Generator[Event, None, Watched]:
    """Report a rollout until it ends. AwsError where the service cannot be described, not even a while later."""
    (ended,) = yield from watch_all(gateway, clock, [target])
    if isinstance(ended, ReconcilerError):
        raise ended
    return ended


def watch_all(
    gateway: Gateway, clock: Clock, targets: Sequence[Watch]
) -> Generator[Event, None, tuple[Ended, ...]]:
    """Report rollouts until all of them have ended, and say how each did."""
    started = clock.now()
    reader = _Reader(gateway)
    following = [_Following(target) for target in targets]
    pause = FIRST_PAUSE
    while True:
        going = [each for each in following if each.ended is None]
        reader.read(going)
        for each in going:
            yield from each.judge(clock.now(), clock.now() - started)
            yield from each.stalled(gateway, clock.now())
        if all(each.ended is not None for each in following):
            return tuple(each.ended for each in following if each.ended is not None)
        clock.sleep(pause)
        pause = min(pause * 1.3, LONGEST_PAUSE)


@dataclass(slots=True)
class _Following:
    """One rollout that is watched: what was read of it last, what was told, and how it ended."""

    target: Watch
    told: set[str] = field(init=False)
    found: Snapshot | Absent | AwsError | None = None
    record: JsonObject | None = None
    arn: str = ""
    """Of its service deployment, once that is known."""
    listed: int = 0
    """How often service deployments were listed to find it."""
    seen: bool = False
    """Whether a description has shown the deployment."""
    back: str = ""
    """The PRIMARY deployment by which ECS was seen to go back from it."""
    over: float = -1.0
    """When its service deployment was first seen to have ended while the service did not show it, in seconds."""
    counted: bool = False
    """Whether a description has shown the number of tasks that was asked for."""
    state: State | None = None
    usual: float = 0.0
    latest: Snapshot | None = None
    shown: tuple[object, ...] = ()
    warnings: list[str] = field(default_factory=list)
    stall: Stall = field(default_factory=Stall)
    ended: Ended | None = None

    def __post_init__(self) -> None:
        """Begin with what was told before."""
        self.told = set(self.target.told)

    def judge(self, now: float, elapsed: float) -> Iterator[Event]:
        """Report what was read, and note whether it was the last time."""
        target = self.target
        late = bool(target.timeout) and elapsed >= target.timeout
        for warning in self.warnings:
            yield Warned(unit=target.unit, what=warning)
        self.warnings.clear()
        match self.found:
            case Snapshot(body):
                self.latest = self.found
                yield from news.fresh(target.unit, target.since, body, self.told)
                judgement = self._judged(body, elapsed)
                self.state = judgement.state
                progress = self._progress(body, judgement, now)
                if progress is not None:
                    yield progress
                other = rollouts.overtaken(body, target.deployment, target.before)
                if rollouts.reached(judgement, target.until):
                    self._end(Ending.SUCCEEDED, judgement.reason)
                elif judgement.state.ended:
                    self._end(_ENDINGS[judgement.state], judgement.reason)
                elif judgement.state is State.DEPLOYED and other:  # it will never be stable by itself
                    self._end(Ending.SUPERSEDED, rollouts.meanwhile(other))
            case AwsError() as error if not error.temporary or (late and self.latest is None):
                self.ended = error
            case AwsError() as error:
                yield Warned(unit=target.unit, what=f"{error.what}; asking again")
            case Absent(reason) if elapsed > PATIENCE:
                self.ended = AwsNotFound(
                    f"the service {target.cluster}/{target.service} is not there",
                    operation="DescribeServices",
                    code=reason,
                )
        if late and self.ended is None:
            self._end(Ending.TIMED_OUT, f"not {target.until} after {target.timeout:g} seconds")

    def _judged(self, service: JsonObject, elapsed: float) -> Judgement:
        """Judge it, by what was seen before too: descriptions lag behind, and forget what was gone back from."""
        target = self.target
        self.seen = self.seen or any(d.get("id") == target.deployment for d in rollouts.deployments(service))
        judgement = rollouts.judge(
            service,
            target.deployment,
            target.before,
            self.record,
            shown=self.seen or elapsed > PATIENCE,
        )
        self.counted = (
            self.counted or target.desired in (-1, service.get("desiredCount")) or elapsed > PATIENCE
        )
        if not self.counted and judgement.state in (State.DEPLOYED, State.STABLE):
            return replace(judgement, state=State.IN_PROGRESS, reason="AWS does not show the update yet")
        if judgement.state in (State.DEPLOYED, State.FAILED) and self._behind(service, elapsed):
            return replace(judgement, state=State.IN_PROGRESS)
        first = rollouts.primary(service) or {}
        if judgement.state is State.ROLLING_BACK:
            self.back = str(first.get("id"))
        elif self.back == first.get("id") and judgement.state in _THROUGH:
            return replace(
                judgement, state=State.ROLLED_BACK, reason="ECS went back to the deployment before"
            )
        return judgement

    def _behind(self, service: JsonObject, elapsed: float) -> bool:
        """Tell whether the service was described before its service deployment ended: it is looked at again then."""
        target, status = self.target, (self.record or {}).get("status")
        if status not in ("SUCCESSFUL", "STOPPED") or rollouts.overtaken(
            service, target.deployment, target.before
        ):
            return False
        own = next((d for d in rollouts.deployments(service) if d.get("id") == target.deployment), None)
        # Of some deployments AWS shows no state: these are completed as soon as the record says so.
        going = ("IN_PROGRESS",) if status == "SUCCESSFUL" else ("IN_PROGRESS", None)
        if own is not None and own.get("rolloutState") not in going:
            return False
        self.over = elapsed if self.over < 0 else self.over
        return elapsed - self.over < CATCHING_UP

    def stalled(self, gateway: Gateway, now: float) -> Iterator[Event]:
        """Say once why it does not move, if it loses tasks instead."""
        target = self.target
        if (
            self.ended is None
            and self.latest
            and self.stall.notices(self.latest.body, target.deployment, now)
        ):
            yield diagnosed(gateway, target.cluster, target.service, deployment=target.deployment)

    def _end(self, ending: Ending, reason: str) -> None:
        self.ended = Watched(ending, reason, self.latest, self.record, self.state)

    def _progress(self, service: JsonObject, judgement: Judgement, now: float) -> RolloutProgress | None:
        """Give what to report of a service: nothing where nothing has moved."""
        seen = (judgement, *news.moved(service, self.record))
        if seen == self.shown:
            return None
        self.shown = seen
        return RolloutProgress(
            unit=self.target.unit,
            at=now,
            deployments=tuple(rollouts.deployments(service)),
            state=judgement.state.value,
            reason=judgement.reason,
            stage=judgement.stage,
            record=self.record,
            usual=self.usual,
        )


@dataclass(slots=True)
class _Reader:
    """Reads what several rollouts need, together. Of what may not be read it says so once, and goes on without."""

    gateway: Gateway
    denied: bool = False

    def read(self, following: Sequence[_Following]) -> None:
        """Read services, and then their service deployments: those are never older than what they are judged with."""
        by_cluster: dict[str, list[_Following]] = {}
        for each in following:
            by_cluster.setdefault(each.target.cluster, []).append(each)
        for cluster, members in by_cluster.items():
            names = [each.target.service for each in members]
            try:
                found = self.gateway.describe_services(cluster, names)
            except AwsError as error:
                for each in members:
                    each.found = error
            else:
                for each in members:
                    each.found = found[each.target.service]
        self.recorded(following)

    def recorded(self, watched: Sequence[_Following]) -> None:
        """Read the service deployments of those whose services were found."""
        following = [each for each in watched if each.target.created and isinstance(each.found, Snapshot)]
        if self.denied or not following:
            return
        try:
            for each in following:
                if not each.arn:
                    self._find(each)
            known = [each.arn for each in following if each.arn]
            found = self.gateway.describe_service_deployments(known) if known else ()
        except AwsError as error:
            self._missed(error, following)
            return
        by_arn = {str(record.get("serviceDeploymentArn")): record for record in found}
        for each in following:
            each.record = by_arn.get(each.arn, each.record)

    def _find(self, each: _Following) -> None:
        """Find the service deployment of a deployment: nothing but its time says that they are one."""
        target = each.target
        # Long enough ago that the rollout before is among them: it says how long they usually take.
        briefs = self.gateway.list_service_deployments(
            target.cluster, target.service, since=target.created - _MONTH
        )
        each.listed += 1
        # An older one may be that of the rollout before, while its own is not listed yet.
        older = AT_ONCE if each.listed <= LISTINGS else NEAR
        near = [
            (abs(created - target.created), str(brief.get("serviceDeploymentArn")))
            for brief in briefs
            if isinstance(created := brief.get("createdAt"), int | float)
            and -older <= created - target.created <= NEAR
        ]
        if near:  # of two at one time the newer one, which is listed first: it has stopped the other
            each.arn = min(near, key=lambda each: each[0])[1]
        each.usual = next(news.durations(briefs), 0.0)

    def _missed(self, error: AwsError, following: Sequence[_Following]) -> None:
        if error.temporary or isinstance(error, AwsNotFound):  # not there yet: the services will do for once
            return
        self.denied = True
        for each in following:
            each.record = None
            each.warnings.append(
                f"{error.what}; the rollout is judged by the service's deployments alone, without its lifecycle "
                "stages (allow ecs:ListServiceDeployments and ecs:DescribeServiceDeployments)"
            )


_MONTH: Final = 30 * 86400.0


def look(gateway: Gateway, clock: Clock, described: Snapshot, cluster: str, service: str) -> Iterator[Event]:
    """Report the rollout of a service that was just described as watching it would report it first.

    Nothing where none is under way; otherwise its service deployment is read, and nothing else.
    """
    if rollouts.unfinished(described.body) is None:
        return
    following = _Following(pick_up(described, cluster, service, "stable", 0.0))
    following.found = described
    _Reader(gateway).recorded([following])
    yield from following.judge(clock.now(), 0.0)


def current(gateway: Gateway, cluster: str, service: str) -> Snapshot:
    """Describe the service, to pick up its rollout. ReconcilerError where it is not there."""
    found = observing.describe(gateway, cluster, service)
    if not isinstance(found, Snapshot) or found.body.get("status") == "INACTIVE":
        raise ReconcilerError(
            f"the service {cluster}/{service} does not exist", hint="create it with `reconciler apply`"
        )
    return found


def pick_up(current: Snapshot, cluster: str, service: str, until: str, timeout: float) -> Watch:
    """Watch the rollout that runs now. ReconcilerError where the service has no deployments of its own."""
    first = rollouts.latest(current.body)
    if first is None:
        raise ReconcilerError(
            f"the service {cluster}/{service} has no PRIMARY deployment",
            hint="what an external controller does with task sets is not followed here",
        )
    others = (str(d.get("id")) for d in rollouts.deployments(current.body) if d is not first)
    since = first.get("updatedAt") or first.get("createdAt")
    return Watch(
        cluster=cluster,
        service=service,
        deployment=str(first.get("id")),
        before=frozenset(others),
        until=until,
        timeout=timeout,
        since=float(since) if isinstance(since, int | float) else 0.0,
        created=news.made_at(first),
    )
