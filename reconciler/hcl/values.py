"""The values of HCL expressions: what they are, what is known of them, and when two are equal.

Lists and tuples are Python tuples, maps and objects are Mappings that iterate sorted by key: a value does not know
which of the two it is. Texts are in Unicode's normal form C, numbers in the form of `numerals.number`.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Collection, Hashable, Iterable, Iterator, Mapping
from dataclasses import field
from decimal import Decimal
from typing import TypeAlias

from reconciler.errors import ReconcilerError
from reconciler.hcl import numerals
from reconciler.hcl.faults import Fault
from reconciler.records import dataclass

Value: TypeAlias = (
    "None | bool | str | int | Decimal | tuple[Value, ...] | Set | Mapping[str, Value] | Unknown | Marked"
)
"""Whatever an expression can be. A bool is never taken for a number."""


@dataclass(frozen=True, slots=True)
class Unknown:
    """A value that is not known yet: why, and the address that it would come from.

    One that has an `error` will never be: it is reported where the value is needed.
    """

    reason: str
    address: str = ""
    error: ReconcilerError | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class Marks:
    """What is known about a value besides itself: whether it is secret, the addresses that it came from, and the names
    (`var.x`, `local.y`) that it went by, where a scope marks these.
    """

    sensitive: bool = False
    origins: frozenset[str] = frozenset()
    names: frozenset[str] = frozenset()

    def __bool__(self) -> bool:
        """Tell whether anything is marked."""
        return self.sensitive or bool(self.origins) or bool(self.names)

    def __or__(self, other: Marks) -> Marks:
        """Unite two."""
        if not other:
            return self
        if not self:
            return other
        return Marks(
            self.sensitive or other.sensitive, self.origins | other.origins, self.names | other.names
        )


NO_MARKS = Marks()


@dataclass(frozen=True, slots=True, repr=False)
class Marked:
    """A value with its marks. `value` is never itself Marked (though its members may be): build by `mark`."""

    value: Value
    sensitive: bool = True
    origins: frozenset[str] = frozenset()
    names: frozenset[str] = frozenset()

    @property
    def marks(self) -> Marks:
        """The marks alone."""
        return Marks(self.sensitive, self.origins, self.names)

    def __repr__(self) -> str:
        """Show marks, and the value only where it is no secret."""
        shown = "..." if self.sensitive else repr(self.value)
        return f"Marked({shown}, sensitive={self.sensitive}, origins={sorted(self.origins)})"


class Object(Mapping[str, "Value"]):
    """A map or an object: immutable, iterated sorted by key (in the order of code points)."""

    __slots__ = ("_members",)

    def __init__(self, members: Mapping[str, Value] | Iterable[tuple[str, Value]] = ()) -> None:
        """Take the members; of equal keys the last wins."""
        given = dict(members)
        self._members: dict[str, Value] = {key: given[key] for key in sorted(given)}

    def __getitem__(self, key: str) -> Value:
        """Give a member; KeyError where there is none."""
        return self._members[key]

    def __iter__(self) -> Iterator[str]:
        """Iterate over the keys, sorted."""
        return iter(self._members)

    def __len__(self) -> int:
        """Count the members."""
        return len(self._members)

    def __hash__(self) -> int:
        """Hash as `identity` does."""
        return hash(identity(self))

    def __repr__(self) -> str:
        """Show the members."""
        return f"Object({self._members!r})"


class Set(Collection["Value"]):
    """A set: each value once, in Terraform's order. Its members are plain and known: build by `make_set`."""

    __slots__ = ("_members",)

    def __init__(self, members: Iterable[Value] = ()) -> None:
        """Take the members in any order, equal ones any number of times."""
        unique = {identity(member): member for member in members}
        self._members = {key: unique[key] for key in sorted(unique, key=lambda key: _rank(unique[key]))}

    def __contains__(self, value: object) -> bool:
        """Tell whether a value is a member; True is not 1."""
        return identity(value) in self._members

    def __iter__(self) -> Iterator[Value]:
        """Iterate in Terraform's order: texts by code point, numbers by size, false before true."""
        return iter(self._members.values())

    def __len__(self) -> int:
        """Count the members."""
        return len(self._members)

    def __eq__(self, other: object) -> bool:
        """Compare by members."""
        return isinstance(other, Set) and self._members.keys() == other._members.keys()

    def __hash__(self) -> int:
        """Hash by members."""
        return hash(frozenset(self._members))

    def __repr__(self) -> str:
        """Show the members."""
        return f"Set({list(self)!r})"


def split(value: Value) -> tuple[Value, Marks]:
    """Give a value without its own marks, and these; its members keep theirs."""
    if isinstance(value, Marked):
        return value.value, value.marks
    return value, NO_MARKS


def mark(value: Value, marks: Marks) -> Value:
    """Add marks to a value."""
    if not marks:
        return value
    if isinstance(value, Marked):
        marks = value.marks | marks
        value = value.value
    return Marked(value, marks.sensitive, marks.origins, marks.names)


