"""Calls of functions, and the two that are none: `try` and `can` look at expressions, whether they have a value."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from reconciler.errors import ReconcilerError
from reconciler.hcl import nodes, traversals, values
from reconciler.hcl.faults import Fault
from reconciler.hcl.runs import FAILED, Exceeded
from reconciler.hcl.values import Set, Unknown, Value

if TYPE_CHECKING:
    from reconciler.hcl.evaluation import Evaluator, Names

CORE: Final = "core::"
"""The namespace in which all functions of the language stand as well."""

LAZY: Final = ("try", "can")


def call(evaluator: Evaluator, expr: nodes.Call, names: Names) -> Value:
    """Give what a function gives for the values of its arguments. A Fault of it names it, as the message needs it."""
    name = expr.name.removeprefix(CORE)
    if name in LAZY and not expr.expands:
        return _tried(evaluator, expr, names) if name == "try" else _can(evaluator, expr, names)
    try:
        function = evaluator.scope.function(name)
        if function is not None and not expr.expands:
            # Before the arguments: a slip in the call is not to be reported as one in them.
            function.check(len(expr.arguments))
    except Fault as fault:
        return evaluator.wrong(fault.what, expr.name_span, fault.hint)
    if function is None:
        near = traversals.suggestion(name, [*evaluator.scope.functions(), *LAZY])
        return evaluator.wrong(f"there is no function `{expr.name}`", expr.name_span, near)
    arguments = [evaluator.value(argument, names) for argument in expr.arguments]
    marks = values.NO_MARKS
    if expr.expands:
        last, marks = values.split(arguments.pop())
        if isinstance(last, Unknown):
            return values.mark(last, marks)
        if not isinstance(last, tuple | Set):
            what = f"... expands a list or a set, not {values.described(last)}"
            return evaluator.wrong(what, expr.arguments[-1].span)
        arguments += last
    if any(values.split(argument)[0] is FAILED for argument in arguments):
        return FAILED
    try:
        function.check(len(arguments))
        value = function.call(arguments, evaluator.run, evaluator.run.asks(expr.span, evaluator.source))
    except Fault as fault:
        blamed = expr.span
        if fault.argument is not None and expr.arguments:
            blamed = expr.arguments[min(fault.argument, len(expr.arguments) - 1)].span
        return evaluator.wrong(fault.what, blamed, fault.hint)
    except Exceeded:
        raise
    except ReconcilerError as error:
        return evaluator.located(error, expr.span)
    return values.mark(value, marks)


def _tried(evaluator: Evaluator, expr: nodes.Call, names: Names) -> Value:
    """Give the first argument that has a value. One that is not wholly known yet may turn out to have none."""
    if not expr.arguments:
        return evaluator.wrong("`try` takes at least one argument", expr.span)
    reasons: dict[str, None] = {}
    for argument in expr.arguments:
        with evaluator.run.attempt() as errors:
            value = evaluator.value(argument, names)
        if not errors:
            unknown = values.first_unknown(value)
            return value if unknown is None else values.mark(unknown, values.unmark(value)[1])
        reasons |= dict.fromkeys(error.what for error in errors)
    what = f"nothing in this `try` has a value: {'; '.join(reasons)}"
    return evaluator.wrong(what, expr.span, "make its last argument one that always has a value")


def _can(evaluator: Evaluator, expr: nodes.Call, names: Names) -> Value:
    """Tell whether an expression has a value, which is no secret, as Terraform has it."""
    if len(expr.arguments) != 1:
        return evaluator.wrong("`can` takes one argument", expr.span)
    with evaluator.run.attempt() as errors:
        value = evaluator.value(expr.arguments[0], names)
    if errors:
        return False
    origins = values.unmark(value)[1].origins
    return values.mark(values.first_unknown(value) or True, values.Marks(origins=origins))
