"""Go's ``fmt.Sprintf`` for building addresses: ``tfstatef "aws_subnet.private['%s'].id" $az``.

The verbs ``%s %d %v %q %t %%`` with width, precision and the flags ``-``, ``0``, ``+``, space. Where Go would
write ``%!d(string=x)`` into the address, a ConfigError says what is wrong.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from typing import NoReturn

from reconciler.plugin import ConfigError, Json

_VERB = re.compile(
    r"%(?P<flags>[-+ 0#]*)(?P<width>[0-9]{1,4})?(?:\.(?P<precision>[0-9]{0,4}))?(?P<verb>.?)", re.DOTALL
)


def sprintf(template: str, arguments: Sequence[Json]) -> str:
    """Fill a format. ConfigError where verbs and arguments do not fit each other."""
    left = iter(arguments)
    text = _VERB.sub(lambda match: _fill(match, template, left), template)
    if (extra := len(list(left))) > 0:
        _refuse(template, f"has no verb for {extra} of its {len(arguments)} arguments")
    return text


def _fill(match: re.Match[str], template: str, left: Iterator[Json]) -> str:
    verb = match["verb"]
    if verb == "%":
        return "%"
    if verb not in _WRITERS:
        _refuse(template, f"holds {match[0]}; the verbs are {' '.join(f'%{verb}' for verb in _WRITERS)} %%")
    try:
        argument = next(left)
    except StopIteration:
        _refuse(template, f"has no argument for {match[0]}")
    text = _WRITERS[verb](argument)
    if text is None:
        _refuse(template, f"cannot write {_kind(argument)} as {match[0]}")
    return _lay_out(text, match, number=verb in "dv" and not isinstance(argument, str))


def _lay_out(text: str, match: re.Match[str], *, number: bool) -> str:
    """Apply precision, sign and width."""
    flags, width = match["flags"], int(match["width"] or 0)
    if match["precision"] is not None and not number and match["verb"] in "sv":
        text = text[: int(match["precision"] or 0)]
    if number and text[0] != "-" and text not in {"true", "false"}:
        text = "+" * ("+" in flags) + " " * (" " in flags and "+" not in flags) + text
    if "-" in flags:
        return text.ljust(width)
    if "0" in flags and number:
        return text.zfill(width)
    return text.rjust(width)


def _string(argument: Json) -> str | None:
    return argument if isinstance(argument, str) else None


def _integer(argument: Json) -> str | None:
    """Write an integer; a state's numbers are floating-point in Go, so whole ones count here."""
    if isinstance(argument, float) and argument.is_integer():
        argument = int(argument)
    return str(argument) if isinstance(argument, int) and not isinstance(argument, bool) else None


def _plain(argument: Json) -> str | None:
    """Write as %v does, which gives floats below 1e-4 and from 1e6 on an exponent."""
    if isinstance(argument, float):
        shortest = next(text for digits in range(18) if float(text := f"{argument:.{digits}e}") == argument)
        exponent = int(shortest.partition("e")[2])
        return repr(argument).removesuffix(".0") if -4 <= exponent < 6 else shortest
    return _boolean(argument) or _integer(argument) or _string(argument)


def _boolean(argument: Json) -> str | None:
    return str(argument).lower() if isinstance(argument, bool) else None


def _quoted(argument: Json) -> str | None:
    return json.dumps(argument, ensure_ascii=False) if isinstance(argument, str) else None


_WRITERS = {"s": _string, "d": _integer, "v": _plain, "q": _quoted, "t": _boolean}


def _kind(argument: Json) -> str:
    kinds = {type(None): "null", bool: "a boolean", str: "text", int: "a number", float: "a number"}
    return kinds.get(type(argument), "a list or object")


def _refuse(template: str, what: str) -> NoReturn:
    raise ConfigError(
        f"the format `{template}` {what}", hint="%s for text, %d for whole numbers, %v for either"
    )
