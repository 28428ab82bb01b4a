"""Running tasks while AWS fails now and then: nothing runs twice or is lost, and no wait lasts for ever."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, cast

import pytest

from reconciler.aws.shapes import ECS
from reconciler.core import tasks
from reconciler.core.events import Event, LogLine, Warned
from reconciler.core.evidence import Stream
from reconciler.core.outcomes import Ending
from reconciler.engine import running
from reconciler.engine.ports import Gateway, LogEvent, Tasks
from reconciler.engine.running import Ran, Request, Wish
from reconciler.engine.tailing import Tail
from reconciler.errors import (
    ApplyError,
    AwsDenied,
    AwsError,
    AwsRefused,
    AwsThrottled,
    Interrupted,
    PlanError,
)
from reconciler.testing import FakeClock

ARN: Final = "arn:aws:ecs:eu-west-1:123456789012:task/prod/0123456789abcdef"
DEFINITION: Final[dict[str, Any]] = {
    "containerDefinitions": [
        {
            "name": "app",
            "logConfiguration": {
                "logDriver": "awslogs",
                "options": {"awslogs-group": "/app", "awslogs-region": "eu-west-1", "awslogs-stream-prefix": "ecs"},
            },
        }
    ]
}  # fmt: skip
ASKED: Final = Request({"cluster": "prod", "taskDefinition": "app:1", "count": 1}, DEFINITION, "app")


def task(status: str, code: int | None = None) -> dict[str, Any]:
    container = {"name": "app"} | ({} if code is None else {"exitCode": code})
    return {"taskArn": ARN, "lastStatus": status, "createdAt": 1_700_000_000.0, "containers": [container]}


def dropped(what: str = "connection reset") -> AwsError:
    return AwsError(what, temporary=True)


@dataclass
class Scripted:
    """Answers in turn what it is given, the last again and again; errors among them are raised."""

    answers: list[Any]
    asked: list[Any] = field(default_factory=list)

    def next(self, *asked: Any) -> Any:
        self.asked.append(asked)
        found = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(found, BaseException):
            raise found
        return found

    def describe_tasks(self, _cluster: str, _arns: Sequence[str], /) -> Any:
        return self.next()

    def run(self, body: Any, /) -> Any:
        return self.next(body)

    def log_events(self, group: str, streams: Sequence[str], /, *, since: float, region: str = "") -> Any:
        return self.next(group, since)


def drained(events: Generator[Event, None, Ran]) -> tuple[list[Event], Ran]:
    said: list[Event] = []
    while True:
        try:
            said.append(next(events))
        except StopIteration as end:
            return said, end.value


def followed(looks: list[Any], lines: list[Any], *, timeout: float = 0.0) -> tuple[list[Event], Ran]:
    gateway, port = cast(Gateway, Scripted(looks)), cast(Tasks, Scripted(lines))
    wish = Wish(timeout=timeout)
    return drained(running.follow(gateway, port, FakeClock(), [task("PENDING")], ASKED, wish))


LINE: Final = LogEvent("1", 1_700_000_001.0, "ecs/app/0123456789abcdef", "hello")


@pytest.mark.parametrize(
    ("looks", "lines", "warnings", "code"),
    [
        ([[task("RUNNING")], [task("STOPPED", 3)]], [()], [], 3),
        ([[], [task("STOPPED", 0)]], [()], [], 0),
        ([dropped(), [task("STOPPED", 4)]], [()], ["connection reset; asking again"], 4),
        ([[task("RUNNING")], [task("STOPPED", 0)]], [dropped(), (LINE,)], ["what `app` writes cannot be"], 0),
        ([[task("RUNNING")], []], [()], [], None),
        ([[]], [()], [], None),
        ([[task("RUNNING", 7)], []], [()], [], 7),
    ],
    ids=["plain", "late", "dropped", "logs dropped", "forgotten", "never seen", "forgotten with a code"],
)
def test_what_fails_now_and_then_is_asked_for_again(
    looks: list[Any], lines: list[Any], warnings: list[str], code: int | None
) -> None:
    said, ran = followed(looks, lines)
    told = [event.what for event in said if isinstance(event, Warned)]
    assert [what[: len(words)] for what, words in zip(told, warnings, strict=True)] == warnings
    assert (ran.ending, ran.code) == (Ending.SUCCEEDED, code)
    assert sum(isinstance(event, LogLine) for event in said) == lines.count((LINE,))


def test_what_fails_for_good_ends_it_and_what_goes_on_failing_ends_with_the_time() -> None:
    with pytest.raises(AwsDenied):
        followed([AwsDenied("no")], [()])
    with pytest.raises(AwsRefused):
        followed([[task("RUNNING")]], [AwsRefused("no")])
    assert followed([dropped()], [()], timeout=30)[1].ending is Ending.TIMED_OUT
    said, _ = followed(
        [[task("RUNNING")], [task("RUNNING")], [task("STOPPED", 0)]], [AwsDenied("no"), (LINE,)]
    )
    assert [type(event) for event in said if isinstance(event, Warned | LogLine)] == [Warned]


@pytest.mark.parametrize(("given", "own"), [({}, False), ({"clientToken": "mine"}, True)])
def test_a_run_without_an_answer_can_be_asked_for_again(given: dict[str, Any], own: bool) -> None:
    asked = Request({**ASKED.body, **given}, DEFINITION, "app")
    for error, kind in ((dropped(), ApplyError), (KeyboardInterrupt(), Interrupted)):
        port = Scripted([error])
        with pytest.raises(kind) as caught:
            running.start(cast(Tasks, port), asked)
        ((sent,),) = port.asked
        assert (sent["clientToken"] == "mine") is own
        assert f"--client-token {sent['clientToken']} " in str(caught.value)
        assert "perhaps done: run tasks" in str(caught.value)
    for refused in (AwsThrottled("slow", temporary=True), AwsRefused("no")):
        with pytest.raises(type(refused)):
            running.start(cast(Tasks, Scripted([refused])), asked)


def test_what_is_the_service_s_alone_is_not_sent() -> None:
    service = {"clientToken": "of the service", "platformVersion": "1.4.0"}
    keys = ("aws:cloudformation:stack-name", "AWS:x", "team")
    tags = [{"key": key, "value": "x"} for key in keys]
    sent = running.request(
        "prod", "app:1", DEFINITION, service, ECS.input("RunTask"), Wish(propagate="SERVICE"), tags
    )
    assert sent.body == {
        **ASKED.body,
        "platformVersion": "1.4.0",
        "tags": [{"key": "team", "value": "x"}],
    }


def test_lines_of_one_group_are_not_lost_to_another_that_fails() -> None:
    streams = [Stream("app", ARN, group, "s") for group in ("/a", "/b")]
    line = LogEvent("1", 5.0, "s", "hello")
    tail = Tail(cast(Tasks, Scripted([(line,), dropped(), (line,), ()])), "task.prod", 0.0)
    with pytest.raises(AwsError):
        list(tail.read(streams))
    assert [line.text for line in tail.read(streams)] == ["hello"]


@pytest.mark.parametrize(
    ("told", "some"),
    [
        ({"stopCode": "TaskFailedToStart"}, False),
        ({"stopCode": "TaskFailedToStart", "containers": [{"name": "app", "runtimeId": "x"}]}, True),
        ({"stopCode": "TaskFailedToStart", "containers": [{"name": "app", "exitCode": 0}]}, True),
        ({"stopCode": "EssentialContainerExited"}, True),
        ({}, True),
    ],
)
def test_a_container_that_never_ran_has_no_lines(told: dict[str, Any], some: bool) -> None:
    assert bool(list(tasks.streams(task("STOPPED") | told, DEFINITION))) is some


def test_a_task_with_awsvpc_is_not_asked_for_without_a_network() -> None:
    awsvpc = DEFINITION | {"networkMode": "awsvpc"}
    with pytest.raises(PlanError, match="awsvpc need a network"):
        running.request("prod", "app:1", awsvpc, {}, ECS.input("RunTask"), Wish())
