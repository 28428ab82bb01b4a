"""What is around the services of a seed: images, log groups, networks, target groups, stacks, what other services hold.

repositories    ECR, as in `images`
log_groups      names in CloudWatch Logs; with them, a container whose group is not there does not start
networks        EC2: VPC → {subnets, security_groups}, lists of ids
target_groups   Elastic Load Balancing: ARN → members of TargetGroup that are not the usual ones
listener_rules  ARN of a rule → ARNs of the target groups that it leads to
stacks          CloudFormation, as in `stacks`
quotas          Fargate's vCPUs by a quota's code (L-3032A538 on demand, L-36FBB829 on Spot); tasks beyond find no place
calls           calls of other services, as in `outsiders`
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from reconciler.sandbox import images, outsiders, quotas, readings, stacks
from reconciler.sandbox.errors import SandboxError
from reconciler.sandbox.outsiders import Outsider
from reconciler.sandbox.stacks import Stack
from reconciler.sandbox.worlds import Body, LogGroup, Network, World

MEMBERS: Final = (
    *(
        "repositories",
        "log_groups",
        "networks",
        "target_groups",
        "listener_rules",
        "stacks",
        "quotas",
        "calls",
    ),
)


@dataclass(frozen=True, slots=True)
class Surroundings:
    """All of it, checked. `repositories` are as they were given: every region has its own, as they change."""

    repositories: Mapping[str, Any] = field(default_factory=dict)
    log_groups: tuple[str, ...] | None = None
    networks: Mapping[str, Network] = field(default_factory=dict)
    target_groups: Mapping[str, Body] = field(default_factory=dict)
    listener_rules: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    stacks: Mapping[str, Stack] = field(default_factory=dict)
    quotas: Mapping[str, float] = field(default_factory=dict)
    calls: tuple[Outsider, ...] = ()

    def surround(self, world: World) -> None:
        """Put into a region what it begins with."""
        world.repositories = images.read(self.repositories)
        world.logged_strictly = self.log_groups is not None
        world.logs = {name: LogGroup(int(world.now * 1000)) for name in self.log_groups or ()}
        world.networks, world.stacks, world.quotas = self.networks, self.stacks, self.quotas
        world.target_groups, world.listener_rules = self.target_groups, self.listener_rules


def read(given: Mapping[str, Any]) -> Surroundings:
    """Read the members of a seed that are listed here; anything wrong is a `SandboxError` that names the place."""
    images.read(given.get("repositories"))
    groups, leads = (readings.mapping(given.get(name), name) for name in ("target_groups", "listener_rules"))
    return Surroundings(
        repositories=given.get("repositories") or {},
        log_groups=readings.texts(given["log_groups"], "log_groups") if "log_groups" in given else None,
        networks={
            name: _network(each, name)
            for name, each in readings.mapping(given.get("networks"), "networks").items()
        },
        target_groups={arn: _target_group(each, f"target_groups.{arn}") for arn, each in groups.items()},
        listener_rules={arn: readings.texts(each, f"listener_rules.{arn}") for arn, each in leads.items()},
        stacks=stacks.read(readings.mapping(given.get("stacks"), "stacks")),
        quotas=_quotas(readings.members(given.get("quotas"), "quotas", quotas.KNOWN)),
        calls=outsiders.read(readings.items(given.get("calls"), "calls")),
    )


def _quotas(given: Mapping[str, Any]) -> dict[str, float]:
    for code, value in given.items():
        if isinstance(value, bool) or not isinstance(value, int | float) or value < 0:
            raise SandboxError("must be a number of vCPUs", f"quotas.{code}")
    return {code: float(value) for code, value in given.items()}


def _network(given: object, name: str) -> Network:
    place = f"networks.{name}"
    members = readings.members(given, place, ("subnets", "security_groups"))
    found = (readings.texts(members.get(each), f"{place}.{each}") for each in ("subnets", "security_groups"))
    return Network(*found)


def _target_group(given: object, place: str) -> Body:
    from reconciler.sandbox import shapes

    members = readings.mapping(given, place)
    unknown = sorted(set(members) - shapes.members("TargetGroup", "elbv2"))
    if unknown:
        raise SandboxError(f"has no member {unknown[0]!r}", place)
    return members
