"""Names of members: snake case for the API's, and what a block stands for.

Blocks tell a list from an object by the name alone, and keys are free below some names; the tests hold these tables
against botocore's model.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from enum import Enum
from typing import Final

from reconciler.core.values import Path

LISTS: Final = frozenset(
    """accessTypes add alarmNames capacityProviderStrategy clientAliases command containerConfigurations
    containerDefinitions credentialSpecs dependsOn devices dnsSearchDomains dnsServers dockerSecurityOptions drop
    entryPoint environment environmentFiles extraHosts gatewayConnectors ignoredExitCodes inferenceAccelerators
    lifecycleHooks lifecycleStages links loadBalancers metricConfigurations metricNames mountOptions mountPoints
    permissions placementConstraints placementStrategy portMappings properties requiresCompatibilities
    resourceRequirements secretOptions secrets securityGroups serviceRegistries services subnets systemControls
    tagSpecifications tags tmpfs ulimits volumeConfigurations volumes volumesFrom vpcLatticeConfigurations""".split()  # noqa: SIM905
)
"""Members that hold a list, of task definitions and services."""

MAPS: Final = frozenset({"dockerLabels", "driverOpts", "labels", "options"})
"""Members whose keys are the user's own."""

_PROJECT_LISTS: Final = frozenset({"plugins"})
_THEIRS: Final = frozenset({"appspec", "config"})
"""Members of a project file that others read."""
_HUMP: Final = re.compile(r"[A-Z]")
_SNAKE: Final = re.compile(r"[a-z][a-z0-9]*(?:_[a-z0-9]+)+\Z")


class Naming(Enum):
    """How members are named: as in the API, or as in a project file, whose names stay as they are."""

    API = "api"
    PROJECT = "project"

    def member(self, name: str) -> str:
        """Give the name that a member has in the document: `task_role_arn` is `taskRoleArn`."""
        if self is Naming.PROJECT or not _SNAKE.match(name):
            return name
        first, *rest = name.split("_")
        return first + "".join(part.capitalize() for part in rest)

    def block(self, name: str) -> tuple[str, bool]:
        """Give the member that a block makes, and whether it is an item of a list: `volume` of `volumes`, say."""
        lists = _PROJECT_LISTS if self is Naming.PROJECT else LISTS
        member = self.member(name)
        for plural in (member, f"{member}s", f"{member[:-1]}ies"):
            if plural in lists:
                return plural, True
        return member, False

    def items(self) -> Iterator[str]:
        """Give the names of blocks that make items of lists."""
        for plural in _PROJECT_LISTS if self is Naming.PROJECT else LISTS:
            singular = f"{plural[:-3]}y" if plural.endswith("ies") else plural.removesuffix("s")
            yield _HUMP.sub(lambda found: f"_{found[0].lower()}", singular)

    def opaque(self, path: Path) -> bool:
        """Tell whether the names below a path are the user's own, or a plugin's, so that none means anything here."""
        names = [part for part in path if isinstance(part, str)]
        if self is Naming.PROJECT:
            return not _THEIRS.isdisjoint(names)
        return bool(names) and names[-1] in MAPS

    def free(self, name: str) -> bool:
        """Tell whether the keys below a member are the user's own."""
        return self is Naming.PROJECT or name in MAPS
