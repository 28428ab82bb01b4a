"""Canonical form: one document for everything that means the same to ECS.

Takes a body (what a file asks for, or what AWS describes) and a kind. Gives the canonical tree, the
wire-shaped body that can be sent, and where each canonical value stands in the original. Never looks at
another document: what depends on a pair of documents is the differ's.
"""

from __future__ import annotations

import difflib
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from reconciler.core import pointers
from reconciler.core.kinds import Kind
from reconciler.core.kinds.rules import ABSENT, Key, Maybe, Node
from reconciler.core.values import Json, JsonObject, Path


@dataclass(frozen=True, slots=True)
class Seen:
    """Where a canonical value came from: its path in the original, and its wire form.

    `pair` is the member that holds the value where the canonical value is one member of the item. `again` are the
    other places where a set of whole values holds the same one.
    """

    raw: Path
    wire: Json
    pair: str = ""
    again: tuple[Path, ...] = ()


@dataclass(frozen=True, slots=True)
class Remark:
    """Something about the original that its author should know. `fatal` remarks make it unusable.

    `first` is the path of the item that this one repeats.
    """

    path: Path
    what: str
    hint: str | None = None
    fatal: bool = False
    first: Path | None = None


@dataclass(frozen=True, slots=True)
class Canon:
    """A body in canonical form. `tree` has keyed lists as objects; `wire` is list-shaped and can be sent."""

    kind: Kind
    tree: JsonObject
    wire: JsonObject
    seen: Mapping[Path, Seen]
    facts: JsonObject
    remarks: tuple[Remark, ...] = ()


@dataclass(slots=True)
class _Visit:
    """One walk over a document: the facts that rules ask for, and what was seen."""

    facts: JsonObject
    desired: bool
    read_only: frozenset[str]
    seen: dict[Path, Seen] = field(default_factory=dict)
    remarks: list[Remark] = field(default_factory=list)

    def fault(self, raw: Path, what: str, hint: str | None = None, first: Path | None = None) -> Maybe:
        self.remarks.append(Remark(raw, what, hint, fatal=True, first=first))
        return ABSENT

    def mistyped(self, raw: Path, wanted: str, value: Json) -> Maybe:
        """Report a value of another type than the one that is wanted there."""
        return self.fault(raw, f"{_article(wanted)} is expected, not {_type(value)}", _FORMS.get(wanted))


def canon(kind: Kind, document: Json, *, desired: bool, facts: JsonObject | None = None) -> Canon:
    """Bring a document into canonical form.

    `facts` decide conditional rules (is a hostPort implied by the network mode?) in place of the document's own:
    a live document is judged by the desired one's, since those will hold once the changes are made.

    `desired` documents are a user's: unknown members and duplicates are remarked upon. In a live document
    duplicates are numbered and unknown members are dropped in silence. TypeError and ValueError as `Kind.unwrap`.
    """
    if desired:
        body, base = kind.unwrap(document)
        homes: Mapping[str, Path] = {name: (*base, name) for name in body}
        if base and isinstance(document, dict) and isinstance(document.get("tags"), list):
            homes = {"tags": ("tags",), **homes}
    else:
        body = pointers.objects(document)
        homes = kind.locate(body)
    root: dict[str, Json] = {name: pointers.get(document, path) for name, path in homes.items()}
    visit = _Visit(_facts(kind, root) if facts is None else facts, desired, kind.read_only)
    wire, tree = _structure(kind.node, root, visit, (), (), homes)
    return Canon(
        kind,
        tree if isinstance(tree, dict) else {},
        wire if isinstance(wire, dict) else {},
        visit.seen,
        visit.facts,
        tuple(visit.remarks),
    )


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


def node_at(node: Node | None, path: Path) -> Node | None:
    """Give the table's node at a canonical place; None inside free-form maps and for the value of a pair."""
    for key in path:
        if node is None or node.pair:
            return None
        node = node.item if node.item is not None else node.members.get(str(key))
    return node


def _facts(kind: Kind, root: JsonObject) -> JsonObject:
    return {
        kind.node.member(name) or name: value
        for name, value in root.items()
        if kind.node.member(name) in kind.facts
    }


def _value(node: Node, value: Json, visit: _Visit, raw: Path, path: Path) -> tuple[Maybe, Maybe]:
    """Give (wire, canonical) of a value; ABSENT where it means nothing."""
    if value is None:
        return ABSENT, ABSENT
    match node.shape.kind:
        case "structure" if node.members:
            wire, tree = _structure(node, value, visit, raw, path, None)
        case "list":
            wire, tree = _list(node, value, visit, raw, path)
        case "map":
            wire, tree = _map(value, visit, raw, path)
        case "structure":  # a JSON document of the user's own (hookDetails): the model knows no members
            wire = tree = value if node.rule.coerce is None else node.rule.coerce(value)
        case _:
            wire = tree = _scalar(node, value, visit, raw)
    if tree is not ABSENT and tree == node.rule.usual(visit.facts):
        tree = ABSENT
    visit.seen[path] = Seen(raw, None if wire is ABSENT else wire)
    return wire, tree


