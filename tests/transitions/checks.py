"""What has to hold when a project's files change from one pair to another."""

from __future__ import annotations

import json
import random
from enum import Enum
from typing import Any

from reconciler.core.kinds import PRIMARY_MEMBERS
from reconciler.errors import NotConverged
from tests.corpus.simulated import CLUSTER
from tests.transitions.drawing import SERVICE, TASK, Body, Files, spelled
from tests.transitions.worlds import World


class Came(Enum):
    """What came of an edit."""

    UNMADE = "the first files were refused"
    REFUSED = "refused"
    REPLACED = "replaced"
    UPDATED = "updated"
    NOTHING = "nothing to do"


def transition(world: World, pair: tuple[Files, Files], dice: random.Random) -> Came:
    """Bring the first files to AWS and change them to the second: refused before anything is sent, or all is so."""
    first, second = pair
    write(world, first, dice)
    plan = world.plan()
    if plan.errored:
        return Came.UNMADE
    world.apply(plan)
    settled(world)
    write(world, second, dice)
    plan = world.plan()
    if plan.errored:
        assert all(refusal.what and refusal.hint for refusal in plan.refusals)
        return Came.REFUSED
    before = world.service()["taskDefinition"]
    try:
        sent = world.apply(plan)
    except NotConverged as error:
        if error.residual != ("service.main/web launchType",):
            raise
        return _replaced(world)
    settled(world)
    described_as_made(world, second)
    changed = [change.pointer for change in plan.unit("task_definition.web").changes]
    assert ("RegisterTaskDefinition" in sent) == any(not pointer.startswith("/tags") for pointer in changed)
    assert ("RegisterTaskDefinition" in sent) == (world.service()["taskDefinition"] != before)
    assert plan.changes == bool(sent)
    return Came.REPLACED if plan.replaces else Came.UPDATED if sent else Came.NOTHING


def _replaced(world: World) -> Came:
    """Go on where AWS gave back another launch type than the one in the file: nothing but a replacement changes it."""
    world.aws.sandbox.advance(10_000_000)
    plan = world.plan()
    (unit,) = plan.replaces
    assert [change.address for change in unit.changes if change.forces] == ["launchType"]
    world.apply(plan)
    settled(world)
    return Came.REPLACED


def write(world: World, files: Files, dice: random.Random) -> None:
    """Write both definitions, spelled in some way."""
    world.write(spelled(TASK, files.task, dice), spelled(SERVICE, files.service, dice))


def settled(world: World) -> None:
    """Check that nothing is left to do, and that doing it sends nothing."""
    plan = world.plan()
    left = [f"{c.address}: {c.before} -> {c.after}" for unit in plan.units for c in unit.changes]
    assert left == [], left
    assert not plan.changes
    assert world.apply(plan) == []


_OWN = (
    *(
        "serviceArn",
        "createdAt",
        "events",
        "deployments",
        "taskSets",
        "taskDefinition",
        "roleArn",
        "runningCount",
    ),
    *("currentServiceDeployment", "currentServiceRevisions", "pendingCount"),
)
_LEFT_ALONE = (
    *("desiredCount", "launchType", "capacityProviderStrategy", "platformVersion", "platformFamily"),
    *("networkConfiguration", "availabilityZoneRebalancing", "gatewayConnectors", "monitoring"),
)
"""What a file that does not mention it leaves as it is, and a platform version that may be any."""
_CHOSEN = ("securityGroups", "namespace", "dnsName", "ingressPortOverride")
"""The same, inside other members."""
_MEANS_NOTHING = {
    ("targetType", "AWS_LAMBDA"),
    ("timeoutInMinutes", 1440),
    ("action", "ROLLBACK"),
    ("propagateTags", "NONE"),
    ("includeQueryParameters", "DISABLED"),
    ("timeoutSeconds", 300),
    ("logLevel", "info"),
    ("filesystemType", "xfs"),
}
"""Defaults (API model) that are shown where they were sent, and only there."""


def described_as_made(world: World, files: Files) -> None:
    """Check that AWS shows what it shows of a service that was made from the files alone, as far as they say it."""
    other = World(world.root)
    other.aws.ask("RegisterTaskDefinition", **files.task)
    named = {"cluster": CLUSTER, "serviceName": "web", "taskDefinition": "web"}
    other.aws.ask("CreateService", **{**files.service, **named})
    other.aws.sandbox.advance(10_000_000)
    given = files.service
    left = {name for name in _LEFT_ALONE if given.get(name) in (None, "LATEST", [], {})}
    here, there = (
        {name: value for name, value in shown(each).items() if name not in left} for each in (world, other)
    )
    unlike = {
        name: (here.get(name), there.get(name))
        for name in {*here, *there}
        if here.get(name) != there.get(name)
    }
    assert unlike == {}, unlike


def shown(world: World) -> Body:
    """Give what AWS shows of the service, apart from what it says of itself and what means nothing."""
    service = world.service()
    primary: Body = next((each for each in service["deployments"] if each["status"] == "PRIMARY"), {})
    found = {name: value for name, value in service.items() if name not in _OWN}
    found |= {name: primary[name] for name in PRIMARY_MEMBERS if name in primary}
    if service["deployments"]:
        revised = world.revision()
        found |= {name: revised[name] for name in ("monitoring",) if name in revised}
        # What else a connector has stays, and is noted, where the file does not mention it.
        found["gatewayConnectors"] = [each["portName"] for each in revised.get("gatewayConnectors", [])]
    configuration = dict(found["deploymentConfiguration"])
    for name in ("alarms", "earlySuccessCriteria"):
        if not configuration.get(name, {}).get("enable") and not configuration.get(name, {}).get(
            "alarmNames"
        ):
            configuration.pop(name, None)  # nothing takes them away but switching them off
    breaker = configuration.get("deploymentCircuitBreaker", {})
    if not breaker.get("enable"):  # it counts no failures, and so never begins anew
        breaker = {name: value for name, value in breaker.items() if name != "resetOnHealthyTask"}
    found["deploymentConfiguration"] = configuration | {"deploymentCircuitBreaker": breaker}
    return {name: _plain(value) for name, value in found.items()}


def _plain(value: Any) -> Any:
    """Put lists in one order, and leave out what AWS chooses and what is empty."""
    if isinstance(value, dict):
        inner = {name: _plain(member) for name, member in value.items() if name not in _CHOSEN}
        return {
            name: member
            for name, member in inner.items()
            if member and (isinstance(member, dict | list) or (name, member) not in _MEANS_NOTHING)
        }
    if isinstance(value, list):
        items = {
            json.dumps(item, sort_keys=True): item for item in map(_plain, value) if item not in ({}, "")
        }
        return [items[text] for text in sorted(items)]
    return value
