"""CloudWatch Logs: groups, streams, and what containers and others write to them.

moto has the rest of that API, and knows nothing of what is here.
"""

from collections.abc import Callable
from fnmatch import fnmatchcase
from functools import partial
from typing import Final

from reconciler.sandbox import pages, rules, shapes
from reconciler.sandbox.errors import Refusal
from reconciler.sandbox.outcomes import Fate, Outcome
from reconciler.sandbox.worlds import ACCOUNT, Body, LogGroup, LogStream, Task, World

SERVICE: Final = "logs"


@rules.documented(
    "developer guide, awslogs: the stream is prefix/container/task id, or the container's id without a prefix; "
    "it is created when the container starts"
)
@rules.guessed(
    "a group that is not there is made, unless the seed has groups; once the task is STOPPED nothing more is written"
)
def begin(world: World, task: Task, definition: Body, runtime: str, fate: Fate) -> None:
    """Open the stream of a container that starts, if its log driver is awslogs, and have it write its lines in time."""
    configuration = definition.get("logConfiguration", {})
    options = configuration.get("options", {})
    if configuration.get("logDriver") != "awslogs" or "awslogs-group" not in options:
        return
    prefix = options.get("awslogs-stream-prefix")
    stream = f"{prefix}/{definition['name']}/{task.id}" if prefix else runtime
    group = world.logs.setdefault(options["awslogs-group"], LogGroup(_stamp(world)))
    events = group.streams.setdefault(stream, LogStream(_stamp(world))).events
    for delay, line in fate.logs:
        if delay:
            world.agenda.after(delay, partial(_write, world, task, events, line))
        else:
            _write(world, task, events, line)


def _write(world: World, task: Task, events: list[Body], line: str) -> None:
    if task.status != "STOPPED":
        _append(world, events, _stamp(world), line)


def _append(world: World, events: list[Body], stamp: int, line: str) -> None:
    event = {"timestamp": stamp, "message": line, "ingestionTime": _stamp(world)}
    events.append(event | {"eventId": f"{len(events):056d}"})
    events.sort(key=lambda each: each["timestamp"])


def _stamp(world: World) -> int:
    return int(world.now * 1000)


@rules.documented("developer guide, awslogs: awslogs-create-group makes the group; else it has to be there")
@rules.reported("users' stopped tasks: ResourceInitializationError: failed to validate logger args: …")
def fate(world: World, container: Body) -> Fate | None:
    """Give the fate of a container whose log group is not there, where the seed says which groups are."""
    configuration = container.get("logConfiguration", {})
    options = configuration.get("options", {})
    made = str(options.get("awslogs-create-group", "false")).lower() == "true"
    if not world.logged_strictly or made or configuration.get("logDriver") != "awslogs":
        return None
    if options.get("awslogs-group") in world.logs:
        return None
    reason = (
        "ResourceInitializationError: failed to validate logger args: create stream has been retried 1 times: failed "
        "to create Cloudwatch log stream: ResourceNotFoundException: The specified log group does not exist. : exit "
        "status 1"
    )
    return Fate(Outcome.HAS_NO_SECRET, reason=reason)


@rules.documented("logs model, CreateLogGroup: ResourceAlreadyExistsException")
@rules.reported("moto and recordings: The specified log group already exists")
def create_log_group(world: World, request: Body) -> Body:
    """Make a group."""
    if request["logGroupName"] in world.logs:
        raise Refusal("ResourceAlreadyExistsException", "The specified log group already exists")
    world.logs[request["logGroupName"]] = LogGroup(_stamp(world))
    return {}


@rules.documented("logs model, DeleteLogGroup: with all its streams")
def delete_log_group(world: World, request: Body) -> Body:
    """Delete a group."""
    _held(world, request)
    del world.logs[_name(request)]
    return {}


@rules.documented("logs model, DescribeLogGroups: by prefix, or by a text in the name; 50 a page")
def describe_log_groups(world: World, request: Body) -> Body:
    """Show groups."""
    prefix, part = request.get("logGroupNamePrefix", ""), request.get("logGroupNamePattern", "").lower()
    named = {_bare(each) for each in request.get("logGroupIdentifiers", [])}
    groups = []
    for name, group in sorted(world.logs.items()):
        if name.startswith(prefix) and part in name.lower() and (not named or name in named):
            arn = f"arn:aws:logs:{world.region}:{ACCOUNT}:log-group:{name}"
            counts = {"creationTime": group.created, "metricFilterCount": 0, "storedBytes": 0}
            groups.append({"logGroupName": name, "arn": f"{arn}:*", "logGroupArn": arn, **counts})
    paging = {"maxResults": request.get("limit"), "nextToken": request.get("nextToken")}
    return pages.cut(groups, "logGroups", paging, default=50)


