"""Documents of both kinds, drawn from the API's own shapes, and live bodies laid out as AWS describes them.

A document is drawn along a kind's compiled table: any few members of a structure, lists with unique keys where the
table says that they are sets, strings from a small alphabet, and the table's own defaults, so that documents often
share a place and differ there, and defaults are met often.
"""

from __future__ import annotations

import copy
import random
from collections.abc import Iterator
from typing import Any

from reconciler.aws.shapes import ECS
from reconciler.core import kinds
from reconciler.core.kinds import PRIMARY_MEMBERS, Kind
from reconciler.core.kinds.rules import ABSENT, Node

KINDS = kinds.build(ECS)
BOTH = (KINDS.task_definition, KINDS.service)

_WORDS = ("a", "b", "arn:aws:iam::1:role/a", "0.5 vCPU", "host", "attribute:X", "LATEST")
_NUMBERS = (0, 1, 30, 443)
_RESOURCES = {"clusterArn": "arn:aws:ecs:eu-west-1:1:cluster/", "roleArn": "arn:aws:iam::1:role/"}

# Rarely drawn alone, and where most rules live.
_FAVOURITES = {"containerDefinitions", "environment", "portMappings", "tags", "deploymentConfiguration"}


def document(kind: Kind, dice: random.Random) -> dict[str, Any]:
    """Draw a document as a user writes it.

    Service Connect says whether it is enabled, as the API requires: without that no update makes sense.
    """
    drawn = _structure(kind.node, dice)
    connect = drawn.get("serviceConnectConfiguration")
    if connect and connect.get("enabled") is None:
        connect["enabled"] = dice.choice((True, False))
    return drawn


def relative(kind: Kind, given: dict[str, Any], dice: random.Random) -> dict[str, Any]:
    """Draw a document that has much in common with a given one: what an edit or two make of it."""
    return _altered(kind.node, copy.deepcopy(given), dice)


def _altered(node: Node, value: dict[str, Any], dice: random.Random) -> dict[str, Any]:
    kept = {name: _changed(node.members[name], value[name], dice) for name in value if dice.random() < 0.9}
    return kept | (_structure(node, dice) if dice.random() < 0.1 else {})


def _changed(node: Node, value: Any, dice: random.Random) -> Any:
    if dice.random() < 0.1:
        return _value(node, dice)
    if isinstance(value, dict) and node.members:
        return _altered(node, value, dice)
    if isinstance(value, list) and node.item is not None:
        items = [_changed_item(node, item, dice) for item in value if dice.random() < 0.8]
        more = _list(node, dice) if dice.random() < 0.4 else []
        dice.shuffle(items)
        return _distinct(node, [*items, *more])
    return value


def _changed_item(node: Node, item: Any, dice: random.Random) -> Any:
    """Change an item and leave what identifies it."""
    assert node.item is not None
    if not isinstance(item, dict) or node.rule.key is None:
        return item
    keys = {name for names in (*node.rule.key.members, *node.rule.key.then) for name in names.split("|")}
    changed = _changed(node.item, item, dice)
    return (changed if isinstance(changed, dict) else {}) | {name: item[name] for name in keys & set(item)}


def _structure(node: Node, dice: random.Random) -> dict[str, Any]:
    names = sorted(node.members)
    wanted = set(dice.sample(names, min(len(names), dice.choice((1, 2, 3, 5)))))
    wanted |= {name for name in sorted(_FAVOURITES & set(names)) if dice.random() < 0.6}
    return {name: _value(node.members[name], dice) for name in names if name in wanted}


def _value(node: Node, dice: random.Random) -> Any:
    if dice.random() < 0.03:
        return None
    usual = node.rule.usual({})
    if usual is not ABSENT and dice.random() < 0.4:
        return usual
    shape = node.shape
    match shape.kind:
        case "structure":
            return _structure(node, dice)
        case "list":
            return _list(node, dice)
        case "map":
            return {
                key: dice.choice(_WORDS) for key in dice.sample(["a", "B", "c/d~"], dice.choice((0, 1, 2)))
            }
        case "boolean":
            return dice.choice((True, False, "true"))
        case "integer":
            number = dice.choice(_NUMBERS)
            return str(number) if dice.random() < 0.1 else number
        case "float":
            return float(dice.choice(_NUMBERS))
        case _:
            words = sorted(shape.enum)[:3] if shape.enum else _WORDS
            return "" if dice.random() < 0.1 else dice.choice(words)


def _list(node: Node, dice: random.Random) -> list[Any]:
    assert node.item is not None
    items = [_item(node, node.item, dice) for _ in range(dice.choice((0, 1, 2, 3)))]
    return _distinct(node, items)


def _distinct(node: Node, items: list[Any]) -> list[Any]:
    if node.rule.key is None:
        return items
    unique = {identity: item for item in items if (identity := _identity(node, item)) is not None}
    return list(unique.values())


def _item(node: Node, item: Node, dice: random.Random) -> Any:
    if not item.members:
        drawn = _value(item, dice)
        return "a" if drawn is None else drawn
    drawn = _structure(item, dice)
    if (
        node.rule.key is not None
    ):  # AWS shows every member that tells items apart: a patch cannot test for absence
        for names in (*node.rule.key.members, *node.rule.key.then):
            drawn.setdefault(names.split("|")[0], None)
    return {
        name: _word(item.members[name], dice) if value is None else value for name, value in drawn.items()
    }