def _structure(
    node: Node, value: Json, visit: _Visit, raw: Path, path: Path, homes: Mapping[str, Path] | None
) -> tuple[Maybe, Maybe]:
    if not isinstance(value, dict):
        return (visit.mistyped(raw, "object", value),) * 2
    wire: dict[str, Json] = {}
    tree: dict[str, Json] = {}
    for name, given in value.items():
        where = homes[name] if homes is not None else (*raw, name)
        known = node.member(name)
        if known is None:
            _unknown(node, name, visit, where, root=homes is not None)
            continue
        if known in wire:
            what = f"`{known}` is given twice, in different spellings"
            visit.fault(where, what, first=visit.seen[*path, known].raw)
            continue
        member_wire, member_tree = _value(node.members[known], given, visit, where, (*path, known))
        if member_wire is not ABSENT:
            wire[known] = member_wire
        if member_tree is not ABSENT:
            tree[known] = member_tree
    for name in node.shape.required - wire.keys():
        if value.get(name) == [] and node.members[name].item is not None:
            wire[
                name
            ] = []  # the API insists on the member, however little it says (DeploymentAlarms.alarmNames)
    for name in list(tree):
        test = node.members[name].rule.absent_if
        if test is not None and test(tree[name], wire, visit.facts):
            del tree[name]
    return wire or ABSENT, tree or ABSENT


def _unknown(node: Node, name: str, visit: _Visit, where: Path, *, root: bool) -> None:
    if not visit.desired or (root and name in visit.read_only):
        return
    near = difflib.get_close_matches(name, node.members, 1, 0.6)
    hint = f"the nearest name is `{near[0]}`" if near else None
    visit.remarks.append(Remark(where, f"`{name}` is unknown to ECS and is not sent", hint))


def _map(value: Json, visit: _Visit, raw: Path, path: Path) -> tuple[Maybe, Maybe]:
    """Give a free-form map: its keys and values belong to the user (dockerLabels, options)."""
    if not isinstance(value, dict):
        return (visit.mistyped(raw, "object", value),) * 2
    kept = {name: _text(member) for name, member in value.items() if member is not None}
    for name, member in kept.items():
        if not isinstance(member, str):
            visit.mistyped((*raw, name), "string", member)
    visit.seen.update({(*path, name): Seen((*raw, name), member) for name, member in kept.items()})
    return (kept, dict(kept)) if kept else (ABSENT, ABSENT)


def _text(value: Json) -> Json:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, int | float) else value


def _scalar(node: Node, value: Json, visit: _Visit, raw: Path) -> Maybe:
    wanted = node.shape.kind
    result: Maybe = ABSENT
    if isinstance(value, dict | list | tuple):
        return visit.mistyped(raw, wanted, value)
    match wanted:
        case "string":
            result = _text(value)
            if result == "" and not node.rule.blank:
                return ABSENT
        case "boolean":
            result = {"true": True, "false": False}.get(str(value).lower(), ABSENT)
        case "integer":
            result = _integer(value)
        case "float":
            result = _number(value)
        case _:
            result = value
    if result is ABSENT and value != "":
        return visit.mistyped(raw, wanted, value)
    if result is not ABSENT and node.rule.coerce is not None:
        return node.rule.coerce(result)
    return result


def _integer(value: Json) -> Maybe:
    if isinstance(value, bool):
        return ABSENT
    if isinstance(value, int):
        return value
    number = _number(value)
    return int(number) if isinstance(number, float) and number == int(number) else ABSENT


def _number(value: Json) -> Maybe:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return ABSENT
    try:
        number = float(value)
    except ValueError:
        return ABSENT
    return number if math.isfinite(number) else ABSENT


def _list(node: Node, value: Json, visit: _Visit, raw: Path, path: Path) -> tuple[Maybe, Maybe]:
    if not isinstance(value, list | tuple) or node.item is None:
        return (visit.mistyped(raw, "list", value),) * 2
    if node.rule.key is not None:
        return _keyed(node, node.item, node.rule.key, value, visit, raw, path)
    wires: list[Json] = []
    trees: list[Json] = []
    for index, given in enumerate(value):
        if given == "" and node.item.shape.kind == "string":
            wires.append("")  # `command: [""]` is kept, as Terraform does; the AWS action strips it
            trees.append("")
            continue
        wire, tree = _value(node.item, given, visit, (*raw, index), (*path, index))
        if wire is not ABSENT:
            wires.append(wire)
            trees.append({} if tree is ABSENT else tree)
    return wires or ABSENT, trees or ABSENT


