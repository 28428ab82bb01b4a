"""Functions of maps and objects."""

from __future__ import annotations

from collections.abc import Mapping

from reconciler.hcl import kinds
from reconciler.hcl.faults import Fault
from reconciler.hcl.functions.signatures import Parameter, function, text
from reconciler.hcl.functions.strings import texts
from reconciler.hcl.values import Object, Value, described


def keys(given: Value) -> Value:
    """Give the keys, sorted."""
    return tuple(_mapping(given, 0))


def lookup(given: Value, key: str, *default: Value) -> Value:
    """Give the member of a key, or else the default."""
    if len(default) > 1:
        raise Fault(f"2 or 3 arguments are required, not {2 + len(default)}")
    members = _mapping(given, 0)
    if key in members:
        return members[key]
    if not default:
        raise Fault("the map has no such key, and there is no default", argument=1)
    return default[0]


def merge(*given: Value) -> Value:
    """Unite maps: of equal keys the last wins. Null is as good as empty."""
    members: dict[str, Value] = {}
    for index, value in enumerate(given):
        members.update(_mapping(value, index) if value is not None else {})
    return Object(members)


def transpose(given: Value) -> Value:
    """Turn a map from keys to lists around: from each member of a list to the keys."""
    result: dict[str, list[Value]] = {}
    for key, members in _mapping(given, 0).items():
        if members is None:
            raise Fault(f"transpose turns lists around, and {key} is null")
        for member in texts(members, 0):
            result.setdefault(member, []).append(key)
    return Object({key: tuple(members) for key, members in result.items()})


def values(given: Value) -> Value:
    """Give the members, sorted by their keys."""
    return tuple(_mapping(given, 0).values())


def zipmap(names: Value, members: Value) -> Value:
    """Make a map of a list of keys and one of members."""
    if not isinstance(members, tuple):
        raise Fault(f"a list is required, not {described(members)}", argument=1)
    given = texts(names, 0)
    if len(given) != len(members):
        raise Fault(f"it must be as long as the first, {len(given)}, and is {len(members)}", argument=1)
    return Object(zip(given, members, strict=True))


def _mapping(value: Value, argument: int) -> Mapping[str, Value]:
    if not isinstance(value, Mapping):
        raise Fault(f"a map or an object is required, not {described(value)}", argument=argument)
    return value


_MEMBERS = Parameter("map", members=True)

FUNCTIONS = (
    function("keys", keys, _MEMBERS),
    function("lookup", lookup, _MEMBERS, text("key"), rest=Parameter("default", null=True, raw=True)),
    function("merge", merge, rest=Parameter("maps", null=True, members=True)),
    function("transpose", transpose, Parameter("map", kinds.MapOf(kinds.ListOf(kinds.STRING)))),
    function("values", values, _MEMBERS),
    function(
        "zipmap", zipmap, Parameter("keys", kinds.ListOf(kinds.STRING)), Parameter("values", members=True)
    ),
)
