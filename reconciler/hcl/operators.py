"""What the operators do with values. Marks of the operands stay on the result; of unknown operands it is unknown.

Operands are converted first, each by itself (`operand`), so that each can be complained about at its own place.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Final, TypeAlias

from reconciler.hcl import conversions, numerals, values
from reconciler.hcl.faults import Fault
from reconciler.hcl.values import Unknown, Value

Number: TypeAlias = int | Decimal

LOGICAL: Final[Mapping[str, bool]] = {"||": True, "&&": False}
"""The value of either side that decides alone."""


def operand(symbol: str, value: Value) -> Value:
    """Convert an operand to what its operator takes. Raises Fault where that cannot be, and for null."""
    if symbol in ("==", "!="):
        return value
    converted = conversions.to_bool(value) if symbol in (*LOGICAL, "!") else conversions.to_number(value)
    if values.split(converted)[0] is None:
        raise Fault(f"{symbol} cannot take null")
    return converted


def binary(symbol: str, left: Value, right: Value) -> Value:
    """Apply an operator to converted operands. Raises Fault where the result is no number."""
    if symbol in ("==", "!="):
        same, marks = values.split(values.equal(left, right))
        return values.mark(same if symbol == "==" or isinstance(same, Unknown) else not same, marks)
    left, marks = values.split(left)
    right, more = values.split(right)
    marks |= more
    for side in (left, right):
        if isinstance(side, Unknown):
            return values.mark(side, marks)
    if symbol in LOGICAL:
        decisive = LOGICAL[symbol]
        return values.mark(decisive if decisive in (left, right) else not decisive, marks)
    assert isinstance(left, int | Decimal)
    assert isinstance(right, int | Decimal)
    if symbol in _COMPARISONS:
        return values.mark(_COMPARISONS[symbol](left, right), marks)
    return values.mark(_ARITHMETIC[symbol](left, right), marks)


def unary(symbol: str, value: Value) -> Value:
    """Apply `-` or `!` to a converted operand."""
    value, marks = values.split(value)
    if isinstance(value, Unknown):
        return values.mark(value, marks)
    if symbol == "!":
        return values.mark(not value, marks)
    assert isinstance(value, int | Decimal)
    return values.mark(value.copy_negate() if isinstance(value, Decimal) else -value, marks)


_ARITHMETIC: Final[Mapping[str, Callable[[Number, Number], Number]]] = {
    "+": numerals.add,
    "-": numerals.subtract,
    "*": numerals.multiply,
    "/": numerals.divide,
    "%": numerals.remainder,
}
_COMPARISONS: Final[Mapping[str, Callable[[Number, Number], bool]]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
