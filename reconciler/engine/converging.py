"""A look, after everything was sent, at whether AWS shows what was sent. Changes nothing."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from typing import Final

from reconciler.core import canon as canons
from reconciler.core import diffs
from reconciler.core.kinds import Kinds
from reconciler.core.plans import Plan, Unit
from reconciler.core.steps import CreateService, UpdateService
from reconciler.core.values import JsonObject
from reconciler.engine.ports import Clock, Gateway, Snapshot
from reconciler.errors import AwsError, NotConverged

LAG: Final = 15.0
"""For how many seconds what AWS describes may lag behind what it took (developer guide: eventual consistency)."""
_PAUSE: Final = 1.5

# Names, what is described elsewhere, and the count that an autoscaler or a person may change meanwhile.
_NOT_COMPARED: Final = frozenset({
    "cluster", "service", "serviceName", "taskDefinition", "tags", "forceNewDeployment", "desiredCount",
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
        if snapshot is None or unit.kind != "service":
            continue
        parted = _parted(unit, bodies[unit.address], snapshot, kinds)
        while parted and clock.now() < until:
            clock.sleep(_PAUSE)
            with suppress(
                AwsError
            ):  # everything was sent: what cannot be looked at again stays as it was seen
                found = gateway.describe_services(unit.cluster, [unit.name.partition("/")[2]])
                snapshot = next((each for each in found.values() if isinstance(each, Snapshot)), snapshot)
            parted = _parted(unit, bodies[unit.address], snapshot, kinds)
        residual += parted
    if residual:
        raise NotConverged(
            "AWS took the changes and shows something else",
            hint="run `reconciler plan` to see what differs",
            residual=tuple(residual),
        )


def _parted(unit: Unit, bodies: tuple[JsonObject, ...], snapshot: Snapshot, kinds: Kinds) -> list[str]:
    """Name the members in which a service is otherwise than it was sent."""
    kind = kinds.service
    found: list[str] = []
    for step, body in zip(unit.steps, bodies, strict=True):
        if not isinstance(step, CreateService | UpdateService):
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
        ]
    return found
