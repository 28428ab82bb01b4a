"""The table of all functions, and how one is called.

Takes: a name and the values of the arguments. Gives: a value. Raises Fault, which names the argument that is to blame.
Never calls what is not pure: such functions are known by name, and refused with the reason.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from reconciler.hcl import conversions
from reconciler.hcl.faults import Fault
from reconciler.hcl.functions.arithmetic import FUNCTIONS as ARITHMETIC
from reconciler.hcl.functions.assumptions import FUNCTIONS as ASSUMPTIONS
from reconciler.hcl.functions.dates import FUNCTIONS as DATES
from reconciler.hcl.functions.documents import FUNCTIONS as DOCUMENTS
from reconciler.hcl.functions.encodings import FUNCTIONS as ENCODINGS
from reconciler.hcl.functions.filesystem import FUNCTIONS as FILESYSTEM
from reconciler.hcl.functions.formats import FUNCTIONS as FORMATS
from reconciler.hcl.functions.hashes import FUNCTIONS as HASHES
from reconciler.hcl.functions.mappings import FUNCTIONS as MAPPINGS
from reconciler.hcl.functions.marking import FUNCTIONS as MARKING
from reconciler.hcl.functions.networks import FUNCTIONS as NETWORKS
from reconciler.hcl.functions.regexes import FUNCTIONS as REGEXES
from reconciler.hcl.functions.sequences import FUNCTIONS as SEQUENCES
from reconciler.hcl.functions.sets import FUNCTIONS as SETS
from reconciler.hcl.functions.signatures import Context, Function, Parameter, check_text
from reconciler.hcl.functions.strings import FUNCTIONS as STRINGS
from reconciler.hcl.functions.types import FUNCTIONS as TYPES
from reconciler.hcl.values import (
    NO_MARKS,
    Marks,
    Unknown,
    Value,
    first_unknown,
    mark,
    split,
    unmark,
)

TABLE: Mapping[str, Function] = {
    row.name: row
    for row in (
        *ARITHMETIC, *ASSUMPTIONS, *DATES, *DOCUMENTS, *ENCODINGS, *FILESYSTEM, *FORMATS, *HASHES,
        *MAPPINGS, *MARKING, *NETWORKS, *REGEXES, *SEQUENCES, *SETS, *STRINGS, *TYPES,
    )
}  # fmt: skip
"""Every function that is called with the values of its arguments, by name."""

LAZY = frozenset({"can", "try"})
"""Functions of the evaluator's, which evaluates their arguments itself: they live on errors."""

REFUSED: Mapping[str, str] = {
    "bcrypt": "it salts with chance, so that every plan would differ from the last",
    "convert": "it takes a type, which is no value here: write tostring, tonumber, tobool, tolist, toset or tomap",
    "plantimestamp": "it reads the clock, so that every plan would differ from the last",
    "rsadecrypt": "it needs a private key in the files, which is no place for one",
    "timestamp": "it reads the clock, so that every plan would differ from the last",
    "type": "it exists in `terraform console` alone",
    "uuid": "it is made of chance, so that every plan would differ from the last",
}
"""Functions that are not offered, with the reason."""

_CORE = "core::"
_NOTHING = Context()
_ORDINALS = ("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth")


def names() -> list[str]:
    """Give the names of all functions that can be called, sorted, without the namespace `core::`."""
    return sorted({*TABLE, *LAZY})


def check(name: str, count: int) -> None:
    """Refuse a function that does not exist or takes another number of arguments; raises Fault.

    To be asked before the arguments are evaluated, so that a slip in the call is not reported as one in them.
    """
    short = name.removeprefix(_CORE)
    if short in LAZY:
        if short == "can" and count != 1:
            raise Fault(f"`can` takes 1 argument, not {count}")
        if not count:
            raise Fault("`try` takes at least 1 argument")
        return
    function = _find(name)
    least = len(function.parameters)
    if count < least or (count > least and function.variadic is None):
        most = "at least " if function.variadic else ""
        raise Fault(f"`{short}` takes {most}{least} argument{'s' * (least != 1)}, not {count}")


def call(name: str, arguments: Sequence[Value], context: Context = _NOTHING) -> Value:
    """Call a function with values, as they come: marked, unknown or null where they are. Raises Fault."""
    check(name, len(arguments))
    function = _find(name)
    marks, unknown, ready = NO_MARKS, None, list[Value]()
    for index, argument in enumerate(arguments):
        try:
            value, more = _prepare(argument, function.parameter(index))
        except Fault as fault:
            raise _named(Fault(fault.what, fault.hint, argument=index), function) from None
        marks |= more
        if isinstance(value, Unknown) and not function.parameter(index).raw:
            unknown = unknown or value
        ready.append(value)
    if unknown is not None:
        return mark(unknown, marks)
    try:
        result = function.call(context, *ready) if function.contextual else function.call(*ready)
        if isinstance(result, str):
            check_text(len(result))
    except Fault as fault:
        raise _named(
            _silent(fault, ready) if function.contextual and marks.sensitive else fault, function
        ) from None
    except RecursionError:
        raise Fault(f"`{function.name}`: the value is nested too deeply") from None
    return mark(result, marks)


def _find(name: str) -> Function:
    short = name.removeprefix(_CORE)
    if (function := TABLE.get(short)) is not None:
        return function
    if short in REFUSED:
        raise Fault(f"`{short}` is not offered: {REFUSED[short]}")
    if short.startswith("provider::"):
        raise Fault(f"there is no function `{short}`: functions of providers are not offered")
    import difflib

    near = difflib.get_close_matches(short, names(), n=3, cutoff=0.6)
    raise Fault(f"there is no function `{short}`", f"write {' or '.join(near)}" if near else None)


def _prepare(argument: Value, parameter: Parameter) -> tuple[Value, Marks]:
    if parameter.raw:
        return argument, NO_MARKS
    if parameter.members:
        value, marks = split(argument)
    else:
        value, marks = unmark(argument)
        value = first_unknown(value) or value
    if isinstance(value, Unknown):
        return value, marks
    if value is None and not parameter.null:
        raise Fault("it must not be null")
    value, more = split(conversions.convert(value, parameter.kind))
    if parameter.whole and not isinstance(value, int):
        raise Fault("a whole number is required")
    return value, marks | more


def _silent(fault: Fault, arguments: Sequence[Value]) -> Fault:
    """Leave out the path that a fault of the functions of files quotes, when an argument is secret."""
    what = fault.what
    for argument in arguments:
        if isinstance(argument, str) and argument:
            what = what.replace(argument, "...", 1)
    return Fault(what, fault.hint, argument=fault.argument)


def _named(fault: Fault, function: Function) -> Fault:
    """Say of which function and argument a fault speaks."""
    index = fault.argument
    if index is None:
        return Fault(f"`{function.name}`: {fault.what}", fault.hint)
    ordinal = _ORDINALS[index] if index < len(_ORDINALS) else f"{index + 1}th"
    name = function.parameter(index).name
    return Fault(
        f"the {ordinal} argument of `{function.name}` ({name}): {fault.what}", fault.hint, argument=index
    )
