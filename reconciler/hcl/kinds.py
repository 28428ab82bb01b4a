"""Types of values, as `variable` blocks and the parameters of functions declare them; and the type several share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import field
from typing import TypeAlias

from reconciler.hcl.values import Marked, Set, Unknown, Value
from reconciler.records import dataclass

Kind: TypeAlias = "Anything | Primitive | ListOf | SetOf | MapOf | TupleOf | ObjectOf"
"""A type. `str()` of it writes it as HCL does."""


@dataclass(frozen=True, slots=True)
class Anything:
    """`any`: of a value, null's type or one that is not known; of a constraint, whatever comes."""

    def __str__(self) -> str:
        """Write it as HCL does."""
        return "any"


@dataclass(frozen=True, slots=True)
class Primitive:
    """`string`, `number` or `bool`."""

    name: str

    def __str__(self) -> str:
        """Write it as HCL does."""
        return self.name


@dataclass(frozen=True, slots=True)
class ListOf:
    """A list, whose elements all have one type."""

    element: Kind

    def __str__(self) -> str:
        """Write it as HCL does."""
        return f"list({self.element})"


@dataclass(frozen=True, slots=True)
class SetOf:
    """A set, whose elements all have one type."""

    element: Kind

    def __str__(self) -> str:
        """Write it as HCL does."""
        return f"set({self.element})"


@dataclass(frozen=True, slots=True)
class MapOf:
    """A map, whose elements all have one type."""

    element: Kind

    def __str__(self) -> str:
        """Write it as HCL does."""
        return f"map({self.element})"


@dataclass(frozen=True, slots=True)
class TupleOf:
    """A sequence of a fixed length, each item of its own type."""

    items: tuple[Kind, ...]

    def __str__(self) -> str:
        """Write it as HCL does."""
        return f"tuple([{', '.join(map(str, self.items))}])"


@dataclass(frozen=True, slots=True)
class ObjectOf:
    """Attributes of given names, each of its own type. `optional` holds the defaults of those that may be missing."""

    attributes: Mapping[str, Kind]
    optional: Mapping[str, Value] = field(default_factory=dict)

    def __str__(self) -> str:
        """Write it as HCL does, without the defaults."""
        return f"object({{{', '.join(f'{name}={kind}' for name, kind in sorted(self.attributes.items()))}}})"


ANY = Anything()
STRING = Primitive("string")
NUMBER = Primitive("number")
BOOL = Primitive("bool")


def of(value: Value) -> Kind:
    """Give the type that a value shows: a sequence is a tuple, a mapping is an object; null and unknown are any."""
    return shaped(value, ANY)


def shaped(value: Value, constraint: Kind) -> Kind:
    """Give the type of a value that has been converted to a constraint: lists and maps where that says so."""
    match value:
        case None | Unknown():
            return ANY
        case Marked():
            return shaped(value.value, constraint)
        case bool():
            return BOOL
        case str():
            return STRING
        case tuple():
            if isinstance(constraint, ListOf):
                return ListOf(unify([shaped(item, constraint.element) for item in value]) or ANY)
            inner = constraint.items if isinstance(constraint, TupleOf) else (ANY,) * len(value)
            return TupleOf(tuple(shaped(item, kind) for item, kind in zip(value, inner, strict=True)))
        case Set():
            element = constraint.element if isinstance(constraint, SetOf) else ANY
            return SetOf(unify([shaped(member, element) for member in value]) or ANY)
        case Mapping():
            if isinstance(constraint, MapOf):
                return MapOf(unify([shaped(member, constraint.element) for member in value.values()]) or ANY)
            named = constraint.attributes if isinstance(constraint, ObjectOf) else {}
            return ObjectOf({key: shaped(member, named.get(key, ANY)) for key, member in value.items()})
        case _:
            return NUMBER


def unify(given: Sequence[Kind]) -> Kind | None:
    """Give the type that values of all given types convert to; None where there is none.

    The rules are go-cty's: a number or a bool beside a string becomes a string; tuples of one length and objects with
    the same attributes unify one by one, others as lists and maps; a bool and a number have nothing in common.
    """
    unique = list({str(kind): kind for kind in given if kind != ANY}.values())
    if len(unique) < 2:
        return unique[0] if unique else ANY
    if all(isinstance(kind, Primitive) for kind in unique):
        return STRING if STRING in unique else None
    return _sequences(unique) or _mappings(unique)


def _sequences(given: Sequence[Kind]) -> Kind | None:
    tuples = [kind for kind in given if isinstance(kind, TupleOf)]
    if len(tuples) == len(given) and len({len(kind.items) for kind in tuples}) == 1:
        columns = [unify(column) for column in zip(*(kind.items for kind in tuples), strict=True)]
        items = tuple(kind for kind in columns if kind is not None)
        if len(items) == len(columns):
            return TupleOf(items)
    elements: list[Kind] = []
    for kind in given:
        match kind:
            case TupleOf():
                elements += kind.items
            case ListOf() | SetOf():
                elements.append(kind.element)
            case _:
                return None
    element = unify(elements)
    if element is None:
        return None
    return SetOf(element) if isinstance(given[0], SetOf) else ListOf(element)


def _mappings(given: Sequence[Kind]) -> Kind | None:
    objects = [kind for kind in given if isinstance(kind, ObjectOf)]
    if len(objects) == len(given) and len({frozenset(kind.attributes) for kind in objects}) == 1:
        rows = {name: unify([kind.attributes[name] for kind in objects]) for name in objects[0].attributes}
        attributes = {name: kind for name, kind in rows.items() if kind is not None}
        if len(attributes) == len(rows):
            return ObjectOf(attributes)
    elements: list[Kind] = []
    for kind in given:
        match kind:
            case ObjectOf():
                elements += kind.attributes.values()
            case MapOf():
                elements.append(kind.element)
            case _:
                return None
    element = unify(elements)
    return None if element is None else MapOf(element)
