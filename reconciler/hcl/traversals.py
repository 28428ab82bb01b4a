"""Steps into values: `.name` and `[key]`, and addresses, which are written with such steps.

A step keeps the marks of what it is taken of. A Fault says what is missing, and names members only of what is no
secret.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from decimal import Decimal
from typing import TypeAlias

from reconciler.hcl import conversions, numerals, values
from reconciler.hcl.faults import Fault
from reconciler.hcl.values import Marked, Set, Unknown, Value
from reconciler.records import dataclass

_IDENTIFIER = re.compile(r"[^\W\d][\w-]*\Z")
_FEW = 8
_ESCAPES = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r", "\t": "\\t"}


@dataclass(frozen=True, slots=True)
class Attr:
    """`.name`."""

    name: str


@dataclass(frozen=True, slots=True)
class Key:
    """`[key]`: a number for a list, text for a map."""

    key: str | int | Decimal


Step: TypeAlias = Attr | Key
Path: TypeAlias = tuple[Step, ...]


def address(root: str, path: Iterable[Step]) -> str:
    """Write an address as HCL does: `aws_subnet.a["x"].tags.Name`."""
    return root + "".join(map(_written, path))


def _written(step: Step) -> str:
    if isinstance(step, Attr):
        return f".{step.name}" if _IDENTIFIER.match(step.name) else f"[{quoted(step.name)}]"
    return f"[{quoted(step.key) if isinstance(step.key, str) else numerals.text(step.key)}]"


def quoted(text: str) -> str:
    """Write a text as a string of HCL that holds no sequence."""
    plain = "".join(_ESCAPES.get(each, each) for each in text)
    return f'"{plain.replace("${", "$${").replace("%{", "%%{")}"'


def suggestion(name: str, names: Iterable[str]) -> str | None:
    """Give a hint that names what looks like `name`."""
    found = difflib.get_close_matches(name, sorted(names), n=3, cutoff=0.6)
    return f"did you mean {' or '.join(found)}?" if found else None


def _beside(name: str, names: Collection[str]) -> str | None:
    """Give a hint for a missing member: what looks like it, else what there is, if that is not much."""
    return suggestion(name, names) or (f"it has {', '.join(names)}" if 0 < len(names) <= _FEW else None)


def attribute(value: Value, name: str) -> Value:
    """Give an attribute of an object. Raises Fault where there is none, and for what has no attributes."""
    plain, marks = values.split(value)
    match plain:
        case Unknown():
            return value
        case None:
            raise Fault(f'this value is null, so it has no attribute "{name}"')
        case Mapping():
            if name not in plain:
                hint = None if marks.sensitive else _beside(name, plain)
                raise Fault(f'this object has no attribute "{name}"', hint)
            return values.mark(plain[name], marks)
        case tuple():
            hint = f"[*].{name} takes it of each element, [0].{name} of the first"
            raise Fault(f'a list has no attribute "{name}"', hint)
        case Set():
            raise Fault(f'a set has no attribute "{name}"', f"[*].{name} takes it of each element")
        case _:
            raise Fault(f'{values.described(plain)} has no attribute "{name}"')


def index(value: Value, key: Value) -> Value:
    """Give an element of a list, or of a map or object. Raises Fault where there is none.

    The key's marks stay on the element: which one it is tells of the key.
    """
    plain, marks = values.split(value)
    key, more = values.split(key)
    marks |= more
    if isinstance(key, Unknown):
        return values.mark(key, marks)
    if key is None and not isinstance(plain, Unknown):
        raise Fault("null cannot be used as a key")
    match plain:
        case Unknown():
            return values.mark(plain, marks)
        case None:
            raise Fault("this value is null, so it has no elements")
        case tuple():
            return values.mark(_item(plain, key, secret=marks.sensitive), marks)
        case Mapping():
            return values.mark(_member(plain, key, secret=marks.sensitive), marks)
        case Set():
            hint = "tolist() makes a list of it, whose order is that of its values"
            raise Fault("the elements of a set have neither an index nor a key", hint)
        case _:
            raise Fault(f"{values.described(plain)} has no elements")


def _item(items: Sequence[Value], key: Value, *, secret: bool) -> Value:
    try:
        number = conversions.to_number(key)
    except Fault:
        raise Fault(f"a list takes a number as its index, not {values.described(key)}") from None
    assert isinstance(number, int | Decimal)
    if not isinstance(number, int):
        raise Fault("a list takes a whole number as its index")
    if number < 0:
        raise Fault("an index is not negative", "element(list, -1) gives the last one")
    if number >= len(items):
        count = {0: "no elements", 1: "one element"}.get(len(items), f"{len(items)} elements")
        what = "the list does not have so many elements"
        raise Fault(what if secret else f"the list has {count}, and no [{number}]")
    return items[number]


def _member(members: Mapping[str, Value], key: Value, *, secret: bool) -> Value:
    try:
        name = conversions.to_string(key)
    except Fault:
        raise Fault(f"an object takes a string as its key, not {values.described(key)}") from None
    assert isinstance(name, str)
    if name in members:
        return members[name]
    if secret:
        raise Fault("the object has no such key")
    raise Fault(f"the object has no key {quoted(name)}", _beside(name, members))


def step(value: Value, taken: Step) -> Value:
    """Take one step."""
    return attribute(value, taken.name) if isinstance(taken, Attr) else index(value, taken.key)


def as_step(value: Value) -> Step | None:
    """Give the step that an index by a value is; None where no address can hold it (unknown, null, a list)."""
    plain = value.value if isinstance(value, Marked) else value
    match plain:
        case bool():
            return Key("true" if plain else "false")
        case str() | int() | Decimal():
            return Key(plain)
        case _:
            return None
