"""Maps where the API has lists of pairs: `environment = { A = "1" }` for `[{ name = "A", value = "1" }]`.

Which members these are is read off the API's model: lists of structures of two texts, the first of which names the
item.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Mapping
from typing import Final, NamedTuple

from reconciler.core.shapes import Shape, Shapes

OPERATIONS: Final = ("RegisterTaskDefinition", "CreateService", "UpdateService")
"""The operations whose input a definition is."""


class Pair(NamedTuple):
    """The members of an item, as the API names them: `name` and `value`, `key` and `value`, `name` and `valueFrom`."""

    key: str
    value: str


@functools.cache
def of(shapes: Callable[[], Shapes]) -> Mapping[str, Pair]:
    """Give the members of definitions that are lists of pairs, by name; a name that means two things is none."""
    found: dict[str, set[Pair | None]] = {}
    for operation in OPERATIONS:
        for name, shape in _members(shapes().input(operation), ()):
            found.setdefault(name, set()).add(_pair(shape))
    one = {name: next(iter(meanings)) for name, meanings in found.items() if len(meanings) == 1}
    return {name: pair for name, pair in one.items() if pair is not None}


def _pair(shape: Shape) -> Pair | None:
    """Give the two members of a list's items, in the model's order, which says what comes first to AWS."""
    members = shape.item.members if shape.kind == "list" and shape.item is not None else {}
    if len(members) != 2 or any(each.kind != "string" or each.enum for each in members.values()):
        return None
    return Pair(*members)


def _members(shape: Shape, above: tuple[str, ...]) -> Iterator[tuple[str, Shape]]:
    if shape.name in above:
        return
    for name, member in shape.members.items():
        yield name, member
        yield from _members(member, (*above, shape.name))
    if shape.item is not None:
        yield from _members(shape.item, (*above, shape.name))
