"""The body of a service that takes the live one's place: the file's, and what the file leaves to AWS and others."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import Final

from reconciler.core import canon as canons
from reconciler.core import codedeployments, diffs, nodes, pointers
from reconciler.core.values import Json, JsonObject, Path
from reconciler.engine import ignoring
from reconciler.engine.composing import Desired
from reconciler.engine.units import Compared

# What another launch type, or another scheduler, does not take over.
_LEFT_BEHIND: Final = {
    "launchType": frozenset({"capacityProviderStrategy", "platformVersion"}),
    "schedulingStrategy": frozenset({
        "capacityProviderStrategy", "availabilityZoneRebalancing", "desiredCount", "launchType", "platformVersion",
    }),
}  # fmt: skip
_NAMING: Final = frozenset({"cluster", "serviceName", "taskDefinition", "clientToken"})
_EITHER: Final = {"launchType": "capacityProviderStrategy", "capacityProviderStrategy": "launchType"}


def body(
    desired: Desired, compared: Compared, replaces: Collection[str], ignore_tags: Sequence[str]
) -> tuple[JsonObject, tuple[str, ...], tuple[str, ...]]:
    """Give the input of CreateService, and the names of the members that are taken over from the live service.

    The last are those that the new service would not take, and that are lost with the live one.
    """
    assert compared.live is not None
    kind, live = desired.canon.kind, compared.live
    behind = frozenset[str]().union(*(_LEFT_BEHIND.get(name, frozenset()) for name in replaces))
    carried: list[str] = []
    lost: list[str] = []
    derived: list[Path] = []
    for path in sorted(diffs.left_alone(desired.canon, live), key=pointers.text):
        root = str(path[0])
        node = nodes.at(kind.node, path)
        if root in _NAMING or _EITHER.get(root) in desired.canon.tree:
            continue
        above = desired.canon.seen.get(path[:-1])
        goes = len(path) > 1 and (above is None or above.wire is None)  # with the object around it
        if goes or root in behind or (root == "role" and not _takes_role(desired, live)):
            lost.append(diffs.address_of(kind.node, path))
        elif node is not None and node.rule.derived is not None:
            derived.append(path)
        else:
            desired = ignoring.take_over(desired, live, path)
            carried.append(diffs.address_of(kind.node, path))
    wanted = desired.canon.tree
    for path in derived:  # judged by all that stands around them
        node = nodes.at(kind.node, path)
        test = node.rule.derived if node is not None else None
        if test is None or not test(live.seen[path].wire, path, live.tree, wanted):
            desired = ignoring.take_over(desired, live, path)
            carried.append(diffs.address_of(kind.node, path))
    sent: dict[str, Json] = dict(desired.canon.wire)
    if kept := [*_tags(compared.body, ignore_tags)]:
        own = sent.get("tags")
        sent["tags"] = [*(own if isinstance(own, list | tuple) else ()), *kept]
        carried += [f"the tag {tag['key']}" for tag in kept]
    return sent, tuple(carried), tuple(lost)


def _takes_role(desired: Desired, live: canons.Canon) -> bool:
    """Tell whether a service may have a role of its own (API model, CreateService.role).

    Only with one load balancer; and neither with a network of its tasks' own, nor with service discovery, nor with an
    EXTERNAL controller. What the file leaves out of these goes, or is taken over.
    """
    tree = desired.canon.tree
    balancers = tree.get("loadBalancers")
    return (
        isinstance(balancers, dict)
        and len(balancers) == 1
        and not tree.get("serviceRegistries")
        and not (tree.get("networkConfiguration") or live.tree.get("networkConfiguration"))
        and codedeployments.controller(desired.canon.wire) != "EXTERNAL"
    )


def _tags(live: JsonObject | None, keys: Sequence[str]) -> Iterator[JsonObject]:
    """Give the live tags that the project leaves to others."""
    tags = (live or {}).get("tags")
    for tag in tags if isinstance(tags, list | tuple) else ():
        if isinstance(tag, dict) and tag.get("key") in keys:
            yield tag
