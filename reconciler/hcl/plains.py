"""Values as JSON has them, with the paths of what is sensitive, and back."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import TypeAlias

from reconciler.hcl import numerals, values
from reconciler.hcl.values import Marks, Object, Set, Value

Path: TypeAlias = tuple[str | int, ...]
Json: TypeAlias = "None | bool | int | float | str | list[Json] | dict[str, Json]"


def from_json(data: object, paths: Sequence[Path] = ()) -> Value:
    """Make a value of JSON, in which what lies at any of the paths is sensitive."""
    if () in paths:
        return values.mark(values.from_plain(data), Marks(sensitive=True))
    if not paths:
        return values.from_plain(data)
    if isinstance(data, Mapping):
        return Object({str(key): from_json(member, _below(paths, key)) for key, member in data.items()})
    if isinstance(data, list | tuple):
        return tuple(from_json(item, _below(paths, index)) for index, item in enumerate(data))
    return values.from_plain(data)


def to_json(value: Value) -> Json:
    """Give a known value without marks as JSON has it; a number that a float rounds keeps its digits beside it."""
    match value:
        case Decimal():
            near = float(value)
            return near if numerals.from_float(near) == value else numerals.Digits(numerals.text(value))
        case tuple() | Set():
            return [to_json(item) for item in value]
        case Object():
            return {key: to_json(member) for key, member in value.items()}
        case None | bool() | int() | str():
            return value
        case _:
            raise AssertionError(values.described(value))


def text(value: Json, indent: int | None = None) -> str:
    """Write JSON with all digits of its numbers; `indent` is the blanks a level goes in, None for one line."""
    if isinstance(value, numerals.Digits):
        return value.digits
    if not isinstance(value, list | tuple | dict) or not value:
        return json.dumps(value, ensure_ascii=False)
    members = (
        [f"{json.dumps(key, ensure_ascii=False)}: {text(each, indent)}" for key, each in value.items()]
        if isinstance(value, dict)
        else [text(each, indent) for each in value]
    )
    before, after = ("{", "}") if isinstance(value, dict) else ("[", "]")
    if indent is None:
        return before + ", ".join(members) + after
    blanks = "\n" + " " * indent
    inside = ",".join(blanks + member.replace("\n", blanks) for member in members)
    return f"{before}{inside}\n{after}"


def sensitive(value: Value, path: Path = ()) -> Iterator[Path]:
    """Give the paths of what is sensitive in a value that lies at a path; what lies below one is not given again."""
    plain, marks = values.split(value)
    if marks.sensitive:
        yield path
    elif isinstance(plain, Mapping):
        for key, member in plain.items():
            yield from sensitive(member, (*path, key))
    elif isinstance(plain, tuple | Set):
        for index, item in enumerate(plain):
            yield from sensitive(item, (*path, index))


def _below(paths: Sequence[Path], key: str | int) -> list[Path]:
    return [path[1:] for path in paths if path[0] == key]
