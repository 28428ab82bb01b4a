"""What the user leaves to others: `ignore:` in the project file.

A pattern is a JSON pointer into the canonical form, whose sets have their keys for segments, and `*` for any:
``/containerDefinitions/*/environment/BUILD_ID``. Where it points the live value counts as the desired one: it is no
difference, and a revision that is registered for another reason carries it along; what is not live stays so. Of a new
service, and of an item (a container) that is not live yet, the file's value is sent.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Final

from reconciler.core import canon as canons
from reconciler.core import findings, nodes
from reconciler.core.documents import Resolved
from reconciler.core.kinds import Kind
from reconciler.core.kinds.rules import ABSENT, Maybe, Node
from reconciler.core.values import Json, JsonObject, Path
from reconciler.engine import composing
from reconciler.engine.composing import Desired

ANY: Final = "*"
_IDENTITIES: Final = frozenset({"family", "serviceName", "cluster", "taskDefinition"})
"""Members that say what is compared with what."""


def parse(pointer: str, kinds: Sequence[Kind]) -> Path:
    """Read a pattern of what is left to others, as `place`. ValueError says what is wrong with it."""
    found = place(pointer, kinds)
    if len(found) == 1 and found[0] in _IDENTITIES:
        raise ValueError(f"{pointer!r}: that says what is compared with what, and cannot be left to others")
    return found


def place(pointer: str, kinds: Sequence[Kind]) -> Path:
    """Read a pattern into a document of one of these kinds, and give it as the API spells its members.

    ValueError says what is wrong with it.
    """
    if not pointer.startswith("/"):
        raise ValueError(f"{pointer!r} is no JSON pointer: it begins with no `/`")
    segments = path(pointer)
    homes = [kind for kind in kinds if kind.node.member(segments[0])]
    if not homes:
        members = {name for kind in kinds for name in kind.node.members}
        raise ValueError(f"{pointer!r}: {_unknown(segments[0], sorted(members))}")
    faults: list[str] = []
    for kind in homes:
        try:
            return _spelled(kind.node, segments)
        except ValueError as error:
            faults.append(str(error))
    raise ValueError(f"{pointer!r}: {faults[0]}")


def path(pointer: str) -> tuple[str, ...]:
    """Read a JSON pointer whose segments are names (RFC 6901)."""
    return tuple(part.replace("~1", "/").replace("~0", "~") for part in pointer[1:].split("/"))


def _spelled(node: Node, path: tuple[str, ...]) -> Path:
    """Give a pattern as the API spells it: keys of items and of maps are the user's, and stay as they are."""
    found: list[str] = []
    for index, segment in enumerate(path):
        last = index == len(path) - 1
        if node.item is not None:
            if node.rule.key is None and last:
                whole = "/".join(("", *found))
                raise ValueError(
                    f"items of an ordered list have no names: leave all of it to others, {whole}"
                )
            if node.pair and not last:  # a pair is its key and its value, and nothing below
                raise ValueError(f"nothing stands below {segment!r}")
            node = node.item
        elif node.members:
            if segment == ANY:
                if not last:
                    raise ValueError("`*` stands for items of a list, not for members")
                return (*found, segment)
            name = node.member(segment)
            if name is None:
                raise ValueError(_unknown(segment, sorted(node.members)))
            found.append(name)
            node = node.members[name]
            continue
        elif node.shape.kind in ("map", "structure"):
            return (*found, *path[index:])  # free-form: any key may be there
        else:
            raise ValueError(f"nothing stands below {path[index - 1]!r}")
        found.append(segment)
    return tuple(found)


def _unknown(name: str, known: Sequence[str]) -> str:
    near = difflib.get_close_matches(name, known, 1, 0.6)
    return f"ECS knows no member `{name}`" + (f"; the nearest name is `{near[0]}`" if near else "")


def adopt(
    desired: Desired, live: JsonObject | None, patterns: Sequence[Path], idle: set[Path] | None = None
) -> Desired:
    """Give the definition with the live values where a pattern points. `live` is a body as AWS describes it.

    From `idle` the patterns are taken away that point at something, or may once there is something live.
    """
    kind = desired.canon.kind
    wanted = [kind.node.member(str(pattern[0])) for pattern in patterns]
    patterns = [
        pattern
        for pattern, name in zip(patterns, wanted, strict=True)
        if name is not None and (desired.members is None or name in desired.members)
    ]
    if live is None or not patterns:
        if idle is not None:
            idle.difference_update(patterns)
        return desired
    there = canons.canon(kind, live, desired=False, like=desired.canon)
    found = {pattern: list(_matches(kind, desired.canon.tree, there.tree, pattern)) for pattern in patterns}
    if idle is not None:
        idle.difference_update(pattern for pattern, places in found.items() if places)
    for path in sorted({path for places in found.values() for path in places}, key=repr):
        desired = take_over(desired, there, path)
    return desired


def take_over(desired: Desired, there: canons.Canon, path: Path) -> Desired:
    """Give the definition with the value that is live at a canonical place."""
    edit = _edit(desired, there, path)
    if edit is None:
        return desired
    raw, value, appends = edit
    document = _put(desired.document, raw, value, appends=appends)
    if not appends:
        desired = replace(desired, resolved=_without_origins(desired.resolved, raw))
    desired = composing.changed(desired, document)
    desired = replace(desired, resolved=replace(desired.resolved, data=document))
    return _concealed(desired, path)


