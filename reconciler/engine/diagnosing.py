"""Reading what a diagnosis needs: side by side and bounded. What cannot be read is told, and is never an error."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as TimedOut
from dataclasses import field, replace
from typing import Final, TypeAlias, TypeVar

from reconciler.core import codedeployments, diagnosis, evidence, rollouts
from reconciler.core.causes import Cause, Diagnosis, Logged
from reconciler.core.events import Diagnosed
from reconciler.core.evidence import Seen, Stream
from reconciler.core.kinds.spellings import short_name
from reconciler.core.redaction import Masker, secret_name
from reconciler.core.values import JsonObject
from reconciler.engine.ports import Gateway, Snapshot
from reconciler.errors import AwsDenied, AwsNotFound, ReconcilerError
from reconciler.records import dataclass

MOST_TASKS: Final = 100  # one call of DescribeTasks
MOST_STREAMS: Final = 3
MOST_LINES: Final = 10
THREADS: Final = 8
# For how many seconds each round of reads is waited for: the rollout's own ending has been told by then.
PATIENCE: Final = 15.0

Answer = TypeVar("Answer")
Shift: TypeAlias = tuple[JsonObject, JsonObject | None]
"""A deployment of CodeDeploy's and its ECSTarget, nothing where there is none."""


def diagnose(
    gateway: Gateway,
    cluster: str,
    service: str,
    *,
    deployment: str = "",
    described: JsonObject | None = None,
    masker: Masker | None = None,
) -> Diagnosis:
    """Say why a deployment of a service fails, by default that which `core.diagnosis.suspect` names.

    Of a service that CodeDeploy deploys it is CodeDeploy's (``d-…``), by default the one that it attempted last.
    `described` is the service as it was described just now. Texts are masked: what `masker` knows, and the values of
    environment variables whose names say that they are secret.
    """
    pool = ThreadPoolExecutor(THREADS, "diagnosing")
    try:
        reader = _Reader(gateway, cluster, service, pool)
        seen = reader.see(described, deployment)
    finally:
        pool.shutdown(wait=False, cancel_futures=True)
    if seen is None:
        return Diagnosis(unread=tuple(reader.unread))
    hiding = _knowing(masker or Masker(), seen.definition)
    return Diagnosis(
        deployment=str(seen.shift.get("deploymentId") or seen.deployment),
        causes=tuple(_masked(cause, hiding) for cause in diagnosis.diagnose(seen)),
        unread=tuple(hiding.leaf(line) for line in reader.unread),
    )


def of_tasks(stopped: Sequence[JsonObject], definition: JsonObject, masker: Masker) -> Diagnosis:
    """Say why tasks of no service ended, by what they say of themselves. Nothing is read; texts are masked."""
    seen = Seen(service={}, deployment="", stopped=stopped, definition=definition)
    hiding = _knowing(masker, definition)
    return Diagnosis(causes=tuple(_masked(cause, hiding) for cause in diagnosis.diagnose(seen)))


def diagnosed(
    gateway: Gateway, cluster: str, service: str, *, deployment: str = "", described: JsonObject | None = None
) -> Diagnosed:
    """Give a diagnosis as an event."""
    found = diagnose(gateway, cluster, service, deployment=deployment, described=described)
    return Diagnosed(unit=f"service.{cluster}/{service}", diagnosis=found)


@dataclass(slots=True)
class Stall:
    """Notices that a rollout stands still while it loses tasks: once, so that it is told once.

    Whoever watches asks it at each description, and reports `diagnosed` where it answers yes.
    """

    most: int = -1
    since: float = 0.0
    noticed: bool = False

    def notices(self, service: JsonObject, deployment: str, now: float) -> bool:
        """Look at the service as it was described at `now`; say whether it has just turned out to stand still."""
        own = next((d for d in rollouts.deployments(service) if d.get("id") == deployment), None)
        if own is None or self.noticed:
            return False
        running = int(evidence.number(own.get("runningCount")))
        if running > self.most:
            self.most, self.since = running, now
        losing = bool(own.get("failedTasks")) and own.get("rolloutState") in ("IN_PROGRESS", None)
        self.noticed = losing and now - self.since >= diagnosis.STILL
        return self.noticed

    def lacks(self, service: JsonObject, now: float) -> bool:
        """Do the same where CodeDeploy deploys. It may be slow and nothing else: then `patient` goes on."""
        own = codedeployments.lacking(service)
        if own is None or self.noticed:
            return False
        running = int(evidence.number(own.get("runningCount")))
        if running > self.most:
            self.most, self.since = running, now
        self.noticed = now - self.since >= diagnosis.STILL
        return self.noticed

    def patient(self, now: float) -> None:
        """Begin again: there was nothing to tell."""
        self.since, self.noticed = now, False