def unmark(value: Value) -> tuple[Value, Marks]:
    """Give a value without any marks, its own and its members', and the union of these."""
    value, marks = split(value)
    if isinstance(value, tuple):
        items = []
        for item in value:
            plain, more = unmark(item)
            items.append(plain)
            marks |= more
        return tuple(items), marks
    if isinstance(value, Mapping):
        members: dict[str, Value] = {}
        for key, member in value.items():
            members[key], more = unmark(member)
            marks |= more
        return Object(members), marks
    return value, marks


def first_unknown(value: Value) -> Unknown | None:
    """Give the first unknown in a value or its members, at any depth; None where all is known."""
    value, _ = split(value)
    if isinstance(value, Unknown):
        return value
    if isinstance(value, tuple | Mapping):
        for member in value if isinstance(value, tuple) else value.values():
            if (unknown := first_unknown(member)) is not None:
                return unknown
    return None


def make_set(members: Iterable[Value]) -> Value:
    """Make a set of values of one type: members' marks become the set's; an unknown member makes it unknown."""
    plain, marks = unmark(tuple(members))
    unknown = first_unknown(plain)
    assert isinstance(plain, tuple)
    return mark(unknown or Set(plain), marks)


def normal(text: str) -> str:
    """Give a text in normal form C, in which Terraform holds all texts."""
    return text if text.isascii() else unicodedata.normalize("NFC", text)


def from_plain(data: object) -> Value:
    """Make a value of JSON data: None, bool, str, int, float, Decimal, list or tuple, dict; sets and values stay."""
    match data:
        case str():
            return normal(data)
        case None | bool() | Set() | Unknown() | Marked() | Object():
            return data
        case int() | Decimal():
            return numerals.number(data)
        case float():
            return numerals.number(numerals.from_float(data))
        case list() | tuple():
            return tuple(map(from_plain, data))
        case Mapping():
            return Object({normal(str(key)): from_plain(member) for key, member in data.items()})
        case _:
            raise Fault(f"a {type(data).__name__} is no value")


def is_number(value: object) -> bool:
    """Tell whether a value is a number; a bool is none."""
    return isinstance(value, int | Decimal) and not isinstance(value, bool)


def described(value: Value) -> str:
    """Name what a value is, with its article, for messages; never the value."""
    match split(value)[0]:
        case None:
            return "null"
        case bool():
            return "a bool"
        case str():
            return "a string"
        case int() | Decimal():
            return "a number"
        case tuple():
            return "a list"
        case Set():
            return "a set"
        case Unknown():
            return "an unknown value"
        case _:
            return "an object"


def equal(left: Value, right: Value) -> Value:
    """Tell whether two values are equal as `==` sees it: `1` is not `"1"`, a list is no set, null equals null.

    Unknown where a part is unknown, unless known parts differ; the marks of both sides stay on the answer.
    """
    left, marks = unmark(left)
    right, more = unmark(right)
    return mark(_equal(left, right), marks | more)


def _equal(left: Value, right: Value) -> bool | Unknown:
    for side in (left, right):
        if isinstance(side, Unknown):
            return side
    if isinstance(left, tuple) and isinstance(right, tuple):
        return len(left) == len(right) and _all_equal(zip(left, right, strict=True))
    if isinstance(left, Mapping) and isinstance(right, Mapping):
        return left.keys() == right.keys() and _all_equal((left[key], right[key]) for key in left)
    return identity(left) == identity(right)


def _all_equal(pairs: Iterable[tuple[Value, Value]]) -> bool | Unknown:
    unknown: Unknown | None = None
    for left, right in pairs:
        match _equal(left, right):
            case False:
                return False
            case Unknown() as found:
                unknown = unknown or found
    return unknown or True


def identity(value: object) -> Hashable:
    """Give what two equal values share and no others: hashable, of a plain value."""
    match value:
        case str() | None:
            return value
        case bool():
            return ("bool", value)
        case int() | Decimal():
            return ("number", value)
        case tuple():
            return ("list", *map(identity, value))
        case Set():
            return ("set", frozenset(map(identity, value)))
        case Mapping():
            return ("object", *((key, identity(value[key])) for key in sorted(value)))
        case _:
            assert isinstance(value, Unknown | Marked)
            return value


def _rank(value: Value) -> tuple[int, int | Decimal, str]:
    """Order the members of a set as Terraform does: nulls last, structures by a text made of them (not by content)."""
    match value:
        case bool():
            return (0, int(value), "")
        case int() | Decimal():
            return (1, value, "")
        case str():
            return (2, 0, value)
        case None:
            return (4, 0, "")
        case _:
            return (3, 0, _fingerprint(value))


def _fingerprint(value: Value) -> str:
    """Write a value as go-cty does (`appendSetHashBytes`) to order structures in a set."""
    match value:
        case None:
            return "~"
        case bool():
            return "T" if value else "F"
        case int() | Decimal():
            return format(Decimal(value), ".10g")
        case str():
            return '"' + value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'
        case Mapping():
            return "<" + "".join(_fingerprint(member) + ";" for member in value.values()) + ">"
        case tuple() | Set():
            return "[" + "".join(_fingerprint(member) + ";" for member in value) + "]"
        case _:
            return "?"
