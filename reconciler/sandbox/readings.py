"""Reading plain data, a piece at a time; what is not as it should be is a `SandboxError` that names the place."""

from collections.abc import Mapping
from typing import Any

from reconciler.sandbox.errors import SandboxError


def items(value: object, place: str) -> list[Any]:
    """Give a list; nothing is an empty one."""
    if value is not None and not isinstance(value, list):
        raise SandboxError("must be a list", place)
    return value or []


def texts(value: object, place: str) -> tuple[str, ...]:
    """Give a list of texts; nothing is an empty one."""
    found = items(value, place)
    if not all(isinstance(each, str) for each in found):
        raise SandboxError("must be a list of texts", place)
    return tuple(found)


def mapping(value: object, place: str) -> dict[str, Any]:
    """Give an object; nothing is an empty one, and keys are texts."""
    if value is not None and not isinstance(value, Mapping):
        raise SandboxError("must be an object", place)
    return {str(key): each for key, each in (value or {}).items()}


def members(value: object, place: str, known: tuple[str, ...]) -> dict[str, Any]:
    """Give an object that has no members but the known ones."""
    found = mapping(value, place)
    unknown = sorted(set(found) - set(known))
    if unknown:
        raise SandboxError(f"has no member {unknown[0]!r}; there are {', '.join(known)}", place)
    return found


def text(given: Mapping[str, Any], name: str, place: str, default: str = "") -> str:
    """Give a member that is text."""
    value = given.get(name, default)
    if not isinstance(value, str):
        raise SandboxError("must be text", f"{place}.{name}")
    return value


def seconds(given: Mapping[str, Any], name: str, place: str) -> float | None:
    """Give a member that is a number of seconds, if it is there."""
    value = given.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or value < 0:
        raise SandboxError("must be a number of seconds", f"{place}.{name}")
    return float(value)


def times(given: Mapping[str, Any], place: str, default: float) -> float:
    """Give how many times something holds."""
    value = given.get("times", default)
    if isinstance(value, bool) or not isinstance(value, int | float) or value < 1:
        raise SandboxError("must be a whole number from 1 on", f"{place}.times")
    return value


def one_of(value: object, allowed: Any, place: str) -> str:
    """Give one of a few words."""
    if not isinstance(value, str) or value not in allowed:
        raise SandboxError(f"must be one of {', '.join(allowed)}", place)
    return value
