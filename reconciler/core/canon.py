"""Canonical form: one document for everything that means the same to ECS.

Takes a body (what a file asks for, or what AWS describes) and a kind. Gives the canonical tree, the
wire-shaped body that can be sent, and where each canonical value stands in the original. Never looks at
another document: what depends on a pair of documents is the differ's.
"""

from __future__ import annotations

import difflib
import json
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import field, replace

from reconciler.core import pointers, scalars, words
from reconciler.core.identities import distinction, identity, items_at, says_something
from reconciler.core.kinds import Kind
from reconciler.core.kinds.rules import ABSENT, Key, Maybe, Node
from reconciler.core.redaction import numbered, secret_member, secret_option
from reconciler.core.values import Json, JsonObject, Path
from reconciler.records import dataclass


@dataclass(slots=True)  # not frozen, which takes thrice the time: every value of a document has one
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
    """A body in canonical form. `tree` has keyed lists as objects; `wire` is list-shaped and can be sent.

    `named` are the canonical places of texts whose names say that they are secret, in maps and in JSON documents.
    """

    kind: Kind
    tree: JsonObject
    wire: JsonObject
    seen: Mapping[Path, Seen]
    facts: JsonObject
    remarks: tuple[Remark, ...] = ()
    named: tuple[Path, ...] = ()


@dataclass(slots=True)
class _Visit:
    """One walk over a document: the facts that rules ask for, the tree it is compared with, and what was seen."""

    facts: JsonObject
    desired: bool
    read_only: frozenset[str]
    like: JsonObject = field(default_factory=dict)
    seen: dict[Path, Seen] = field(default_factory=dict)
    remarks: list[Remark] = field(default_factory=list)
    named: list[Path] = field(default_factory=list)

    def fault(self, raw: Path, what: str, hint: str | None = None, first: Path | None = None) -> Maybe:
        self.remarks.append(Remark(raw, what, hint, fatal=True, first=first))
        return ABSENT

    def free_form(self, value: Json, raw: Path, path: Path, *, secret: bool = False) -> None:
        """See what stands inside a JSON document: any leaf of it may be a secret."""
        items = (
            value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
        )
        for key, member in items:
            self.seen[*path, key] = Seen((*raw, key), member)
            below = secret or (isinstance(key, str) and secret_member(key))
            if below and isinstance(member, str):
                self.named.append((*path, key))
            self.free_form(member, (*raw, key), (*path, key), secret=below)

    def mistyped(self, raw: Path, wanted: str, value: Json) -> Maybe:
        """Report a value of another type than the one that is wanted there."""
        what = f"{scalars.article(wanted)} is expected, not {scalars.type_of(value)}"
        return self.fault(raw, what, scalars.FORMS.get(wanted))


