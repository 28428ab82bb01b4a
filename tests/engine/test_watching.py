"""How watching ends: what AWS answers as time goes by, by a table. Descriptions lag behind one another there."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Generator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.core.events import Diagnosed, Event, Warned
from reconciler.core.values import Json, JsonObject
from reconciler.engine import shifting, watching
from reconciler.engine.ports import Absent, Snapshot
from reconciler.engine.shifting import Shift
from reconciler.engine.watching import Watched
from reconciler.errors import AwsDenied, AwsError, AwsNotFound, AwsThrottled
from reconciler.testing import FakeClock, FakeGateway
from reconciler.testing.codedeploys import FakeCodeDeploy
from tests import tables

FIXTURES = Path(__file__).parents[2] / "fixtures/watching"
STORIES = tables.read(FIXTURES / "stories.yml")
SHIFTS = tables.read(FIXTURES / "shifts.yml")
_ERRORS: Mapping[str, AwsError] = {
    "AccessDeniedException": AwsDenied("not allowed", operation="Any", code="AccessDeniedException"),
    "ServiceNotFoundException": AwsNotFound("not there", operation="Any", code="ServiceNotFoundException"),
    "ThrottlingException": AwsThrottled(
        "too fast", operation="Any", code="ThrottlingException", temporary=True
    ),
}


class Told(FakeGateway):
    """Answers what a story says of the second that the clock shows."""

    def __init__(self, frames: Mapping[int, Mapping[str, Any]], clock: FakeClock) -> None:
        super().__init__(clock=clock)
        self.frames = frames
        self.started = clock.now()

    def told(self, what: str, otherwise: object = None) -> Any:
        """Give what is told of something by now, or raise the error that is told in its place."""
        now = self.clock.now() - self.started
        known = [frame[what] for since, frame in self.frames.items() if since <= now and what in frame]
        found = known[-1] if known else otherwise
        if isinstance(found, str) and found in _ERRORS:
            raise _ERRORS[found]
        return found

    def describe_services(self, cluster: str, names: Sequence[str], /) -> Mapping[str, Snapshot | Absent]:
        deployments: list[Json] = []
        for text in self.told("service"):
            number, status, state, *reason = text.split(" ", 3)
            made = self.started if number == "2" else 0.0
            said = {"rolloutStateReason": reason[0]} if reason else {}
            deployments.append(
                {
                    "id": f"ecs-svc/{number}",
                    "status": status,
                    "rolloutState": state,
                    "createdAt": made,
                    **said,
                }
            )
        status = "ACTIVE" if deployments else "INACTIVE"
        count = self.told("count", 2)
        counts: JsonObject = {"desiredCount": count, "runningCount": count}
        body: JsonObject = {"status": status, "deployments": deployments, **counts}
        return dict.fromkeys(names, Snapshot(body))

    def _records(self) -> list[JsonObject]:
        found: list[JsonObject] = []
        for text in self.told("records"):
            name, status, made, stage = [*text.split(" "), "0", ""][:4]
            at = self.started + float(made)
            found.append(
                {"serviceDeploymentArn": name, "status": status, "createdAt": at, "lifecycleStage": stage}
            )
        return found

    def list_service_deployments(
        self, cluster: str, service: str, /, *, since: float, statuses: Sequence[str] = ()
    ) -> tuple[JsonObject, ...]:
        return tuple(self._records())

    def describe_service_deployments(self, arns: Sequence[str], /) -> tuple[JsonObject, ...]:
        return tuple(each for each in self._records() if each["serviceDeploymentArn"] in arns)


COURSES: Mapping[str, tuple[Sequence[str], Sequence[str], str]] = {
    # what the service shows next and in the end, the statuses of its record then, and how that is to be called
    "through": (
        ("2 PRIMARY COMPLETED,1 ACTIVE COMPLETED", "2 PRIMARY COMPLETED"),
        ("IN_PROGRESS", "SUCCESSFUL"),
        "succeeded",
    ),
    "back": (
        ("1 PRIMARY IN_PROGRESS rolling back,2 ACTIVE FAILED", "1 PRIMARY COMPLETED"),
        ("ROLLBACK_IN_PROGRESS", "ROLLBACK_SUCCESSFUL"),
        "rolled back",
    ),
    "back to another name": (
        ("3 PRIMARY IN_PROGRESS rolling back,2 ACTIVE FAILED", "3 PRIMARY COMPLETED"),
        ("ROLLBACK_IN_PROGRESS", "ROLLBACK_SUCCESSFUL"),
        "rolled back",
    ),
    "failed": (
        ("2 PRIMARY FAILED,1 ACTIVE COMPLETED", "2 PRIMARY FAILED,1 ACTIVE COMPLETED"),
        ("IN_PROGRESS", "STOPPED"),
        "failed",
    ),
    "superseded": (
        ("9 PRIMARY IN_PROGRESS,2 ACTIVE IN_PROGRESS", "9 PRIMARY COMPLETED"),
        ("STOP_REQUESTED", "STOPPED"),
        "superseded",
    ),
}


@given(
    course=st.sampled_from(sorted(COURSES)),
    turns=st.integers(1, 120),
    takes=st.integers(8, 60),
    lags=st.tuples(st.integers(0, 9), st.integers(0, 9)),
    allowed=st.booleans(),
    until=st.sampled_from(["deployed", "stable"]),
)
@settings(max_examples=80, deadline=None)
def test_however_descriptions_lag_behind_one_another_it_ends_as_it_does(
    course: str, turns: int, takes: int, lags: tuple[int, int], allowed: bool, until: str
) -> None:
    services, statuses, ending = COURSES[course]
    late, later = lags
    frames: dict[int, dict[str, Any]] = defaultdict(dict)
    shown = (("1 PRIMARY COMPLETED", 0), ("2 PRIMARY IN_PROGRESS,1 ACTIVE COMPLETED", late))
    after = ((services[0], turns + late), (services[1], turns + takes + late))
    for text, at in (*shown, *after):
        frames[at]["service"] = text.split(",")
    records = (("IN_PROGRESS", later), (statuses[0], turns + later), (statuses[1], turns + takes + later))
    frames[0]["records"] = []
    for status, at in records:
        frames[at]["records"] = [f"mine {status}"]
    if not allowed:
        frames = {at: {"service": frame["service"]} for at, frame in frames.items() if "service" in frame}
        frames[0]["records"] = "AccessDeniedException"
    ended, _, _ = _watched({"frames": dict(sorted(frames.items())), "until": until})
    assert ended.ending.value == ending, ended.reason


class Shifted(FakeCodeDeploy):
    """Answers what a story says of CodeDeploy."""

    def __init__(self, told: Told) -> None:
        self.told = told

    def describe_deployments(self, ids: Sequence[str], /) -> tuple[JsonObject, ...]:
        return tuple(self._info(name) for name in ids)

    def _info(self, name: str) -> JsonObject:
        found: dict[str, Json] = {"deploymentId": name, "status": self.told.told(name)}
        if name == "d-1":
            rollback, error = self.told.told("rollback", ""), self.told.told("error", "")
            found["rollbackInfo"] = {"rollbackDeploymentId": rollback} if rollback else {}
            found["errorInformation"] = {"code": error} if error else {}
        return found

    def describe_target(self, deployment: str, target: str, /) -> Snapshot | Absent:
        return Absent()

    def list_deployments(
        self, application: str, group: str, /, *, statuses: Sequence[str] = (), limit: int = 100
    ) -> tuple[str, ...]:
        return ()


class Shifting(Told):
    """The same of a service that CodeDeploy deploys."""

    def __init__(self, frames: Mapping[int, Mapping[str, Any]], clock: FakeClock) -> None:
        super().__init__(frames, clock)
        self.codedeploy = Shifted(self)

    def describe_services(self, cluster: str, names: Sequence[str], /) -> Mapping[str, Snapshot | Absent]:
        name, stability = self.told("tasks").split(" ")
        counts = {"runningCount": 2, "pendingCount": 0, "stabilityStatus": stability}
        sets: list[Json] = [{"id": "ecs-svc/1", "status": "PRIMARY", "externalId": name, **counts}]
        running = self.told("green", None)
        if running is not None:
            green: JsonObject = {"runningCount": running, "computedDesiredCount": 2}
            sets.append({"id": "ecs-svc/2", "status": "ACTIVE", "externalId": "d-1", **green})
        controller: JsonObject = {"type": "CODE_DEPLOY"}
        members: JsonObject = {"deploymentController": controller, "taskSets": sets, "desiredCount": 2}
        return dict.fromkeys(names, Snapshot({"status": "ACTIVE", **members}))

    def list_tasks(self, cluster: str, service: str, /, *, status: str) -> tuple[str, ...]:
        return ("task/1",) if self.told("lost", "") and status == "STOPPED" else ()

    def describe_tasks(self, cluster: str, arns: Sequence[str], /) -> tuple[JsonObject, ...]:
        ended: JsonObject = {"stopCode": "EssentialContainerExited", "stoppedReason": self.told("lost")}
        return tuple({"taskArn": arn, **ended} for arn in arns)


@pytest.mark.parametrize("story", SHIFTS, ids=[story["name"] for story in SHIFTS])
def test_how_watching_codedeploy_ends(story: Mapping[str, Any]) -> None:
    clock = FakeClock()
    started = clock.now()
    target = Shift(
        cluster="main",
        service="web",
        deployment="d-1",
        before=frozenset({"d-0"}),
        timeout=story.get("timeout", 600),
        returns=story.get("returns", False),
    )
    watched = shifting.watch(Shifting(story["frames"], clock), clock, target)
    events: list[Event] = []
    try:
        ended = _drained(watched, events).ending.value
    except AwsError as error:
        ended = error.what
    assert ended == story["ends"]
    explained = [event.diagnosis.causes[0].what for event in events if isinstance(event, Diagnosed)]
    assert explained == story.get("explains", [])
    assert story["after"] <= clock.now() - started <= story["after"] + 2 * watching.LONGEST_PAUSE


@pytest.mark.parametrize("story", STORIES, ids=[story["name"] for story in STORIES])
def test_how_watching_ends(story: Mapping[str, Any]) -> None:
    ended, seconds, events = _watched(story)
    assert ended.ending.value == story["ends"], ended.reason
    assert story.get("state") in (None, ended.state.value if ended.state is not None else "")
    assert story["after"] <= seconds <= story["after"] + 2 * watching.LONGEST_PAUSE
    warned = {event.what for event in events if isinstance(event, Warned)}
    assert [part for part in story.get("warns", []) if not any(part in text for text in warned)] == []
    assert bool(warned) == bool(story.get("warns"))


def _watched(story: Mapping[str, Any]) -> tuple[Watched, float, list[Event]]:
    """Watch a story to its end; gives how it ended, after how many seconds, and what was told."""
    clock = FakeClock()
    gateway = Told(story["frames"], clock)
    started = clock.now()
    target = watching.Watch(
        cluster="main",
        service="web",
        deployment="ecs-svc/2",
        before=frozenset({"ecs-svc/1"}),
        until=story.get("until", "deployed"),
        timeout=story.get("timeout", 600),
        created=0.0 if "desired" in story else started,
        desired=story.get("desired", -1),
    )
    events: list[Event] = []
    ended = _drained(watching.watch(gateway, clock, target), events)
    return ended, clock.now() - started, events


def _drained(watched: Generator[Event, None, Watched], events: list[Event]) -> Watched:
    while True:
        try:
            events.append(next(watched))
        except StopIteration as stop:
            found: Watched = stop.value
            return found
