"""Tasks of an opened project: run, listed, stopped, and what their containers write."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final, Unpack

from reconciler.api.families import Families
from reconciler.api.openings import Emit, Given, drain
from reconciler.api.projects import Project
from reconciler.core.values import Json, JsonObject
from reconciler.engine.ports import Snapshot
from reconciler.errors import AwsError, ConfigError, PlanError

if TYPE_CHECKING:
    from reconciler.core.causes import Diagnosis
    from reconciler.core.events import LogLine
    from reconciler.core.timelines import Moment
    from reconciler.engine import ports
    from reconciler.engine.running import Ran, Request, Wish

STATUSES: Final = ("RUNNING", "STOPPED")
FOLLOWING: Final = 3.0
"""Seconds between looks at tasks and what they write."""
LAST_LOOKS: Final = 6
"""How often a task is looked at once it has ended, for lines that become visible late. Not for ever: each stream that
was never written to costs calls of its own, of which AWS takes five a second (re:Post, CloudWatch Logs throttling)."""


class Tasks(Families):
    """What an opened project says of tasks, and does with them."""

    def __init__(self, project: Project, **given: Unpack[Given]) -> None:
        """Keep what is given; see `open`."""
        super().__init__(project, **given)
        self._defined: dict[str, JsonObject] = {}

    def use_task_definition(self, path: Path) -> None:
        """Take another file for the task definition than the project names."""
        self._files.instead(path)

    def overrides(self, text: str = "", path: Path | None = None) -> JsonObject:
        """Read overrides of a task: JSON, or a file as definitions are. ConfigError where it is no object."""
        if path is not None:
            found, where = self._files.evaluated(path).data, str(path)
        elif text:
            found, where = _json(text), "--overrides"
        else:
            return {}
        if not isinstance(found, dict):
            raise ConfigError(f"{where}: overrides are an object", hint='such as {"containerOverrides": […]}')
        return found

    def revision_to_run(self, which: str) -> str:
        """Name a registered revision: ``running``, ``latest``, or a number of the family."""
        if which == "running" and self.settings.service:
            return self._running()
        return self.family() if which in ("running", "latest") else f"{self.family()}:{which}"

    def request(self, revision: str, wish: Wish, definition: JsonObject | None = None) -> Request:
        """Make what is sent to RunTask; `definition` is that of a revision that is not registered yet.

        PlanError where the revision is not there, or overrides do not fit.
        """
        from reconciler.aws.shapes import ECS
        from reconciler.engine import running

        if definition is None:
            definition = self._definition(revision)
            revision = str(definition.get("taskDefinitionArn", revision))
        service, tags = self._service_settings(wish)
        shape = ECS.input("RunTask")
        return running.request(self.settings.cluster, revision, definition, service, shape, wish, tags)

    def run(self, asked: Request, wish: Wish, *, emit: Emit | None = None, wait: bool = True) -> Ran:
        """Run tasks and stay with them; gives what became of them, or, without `wait`, how they began.

        PlanError where none was started, AwsError, ApplyError where no answer came, Interrupted.
        """
        from reconciler.engine import running

        started, failures = running.start(self.task_port, asked)
        if emit is not None:
            for warning in running.unplaced(self.settings.cluster, failures):
                emit(warning)
        if not wait:
            return running.begun(started, failures)
        events = running.follow(self.gateway, self.task_port, self.clock, started, asked, wish, failures)
        return drain(events, emit)

    def explained(self, tasks: Sequence[JsonObject], definition: JsonObject) -> Diagnosis:
        """Say why tasks that have stopped did so, by what they say of themselves."""
        from reconciler.engine import diagnosing

        return diagnosing.of_tasks(tasks, definition, self.masker)

    def tasks(self) -> tuple[JsonObject, ...]:
        """Describe the tasks of the family, those that run first, the newest first; stopped ones while AWS has them."""
        family, cluster = self.family(), self.settings.cluster
        asked = [
            self._pool.submit(self.gateway.list_family_tasks, cluster, family, status=status)
            for status in STATUSES
        ]
        arns = dict.fromkeys(arn for reading in asked for arn in reading.result())
        found = self.gateway.describe_tasks(cluster, list(arns)) if arns else ()
        return tuple(sorted(found, key=_order))

    def stop_task(self, task: JsonObject, reason: str = "") -> JsonObject:
        """Stop a task. AwsRefused where it is not there any more."""
        arn = str(task["taskArn"])
        return self.task_port.stop(self.settings.cluster, arn, reason=reason or "stopped by reconciler")

    def log_lines(
        self,
        *,
        since: float,
        container: str = "",
        only: str = "",
        follow: bool = False,
        troubled: Callable[[AwsError], object] | None = None,
    ) -> Iterator[LogLine]:
        """Give what the containers of the family's tasks wrote (by awslogs) since a time, in seconds since 1970.

        `only` is the id of one task. With `follow` it goes on, with the tasks that come up meanwhile, until Ctrl-C, or
        until the one task has ended; what fails then and may not fail again is told to `troubled`, and asked for again.
        PlanError where no task has the container.
        """
        from reconciler.core import tasks
        from reconciler.engine.tailing import Tail

        shown: list[JsonObject] = []
        ended: Counter[str] = Counter()  # looks at tasks since they ended
        tail = Tail(self.task_port, f"service.{self.settings.cluster}/{self.settings.service or ''}", since)
        looked = over = False
        while True:
            try:
                shown = [task for task in self.tasks() if not only or tasks.task_id(task) == only]
                if container and not looked:
                    tasks.known(shown, container)
                yield from tail.read(
                    stream
                    for task in shown
                    if _within(task, since) and ended[str(task["taskArn"])] < LAST_LOOKS
                    for stream in tasks.streams(
                        task, self._definition(str(task["taskDefinitionArn"])), container
                    )
                )
            except AwsError as error:
                if not (follow and looked and error.temporary):
                    raise
                if troubled is not None:
                    troubled(error)
            else:
                ended.update(str(task["taskArn"]) for task in shown if tasks.ended(task))
            if not follow or over:
                return
            looked, over = True, bool(only) and all(map(tasks.ended, shown))  # its last lines come late
            self.clock.sleep(FOLLOWING)

    def trace(self, task: JsonObject, *, since: float) -> tuple[Moment, ...]:
        """Give the course of a task, with what it wrote since a time (seconds since 1970)."""
        from reconciler.core import tasks, timelines
        from reconciler.engine import observing
        from reconciler.engine.tailing import Tail

        settings = self.settings
        service = (
            observing.describe(self.gateway, settings.cluster, settings.service) if settings.service else None
        )
        streams = tasks.streams(task, self._definition(str(task["taskDefinitionArn"])))
        lines = list(Tail(self.task_port, f"task.{settings.cluster}", since).read(streams))
        return timelines.timeline(task, service.body if isinstance(service, Snapshot) else None, lines)

    @property
    def task_port(self) -> ports.Tasks:
        """Give the way to tasks, in the region of the gateway."""
        from reconciler.aws.tasks import EcsTasks

        _ = self.gateway  # the project file may name the region
        return EcsTasks(self._connection.aws(self._files.region))

    def _definition(self, revision: str) -> JsonObject:
        """Describe a revision, once a run. PlanError where it is not there."""
        if revision not in self._defined:
            found = self.gateway.describe_task_definition(revision)
            inner = found.body.get("taskDefinition") if isinstance(found, Snapshot) else None
            if not isinstance(inner, dict):
                hint = "`reconciler revisions` lists what there is"
                raise PlanError(f"there is no revision {revision}", hint=hint)
            self._defined[revision] = inner
        return self._defined[revision]

    def _service_settings(self, wish: Wish) -> tuple[JsonObject, Sequence[JsonObject]]:
        """Give the service's settings, the file's or else the live ones, and its live tags where they are wanted."""
        from reconciler.core import canon
        from reconciler.engine import composing, observing

        kind = self._kinds().service
        settings = self.settings
        body: JsonObject = {}
        live: JsonObject = {}
        if settings.service and (settings.service_definition is None or wish.propagate == "SERVICE"):
            found = observing.describe(self.gateway, settings.cluster, settings.service)
            live = found.body if isinstance(found, Snapshot) else {}
        if settings.service_definition is not None:
            resolved = self.definitions(task_definition=False).service
            assert resolved is not None
            body = composing.compose(kind, resolved).canon.wire
        elif live:
            body = canon.canon(kind, live, desired=False).wire
        tags = live.get("tags")
        return body, [tag for tag in tags if isinstance(tag, dict)] if isinstance(tags, list) else ()


def _json(text: str) -> Json:
    try:
        found: Json = json.loads(text)
    except ValueError as error:
        raise ConfigError(
            f"--overrides is no JSON: {error}", hint='such as {"containerOverrides": […]}'
        ) from None
    return found


def _order(task: JsonObject) -> tuple[bool, float, str]:
    """Order tasks: those that run first, the newest first."""
    made = task.get("createdAt")
    at = float(made) if isinstance(made, int | float) else 0.0
    return task.get("lastStatus") == "STOPPED", -at, str(task.get("taskArn"))


def _within(task: JsonObject, since: float) -> bool:
    """Tell whether a task may have written anything since a time."""
    stopped = task.get("stoppedAt")
    return not isinstance(stopped, int | float) or stopped >= since
