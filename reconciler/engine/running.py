"""Running tasks that no service starts: the request, made of the service's settings, and staying with them."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator, Sequence
from dataclasses import field
from difflib import get_close_matches
from typing import Final
from uuid import uuid4

from reconciler.core import shapes, tasks
from reconciler.core.events import Event, TaskProgress, Warned
from reconciler.core.kinds.spellings import reserved, short_name
from reconciler.core.outcomes import Ending
from reconciler.core.shapes import Shape
from reconciler.core.values import Json, JsonObject
from reconciler.engine import sending, watching
from reconciler.engine.ports import Clock, Gateway, Tasks
from reconciler.engine.tailing import Tail
from reconciler.errors import ApplyError, AwsDenied, AwsError, Interrupted, PlanError
from reconciler.records import dataclass

UNTIL: Final = ("running", "stopped")
LAST_LINES: Final = 2.0
"""For how many seconds the last lines of a task that has ended are given time to become visible."""

# What RunTask takes too and is not taken of a service's settings: its tags, what it does with them, and the token that
# makes one service of several requests are the service's alone.
_NOT_TAKEN: Final = frozenset(
    {"tags", "propagateTags", "taskDefinition", "cluster", "volumeConfigurations", "clientToken"}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """How to run.

    `overrides` is a TaskOverride, `watch` the container whose exit code and lines count (by default the first
    essential one), `propagate` whose tags the tasks get (``SERVICE``, ``TASK_DEFINITION`` or none), `tags` more of
    them. `deletes_volumes` deletes EBS volumes with their task. `until` is one of `UNTIL`, `timeout` in seconds, 0 for
    no limit.
    """

    overrides: JsonObject = field(default_factory=dict)
    count: int = 1
    watch: str = ""
    propagate: str = ""
    tags: tuple[tuple[str, str], ...] = ()
    client_token: str = ""
    deletes_volumes: bool = True
    until: str = "stopped"
    timeout: float = 600.0


@dataclass(frozen=True, slots=True)
class Request:
    """What is sent to RunTask, the task definition that it runs, and the container to watch."""

    body: JsonObject
    definition: JsonObject
    watch: str


@dataclass(frozen=True, slots=True)
class Ran:
    """What became of tasks: as they were described last, how it ended, and the exit code of the watched container.

    `code` is the first that is not 0 of all tasks; None where a container never ran, and of tasks that run on.
    """

    tasks: tuple[JsonObject, ...]
    ending: Ending
    code: int | None
    failures: tuple[JsonObject, ...] = ()


def request(
    cluster: str,
    revision: str,
    definition: JsonObject,
    service: JsonObject,
    shape: Shape,
    wish: Wish,
    service_tags: Sequence[JsonObject] = (),
) -> Request:
    """Make the request of a revision (its name or ARN), of which `definition` is the task definition.

    `service` holds the service's settings as CreateService takes them, `shape` is RunTask's input. PlanError where
    overrides do not fit.
    """
    body: dict[str, Json] = {
        name: value
        for name, value in service.items()
        if name in shape.members and name not in _NOT_TAKEN and value not in ([], {})
    }
    if definition.get("networkMode") != "awsvpc":
        body.pop("networkConfiguration", None)
    elif "networkConfiguration" not in body:  # which RunTask requires of them (API model)
        raise PlanError(
            "tasks of the network mode awsvpc need a network, and no service definition names one",
            hint="name a service, or a service definition with networkConfiguration, in the project file",
        )
    body |= {"cluster": cluster, "taskDefinition": revision, "count": wish.count}
    if volumes := _volumes(service, definition, shape, wish):
        body["volumeConfigurations"] = volumes
    if wish.overrides:
        body["overrides"] = _overrides(wish.overrides, definition, shape.members["overrides"])
    own = [{"key": key, "value": value} for key, value in wish.tags]
    named = {tag["key"] for tag in own}
    inherited = [
        tag
        for tag in service_tags
        if wish.propagate == "SERVICE" and tag.get("key") not in named and not reserved(str(tag.get("key")))
    ]
    if own or inherited:
        body["tags"] = [*own, *inherited]
    if wish.propagate == "TASK_DEFINITION":  # the API refuses NONE, and SERVICE for tasks of no service
        body["propagateTags"] = "TASK_DEFINITION"
    if wish.client_token:
        body["clientToken"] = wish.client_token
    names = _names(definition)
    if wish.watch and wish.watch not in names:
        raise PlanError(f"no container is called {wish.watch}", hint=_near(wish.watch, names))
    return Request(body, definition, wish.watch or tasks.essential(definition))


def _overrides(given: JsonObject, definition: JsonObject, shape: Shape) -> JsonObject:
    body, unknown = shapes.spelled(shape, given)
    if unknown:
        raise PlanError(
            f"overrides: `{unknown[0]}` is unknown to ECS", hint=_near(unknown[0], list(shapes.names(shape)))
        )
    assert isinstance(body, dict)
    names = _names(definition)
    for container in tasks.listed(body, "containerOverrides"):
        if (name := container.get("name")) not in names:
            raise PlanError(f"overrides: no container is called {name}", hint=_near(str(name), names))
    return body


def _volumes(service: JsonObject, definition: JsonObject, shape: Shape, wish: Wish) -> list[Json]:
    """Give the EBS volumes that the task definition leaves to whoever starts a task, as the service configures them."""
    item = shape.members["volumeConfigurations"].item
    assert item is not None
    taken = item.members["managedEBSVolume"].members
    late = {
        volume.get("name")
        for volume in tasks.listed(definition, "volumes")
        if volume.get("configuredAtLaunch")
    }
    found: list[Json] = []
    for volume in tasks.listed(service, "volumeConfigurations"):
        managed = volume.get("managedEBSVolume")
        if isinstance(managed, dict) and volume.get("name") in late:
            kept = {name: value for name, value in managed.items() if name in taken}
            policy = {"terminationPolicy": {"deleteOnTermination": wish.deletes_volumes}}
            found.append({"name": volume["name"], "managedEBSVolume": {**kept, **policy}})
    return found


def _names(definition: JsonObject) -> list[str]:
    return [str(each.get("name")) for each in tasks.listed(definition, "containerDefinitions")]


def _near(name: str, names: Sequence[str]) -> str:
    near = get_close_matches(name, names, 1)
    return f"did you mean {near[0]}?" if near else f"there are {', '.join(dict.fromkeys(names))}"


def start(port: Tasks, asked: Request) -> tuple[tuple[JsonObject, ...], tuple[JsonObject, ...]]:
    """Run it; gives the tasks, and the failures of those that found no place. PlanError where none found one.

    ApplyError, or Interrupted, says with which token the same run may be asked for again where no answer came.
    """
    token = str(asked.body.get("clientToken") or uuid4())
    hint = (
        f"`reconciler tasks` shows what runs; the same command with --client-token {token} runs nothing twice"
    )
    try:
        started, failures = port.run({**asked.body, "clientToken": token})
    except AwsError as error:
        if not sending.unanswered(error):
            raise
        raise ApplyError(error.what, hint=hint, step=_STEP, left=(_STEP,), unsure=True) from error
    except KeyboardInterrupt as error:
        what = "interrupted while tasks were being run"
        raise Interrupted(what, hint=hint, step=_STEP, left=(_STEP,), unsure=True) from error
    if not started:
        why = "; ".join(dict.fromkeys(described(failure) for failure in failures))
        raise PlanError(
            f"no task was started: {why or 'AWS says no reason'}", hint=_HINTS.get(_reason(failures))
        )
    return started, failures


_STEP: Final = "run tasks"
_HINTS: Final = {
    "RESOURCE": "the cluster's instances have no room for it: add some, or ask for less",
    "AGENT": "the agents of the cluster's instances are not connected",
    "ATTRIBUTE": "no instance of the cluster has the attributes that are asked for",
    "Capacity": "run it again later, or with another capacity provider or subnet",
}
"""What to try, by the beginning of a failure's reason (ECS developer guide, "API failure reasons")."""


