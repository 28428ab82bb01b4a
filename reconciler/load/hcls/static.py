"""The references of a document, read off its tree: those in branches that are not taken and in unused locals, too."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from reconciler.core.references import Functions
from reconciler.core.values import Json
from reconciler.errors import Where
from reconciler.hcl import nodes, references, repetitions, syntax
from reconciler.hcl.faults import Fault
from reconciler.hcl.nodes import Body, Expr
from reconciler.hcl.sources import Source
from reconciler.load.hcls import states
from reconciler.load.sources import Document, Options

_OWN = frozenset({"var", "local", "path", "terraform", "each", "count", "self"})


class Reference(NamedTuple):
    """A call of a resolver's function, or what amounts to one: its place, its text, and its arguments if constant."""

    where: Where
    function: str
    text: str
    arguments: tuple[Json, ...] | None


def listed(document: Document, functions: Functions, options: Options) -> Iterator[Reference]:
    """Give the references of a document, in the order of its text. Raises HclError where it cannot be parsed."""
    source = Source(document.text, str(document.path))
    state = _state(options)
    found: list[tuple[int, Reference]] = []
    for expr, names in _expressions(syntax.parse_body(document.text, str(document.path)), _OWN):
        for each in references.references(expr):
            if each.root not in names:
                text = document.text[each.span.start : each.span.end]
                found.append(
                    (
                        each.span.start,
                        Reference(source.where(each.span), state, text, (each.address,)),
                    )
                )
        for call in (invocation.call for invocation in references.invocations(expr)):
            if call.name in functions:
                text = document.text[call.span.start : call.span.end]
                reference = Reference(source.where(call.span), call.name, text, _constants(call))
                found.append((call.span.start, reference))
    yield from (reference for _, reference in sorted(found, key=lambda pair: pair[0]))


def _state(options: Options) -> str:
    """Give the function that answers for references, whichever it is: evaluation says what is wrong."""
    try:
        return states.function(options)
    except Fault:
        return states.FUNCTION


def _expressions(body: Body, names: frozenset[str]) -> Iterator[tuple[Expr, frozenset[str]]]:
    """Give the expressions of a body, each with the names that refer to nothing outside."""
    yield from ((attribute.expr, names) for attribute in body.attributes)
    for block in body.blocks:
        if block.type == repetitions.DYNAMIC:
            inner = names | {repetitions.iterator(block)}
            for attribute in block.body.attributes:
                if attribute.name != repetitions.ITERATOR:
                    yield attribute.expr, names if attribute.name == repetitions.FOR_EACH else inner
            yield from _expressions(Body(blocks=block.body.blocks), inner)
        elif block.type != "variable":
            yield from _expressions(block.body, names)


def _constants(call: nodes.Call) -> tuple[Json, ...] | None:
    given: list[Json] = []
    for argument in call.arguments:
        if not isinstance(argument, nodes.Literal) or not isinstance(argument.value, None | bool | int | str):
            return None
        given.append(argument.value)
    return None if call.expands else tuple(given)
