"""Watching a deployment of CodeDeploy's: describe, judge, report, wait, until it ends. Changes nothing."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping
from dataclasses import field
from typing import Final

from reconciler.core import codedeployments, news, rollouts
from reconciler.core.appspecs import Settings
from reconciler.core.events import Event, RolloutProgress, Warned
from reconciler.core.kinds.spellings import short_name
from reconciler.core.outcomes import Ending
from reconciler.core.rollouts import Judgement, State
from reconciler.core.values import JsonObject
from reconciler.engine import grouping, watching
from reconciler.engine.diagnosing import Stall, diagnosed
from reconciler.engine.ports import Absent, Clock, CodeDeploy, Gateway, Snapshot
from reconciler.engine.watching import Watched
from reconciler.errors import AwsDenied, AwsError, AwsNotFound, Refused
from reconciler.records import dataclass

ROLLBACK_PATIENCE: Final = 30.0
"""How long a rollback that is configured may take to be named by the deployment that it is for (ecspresso#663)."""

_ENDINGS: Final[Mapping[State, Ending]] = {
    State.FAILED: Ending.FAILED,
    State.GONE: Ending.FAILED,
    State.ROLLED_BACK: Ending.ROLLED_BACK,
    State.SUPERSEDED: Ending.SUPERSEDED,
    State.PAUSED: Ending.PAUSED,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Shift:
    """What to watch: a deployment by its id (``d-…``), or, without one, the service until it is at rest.

    `before` holds the deployments that had made the service's task sets when it began. `returns` says that it was
    stopped so that CodeDeploy goes back, whatever is configured. The rest is as in `Watch`.
    """

    cluster: str
    service: str
    deployment: str = ""
    before: frozenset[str] = frozenset()
    until: str = "deployed"
    timeout: float = 600.0
    since: float = 0.0
    told: frozenset[str] = frozenset()
    returns: bool = False
    desired: int = -1

    @property
    def unit(self) -> str:
        """Give the address of the service in a plan."""
        return f"service.{self.cluster}/{self.service}"


def watch(gateway: Gateway, clock: Clock, target: Shift) -> Generator[Event, None, Watched]:
    """Report a deployment until it ends. AwsError where it cannot be described, not even a while later."""
    started = clock.now()
    following = _Following(gateway, target, started)
    pause = watching.FIRST_PAUSE
    while True:
        elapsed = clock.now() - started
        late = bool(target.timeout) and elapsed >= target.timeout
        try:
            ended = yield from following.look(clock.now(), late=late)
        except AwsNotFound as error:
            if late or elapsed > watching.PATIENCE:
                raise
            yield Warned(unit=target.unit, what=f"{error.what}; asking again")
            ended = None
        except AwsError as error:
            if not error.temporary or (late and following.latest is None):
                raise
            yield Warned(unit=target.unit, what=f"{error.what}; asking again")
            said = f"not {target.until} after {target.timeout:g} seconds"
            ended = Watched(Ending.TIMED_OUT, said, following.latest) if late else None
        if ended is not None:
            return ended
        yield from following.stalled(clock.now())
        clock.sleep(pause)
        pause = min(pause * 1.3, watching.LONGEST_PAUSE)


def look(gateway: Gateway, clock: Clock, described: Snapshot, cluster: str, service: str) -> Iterator[Event]:
    """Report the rollout of a service that was just described as watching it would report it first, whoever deploys."""
    if codedeployments.controller(described.body) != "CODE_DEPLOY":
        yield from watching.look(gateway, clock, described, cluster, service)
        return
    for info in under_way(gateway.codedeploy, described.body)[:1]:
        name = str(info.get("deploymentId"))
        told = news.ids(described.body)
        target = Shift(cluster=cluster, service=service, deployment=name, until="stable", told=told)
        yield from _Following(gateway, target, clock.now()).look(clock.now(), late=False)


def follow(gateway: Gateway, clock: Clock, target: watching.Watch | Shift) -> Generator[Event, None, Watched]:
    """Watch what it is to be watched, whoever deploys."""
    if isinstance(target, Shift):
        return (yield from watch(gateway, clock, target))
    return (yield from watching.watch(gateway, clock, target))


@dataclass(slots=True)
class _Following:
    """What was read of a deployment last, and what was told."""

    gateway: Gateway
    target: Shift
    began: float
    told: set[str] = field(init=False)
    info: JsonObject = field(default_factory=dict)
    back: JsonObject | None = None
    described: JsonObject | None = None
    latest: Snapshot | None = None
    shown: tuple[object, ...] = ()
    usual: float = 0.0
    failed_at: float = -1.0
    stall: Stall = field(default_factory=Stall)
    counted: bool = False
    """Whether a description has shown the number of tasks that was asked for."""

    def __post_init__(self) -> None:
        self.told = set(self.target.told)

    def look(self, now: float, *, late: bool) -> Generator[Event, None, Watched | None]:
        """Read, report and judge once; gives how it ended, None while it goes on."""
        target = self.target
        if target.deployment:
            self._read()
        found = self.gateway.describe_services(target.cluster, [target.service])[target.service]
        if not isinstance(found, Snapshot):
            raise AwsNotFound(
                f"the service {target.cluster}/{target.service} is not there",
                operation="DescribeServices",
                code=found.reason,
            )
        self.latest = found
        yield from news.fresh(target.unit, target.since, found.body, self.told)
        judgement = self._judged(found.body, now)
        yield from self._progress(found.body, judgement, now)
        record = codedeployments.record(self.info, self.described, judgement) if self.info else None
        if codedeployments.reached(judgement, target.until, self.described):
            return Watched(Ending.SUCCEEDED, judgement.reason, found, record, judgement.state)
        if judgement.state.ended:
            return Watched(_ENDINGS[judgement.state], judgement.reason, found, record, judgement.state)
        if late:
            said = f"not {target.until} after {target.timeout:g} seconds: {judgement.reason}"
            return Watched(Ending.TIMED_OUT, said, found, record, judgement.state)
        return None

    def stalled(self, now: float) -> Iterator[Event]:
        """Say once why new tasks do not come up, where anything says it."""
        target = self.target
        if self.latest is None or not target.deployment or not self.stall.lacks(self.latest.body, now):
            return
        found = diagnosed(self.gateway, target.cluster, target.service, deployment=target.deployment)
        if any(not cause.vague for cause in found.diagnosis.causes):
            yield found
        else:
            self.stall.patient(now)

    def _read(self) -> None:
        """Read the deployment, the one that rolls it back, and its target."""
        target, port = self.target, self.gateway.codedeploy
        names = [target.deployment]
        if codedeployments.rollback_of(self.info):
            names.append(codedeployments.rollback_of(self.info))
        infos = {str(each.get("deploymentId")): each for each in port.describe_deployments(names)}
        if target.deployment not in infos:
            raise AwsNotFound(
                f"CodeDeploy has no deployment {target.deployment}",
                operation="BatchGetDeployments",
                code="DeploymentDoesNotExistException",
            )
        if not self.info:
            self.usual = next(_usual(self.gateway, infos[target.deployment]), 0.0)
        self.info = infos[target.deployment]
        self.back = infos.get(codedeployments.rollback_of(self.info))
        place = f"{short_name(target.cluster)}:{target.service}"
        try:
            found = port.describe_target(target.deployment, place)
        except AwsDenied:  # its status is judged without; events and traffic are not known then
            found = Absent()
        self.described = found.body if isinstance(found, Snapshot) else self.described

    def _judged(self, service: JsonObject, now: float) -> Judgement:
        if not self.target.deployment:
            wanted = self.target.desired in (-1, service.get("desiredCount"))
            self.counted = self.counted or wanted or now - self.began > watching.PATIENCE
            stable = codedeployments.at_rest(service) and self.counted
            said = "the service is stable" if stable else "tasks are being started or stopped"
            return Judgement(State.STABLE if stable else State.IN_PROGRESS, said)
        judgement = codedeployments.judge(
            self.info,
            target=self.described,
            back=self.back,
            service=service,
            before=self.target.before,
        )
        stopped = self.target.returns and self.info.get("status") == "Stopped" and self.back is None
        if judgement.state is State.FAILED and (stopped or codedeployments.expects_rollback(self.info)):
            self.failed_at = now if self.failed_at < 0 else self.failed_at
            if now - self.failed_at < ROLLBACK_PATIENCE:
                said = f"{judgement.reason}; CodeDeploy is about to go back"
                return Judgement(State.ROLLING_BACK, said, judgement.stage)
        return judgement

    def _progress(self, service: JsonObject, judgement: Judgement, now: float) -> Iterator[RolloutProgress]:
        """Give what to report: nothing where nothing has moved."""
        deployments = codedeployments.deployments(service)
        names = ("id", "status", "desiredCount", "pendingCount", "runningCount")
        counts = tuple(tuple(each.get(name) for name in names) for each in deployments)
        seen = (judgement, counts, codedeployments.traffic(self.described))
        if seen == self.shown:
            return
        self.shown = seen
        yield RolloutProgress(
            unit=self.target.unit,
            at=now,
            deployments=deployments,
            state=judgement.state.value,
            reason=judgement.reason,
            stage=judgement.stage,
            record=codedeployments.record(self.info, self.described, judgement) if self.info else None,
            usual=self.usual,
        )


def _usual(gateway: Gateway, info: JsonObject) -> Iterator[float]:
    """Give how long the last deployment of the group took that succeeded, in seconds, if that may be read."""
    port = gateway.codedeploy
    names = (str(info.get("applicationName")), str(info.get("deploymentGroupName")))
    try:
        last = port.describe_deployments(port.list_deployments(*names, statuses=("Succeeded",), limit=1))
    except AwsError:  # an estimate is all that is lost
        return
    for each in last:
        began, ended = each.get("createTime"), each.get("completeTime")
        if isinstance(began, int | float) and isinstance(ended, int | float):
            yield float(ended) - float(began)


def pick_up(
    gateway: Gateway,
    clock: Clock,
    named: Settings,
    live: JsonObject,
    *,
    cluster: str,
    service: str,
    until: str,
    timeout: float,
) -> Shift:
    """Watch what CodeDeploy does with a service now; without a deployment, how the service comes to rest.

    A rollback is watched as the end of the deployment that it is for.
    """
    port = gateway.codedeploy
    known = codedeployments.known(live)
    made = grouping.patiently(clock, lambda: port.describe_deployments(known)) if known else ()
    info = next((each for each in made if not codedeployments.over(each)), None)
    if info is None:
        try:
            group = grouping.find(port, clock, named, cluster, service, live)
        except Refused:  # nothing deploys it, so nothing is under way
            group = None
        info = grouping.running(port, clock, group) if group is not None else None
    name = str(info.get("deploymentId")) if info is not None else ""
    rollback = (info or {}).get("rollbackInfo")
    triggering = rollback.get("rollbackTriggeringDeploymentId") if isinstance(rollback, dict) else None
    since = (info or {}).get("createTime")
    return Shift(
        cluster=cluster,
        service=service,
        deployment=str(triggering or name),
        before=frozenset(known) - {name},
        until=until if name else "stable",
        timeout=timeout,
        since=float(since) if isinstance(since, int | float) else clock.now(),
    )


def resumed(
    gateway: Gateway,
    clock: Clock,
    named: Settings,
    current: Snapshot,
    *,
    cluster: str,
    service: str,
    until: str,
    timeout: float,
) -> watching.Watch | Shift | None:
    """Pick up what is under way, whoever deploys; None where nothing is. Refused where `until` never comes."""
    controller = codedeployments.controller(current.body)
    insist_on_until(until, controller)
    if controller == "CODE_DEPLOY":
        shift = pick_up(
            gateway, clock, named, current.body,
            cluster=cluster, service=service, until=until, timeout=timeout,
        )  # fmt: skip
        return shift if shift.deployment or not codedeployments.at_rest(current.body) else None
    completed = (rollouts.primary(current.body) or {}).get("rolloutState") == "COMPLETED"
    if completed and until != "stable" and rollouts.unfinished(current.body) is None:
        return None  # its tasks may be replaced just now, but nothing is rolled out
    target = watching.pick_up(current, cluster, service, until, timeout)
    judged = rollouts.judge(current.body, target.deployment, target.before)
    return None if judged.state is State.STABLE else target


def under_way(port: CodeDeploy, live: JsonObject) -> tuple[JsonObject, ...]:
    """Describe the deployments that are not over of those that made the task sets of a service.

    With one task set there is none, but for the moments before it has made its own. Where they may not be read there
    is none to tell of: applying asks again.
    """
    known = codedeployments.known(live) if len(codedeployments.task_sets(live)) > 1 else ()
    try:
        found = port.describe_deployments(known) if known else ()
    except AwsDenied:
        return ()
    return tuple(info for info in found if not codedeployments.over(info))


def insist_on_until(until: str, controller: str) -> None:
    """Refuse to wait for what a service's deployments never come to: stages of ECS's own, or events of CodeDeploy's."""
    kind = until.partition(":")[0]
    if kind == "codedeploy" and controller != "CODE_DEPLOY":
        raise Refused(
            f"{until} cannot be waited for: the service's deployment controller is {controller}, "
            "and only CodeDeploy has such events",
            hint="wait for `deployed`, `stable` or `ecs:STAGE`",
        )
    if kind == "ecs" and controller == "CODE_DEPLOY":
        raise Refused(
            f"{until} cannot be waited for: CodeDeploy deploys the service, and ECS itself goes through no stages",
            hint="wait for `deployed`, `stable` or `codedeploy:EVENT` (codedeploy:AllowTraffic)",
        )
