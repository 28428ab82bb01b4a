"""Canonical trees by the table's nodes: which node a place has, and the list-shaped form that people read."""

from __future__ import annotations

from reconciler.core.kinds.rules import Node
from reconciler.core.values import Json, Path


def at(node: Node | None, path: Path) -> Node | None:
    """Give the table's node at a canonical place; None inside free-form maps and for the value of a pair."""
    for key in path:
        if node is None or node.pair:
            return None
        node = node.item if node.item is not None else node.members.get(str(key))
    return node


def listed(node: Node | None, tree: Json, places: dict[Path, Path] | None = None) -> Json:
    """Give a canonical tree list-shaped again, sets in the order of their keys: the form that people read.

    `places` is filled with where each canonical place went, if it is given.
    """
    return _listed(node, tree, places if places is not None else {}, (), ())


def _listed(node: Node | None, tree: Json, places: dict[Path, Path], path: Path, to: Path) -> Json:
    places[path] = to
    item = node.item if node is not None else None
    if isinstance(tree, list | tuple):
        return [_listed(item, member, places, (*path, i), (*to, i)) for i, member in enumerate(tree)]
    if not isinstance(tree, dict):
        return tree
    if node is None or item is None:
        members = node.members if node is not None else {}
        return {
            name: _listed(members.get(name), member, places, (*path, name), (*to, name))
            for name, member in tree.items()
        }
    if node.pair and node.rule.key is not None:
        key = node.rule.key.members[0]
        places.update({(*path, name): (*to, i, node.pair) for i, name in enumerate(sorted(tree))})
        return [{key: name, node.pair: value} for name, value in sorted(tree.items())]
    return [
        _listed(item, member, places, (*path, name), (*to, i))
        for i, (name, member) in enumerate(sorted(tree.items()))
    ]
