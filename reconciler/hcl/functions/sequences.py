"""Functions of lists, and of whatever else comes one after the other."""

from __future__ import annotations

import itertools
import math
from decimal import Decimal

from reconciler.hcl import conversions, kinds
from reconciler.hcl.faults import Fault
from reconciler.hcl.functions.signatures import Parameter, check_elements, function, number, whole
from reconciler.hcl.values import (
    NO_MARKS,
    Set,
    Unknown,
    Value,
    described,
    equal,
    first_unknown,
    identity,
    make_set,
    mark,
    split,
    unmark,
)


def alltrue(given: Value) -> Value:
    """Tell whether all are true; null is not."""
    plain, marks = unmark(given)
    assert isinstance(plain, tuple)
    false = any(item is not True and not isinstance(item, Unknown) for item in plain)
    return mark(False if false else first_unknown(plain) or True, marks)


def anytrue(given: Value) -> Value:
    """Tell whether one is true at least."""
    plain, marks = unmark(given)
    assert isinstance(plain, tuple)
    return mark(True if any(item is True for item in plain) else first_unknown(plain) or False, marks)


def chunklist(given: Value, size: int) -> Value:
    """Divide a list into lists of a size; 0 leaves it whole."""
    assert isinstance(given, tuple)
    if size < 0:
        raise Fault("it must not be negative", argument=1)
    step = size or max(len(given), 1)
    return tuple(given[start : start + step] for start in range(0, len(given), step))


def coalesce(*given: Value) -> Value:
    """Give the first value that is neither null nor an empty string, converted to the type that all share.

    An unknown one before it leaves the answer unknown, one behind it does not matter.
    """
    plain, marks = unmark(given)
    assert isinstance(plain, tuple)
    try:
        converted = conversions.unified(plain)
    except Fault as fault:
        raise Fault(fault.what.replace("elements", "arguments")) from None
    for value in converted:
        if value is not None and value != "":
            return mark(first_unknown(value) or value, marks)
    raise Fault("every argument is null or an empty string")


def coalescelist(*given: Value) -> Value:
    """Give the first list that is not empty."""
    plain, marks = unmark(given)
    assert isinstance(plain, tuple)
    for index, value in enumerate(plain):
        if isinstance(value, Unknown):
            return mark(value, marks)
        if not isinstance(value, tuple):
            raise Fault(f"a list is required, not {described(value)}", argument=index)
        if value:
            return mark(value, marks)
    raise Fault("every list is empty" if given else "at least one list is required")


def concat(*given: Value) -> Value:
    """Put lists one after the other."""
    if not given:
        raise Fault("at least one list is required")
    for index, value in enumerate(given):
        if not isinstance(value, tuple):
            raise Fault(f"a list is required, not {described(value)}", argument=index)
    return tuple(item for value in given if isinstance(value, tuple) for item in value)


def contains(given: Value, value: Value) -> Value:
    """Tell whether a list or set holds a value; `1` is not `"1"`."""
    if not isinstance(given, tuple | Set):
        raise Fault(f"a list or a set is required, not {described(given)}", argument=0)
    plain, marks = unmark(tuple(given))
    assert isinstance(plain, tuple)
    answers = [equal(item, value) for item in plain]
    return mark(True if True in answers else first_unknown(tuple(answers)) or False, marks)


def distinct(given: Value) -> Value:
    """Leave each value at its first place only."""
    assert isinstance(given, tuple)
    first = {identity(item): item for item in reversed(given)}
    return tuple(first[key] for key in dict.fromkeys(map(identity, given)))


def element(given: Value, index: int | Decimal) -> Value:
    """Give the element of an index, which begins anew behind the end, and before the beginning counts from the end."""
    if not isinstance(given, tuple):
        raise Fault(f"a list is required, not {described(given)}", argument=0)
    if not isinstance(index, int):
        raise Fault("a whole number is required", argument=1)
    if not given:
        raise Fault("the list is empty", argument=0)
    return given[index % len(given)]


def flatten(given: Value) -> Value:
    """Put the elements of lists and sets within a list in their places, at all depths."""
    if not isinstance(given, tuple | Set):
        raise Fault(f"a list or a set is required, not {described(given)}", argument=0)
    result: list[Value] = []
    marks = NO_MARKS
    for item in given:
        inner, own = split(item)
        if isinstance(inner, Unknown):
            # It may turn out to be a list, so that not even the length is known.
            return mark(inner, marks | own)
        if isinstance(inner, tuple | Set):
            nested, more = split(flatten(inner))
            marks |= own | more
            if isinstance(nested, Unknown):
                return mark(nested, marks)
            assert isinstance(nested, tuple)
            result.extend(nested)
        else:
            result.append(item)
    return mark(tuple(result), marks)


