"""Functions of sets. All arguments are converted to sets of one type first."""

from __future__ import annotations

from collections.abc import Callable

from reconciler.hcl import conversions, kinds
from reconciler.hcl.functions.signatures import Parameter, function
from reconciler.hcl.values import Set, Value


def _folded(combine: Callable[[Set, Set], Set]) -> Callable[..., Value]:
    def call(*given: Value) -> Value:
        first, *others = _alike(given)
        for other in others:
            first = combine(first, other)
        return first

    return call


def _alike(given: tuple[Value, ...]) -> list[Set]:
    """Convert the members of all sets to the type that they share."""
    members = [tuple(value) for value in given if isinstance(value, Set)]
    shared = iter(conversions.unified([item for part in members for item in part]))
    return [Set([next(shared) for _ in part]) for part in members]


def _union(left: Set, right: Set) -> Set:
    return Set((*left, *right))


def _intersection(left: Set, right: Set) -> Set:
    return Set(item for item in left if item in right)


def _difference(left: Set, right: Set) -> Set:
    return Set(item for item in left if item not in right)


_ONE = Parameter("set", kinds.SetOf(kinds.ANY))
_OTHERS = Parameter("sets", kinds.SetOf(kinds.ANY))

FUNCTIONS = (
    function("setintersection", _folded(_intersection), _ONE, rest=_OTHERS),
    function("setsubtract", _folded(_difference), _ONE, _OTHERS),
    function("setunion", _folded(_union), _ONE, rest=_OTHERS),
)
