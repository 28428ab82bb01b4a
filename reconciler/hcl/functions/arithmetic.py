"""Functions of numbers."""

from __future__ import annotations

import math
import re
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal

from reconciler.hcl import conversions, numerals
from reconciler.hcl.faults import Fault
from reconciler.hcl.functions.signatures import Parameter, function, number, whole
from reconciler.hcl.values import Set, Value, described

Number = int | Decimal

_LONGEST_RANGE = 1024
_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"


def absolute(value: Number) -> Value:
    """Give a number without its sign."""
    return abs(value) if isinstance(value, int) else value.copy_abs()


def ceil(value: Number) -> Value:
    """Give the smallest whole number that is not smaller."""
    return value if isinstance(value, int) else int(value.to_integral_value(ROUND_CEILING))


def floor(value: Number) -> Value:
    """Give the largest whole number that is not larger."""
    return value if isinstance(value, int) else int(value.to_integral_value(ROUND_FLOOR))


def log(value: Number, base: Number) -> Value:
    """Give the logarithm to a base, with the precision of 64 bits as Terraform."""
    if value <= 0 or base <= 0 or base == 1:
        raise Fault("the logarithm is not a number", argument=0 if value <= 0 else 1)
    return _from_float(math.log(value) / math.log(base))


def power(base: Number, exponent: Number) -> Value:
    """Raise to a power, with the precision of 64 bits as Terraform."""
    try:
        return _from_float(math.pow(base, exponent))
    except (OverflowError, ValueError):
        raise Fault("the power is not a number, or too large") from None


def _from_float(value: float) -> Number:
    return numerals.number(Decimal(repr(value)))


def signum(value: int) -> Value:
    """Give -1, 0 or 1."""
    return (value > 0) - (value < 0)


def largest(*given: Number) -> Value:
    """Give the largest number."""
    if not given:
        raise Fault("at least one number is required")
    return max(given)


def smallest(*given: Number) -> Value:
    """Give the smallest number."""
    if not given:
        raise Fault("at least one number is required")
    return min(given)


def parseint(digits: Value, base: int) -> Value:
    """Read a whole number in a base from 2 to 62. Up to base 36 capitals count as small letters."""
    if not isinstance(digits, str):
        raise Fault(f"a string is required, not {described(digits)}", argument=0)
    if not 2 <= base <= 62:
        raise Fault("the base must be between 2 and 62", argument=1)
    match = re.fullmatch("([+-]?)([0-9a-zA-Z]+)", digits)
    total = 0
    for digit in (match[2] if base > 36 else match[2].lower()) if match else "":
        if _DIGITS.index(digit) >= base:
            match = None
            break
        total = total * base + _DIGITS.index(digit)
    if match is None:
        raise Fault(f"the text is no whole number in base {base}", argument=0)
    return numerals.number(-total if match[1] == "-" else total)


def total(given: Value) -> Value:
    """Add the numbers of a list or set, of which there must be one at least."""
    if not isinstance(given, tuple | Set):
        raise Fault(f"a list or a set is required, not {described(given)}", argument=0)
    if not given:
        raise Fault("there must be one element at least", argument=0)
    result: Number = 0
    for index, item in enumerate(given):
        try:
            result = numerals.add(result, as_number(item))
        except Fault as fault:
            raise Fault(f"element {index}: {fault.what}", argument=0) from None
    return result


def as_number(value: Value) -> Number:
    """Convert to a number that is not null."""
    converted = conversions.to_number(value)
    if converted is None:
        raise Fault("a number is required, not null")
    assert isinstance(converted, int | Decimal)
    return converted


def spread(*given: Number) -> Value:
    """Give the numbers from a start, in steps, to before a limit: `range(limit)`, `(start, limit)`, with a step."""
    if not 1 <= len(given) <= 3:
        raise Fault(f"1 to 3 numbers are required, not {len(given)}")
    start, limit = (0, given[0]) if len(given) == 1 else given[:2]
    step = given[2] if len(given) == 3 else (-1 if limit < start else 1)
    if start == limit:
        return ()
    if not step or (step > 0) != (limit > start):
        raise Fault("the step must lead from the start to the limit", argument=2)
    result: list[Value] = []
    at: Number = start
    while at < limit if step > 0 else at > limit:
        if len(result) == _LONGEST_RANGE:
            raise Fault(f"the range has more than {_LONGEST_RANGE} numbers")
        result.append(at)
        at = numerals.add(at, step)
    return tuple(result)


FUNCTIONS = (
    function("abs", absolute, number()),
    function("ceil", ceil, number()),
    function("floor", floor, number()),
    function("log", log, number(), number("base")),
    function("max", largest, rest=number("numbers")),
    function("min", smallest, rest=number("numbers")),
    function("parseint", parseint, Parameter("number"), whole("base")),
    function("pow", power, number(), number("power")),
    function("range", spread, rest=number("numbers")),
    function("signum", signum, whole("number")),
    function("sum", total, Parameter("list")),
)
