"""The body of a service that takes the live one's place: the file's, and what the file leaves to AWS and others."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import Final

from reconciler.core.kinds.rules import Node, Undeclared
from reconciler.core.values import Json, JsonObject
from reconciler.engine.composing import Desired
from reconciler.engine.units import Compared

# What another launch type, or another scheduler, does not take over.
_LEFT_BEHIND: Final = {
    "launchType": frozenset({"capacityProviderStrategy", "platformVersion"}),
    "schedulingStrategy": frozenset({
        "capacityProviderStrategy", "availabilityZoneRebalancing", "desiredCount", "launchType", "platformVersion",
    }),
}  # fmt: skip
_NAMING: Final = frozenset({"cluster", "serviceName", "taskDefinition", "role", "clientToken"})


def body(
    desired: Desired,
    sent: JsonObject,
    compared: Compared,
    replaces: Collection[str],
    ignore_tags: Sequence[str],
) -> tuple[JsonObject, tuple[str, ...]]:
    """Give the input of CreateService, and the names of the members that are taken over from the live service."""
    assert compared.live is not None
    left = _NAMING.union(*(_LEFT_BEHIND.get(name, frozenset()) for name in replaces))
    for one, other in (
        ("launchType", "capacityProviderStrategy"),
        ("capacityProviderStrategy", "launchType"),
    ):
        if one in sent:
            left |= {other}
    live = {name: value for name, value in compared.live.wire.items() if name not in left}
    carried: list[str] = []
    filled = _filled(desired.canon.kind.node, sent, live, desired.canon.facts, "", carried)
    kept = [*_tags(compared.body, ignore_tags)]
    if kept and isinstance(filled, dict):
        own = filled.get("tags")
        filled["tags"] = [*(own if isinstance(own, list | tuple) else ()), *kept]
        carried += [f"the tag {tag['key']}" for tag in kept]
    return (filled if isinstance(filled, dict) else {}), tuple(carried)


def _filled(node: Node, given: Json, live: Json, facts: JsonObject, called: str, carried: list[str]) -> Json:
    """Fill in what the file does not say and leaves alone, where AWS or somebody else has said it."""
    if not node.members or not isinstance(given, dict) or not isinstance(live, dict):
        return given
    result = dict(given)
    for name, value in live.items():
        inner, place = node.members.get(name), f"{called}.{name}".lstrip(".")
        if inner is None:
            continue
        if name in given:
            result[name] = _filled(inner, given[name], value, facts, place, carried)
        elif inner.rule.owner(facts) is Undeclared.SERVER:
            result[name] = value
            carried.append(place)
    return result


def _tags(live: JsonObject | None, keys: Sequence[str]) -> Iterator[JsonObject]:
    """Give the live tags that the project leaves to others."""
    tags = (live or {}).get("tags")
    for tag in tags if isinstance(tags, list | tuple) else ():
        if isinstance(tag, dict) and tag.get("key") in keys:
            yield tag
