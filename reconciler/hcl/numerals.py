"""Numbers as Terraform counts: whole ones as int, all others as Decimal, both with the precision of 512 bits.

Terraform computes in binary with a mantissa of 512 bits and prints the shortest decimal that reads back as the same
number. A Decimal of up to 153 digits is such a decimal already; only longer ones (`1/3`) need the binary rounding.
"""

from __future__ import annotations

import re
from decimal import Context, Decimal, DivisionByZero, InvalidOperation, Overflow
from fractions import Fraction

from reconciler.hcl.faults import Fault

MANTISSA = 512
"""The bits of Terraform's numbers."""

CONTEXT = Context(prec=180, Emax=999_999, Emin=-999_999, traps=[InvalidOperation, DivisionByZero, Overflow])
"""More digits than are kept."""

_EXACT_DIGITS = 153
_LARGEST_EXPONENT = 4_000
_FORM = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?\Z")


class Digits(float):
    """A number of JSON that a float rounds, with its digits: what knows floats alone takes it for one."""

    __slots__ = ("digits",)

    def __init__(self, digits: str) -> None:
        """Keep the digits."""
        self.digits = digits

    def __reduce__(self) -> tuple[type[Digits], tuple[str]]:
        """Copy with the digits."""
        return Digits, (self.digits,)


def from_float(value: float) -> Decimal:
    """Give the number that a float stands for: its digits where it has them, else the shortest that it writes."""
    return Decimal(value.digits if isinstance(value, Digits) else repr(value))


def number(value: int | Decimal) -> int | Decimal:
    """Give a number in its one form: an int where it is whole, rounded to what 512 bits hold.

    Raises Fault for numbers beyond 10^4000, which nobody means and which Python would not write.
    """
    if isinstance(value, int):
        if value.bit_length() <= MANTISSA:
            return value
        value = Decimal(value)
    if not value.is_finite() or (value and abs(value.adjusted()) > _LARGEST_EXPONENT):
        raise Fault("the number is too large or too small")
    if len(value.as_tuple().digits) > _EXACT_DIGITS:
        value = shortest(rounded(Fraction(value)))
    # int() of a Decimal with a positive exponent is exact; `==` compares without rounding.
    return int(value) if value == value.to_integral_value() else value.normalize(CONTEXT)


def parse(text: str) -> int | Decimal:
    """Read a decimal number, as in `"12"`, `"-0.5"` or `"1e3"`. Raises Fault where the text is none."""
    if not _FORM.match(text):
        raise Fault("a number is required, and the text is not a number")
    try:
        return number(Decimal(text))
    except InvalidOperation:
        raise Fault("the number is too large or too small") from None


def text(value: int | Decimal) -> str:
    """Write a number as Terraform does in a string: all digits, never an exponent."""
    return str(value) if isinstance(value, int) else format(value, "f")


def add(left: int | Decimal, right: int | Decimal) -> int | Decimal:
    """Add as Terraform does: exactly, then rounded to 512 bits in binary (so that 0.6+0.1 is not quite 0.7)."""
    return left + right if _small(left, right) else from_fraction(_binary(left) + _binary(right))


def subtract(left: int | Decimal, right: int | Decimal) -> int | Decimal:
    """Subtract, as `add` adds."""
    return left - right if _small(left, right) else from_fraction(_binary(left) - _binary(right))


def multiply(left: int | Decimal, right: int | Decimal) -> int | Decimal:
    """Multiply, as `add` adds."""
    return left * right if _small(left, right) else from_fraction(_binary(left) * _binary(right))


def divide(left: int | Decimal, right: int | Decimal) -> int | Decimal:
    """Divide, as `add` adds; raises Fault for a divisor of 0."""
    if not right:
        raise Fault("a number cannot be divided by zero")
    if _small(left, right) and not left % right:
        return left // right
    return from_fraction(_binary(left) / _binary(right))


def remainder(left: int | Decimal, right: int | Decimal) -> int | Decimal:
    """Give what is left of a division, with the sign of the left: -7 % 3 is -1. By 0 it leaves all: 5 % 0 is 5.

    Each step is rounded, as Terraform has it, so that of a quotient of more than 512 bits nothing may be left.
    """
    if not right:
        return left
    if _small(left, right):
        right = -right if right < 0 else right
        return -(-left % right) if left < 0 else left % right
    dividend, divisor = _binary(left), _binary(right)
    whole = Fraction(int(rounded(dividend / divisor)))
    return from_fraction(dividend - rounded(divisor * rounded(whole)))


def _small(left: int | Decimal, right: int | Decimal) -> bool:
    """Tell whether Python's own whole numbers give the answer that 512 bits would."""
    return (
        isinstance(left, int) and isinstance(right, int) and left.bit_length() + right.bit_length() < MANTISSA
    )


def _binary(value: int | Decimal) -> Fraction:
    return rounded(Fraction(value))


def from_fraction(exact: Fraction) -> int | Decimal:
    """Round to 512 bits, and write in the fewest digits that say so."""
    return number(shortest(rounded(exact)))


def rounded(exact: Fraction, bits: int = MANTISSA) -> Fraction:
    """Give the nearest number with a mantissa of so many bits; halfway cases go to the even one."""
    if not exact:
        return exact
    exponent = abs(exact).numerator.bit_length() - exact.denominator.bit_length() - bits
    scaled = exact / (Fraction(2) ** exponent)
    while abs(scaled) >= 1 << bits:
        exponent, scaled = exponent + 1, scaled / 2
    while abs(scaled) < 1 << (bits - 1):
        exponent, scaled = exponent - 1, scaled * 2
    return round(scaled) * Fraction(2) ** exponent


def shortest(binary: Fraction, bits: int = MANTISSA) -> Decimal:
    """Give the decimal of the fewest digits that `rounded` takes to a number that it gave."""
    low, high = 1, bits // 3 + 4
    while low < high:
        middle = (low + high) // 2
        if rounded(Fraction(_digits(binary, middle)), bits) == binary:
            high = middle
        else:
            low = middle + 1
    return _digits(binary, low)


def _digits(exact: Fraction, count: int) -> Decimal:
    """Round to a count of significant digits, halves to even."""
    with_digits = Context(prec=count, Emax=999_999, Emin=-999_999)
    return with_digits.divide(Decimal(exact.numerator), Decimal(exact.denominator))
