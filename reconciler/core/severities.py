"""How much a difference matters: by the project's own rules, else by a table, else `medium`.

A pattern is a place in the canonical form (see `engine.ignoring`): sets have their keys for segments, and `*` stands
for any. It fits what stands there or below; the first row that fits decides.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Final

from reconciler.core import pointers
from reconciler.core.drifts import Cause, Drift, Severity
from reconciler.core.values import Path
from reconciler.records import dataclass

ANY: Final = "*"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """A row: differences at a place, all with an empty path, of one cause, or of any but `unmanaged` with None.

    `whole` fits the place itself alone: that a container came or went, and not what is in it.
    """

    path: Path
    severity: Severity
    why: str = ""
    cause: Cause | None = None
    whole: bool = False

    def fits(self, drift: Drift) -> bool:
        """Tell whether the row is about a difference."""
        place = segments(drift.pointer)
        if len(place) < len(self.path) or (self.whole and len(place) != len(self.path)):
            return False
        if self.cause is None and drift.cause is Cause.UNMANAGED:
            return False
        return self.cause in (None, drift.cause) and all(
            str(wanted) in (ANY, found) for wanted, found in zip(self.path, place, strict=False)
        )


def _rows(severity: Severity, why: str, *places: str, whole: bool = False) -> Iterator[Rule]:
    for place in places:
        yield Rule(path=tuple(place.split("/")), severity=severity, why=why, whole=whole)


_C: Final = "containerDefinitions/*"
_HIGH, _MEDIUM, _LOW = Severity.HIGH, Severity.MEDIUM, Severity.LOW

TABLE: Final[tuple[Rule, ...]] = (
    *_rows(_HIGH, "other code runs", f"{_C}/image", "primaryContainer/image", "taskDefinition"),
    *_rows(_HIGH, "other code runs", f"{_C}/command", f"{_C}/entryPoint", "primaryContainer/command"),
    *_rows(_HIGH, "what it may do in AWS", "taskRoleArn", "executionRoleArn", "infrastructureRoleArn", "role"),
    *_rows(_HIGH, "who reaches it, and what it reaches", "networkConfiguration", "networkMode"),
    *_rows(_HIGH, "where traffic comes from", "loadBalancers", "vpcLatticeConfigurations", "gatewayConnectors"),
    *_rows(_HIGH, "what it gets to know", f"{_C}/secrets", "primaryContainer/secrets"),
    *_rows(_HIGH, "how its image is fetched", f"{_C}/repositoryCredentials", "primaryContainer/repositoryCredentials"),
    *_rows(_HIGH, "its walls against the host", f"{_C}/privileged", f"{_C}/user", f"{_C}/linuxParameters",
           f"{_C}/readonlyRootFilesystem", f"{_C}/dockerSecurityOptions", "ipcMode", "pidMode",
           "trustedExecutionConfiguration"),
    *_rows(_HIGH, "somebody can open a shell in it", "enableExecuteCommand"),
    *_rows(_HIGH, "who deploys it", "deploymentController"),
    *_rows(_HIGH, "what it keeps, and where", "volumes", "volumeConfigurations"),
    *_rows(_HIGH, "a container came or went", _C, whole=True),
    *_rows(_LOW, "metadata of a container", f"{_C}/dockerLabels"),
    *_rows(_MEDIUM, "how a container behaves", _C, "primaryContainer"),
    *_rows(_MEDIUM, "how many tasks there are", "desiredCount", "scalingTarget"),
    *_rows(_MEDIUM, "how a rollout goes, and goes back", "deploymentConfiguration", "healthCheckGracePeriodSeconds",
           "healthCheckPath"),
    *_rows(_MEDIUM, "what it has to run on", "cpu", "memory", "ephemeralStorage", "cpuArchitecture",
           "runtimePlatform", "requiresCompatibilities", "platformVersion", "launchType",
           "capacityProviderStrategy", "inferenceAccelerators", "schedulingStrategy"),
    *_rows(_MEDIUM, "how others find it", "serviceRegistries", "serviceConnectConfiguration", "proxyConfiguration"),
    *_rows(_MEDIUM, "what may break it on purpose", "enableFaultInjection"),
    *_rows(_MEDIUM, "what is compared with what", "cluster", "serviceName", "family", "taskDefinitionArn"),
    *_rows(_LOW, "where tasks are put", "placementConstraints", "placementStrategy", "availabilityZoneRebalancing"),
    *_rows(_LOW, "metadata", "tags", "propagateTags", "enableECSManagedTags"),
    *_rows(_LOW, "what is measured", "monitoring"),
)  # fmt: skip
"""The table of docs/drift.md."""


def segments(pointer: str) -> tuple[str, ...]:
    """Read a JSON pointer; the empty one is the whole resource."""
    return tuple(part.replace("~1", "/").replace("~0", "~") for part in pointer.split("/")[1:])


def severity(drift: Drift, rules: Sequence[Rule] = ()) -> Severity:
    """Say how much a difference matters. `rules` are the project's own."""
    own = next((rule for rule in rules if rule.fits(drift)), None)
    if own is not None:
        return own.severity
    if drift.cause is Cause.UNMANAGED:
        return Severity.INFO
    if not drift.address:  # a whole resource
        return Severity.HIGH
    return next((row.severity for row in TABLE if row.fits(drift)), Severity.MEDIUM)


def rank(drifts: Sequence[Drift], rules: Sequence[Rule] = ()) -> tuple[Drift, ...]:
    """Give each difference its severity, and those of a unit in its order, the worst first."""
    units = list(dict.fromkeys(drift.unit for drift in drifts))
    order = list(Severity)
    judged = [replace(drift, severity=severity(drift, rules)) for drift in drifts]
    return tuple(sorted(judged, key=lambda each: (units.index(each.unit), order.index(each.severity))))


_NAME: Final = r"[A-Za-z][A-Za-z0-9]*"
_STEP: Final = rf"(?:\.({_NAME})|\.?(\*)|\[\"([^\"]+)\"\]|\[([0-9]+|\*)\])"
_PLACE: Final = re.compile(rf"{_NAME}{_STEP}*")


def pointer(place: str) -> str:
    """Read a place as plans name it, `containerDefinitions["app"].image`, as a JSON pointer; one stays what it is.

    ValueError where it is neither.
    """
    if place.startswith("/"):
        return place
    if not _PLACE.fullmatch(place):
        raise ValueError(f"{place!r} is neither a JSON pointer nor a place as plans name it")
    first = re.match(_NAME, place)
    assert first is not None
    steps = re.finditer(_STEP, place[first.end() :])
    return pointers.text((first[0], *(next(part for part in each.groups() if part) for each in steps)))