def _reason(failures: Iterable[JsonObject]) -> str:
    reasons = [str(failure.get("reason", "")) for failure in failures]
    return next((key for key in _HINTS for reason in reasons if reason.startswith(key)), "")


def described(failure: JsonObject) -> str:
    """Put a failure of RunTask into words."""
    return " ".join(str(failure[name]) for name in ("reason", "detail", "arn") if failure.get(name))


def unplaced(cluster: str, failures: Iterable[JsonObject]) -> Iterator[Warned]:
    """Tell of the tasks that were not started."""
    unit = f"task.{short_name(cluster)}"
    for failure in failures:
        yield Warned(unit=unit, what=f"a task was not started: {described(failure)}")


def begun(started: tuple[JsonObject, ...], failures: tuple[JsonObject, ...]) -> Ran:
    """Give what is known of tasks that nobody stays with."""
    return Ran(started, Ending.SUCCEEDED, None, failures)


def follow(
    gateway: Gateway,
    port: Tasks,
    clock: Clock,
    started: Sequence[JsonObject],
    asked: Request,
    wish: Wish,
    failures: tuple[JsonObject, ...] = (),
) -> Generator[Event, None, Ran]:
    """Report tasks, and what the watched container writes, until they have ended, or all run. Interrupted on Ctrl-C.

    What fails and may not fail again is asked for again, with a warning, as long as the time limit lets it.
    """
    cluster = str(asked.body["cluster"])
    begun = clock.now()
    # AWS's clock rather than ours tells from when on lines count.
    made = [at for task in started if isinstance(at := task.get("createdAt"), int | float)]
    tail = Tail(port, f"task.{short_name(cluster)}", min(made, default=begun) - 1)
    look = _Look(gateway, cluster, tail.unit, {str(task["taskArn"]): task for task in started})
    told: dict[str, str] = {}
    readable = True
    pause = watching.FIRST_PAUSE
    try:
        while True:
            yield from look.again(clock.now())
            shown = list(look.latest.values())
            yield from _moved(shown, told, str(short_name(cluster)), clock.now())
            over = all(tasks.ended(task) for task in shown)
            up = wish.until == "running" and all(tasks.running(task) or tasks.ended(task) for task in shown)
            late = bool(wish.timeout) and clock.now() - begun >= wish.timeout
            streams = [
                stream for task in shown for stream in tasks.streams(task, asked.definition, asked.watch)
            ]
            if over and streams and readable:
                clock.sleep(LAST_LINES)
            if readable:
                try:
                    yield from tail.read(streams)
                except AwsError as error:
                    readable = error.temporary
                    if not readable and not isinstance(error, AwsDenied):
                        raise
                    what = f"what `{asked.watch}` writes cannot be read: {error.what}"
                    yield Warned(unit=tail.unit, what=what)
            if up:
                began = all(task.get("startedAt") is not None or tasks.running(task) for task in shown)
                return Ran(tuple(shown), Ending.SUCCEEDED if began else Ending.FAILED, None, failures)
            if over:
                return Ran(tuple(shown), Ending.SUCCEEDED, _code(shown, asked.watch), failures)
            if late:
                return Ran(tuple(shown), Ending.TIMED_OUT, None, failures)
            clock.sleep(pause)
            pause = min(pause * 1.3, watching.LONGEST_PAUSE)
    except KeyboardInterrupt as error:
        names = ", ".join(arn.rpartition("/")[2] for arn in look.latest)
        raise Interrupted(
            f"interrupted while waiting; the tasks go on in AWS: {names}",
            step="wait",
            hint="`reconciler tasks stop --id ID` stops one",
        ) from error


