"""A single expression in a project's scope, whatever language the project's files are written in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from reconciler.core import values as core
from reconciler.errors import KnownLater
from reconciler.hcl import declarations, plains, syntax, values, variables
from reconciler.hcl.declarations import Variable
from reconciler.hcl.evaluation import Evaluator
from reconciler.hcl.nodes import Expr
from reconciler.hcl.runs import Run, located
from reconciler.hcl.sources import Source
from reconciler.hcl.values import Object, Set, Unknown, Value
from reconciler.load import calls
from reconciler.load.calls import Lookups
from reconciler.load.hcls import outside
from reconciler.load.sources import Document, Options

_ALWAYS: Final = ("path.cwd", "path.module", "path.root", "terraform.workspace")


def evaluate(
    text: str, name: str, document: Document, lookups: Lookups, options: Options, later: str | None = None
) -> core.Marked | None:
    """Evaluate an expression as if it stood in a document; None where `lookups` needs something first.

    `name` is what messages call the place of the expression, and `later` stands for values that are known later,
    which raise KnownLater without it. Raises HclError, HclErrors for several, ResolveError where a failed lookup is
    used.
    """
    source = Source(text, name)
    expr = syntax.parse_expression(text, name)
    declared, definitions = _declared(options)
    run = Run()
    scope = outside.scope(document, lookups, options, variables.settle(declared, options.given), definitions)
    scope.waits = later is not None
    value = Evaluator(run, source, scope).value(expr)
    wrong = run.wrong()
    if wrong and all(isinstance(error, KnownLater) for error in wrong):
        raise wrong[0]
    run.finish()
    if lookups.needs:
        return None
    plain, marks = values.unmark(value)
    while (unknown := values.first_unknown(plain)) is not None:
        where = source.where(expr.span)
        if unknown.error is not None:
            raise located(unknown.error, where)
        if later is None:
            raise replace(calls.later(unknown.address, where), excerpt=source.excerpt(expr.span))
        plain = _told(plain, later)
    origins = frozenset(scope.origins[each] for each in marks.origins)
    return core.Marked(plains.to_json(plain), origins, tuple(plains.sensitive(value)))


def _told(value: Value, later: str) -> Value:
    """Put a text for what is known later, beside which there may be what never will be."""
    match value:
        case Unknown(error=None):
            return later
        case tuple():
            return tuple(_told(each, later) for each in value)
        case Set():
            return tuple(_told(each, later) for each in value)
        case Object():
            return Object({key: _told(each, later) for key, each in value.items()})
    return value


def names(options: Options) -> tuple[str, ...]:
    """Give the project's own names that an expression may hold. HclError where the project file cannot be read."""
    declared, definitions = _declared(options)
    own = (*(f"var.{name}" for name in declared), *(f"local.{name}" for name in definitions))
    return (*own, *_ALWAYS)


def _declared(options: Options) -> tuple[Mapping[str, Variable], Mapping[str, tuple[Expr, Source]]]:
    """Give the variables and locals of the project file, if that is HCL."""
    project = options.declared
    if project is None:
        return {}, {}
    name = str(project.path)
    body, source = syntax.parse_body(project.text, name), Source(project.text, name)
    return declarations.variables(body, source), declarations.definitions(body, source)
