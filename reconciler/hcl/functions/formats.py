"""`format` and `formatlist`: Go's verbs, as far as Terraform has them."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from fractions import Fraction

from reconciler.hcl import conversions, numerals
from reconciler.hcl.faults import Fault
from reconciler.hcl.functions import graphemes, jsontexts
from reconciler.hcl.functions.signatures import Parameter, check_text, function, text
from reconciler.hcl.values import (
    Set,
    Unknown,
    Value,
    first_unknown,
    is_number,
    mark,
    normal,
    unmark,
)
from reconciler.records import dataclass

_VERB = re.compile(
    r"%(?P<flags>[0# +-]*)(?P<width>[1-9]\d*)?(?P<precision>\.\d*)?(?P<index>\[[1-9]\d*\])?(?P<mode>[a-zA-Z])",
    re.ASCII,
)
_WIDEST = 100_000
_INTEGERS = {"b": (2, "0b"), "d": (10, ""), "o": (8, "0"), "x": (16, "0x"), "X": (16, "0X")}
_DIGITS = "0123456789abcdef"


@dataclass(frozen=True, slots=True)
class _Verb:
    flags: str
    width: int
    precision: int | None
    mode: str
    raw: str


def format_text(form: str, *arguments: Value) -> Value:
    """Put values into a text, where its verbs stand."""
    parts: list[str] = []
    at, following, used = 0, 1, 0
    while (percent := form.find("%", at)) >= 0:
        parts.append(form[at:percent])
        if form.startswith("%%", percent):
            parts.append("%")
            at = percent + 2
            continue
        match = _VERB.match(form, percent)
        if match is None:
            raise Fault(
                f"what begins at offset {percent} is no verb", "write %% for a percent sign", argument=0
            )
        following = int(match["index"][1:-1]) if match["index"] else following
        if following > len(arguments):
            what = (
                f"{match[0]} at offset {percent} needs argument {following}, and there are {len(arguments)}"
            )
            raise Fault(what, argument=0)
        parts.append(_formatted(_verb(match), arguments[following - 1], following))
        used, following, at = max(used, following), following + 1, match.end()
    if used < len(arguments):
        raise Fault(f"the format uses {used} of {len(arguments)} values", argument=used + 1)
    parts.append(form[at:])
    return normal("".join(parts))


def _verb(match: re.Match[str]) -> _Verb:
    width, precision = int(match["width"] or 0), match["precision"]
    digits = int(precision[1:] or 0) if precision else None
    if max(width, digits or 0) > _WIDEST:
        raise Fault(f"{match[0]} is too wide", argument=0)
    return _Verb(match["flags"], width, digits, match["mode"], match[0])


def _formatted(verb: _Verb, value: Value, argument: int) -> str:
    if verb.mode not in _WRITERS:
        raise Fault(f"{verb.raw}: there is no verb {verb.mode}", argument=0)
    if value is None and verb.mode != "v":
        raise Fault(f"{verb.raw}: null cannot be formatted", argument=argument)
    try:
        return _WRITERS[verb.mode](verb, value)
    except Fault as fault:
        raise Fault(f"{verb.raw}: {fault.what}", fault.hint, argument=argument) from None


def _as_it_is(verb: _Verb, value: Value) -> str:
    if "#" not in verb.flags:
        if isinstance(value, str):
            return _padded(verb, value)
        if is_number(value):
            assert isinstance(value, int | Decimal)
            return _padded(verb, _general(value, None))
    return _padded(verb, jsontexts.written(value))


def _string(verb: _Verb, given: Value) -> str:
    value = conversions.to_string(given)
    assert isinstance(value, str)
    if verb.precision:
        value = "".join(graphemes.clusters(value)[: verb.precision])
    return _padded(verb, value if verb.mode == "s" else jsontexts.written(value))


def _padded(verb: _Verb, shown: str) -> str:
    """Pad to the width, on the right with zeros too: Terraform does as it is told."""
    missing = verb.width - graphemes.count(shown)
    pad = ("0" if "0" in verb.flags else " ") * missing
    return shown + pad if "-" in verb.flags else pad + shown


def _truth(_: _Verb, given: Value) -> str:
    return "true" if conversions.to_bool(given) else "false"


def _number(verb: _Verb, given: Value) -> str:
    value = conversions.to_number(given)
    assert isinstance(value, int | Decimal)
    sign = "-" if value < 0 else "+" if "+" in verb.flags else " " if " " in verb.flags else ""
    zeros = "0" in verb.flags
    if verb.mode in _INTEGERS:
        if not isinstance(value, int):
            raise Fault("a whole number is required")
        shown = _integer(verb, abs(value))
        prefix = sign + (_INTEGERS[verb.mode][1] if "#" in verb.flags else "")
        # Of zeros and the left, the left wins for whole numbers alone.
        zeros = zeros and verb.precision is None and "-" not in verb.flags
    else:
        prefix, shown = sign, _floating(verb, _absolute(value))
    missing = verb.width - len(prefix) - len(shown)
    if zeros:
        return prefix + "0" * missing + shown
    return prefix + shown + " " * missing if "-" in verb.flags else " " * missing + prefix + shown


def _integer(verb: _Verb, value: int) -> str:
    base = _INTEGERS[verb.mode][0]
    if not value and verb.precision == 0:
        return ""
    digits = format(value, {2: "b", 8: "o", 10: "d", 16: "x"}[base])
    return (digits.upper() if verb.mode == "X" else digits).rjust(verb.precision or 0, "0")


def _absolute(value: int | Decimal) -> int | Decimal:
    # abs() of a Decimal would round to the precision of the thread's context.
    return abs(value) if isinstance(value, int) else value.copy_abs()


def _floating(verb: _Verb, value: int | Decimal) -> str:
    match verb.mode:
        case "f":
            return _fixed(value, 6 if verb.precision is None else verb.precision)
        case "e" | "E":
            shown = _scientific(value, 6 if verb.precision is None else verb.precision)
        case _:
            shown = _general(value, verb.precision)
    return shown.upper() if verb.mode in "EG" else shown


def _fixed(value: int | Decimal, places: int) -> str:
    """Write with so many places behind the point: the binary number is rounded, halves to even."""
    scaled = round(numerals.rounded(Fraction(value)) * 10**places)
    digits = numerals.text(scaled).rjust(places + 1, "0")
    return f"{digits[:-places]}.{digits[-places:]}" if places else digits


def _significant(value: int | Decimal, count: int) -> tuple[str, int]:
    """Round to a count of digits; give these, and the power of ten of the first."""
    if not value:
        return "0" * count, 0
    exact = numerals.rounded(Fraction(value))
    power = Decimal(value).adjusted()
    digits = round(exact / Fraction(10) ** (power - count + 1))
    if digits >= 10**count:
        power, digits = power + 1, digits // 10
    return numerals.text(digits), power


def _scientific(value: int | Decimal, places: int) -> str:
    digits, power = _significant(value, places + 1)
    return _exponential(digits, power)


def _exponential(digits: str, power: int) -> str:
    point = f".{digits[1:]}" if digits[1:] else ""
    return f"{digits[0]}{point}e{'-' if power < 0 else '+'}{abs(power):02}"


def _general(value: int | Decimal, precision: int | None) -> str:
    """Write as `%g`: with an exponent where that is below -4, or reaches the precision (6 where none is given)."""
    if precision is None:
        sign = "-" if value < 0 else ""
        exact = Decimal(value).copy_abs()
        digits, power = (
            "".join(map(str, exact.as_tuple().digits)).rstrip("0") or "0",
            exact.adjusted() if value else 0,
        )
        threshold = 6
    else:
        sign, (digits, power) = "", _significant(value, precision or 1)
        digits = digits.rstrip("0") or "0"
        threshold = precision or 1
        if threshold > len(digits) > power:
            threshold = len(digits)
    if power < -4 or power >= max(threshold, 1):
        return sign + _exponential(digits, power)
    return sign + numerals.text(Decimal((0, tuple(map(int, digits)), power - len(digits) + 1)))


def format_list(form: str, *arguments: Value) -> Value:
    """Format once for each element of the lists among the arguments, which must be of one length; others repeat."""
    plain = [unmark(argument)[0] if not isinstance(argument, tuple) else argument for argument in arguments]
    lists = [(index, value) for index, value in enumerate(plain) if isinstance(value, tuple | Set)]
    if len({len(value) for _, value in lists}) > 1:
        raise Fault("the lists must have one length", argument=lists[-1][0] + 1)
    count = len(lists[0][1]) if lists else 1
    check_text(count * len(form))
    columns = [list(value) if isinstance(value, tuple | Set) else [value] * count for value in plain]
    rows = zip(*columns, strict=True) if columns else [()]
    return tuple(_row(form, row) for row in rows)


def _row(form: str, row: Sequence[Value]) -> Value:
    known, marks = unmark(tuple(row))
    unknown: Unknown | None = first_unknown(known)
    assert isinstance(known, tuple)
    return mark(unknown or format_text(form, *known), marks)


_WRITERS: Mapping[str, Callable[[_Verb, Value], str]] = {
    "v": _as_it_is,
    "t": _truth,
    **dict.fromkeys("sq", _string),
    **dict.fromkeys("bdoxXeEfgG", _number),
}

FUNCTIONS = (
    function("format", format_text, text("format"), rest=Parameter("args", null=True)),
    function("formatlist", format_list, text("format"), rest=Parameter("args", null=True, members=True)),
)
