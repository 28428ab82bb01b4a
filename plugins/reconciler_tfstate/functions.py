"""The functions and operators of queries: values out of values, with their marks (see `filters`).

What looks at a value that is known later raises `laters.Later`; what moves it about does not.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import reduce
from itertools import chain, pairwise
from operator import itemgetter
from typing import Any, Final, NoReturn

from reconciler.plugin import Json, NotFound
from reconciler_tfstate import laters, places, queries
from reconciler_tfstate.addresses import Index, Member
from reconciler_tfstate.places import Found

Pair = tuple[Found, Found]

_KINDS: Final = {type(None): "null", bool: "boolean", str: "string", list: "array", dict: "object"}
_UPPER: Final = {ord("a") + letter: ord("A") + letter for letter in range(26)}
_LOWER: Final = {upper: lower for lower, upper in _UPPER.items()}
#: How an entry of an object may be written as one of a list.
_NAMES: Final = ("key", "k", "name", "Name", "Key", "K")
_VALUES: Final = ("value", "v", "Value", "V")


def true(data: Json) -> bool:
    """Tell whether data counts as true: all but null and false."""
    laters.settled(data)
    return data is not None and data is not False


def derived(data: Json, *others: Found) -> Found:
    """Give a value computed from others, sensitive if any part of them is."""
    sensitive = any(one.sensitive for one in others)
    return Found(f"a value from {others[0].at}", data, ((),) if sensitive else ())


def refuse(found: Found, name: str) -> NoReturn:
    """Say that a function is not for such a value."""
    laters.settled(found.data)
    places.settle(found)
    raise NotFound(f"{found.at} is {places.kind(found.data)}, to which {name} does not apply")


def elements(found: Found, name: str) -> list[Found]:
    """Give the elements of a list. NotFound for all else."""
    if not isinstance(found.data, list):
        refuse(found, name)
    return list(places.children(found))


def make_object(at: str, members: Iterable[Pair]) -> Found:
    """Make an object of names and values."""
    kept = {text(name, "the name of a member"): (name, value) for name, value in members}
    data = {key: value.data for key, (_, value) in kept.items()}
    if any(name.sensitive for name, _ in kept.values()):
        return Found(at, data, ((),))
    return Found(
        at, data, tuple((key, *path) for key, (_, value) in kept.items() for path in value.sensitive)
    )


def text(found: Found, name: str) -> str:
    """Give a text. NotFound for all else."""
    if not isinstance(found.data, str):
        refuse(found, name)
    return found.data


def in_order(found: Found, keyed: Iterable[Pair], *, unique: bool) -> Found:
    """Sort values by their keys, of which each counts once if they are to be unique."""
    ranked = sorted(((rank(key.data), key, one) for key, one in keyed), key=itemgetter(0))
    if unique and ranked:
        ranked = [ranked[0], *(entry for before, entry in pairwise(ranked) if before[0] != entry[0])]
    whole = places.gather(f"a value from {found.at}", [one for _, _, one in ranked])
    return derived(whole.data, found) if any(key.sensitive for _, key, _ in ranked) else whole


def rank(data: Json) -> Any:
    """Give what jq orders and compares by: null, false, true, numbers, texts, lists, objects."""
    laters.settled(data)
    match data:
        case None:
            return (0,)
        case bool():
            return (2,) if data else (1,)
        case str():
            return (4, data)
        case list():
            return (5, [rank(item) for item in data])
        case dict():
            names = sorted(data)
            return (6, names, [rank(data[name]) for name in names])
    return (3, data)


def to_entries(found: Found) -> Found:
    """Give the members of an object as a list of ``{"key", "value"}``."""
    if not isinstance(found.data, dict):
        refuse(found, "to_entries")
    entries = [
        make_object(found.at, [(Found("", "key"), Found("", name)), (Found("", "value"), one)])
        for name, one in zip(sorted(found.data), places.children(found), strict=True)
    ]
    return places.gather(f"the entries of {found.at}", entries)


def from_entries(found: Found) -> Found:
    """Give the object of such a list; names may be texts, numbers, booleans or null."""
    members: list[Pair] = []
    for entry in elements(found, "from_entries"):
        if not isinstance(entry.data, dict):
            refuse(entry, "from_entries")
        name, value = (_first_of(entry, names) for names in (_NAMES, _VALUES))
        if isinstance(name.data, list | dict):
            refuse(name, "from_entries")
        members.append((tostring(name), value))
    return make_object(f"the object from {found.at}", members)


def _first_of(entry: Found, names: Sequence[str]) -> Found:
    data = entry.data
    assert isinstance(data, dict)
    present = [name for name in names if name in data]
    name = (*present, names[0])[0]
    if len(present) > 1:  # else it is not looked at, so that it may be known later
        name = next((name for name in present if true(data[name])), name)
    return places.walk(entry, Member(name))


def tostring(found: Found) -> Found:
    """Give a text as it is, and all else as JSON."""
    return found if isinstance(found.data, str) else tojson(found)


def tojson(found: Found) -> Found:
    """Give the JSON of a value, without spaces."""
    return derived(
        json.dumps(found.data, separators=(",", ":"), ensure_ascii=False, default=laters.refuse), found
    )


def fromjson(found: Found) -> Found:
    """Decode a text."""
    try:
        data: Json = json.loads(
            text(found, "fromjson"), parse_float=queries.number, parse_constant=_no_constant
        )
    except (ValueError, RecursionError):
        raise NotFound(f"{found.at} is a text that holds no JSON") from None
    return derived(data, found)


def _no_constant(constant: str) -> NoReturn:
    raise ValueError(constant)


def _tonumber(found: Found) -> Found:
    if isinstance(found.data, int | float) and not isinstance(found.data, bool):
        return found
    number = fromjson(found) if text(found, "tonumber") else found
    if isinstance(number.data, bool) or not isinstance(number.data, int | float):
        raise NotFound(f"{found.at} is a text that holds no number")
    return number


def _keys(found: Found) -> Found:
    match found.data:
        case dict() as members:
            return _outside(found, sorted(members))
        case list() as items:
            return _outside(found, list(range(len(items))))
    refuse(found, "keys")


def _length(found: Found) -> Found:
    match laters.settled(found.data):
        case None:
            return _outside(found, 0)
        case bool():
            refuse(found, "length")
        case int() | float() as number:
            return derived(abs(number), found)
        case data:
            return _outside(found, len(data))


def _outside(found: Found, data: Json) -> Found:
    """Give a value that tells nothing of the parts of another."""
    return Found(f"a value from {found.at}", data, ((),) if found.secret else ())


def _has(found: Found, key: Found) -> Found:
    match found.data, laters.settled(key.data):
        case (dict() as members, str() as name):
            return derived(name in members, key, _outside(found, None))
        case (list() as items, int() as number):
            return derived(0 <= number < len(items), key, _outside(found, None))
    refuse(found, "has")


def _reverse(found: Found) -> Found:
    if found.data is None or isinstance(found.data, str):
        return derived((found.data or "")[::-1] if found.data else [], found)
    return places.gather(f"a value from {found.at}", reversed(elements(found, "reverse")))


def _flatten(found: Found) -> Found:
    def leaves(one: Found) -> Iterable[Found]:
        nested = isinstance(laters.settled(one.data), list)
        return chain.from_iterable(map(leaves, places.children(one))) if nested else [one]

    return places.gather(
        f"a value from {found.at}", chain.from_iterable(map(leaves, elements(found, "flatten")))
    )


def _add(found: Found) -> Found:
    items = list(places.children(found))
    data = [item.data for item in items if item.data is not None]
    if data and all(isinstance(item, list) for item in data):
        return derived(list(chain.from_iterable(data)), found)  # type: ignore[arg-type]
    if data and all(isinstance(item, str) for item in data):
        return derived("".join(map(str, data)), found)
    return derived(reduce(plus, items, Found(found.at, None)).data, found)


def plus(one: Found, other: Found) -> Found:
    """Add numbers, texts, lists or objects; null adds nothing."""
    match one.data, other.data:
        case (None, data) | (data, None):
            return derived(data, one, other)
        case (bool(), _) | (_, bool()):
            pass
        case (int() | float() as left, int() | float() as right):
            return derived(_sum(left, right), one, other)
        case (str() as left, str() as right):
            return derived(left + right, one, other)
        case (list() as left, list() as right):
            return derived([*left, *right], one, other)
        case (dict() as left, dict() as right):
            return derived({**left, **right}, one, other)
    laters.settled(one.data)
    laters.settled(other.data)
    kinds = f"{places.kind(one.data)} and {places.kind(other.data)}"
    raise NotFound(f"{one.at} and {other.at} are {kinds}, which cannot be added")


def _sum(left: float, right: float) -> float:
    """Add numbers, whole ones exactly, and others as far as they go."""
    if isinstance(left, int) and isinstance(right, int):
        return left + right
    try:
        return queries.number(repr(left + right))
    except OverflowError:  # a whole number that no other one comes near
        return left if isinstance(left, int) else right


def _join(found: Found, separator: Found) -> Found:
    between = text(separator, "join")
    words: list[str] = []
    for item in elements(found, "join"):
        if isinstance(item.data, list | dict):
            refuse(item, "join")
        words.append("" if item.data is None else str(tostring(item).data))
    return derived(between.join(words), found, separator)


def _split(found: Found, separator: Found) -> Found:
    whole, between = text(found, "split"), text(separator, "split")
    words = (whole.split(between) if between else list(whole)) if whole else []
    return derived(words, found, separator)


def _contains(found: Found, part: Found) -> Found:
    def within(whole: Json, wanted: Json) -> bool:
        match whole, wanted:
            case (str() as a, str() as b):
                return b in a
            case (list() as a, list() as b):
                return all(any(_same_kind(x, y) and within(x, y) for x in a) for y in b)
            case (dict() as a, dict() as b):
                return all(
                    name in a and _same_kind(a[name], b[name]) and within(a[name], b[name]) for name in b
                )
        return bool(rank(whole) == rank(wanted))

    if not _same_kind(found.data, part.data):
        refuse(found, f"contains of {places.kind(part.data)}")
    return derived(within(found.data, part.data), found, part)


def _same_kind(one: Json, other: Json) -> bool:
    return places.kind(laters.settled(one)) == places.kind(laters.settled(other))


def _base64(found: Found) -> Found:
    return derived(base64.b64encode(str(tostring(found).data).encode()).decode(), found)


def _base64d(found: Found) -> Found:
    encoded = text(found, "@base64d").rstrip("=")
    try:
        return derived(base64.b64decode(encoded + "=" * (-len(encoded) % 4), validate=True).decode(), found)
    except (binascii.Error, ValueError):
        raise NotFound(f"{found.at} is a text that holds no Base64 of a text") from None


def _extreme(name: str, choose: Callable[..., Found]) -> Callable[[Found], Found]:
    def extreme(found: Found) -> Found:
        items = elements(found, name)
        return derived(choose(items, key=lambda one: rank(one.data)).data if items else None, found)

    return extreme


def _of_text(name: str, act: Callable[[str, str], Json]) -> Callable[[Found, Found], Found]:
    return lambda found, argument: derived(act(text(found, name), text(argument, name)), found, argument)


def _trimmed(trim: Callable[[str, str], str]) -> Callable[[Found, Found], Found]:
    """Make a function that leaves alone what is no text."""

    def trimming(found: Found, argument: Found) -> Found:
        laters.settled(argument.data)
        if isinstance(found.data, str) and isinstance(argument.data, str):
            return derived(trim(found.data, argument.data), found, argument)
        return found

    return trimming


def _compared(test: Callable[[Any, Any], bool]) -> Callable[[Found, Found], Found]:
    return lambda one, other: derived(test(rank(one.data), rank(other.data)), one, other)


OPERATORS: Final[Mapping[str, Callable[[Found, Found], Found]]] = {
    "+": plus,
    "==": _compared(lambda a, b: a == b),
    "!=": _compared(lambda a, b: a != b),
    "<": _compared(lambda a, b: a < b),
    "<=": _compared(lambda a, b: a <= b),
    ">": _compared(lambda a, b: a > b),
    ">=": _compared(lambda a, b: a >= b),
}

#: Functions of the value that comes through the pipe.
ALONE: Final[Mapping[str, Callable[[Found], Found]]] = {
    "@base64": _base64,
    "@base64d": _base64d,
    "@json": tojson,
    "@text": tostring,
    "add": _add,
    "all": lambda found: derived(all(true(one.data) for one in places.children(found)), found),
    "any": lambda found: derived(any(true(one.data) for one in places.children(found)), found),
    "ascii_downcase": lambda found: derived(text(found, "ascii_downcase").translate(_LOWER), found),
    "ascii_upcase": lambda found: derived(text(found, "ascii_upcase").translate(_UPPER), found),
    "first": lambda found: places.walk(found, Index(0)),
    "flatten": _flatten,
    "from_entries": from_entries,
    "fromjson": fromjson,
    "keys": _keys,
    "keys_unsorted": _keys,
    "last": lambda found: places.walk(found, Index(-1)),
    "length": _length,
    "max": _extreme("max", lambda items, key: max(reversed(items), key=key)),
    "min": _extreme("min", min),
    "not": lambda found: derived(not true(found.data), _outside(found, None)),
    "reverse": _reverse,
    "sort": lambda found: in_order(found, ((one, one) for one in elements(found, "sort")), unique=False),
    "to_entries": to_entries,
    "tojson": tojson,
    "tonumber": _tonumber,
    "tostring": tostring,
    "type": lambda found: _outside(found, _KINDS.get(type(laters.settled(found.data)), "number")),
    "unique": lambda found: in_order(found, ((one, one) for one in elements(found, "unique")), unique=True),
}

#: Functions of that value and an argument.
WITH_ARGUMENT: Final[Mapping[str, Callable[[Found, Found], Found]]] = {
    "contains": _contains,
    "endswith": _of_text("endswith", str.endswith),
    "has": _has,
    "join": _join,
    "ltrimstr": _trimmed(str.removeprefix),
    "rtrimstr": _trimmed(str.removesuffix),
    "split": _split,
    "startswith": _of_text("startswith", str.startswith),
}
