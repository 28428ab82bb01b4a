"""OpenTofu's `assume…`: a value as it is, if it is what it is said to be. Unknown values stay unknown."""

from __future__ import annotations

from collections.abc import Mapping

from reconciler.hcl import conversions, kinds
from reconciler.hcl.faults import Fault
from reconciler.hcl.functions.signatures import Function, Parameter, function, text, whole
from reconciler.hcl.kinds import Kind
from reconciler.hcl.values import Set, Value, equal

_LISTS: tuple[tuple[str, Kind], ...] = (
    ("list", kinds.ListOf(kinds.ANY)),
    ("map", kinds.MapOf(kinds.ANY)),
    ("set", kinds.SetOf(kinds.ANY)),
)


def assume_equal(actual: Value, expected: Value) -> Value:
    """Give the expected value, which the actual one must equal, converted to its type."""
    if equal(conversions.convert(actual, kinds.of(expected)), expected) is not True:
        raise Fault("the value is not the one that is assumed", argument=0)
    return expected


def assume_not_null(value: Value) -> Value:
    """Give a value, which must not be null."""
    return value


def assume_prefix(value: str, prefix: str) -> Value:
    """Give a string, which must begin with a prefix."""
    if not value.startswith(prefix):
        raise Fault("the string does not begin as is assumed", argument=0)
    return value


def assume_length(value: Value, least: int, most: int) -> Value:
    """Give a collection, which must have from `least` to `most` elements."""
    assert isinstance(value, tuple | Set | Mapping)
    if not least <= len(value) <= most:
        raise Fault("the collection has another length than is assumed", argument=0)
    return value


def assume_least(value: Value, least: int) -> Value:
    """Give a collection, which must have so many elements or more."""
    assert isinstance(value, tuple | Set | Mapping)
    return assume_length(value, least, len(value))


def assume_most(value: Value, most: int) -> Value:
    """Give a collection, which must have so many elements or fewer."""
    return assume_length(value, 0, most)


def _lengths(noun: str, kind: Kind) -> tuple[Function, ...]:
    value = Parameter("value", kind, members=True)
    return (
        function(f"assume{noun}length", assume_length, value, whole("min_length"), whole("max_length")),
        function(f"assume{noun}lengthmin", assume_least, value, whole("min_length")),
        function(f"assume{noun}lengthmax", assume_most, value, whole("max_length")),
    )


FUNCTIONS = (
    function(
        "assumeequal",
        assume_equal,
        Parameter("actual_value", null=True),
        Parameter("expected_value", null=True),
    ),
    function("assumenotnull", assume_not_null, Parameter("value", members=True)),
    function("assumestringprefix", assume_prefix, text("value"), text("prefix")),
    *(row for noun, kind in _LISTS for row in _lengths(noun, kind)),
)
