"""What is said of a rollout's tasks, in the many places where AWS says it: as texts, with what they are about."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import field
from typing import Final

from reconciler.core import codedeployments, rollouts, symptoms
from reconciler.core.causes import Logged
from reconciler.core.symptoms import Of
from reconciler.core.values import Json, JsonObject
from reconciler.records import dataclass

_ADDRESSED: Final = re.compile(r"^\(service [^)]*\) ?")
_TASK: Final = re.compile(r"\(task ([0-9a-f-]{8,})\)")
_PORT: Final = re.compile(r"\(port (\d+)\)")
_GROUP: Final = re.compile(r"arn:[\w-]+:elasticloadbalancing:[^\s)]*:targetgroup/[^\s)]+")
_ILL: Final = ("unhealthy", "unhealthy.draining", "unused", "unavailable")
_COMPLETED: Final = "deployment completed."
_STARTING: Final = ("PROVISIONING", "PENDING", "ACTIVATING")
_OVER: Final = ("STOP", "ROLLBACK", "Stopped", "Failed")
"""How the statuses begin of deployments that did not succeed (API models of ECS and CodeDeploy)."""
_HOOK_FAILED: Final = ("FAILED", "TIMED_OUT")
_NEVER_RAN: Final = "TaskFailedToStart"
_ENDED: Final = "EssentialContainerExited"
_TOLD_TO_END: Final = {
    143: 3,
    0: 2,
    137: 1,
}  # exit codes of containers that were most likely stopped with another


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What was read of a service and of one deployment of it (`deployment` is its id).

    `stopped` and `running` are tasks as DescribeTasks shows them, `others` those that run of other deployments;
    `definition` is the task definition (of DescribeTaskDefinition, ``taskDefinition``), `health` DescribeTargetHealth's
    descriptions by the target group's ARN. `record` is the service deployment; where CodeDeploy deploys, `shift` is its
    deployment (DeploymentInfo) and `target` that one's ECSTarget, and `deployment` the id of the new task set.
    """

    service: JsonObject
    deployment: str
    stopped: Sequence[JsonObject] = ()
    running: Sequence[JsonObject] = ()
    others: Sequence[JsonObject] = ()
    definition: JsonObject | None = None
    logs: Sequence[Logged] = ()
    health: Mapping[str, Sequence[JsonObject]] = field(default_factory=dict)
    record: JsonObject = field(default_factory=dict)
    shift: JsonObject = field(default_factory=dict)
    target: JsonObject | None = None


@dataclass(frozen=True, slots=True)
class Stream:
    """Where the lines of a container of a task are, of the log driver awslogs; no region means the service's own."""

    container: str
    task: str
    group: str
    name: str
    region: str = ""


def streams(seen: Seen, most: int) -> tuple[list[Stream], list[str]]:
    """Give at most `most` log streams that may say more: of each container and exit code the newest.

    Of a task that ended by itself only the container that ended first. Also what cannot be read, in words: containers
    whose lines go elsewhere.
    """
    wanted: dict[tuple[str, Json], Stream] = {}
    elsewhere: dict[str, str] = {}
    for task in [*seen.stopped, *ill(seen)]:
        if task.get("stopCode") == _NEVER_RAN or _routine(str(task.get("stoppedReason", ""))):
            continue
        blamed = _blamed(task, seen)
        for container in blamed[:1] if task.get("stopCode") == _ENDED else blamed:
            name = str(container.get("name"))
            alike = (name, container.get("exitCode"))
            if alike in wanted or name in elsewhere:
                continue
            configuration = _object(_defined(seen, name), "logConfiguration")
            driver = configuration.get("logDriver")
            found = stream(task, container, _object(configuration, "options"))
            if driver == "awslogs" and found is not None:
                wanted[alike] = found
            elif driver and driver != "awslogs":
                elsewhere[name] = f"what `{name}` wrote: its log driver is {driver}"
    return list(wanted.values())[:most], list(elsewhere.values())


