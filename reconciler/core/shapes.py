"""Member names and types of API bodies: the port through which the core sees AWS's API model.

`aws.shapes` builds these from botocore's model, so that nothing here ages when AWS adds a member.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import field
from typing import Literal, Protocol, TypeAlias

from reconciler.core.values import Json
from reconciler.records import dataclass

Kind: TypeAlias = Literal[
    "structure", "list", "map", "string", "integer", "float", "boolean", "timestamp", "blob"
]


@dataclass(frozen=True, slots=True)
class Shape:
    """A type of the API: a structure's members, a list's or map's items, a string's allowed words."""

    kind: Kind
    name: str = ""
    members: Mapping[str, Shape] = field(default_factory=dict)
    item: Shape | None = None
    enum: frozenset[str] = frozenset()
    required: frozenset[str] = frozenset()


class Shapes(Protocol):
    """Gives the shapes of the ECS API."""

    def input(self, operation: str, /) -> Shape:
        """Give the input structure of an operation (``RegisterTaskDefinition``)."""
        ...

    def named(self, name: str, /) -> Shape:
        """Give a structure by its name in the API model (``Service``, ``TaskDefinition``, ``Deployment``)."""
        ...


def names(shape: Shape) -> Iterator[str]:
    """Give the names of a shape's members, at any depth."""
    for name, member in shape.members.items():
        yield name
        yield from names(member)
    if shape.item is not None:
        yield from names(shape.item)


def missing(shape: Shape, body: Json) -> list[str]:
    """Give the members that the API requires and a body lacks, as people write them."""
    found: list[str] = []
    _missing(shape, body, "", found)
    return found


def _missing(shape: Shape, body: Json, place: str, found: list[str]) -> None:
    if isinstance(body, dict) and shape.members:
        dot = f"{place}." if place else ""
        if not shape.required <= body.keys():
            found += (f"{dot}{name}" for name in sorted(shape.required) if name not in body)
        for key, member in body.items():
            inner = shape.members.get(key)
            if inner is not None and (inner.members or inner.item is not None):
                _missing(inner, member, f"{dot}{key}", found)
    elif (
        isinstance(body, list | tuple) and shape.item is not None and shape.item.kind in ("structure", "list")
    ):
        for index, member in enumerate(body):
            _missing(shape.item, member, f"{place}[{index}]", found)


def spelled(shape: Shape, body: Json) -> tuple[Json, list[str]]:
    """Give a body with its members spelled as the API does, whatever their case, and the names of no member."""
    unknown: list[str] = []
    return _spelled(shape, body, unknown), unknown


def _spelled(shape: Shape, body: Json, unknown: list[str]) -> Json:
    if isinstance(body, dict) and shape.members:
        folded = {name.lower(): name for name in shape.members}
        unknown += [name for name in body if name.lower() not in folded]
        known = {folded[name.lower()]: value for name, value in body.items() if name.lower() in folded}
        return {name: _spelled(shape.members[name], value, unknown) for name, value in known.items()}
    if isinstance(body, list | tuple) and shape.item is not None:
        return [_spelled(shape.item, item, unknown) for item in body]
    return body