def _keyed(
    node: Node, item: Node, key: Key, value: Sequence[Json], visit: _Visit, raw: Path, path: Path
) -> tuple[Maybe, Maybe]:
    wires: list[Json] = []
    tree: dict[str, Json] = {}
    names = _names(item, key, value, visit, raw)
    for index, given in enumerate(value):
        name = names[index]
        if name is None:
            continue
        if name in tree and not key.members:  # a whole value that is there twice says nothing new
            seen = visit.seen[*path, name]
            visit.seen[*path, name] = replace(seen, again=(*seen.again, (*raw, index)))
            continue
        if name in tree and visit.desired:
            first = visit.seen[*path, name].raw
            visit.fault((*raw, index), f"`{name}` is given twice in {_last(path)}", first=first)
            continue
        if name in tree:
            name = _numbered(name, tree)
        where, spot = (*raw, index), (*path, name)
        wire, member = _value(item, given, visit, where, spot)
        if wire is ABSENT:
            continue
        wires.append(wire)
        if node.pair:
            pair = wire.get(node.pair, "") if isinstance(wire, dict) else wire
            visit.seen[spot] = Seen(where, wire, node.pair)
            tree[name] = pair
        else:
            tree[name] = {} if member is ABSENT else member
    return wires or ABSENT, tree or ABSENT


def _names(item: Node, key: Key, value: Sequence[Json], visit: _Visit, raw: Path) -> list[str | None]:
    """Name the items of a set; None for those that mean nothing."""
    if not key.members:
        return [_whole_name(item, given, visit) for given in value]
    names: list[str | None] = []
    for index, given in enumerate(value):
        identity = _identity(item, key.members, given, visit)
        if identity == "" and not _says_something(given):
            names.append(None)  # `[{"name": "", "value": ""}]`, as forms leave it behind
            continue
        if identity == "" and visit.desired:
            visit.remarks.append(Remark((*raw, index), f"an item without `{key.members[0].split('|')[0]}`"))
        names.append(identity)
    if not key.then:
        return names
    return [
        f"{name}:{_identity(item, key.then, given, visit)}"
        if name is not None and names.count(name) > 1
        else name
        for name, given in zip(names, value, strict=True)
    ]


def _whole_name(item: Node, given: Json, visit: _Visit) -> str | None:
    scratch = _Visit(visit.facts, visit.desired, visit.read_only)
    _, tree = _value(item, given, scratch, (), ())
    if tree is ABSENT:
        return None
    return tree if isinstance(tree, str) else json.dumps(tree, sort_keys=True)


def _identity(item: Node, members: tuple[str, ...], given: Json, visit: _Visit) -> str:
    """Join the values of the identifying members; empty where none of them is there."""
    if not isinstance(given, dict):
        return ""
    scratch = _Visit(visit.facts, desired=False, read_only=visit.read_only)
    there: dict[str, Json] = {}
    for name, value in given.items():
        if (
            (known := item.member(name)) is not None
            and value is not None
            and item.members[known].members == {}
        ):
            scalar = _scalar(item.members[known], value, scratch, ())
            if scalar is not ABSENT:
                there[known] = scalar
    parts = []
    found = False
    for alternatives in members:
        values = [there[name] for name in alternatives.split("|") if name in there]
        default = item.members[alternatives.split("|")[0]].rule.default
        parts.append(values[0] if values else "" if default is ABSENT else default)
        found = found or bool(values)
    return "/".join(str(part) for part in parts) if found else ""


def _says_something(given: Json) -> bool:
    """Tell whether anything in a value is more than an empty or zero leaf."""
    return any(bool(leaf) for _, leaf in pointers.leaves(given))


def _numbered(name: str, taken: Mapping[str, Json]) -> str:
    number = 2
    while f"{name}#{number}" in taken:
        number += 1
    return f"{name}#{number}"


def _last(path: Path) -> str:
    return f"`{path[-1]}`" if path else "the list"


# How a value of each type is written, in JSON and in YAML alike.
_FORMS: Final = {
    "object": "write it in braces: { … }",
    "list": "write it in brackets: [ … ]",
    "string": 'write it in quotes: "…"',
    "boolean": "write true or false",
    "integer": "write a whole number, such as 256",
    "long": "write a whole number, such as 256",
    "float": "write a number, such as 0.5",
    "double": "write a number, such as 0.5",
}


def _article(kind: str) -> str:
    return f"an {kind}" if kind[0] in "aeio" else f"a {kind}"


def _type(value: Json) -> str:
    match value:
        case bool():
            return "a boolean"
        case str():
            return "a string"
        case int() | float():
            return "a number"
        case dict():
            return "an object"
        case list() | tuple():
            return "a list"
        case _:
            return "null"
