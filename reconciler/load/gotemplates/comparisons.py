"""`eq`, `ne`, `lt`, `le`, `gt`, `ge`: only values of one kind compare; whole numbers and floats are two kinds."""

from __future__ import annotations

from reconciler.load.gotemplates import texts, values
from reconciler.load.gotemplates.faults import Fault

_KINDS = {"bool": "bool", "int": "integer", "uint8": "integer", "float64": "float", "string": "string"}


def equal(first: object, *others: object) -> bool:
    """Tell whether the first equals any of the others. They are compared in order, up to the first equal one."""
    return any(_equal(first, other) for other in others)


def unequal(first: object, second: object) -> bool:
    """Tell whether two values differ."""
    return not _equal(first, second)


def less(first: object, second: object) -> bool:
    """Tell whether the first comes before the second: numbers by size, strings by their bytes."""
    kind = _KINDS.get(values.type_name(first))
    if kind is None or _KINDS.get(values.type_name(second)) is None or kind == "bool":
        raise Fault("only numbers and strings have an order")
    if kind != _KINDS.get(values.type_name(second)):
        raise _incompatible(first, second)
    if isinstance(first, str) and isinstance(second, str):
        return texts.to_bytes(first) < texts.to_bytes(second)
    assert isinstance(first, int | float)
    assert isinstance(second, int | float)
    return first < second


def less_or_equal(first: object, second: object) -> bool:
    """Tell whether the first does not come after the second."""
    return less(first, second) or _equal(first, second)


def greater(first: object, second: object) -> bool:
    """Tell whether the first comes after the second."""
    return not less_or_equal(first, second)


def greater_or_equal(first: object, second: object) -> bool:
    """Tell whether the first does not come before the second."""
    return not less(first, second)


def _equal(first: object, second: object) -> bool:
    if values.is_nil(first) or values.is_nil(second):
        return values.is_nil(first) and values.is_nil(second)
    kind = _KINDS.get(values.type_name(first))
    if kind != _KINDS.get(values.type_name(second)):
        raise _incompatible(first, second)
    if kind is None:
        raise Fault("lists and maps cannot be compared", "compare their members, or len")
    return first == second


def _incompatible(first: object, second: object) -> Fault:
    names = {values.type_name(first), values.type_name(second)}
    hint = None
    if names == {"int", "float64"}:
        hint = "write the constant with a decimal point: numbers from outside may be floats"
    elif "string" in names:
        hint = "turn both into strings with print"
    return Fault(
        f"{values.type_name(first)} and {values.type_name(second)} are not compared with each other", hint
    )