def of_stopped(task: JsonObject, seen: Seen, told: set[str]) -> Iterator[tuple[Of, str]]:
    """Give what is said of a stopped task: its own reason, its containers', exit codes, lines, and events about it."""
    reason, code = str(task.get("stoppedReason") or ""), str(task.get("stopCode") or "")
    if _routine(reason):
        return
    for message in events(seen):
        about = _TASK.search(message)
        if about and about[1] == task_id(task):
            told.add(message)
            yield Of.SAID, message
    for container in listed(task, "containers"):
        if container.get("reason") and container["reason"] != reason:
            yield Of.SAID, f"{container.get('name')}: {container['reason']}"
    if reason or code:
        yield Of.SAID, f"{reason} ({code})" if reason and code else reason or code
    if code in (_ENDED, ""):
        for container in _blamed(task, seen)[:1]:
            if container.get("exitCode") is not None:
                yield Of.EXIT, str(container["exitCode"])
            for logged in seen.logs:
                if _alike(logged, container, seen):
                    yield from ((Of.LOG, line) for line in logged.lines)


def _alike(logged: Logged, container: JsonObject, seen: Seen) -> bool:
    """Tell whether lines are of a container of that name that ended with the same code: one speaks for all."""
    return logged.container == container.get("name") and any(
        each.get("name") == logged.container and each.get("exitCode") == container.get("exitCode")
        for task in seen.stopped
        if task_id(task) == logged.task
        for each in listed(task, "containers")
    )


def ill(seen: Seen) -> list[JsonObject]:
    """Give the running tasks that are not healthy by their containers' health checks or a load balancer's."""
    addresses = {_address(target) for target, _ in _unhealthy(seen)}
    return [
        task
        for task in seen.running
        if task.get("healthStatus") == "UNHEALTHY" or addresses & set(_addresses(task))
    ]


def of_ill(task: JsonObject, seen: Seen, told: set[str]) -> Iterator[tuple[Of, str]]:
    """Give what is said of a running task that is not healthy."""
    for message in events(seen):
        about = _TASK.search(message)
        if about and about[1] == task_id(task):
            told.add(message)
            yield Of.SAID, message
    for target, group in _unhealthy(seen):
        if _address(target) in _addresses(task):
            yield Of.SAID, _health(target, group)
    if task.get("healthStatus") == "UNHEALTHY":
        yield Of.SAID, "failed container health checks"


def over(seen: Seen) -> bool:
    """Tell whether the deployment has failed or was stopped: what is still on its way then is none of its causes."""
    shown = (each for each in rollouts.deployments(seen.service) if each.get("id") == seen.deployment)
    failed = any(each.get("rolloutState") == "FAILED" for each in shown)
    statuses = (str(seen.record.get("status") or ""), str(seen.shift.get("status") or ""))
    return failed or any(status.startswith(_OVER) for status in statuses)


def waiting(seen: Seen) -> list[JsonObject]:
    """Give the tasks of the deployment that are on their way: they do not run yet, or are not called healthy yet."""
    if over(seen):
        return []
    found = [task for task in seen.running if any(of_waiting(task, seen))]
    ailing = {task_id(task) for task in ill(seen)}
    return [task for task in found if task_id(task) not in ailing]


def of_waiting(task: JsonObject, seen: Seen) -> Iterator[tuple[Of, str]]:
    """Give what is said of a task on its way: its status, a health check without an answer, a target that is new."""
    if task.get("lastStatus") in _STARTING:
        yield Of.SAID, f"lastStatus {task['lastStatus']}"
        return
    checked = (
        each for each in listed(task, "containers") if _defined(seen, each.get("name")).get("healthCheck")
    )
    for container in checked:
        if container.get("healthStatus") == "UNKNOWN":
            yield Of.SAID, f"healthStatus UNKNOWN of {container.get('name')}"
    for group, targets in seen.health.items():
        for target in targets:
            state = _object(target, "TargetHealth").get("State")
            if state == "initial" and _address(target) in _addresses(task):
                yield Of.SAID, _health(target, group)


def of_targets(seen: Seen) -> Iterator[tuple[str, JsonObject]]:
    """Give unhealthy targets that no task here is: by instance, or of tasks that were not read."""
    known = {address for task in [*seen.running, *seen.others] for address in _addresses(task)}
    for target, group in _unhealthy(seen):
        if _address(target) not in known:
            yield _health(target, group), target