def canon(
    kind: Kind,
    document: Json,
    *,
    desired: bool,
    like: Canon | None = None,
    only: Collection[str] | None = None,
) -> Canon:
    """Bring a document into canonical form.

    A live document is judged by the desired one, `like`: by its facts, which decide conditional rules (is a hostPort
    implied by the network mode?), since those will hold once the changes are made; and items that share their key are
    named as they are there.

    `desired` documents are a user's: unknown members and duplicates are remarked upon. In a live document
    duplicates are numbered and unknown members are dropped in silence. With `only` nothing but those root members of it
    is read. TypeError and ValueError as `Kind.unwrap`.
    """
    if desired:
        body, base = kind.unwrap(document)
        homes: Mapping[str, Path] = {name: (*base, name) for name in body}
        if base and isinstance(document, dict) and isinstance(document.get("tags"), list):
            homes = {"tags": ("tags",), **homes}
    else:
        body = pointers.objects(document)
        homes = kind.locate(body)
        if only is not None:
            homes = {name: home for name, home in homes.items() if kind.node.member(name) in only}
    root: dict[str, Json] = {name: pointers.get(document, path) for name, path in homes.items()}
    visit = (
        _Visit(_facts(kind, root), desired, kind.read_only)
        if like is None
        else _Visit(like.facts, desired, kind.read_only, like.tree)
    )
    wire, tree = _structure(kind.node, root, visit, (), (), homes)
    return Canon(
        kind,
        tree if isinstance(tree, dict) else {},
        wire if isinstance(wire, dict) else {},
        visit.seen,
        visit.facts,
        tuple(visit.remarks),
        tuple(visit.named),
    )


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
    rule = node.rule
    match node.shape.kind:
        case "string" | "boolean" | "integer" | "float" | "timestamp" | "blob" as kind:
            try:
                wire = tree = scalars.read(kind, value, rule)
            except scalars.MistypedError:
                wire = tree = visit.mistyped(raw, kind, value)
            if node.shape.enum and visit.desired and isinstance(wire, str):
                _check_word(node, wire, visit, raw)
        case "structure" if node.members:
            wire, tree = _structure(node, value, visit, raw, path, None)
            if rule.presence and tree is ABSENT and isinstance(value, dict):
                wire, tree = {} if wire is ABSENT else wire, {}
        case "list":
            wire, tree = _list(node, value, visit, raw, path)
        case "map":
            wire, tree = _map(value, visit, raw, path)
        case _:  # a structure without members: a JSON document of the user's own (hookDetails)
            wire = tree = value if rule.coerce is None else rule.coerce(value)
            if wire is value:
                visit.free_form(value, raw, path)
    if tree is not ABSENT and tree == (
        rule.default if rule.default_for is None else rule.default_for(visit.facts)
    ):
        tree = ABSENT
    visit.seen[path] = Seen(raw, None if wire is ABSENT else wire)
    return wire, tree


def _check_word(node: Node, word: str, visit: _Visit, raw: Path) -> None:
    """Remark upon a word that the API model does not know, unless it is known to mean nothing (`<default>`)."""
    silent = node.rule.absent_if is not None and node.rule.absent_if(word, {}, visit.facts)
    member = next((key for key in reversed(raw) if isinstance(key, str)), "")
    found = None if silent else words.complaint(node.shape.enum, member, word)
    if found is not None:
        visit.remarks.append(Remark(raw, found.what, found.hint or None, fatal=found.fatal))


def _structure(
    node: Node, value: Json, visit: _Visit, raw: Path, path: Path, homes: Mapping[str, Path] | None
) -> tuple[Maybe, Maybe]:
    if not isinstance(value, dict):
        return (visit.mistyped(raw, "object", value),) * 2
    wire: dict[str, Json] = {}
    tree: dict[str, Json] = {}
    members = node.members
    for name, given in value.items():
        where = homes[name] if homes is not None else (*raw, name)
        known = name if name in members else node.member(name)
        if known is None:
            _unknown(node, name, visit, where, root=homes is not None)
            continue
        if known in wire:
            what = f"`{known}` is given twice, in different spellings"
            visit.fault(where, what, first=visit.seen[*path, known].raw)
            continue
        member = members[known]
        if member.literal and type(given) is str and given:  # most members: spared a look at every other type
            visit.seen[*path, known] = Seen(where, given)
            wire[known] = given
            if given != member.rule.default:
                tree[known] = given
            continue
        member_wire, member_tree = _value(member, given, visit, where, (*path, known))
        if given == [] and known in node.insisted:
            wire[known] = []
        if member_wire is not ABSENT:
            wire[known] = member_wire
        if member_tree is not ABSENT:
            tree[known] = member_tree
    for name, test in node.tests.items():
        if name in tree and test(tree[name], wire, visit.facts):
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
    kept = {name: scalars.text(member) for name, member in value.items() if member is not None}
    for name, member in kept.items():
        if not isinstance(member, str):
            visit.mistyped((*raw, name), "string", member)
    for name, member in kept.items():
        visit.seen[*path, name] = Seen((*raw, name), member)
        if secret_option(name):
            visit.named.append((*path, name))
    return (kept, dict(kept)) if kept else (ABSENT, ABSENT)


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
    if node.pair and _pairs(node, item, key.members[0], value, visit, raw, path, wires, tree):
        return wires or ABSENT, tree or ABSENT
    names = _names(item, key, value, visit, raw)
    if key.then:
        _tell_apart(item, key, value, names, visit, path)
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
            name = numbered(name, tree)
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


