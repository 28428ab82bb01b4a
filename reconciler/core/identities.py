"""What the items of a set go by: the members that identify them, and what tells twins apart."""

from __future__ import annotations

from collections.abc import Sequence

from reconciler.core import pointers, scalars
from reconciler.core.kinds.rules import ABSENT, Key, Maybe, Node
from reconciler.core.values import Json, JsonObject, Path


def identity(item: Node, members: Sequence[Sequence[str]], given: Json) -> str:
    """Join the values of the identifying members, the first of each that is there; empty where none is."""
    if not isinstance(given, dict):
        return ""
    parts: list[str] = []
    found = False
    for names in members:
        for name in names:
            if (value := _plain(item, name, given)) is not ABSENT:
                found = True
                break
        else:
            value = item.members[names[0]].rule.default
        parts.append("" if value is ABSENT else str(value))
    return "/".join(parts) if found else ""


def _plain(item: Node, name: str, given: JsonObject) -> Maybe:
    """Give the canonical form of a member, however its name is written; ABSENT where it holds no scalar."""
    node = item.members[name]
    found = _read(node, given.get(name))
    if found is ABSENT:
        others = (_read(node, value) for other, value in given.items() if item.member(other) == name)
        return next((value for value in others if value is not ABSENT), ABSENT)
    return found


def _read(node: Node, value: Json) -> Maybe:
    if value is None or node.members:
        return ABSENT
    try:
        return scalars.read(node.shape.kind, value, node.rule)
    except scalars.MistypedError:
        return ABSENT


def says_something(given: Json) -> bool:
    """Tell whether anything in a value is more than an empty or zero leaf."""
    return any(bool(leaf) for _, leaf in pointers.leaves(given))


def distinction(key: Key, tree: Maybe) -> str:
    """Write what tells twins apart in canonical form, in which a hostPort of 0 is none."""
    members = tree if isinstance(tree, dict) else {}
    values = (members.get(name, "") for name in key.then)
    return "/".join("+".join(sorted(value)) if isinstance(value, dict) else str(value) for value in values)


def items_at(tree: Json, path: Path) -> JsonObject:
    """Give the items of a set in a canonical tree, by what they go by; none where there is no set."""
    try:
        found = pointers.get(tree, path)
    except KeyError:
        return {}
    return found if isinstance(found, dict) else {}
