"""Functions that set, lift and show the mark of secrets."""

from __future__ import annotations

from reconciler.hcl.functions.signatures import Parameter, function
from reconciler.hcl.values import Marks, Unknown, Value, mark, split


def sensitive(value: Value) -> Value:
    """Mark a value as secret."""
    return mark(value, Marks(sensitive=True))


def nonsensitive(value: Value) -> Value:
    """Lift the mark of a value; its members keep theirs, and the origins stay."""
    plain, marks = split(value)
    return mark(plain, Marks(origins=marks.origins))


def issensitive(value: Value) -> Value:
    """Tell whether a value is marked as secret, whatever its members are."""
    plain, marks = split(value)
    # Terraform cannot tell either before the value is known: it might turn out secret.
    return plain if isinstance(plain, Unknown) and not marks.sensitive else marks.sensitive


def ephemeralasnull(value: Value) -> Value:
    """Give a value: none here is ephemeral, so none becomes null."""
    return value


_RAW = Parameter("value", null=True, raw=True)

FUNCTIONS = (
    function("ephemeralasnull", ephemeralasnull, _RAW),
    function("issensitive", issensitive, _RAW),
    function("nonsensitive", nonsensitive, _RAW),
    function("sensitive", sensitive, _RAW),
)
