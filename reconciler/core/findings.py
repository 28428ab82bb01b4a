"""Changes as a plan shows them: masked, and each with the references that gave it its value."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from typing import Final

from reconciler.core import nodes, pointers
from reconciler.core.canon import Canon
from reconciler.core.diffs import Action, Change, address_of
from reconciler.core.documents import Resolved
from reconciler.core.kinds.rules import ABSENT, Maybe, Node
from reconciler.core.plans import Finding, Reason
from reconciler.core.redaction import (
    MASK,
    Masker,
    numbered,
    secret_member,
    secret_name,
    secret_option,
    unnumbered,
)
from reconciler.core.values import Json, JsonObject, Origin, Path
from reconciler.records import dataclass

# Said of a change whose masked parts differ: what is shown of them is alike.
DIFFERS: Final = "a masked part differs"


@dataclass(frozen=True)
class Provenance:
    """Answers, for canonical places, where values come from and whether they may be shown."""

    resolved: Resolved
    canon: Canon

    def raw(self, path: Path) -> Path | None:
        """Give the place in the evaluated file of the value at a canonical place."""
        seen = self.canon.seen.get(path)
        if seen is None:
            return None
        return (*seen.raw, seen.pair) if seen.pair else seen.raw

    def sensitive(self, path: Path) -> bool:
        """Tell whether a value must not be shown: by provenance, or as a variable whose name says so.

        What a live twin holds (`API_KEY#2`) may be what the file's value was.
        """
        if _is_variable(path):
            return True
        if not self.marked:
            return False
        twin = unnumbered(path)
        return not self.marked.isdisjoint(_around(path)) or (
            twin != path and not self.marked.isdisjoint(_around(twin))
        )

    def holds_secret(self, path: Path) -> bool:
        """Tell whether anything at or below a canonical place must not be shown."""
        return self.sensitive(path) or any(inner[: len(path)] == path for inner in self.marked)

    @cached_property
    def marked(self) -> frozenset[Path]:
        """The places in the document that must not be shown: few, and asked for at every leaf of every change."""
        by_name = [
            path
            for path in self.canon.seen
            if len(path) >= 2 and path[-2] == "environment" and secret_name(str(path[-1]))
        ]
        places = self.canon.seen if self.resolved.sensitive else ()
        by_origin = (
            path for path in places if (raw := self.raw(path)) is not None and self.resolved.is_sensitive(raw)
        )
        return frozenset((*by_origin, *by_name, *self.canon.named))

    def is_unnamed(self, path: Path) -> bool:
        """Tell whether what an item of a set is called by must not be shown: its name is made of that."""
        if not self.marked:
            return False
        above = nodes.at(self.canon.kind.node, path[:-1])
        if above is None or above.rule.key is None:
            return False
        key = above.rule.key
        members = (name for names in (*key.members, *key.then) for name in names.split("|"))
        return any((*path, name) in self.marked for name in members) or (
            not key.members and self.holds_secret(path)
        )

    def reasons(self, path: Path, places: Mapping[Path, Path]) -> tuple[Reason, ...]:
        """Give the references behind a value and its parts; `places` says where a part stands in what is shown."""
        found: set[tuple[str, Origin]] = set()
        if (base := self.raw(path)) is not None:
            found.update(("", origin) for origin in self.resolved.origins_of(base))
        for inner, place in places.items():
            if inner and (raw := self.raw((*path, *inner))) is not None:
                found.update((pointers.text(place), origin) for origin in self.resolved.origins.get(raw, ()))
        return tuple(
            Reason(pointer=pointer, address=origin.address, source=origin.source)
            for pointer, origin in sorted(found)
        )


def _around(path: Path) -> Iterator[Path]:
    """Give a place and those that it stands in."""
    return (path[:length] for length in range(len(path), 0, -1))


def named_secret(root: Node, path: Path) -> bool:
    """Tell whether a canonical place holds a secret by its name.

    So do variables, options and labels of such a name, and in a JSON document the texts below one.
    """
    return _is_variable(path) or _in_free_form(root, path)


def _is_variable(path: Path) -> bool:
    return len(path) >= 2 and path[-2] == "environment" and secret_name(str(path[-1]))


def _in_free_form(root: Node, path: Path) -> bool:
    if not any(secret_member(key) for key in path if type(key) is str):  # nearly always, and soon told
        return False
    node: Node | None = root
    for length, key in enumerate(path):
        if node is None or node.pair:
            return False
        if node.free_form:
            named = secret_option if node.shape.kind == "map" else secret_member
            return any(named(inner) for inner in path[length:] if isinstance(inner, str))
        node = nodes.at(node, (key,))
    return False


def findings(
    changes: Iterable[Change], origin: Provenance, masker: Masker, live: Canon | None = None
) -> tuple[Finding, ...]:
    """Turn changes into what a plan shows.

    With the live document a default that AWS shows is what a value is changed from; the canonical form, which has no
    defaults, says that it is added.
    """
    return tuple(_finding(_with_defaults(change, origin.canon, live), origin, masker) for change in changes)


def _with_defaults(change: Change, desired: Canon, live: Canon | None) -> Change:
    """Name the default that one side says, and that its canonical form therefore has not."""
    if change.action is Action.ADD and live is not None:
        shown = _said(change.after, live, change.path)
        return change if shown is ABSENT else replace(change, action=Action.REPLACE, before=shown)
    if change.action is Action.REMOVE:
        shown = _said(change.before, desired, change.path)
        return change if shown is ABSENT else replace(change, action=Action.REPLACE, after=shown)
    return change


def _said(other: Maybe, canon: Canon, path: Path) -> Maybe:
    seen = canon.seen.get(path)
    scalar = not isinstance(other, dict | list | tuple)
    return seen.wire if scalar and seen is not None and seen.wire is not None and not seen.pair else ABSENT


def _finding(change: Change, origin: Provenance, masker: Masker) -> Finding:
    node = nodes.at(origin.canon.kind.node, change.path)
    places: dict[Path, Path] = {}
    new: list[Json] = []
    after = None
    if change.after is not ABSENT:
        after = nodes.listed(node, mask(change.after, change.path, origin, _telling(masker, new)), places)
    old: list[Json] = []
    before = None
    if change.before is not ABSENT:
        before = nodes.listed(node, mask(change.before, change.path, origin, _telling(masker, old)))
    place = shown(change.path, origin, masker)
    return Finding(
        address=address_of(origin.canon.kind.node, place),
        pointer=pointers.text(place),
        action=change.action,
        before=before,
        after=after,
        has_before=change.before is not ABSENT,
        has_after=change.after is not ABSENT,
        sensitive=_masked(before) or _masked(after),
        note=DIFFERS if old and new and old != new and after != MASK else _back_to(change, origin),
        reasons=() if change.after is ABSENT else origin.reasons(change.path, places),
    )


def _telling(masker: Masker, hidden: list[Json]) -> Masker:
    """Give a masker that keeps what it hides, so that two values that are shown alike can be told apart."""

    def hide(value: Json) -> str:
        hidden.append(value)
        return MASK

    return replace(masker, hide=hide)


def _back_to(change: Change, origin: Provenance) -> str:
    """Say what a member that the file no longer mentions is again, where ECS has a default for it."""
    node = nodes.at(origin.canon.kind.node, change.path)
    if change.after is not ABSENT or node is None:
        return ""
    usual = node.rule.usual(origin.canon.facts)
    return "" if usual is ABSENT else f"the default is {json.dumps(usual)}"


def address(path: Path, origin: Provenance, masker: Masker) -> str:
    """Write a canonical place as people do (see `diffs.Change`), with marks for names that must not be shown."""
    return address_of(origin.canon.kind.node, shown(path, origin, masker))


def shown(path: Path, origin: Provenance, masker: Masker) -> Path:
    """Give a canonical place with marks for names of items and entries that must not be shown.

    What the file itself calls an item in clear stays, whatever secret has the same text.
    """
    if masker.open or not (origin.marked or masker.secrets):
        return path
    named: list[str | int] = []
    node: Node | None = origin.canon.kind.node
    for length, key in enumerate(path, start=1):
        named.append(_name(node, path[:length], origin, masker))
        node = nodes.at(node, (key,))
    return tuple(named)


def _name(above: Node | None, path: Path, origin: Provenance, masker: Masker) -> str | int:
    key = path[-1]
    if isinstance(key, int) or (above is not None and above.members):
        return key
    if origin.is_unnamed(path):
        return masker.hide(key)
    called = masker.text(key)
    in_set = above is not None and above.item is not None  # of an entry's name no origin is known
    return key if called != key and in_set and path in origin.canon.seen else called


def mask(value: Json, path: Path, origin: Provenance, masker: Masker) -> Json:
    """Mask what is sensitive in a canonical value at a canonical place, names of items among it."""
    if masker.open:
        return value
    named = bool(origin.marked or masker.secrets)
    root = origin.canon.kind.node
    node = nodes.at(root, path)
    if node is None and _in_free_form(root, path):
        return masker.texts(value)
    return _Masking(origin, masker, named).value(value, path, node)


@dataclass(frozen=True, slots=True)
class _Masking:
    """One walk over a value. Only where anything is secret can a name be: `named`."""

    origin: Provenance
    masker: Masker
    named: bool

    def value(self, value: Json, path: Path, node: Node | None) -> Json:
        if self.origin.sensitive(path):
            return self.masker.value(value, sensitive=True)
        if isinstance(value, str):
            return self.masker.leaf(value)
        if isinstance(value, dict):
            return self.members(value, path, node)
        if isinstance(value, list | tuple):
            inner = node.item if node is not None else None
            return [self.value(member, (*path, index), inner) for index, member in enumerate(value)]
        return value

    def members(self, value: JsonObject, path: Path, node: Node | None) -> Json:
        masked: dict[str, Json] = {}
        if node is not None and node.pair and not self.origin.marked:
            return self.pairs(value, path)
        free_form = node is None or node.free_form
        says = secret_option if node is not None and node.shape.kind == "map" else secret_member
        for name, member in value.items():
            there = (*path, name)
            called = str(_name(node, there, self.origin, self.masker)) if self.named else name
            if called != name:
                called = numbered(called, {**value, **masked})
            if free_form and says(name):
                masked[called] = self.masker.texts(member)
            else:
                masked[called] = self.value(member, there, nodes.at(node, (name,)))
        return masked

    def pairs(self, value: JsonObject, path: Path) -> Json:
        """Mask pairs of a document none of whose values is secret: names that are not the file's, and texts."""
        masked: dict[str, Json] = {}
        variables = path[-1] == "environment"
        for name, member in value.items():
            called = self.masker.text(name) if self.named else name
            if called != name:
                clear = (*path, name) in self.origin.canon.seen
                called = name if clear else numbered(called, {**value, **masked})
            secret = variables and secret_name(name)
            masked[called] = self.masker.value(member, sensitive=secret)
        return masked


