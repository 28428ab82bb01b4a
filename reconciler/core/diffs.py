"""The differ: what has to change so that the live document means what the desired one says.

Takes two canonical documents of one kind. Gives changes in a fixed order, each at the highest place where the
documents part. Never reports what the ownership rules leave to AWS, and never decides what to do about a change.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from enum import Enum

from reconciler.core.canon import Canon
from reconciler.core.kinds.rules import ABSENT, Maybe, Node, Undeclared
from reconciler.core.values import Json, JsonObject, Path
from reconciler.records import dataclass


class Action(Enum):
    """What happens to one member."""

    ADD = "add"
    REMOVE = "remove"
    REPLACE = "replace"


@dataclass(frozen=True, slots=True)
class Change:
    """One difference. `path` is canonical (keys of sets are names); before and after are canonical values.

    `address` is the same place as people write it: ``containerDefinitions["app"].environment["LEVEL"]``.
    """

    path: Path
    address: str
    action: Action
    before: Maybe
    after: Maybe


@dataclass(frozen=True, slots=True)
class Differences:
    """The changes to be made, and what differs without being anyone's business: `noted`."""

    changes: tuple[Change, ...] = ()
    noted: tuple[Change, ...] = ()


def diff(desired: Canon, live: Canon | None) -> Differences:
    """Compare. With nothing live every member is added."""
    kind = desired.kind
    found: list[tuple[Change, bool]] = []
    walk = _Walk(kind.undeclared, desired.facts)
    found.extend(walk.structure(kind.node, desired.tree, live.tree if live else {}, (), ""))
    if live is None:  # what somebody else sets later is created as the file says it
        return Differences(tuple(change for change, _ in found))
    return Differences(
        tuple(change for change, noted in found if not noted),
        tuple(change for change, noted in found if noted),
    )


def managed(desired: Canon, live: Canon, whole: Collection[str] = ()) -> Json:
    """Give the part of the live document that the desired one manages: what staleness is judged by.

    Of the root members that are `whole` everything counts, whoever owns it: they are sent with what is live in them.
    """
    walk = _Walk(desired.kind.undeclared, desired.facts)
    return walk.keep(desired.kind.node, desired.tree, live.tree, whole)


def left_alone(desired: Canon, live: Canon) -> Iterator[Path]:
    """Give the places of the live document, as high as possible, that the desired one leaves to AWS and others."""
    walk = _Walk(desired.kind.undeclared, desired.facts)
    return walk.left_alone(desired.kind.node, desired.tree, live.tree, ())


def leaves(node: Node | None, tree: Json, address: str = "") -> Iterator[tuple[str, Json]]:
    """Give the scalars, lists and empty objects of a canonical document, by address as in `Change`."""
    if node is None or not isinstance(tree, dict) or not tree:
        yield address, tree
        return
    for name, value in tree.items():
        yield from leaves(_child(node, name), value, _address(node, address, name))


def address_of(node: Node, path: Path) -> str:
    """Write a canonical place as people do (see `Change`)."""
    address: str = ""
    here: Node | None = node
    for key in path:
        if isinstance(key, int):
            address = f"{address}[{key}]"
            here = here.item if here is not None else None
        else:
            address = _address(here, address, key) if here is not None else f'{address}["{key}"]'
            here = _child(here, key) if here is not None else None
    return address