def of_ending(seen: Seen) -> Iterator[str]:
    """Give what the service deployment, or CodeDeploy's deployment, says of its own end."""
    reasons = (seen.record.get("statusReason"), _object(seen.record, "rollback").get("reason"))
    said = list(dict.fromkeys(str(text) for text in reasons if text))
    yield from said
    for hook in listed(seen.record, "lifecycleHookDetails"):
        if hook.get("status") in _HOOK_FAILED and not any("lifecycle hook" in text.lower() for text in said):
            name = str(hook.get("targetArn") or hook.get("hookId")).rpartition(":function:")[2]
            yield f"lifecycle hook {name} ({hook.get('targetType')}) is {hook.get('status')}"
    triggered = _object(seen.record, "alarms").get("triggeredAlarmNames")
    if isinstance(triggered, list | tuple) and triggered:
        yield f"alarms {', '.join(str(name) for name in triggered)} went off"
    error = _object(seen.shift, "errorInformation")
    if error:
        events = (each for each in codedeployments.events(seen.target) if each.get("status") == "Failed")
        at = next((f" at {each.get('lifecycleEventName')}" for each in events), "")
        yield f"{str(error.get('message') or '').rstrip('.')} ({error.get('code')}){at}".strip()


def _unhealthy(seen: Seen) -> Iterator[tuple[JsonObject, str]]:
    resting = _taking_turns(seen.service)
    for group, targets in seen.health.items():
        for target in targets:
            state = _object(target, "TargetHealth").get("State")
            if state in _ILL and not (state == "unused" and group in resting):
                yield target, group


def _taking_turns(service: JsonObject) -> set[str]:
    """Give the target groups of which one at a time is used, as blue and green are: the other one is no fault."""
    found: set[str] = set()
    for balancer in listed(service, "loadBalancers"):
        alternate = _object(balancer, "advancedConfiguration").get("alternateTargetGroupArn")
        if alternate:
            found |= {str(alternate), str(balancer.get("targetGroupArn"))}
    return found


def _health(target: JsonObject, group: str) -> str:
    health, where = _object(target, "TargetHealth"), _object(target, "Target")
    said = ": ".join(str(health[name]) for name in ("Reason", "Description") if health.get(name))
    return f"{health.get('State')} in (target-group {group}) (port {where.get('Port')}): {said}"


def _address(target: JsonObject) -> str:
    return str(_object(target, "Target").get("Id"))


def _addresses(task: JsonObject) -> list[str]:
    return [
        str(address["privateIpv4Address"])
        for container in listed(task, "containers")
        for address in listed(container, "networkInterfaces")
        if address.get("privateIpv4Address")
    ]


def events(seen: Seen) -> list[str]:
    """Give the service's events while the deployment ran, the newest first, without routine."""
    said = (_ADDRESSED.sub("", str(event.get("message"))) for event in _while_it_ran(seen))
    return [message for message in said if not _routine(message)]


def _while_it_ran(seen: Seen) -> list[JsonObject]:
    shown = listed(seen.service, "events")
    for deployment in rollouts.deployments(seen.service):
        if deployment.get("id") == seen.deployment:
            return _since(shown, number(deployment.get("createdAt")))
    # No longer shown: from the last event that names it back to the end of the deployment before.
    named = [index for index, event in enumerate(shown) if f"{seen.deployment})" in str(event.get("message"))]
    if seen.deployment and named:
        own = shown[named[0] :]
        before = (index for index, event in enumerate(own) if _COMPLETED in str(event.get("message")))
        return own[: next(before, None)]
    began = [number(task.get("createdAt")) for task in [*seen.stopped, *seen.running]]
    return _since(shown, min(began)) if began else []


def _since(shown: Sequence[JsonObject], time: float) -> list[JsonObject]:
    return [event for event in shown if number(event.get("createdAt")) >= time]


def _routine(text: str) -> bool:
    return re.search(symptoms.ROUTINE, text) is not None