def _word(node: Node, dice: random.Random) -> Any:
    match node.shape.kind:
        case "integer":
            return dice.choice(_NUMBERS[1:])
        case "string":
            return dice.choice(sorted(node.shape.enum) or ["a", "b", "c"])
        case "list":
            assert node.item is not None
            return [_word(node.item, dice)]
        case _:
            return None


def _identity(node: Node, item: Any) -> str | None:
    """Say what tells an item apart as a reader would: all that a set's key may look at, folded to text."""
    key = node.rule.key
    if key is None or not key.members or not isinstance(item, dict):
        return repr(item)
    parts = []
    for names in (*key.members, *key.then):
        found = [_word_set(item[name]) for name in names.split("|") if name in item]
        found = [each for each in found if each not in (None, "", [])]
        if names == "hostPort" and str([*found, 0][0]) in ("0", str(item.get("containerPort"))):
            found = []  # a port that AWS chooses, or that is implied
        parts.append(
            str(found[0] if found else node.item and node.item.members[names.split("|")[0]].rule.default)
        )
    return None if item.get(key.members[0].split("|")[0]) in (None, "") else "/".join(parts)


def _word_set(value: Any) -> Any:
    return (
        sorted({str(each) for each in value if each not in (None, "")}) if isinstance(value, list) else value
    )


def described(kind: Kind, document: dict[str, Any], dice: random.Random) -> dict[str, Any]:
    """Lay a document out as AWS describes it, in one of the ways in which it does."""
    drawn = _with_twins(kind, copy.deepcopy(document), dice)
    if kind.name == "task_definition":
        return _described_revision(drawn, dice)
    if kind.name == "express_service":
        return _described_express(drawn, dice)
    return _described_service(drawn, dice)


def _described_revision(drawn: dict[str, Any], dice: random.Random) -> dict[str, Any]:
    for volume in drawn.get("volumes") or ():  # the flag means nothing there, until a patch shares the volume
        docker = volume.get("dockerVolumeConfiguration") if isinstance(volume, dict) else None
        if isinstance(docker, dict) and docker.get("scope") != "shared":
            docker.pop("autoprovision", None)
    if dice.random() < 0.3:
        return drawn | {"revision": 3, "status": "ACTIVE"}
    tags = drawn.pop("tags", None)
    described = {"taskDefinition": drawn | {"revision": 3, "registeredAt": 1.5, "status": "ACTIVE"}}
    return described | {"tags": tags} if tags is not None or dice.random() < 0.5 else described


def _described_service(drawn: dict[str, Any], dice: random.Random) -> dict[str, Any]:
    for arn, name in (("clusterArn", "cluster"), ("roleArn", "role")):
        if name in drawn and dice.random() < 0.8:
            value = drawn.pop(name)
            drawn[arn] = value if not value or str(value).startswith("arn:") else _RESOURCES[arn] + str(value)
    primary = {name: drawn.pop(name) for name in PRIMARY_MEMBERS if name in drawn and dice.random() < 0.9}
    deployments = [{"id": "ecs-svc/2", "status": "PRIMARY"} | primary]
    if dice.random() < 0.3:
        deployments.insert(0, {"id": "ecs-svc/1", "status": "ACTIVE"})
    return drawn | {"status": "ACTIVE", "events": [], "deployments": deployments, "runningCount": 1}


def _described_express(drawn: dict[str, Any], dice: random.Random) -> dict[str, Any]:
    outside = ("cluster", "serviceName", "infrastructureRoleArn", "tags")
    root = {name: drawn.pop(name) for name in outside if name in drawn}
    configurations = [drawn | {"createdAt": 2.5}]
    if dice.random() < 0.3:
        configurations.insert(dice.choice((0, 1)), {"createdAt": 1.5, "cpu": "512"})
    return root | {"status": {"statusCode": "ACTIVE"}, "activeConfigurations": configurations}


def _with_twins(kind: Kind, document: dict[str, Any], dice: random.Random) -> dict[str, Any]:
    """Let a set hold an item twice now and then, as it may once somebody else has written it."""
    for node, items in list(_inner_sets(kind.node, document)):
        if items and dice.random() < 0.05:
            items.append(_changed_item(node, copy.deepcopy(dice.choice(items)), dice))
    return document


def without_twins(kind: Kind, given: dict[str, Any]) -> dict[str, Any]:
    """Give a body without the items of sets that repeat an earlier one, or that nothing tells apart."""
    copied = copy.deepcopy(given)
    for node, items in _inner_sets(kind.node, copied):
        items[:] = _distinct(node, items)
    return copied


def shuffled(kind: Kind, given: dict[str, Any], dice: random.Random) -> dict[str, Any]:
    """Give a body with the items of every set in another order, wherever the set stands."""
    copied = copy.deepcopy(given)
    for node, items in _sets(kind, copied):
        assert node.rule.key is not None
        dice.shuffle(items)
    return copied


def _sets(kind: Kind, given: dict[str, Any]) -> Iterator[tuple[Node, list[Any]]]:
    homes = [
        given,
        given.get("taskDefinition"),
        *given.get("deployments", ()),
        *given.get("activeConfigurations", ()),
    ]
    for home in homes:
        if isinstance(home, dict):
            yield from _inner_sets(kind.node, home)


def _inner_sets(node: Node, value: Any) -> Iterator[tuple[Node, list[Any]]]:
    if isinstance(value, dict):
        for name, member in value.items():
            if (known := node.member(name)) is not None:
                yield from _inner_sets(node.members[known], member)
    elif isinstance(value, list) and node.item is not None:
        if node.rule.key is not None:
            yield node, value
        for item in value:
            yield from _inner_sets(node.item, item)