@dataclass(frozen=True, slots=True)
class _Walk:
    undeclared: Undeclared
    facts: JsonObject

    def structure(
        self, node: Node, desired: Json, live: Json, path: Path, address: str
    ) -> Iterator[tuple[Change, bool]]:
        plain = not node.documents  # then Python's equality says it all
        if plain and desired == live:
            return
        wanted = desired if isinstance(desired, dict) else {}
        actual = live if isinstance(live, dict) else {}
        for name in sorted({*wanted, *actual}):
            child = _child(node, name)
            if (plain or (child is not None and not child.documents)) and wanted.get(
                name, ABSENT
            ) == actual.get(name, ABSENT):  # most of them, and soon told
                continue
            there, called = (*path, name), _address(node, address, name)
            if name in wanted:
                yield from self.declared(child, wanted[name], actual.get(name, ABSENT), there, called)
            else:
                yield from self.unclaimed(node, child, actual[name], there, called)

    def declared(
        self, node: Node | None, desired: Json, live: Maybe, path: Path, address: str
    ) -> Iterator[tuple[Change, bool]]:
        if node is not None and node.rule.is_elsewhere(self.facts):
            if desired != live:
                action = Action.ADD if live is ABSENT else Action.REPLACE
                yield Change(path, address, action, live, desired), True
        elif live is ABSENT:
            yield Change(path, address, Action.ADD, ABSENT, desired), False
        elif node is not None and isinstance(desired, dict) and isinstance(live, dict):
            yield from self.structure(node, desired, live, path, address)
        elif not _same(node, desired, live):
            yield Change(path, address, Action.REPLACE, live, desired), False

    def unclaimed(
        self, parent: Node, node: Node | None, live: Json, path: Path, address: str
    ) -> Iterator[tuple[Change, bool]]:
        """Handle what only the live document has, by who owns it."""
        owner = self.owner(parent, node, live)
        if owner is None and node is not None:
            yield from self.structure(node, {}, live, path, address)
        elif owner is not Undeclared.SERVER:
            yield Change(path, address, Action.REMOVE, live, ABSENT), owner is Undeclared.INFORM

    def owner(self, parent: Node, node: Node | None, live: Json) -> Undeclared | None:
        """Say who owns an undeclared value; None where its members have to be asked one by one."""
        if node is None or parent.item is not None:
            return Undeclared.DEFAULT  # an entry of a map or set that is declared
        if (owner := node.rule.owner(self.facts)) is not None:
            return owner
        if node.members and self.undeclared is not Undeclared.DEFAULT:
            return None
        return Undeclared.INFORM if _is_novel(node, live) else self.undeclared

    def keep(self, node: Node | None, desired: Maybe, live: Json, whole: Collection[str] = ()) -> Json:
        if not isinstance(live, dict) or node is None or node.pair:
            return live
        wanted = desired if isinstance(desired, dict) else {}
        kept: dict[str, Json] = {}
        for name, value in live.items():
            if name in whole:
                kept[name] = value
                continue
            child = _child(node, name)
            owner = Undeclared.DEFAULT if name in wanted else self.owner(node, child, value)
            if owner in (Undeclared.SERVER, Undeclared.INFORM):
                continue
            if child is not None and child.rule.is_elsewhere(self.facts):
                continue
            goes = (
                name not in wanted and owner is Undeclared.DEFAULT
            )  # all of it, whoever owns what is inside
            inner = value if goes else self.keep(child, wanted.get(name, ABSENT), value)
            if inner or name in wanted or not value:  # an object of which nothing is left is none
                kept[name] = inner
        return kept

    def left_alone(self, node: Node, desired: Maybe, live: JsonObject, path: Path) -> Iterator[Path]:
        wanted = desired if isinstance(desired, dict) else {}
        for name, value in live.items():
            child, there = _child(node, name), (*path, name)
            owner = None if name in wanted else self.owner(node, child, value)
            if owner in (Undeclared.SERVER, Undeclared.INFORM):
                yield there
            elif owner is None and child is not None and isinstance(value, dict):
                inside = [*self.left_alone(child, wanted.get(name, ABSENT), value, there)]
                whole = name not in wanted and inside == [(*there, member) for member in value]
                yield from [there] if whole else inside


def _child(node: Node, name: str) -> Node | None:
    """Give the table's node for a member or item; None for scalars in sets and entries of maps."""
    if node.item is not None:
        return None if node.pair or not node.item.members else node.item
    return node.members.get(name)


def _address(node: Node, address: str, name: str) -> str:
    if node.item is not None or not node.members:
        return f'{address}["{name}"]'
    return f"{address}.{name}" if address else name


def _is_novel(node: Node | None, value: Json) -> bool:
    """Tell whether a value holds nothing but what no table row knows."""
    if node is None or node.rule.undeclared is Undeclared.INFORM:
        return node is not None
    inside = value if isinstance(value, dict) and node.members else {}
    return bool(inside) and all(_is_novel(node.members.get(name), inner) for name, inner in inside.items())


def _same(node: Node | None, desired: Json, live: Json) -> bool:
    if node is not None and node.rule.same is not None:
        return node.rule.same(desired, live)
    return desired == live if node is not None and not node.documents else _same_json(desired, live)


def _same_json(left: Json, right: Json) -> bool:
    """Compare what stands in a JSON document: true is not 1 there, as it is to Python; 1 and 1.0 are one number."""
    if isinstance(left, bool) or isinstance(right, bool):
        return left is right
    if isinstance(left, dict) and isinstance(right, dict):
        return left.keys() == right.keys() and all(_same_json(left[name], right[name]) for name in left)
    if isinstance(left, list | tuple) and isinstance(right, list | tuple):
        return len(left) == len(right) and all(map(_same_json, left, right))
    return left == right
