"""From a described body to a definition file: what `init` writes for something that runs already.

Takes what AWS describes and a kind. Gives the body as a user would have written it: list-shaped, without what AWS
alone says, without what holds anyway, and without what the project file or the plan says (cluster, service and
revision, as with the peer). Never looks at files, and never decides what compares equal: that is `canon`'s.
"""

from __future__ import annotations

from typing import Final

from reconciler.core.canon import Canon, canon
from reconciler.core.kinds import Kind, spellings
from reconciler.core.kinds.rules import Node
from reconciler.core.values import Json, JsonObject, Path

SAID_ELSEWHERE: Final = frozenset({"cluster", "serviceName", "taskDefinition"})
"""Members of a creation that a definition file leaves to the project file, and to the plan."""

_REBALANCING: Final = "availabilityZoneRebalancing"
# What AWS chooses where the file leaves the choice to it, and shows from then on.
_CHOSEN: Final[JsonObject] = {"platformVersion": "LATEST", _REBALANCING: "ENABLED"}


def definition(kind: Kind, body: JsonObject, *, ordered: bool = True) -> JsonObject:
    """Give the definition of a described service or task definition (as `engine.ports.Snapshot` holds them).

    Defaults and tags that only AWS can set go. Members stand in the order of the API model; lists whose order means
    nothing are in the order of their keys, or as AWS shows them if not `ordered`.
    """
    found = canon(kind, body, desired=False)
    # DAEMON services cannot have it, so that nothing is said there.
    daemon = found.tree.get("schedulingStrategy") == "DAEMON"
    kept = {
        name: value
        for name, value in found.tree.items()
        if name not in SAID_ELSEWHERE and _CHOSEN.get(name) != value and not (daemon and name == _REBALANCING)
    }
    tags = kept.get("tags")
    if isinstance(tags, dict):
        kept["tags"] = {key: value for key, value in tags.items() if not spellings.reserved(key)}
    return _Writing(found, ordered).structure(kind.node, kept, ())


class _Writing:
    """A canonical tree becoming list-shaped again."""

    def __init__(self, found: Canon, ordered: bool) -> None:
        self._seen = found.seen
        self._ordered = ordered

    def structure(self, node: Node, tree: JsonObject, path: Path) -> dict[str, Json]:
        """Write an object: what the API requires of it stays, also where it says what holds anyway."""
        written: dict[str, Json] = {}
        for name, member in node.members.items():
            place = (*path, name)
            if name in tree:
                value = self._value(member, tree[name], place)
                if value not in ([], {}) or member.rule.presence:
                    written[name] = value
            elif path and name in node.shape.required and place in self._seen:
                written[name] = self._seen[place].wire
        return written

    def _value(self, node: Node, tree: Json, path: Path) -> Json:
        item = node.item
        if isinstance(tree, list | tuple):
            return [
                self._value(item, member, (*path, i)) if item is not None else member
                for i, member in enumerate(tree)
            ]
        if not isinstance(tree, dict) or node.free_form:
            return tree
        if item is None:
            return self.structure(node, tree, path) if node.members else tree
        names = sorted(tree) if self._ordered else sorted(tree, key=lambda name: self._index((*path, name)))
        if node.pair and node.rule.key is not None:
            key = node.rule.key.members[0]
            return [{key: name, node.pair: tree[name]} for name in names]
        return [self._value(item, tree[name], (*path, name)) for name in names]

    def _index(self, path: Path) -> int:
        """Give the position at which AWS shows an item of a set."""
        position = self._seen[path].raw[-1]
        return position if isinstance(position, int) else 0
