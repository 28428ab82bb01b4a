"""What texts hold: JSON documents, and lines."""

from __future__ import annotations

import json
from typing import Any, Final, NoReturn

from reconciler.core.values import Json

# A document that nests deeper is shown as a text.
_DEEPEST: Final = 40


def documents(before: str, after: str) -> tuple[Json, Json] | None:
    """Give what two texts hold, if both hold an object or both a list."""
    old = _parsed(before)
    new = _parsed(after) if old is not None else None
    return (old, new) if new is not None and type(old) is type(new) else None


def same(before: Json, after: Json) -> bool:
    """Tell whether two documents are equal, other than Python does it: true is not 1, and 1 is not 1.0."""
    return before is after or spelled(before) == spelled(after)


def spelled(value: Json) -> str:
    """Write a document so that equal ones are equal texts."""
    return json.dumps(value, sort_keys=True)


def lines(before: str, after: str) -> tuple[list[str], list[str]]:
    """Split two texts into lines; the line feed at the end stays where only one of them has it."""
    old, new = before.split("\n"), after.split("\n")
    if old[-1] == new[-1] == "":
        return old[:-1], new[:-1]
    return _ended(old), _ended(new)


def _ended(found: list[str]) -> list[str]:
    return [*found[:-2], found[-2] + "\n"] if len(found) > 1 and found[-1] == "" else found


def _parsed(text: str) -> Json:
    """Give the object or list that a text holds, None where it holds none that is sure to be shown in full."""
    if text.lstrip()[:1] not in ("{", "["):
        return None
    try:
        value = json.loads(text, object_pairs_hook=_object, parse_float=_float, parse_constant=_constant)
    except (ValueError, RecursionError):
        return None
    return value if _shallow(value) else None


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a member is there twice")
    return found


def _float(text: str) -> float:
    from decimal import Decimal, InvalidOperation

    value = float(text)
    try:
        exact = Decimal(text) == Decimal(repr(value))
    except InvalidOperation:
        exact = False
    if not exact:
        raise ValueError("no float is this number")
    return value


def _constant(text: str) -> NoReturn:
    raise ValueError(f"{text} is no JSON")


def _shallow(value: Any) -> bool:
    level = [value]
    for _ in range(_DEEPEST):
        level = [
            member
            for container in level
            if isinstance(container, dict | list)
            for member in (container.values() if isinstance(container, dict) else container)
        ]
        if not level:
            return True
    return False
