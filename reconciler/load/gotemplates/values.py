"""Plain data as Go sees it: its types and its truth.

Data are None, bool, int, float, str, lists and mappings, and two kinds that only templates make: `ABSENT`
and `Byte`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import Enum
from typing import Final, TypeGuard


class Absent(Enum):
    """The type of `ABSENT`."""

    ABSENT = "absent"


ABSENT: Final = Absent.ABSENT
"""No value at all, such as a missing key. Unlike null it may be asked for fields, which are absent too."""


class Byte(int):
    """A byte of a string (`index "abc" 0`): Go's only unsigned number that a template can come by."""

    __slots__ = ()


LIST: Final = "[]interface {}"
MAP: Final = "map[string]interface {}"
NIL: Final = "<nil>"

_NAMES: Final[Mapping[type, str]] = {
    type(None): NIL,
    Absent: NIL,
    bool: "bool",
    Byte: "uint8",
    int: "int",
    float: "float64",
    str: "string",
    list: LIST,
    tuple: LIST,
    dict: MAP,
}


def type_name(data: object) -> str:
    """Give the name of the Go type of data."""
    if name := _NAMES.get(type(data)):
        return name
    if is_map(data):
        return MAP
    return LIST if is_list(data) else type(data).__name__


def described(data: object) -> str:
    """Say of what type data is, for messages: data itself may be secret."""
    return "null" if is_nil(data) else f"a value of type {type_name(data)}"


def is_nil(data: object) -> bool:
    """Tell whether data is null or absent."""
    return data is None or data is ABSENT


def is_integer(data: object) -> TypeGuard[int]:
    """Tell whether data is a whole number by its type; a float never is."""
    return isinstance(data, int) and not isinstance(data, bool)


def is_list(data: object) -> TypeGuard[Sequence[object]]:
    """Tell whether data is a list."""
    return isinstance(data, Sequence) and not isinstance(data, str)


def is_map(data: object) -> TypeGuard[Mapping[str, object]]:
    """Tell whether data is a mapping."""
    return isinstance(data, Mapping)


def truth(data: object) -> bool:
    """Tell whether data counts as true: it is neither nil, false, zero nor empty."""
    return data is not ABSENT and bool(data)