@dataclass(slots=True)
class _Reader:
    """Asks for what is needed; of what is refused or late it keeps a line."""

    gateway: Gateway
    cluster: str
    service: str
    pool: ThreadPoolExecutor
    unread: list[str] = field(default_factory=list)

    def see(self, described: JsonObject | None, deployment: str) -> Seen | None:
        """Read everything; None where not even the service can be read."""
        body = described or self._answer("the service", self.pool.submit(self._describe), None)
        if body is None:
            return None
        shifting = codedeployments.controller(body) == "CODE_DEPLOY"
        shifts = self.pool.submit(self._shift, body, deployment) if shifting else None
        deployment = "" if shifting else diagnosis.suspect(body, deployment)
        arn = _revision(body, deployment)
        recording = self.pool.submit(self._record, body, deployment) if deployment else None
        stopping = self.pool.submit(self._tasks, "STOPPED")
        running = self.pool.submit(self._tasks, "RUNNING")
        defining = self.pool.submit(self._definition, arn) if arn else None
        groups = {group: self.pool.submit(self.gateway.target_health, group) for group in _groups(body)}
        none: Shift = ({}, None)
        shift, target = self._answer("CodeDeploy's deployment", shifts, none) if shifts is not None else none
        ended = self._answer("the stopped tasks", stopping, ())
        green = codedeployments.green(target)
        if green and any(task.get("startedBy") == green for task in ended):
            deployment = green
        stopped = diagnosis.of_deployment(ended, deployment)
        tasks = self._answer("the running tasks", running, ())
        if defining is None and stopped:
            # Rolled back, and no longer shown: its tasks know what they ran.
            defining = self.pool.submit(self._definition, str(stopped[0].get("taskDefinitionArn")))
        ill: dict[str, tuple[JsonObject, ...]] = {
            group: self._answer(f"the health of the targets of {group}", health, ())
            for group, health in groups.items()
        }
        seen = Seen(
            service=body,
            deployment=deployment,
            stopped=stopped,
            running=[task for task in tasks if not deployment or task.get("startedBy") == deployment],
            others=[task for task in tasks if deployment and task.get("startedBy") != deployment],
            definition=self._answer("the task definition", defining, None) if defining is not None else None,
            health=ill,
            record=self._answer("the service deployment", recording, {}) if recording is not None else {},
            shift=shift,
            target=target,
        )
        streams, elsewhere = evidence.streams(seen, MOST_STREAMS)
        logs = self._lines(streams)
        self.unread += elsewhere
        return replace(seen, logs=logs)

    def _describe(self) -> JsonObject | None:
        found = self.gateway.describe_services(self.cluster, [self.service])[self.service]
        return found.body if isinstance(found, Snapshot) else None

    def _record(self, body: JsonObject, deployment: str) -> JsonObject:
        """Read the service deployment that was made with a deployment, the newest where that is not shown any more."""
        briefs = self.gateway.list_service_deployments(self.cluster, self.service, since=0.0)
        own = (each for each in rollouts.deployments(body) if each.get("id") == deployment)
        made = next((evidence.number(each.get("createdAt")) for each in own), 0.0)
        if made:
            briefs = tuple(
                sorted(briefs, key=lambda each: abs(evidence.number(each.get("createdAt")) - made))
            )
        arns = [str(each["serviceDeploymentArn"]) for each in briefs[:1]]
        return next(iter(self.gateway.describe_service_deployments(arns)), {}) if arns else {}

    def _shift(self, body: JsonObject, deployment: str) -> Shift:
        """Read a deployment of CodeDeploy's and its target: the one that its group attempted last, if none is named."""
        port = self.gateway.codedeploy
        info = self._deployment(deployment or next(iter(codedeployments.known(body)), ""))
        if not deployment and info:
            names = [str(info.get("deploymentGroupName"))]
            for group in port.groups(str(info.get("applicationName")), names):
                last = group.get("lastAttemptedDeployment")
                name = str(last.get("deploymentId") or "") if isinstance(last, dict) else ""
                info = self._deployment(name) if name not in ("", info.get("deploymentId")) else info
        rollback = info.get("rollbackInfo")
        undone = rollback.get("rollbackTriggeringDeploymentId") if isinstance(rollback, dict) else None
        if info.get("creator") == "codeDeployRollback" and undone:
            info = self._deployment(str(undone))
        if not info:
            return {}, None
        found = port.describe_target(
            str(info.get("deploymentId")), f"{short_name(self.cluster)}:{self.service}"
        )
        return info, found.body if isinstance(found, Snapshot) else None

    def _deployment(self, name: str) -> JsonObject:
        found = self.gateway.codedeploy.describe_deployments([name]) if name else ()
        return next(iter(found), {})

    def _tasks(self, status: str) -> tuple[JsonObject, ...]:
        arns = self.gateway.list_tasks(self.cluster, self.service, status=status)
        return self.gateway.describe_tasks(self.cluster, arns[:MOST_TASKS]) if arns else ()

    def _definition(self, arn: str) -> JsonObject | None:
        found = self.gateway.describe_task_definition(arn)
        body = found.body.get("taskDefinition") if isinstance(found, Snapshot) else None
        return body if isinstance(body, dict) else None

    def _lines(self, streams: Sequence[Stream]) -> tuple[Logged, ...]:
        asked = [(stream, self.pool.submit(self._read, stream)) for stream in streams]
        found = []
        for stream, reading in asked:
            missing = f"there is no log stream {stream.name} in {stream.group}"
            lines = self._answer(f"what `{stream.container}` wrote", reading, None, missing)
            if lines is not None:
                found.append(Logged(stream.container, stream.task, lines))
        return tuple(found)

    def _read(self, stream: Stream) -> tuple[str, ...] | None:
        return self.gateway.log_lines(stream.group, stream.name, limit=MOST_LINES, region=stream.region)

    def _answer(
        self, what: str, reading: Future[Answer], otherwise: Answer, missing: str = "it is not there"
    ) -> Answer:
        """Wait for an answer; where there is none, keep a line and give `otherwise`."""
        try:
            return reading.result(PATIENCE)
        except TimedOut:
            self.unread.append(f"{what}: no answer within {PATIENCE:g} seconds")
        except AwsNotFound:
            self.unread.append(f"{what}: {missing}")
        except AwsDenied as error:
            self.unread.append(f"{what}: not allowed; {error.hint or error.what}")
        except ReconcilerError as error:
            self.unread.append(f"{what}: {error.what}")
        return otherwise


