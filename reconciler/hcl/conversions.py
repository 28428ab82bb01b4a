"""Values made into others: to a string, a number, a bool; to a declared type; several to the type that they share.

Null stays null and unknown stays unknown, whatever is asked for; marks stay where they are. A Fault says what was
required and what was given, never the value.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from reconciler.hcl import kinds, numerals
from reconciler.hcl.faults import Fault
from reconciler.hcl.kinds import Anything, Kind, ListOf, MapOf, ObjectOf, Primitive, SetOf, TupleOf
from reconciler.hcl.values import Marked, Object, Set, Unknown, Value, described, is_number, make_set, mark

_BOOLS = {"true": True, "1": True, "false": False, "0": False}


def to_string(value: Value) -> Value:
    """Convert to a string: a number with all its digits, a bool as `true` or `false`."""
    match value:
        case None | str() | Unknown():
            return value
        case Marked():
            return mark(to_string(value.value), value.marks)
        case bool():
            return "true" if value else "false"
        case _ if is_number(value):
            assert not isinstance(value, tuple | Set | Mapping)
            return numerals.text(value)
        case _:
            raise Fault(f"a string is required, not {described(value)}")


def to_number(value: Value) -> Value:
    """Convert to a number: a string that is one in decimal notation, as in `"-1.5e3"`."""
    match value:
        case Marked():
            return mark(to_number(value.value), value.marks)
        case str():
            return numerals.parse(value)
        case None | Unknown():
            return value
        case _ if is_number(value):
            return value
        case _:
            raise Fault(f"a number is required, not {described(value)}")


def to_bool(value: Value) -> Value:
    """Convert to a bool: the strings `"true"`, `"false"`, `"1"` and `"0"`."""
    match value:
        case Marked():
            return mark(to_bool(value.value), value.marks)
        case None | bool() | Unknown():
            return value
        case str() if value in _BOOLS:
            return _BOOLS[value]
        case str():
            hint = f'write "{value.lower()}"' if value.lower() in _BOOLS else None
            raise Fault("a bool is required, and the text is not a bool", hint)
        case _:
            raise Fault(f"a bool is required, not {described(value)}")


def unified(given: Sequence[Value]) -> tuple[Value, ...]:
    """Convert several values to the type that they share, as the elements of a list or both sides of `? :`.

    Raises Fault where they share none.
    """
    return _unified(given, kinds.ANY)


def _unified(given: Sequence[Value], constraint: Kind) -> tuple[Value, ...]:
    shown = [kinds.shaped(value, constraint) for value in given]
    shared = kinds.unify(shown)
    if shared is None:
        different = sorted(
            {
                str(kind) if len(str(kind)) < 80 else described(value)
                for kind, value in zip(shown, given, strict=True)
            }
        )
        raise Fault(f"the elements must share one type, and are {' and '.join(different)}")
    return (
        tuple(given)
        if all(kind == shared for kind in shown)
        else tuple(convert(value, shared) for value in given)
    )


def convert(value: Value, kind: Kind) -> Value:
    """Convert to a declared type. Attributes that an object's type does not name are dropped.

    Raises Fault where that cannot be, naming the attribute or element that is to blame.
    """
    if isinstance(value, Marked):
        return mark(convert(value.value, kind), value.marks)
    if value is None or isinstance(value, Unknown):
        return value
    match kind:
        case Anything():
            return value
        case Primitive():
            return _PRIMITIVES[kind.name](value)
        case ListOf():
            return _elements(value, kind.element, f"{kind}")
        case SetOf():
            return make_set(_elements(value, kind.element, f"{kind}"))
        case MapOf():
            return _map(value, kind)
        case TupleOf():
            return _tuple(value, kind)
        case ObjectOf():
            return _object(value, kind)


_PRIMITIVES: Mapping[str, Callable[[Value], Value]] = {
    "string": to_string,
    "number": to_number,
    "bool": to_bool,
}


def _elements(value: Value, element: Kind, required: str) -> tuple[Value, ...]:
    if not isinstance(value, tuple | Set):
        raise Fault(f"a {required.partition('(')[0]} is required, not {described(value)}")
    return _alike([_at(f"element {index}", item, element) for index, item in enumerate(value)], element)


def _map(value: Value, kind: MapOf) -> Value:
    if not isinstance(value, Mapping):
        raise Fault(f"a map is required, not {described(value)}")
    converted = [_at(f"attribute {key!r}", member, kind.element) for key, member in value.items()]
    return Object(zip(value, _alike(converted, kind.element), strict=True))


def _tuple(value: Value, kind: TupleOf) -> Value:
    if not isinstance(value, tuple | Set):
        raise Fault(f"a list is required, not {described(value)}")
    if len(value) != len(kind.items):
        raise Fault(f"a list of {len(kind.items)} elements is required, not of {len(value)}")
    pairs = zip(value, kind.items, strict=True)
    return tuple(_at(f"element {index}", item, inner) for index, (item, inner) in enumerate(pairs))


def _object(value: Value, kind: ObjectOf) -> Value:
    if not isinstance(value, Mapping):
        raise Fault(f"an object is required, not {described(value)}")
    missing = sorted(name for name in kind.attributes if name not in value and name not in kind.optional)
    if missing:
        raise Fault(f"the attribute{'s' * (len(missing) > 1)} {', '.join(missing)} must be there")
    members: dict[str, Value] = {}
    for name, inner in kind.attributes.items():
        member = value.get(name)
        # A default also takes the place of null, as Terraform has it.
        given = kind.optional.get(name) if member is None else member
        members[name] = _at(f"attribute {name!r}", given, inner)
    return Object(members)


def _at(place: str, value: Value, kind: Kind) -> Value:
    try:
        return convert(value, kind)
    except Fault as fault:
        raise Fault(f"{place}: {fault.what}", fault.hint) from None


def _alike(converted: Sequence[Value], element: Kind) -> tuple[Value, ...]:
    """Give the elements of a collection their one type where the declared one leaves some of it open."""
    return _unified(converted, element) if _open(element) else tuple(converted)


def _open(kind: Kind) -> bool:
    match kind:
        case Anything():
            return True
        case ListOf() | SetOf() | MapOf():
            return _open(kind.element)
        case TupleOf():
            return any(map(_open, kind.items))
        case ObjectOf():
            return any(map(_open, kind.attributes.values()))
        case _:
            return False
