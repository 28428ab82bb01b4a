"""Sessions in containers: whether there can be one, what it is asked for, and what a plugin needs to join it.

Takes tasks as DescribeTasks shows them; gives requests and sessions; never asks AWS. What has to be there is from ECS's
developer guide, "Monitor Amazon ECS containers with ECS Exec".
"""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Mapping
from dataclasses import field
from typing import Final

from reconciler.core.evidence import listed, task_id
from reconciler.core.values import JsonObject
from reconciler.errors import PlanError
from reconciler.records import dataclass

AGENT: Final = "ExecuteCommandAgent"
_RUNNING: Final = "RUNNING"
_PORTS: Final = range(1, 65536)
_ACTIONS: Final = (
    "the task role has to allow ssmmessages:CreateControlChannel, CreateDataChannel, OpenControlChannel and "
    "OpenDataChannel"
)
_ENABLED: Final = (
    "set `enableExecuteCommand: true` in the service definition and deploy it: it holds for new tasks, not for "
    f"those that run; {_ACTIONS}"
)
_AGENT: Final = (
    f"{_ACTIONS}, the network has to lead to ssmmessages, and the container's file system has to be writable"
)
# The host may be an IPv6 address in brackets, which has colons of its own.
_FORWARDED: Final = re.compile(r"(?:(?P<local>\d*):)?(?P<host>\[[^\]]+\]|[^:\[\]]*):(?P<port>\d+)")


@dataclass(frozen=True, slots=True)
class Forwarding:
    """A port of the container, or with `host` of another machine as the container sees it, as a local one.

    `local` 0 lets the plugin choose one that is free.
    """

    port: int
    local: int = 0
    host: str = ""

    def request(self, target: str) -> JsonObject:
        """Give the input of StartSession, by the documents AWS-StartPortForwardingSession and …ToRemoteHost."""
        ports: JsonObject = {"portNumber": [str(self.port)], "localPortNumber": [str(self.local)]}
        document = "AWS-StartPortForwardingSession"
        if not self.host:
            return {"Target": target, "DocumentName": document, "Parameters": ports}
        return {
            "Target": target,
            "DocumentName": f"{document}ToRemoteHost",
            "Parameters": {"host": [self.host], **ports},
        }


@dataclass(frozen=True, slots=True)
class Session:
    """A session that AWS has opened, and all that `session-manager-plugin` needs to join it.

    `response` is the answer that opened it, with a token that lets anybody join; `request` what was asked for, at least
    its ``Target``. `environ` is for the plugin, which calls AWS itself (ResumeSession, KMS), at `endpoint`.
    """

    id: str
    response: str = field(repr=False)
    request: str
    region: str
    profile: str
    endpoint: str
    environ: Mapping[str, str] = field(repr=False)


def response(session: JsonObject) -> str:
    """Write the answer to ExecuteCommand (``session``) or StartSession as the plugin reads it."""
    names = {"SessionId": "sessionId", "StreamUrl": "streamUrl", "TokenValue": "tokenValue"}
    return json.dumps({name: session[key] for name, key in names.items()})


def target(task: JsonObject, container: JsonObject) -> str:
    """Name a container as Systems Manager does: ``ecs:CLUSTER_TASK_RUNTIMEID``."""
    cluster = str(task["clusterArn"]).rpartition("/")[2]
    return f"ecs:{cluster}_{task_id(task)}_{container['runtimeId']}"


def forwarding(text: str) -> Forwarding:
    """Read ``[local:]host:port``; without host it is the container's own port. ValueError where it is none."""
    found = _FORWARDED.fullmatch(text)
    if found is None:
        raise ValueError("is not of the form [LOCAL:]HOST:PORT")
    numbers = [int(found[name] or 0) for name in ("local", "port")]
    if numbers[1] not in _PORTS or (numbers[0] and numbers[0] not in _PORTS):
        raise ValueError("names no port from 1 to 65535")
    return Forwarding(numbers[1], numbers[0], found["host"].strip("[]"))


def names(task: JsonObject) -> tuple[str, ...]:
    """Give the names of a task's containers."""
    return tuple(str(each.get("name")) for each in listed(task, "containers"))


def reachable(task: JsonObject) -> None:
    """See that a session can be opened in a task. PlanError, with what to do, where it cannot."""
    name = task_id(task)
    if task.get("lastStatus") != _RUNNING:
        raise PlanError(
            f"the task {name} is {task.get('lastStatus')}, and only in one that is RUNNING can commands be run",
            hint="`reconciler tasks` lists what runs",
        )
    if task.get("enableExecuteCommand") is not True:
        raise PlanError(f"the task {name} was started without execute command", hint=_ENABLED)


def container(task: JsonObject, name: str) -> JsonObject:
    """Give a container of a task in which a session can be opened. PlanError, with what to do, where it cannot."""
    found = next((each for each in listed(task, "containers") if each.get("name") == name), None)
    if found is None:
        there = names(task)
        near = difflib.get_close_matches(name, there, 1)
        hint = f"did you mean {near[0]}?" if near else f"there are {', '.join(there)}"
        raise PlanError(f"no container of the task {task_id(task)} is called {name}", hint=hint)
    if found.get("lastStatus") != _RUNNING or not found.get("runtimeId"):
        status = found.get("lastStatus")
        raise PlanError(
            f"the container {name} is {status}, and only in one that is RUNNING can commands be run"
        )
    agent = next((each for each in listed(found, "managedAgents") if each.get("name") == AGENT), None)
    if agent is not None and agent.get("lastStatus") != _RUNNING:  # one that is not told of, AWS judges
        status, reason = agent.get("lastStatus"), agent.get("reason")
        why = f": {reason}" if reason else ""
        hint = "wait until it has started" if status == "PENDING" else _AGENT
        raise PlanError(
            f"the agent that runs commands in the container {name} is {status}{why}",
            hint=hint,
        )
    return found