def _blamed(task: JsonObject, seen: Seen) -> list[JsonObject]:
    """Give the essential containers of a task, those that ended by themselves first."""
    essential = [
        each for each in listed(task, "containers") if _defined(seen, each.get("name")).get("essential", True)
    ]

    def innocence(container: JsonObject) -> tuple[int, bool]:
        code = container.get("exitCode")
        return (4 if code is None else _TOLD_TO_END.get(int(number(code)), 0), not container.get("reason"))

    return sorted(essential, key=innocence)


def stream(task: JsonObject, container: JsonObject, options: JsonObject) -> Stream | None:
    """Name the stream that awslogs writes to: prefix/container/task id, or the runtime's id of the container."""
    group, name = options.get("awslogs-group"), str(container.get("name"))
    if not group:
        return None
    prefix = options.get("awslogs-stream-prefix")
    stream = f"{prefix}/{name}/{task_id(task)}" if prefix else container.get("runtimeId")
    if not stream:
        return None
    return Stream(name, task_id(task), str(group), str(stream), str(options.get("awslogs-region") or ""))


def facts(
    texts: Sequence[tuple[Of, str]], seen: Seen, task: JsonObject | None, target: JsonObject | None
) -> dict[str, str]:
    """Give what sentences may name."""
    said = "\n".join(text for of, text in texts if of is Of.SAID)
    arn = _GROUP.search(said)
    balancer = next(
        (
            each
            for each in listed(seen.service, "loadBalancers")
            if arn is None or each.get("targetGroupArn") == arn[0]
        ),
        {},
    )
    port = _PORT.search(said)
    behind = str(balancer.get("containerName") or "")
    name = behind if arn is not None or port is not None or target is not None else _named(texts, seen, task)
    definition = _defined(seen, name)
    image = definition.get("image")
    memory = definition.get("memory") or (seen.definition or {}).get("memory")
    role = str((seen.definition or {}).get("executionRoleArn") or "").rpartition("/")[2]
    logs = _object(_object(definition, "logConfiguration"), "options").get("awslogs-group")
    return {
        "container": f"`{name}`" if name else "a container",
        "image": str(image) if image else "of the task definition",
        "role": f"the execution role `{role}`" if role else "the task execution role",
        "memory": f"{memory} MiB" if memory else "no limit is set",
        "logs": f"`{logs}`" if logs else "of the task definition",
        "port": port[1] if port else str(balancer.get("containerPort", "")),
        "group": f"`{arn[0].partition(':targetgroup/')[2].partition('/')[0]}`" if arn else "the target group",
    }


def _named(texts: Sequence[tuple[Of, str]], seen: Seen, task: JsonObject | None) -> str:
    """Find out which container it is about: the one with a reason, the one whose image is named, the one to blame."""
    containers = listed(task, "containers") if task is not None else []
    for container in containers:
        if container.get("reason"):
            return str(container.get("name"))
    defined = listed(seen.definition, "containerDefinitions") if seen.definition is not None else []
    for container in defined:
        if container.get("image") and any(str(container["image"]) in text for _, text in texts):
            return str(container.get("name"))
    if task is not None:
        return next((str(each.get("name")) for each in _blamed(task, seen)), "")
    return str(defined[0].get("name")) if len(defined) == 1 else ""


def _defined(seen: Seen, name: Json) -> JsonObject:
    defined = listed(seen.definition, "containerDefinitions") if seen.definition is not None else []
    return next((each for each in defined if each.get("name") == name), {})


def task_id(task: JsonObject) -> str:
    """Give the id of a task."""
    return str(task.get("taskArn")).rpartition("/")[2]


def listed(body: JsonObject, name: str) -> list[JsonObject]:
    """Give the objects in a list of a body; none where there is no list."""
    found = body.get(name)
    return [each for each in found if isinstance(each, dict)] if isinstance(found, list | tuple) else []


def _object(body: JsonObject, name: str) -> JsonObject:
    found = body.get(name)
    return found if isinstance(found, dict) else {}


def number(value: Json) -> float:
    """Give a number, 0 where there is none."""
    return float(value) if isinstance(value, int | float) else 0.0
