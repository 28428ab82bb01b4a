"""What a plain YAML scalar means: the YAML 1.2 core schema, as the parser behind ecspresso (goccy/go-yaml) has it.

`yes`, `on`, dates and `1:30` are text. So are `1e3` and `12e4567` (a number needs a dot before an exponent:
commit hashes stay text) and integers of more than 64 bits. Different from that parser on purpose: digits
with a leading zero are text, not octal, because account ids are such digits; `0o17` is octal.
"""

from __future__ import annotations

import math
import re
from typing import Final

from reconciler.core.values import Json

NULLS: Final = frozenset({"", "~", "null", "Null", "NULL"})
TRUES: Final = frozenset({"true", "True", "TRUE"})
FALSES: Final = frozenset({"false", "False", "FALSE"})

_INTEGER: Final = re.compile(r"[-+]?(0|[1-9][0-9_]*)")
_BASED: Final = re.compile(r"(-?)0([xob])([0-9a-fA-F_]+)")
_BASES: Final = {"x": 16, "o": 8, "b": 2}
_FLOAT: Final = re.compile(r"[-+]?([0-9][0-9_]*\.[0-9]*|\.[0-9]+)([eE][-+]?[0-9]+)?")
_INFINITE: Final = re.compile(r"[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)")


def plain(text: str) -> Json:
    """Give the value of an unquoted scalar. ValueError where JSON has no such number."""
    if text in NULLS:
        return None
    if text in TRUES or text in FALSES:
        return text in TRUES
    for read in (_integer, _based, _float):
        number = read(text)
        if number is not None:
            return number
    if _INFINITE.fullmatch(text):
        raise ValueError("an infinite number")
    return text


def tagged(kind: str, text: str) -> Json:
    """Give the value of a scalar under one of YAML's own tags (`str`, `int`, …). ValueError where it has none."""
    value = text if kind == "str" else plain(text)
    if kind == "float" and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    fits = {"str": str, "int": int, "float": float, "bool": bool, "null": type(None)}[kind]
    if type(value) is not fits:
        raise ValueError(f"this is no {kind}")
    return value


def _integer(text: str) -> int | None:
    if not _INTEGER.fullmatch(text) or len(text) > 40:
        return None
    value = int(text.replace("_", ""))
    return value if -(2**63) <= value < 2**64 else None


def _based(text: str) -> int | None:
    found = _BASED.fullmatch(text)
    if not found or len(text) > 80:
        return None
    try:
        value = int(found[1] + found[3].replace("_", ""), _BASES[found[2]])
    except ValueError:
        return None
    return value if -(2**63) <= value < 2**64 else None


def _float(text: str) -> float | None:
    if not _FLOAT.fullmatch(text):
        return None
    value = float(text.replace("_", ""))
    if not math.isfinite(value):
        raise ValueError("a number out of range")
    return value
