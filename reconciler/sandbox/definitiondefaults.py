"""What RegisterTaskDefinition adds to a task definition before it stores it."""

import copy
import random
import re
from typing import Any

from reconciler.sandbox import rules
from reconciler.sandbox.worlds import Body

_ALWAYS_ECHOED = ("portMappings", "environment", "mountPoints", "volumesFrom", "systemControls")
_NO_HOST = {"dockerVolumeConfiguration", "fsxWindowsFileServerVolumeConfiguration"}
_UNITS = {"cpu": ("vcpu", 1024), "memory": ("gb", 1024)}


@rules.documented(
    "task definition parameters: cpu as '1 vCPU' and memory as '1 GB' become integers, ignoring case"
)
def units(member: str, text: str) -> str:
    """Give `cpu` or `memory` of a task as the whole number the service stores; other text as it is."""
    suffix, factor = _UNITS[member]
    match = re.fullmatch(rf"(\d*\.?\d+)\s*{suffix}", text.strip().lower())
    return str(int(float(match[1]) * factor)) if match else text


@rules.documented("model, RegisterTaskDefinition.networkMode: bridge if none is specified")
def network_mode(task: Body) -> str:
    """Give the network mode that a task definition means."""
    return str(task.get("networkMode") or "bridge")


@rules.documented("model, ContainerDefinition and below: the defaults that are stated there")
@rules.reported("recordings of April 2026 and of 2018-2024: cpu 0, essential, empty lists always echoed")
def container(definition: Body, mode: str) -> Body:
    """Give a container definition as it is stored."""
    stored = copy.deepcopy(definition)
    stored.setdefault("cpu", 0)
    stored.setdefault("essential", True)
    for member in _ALWAYS_ECHOED:
        stored.setdefault(member, [])
    stored["portMappings"] = [port_mapping(each, mode) for each in stored["portMappings"]]
    for variable in stored["environment"]:
        variable.setdefault("value", "")
    if "healthCheck" in stored:
        stored["healthCheck"] = {"interval": 30, "timeout": 5, "retries": 3} | stored["healthCheck"]
    if "restartPolicy" in stored and stored["restartPolicy"].get("enabled"):
        stored["restartPolicy"].setdefault("restartAttemptPeriod", 300)
    if "linuxParameters" in stored:
        stored["linuxParameters"] = {"devices": [], "tmpfs": []} | stored["linuxParameters"]
    capabilities = stored.get("linuxParameters", {}).get("capabilities")
    if capabilities is not None:
        capabilities.setdefault("add", [])
        capabilities.setdefault("drop", [])
    if "links" in stored:
        stored["links"].sort()
    return {name: value for name, value in stored.items() if value != ""}


@rules.reported(
    "terraform-provider-aws, ecspresso and recordings: the order of these is the service's own; links are sorted"
)
@rules.guessed("which order it is (knob `shuffle`)")
def shuffle(task: Body, dice: random.Random) -> None:
    """Reorder what the service is known to reorder."""
    for each in task["containerDefinitions"]:
        for member in ("environment", "portMappings", "volumesFrom"):
            dice.shuffle(each[member])


@rules.documented(
    "model, PortMapping: protocol tcp; awsvpc and host: hostPort equals containerPort; bridge: 0 is dynamic"
)
def port_mapping(mapping: Body, mode: str) -> Body:
    """Give a port mapping as it is stored."""
    stored: Body = {"protocol": "tcp"} | mapping
    if "containerPort" in stored and mode in ("awsvpc", "host"):
        stored.setdefault("hostPort", stored["containerPort"])
    elif "containerPort" in stored:
        stored.setdefault("hostPort", 0)
    return stored


@rules.documented("model, EFSVolumeConfiguration.rootDirectory: omitted means /")
@rules.reported(
    "aws-ecs-orb#105: / is added even with an access point; recordings: host {} for a bare volume"
)
def volume(definition: Body) -> Body:
    """Give a volume as it is stored."""
    stored = copy.deepcopy(definition)
    if "efsVolumeConfiguration" in stored:
        stored["efsVolumeConfiguration"].setdefault("rootDirectory", "/")
    elif not _NO_HOST & stored.keys() and not stored.get("configuredAtLaunch"):
        stored.setdefault("host", {})
    return stored


@rules.reported(
    "recordings: empty volumes and placementConstraints are echoed; networkMode only if it was sent"
)
def task_definition(request: Body) -> Body:
    """Give the members of a registration as they are stored; `tags` are no part of it."""
    sent: dict[str, Any] = {name: value for name, value in request.items() if name != "tags" and value != ""}
    for member in _UNITS:
        if member in sent:
            sent[member] = units(member, sent[member])
    if not sent.get("requiresCompatibilities", True):
        del sent["requiresCompatibilities"]
    if "proxyConfiguration" in sent:
        sent["proxyConfiguration"] = {"type": "APPMESH"} | sent["proxyConfiguration"]
    return sent | {
        "containerDefinitions": [
            container(each, network_mode(sent)) for each in sent["containerDefinitions"]
        ],
        "volumes": [volume(each) for each in sent.get("volumes", [])],
        "placementConstraints": sent.get("placementConstraints", []),
    }
