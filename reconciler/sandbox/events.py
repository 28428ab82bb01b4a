"""The texts of a service's events, newest first, at most 100."""

from collections.abc import Sequence

from reconciler.sandbox import rules
from reconciler.sandbox.worlds import Service, Task, World


@rules.documented("model, Service.events: the event stream, the latest 100 events are displayed")
def tell(world: World, service: Service, text: str) -> None:
    """Add an event to the service's stream."""
    message = f"(service {service.speaks_as or service.name}) {text}"
    event = {"id": world.uuid(), "createdAt": world.now, "message": message}
    service.events.insert(0, event)
    del service.events[100:]


@rules.reported(
    "describe-services transcripts: registered 2 targets in …; has begun draining connections on 2 tasks."
)
@rules.guessed("what happens to several tasks at one moment is one event")
def count(world: World, service: Service, text: str) -> None:
    """Add an event with a number in it, ``{}``, to the stream, or count up the one of this moment."""
    head, tail = f"(service {service.speaks_as or service.name}) {text}".split("{}")
    for event in service.events:
        message = event["message"]
        if event["createdAt"] != world.now:
            break
        number = message.removeprefix(head).removesuffix(tail)
        if number.isdigit() and message == f"{head}{number}{tail}":
            event["message"] = f"{head}{int(number) + 1}{tail}"
            return
    tell(world, service, text.format(1))


@rules.reported("describe-services transcripts: has started N tasks: (task ID) (task ID).")
def started(tasks: Sequence[Task], replaced: int) -> str:
    """Say which tasks were started, and how many of them replace unhealthy ones."""
    text = f"has started {len(tasks)} tasks: {_listed(tasks)}."
    return text + (f" Amazon ECS replaced {replaced} tasks due to an unhealthy status." if replaced else "")


@rules.reported(
    "describe-services transcripts: has stopped N running tasks: (task ID).; stopped N pending tasks."
)
def stopped(running: Sequence[Task], pending: Sequence[Task]) -> list[str]:
    """Say which tasks were stopped."""
    texts = [f"has stopped {len(running)} running tasks: {_listed(running)}."] if running else []
    return texts + ([f"stopped {len(pending)} pending tasks."] if pending else [])


@rules.reported("describe-services transcripts: … in (target-group ARN)")
def of_targets(verb: str, target_group: str) -> str:
    """Say that targets were registered or deregistered, for `count`."""
    return f"{verb} {{}} targets in (target-group {target_group})"


@rules.reported("describe-services transcripts: ids stand in brackets, one after another")
def _listed(tasks: Sequence[Task]) -> str:
    return " ".join(f"(task {each.id})" for each in tasks)