def index_of(given: Value, value: Value) -> Value:
    """Give the index of the first element that equals a value."""
    if not isinstance(given, tuple):
        raise Fault(f"a list is required, not {described(given)}", argument=0)
    for at, item in enumerate(given):
        if identity(item) == identity(value):
            return at
    raise Fault("the list does not hold the value", argument=1)


def matchkeys(given: Value, keys: Value, searched: Value) -> Value:
    """Give the elements whose keys, at the same places of another list, are among those that are searched."""
    assert isinstance(given, tuple)
    assert isinstance(keys, tuple)
    assert isinstance(searched, tuple)
    if len(given) != len(keys):
        raise Fault(f"it must be as long as the first, {len(given)}, and is {len(keys)}", argument=1)
    shared = conversions.unified((*keys, *searched))
    wanted = {identity(key) for key in shared[len(keys) :] if key is not None}
    return tuple(
        item for item, key in zip(given, shared[: len(keys)], strict=True) if identity(key) in wanted
    )


def one(given: Value) -> Value:
    """Give the only element of a list or set, null where there is none."""
    if not isinstance(given, tuple | Set):
        raise Fault(f"a list or a set is required, not {described(given)}", argument=0)
    if len(given) > 1:
        raise Fault(f"it must have one element or none, and has {len(given)}", argument=0)
    return next(iter(given), None)


def reverse(given: Value) -> Value:
    """Turn a list around."""
    if not isinstance(given, tuple | Set):
        raise Fault(f"a list is required, not {described(given)}", argument=0)
    return tuple(given)[::-1]


def setproduct(*given: Value) -> Value:
    """Give all combinations of one element of each; a set where a set is among the arguments, else a list."""
    if len(given) < 2:
        raise Fault("at least two collections are required")
    columns: list[tuple[Value, ...]] = []
    for index, value in enumerate(given):
        if not isinstance(value, tuple | Set):
            raise Fault(f"a list or a set is required, not {described(value)}", argument=index)
        try:
            columns.append(conversions.unified(tuple(value)))
        except Fault as fault:
            raise Fault(fault.what, argument=index) from None
    check_elements(math.prod(map(len, columns)) * len(columns))
    rows = tuple(itertools.product(*columns))
    return make_set(rows) if any(isinstance(value, Set) for value in given) else rows


def cut(given: Value, start: int, end: int) -> Value:
    """Give the elements from one index to before another."""
    if not isinstance(given, tuple):
        raise Fault(f"a list is required, not {described(given)}", argument=0)
    if not 0 <= start <= len(given):
        raise Fault(f"it must lie between 0 and the length, {len(given)}", argument=1)
    if not start <= end <= len(given):
        raise Fault(f"it must lie between the start, {start}, and the length, {len(given)}", argument=2)
    return given[start:end]


_LIST = kinds.ListOf(kinds.ANY)
_MEMBERS = Parameter("list", members=True)

FUNCTIONS = (
    function("alltrue", alltrue, Parameter("list", kinds.ListOf(kinds.BOOL), members=True)),
    function("anytrue", anytrue, Parameter("list", kinds.ListOf(kinds.BOOL), members=True)),
    function("chunklist", chunklist, Parameter("list", _LIST, members=True), whole("size")),
    function("coalesce", coalesce, rest=Parameter("vals", raw=True)),
    function("coalescelist", coalescelist, rest=Parameter("vals", raw=True)),
    function("concat", concat, rest=Parameter("seqs", members=True)),
    function("contains", contains, _MEMBERS, Parameter("value")),
    function("distinct", distinct, Parameter("list", _LIST)),
    function("element", element, _MEMBERS, number("index")),
    function("flatten", flatten, _MEMBERS),
    function("index", index_of, Parameter("list"), Parameter("value")),
    function(
        "matchkeys",
        matchkeys,
        Parameter("values", _LIST),
        Parameter("keys", _LIST),
        Parameter("searchset", _LIST),
    ),
    function("one", one, Parameter("list")),
    function("reverse", reverse, _MEMBERS),
    function("setproduct", setproduct, rest=Parameter("sets", members=True)),
    function("slice", cut, _MEMBERS, whole("start_index"), whole("end_index")),
)
