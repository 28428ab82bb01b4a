"""Watching a rollout: describe, judge, report, wait, until it ends or time is up. Changes nothing."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from dataclasses import dataclass
from itertools import groupby
from typing import Final

from reconciler.core import rollouts
from reconciler.core.events import Event, RolloutProgress, ServiceEvent, Warned
from reconciler.core.outcomes import Ending
from reconciler.core.rollouts import Judgement, State
from reconciler.core.values import JsonObject
from reconciler.engine import observing
from reconciler.engine.ports import Clock, Gateway, Snapshot
from reconciler.errors import AwsError, AwsNotFound, ReconcilerError

# A rollout takes minutes, and DescribeServices allows about twenty calls a second for the whole account.
FIRST_PAUSE: Final = 0.5
LONGEST_PAUSE: Final = 6.0
# CreateService is eventually consistent: for some seconds the new service may be missing.
PATIENCE: Final = 60.0

_ENDINGS: Final[Mapping[State, Ending]] = {
    State.DEPLOYED: Ending.SUCCEEDED,
    State.STABLE: Ending.SUCCEEDED,
    State.FAILED: Ending.FAILED,
    State.GONE: Ending.FAILED,
    State.ROLLED_BACK: Ending.ROLLED_BACK,
    State.SUPERSEDED: Ending.SUPERSEDED,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Watch:
    """What to watch. `before` holds the deployments that were there before; `since` hides service events that are
    older, `told` those with these ids.

    `until` is ``stable`` or ``deployed``; `timeout` in seconds, 0 for no limit.
    """

    cluster: str
    service: str
    deployment: str
    before: frozenset[str] = frozenset()
    until: str = "deployed"
    timeout: float = 600.0
    since: float = 0.0
    told: frozenset[str] = frozenset()

    @property
    def unit(self) -> str:
        """Give the address of the service in a plan."""
        return f"service.{self.cluster}/{self.service}"


@dataclass(frozen=True, slots=True)
class Watched:
    """How watching ended, and the service as it was described last."""

    ending: Ending
    reason: str
    service: Snapshot | None


def watch(gateway: Gateway, clock: Clock, target: Watch) -> Generator[Event, None, Watched]:
    """Report a rollout until it ends. AwsError where the service cannot be described, not even a while later."""
    started = clock.now()
    pause = FIRST_PAUSE
    told = set(target.told)
    shown: tuple[object, ...] = ()
    latest: Snapshot | None = None
    while True:
        try:
            found = gateway.describe_services(target.cluster, [target.service])[target.service]
        except AwsError as error:
            if not error.temporary or _late(clock, started, target.timeout):
                raise
            yield Warned(unit=target.unit, what=f"{error.what}; asking again")
            found = None
        if isinstance(found, Snapshot):
            latest = found
            yield from _news(target, found.body, told)
            judgement = rollouts.judge(found.body, target.deployment, target.before)
            now = (judgement.state, judgement.reason, _counts(found.body))
            if now != shown:
                shown = now
                yield _progress(target, found.body, judgement, clock.now())
            if _over(judgement, target.until):
                return Watched(_ENDINGS[judgement.state], judgement.reason, latest)
        elif found is not None and clock.now() - started > PATIENCE:
            raise AwsNotFound(
                f"the service {target.cluster}/{target.service} is not there",
                operation="DescribeServices",
                code=found.reason,
            )
        if _late(clock, started, target.timeout):
            return Watched(Ending.TIMED_OUT, f"not {target.until} after {target.timeout:g} seconds", latest)
        clock.sleep(pause)
        pause = min(pause * 1.3, LONGEST_PAUSE)


def _late(clock: Clock, started: float, timeout: float) -> bool:
    return bool(timeout) and clock.now() - started >= timeout


def _over(judgement: Judgement, until: str) -> bool:
    if judgement.state is State.DEPLOYED:
        return until == "deployed"
    return judgement.state.ended or judgement.state is State.STABLE


def _counts(service: JsonObject) -> tuple[object, ...]:
    names = ("id", "status", "desiredCount", "pendingCount", "runningCount", "failedTasks", "rolloutState")
    return tuple(tuple(d.get(name) for name in names) for d in rollouts.deployments(service))


def _progress(target: Watch, service: JsonObject, judgement: Judgement, now: float) -> RolloutProgress:
    return RolloutProgress(
        unit=target.unit,
        at=now,
        deployments=tuple(rollouts.deployments(service)),
        state=judgement.state.value,
        reason=judgement.reason,
    )


def _news(target: Watch, service: JsonObject, told: set[str]) -> Generator[Event, None, None]:
    """Report service events that were not reported yet, oldest first (the API gives the newest first)."""
    fresh: list[tuple[float, str]] = []
    for event in reversed(events(service)):
        name, at = str(event.get("id")), event.get("createdAt")
        when = float(at) if isinstance(at, int | float) else 0.0
        if name not in told and when >= target.since:
            told.add(name)
            fresh.append((when, str(event.get("message", ""))))
    for message, same in groupby(fresh, key=lambda told: told[1]):
        times = [when for when, _ in same]
        yield ServiceEvent(unit=target.unit, at=times[0], message=message, times=len(times))


def events(service: JsonObject) -> list[JsonObject]:
    """Give the service events of a described service, the newest first."""
    found = service.get("events")
    return [event for event in found if isinstance(event, dict)] if isinstance(found, list | tuple) else []


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
    first = rollouts.primary(current.body)
    if first is None:
        raise ReconcilerError(
            f"the service {cluster}/{service} has no PRIMARY deployment",
            hint="deployments through CodeDeploy and external controllers are not supported yet",
        )
    # Beside a failed deployment the PRIMARY one is what ECS goes back to: the rollout to judge is the failed one.
    first = rollouts.failed(current.body) or first
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
    )
