"""Scalars as the API's types want them: texts, numbers and truths, from the spellings that files hold."""

from __future__ import annotations

import math
import re
from typing import Final

from reconciler.core.kinds.rules import ABSENT, Maybe, Rule
from reconciler.core.values import Json


class MistypedError(Exception):
    """A value cannot be read as the type that is wanted. Whoever knows its place says so."""


def read(wanted: str, value: Json, rule: Rule) -> Maybe:
    """Give a value as a type of the API (``integer``), ABSENT where it means none. MistypedError."""
    result: Maybe = ABSENT
    if isinstance(value, str) and wanted == "string":  # as nearly all are
        result = value
    elif isinstance(value, dict | list | tuple):
        raise MistypedError
    elif wanted == "string":
        result = text(value)
    elif wanted == "boolean":
        result = {"true": True, "false": False}.get(str(value).lower(), ABSENT)
    elif wanted == "integer":
        result = _integer(value)
    elif wanted == "float":
        result = _number(value)
    else:
        result = value
    if result == "" and wanted == "string" and not rule.blank:
        return ABSENT
    if result is ABSENT:
        if value != "":
            raise MistypedError
        return ABSENT
    return result if rule.coerce is None else rule.coerce(result)


def text(value: Json) -> Json:
    """Give numbers and truths as the texts that ECS stores for them; anything else as it is."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer() and abs(value) < _EXACT:
        return str(int(value))  # as ECS, and Go, write it
    return str(value) if isinstance(value, int | float) else value


_EXACT: Final = 2.0**53


# Whole numbers and decimal ones as they stand in texts: Python by itself reads `8_0` and the digits of other scripts.
_WHOLE: Final = re.compile(r"[+-]?[0-9]{1,400}")
_DECIMAL: Final = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")


def _integer(value: Json) -> Maybe:
    if isinstance(value, bool):
        return ABSENT
    if isinstance(value, int):
        return value
    if isinstance(value, str) and _WHOLE.fullmatch(value.strip()):
        return int(value)  # a float would round it
    number = _number(value)
    return int(number) if isinstance(number, float) and number.is_integer() else ABSENT


def _number(value: Json) -> Maybe:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return ABSENT
    if isinstance(value, str) and not _DECIMAL.fullmatch(value.strip()):
        return ABSENT
    try:
        number = float(value)
    except OverflowError:  # of a whole number that no float reaches
        return ABSENT
    return number if math.isfinite(number) else ABSENT


# How a value of each type is written, in JSON and in YAML alike.
FORMS: Final = {
    "object": "write it in braces: { … }",
    "list": "write it in brackets: [ … ]",
    "string": 'write it in quotes: "…"',
    "boolean": "write true or false",
    "integer": "write a whole number, such as 256",
    "long": "write a whole number, such as 256",
    "float": "write a number, such as 0.5",
    "double": "write a number, such as 0.5",
}


def article(kind: str) -> str:
    """Put the article before the name of a type."""
    return f"an {kind}" if kind[0] in "aeio" else f"a {kind}"


def type_of(value: Json) -> str:
    """Say what a value is: ``a string``, ``an object``."""
    match value:
        case bool():
            return "a boolean"
        case str():
            return "a string"
        case int() | float():
            return "a number"
        case dict():
            return "an object"
        case list() | tuple():
            return "a list"
        case _:
            return "null"