def _revision(service: JsonObject, deployment: str) -> str:
    shown = (each for each in rollouts.deployments(service) if each.get("id") == deployment)
    return next((str(each["taskDefinition"]) for each in shown if each.get("taskDefinition")), "")


def _groups(service: JsonObject) -> Iterable[str]:
    """Give the ARNs of the target groups that a service uses, now or in turns."""
    found: dict[str, None] = {}
    for balancer in evidence.listed(service, "loadBalancers"):
        more = balancer.get("advancedConfiguration")
        alternate = more.get("alternateTargetGroupArn") if isinstance(more, dict) else None
        found |= {str(arn): None for arn in (balancer.get("targetGroupArn"), alternate) if arn}
    return tuple(found)


def _knowing(masker: Masker, definition: JsonObject | None) -> Masker:
    """Give a masker that also knows the secrets in a task definition's environment."""
    secrets = [
        variable["value"]
        for container in evidence.listed(definition or {}, "containerDefinitions")
        for variable in evidence.listed(container, "environment")
        if variable.get("value") and secret_name(str(variable.get("name")))
    ]
    return replace(masker, secrets=Masker.of([*masker.secrets, *secrets]).secrets) if secrets else masker


def _masked(cause: Cause, masker: Masker) -> Cause:
    def every(texts: Iterable[str], mask: Callable[[str], str] = masker.leaf) -> tuple[str, ...]:
        return tuple(mask(text) for text in texts)

    return replace(
        cause,
        what=masker.leaf(cause.what),
        hint=masker.leaf(cause.hint),
        evidence=every(cause.evidence),
        logs=tuple(replace(each, lines=every(each.lines, masker.line)) for each in cause.logs),
    )
