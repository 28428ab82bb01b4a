"""A look, after everything was sent, at whether AWS shows what was sent. Changes nothing."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from typing import Final

from reconciler.core import canon as canons
from reconciler.core import diffs, expresses
from reconciler.core.kinds import Kinds
from reconciler.core.plans import Plan, Unit
from reconciler.core.steps import (
    CreateExpressService,
    CreateService,
    Step,
    UpdateExpressService,
    UpdateService,
)
from reconciler.core.values import JsonObject
from reconciler.engine import observing
from reconciler.engine.ports import Clock, Gateway, Snapshot
from reconciler.errors import AwsError, NotConverged

LAG: Final = 15.0
"""For how many seconds what AWS describes may lag behind what it took (developer guide: eventual consistency)."""
_PAUSE: Final = 1.5
_COMPARED: Final = CreateService | UpdateService | CreateExpressService | UpdateExpressService
_ADDED_TO: Final = ("networkConfiguration", "securityGroups")
"""Where ECS adds what it makes for an Express Mode service (Terraform's provider, issue 47908)."""

# Names, what is described elsewhere, and the count that an autoscaler or a person may change meanwhile.
_NOT_COMPARED: Final = frozenset({
    "cluster", "service", "serviceName", "serviceArn", "taskDefinition", "tags", "forceNewDeployment", "desiredCount",
})  # fmt: skip


def insist(
    gateway: Gateway,
    clock: Clock,
    kinds: Kinds,
    plan: Plan,
    bodies: Mapping[str, tuple[JsonObject, ...]],
    described: Mapping[str, Snapshot],
) -> None:
    """Compare what AWS shows with what was sent for each service. NotConverged where they part, and go on doing so.

    `described` are the services as they were described last, by the addresses of their units.
    """
    residual: list[str] = []
    until = clock.now() + LAG
    for unit in plan.units:
        snapshot = described.get(unit.address)
        if unit.kind == "express_service" and any(isinstance(step, _COMPARED) for step in unit.steps):
            snapshot = _look(gateway, unit, snapshot)
        if snapshot is None:
            continue
        parted = _parted(unit, bodies[unit.address], snapshot, kinds)
        while parted and clock.now() < until:
            clock.sleep(_PAUSE)
            snapshot = _look(gateway, unit, snapshot) or snapshot
            parted = _parted(unit, bodies[unit.address], snapshot, kinds)
        residual += parted
    if residual:
        raise NotConverged(
            "AWS took the changes and shows something else",
            hint="run `reconciler plan` to see what differs",
            residual=tuple(residual),
        )


def _look(gateway: Gateway, unit: Unit, last: Snapshot | None) -> Snapshot | None:
    """Describe a service again; as it was described last where it cannot be: everything was sent by then."""
    with suppress(AwsError):
        found = next(iter(gateway.describe_services(unit.cluster, [unit.name.partition("/")[2]]).values()))
        if unit.kind == "express_service":
            found = observing.express(gateway, found)
            if isinstance(found, Snapshot) and not expresses.configurations(found.body):
                return last  # ECS is still making it, and shows nothing of what was sent
        return found if isinstance(found, Snapshot) else last
    return last


def _parted(unit: Unit, bodies: tuple[JsonObject, ...], snapshot: Snapshot, kinds: Kinds) -> list[str]:
    """Name the members in which a service is otherwise than it was sent."""
    kind = kinds.named(unit.kind)
    found: list[str] = []
    for step, body in zip(unit.steps, bodies, strict=True):
        if not isinstance(step, _COMPARED) or _kind_of(step) != unit.kind:
            continue
        sent = {name: value for name, value in body.items() if name not in _NOT_COMPARED | kind.revised}
        if sent.get("capacityProviderStrategy") == [] and "launchType" in unit.desired:
            # No request names it: AWS says which one comes back.
            sent["launchType"] = unit.desired["launchType"]
        desired = canons.canon(kind, sent, desired=False)
        live = canons.canon(kind, snapshot.body, desired=False, like=desired)
        found += [
            f"{unit.address} {change.address}"
            for change in diffs.diff(desired, live).changes
            if change.path[0] in desired.tree
            and not (change.path[:2] == _ADDED_TO and change.action is diffs.Action.REMOVE)
        ]
    return found


def _kind_of(step: Step) -> str:
    return "service" if isinstance(step, CreateService | UpdateService) else "express_service"
