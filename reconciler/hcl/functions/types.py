"""Functions that convert to a type."""

from __future__ import annotations

from reconciler.hcl import kinds
from reconciler.hcl.functions.signatures import Function, Parameter, function
from reconciler.hcl.kinds import Kind
from reconciler.hcl.values import Value


def same(value: Value) -> Value:
    """Give the argument: what is asked for is done by converting it."""
    return value


def _conversion(name: str, kind: Kind) -> Function:
    return function(name, same, Parameter("value", kind, null=True, members=True))


FUNCTIONS = (
    _conversion("tobool", kinds.BOOL),
    _conversion("tolist", kinds.ListOf(kinds.ANY)),
    _conversion("tomap", kinds.MapOf(kinds.ANY)),
    _conversion("tonumber", kinds.NUMBER),
    _conversion("toset", kinds.SetOf(kinds.ANY)),
    _conversion("tostring", kinds.STRING),
)