def _concealed(desired: Desired, path: Path) -> Desired:
    """Mark an adopted value whose name says that it is secret: it stands in no file of the user's."""
    secret = [
        (*seen.raw, seen.pair) if seen.pair else seen.raw
        for place, seen in desired.canon.seen.items()
        if place[: len(path)] == path and findings.named_secret(desired.canon.kind.node, place)
    ]
    if not secret:
        return desired
    marked = desired.resolved.sensitive | frozenset(secret)
    return replace(desired, resolved=replace(desired.resolved, sensitive=marked))


def drop(kind: Kind, tree: Json, patterns: Sequence[Path]) -> Json:
    """Give a canonical document without what the patterns point at."""
    for pattern in patterns:
        if isinstance(tree, dict) and kind.node.member(str(pattern[0])):
            for path in list(_matches(kind, tree, tree, pattern)):
                tree = _cut(tree, path)
    return tree


def _cut(tree: Json, path: Path) -> Json:
    if isinstance(tree, list | tuple):  # an ordered list keeps its indices
        return [_cut(item, path[1:]) if i == path[0] and path[1:] else item for i, item in enumerate(tree)]
    if not isinstance(tree, dict) or path[0] not in tree:
        return tree
    name = str(path[0])
    kept = {key: value for key, value in tree.items() if key != name}
    return kept if len(path) == 1 else kept | {name: _cut(tree[name], path[1:])}


def _matches(kind: Kind, left: Json, right: Json, pattern: Path) -> Iterator[Path]:
    """Give the canonical places in either of two documents that a pattern points at."""
    yield from _below(kind.node, left, right, pattern, ())


def _below(node: Node | None, left: Maybe, right: Maybe, pattern: Path, path: Path) -> Iterator[Path]:
    if not pattern:
        yield path
        return
    keys: dict[str | int, None] = {}
    for side in (left, right):
        if isinstance(side, dict):
            keys.update(dict.fromkeys(side))
        elif isinstance(side, list | tuple):
            keys.update(dict.fromkeys(range(len(side))))
    segment = str(pattern[0])
    if node is not None and node.members:
        segment = node.member(segment) or segment
    for key in keys:
        if segment in (ANY, str(key)):
            inner = nodes.at(node, (key,))
            yield from _below(inner, _at(left, key), _at(right, key), pattern[1:], (*path, key))


def _at(value: Maybe, key: str | int) -> Maybe:
    found: Maybe = ABSENT
    if isinstance(value, dict):
        found = value.get(str(key), ABSENT)
    elif isinstance(value, list | tuple) and isinstance(key, int) and key < len(value):
        found = value[key]
    return found


def _edit(desired: Desired, live: canons.Canon, path: Path) -> tuple[Path, Json, bool] | None:
    """Say what to write into the file's document: (place there, value, whether it is appended to a list there)."""
    node, canon = desired.canon.kind.node, desired.canon
    if any(_is_item(node, path[:n]) and path[:n] not in live.seen for n in range(1, len(path))):
        return None  # the item that holds it is not live yet
    here, there = canon.seen.get(path), live.seen.get(path)
    if here is not None:  # null where nothing is live: it counts as absent, and moves no other item
        return here.raw, there.wire if there is not None else None, False
    if there is None:
        return None
    value = there.wire
    for length in range(len(path) - 1, -1, -1):
        parent = nodes.at(node, path[:length])
        key = path[length]
        seen = canon.seen.get(path[:length])
        is_list = parent is not None and parent.item is not None
        if length == 0:
            return (*canon.kind.unwrap(desired.document)[1], key), value, False
        if seen is not None:
            return (seen.raw, value, True) if is_list else ((*seen.raw, key), value, False)
        if not is_list and _is_item(node, path[:length]):
            return None  # the item itself is not in the file: it goes, and this with it
        value = [value] if is_list else {str(key): value}
    return None


def _is_item(node: Node, path: Path) -> bool:
    above = nodes.at(node, path[:-1])
    return above is not None and above.item is not None


def _put(document: Json, path: Path, value: Json, *, appends: bool) -> Json:
    """Give a document with a value at a place, or appended to the list there."""
    if not path:
        return [*document, value] if appends and isinstance(document, list | tuple) else value
    key, rest = path[0], path[1:]
    if isinstance(document, list | tuple):
        return [
            _put(item, rest, value, appends=appends) if index == key else item
            for index, item in enumerate(document)
        ]
    members = dict(document) if isinstance(document, dict) else {}
    members[str(key)] = _put(members.get(str(key)), rest, value, appends=appends)
    return members


def _without_origins(resolved: Resolved, place: Path) -> Resolved:
    """Forget where a value came from that is no longer the file's."""

    def kept(path: Path) -> bool:
        return path[: len(place)] != place

    return replace(
        resolved,
        origins={path: found for path, found in resolved.origins.items() if kept(path)},
        printed={path: found for path, found in resolved.printed.items() if kept(path)},
    )
