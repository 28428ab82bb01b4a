"""Floating-point numbers as text, as Go's `strconv.FormatFloat` writes float64."""

from __future__ import annotations

import math


def text(value: float, verb: str, precision: int | None) -> str:
    """Write a number by a verb of `eEfgGbxX`; without a precision in the fewest digits that identify it."""
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "+Inf" if value > 0 else "-Inf"
    match verb:
        case "b":
            return _binary(value)
        case "x" | "X":
            written = _hexadecimal(value, precision)
            return written.upper() if verb == "X" else written
        case "g" | "G" if precision is None:
            written = _shortest(value)
            return written.upper() if verb == "G" else written
    return format(value, f".{6 if precision is None else precision}{verb}")


def _shortest(value: float) -> str:
    """Write with an exponent below 1e-4 and from 1e+06 on."""
    # Only repr finds the digits: rounding to as many of them may give another number next to a power of two.
    mantissa, _, power = repr(abs(value)).partition("e")
    whole, _, fraction = mantissa.partition(".")
    digits = (whole + fraction).lstrip("0")
    exponent = int(power or 0) - len(fraction) + len(digits) - 1 if digits else 0
    digits = digits.rstrip("0") or "0"
    if -4 <= exponent < 6:
        digits = "0" * -exponent + digits.ljust(exponent + 1, "0")
        exponent, tail = max(exponent, 0), ""
    else:
        exponent, tail = 0, f"e{'-' if exponent < 0 else '+'}{abs(exponent):02d}"
    whole, fraction = digits[: exponent + 1], digits[exponent + 1 :]
    return f"{_sign(value)}{whole}{'.' if fraction else ''}{fraction}{tail}"


def _binary(value: float) -> str:
    """Write mantissa and binary exponent, without a point: `4503599627370496p-52`."""
    fraction, exponent = math.frexp(abs(value)) if value else (0.0, -1074)
    lost = max(0, -1074 - (exponent - 53))
    mantissa = int(math.ldexp(fraction, 53)) >> lost
    exponent += lost - 53
    return f"{_sign(value)}{mantissa}p{exponent:+d}"


def _hexadecimal(value: float, precision: int | None) -> str:
    """Write with one binary digit before the point: `0x1.8p+01`."""
    fraction, exponent = math.frexp(abs(value))
    mantissa = int(math.ldexp(fraction, 53))
    exponent = exponent - 1 if value else 0
    if precision is not None and precision < 13:
        mantissa = _rounded(mantissa, 4 * (13 - precision))
        if mantissa >> 53:
            mantissa >>= 1
            exponent += 1
    digits = format(mantissa & ((1 << 52) - 1), "013x")
    digits = digits.rstrip("0") if precision is None else digits[:precision].ljust(precision, "0")
    point = "." if digits else ""
    return (
        f"{_sign(value)}0x{mantissa >> 52}{point}{digits}p{'-' if exponent < 0 else '+'}{abs(exponent):02d}"
    )


def _rounded(mantissa: int, bits: int) -> int:
    """Clear the lowest bits, to the nearest, halves to even."""
    unit = 1 << bits
    low = mantissa & (unit - 1)
    base = mantissa - low
    up = low > unit >> 1 or (low == unit >> 1 and base >> bits & 1)
    return base + unit if up else base


def _sign(value: float) -> str:
    return "-" if math.copysign(1.0, value) < 0 else ""
