"""What `variable` and `locals` blocks declare.

Takes: a body and the text that it was read from. Gives: variables and the expressions of locals, by name. Never gives
them values: `variables.settle` and a scope do.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from reconciler.errors import HclError
from reconciler.hcl import constraints, conversions, kinds, nodes, traversals, values
from reconciler.hcl.faults import Fault
from reconciler.hcl.kinds import Kind
from reconciler.hcl.nodes import Block, Body, Expr, Span
from reconciler.hcl.runs import Run
from reconciler.hcl.sources import Source
from reconciler.hcl.values import Value
from reconciler.records import dataclass

_ARGUMENTS: Final = ("type", "default", "description", "nullable", "sensitive")
_VALIDATION: Final = ("condition", "error_message")


@dataclass(frozen=True, slots=True)
class Validation:
    """A condition that a variable must meet, and what to say if it does not."""

    condition: Expr
    message: Expr
    source: Source


@dataclass(frozen=True, slots=True)
class Variable:
    """A variable. `default` is a tuple of one value, empty where there is none; `literal` tells that the text of an
    option or of the environment is the value, and no expression.
    """

    name: str
    kind: Kind
    literal: bool
    default: tuple[Value, ...]
    nullable: bool
    sensitive: bool
    description: str
    validations: tuple[Validation, ...]
    source: Source
    span: Span


def variables(body: Body, source: Source) -> Mapping[str, Variable]:
    """Read the `variable` blocks of a body. Raises HclError, HclErrors for several."""
    run = Run()
    found: dict[str, Variable] = {}
    for block in body.blocks:
        if block.type != "variable":
            continue
        for error in _misplaced(block, source):
            run.failed(error)
        try:
            variable = _variable(block, source)
        except HclError as error:
            run.failed(error)
            continue
        if variable.name in found:
            run.failed(source.error(f"the variable {variable.name} is declared already", block.header))
        found.setdefault(variable.name, variable)
    run.finish()
    return found


def definitions(body: Body, source: Source) -> Mapping[str, tuple[Expr, Source]]:
    """Read the `locals` blocks of a body. Raises HclError, HclErrors for several."""
    run = Run()
    found: dict[str, tuple[Expr, Source]] = {}
    for block in body.blocks:
        if block.type != "locals":
            continue
        if block.labels:
            run.failed(source.error("locals takes no labels", block.header))
        for inner in block.body.blocks:
            hint = f"an object is written {inner.type} = {{ … }}"
            run.failed(source.error("locals holds values, not blocks", inner.header, hint))
        for attribute in block.body.attributes:
            if attribute.name in found:
                what = f"the local value {attribute.name} is defined already"
                run.failed(source.error(what, attribute.name_span))
            found.setdefault(attribute.name, (attribute.expr, source))
    run.finish()
    return found


def _misplaced(block: Block, source: Source) -> Iterator[HclError]:
    """Give what a `variable` block holds and must not."""
    for attribute in block.body.attributes:
        if attribute.name not in _ARGUMENTS:
            hint = traversals.suggestion(attribute.name, (*_ARGUMENTS, "validation"))
            yield source.error(f"a variable has no {attribute.name}", attribute.name_span, hint)
    for inner in block.body.blocks:
        if inner.type != "validation":
            hint = f"write {inner.type} = …" if inner.type in _ARGUMENTS else None
            yield source.error(f"a variable has no block {inner.type}", inner.header, hint)


def _variable(block: Block, source: Source) -> Variable:
    if len(block.labels) != 1:
        raise source.error("a variable has one label, its name", block.header, 'as in variable "image" {}')
    body = block.body
    declared = body.attribute("type")
    kind = constraints.kind(declared.expr, source) if declared else kinds.ANY
    nullable = _flag(body, "nullable", source, default=True)
    description = body.attribute("description")
    text = constraints.constant(description.expr, source) if description else ""
    if description and not isinstance(text, str):
        raise source.error("the description is a text", description.expr.span)
    return Variable(
        name=block.labels[0],
        kind=kind,
        literal=declared is None or isinstance(kind, kinds.Primitive),
        default=_default(body, kind, source, nullable=nullable),
        nullable=nullable,
        sensitive=_flag(body, "sensitive", source, default=False),
        description=str(text),
        validations=tuple(_validation(inner, source) for inner in body.blocks if inner.type == "validation"),
        source=source,
        span=block.header,
    )


def _default(body: Body, kind: Kind, source: Source, *, nullable: bool) -> tuple[Value, ...]:
    attribute = body.attribute("default")
    if attribute is None:
        return ()
    value = constraints.constant(attribute.expr, source)
    if value is None and not nullable:
        raise source.error("the default is null, which nullable = false rules out", attribute.expr.span)
    try:
        return (conversions.convert(value, kind),)
    except Fault as fault:
        what = f"the default does not have the type of the variable: {fault.what}"
        raise source.error(what, attribute.expr.span, fault.hint) from None


def _flag(body: Body, name: str, source: Source, *, default: bool) -> bool:
    attribute = body.attribute(name)
    if attribute is None:
        return default
    value = constraints.constant(attribute.expr, source)
    if not isinstance(value, bool):
        what = f"{name} is true or false, not {values.described(value)}"
        raise source.error(what, attribute.expr.span)
    return value


def _validation(block: Block, source: Source) -> Validation:
    for attribute in block.body.attributes:
        if attribute.name not in _VALIDATION:
            hint = traversals.suggestion(attribute.name, _VALIDATION)
            raise source.error(f"a validation has no {attribute.name}", attribute.name_span, hint)
    parts: list[nodes.Expr] = []
    for name in _VALIDATION:
        given = block.body.attribute(name)
        if given is None:
            hint = "it has a condition and an error_message"
            raise source.error(f"this validation has no {name}", block.header, hint)
        parts.append(given.expr)
    return Validation(parts[0], parts[1], source)
