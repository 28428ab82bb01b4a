"""Tasks over the clients of `sessions`: `engine.ports.Tasks`. Clients are made when they are first asked for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

from reconciler.engine.ports import LogEvent
from reconciler.errors import AwsNotFound
from reconciler.plugin import AwsOptions

if TYPE_CHECKING:
    from reconciler.aws.clients import Client
    from reconciler.aws.sessions import Aws
    from reconciler.core.values import JsonObject

_STREAMS_A_CALL: Final = 100
"""Limit of FilterLogEvents (CloudWatch Logs API reference)."""


class EcsTasks:
    """Asks and answers, and judges nothing. See `engine.ports.Tasks` for its duties."""

    def __init__(self, aws: Aws) -> None:
        """Take the way to AWS; nothing is called yet."""
        self._aws = aws

    def run(self, body: JsonObject, /) -> tuple[tuple[JsonObject, ...], tuple[JsonObject, ...]]:
        """Run tasks."""
        answer = self._aws.client("ecs").call("RunTask", **body)
        return tuple(answer.get("tasks", ())), tuple(answer.get("failures", ()))

    def stop(self, cluster: str, arn: str, /, *, reason: str) -> JsonObject:
        """Stop a task."""
        answer = self._aws.client("ecs").call("StopTask", cluster=cluster, task=arn, reason=reason)
        task: JsonObject = answer["task"]
        return task

    def execute(self, cluster: str, arn: str, /, *, container: str, command: str) -> JsonObject:
        """Run a command in a container, with a terminal: the API knows no other way."""
        answer = self._aws.client("ecs").call(
            "ExecuteCommand",
            cluster=cluster,
            task=arn,
            container=container,
            command=command,
            interactive=True,
        )
        session: JsonObject = answer["session"]
        return session

    def open_session(self, body: JsonObject, /) -> JsonObject:
        """Open a session of Systems Manager."""
        answer = self._aws.client("ssm").call("StartSession", **body)
        return {
            "sessionId": answer["SessionId"],
            "streamUrl": answer["StreamUrl"],
            "tokenValue": answer["TokenValue"],
        }

    def close_session(self, identity: str, /) -> None:
        """End a session, of either kind (Systems Manager's TerminateSession)."""
        self._aws.client("ssm").call("TerminateSession", SessionId=identity)

    def log_events(
        self, group: str, streams: Sequence[str], /, *, since: float, region: str = ""
    ) -> tuple[LogEvent, ...]:
        """Give what was written to streams of a group (FilterLogEvents, a hundred streams a call)."""
        elsewhere = AwsOptions(region=region) if region and region != self._aws.region else None
        client = self._aws.client("logs", elsewhere)
        found = [
            event
            for start in range(0, len(streams), _STREAMS_A_CALL)
            for event in _events(client, group, streams[start : start + _STREAMS_A_CALL], int(since * 1000))
        ]
        return tuple(sorted(found, key=lambda event: event.at))


def _events(client: Client, group: str, streams: Sequence[str], since: int) -> list[LogEvent]:
    """Read streams, of which one that is not there yet spoils the answer for all."""
    try:
        pages = client.pages(
            "FilterLogEvents", logGroupName=group, logStreamNames=list(streams), startTime=since
        )
        return [_event(event) for page in pages for event in page.get("events", ())]
    except AwsNotFound:
        if len(streams) == 1:
            return []
    half = len(streams) // 2
    return [
        event for part in (streams[:half], streams[half:]) for event in _events(client, group, part, since)
    ]


def _event(event: dict[str, Any]) -> LogEvent:
    return LogEvent(
        str(event.get("eventId", "")),
        event["timestamp"] / 1000,
        str(event.get("logStreamName", "")),
        str(event["message"]).rstrip("\n"),
    )
