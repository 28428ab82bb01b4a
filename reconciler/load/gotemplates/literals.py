"""Constants as Go writes them: quoted strings, characters and numbers.

Rules: the Go specification (Lexical elements) as `strconv` reads it.
"""

from __future__ import annotations

import math
import re

from reconciler.load.gotemplates import texts
from reconciler.load.gotemplates.faults import Fault

_ESCAPE = re.compile(
    r"\\(?:(?P<simple>[abfnrtv\\])|(?P<quote>['\"])|x(?P<byte>[0-9a-fA-F]{2})|(?P<octal>[0-7]{3})"
    r"|u(?P<short>[0-9a-fA-F]{4})|U(?P<long>[0-9a-fA-F]{8})|(?P<bad>))"
)
_SIMPLE = {"a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v", "\\": "\\"}
_HEX_INTEGER = re.compile(r"0[xX][^pP]+")
_HEX_FLOAT = re.compile(r"[+-]?0[xX][^pP]*[pP]")
_STRAY_UNDERSCORE = re.compile(r"_(?![0-9a-fA-F])|(?<![0-9a-fA-FxX])_")
_OCTAL = re.compile(r"[+-]?0_?[0-7]")
_LARGEST = 2**63


def unquote(quoted: str) -> str:
    """Give the text of a quoted string, with its quotes: `\"…\"` or raw between backquotes."""
    if quoted[0] == "`":
        return quoted[1:-1].replace("\r", "")
    if "\\" not in quoted:
        return quoted[1:-1]
    unescaped = _ESCAPE.sub(lambda match: _character(match, quoted[0]), quoted[1:-1])
    return texts.from_bytes(texts.to_bytes(unescaped))


def character(quoted: str) -> int:
    """Give the code of a character constant, with its quotes; a byte escape gives the byte."""
    inner = quoted[1:-1]
    escape = _ESCAPE.match(inner)
    value = inner
    if escape:
        value = _character(escape, "'") + inner[escape.end() :]
    if len(value) != 1:
        raise Fault("a character constant holds exactly one character")
    code = ord(value)
    return code - 0xDC00 if 0xDC80 <= code < 0xDD00 else code


def number(text: str) -> int | float:
    """Give a number. Its spelling decides between int and float, as for an untyped constant in Go."""
    if text.endswith("i") or re.search(r"[0-9.][+-]", text[1:]):
        raise Fault("complex numbers are not supported")
    try:
        value = _integer(text)
    except ValueError:
        return _float(text)
    if not _HEX_INTEGER.fullmatch(text) and re.search(r"[.eEpP]", text):
        return float(value)
    if not -_LARGEST <= value < _LARGEST:
        raise Fault("the number does not fit into 64 bits")
    return value


def _integer(text: str) -> int:
    return int(text, 8) if _OCTAL.match(text) else int(text, 0)


def _float(text: str) -> float:
    malformed = Fault("this is not a number")
    if not re.search(r"[.eEpP]", text):
        raise malformed
    try:
        if _HEX_FLOAT.match(text):
            if _STRAY_UNDERSCORE.search(text):
                raise malformed
            value = float.fromhex(text.replace("_", ""))
        else:
            value = float(text)
    except (ValueError, OverflowError):
        raise malformed from None
    if math.isinf(value):
        raise Fault("the number is too large")
    return value


def _character(match: re.Match[str], quote: str) -> str:
    kind, digits = match.lastgroup, match[match.lastgroup or 0]
    if kind == "simple":
        return _SIMPLE[digits]
    if kind == "quote" and digits == quote:
        return digits
    if kind in {"byte", "octal"}:
        code = int(digits, 16 if kind == "byte" else 8)
        if code < 0x80:
            return chr(code)
        if code <= 0xFF:
            return chr(0xDC00 + code)
    if kind in {"short", "long"}:
        code = int(digits, 16)
        if code <= 0x10FFFF and not 0xD800 <= code < 0xE000:
            return chr(code)
    raise Fault(
        "there is an escape in the string that does not exist",
        "use a raw string between backquotes, where a backslash is just a backslash",
    )
