"""RFC 6902: the changes as operations on the document as AWS described it.

Takes the changes and both canonical documents. Gives operations that any library applies to the described body:
edits, then additions, then removals by descending index. Every list item on the way is guarded by a `test` of its
identifying members and every old value by a `test` of the value, so that a patch fails on a document that was
reordered or changed meanwhile instead of corrupting it.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from dataclasses import field
from typing import TypeAlias, cast

from reconciler.core import nodes, pointers
from reconciler.core.canon import Canon
from reconciler.core.diffs import Action, Change
from reconciler.core.kinds.rules import Node
from reconciler.core.values import Json, JsonObject, Path
from reconciler.records import dataclass

Operation: TypeAlias = "dict[str, Json]"


@dataclass(frozen=True, slots=True)
class Patch:
    """Operations, and the addresses of what they leave out because it must not be written down.

    `unguarded` counts old values whose `test` is missing; `withheld` lists changes that have no operation.
    """

    operations: tuple[Operation, ...]
    unguarded: int = 0
    withheld: tuple[str, ...] = ()


def build(
    changes: Sequence[Change],
    desired: Canon,
    live: Canon | None,
    body: JsonObject | None,
    *,
    secret: Callable[[Change], bool] = lambda _change: False,
    unnamed: Callable[[Path], bool] = lambda _path: False,
) -> Patch:
    """Write the changes as a patch of `body`; with nothing live, as one addition of the whole document.

    `secret` tells which changes must not be written down, `unnamed` which canonical places have a secret for a name.
    """
    changes = _lifted(changes, desired, live)
    hidden = {change.path for change in changes if secret(change)}
    withheld = tuple(
        change.address
        for change in changes
        if change.path in hidden
        and (change.action is not Action.REMOVE or _is_told(desired, change, unnamed))
    )
    if live is None or body is None:
        if withheld:
            return Patch((), withheld=withheld)
        return Patch(({"op": "add", "path": "", "value": copy.deepcopy(dict(desired.wire))},))
    writer = _Writer(desired, live, body, body, unnamed)
    removals: list[tuple[Path, Change]] = []
    for change in changes:
        if change.address in withheld:
            continue
        if change.action is Action.REMOVE:
            removals.extend((raw, change) for raw in writer.places(change))
        else:
            writer.put(change)
    for raw, change in sorted(removals, key=lambda removal: _order(removal[0]), reverse=True):
        writer.remove(raw, change, secret=change.path in hidden)
    return Patch((*writer.edits, *writer.additions, *writer.removals), writer.unguarded, withheld)


def apply(body: JsonObject, operations: Sequence[Operation]) -> JsonObject:
    """Apply operations to a document, which stays as it is. jsonpatch.JsonPatchException where a guard fails.

    The result shares with the document the root members that no operation names (a service's events).
    """
    import jsonpatch

    named = {
        "/".join(str(operation[place]).split("/")[:2])
        for operation in operations
        for place in ("path", "from")
        if place in operation
    }
    root = {
        name: copy.deepcopy(member) if pointers.text((name,)) in named else member
        for name, member in body.items()
    }
    # jsonpatch aliases the values that it inserts, hence the second copy.
    patch = jsonpatch.JsonPatch(copy.deepcopy(list(operations)))
    return cast("JsonObject", patch.apply(root, in_place=True))


def _order(path: Path) -> tuple[tuple[int, str], ...]:
    return tuple((key, "") if isinstance(key, int) else (-1, key) for key in path)


@dataclass(slots=True)
class _Writer:
    """Turns changes into operations, keeping in `body` what they make so that each sees the ones before it.

    Guards go by the body as it was: they are tested before anything inside their item changes.
    """

    desired: Canon
    live: Canon
    described: JsonObject
    body: JsonObject
    unnamed: Callable[[Path], bool]
    edits: list[Operation] = field(default_factory=list)
    additions: list[Operation] = field(default_factory=list)
    removals: list[Operation] = field(default_factory=list)
    unguarded: int = 0
    guarded: set[str] = field(default_factory=set)

    def places(self, change: Change) -> Sequence[Path]:
        """Give the places of a live value in the described body, of its item where the item is a pair."""
        seen = self.live.seen[change.path]
        return (seen.raw, *seen.again)

    def put(self, change: Change) -> None:
        wanted = self.desired.seen[change.path]
        seen = self.live.seen.get(change.path)
        if seen is not None and _exists(self.body, seen.raw):
            if seen.pair:
                value = cast("JsonObject", wanted.wire).get(seen.pair, "")
                self.set((*seen.raw, seen.pair), value, change.path)
            else:
                node = nodes.at(self.desired.kind.node, change.path)
                self.set(seen.raw, wanted.wire, change.path, node)
            return
        parent, raw = self.parent(change.path)
        if isinstance(pointers.get(self.body, raw), list):
            self.guard(change.path[:-1])
            self.add((*raw, "-"), wanted.wire)
        elif _is_listed(self.desired, change.path):
            self.guard(parent)
            self.add((*raw, change.path[-2]), [wanted.wire])
        else:
            self.guard(parent)
            self.add((*raw, change.path[-1]), wanted.wire)

    def set(self, raw: Path, value: Json, path: Path, node: Node | None = None) -> None:
        """Write a value where the body holds one, or nothing under an existing parent; `node` is the value's."""
        if not _exists(self.body, raw):
            self.guard(path)
            self.add(raw, value)
            return
        old = pointers.get(self.body, raw)
        if node is not None and node.members and isinstance(old, dict) and isinstance(value, dict):
            for name, member in value.items():
                if not (_exists(self.body, (*raw, name)) and old[name] == member):
                    self.set((*raw, name), member, path, node.members.get(name))
            return
        self.guard(path)
        self.edits.append({"op": "test", "path": pointers.text(raw), "value": copy.deepcopy(old)})
        self.edits.append({"op": "replace", "path": pointers.text(raw), "value": copy.deepcopy(value)})
        self.body = pointers.objects(_with(self.body, raw, value))

    def add(self, raw: Path, value: Json) -> None:
        self.additions.append({"op": "add", "path": pointers.text(raw), "value": copy.deepcopy(value)})
        self.body = pointers.objects(_with(self.body, raw, value))

    def remove(self, raw: Path, change: Change, *, secret: bool) -> None:
        if secret:
            self.guard(change.path, into=self.removals)
            self.unguarded += 1
        else:  # the old value says more than what identifies it: twins have that in common
            self.guard(change.path[:-1], into=self.removals)
            old = copy.deepcopy(pointers.get(self.body, raw))
            self.removals.append({"op": "test", "path": pointers.text(raw), "value": old})
        self.removals.append({"op": "remove", "path": pointers.text(raw)})

    def parent(self, path: Path) -> tuple[Path, Path]:
        """Give the nearest place around a canonical path that the body has: canonical, and in the body."""
        for length in range(len(path) - 1, 0, -1):
            seen = self.live.seen.get(path[:length])
            if seen is not None and _exists(self.body, seen.raw):
                return path[:length], seen.raw
        home = self.live.kind.home(self.body, str(path[0]))
        return (), (*home, *path[:-1]) if _exists(self.body, (*home, *path[:-1])) else home

    def guard(self, path: Path, into: list[Operation] | None = None) -> None:
        """Test the identity of every list item on the way to a canonical path, once each."""
        target = self.edits if into is None else into
        for length in range(1, len(path) + 1):
            seen = self.live.seen.get(path[:length])
            if seen is None or not seen.raw or not isinstance(seen.raw[-1], int):
                continue
            if self.unnamed(path[:length]):
                self.unguarded += 1
                continue
            for name, value in _identity(self.live.kind.node, path[:length], self.described, seen.raw):
                where = pointers.text((*seen.raw, *name))
                if where not in self.guarded:
                    self.guarded.add(where)
                    target.append({"op": "test", "path": where, "value": copy.deepcopy(value)})


def _identity(root: Node, path: Path, body: JsonObject, raw: Path) -> list[tuple[Path, Json]]:
    """Give the identifying members of the item at a canonical path, as the body spells them.

    An item that has none, because the whole value tells it apart, identifies itself.
    """
    node = nodes.at(root, path[:-1])
    item = pointers.get(body, raw)
    if node is None or node.rule.key is None or not node.rule.key.members or not isinstance(item, dict):
        return [((), item)]
    members = {name for names in (*node.rule.key.members, *node.rule.key.then) for name in names.split("|")}
    return [((name,), item[name]) for name in sorted(members & set(item))]


def _lifted(changes: Sequence[Change], desired: Canon, live: Canon | None) -> Sequence[Change]:
    """Put one change in place of those inside a JSON document that one side holds as a text."""
    if live is None:
        return changes
    lifted: dict[Path, Change] = {}
    root = desired.kind.node
    for change in changes:
        around = (change.path[:length] for length in range(1, len(change.path)))
        path = next((path for path in around if _is_document(nodes.at(root, path))), None)
        if path is None or not (_is_text(desired, path) or _is_text(live, path)):
            lifted[change.path] = change
        else:
            before, after = live.seen[path].wire, desired.seen[path].wire
            address = change.address.rpartition('["')[0]
            lifted[path] = Change(path, address, Action.REPLACE, before, after)
    return tuple(lifted.values())


def _is_told(canon: Canon, change: Change, unnamed: Callable[[Path], bool]) -> bool:
    """Tell whether an operation's own path would tell a name that is a secret: an entry's in a free-form map."""
    return any(
        unnamed(change.path[:length]) and not _is_listed(canon, change.path[:length])
        for length in range(1, len(change.path) + 1)
    )


def _is_document(node: Node | None) -> bool:
    """Tell whether a node is a JSON document of the user's own."""
    return node is not None and node.shape.kind == "structure" and not node.members


def _is_text(canon: Canon, path: Path) -> bool:
    """Tell whether a JSON document was written as a text: what it holds has no places of its own."""
    seen = canon.seen.get(path)
    inside = seen.wire if seen is not None and isinstance(seen.wire, dict) else {}
    return any((*path, name) not in canon.seen for name in inside)


def _is_listed(canon: Canon, path: Path) -> bool:
    """Tell whether the item at a canonical place has an index in the body, and no name."""
    node = nodes.at(canon.kind.node, path[:-1])
    return node is not None and node.item is not None


def _exists(body: Json, path: Path) -> bool:
    try:
        pointers.get(body, path)
    except KeyError:
        return False
    return True


def _with(document: Json, path: Path, value: Json) -> Json:
    """Give a document with a value written at a path, sharing with the old one all that stands beside the path."""
    if not path:
        return value
    key, below = path[0], path[1:]
    if isinstance(document, list | tuple):
        if key == "-":
            return [*document, value]
        index = int(key)
        return [*document[:index], _with(document[index], below, value), *document[index + 1 :]]
    members = pointers.objects(document)
    return {**members, str(key): _with(members[str(key)] if below else None, below, value)}