@rules.documented("logs model, CreateLogStream: ResourceAlreadyExistsException, ResourceNotFoundException")
@rules.reported("moto and recordings: The specified log stream already exists")
def create_log_stream(world: World, request: Body) -> Body:
    """Make a stream."""
    streams = _held(world, request)
    if request["logStreamName"] in streams:
        raise Refusal("ResourceAlreadyExistsException", "The specified log stream already exists")
    streams[request["logStreamName"]] = LogStream(_stamp(world))
    return {}


@rules.documented("logs model, DeleteLogStream")
def delete_log_stream(world: World, request: Body) -> Body:
    """Delete a stream."""
    _stream(world, request)
    del _held(world, request)[request["logStreamName"]]
    return {}


@rules.documented("logs model, PutLogEvents: the sequence token is ignored")
@rules.guessed("no event is too old or too new")
def put_log_events(world: World, request: Body) -> Body:
    """Write lines to a stream."""
    stream = _stream(world, request)
    for each in request["logEvents"]:
        _append(world, stream.events, each["timestamp"], each["message"])
    return {"nextSequenceToken": f"{len(stream.events):056d}"}


@rules.documented("logs model: ResourceNotFoundException")
@rules.reported("moto and recordings: The specified log group does not exist.")
def _held(world: World, request: Body) -> dict[str, LogStream]:
    if _name(request) not in world.logs:
        raise Refusal("ResourceNotFoundException", "The specified log group does not exist.")
    return world.logs[_name(request)].streams


@rules.documented("logs model: ResourceNotFoundException")
@rules.reported("moto and recordings: The specified log stream does not exist.")
def _stream(world: World, request: Body) -> LogStream:
    streams = _held(world, request)
    if request["logStreamName"] not in streams:
        raise Refusal("ResourceNotFoundException", "The specified log stream does not exist.")
    return streams[request["logStreamName"]]


@rules.documented(
    "logs model, GetLogEvents: oldest or newest first page (startFromHead), times inclusive and exclusive, tokens "
    "forward and backward that repeat at the end"
)
def get_log_events(world: World, request: Body) -> Body:
    """Show the lines of a stream."""
    found = _between(_stream(world, request).events, request)
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
        for stream, held in _held(world, request).items()
        if (names is None or stream in names) and stream.startswith(prefix)
        for each in _between(held.events, request, until=1)
        if pattern in each["message"]
    ]
    found.sort(key=lambda each: each["timestamp"])
    paging = {"maxResults": request.get("limit"), "nextToken": request.get("nextToken")}
    return pages.cut(found, "events", paging, default=10000, most=10000) | {"searchedLogStreams": []}


@rules.documented(
    "logs model, DescribeLogStreams: by prefix, with the times of the first and last event; 50 a page"
)
def describe_log_streams(world: World, request: Body) -> Body:
    """Show the streams of a group."""
    group = _name(request)
    arn = f"arn:aws:logs:{world.region}:{ACCOUNT}:log-group:{group}:log-stream"
    streams = [
        {
            "logStreamName": stream,
            "creationTime": held.created,
            "arn": f"{arn}:{stream}",
            "storedBytes": 0,
            **_span(held.events),
        }
        for stream, held in sorted(_held(world, request).items())
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


@rules.documented(
    "logs model: startTime is inclusive; endTime is exclusive of GetLogEvents, inclusive of FilterLogEvents"
)
def _between(events: list[Body], request: Body, until: int = 0) -> list[Body]:
    first, last = request.get("startTime"), request.get("endTime")
    return [
        each
        for each in events
        if (first is None or each["timestamp"] >= first)
        and (last is None or each["timestamp"] < last + until)
    ]


def _name(request: Body) -> str:
    return _bare(str(request.get("logGroupName") or request.get("logGroupIdentifier") or ""))


def _bare(given: str) -> str:
    return given.partition(":log-group:")[2].removesuffix(":*") or given


OPERATIONS: Final[dict[str, Callable[[World, Body], Body]]] = {
    "CreateLogGroup": create_log_group,
    "DeleteLogGroup": delete_log_group,
    "DescribeLogGroups": describe_log_groups,
    "CreateLogStream": create_log_stream,
    "DeleteLogStream": delete_log_stream,
    "DescribeLogStreams": describe_log_streams,
    "PutLogEvents": put_log_events,
    "GetLogEvents": get_log_events,
    "FilterLogEvents": filter_log_events,
}


def answer(world: World, operation: str, request: object) -> Body | None:
    """Answer a call of CloudWatch Logs, or give None if it is about no group here and nothing here does it."""
    if operation in OPERATIONS:
        return OPERATIONS[operation](world, shapes.accept(operation, request, SERVICE))
    if isinstance(request, dict) and _name(request) in world.logs:
        message = f"The sandbox does not simulate {operation} of CloudWatch Logs."
        raise Refusal("NotSimulatedBySandbox", message, status=501)
    return None