@dataclass(slots=True)
class _Look:
    """Tasks as they were described last. `missed` is since when one has not been described."""

    gateway: Gateway
    cluster: str
    unit: str
    latest: dict[str, JsonObject]
    missed: dict[str, float] = field(default_factory=dict)

    def again(self, now: float) -> Generator[Event]:
        """Describe them. One that was just started may be missing at first (RunTask is eventually consistent), and ECS
        forgets one about an hour after it stopped: what goes on missing has ended.
        """
        try:
            found = self.gateway.describe_tasks(self.cluster, list(self.latest))
        except AwsError as error:
            if not error.temporary:
                raise
            yield Warned(unit=self.unit, what=f"{error.what}; asking again")
            return
        shown = {str(task["taskArn"]): task for task in found}
        for arn, task in self.latest.items():
            if arn in shown:
                self.missed.pop(arn, None)
                self.latest[arn] = shown[arn]
            elif now - self.missed.setdefault(arn, now) > watching.PATIENCE:
                self.latest[arn] = tasks.forgotten(task)


def _moved(shown: Sequence[JsonObject], told: dict[str, str], cluster: str, now: float) -> Generator[Event]:
    for task in shown:
        arn, status = str(task["taskArn"]), str(task.get("lastStatus"))
        if told.get(arn) != status:
            told[arn] = status
            yield TaskProgress(
                unit=f"task.{cluster}/{tasks.task_id(task)}",
                at=now,
                task=arn,
                status=status,
                reason=tasks.why(task) if tasks.ended(task) else "",
            )


def _code(shown: Sequence[JsonObject], container: str) -> int | None:
    """Give the first exit code that is not 0; None where a container has none."""
    codes = [tasks.exit_code(task, container) for task in shown]
    failed = [code for code in codes if code]
    return failed[0] if failed else None if None in codes else 0
