"""The functions that every template has, over plain data with marks.

`and` and `or` are here by name and arity only: they do not evaluate every argument, so the execution does
them itself.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final, TypeAlias

from reconciler.core.values import Marked, unite
from reconciler.load.gotemplates import comparisons, escapes, printf, printing, texts, values
from reconciler.load.gotemplates.calls import Arity
from reconciler.load.gotemplates.faults import Fault, check_size

Plain: TypeAlias = Callable[..., object]


def apply(name: str, arguments: Sequence[Marked]) -> Marked:
    """Call a built-in function with known arguments. What it gives carries all their marks."""
    if name == "index":
        return _index(*arguments)
    return unite(_PLAIN[name](*[argument.data for argument in arguments]), arguments)


def member(value: Marked, name: str) -> Marked:
    """Give a member of a map, `ABSENT` where it has none of the name or there is no map at all."""
    if value.data is values.ABSENT:
        return value
    if value.data is None:
        raise Fault(f"null has no member {name}")
    if not values.is_map(value.data):
        hint = "index takes the members of a list by number" if values.is_list(value.data) else None
        raise Fault(f"{values.described(value.data)} has no member {name}", hint)
    return value.child(name, value.data.get(name, values.ABSENT))


def _index(item: Marked, *indexes: Marked) -> Marked:
    """Give `item[i][j]…`. Members keep their own marks; what the indexes carry comes on top."""
    if values.is_nil(item.data):
        raise Fault("null cannot be indexed")
    for index in indexes:
        if values.is_nil(item.data):
            raise Fault("null cannot be indexed")
        if values.is_map(item.data):
            if not isinstance(index.data, str):
                raise Fault(f"a map is indexed with a string, not with {values.described(index.data)}")
            item = item.child(index.data, item.data.get(index.data))
        elif isinstance(item.data, str):
            data = texts.to_bytes(item.data)
            item = item.derive(values.Byte(data[_offset(index.data, len(data) - 1)]))
        elif values.is_list(item.data):
            offset = _offset(index.data, len(item.data) - 1)
            item = item.child(offset, item.data[offset])
        else:
            raise Fault(f"{values.described(item.data)} cannot be indexed")
    marks = unite(None, [item, *indexes])
    paths = marks.sensitive_paths if any(index.sensitive for index in indexes) else item.sensitive_paths
    return Marked(item.data, marks.origins, paths)


def _offset(index: object, largest: int) -> int:
    if not values.is_integer(index):
        raise Fault(f"a list or string is indexed with an int, not with {values.described(index)}")
    if not 0 <= index <= largest:
        raise Fault("the index is out of range")
    return int(index)


def _slice(item: object, *indexes: object) -> object:
    """Give `item[i:j]`. Strings are cut by bytes; a third index, which limits capacity, is only checked."""
    if isinstance(item, str):
        if len(indexes) == 3:
            raise Fault("a string is cut with two indexes at most")
        data = texts.to_bytes(item)
        start, end = _bounds(indexes, len(data))
        return texts.from_bytes(data[start:end])
    if not values.is_list(item):
        raise Fault(f"{values.described(item)} cannot be cut")
    start, end = _bounds(indexes, len(item))
    return list(item[start:end])


def _bounds(indexes: Sequence[object], size: int) -> tuple[int, int]:
    given = [_offset(index, size) for index in indexes]
    start, end, limit = [*given, *[0, size, size][len(given) :]]
    if not start <= end <= limit:
        raise Fault("the index at which the cut ends is before the one at which it starts")
    return start, end


def _len(item: object) -> int:
    if isinstance(item, str):
        return texts.length(item)
    if values.is_map(item) or values.is_list(item):
        return len(item)
    raise Fault(f"{values.described(item)} has no length")


def _not(item: object) -> bool:
    return not values.truth(item)


def _print(*operands: object) -> str:
    return printing.sprint(list(operands))


def _println(*operands: object) -> str:
    return printing.sprintln(list(operands))


def _printf(form: object, *operands: object) -> str:
    if not isinstance(form, str):
        raise Fault(f"the first argument of printf is a format string, not {values.described(form)}")
    return printf.sprintf(form, operands)


def _escaper(escape: Callable[[str], str]) -> Plain:
    """Make a function that prints its arguments, absent ones as an action does, and escapes the text."""

    def escaped(*operands: object) -> str:
        shown = [printing.shown(data) if values.is_nil(data) else data for data in operands]
        text = escape(printing.sprint(list(shown)))
        check_size(len(text))
        return text

    return escaped


def _call(function: object, *_arguments: object) -> object:
    raise Fault(
        f"call needs a function as its first argument, not {values.described(function)}",
        "write the function's name without call",
    )


_PLAIN: Final[Mapping[str, Plain]] = {
    "call": _call,
    "eq": comparisons.equal,
    "ge": comparisons.greater_or_equal,
    "gt": comparisons.greater,
    "html": _escaper(escapes.html),
    "js": _escaper(escapes.js),
    "le": comparisons.less_or_equal,
    "len": _len,
    "lt": comparisons.less,
    "ne": comparisons.unequal,
    "not": _not,
    "print": _print,
    "printf": _printf,
    "println": _println,
    "slice": _slice,
    "urlquery": _escaper(escapes.urlquery),
}

SIGNATURES: Final[Mapping[str, Arity]] = {
    "and": Arity(1, None),
    "call": Arity(1, None),
    "eq": Arity(2, None),
    "ge": Arity(2, 2),
    "gt": Arity(2, 2),
    "html": Arity(0, None),
    "index": Arity(1, None),
    "js": Arity(0, None),
    "le": Arity(2, 2),
    "len": Arity(1, 1),
    "lt": Arity(2, 2),
    "ne": Arity(2, 2),
    "not": Arity(1, 1),
    "or": Arity(1, None),
    "print": Arity(0, None),
    "printf": Arity(1, None),
    "println": Arity(0, None),
    "slice": Arity(1, 4),
    "urlquery": Arity(0, None),
}
"""The built-in functions and how many arguments each takes."""

BUILT_IN: Final = frozenset(SIGNATURES)
