"""Changes of one leaf: each value of a document is changed and removed in turn, each that it lacks is added.

Works on documents as files hold them, along the shapes of the API. What is known of addresses and of items' names is
said here a second time, and not asked of the differ.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from reconciler.core.kinds.rules import ABSENT, Maybe, Node
from reconciler.core.values import Path

ADDED = "zz-added"
SEVEN = 7


@dataclass(frozen=True, slots=True)
class Mutation:
    """One change: what was done, where it was done in the document, and what stood and stands there."""

    what: str
    path: Path
    document: Any
    before: Maybe
    after: Maybe


@dataclass(frozen=True, slots=True)
class Place:
    """Where a value of a document is reported: its address, and the items of sets on the way to it.

    `names` is the canonical path. `blurred` says that the last item is one whose name is its whole value.
    """

    address: str
    items: tuple[str, ...]
    names: tuple[str, ...]
    nodes: tuple[Node, ...]
    blurred: bool = False


def mutations(node: Node, document: Any) -> Iterator[Mutation]:
    """Give every change of one leaf of a document."""
    for path, before, after in _inside(node, document, ()):
        mutated = copy.deepcopy(document)
        _write(mutated, path, after)
        what = "add" if before is ABSENT else "remove" if after is ABSENT else "change"
        yield Mutation(what, path, mutated, before, after)


_Edit = tuple[Path, Maybe, Maybe]


def _inside(node: Node, value: Mapping[str, Any], path: Path) -> Iterator[_Edit]:
    there = set()
    for name, member in value.items():
        known = node.member(name)
        if known is None:
            yield (*path, name), member, ADDED
            yield (*path, name), member, ABSENT
            continue
        there.add(known)
        yield from _member(node.members[known], member, (*path, name))
    for name in sorted(node.members.keys() - there):
        for inner, added in _new(node.members[name]):
            yield (*path, name, *inner), ABSENT, added


def _member(node: Node, value: Any, path: Path) -> Iterator[_Edit]:
    if isinstance(value, dict) and node.members:
        yield from _inside(node, value, path)
        if not value:
            yield path, value, ABSENT
    elif isinstance(value, list) and node.item is not None:
        for index, item in enumerate(value):
            where = (*path, index)
            if isinstance(item, dict) and node.item.members:
                yield from _inside(node.item, item, where)
            else:
                yield where, item, other(node.item, item)
            yield where, item, ABSENT
        yield (*path, len(value)), ABSENT, _item(node.item, value)
        if not value:
            yield path, value, ABSENT
    elif isinstance(value, dict) and node.shape.kind == "map":
        for key, entry in value.items():
            yield (*path, key), entry, f"{entry}-changed"
            yield (*path, key), entry, ABSENT
        yield (*path, ADDED), ABSENT, ADDED
    else:
        if value is not None:
            yield path, value, other(node, value)
        yield path, value, ABSENT


def _new(node: Node) -> Iterator[tuple[Path, Any]]:
    """Give values for a member that is not there: one of each leaf that it can hold."""
    if node.members:
        for name, member in sorted(node.members.items()):
            for inner, value in _new(member):
                yield (name, *inner), value
    elif node.item is not None:
        yield (), [_item(node.item)]
    elif node.shape.kind == "map":
        yield (), {ADDED: ADDED}
    else:
        yield (), fresh(node)


def _item(node: Node, others: Sequence[Any] = ()) -> Any:
    """Give an item for a list beside others: all of its scalars, or objects of them."""
    if not node.members:
        return fresh(node, others)
    scalars = {
        name: fresh(member, [each.get(name) for each in others if isinstance(each, dict)])
        for name, member in node.members.items()
        if _is_scalar(member)
    }
    return scalars or {name: _item(member) for name, member in node.members.items() if member.members}


def _is_scalar(node: Node) -> bool:
    return node.item is None and node.shape.kind not in ("structure", "map")


def fresh(node: Node, others: Sequence[Any] = ()) -> Any:
    """Give a value that is no default, that no file holds, and that is none of some others."""
    default = node.rule.usual({})
    match node.shape.kind:
        case "boolean":
            return default is not True
        case "integer":
            return SEVEN
        case "float":
            return SEVEN + 0.5
        case "structure":
            return {ADDED: ADDED}
        case _:
            words = sorted(node.shape.enum - {str(default), *map(str, others)})
            return words[0] if words else ADDED


def other(node: Node, value: Any) -> Any:
    """Give another value of the same type."""
    default = node.rule.usual({})
    match node.shape.kind:
        case "boolean":
            return str(value).lower() != "true"
        case "integer" | "float":
            changed = float(value or 0) + 1
            changed += changed == default
            return changed if changed != int(changed) else int(changed)
        case "structure":
            return {ADDED: ADDED}
        case _:
            words = sorted(node.shape.enum - {str(value), str(default)})
            return words[0] if words else f"{value}-changed"


def _write(document: Any, path: Path, value: Maybe) -> None:
    for key in path[:-1]:
        document = document[int(key)] if isinstance(document, list) else document.setdefault(key, {})
    if value is ABSENT:
        del document[path[-1]]
    elif isinstance(document, list) and path[-1] == len(document):
        document.append(value)
    else:
        document[path[-1]] = value


def place(node: Node, document: Any, path: Path) -> Place:
    """Say where the value at a path is reported. What is not there may be in it, as far as names need nothing of it."""
    address = ""
    items: list[str] = []
    names: list[str] = []
    nodes = [node]
    value = document
    for key in path:
        if node.item is not None:
            if node.rule.key is None:
                break  # an ordered list is reported as one
            name = item_name(node, value, int(key))
            names.append(name or "")
            address += f'["{name}"]'
            items.append(address)
            if name is None:
                return Place(
                    address.rpartition('["')[0] + '["', tuple(items), tuple(names), tuple(nodes), blurred=True
                )
            if node.pair or not node.item.members:
                break
            node = node.item
            value = value[key] if int(key) < len(value) else None
        elif node.shape.kind == "map":
            names.append(str(key))
            address += f'["{key}"]'
            break
        else:
            known = node.member(str(key))
            if known is None:
                break
            names.append(known)
            address = f"{address}.{known}".lstrip(".")
            node = node.members[known]
            value = value.get(key) if isinstance(value, dict) else None
        nodes.append(node)
    return Place(address, tuple(items), tuple(names), tuple(nodes))


def item_name(node: Node, items: Any, index: int) -> str | None:
    """Name an item of a set as addresses do; None where the name is the whole value, and that is an object."""
    key, item = node.rule.key, node.item
    assert key is not None
    assert item is not None
    given = items[index]
    if not key.members:
        return None if item.members else str(given)

    def identity(of: Mapping[str, Any], members: tuple[str, ...]) -> str:
        parts = []
        found = False
        for alternatives in members:
            values = [of[name] for name in alternatives.split("|") if of.get(name) not in (None, "")]
            default = item.members[alternatives.split("|")[0]].rule.default
            parts.append(str(values[0]) if values else "" if default is ABSENT else str(default))
            found = found or bool(values)
        return "/".join(parts) if found else ""

    name = identity(given, key.members)
    twins = [each for each in items if isinstance(each, dict) and identity(each, key.members) == name]
    return f"{name}:{identity(given, key.then)}" if key.then and len(twins) > 1 else name


def whole(node: Node) -> Any:
    """Give a document that holds every member that the API has, each with a value that is no default."""
    if node.members:
        return {name: whole(member) for name, member in node.members.items()}
    if node.item is not None:
        return [whole(node.item)]
    if node.shape.kind == "map":
        return {"zz-there": "zz-there"}
    value = fresh(node)
    return {ADDED: "zz-there", SEVEN: SEVEN + 1}.get(value, value) if isinstance(value, str | int) else value
