"""Types and constants as they are written in files.

Takes: expressions. Gives: the type or the value that they write. Raises HclError at what is neither.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from reconciler.hcl import conversions, evaluation, kinds, nodes, references, scopes, traversals
from reconciler.hcl.faults import Fault
from reconciler.hcl.kinds import Kind
from reconciler.hcl.nodes import Expr
from reconciler.hcl.sources import Source
from reconciler.hcl.values import Value

_SIMPLE: Final[Mapping[str, Kind]] = {
    "string": kinds.STRING,
    "number": kinds.NUMBER,
    "bool": kinds.BOOL,
    "any": kinds.ANY,
    # Terraform 0.11 had these without the type of their elements, and they are still understood.
    "list": kinds.ListOf(kinds.ANY),
    "map": kinds.MapOf(kinds.ANY),
}
_COLLECTIONS: Final[Mapping[str, Callable[[Kind], Kind]]] = {
    "list": kinds.ListOf,
    "set": kinds.SetOf,
    "map": kinds.MapOf,
}
_ALL: Final = (*_SIMPLE, *_COLLECTIONS, "object", "tuple")
_DEEPEST: Final = 50


def constant(expr: Expr, source: Source) -> Value:
    """Give the value of an expression that refers to nothing and calls nothing. Raises HclError."""
    for reference in references.references(expr):
        hint = f'a text is written "{reference.root}"' if not reference.path else None
        raise source.error("nothing can be referred to here: a constant is required", reference.span, hint)
    for invocation in references.invocations(expr):
        what = "no function can be called here: a constant is required"
        raise source.error(what, invocation.call.name_span)
    return evaluation.evaluate(expr, source, scopes.Names())


def kind(expr: Expr, source: Source, *, depth: int = 0) -> Kind:
    """Read a type: `string`, `list(number)`, `object({ a = string, b = optional(number, 3) })`. Raises HclError."""
    if depth > _DEEPEST:
        raise source.error("the type is nested too deeply", expr.span)
    match expr:
        case nodes.Parens():
            return kind(expr.inner, source, depth=depth + 1)
        case nodes.Name() if expr.name in _SIMPLE:
            return _SIMPLE[expr.name]
        case nodes.Name() if expr.name in _ALL:
            example = {"set": "set(string)", "object": "object({ a = string })", "tuple": "tuple([string])"}
            what = f"{expr.name} is no type without what it holds"
            raise source.error(what, expr.span, f"as in {example[expr.name]}")
        case nodes.Name():
            hint = traversals.suggestion(expr.name, _ALL) or f"the types are {', '.join(_ALL)}"
            raise source.error(f"there is no type {expr.name}", expr.span, hint)
        case nodes.Literal() if isinstance(expr.value, str) and expr.value in _ALL:
            raise source.error("a type is written without quotes", expr.span, f"write {expr.value}")
        case nodes.Call():
            return _called(expr, source, depth + 1)
        case _:
            what = "a type is required here"
            raise source.error(what, expr.span, "as in string, list(number) or object({ a = string })")


def _called(expr: nodes.Call, source: Source, depth: int) -> Kind:
    if expr.name not in (*_COLLECTIONS, "object", "tuple"):
        if expr.name == "optional":
            hint = "as in object({ a = optional(string) })"
            raise source.error(
                "optional() stands directly in the attributes of object()", expr.name_span, hint
            )
        near = traversals.suggestion(expr.name, (*_COLLECTIONS, "object", "tuple"))
        raise source.error(f"there is no type {expr.name}()", expr.name_span, near)
    if len(expr.arguments) != 1 or expr.expands:
        raise source.error(f"{expr.name}() takes one argument", expr.span)
    [argument] = expr.arguments
    if expr.name in _COLLECTIONS:
        return _COLLECTIONS[expr.name](kind(argument, source, depth=depth))
    if expr.name == "tuple":
        if not isinstance(argument, nodes.Tuple):
            raise source.error("tuple() takes a list of types, as in tuple([string, number])", argument.span)
        return kinds.TupleOf(tuple(kind(item, source, depth=depth) for item in argument.items))
    if not isinstance(argument, nodes.Object):
        raise source.error("object() takes attributes, as in object({ a = string })", argument.span)
    return _object(argument, source, depth)


def _object(given: nodes.Object, source: Source, depth: int) -> Kind:
    attributes: dict[str, Kind] = {}
    optional: dict[str, Value] = {}
    for key, written in given.items:
        name = constant(key, source)
        if not isinstance(name, str):
            raise source.error("the name of an attribute is required here", key.span)
        if name in attributes:
            raise source.error(f"the attribute {name} is there already", key.span)
        if isinstance(written, nodes.Call) and written.name == "optional":
            attributes[name], optional[name] = _optional(written, source, depth)
        else:
            attributes[name] = kind(written, source, depth=depth)
    return kinds.ObjectOf(attributes, optional)


def _optional(expr: nodes.Call, source: Source, depth: int) -> tuple[Kind, Value]:
    if not 1 <= len(expr.arguments) <= 2 or expr.expands:
        hint = "as in optional(number, 3)"
        raise source.error("optional() takes a type, and a default perhaps", expr.span, hint)
    wanted = kind(expr.arguments[0], source, depth=depth)
    if len(expr.arguments) == 1:
        return wanted, None
    default = constant(expr.arguments[1], source)
    try:
        return wanted, conversions.convert(default, wanted)
    except Fault as fault:
        what = f"the default does not have the type: {fault.what}"
        raise source.error(what, expr.arguments[1].span, fault.hint) from None