def _pairs(
    node: Node,
    item: Node,
    key: str,
    value: Sequence[Json],
    visit: _Visit,
    raw: Path,
    path: Path,
    wires: list[Json],
    tree: dict[str, Json],
) -> bool:
    """Read pairs of two texts under names of their own, as nearly all variables, secrets and tags are.

    Most of a document is made of them. False, and nothing done, where one of them is anything else.
    """  # fmt: skip
    inner = item.members
    if item.tests or not inner[key].literal or not inner[node.pair].literal:
        return False
    if {inner[key].rule.default, inner[node.pair].rule.default} != {ABSENT}:
        return False
    plain: dict[str, str] = {}
    for given in value:
        if type(given) is not dict or len(given) != 2:
            return False
        name, held = given.get(key), given.get(node.pair)
        if type(name) is not str or type(held) is not str or not name or not held or name in plain:
            return False
        plain[name] = held
    seen = visit.seen
    for index, (name, held) in enumerate(plain.items()):
        where, spot = (*raw, index), (*path, name)
        wire: dict[str, Json] = {key: name, node.pair: held}
        if visit.desired:  # where in the file each half stands: of a live pair nobody asks that
            seen[*spot, key] = Seen((*where, key), name)
            seen[*spot, node.pair] = Seen((*where, node.pair), held)
        seen[spot] = Seen(where, wire, node.pair)
        wires.append(wire)
    tree.update(plain)
    return True


def _names(item: Node, key: Key, value: Sequence[Json], visit: _Visit, raw: Path) -> list[str | None]:
    """Name the items of a set; None for those that mean nothing."""
    if not key.members:
        return [_whole_name(item, given, visit) for given in value]
    members = [names.split("|") for names in key.members]
    found: list[str | None] = []
    for index, given in enumerate(value):
        called = identity(item, members, given)
        if called == "" and not says_something(given):
            found.append(None)  # `[{"name": "", "value": ""}]`, as forms leave it behind
            continue
        if called == "" and visit.desired:
            visit.remarks.append(Remark((*raw, index), f"an item without `{members[0][0]}`"))
        found.append(called)
    return found


def _tell_apart(
    item: Node, key: Key, value: Sequence[Json], names: list[str | None], visit: _Visit, path: Path
) -> None:
    """Give items of one name longer names, by what else they are told apart by.

    Where the desired document has the name once, the item that is most like that one keeps it, so that its twins are
    what is too much; where that has twins, a single item is the one of them that it is like.
    """
    there = items_at(visit.like, path)
    for name, times in Counter(names).items():
        if name is None or (times == 1 and (not there or name in there)):
            continue
        more: dict[int, str] = {}
        for index, given in enumerate(value):
            if names[index] == name:
                _, tree = _value(item, given, _Visit(visit.facts, visit.desired, visit.read_only), (), ())
                more[index] = distinction(key, tree)
        if name in there:
            wanted = distinction(key, there[name])
            del more[min(more, key=lambda index: (more[index] != wanted, more[index]))]
        for index, text in more.items():
            longer = f"{name}:{text}"
            if times > 1 or longer in there:
                names[index] = longer


def _whole_name(item: Node, given: Json, visit: _Visit) -> str | None:
    scratch = _Visit(visit.facts, visit.desired, visit.read_only)
    _, tree = _value(item, given, scratch, (), ())
    if tree is ABSENT:
        return None
    return tree if isinstance(tree, str) else json.dumps(tree, sort_keys=True)


def _last(path: Path) -> str:
    return f"`{path[-1]}`" if path else "the list"
