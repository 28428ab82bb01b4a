"""The `codedeploy` member of a seed. Every member is optional:

configs       bodies of CreateDeploymentConfig; the compute platform is ECS
applications  names, or bodies of CreateApplication; those that groups name are made without it
groups        bodies of CreateDeploymentGroup. In place of what AWS wants them to say at length they may have
              `service` (CLUSTER/NAME) and `target_groups` (two names or ARNs, in either order); style, role and
              listener have a default, and the original is terminated at once
"""

from collections.abc import Callable, Mapping
from typing import Any, Final

from reconciler.sandbox import codedeploygroups
from reconciler.sandbox.errors import SandboxError
from reconciler.sandbox.worlds import ACCOUNT, Body, World

Do = Callable[[str, Body, str], Body]
"""Carries out an operation with a body, for the member of the seed at a place; what is refused is a `SandboxError`."""

_MEMBERS: Final = ("configs", "applications", "groups")
_USUAL: Final[Body] = {
    "serviceRoleArn": f"arn:aws:iam::{ACCOUNT}:role/codedeploy",
    "deploymentStyle": {"deploymentType": "BLUE_GREEN", "deploymentOption": "WITH_TRAFFIC_CONTROL"},
    "blueGreenDeploymentConfiguration": {
        "terminateBlueInstancesOnDeploymentSuccess": {
            "action": "TERMINATE",
            "terminationWaitTimeInMinutes": 0,
        },
        "deploymentReadyOption": {"actionOnTimeout": "CONTINUE_DEPLOYMENT", "waitTimeInMinutes": 0},
    },
}


def begin(world: World, given: Mapping[str, Any], origin: str, do: Do) -> None:
    """Fill CodeDeploy with what the seed holds; anything wrong is a `SandboxError`."""
    reader = _Reader(origin)
    reader.check(given)
    for index, body in enumerate(given.get("configs") or []):
        place = f"codedeploy.configs[{index}]"
        do("CreateDeploymentConfig", {"computePlatform": "ECS"} | reader.mapping(body, place), place)
    for index, named in enumerate(given.get("applications") or []):
        place = f"codedeploy.applications[{index}]"
        body = {"applicationName": named} if isinstance(named, str) else reader.mapping(named, place)
        do("CreateApplication", {"computePlatform": "ECS"} | body, place)
    for index, body in enumerate(given.get("groups") or []):
        place = f"codedeploy.groups[{index}]"
        group = reader.group(world, reader.mapping(body, place), place)
        name = group.get("applicationName")
        if isinstance(name, str) and name not in world.codedeploy.applications:
            do("CreateApplication", {"applicationName": name, "computePlatform": "ECS"}, place)
        do("CreateDeploymentGroup", group, place)


class _Reader:
    def __init__(self, origin: str) -> None:
        self._origin = origin

    def wrong(self, what: str, place: str) -> SandboxError:
        return SandboxError(what, f"{self._origin}: {place}")

    def mapping(self, value: object, place: str) -> Body:
        if not isinstance(value, dict):
            raise self.wrong("must be an object", place)
        return value

    def check(self, given: Mapping[str, Any]) -> None:
        unknown = sorted(set(given) - set(_MEMBERS))
        if unknown:
            raise self.wrong(f"has no member {unknown[0]!r}; there are {', '.join(_MEMBERS)}", "codedeploy")
        for name in _MEMBERS:
            if given.get(name) is not None and not isinstance(given[name], list):
                raise self.wrong("must be a list", f"codedeploy.{name}")

    def group(self, world: World, body: Body, place: str) -> Body:
        """Give the body of CreateDeploymentGroup that an entry of `groups` stands for."""
        rest = {name: value for name, value in body.items() if name not in ("service", "target_groups")}
        group = _USUAL | rest
        if "service" in body:
            cluster, _, name = str(body["service"]).rpartition("/")
            group["ecsServices"] = [{"clusterName": cluster or "default", "serviceName": name}]
        if "target_groups" in body:
            pair = body["target_groups"]
            if (
                not isinstance(pair, list)
                or len(pair) != 2
                or not all(isinstance(each, str) for each in pair)
            ):
                raise self.wrong("must be two names or ARNs", f"{place}.target_groups")
            group["loadBalancerInfo"] = {"targetGroupPairInfoList": [self._pair(world, pair)]}
        return group

    def _pair(self, world: World, pair: list[str]) -> Body:
        for each in pair:
            if each.startswith("arn:"):
                world.codedeploy.target_groups[codedeploygroups.short(each)] = each
        listener = f"arn:aws:elasticloadbalancing:{world.region}:{ACCOUNT}:listener/app/sandbox/0/0"
        return {
            "targetGroups": [{"name": codedeploygroups.short(each)} for each in pair],
            "prodTrafficRoute": {"listenerArns": [listener]},
        }