def _masked(value: Json) -> bool:
    if isinstance(value, dict):
        return any(MASK in name or _masked(member) for name, member in value.items())
    if isinstance(value, list | tuple):
        return any(_masked(member) for member in value)
    return isinstance(value, str) and MASK in value


def secret_leaves(origin: Provenance) -> Sequence[tuple[Path, Path]]:
    """Give (canonical place, place in the file) of every leaf that a plan must hold by reference.

    These are the leaves that are sensitive by provenance, and those under a secret name that a reference fills.
    A literal in the file is the file's own, and stands in the repository already.
    """
    found: dict[Path, Path] = {}  # by the place in the file, which a pair and its value share
    for path in origin.canon.seen if origin.marked else ():
        if path not in origin.marked or (raw := origin.raw(path)) is None or raw in found:
            continue
        if origin.resolved.is_sensitive(raw) or (
            named_secret(origin.canon.kind.node, path) and origin.resolved.origins_of(raw)
        ):
            value = _leaf(origin.resolved, raw)
            if value is not ABSENT:
                found[raw] = path
    return [(path, raw) for raw, path in found.items()]


def _leaf(resolved: Resolved, raw: Path) -> object:
    try:
        value = pointers.get(resolved.data, raw)
    except KeyError:
        return ABSENT
    return ABSENT if value is None or isinstance(value, dict | list | tuple) else value
