"""CloudWatch Logs as far as containers write to it: what the seed's script has them say, by group and stream.

moto has the rest of that API, and every group that no container has written to.
"""

from collections.abc import Callable
from fnmatch import fnmatchcase
from functools import partial
from typing import Final

from reconciler.sandbox import pages, rules, shapes
from reconciler.sandbox.errors import Refusal
from reconciler.sandbox.outcomes import Fate
from reconciler.sandbox.worlds import ACCOUNT, Body, LogStream, Task, World

SERVICE: Final = "logs"


@rules.documented(
    "developer guide, awslogs: the stream is prefix/container/task id, or the container's id without a prefix; "
    "it is created when the container starts"
)
@rules.guessed("the group is taken to exist; once the task is STOPPED nothing more is written")
def begin(world: World, task: Task, definition: Body, runtime: str, fate: Fate) -> None:
    """Open the stream of a container that starts, if its log driver is awslogs, and have it write its lines in time."""
    configuration = definition.get("logConfiguration", {})
    options = configuration.get("options", {})
    if configuration.get("logDriver") != "awslogs" or "awslogs-group" not in options:
        return
    prefix = options.get("awslogs-stream-prefix")
    stream = f"{prefix}/{definition['name']}/{task.id}" if prefix else runtime
    group = world.logs.setdefault(options["awslogs-group"], {})
    events = group.setdefault(stream, LogStream(int(world.now * 1000))).events
    for delay, line in fate.logs:
        if delay:
            world.agenda.after(delay, partial(_write, world, task, events, line))
        else:
            _write(world, task, events, line)


def _write(world: World, task: Task, events: list[Body], line: str) -> None:
    if task.status != "STOPPED":
        stamp = int(world.now * 1000)
        event = {"timestamp": stamp, "message": line, "ingestionTime": stamp}
        events.append(event | {"eventId": f"{len(events):056d}"})


@rules.documented(
    "logs model, GetLogEvents: oldest or newest first page (startFromHead), times inclusive and exclusive, tokens "
    "forward and backward that repeat at the end"
)
@rules.documented("logs model: ResourceNotFoundException")
def get_log_events(world: World, request: Body) -> Body:
    """Show the lines of a stream."""
    streams = world.logs[_group(request)]
    if request["logStreamName"] not in streams:
        raise Refusal("ResourceNotFoundException", "The specified log stream does not exist.")
    found = _between(streams[request["logStreamName"]].events, request)
    size = min(int(request.get("limit") or 10000), 10000)
    token = request.get("nextToken", "")
    head, _, place = token.partition("/")
    if token and (head not in ("f", "b") or not place.isdigit()):
        raise Refusal("InvalidParameterException", "The specified nextToken is invalid.")
    first = 0 if request.get("startFromHead") else max(0, len(found) - size)
    if token:
        first = int(place) if head == "f" else max(0, int(place) - size)
    last = min(len(found), first + size if head != "b" else int(place))
    shown = [
        {name: each[name] for name in ("timestamp", "message", "ingestionTime")} for each in found[first:last]
    ]
    return {
        "events": shown,
        "nextForwardToken": f"f/{last:056d}",
        "nextBackwardToken": f"b/{first:056d}",
    }


@rules.documented(
    "logs model, FilterLogEvents: of all streams, of those named, or by prefix; by time; 10000 a page"
)
@rules.guessed("a pattern of words is looked for as a text; what has more syntax is refused")
def filter_log_events(world: World, request: Body) -> Body:
    """Show the lines of many streams, oldest first."""
    pattern = request.get("filterPattern", "").strip().strip('"')
    if set(pattern) & set("{}[]?%"):
        raise Refusal("NotSimulatedBySandbox", "The sandbox does not simulate filter patterns.", status=501)
    names, prefix = request.get("logStreamNames"), request.get("logStreamNamePrefix", "")
    found = [
        each | {"logStreamName": stream, "eventId": f"{stream}/{each['eventId']}"}
        for stream, held in world.logs[_group(request)].items()
        if (names is None or stream in names) and stream.startswith(prefix)
        for each in _between(held.events, request)
        if pattern in each["message"]
    ]
    found.sort(key=lambda each: each["timestamp"])
    paging = {"maxResults": request.get("limit"), "nextToken": request.get("nextToken")}
    return pages.cut(found, "events", paging, default=10000) | {"searchedLogStreams": []}


@rules.documented(
    "logs model, DescribeLogStreams: by prefix, with the times of the first and last event; 50 a page"
)
def describe_log_streams(world: World, request: Body) -> Body:
    """Show the streams of a group."""
    group = _group(request)
    arn = f"arn:aws:logs:{world.region}:{ACCOUNT}:log-group:{group}:log-stream"
    streams = [
        {
            "logStreamName": stream,
            "creationTime": held.created,
            "arn": f"{arn}:{stream}",
            "storedBytes": 0,
            **_span(held.events),
        }
        for stream, held in sorted(world.logs[group].items())
        if fnmatchcase(stream, f"{request.get('logStreamNamePrefix', '')}*")
    ]
    if request.get("orderBy") == "LastEventTime":
        streams.sort(key=lambda each: each.get("lastEventTimestamp", 0))
    if request.get("descending"):
        streams.reverse()
    paging = {"maxResults": request.get("limit"), "nextToken": request.get("nextToken")}
    return pages.cut(streams, "logStreams", paging, default=50)


def _span(events: list[Body]) -> Body:
    if not events:
        return {}
    return {
        "firstEventTimestamp": events[0]["timestamp"],
        "lastEventTimestamp": events[-1]["timestamp"],
        "lastIngestionTime": events[-1]["ingestionTime"],
    }


@rules.documented("logs model: startTime is inclusive, endTime is exclusive for GetLogEvents")
def _between(events: list[Body], request: Body) -> list[Body]:
    first, last = request.get("startTime"), request.get("endTime")
    return [
        each
        for each in events
        if (first is None or each["timestamp"] >= first) and (last is None or each["timestamp"] < last)
    ]


def _group(request: Body) -> str:
    given = request.get("logGroupName") or request.get("logGroupIdentifier") or ""
    return str(given).partition(":log-group:")[2].removesuffix(":*") or str(given)


OPERATIONS: Final[dict[str, Callable[[World, Body], Body]]] = {
    "GetLogEvents": get_log_events,
    "FilterLogEvents": filter_log_events,
    "DescribeLogStreams": describe_log_streams,
}


def answer(world: World, operation: str, request: object) -> Body | None:
    """Answer a call of CloudWatch Logs, or give None if it is about no group that containers wrote to."""
    if operation not in OPERATIONS or not isinstance(request, dict) or _group(request) not in world.logs:
        return None
    return OPERATIONS[operation](world, shapes.accept(operation, request, SERVICE))
