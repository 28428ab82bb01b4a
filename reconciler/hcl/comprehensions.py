"""Objects, `for` expressions and templates to values: what gathers the values of many parts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, TypeAlias

from reconciler.hcl import conversions, nodes, traversals, values
from reconciler.hcl.faults import Fault
from reconciler.hcl.nodes import Expr, Span
from reconciler.hcl.runs import Piece
from reconciler.hcl.values import Marks, Object, Set, Unknown, Value

if TYPE_CHECKING:
    from reconciler.hcl.evaluation import Evaluator, Names

For: TypeAlias = nodes.ForTuple | nodes.ForObject | nodes.ForDirective
Rounds: TypeAlias = "tuple[Iterable[Names], Marks, Unknown | None]"
Pairs: TypeAlias = tuple[Iterable[tuple[Value, Value]], Marks, Unknown | None]


def made_object(evaluator: Evaluator, expr: nodes.Object, names: Names) -> Value:
    """Give the value of `{ key = value }`: wholly unknown where a key is."""
    members: dict[str, Value] = {}
    marks, unknown = values.NO_MARKS, None
    for key_expr, value_expr in expr.items:
        key, more = values.split(_key(evaluator, evaluator.value(key_expr, names), key_expr.span))
        marks |= more
        value = evaluator.value(value_expr, names)
        if isinstance(key, Unknown):
            unknown = unknown or key
        else:
            members[str(key)] = value
    return values.mark(unknown or Object(members), marks)


def for_tuple(evaluator: Evaluator, expr: nodes.ForTuple, names: Names) -> Value:
    """Give the value of `[for …]`: wholly unknown where it is not known what it holds."""
    rounds, marks, unknown = _rounds(evaluator, expr, names)
    results: list[Value] = []
    for inner in rounds:
        kept, more = values.split(_kept(evaluator, expr.condition, inner))
        marks |= more
        if isinstance(kept, Unknown):
            unknown = unknown or kept
        elif kept:
            results.append(evaluator.value(expr.result, inner))
    return values.mark(unknown or tuple(results), marks)


def for_object(evaluator: Evaluator, expr: nodes.ForObject, names: Names) -> Value:
    """Give the value of `{for …}`: wholly unknown where a key, or whether it is there, is not known."""
    rounds, marks, unknown = _rounds(evaluator, expr, names)
    groups: dict[str, list[Value]] = {}
    for inner in rounds:
        kept, more = values.split(_kept(evaluator, expr.condition, inner))
        marks |= more
        if isinstance(kept, Unknown):
            unknown = unknown or kept
        if isinstance(kept, Unknown) or not kept:
            continue
        given = _key(evaluator, evaluator.value(expr.result_key, inner), expr.result_key.span)
        key, more = values.split(given)
        marks |= more
        value = evaluator.value(expr.result_value, inner)
        if isinstance(key, Unknown):
            unknown = unknown or key
            continue
        if key in groups and not expr.grouped:
            shown = "the same key" if marks.sensitive else f"the key {traversals.quoted(str(key))}"
            hint = "... after the value makes a list of what has the same key"
            unknown = evaluator.wrong(f"two elements give {shown}", expr.result_key.span, hint)
        groups.setdefault(str(key), []).append(value)
    members = {key: tuple(group) if expr.grouped else group[-1] for key, group in groups.items()}
    return values.mark(unknown or Object(members), marks)


def text(evaluator: Evaluator, parts: Sequence[nodes.Part], names: Names) -> Value:
    """Give the text of a template: unknown where a part of it is."""
    texts: list[str] = []
    pieces: list[Piece] = []
    length, unknown, marks = 0, None, values.NO_MARKS
    for part in parts:
        plain, more = values.split(part if isinstance(part, str) else _part(evaluator, part, names))
        marks |= more
        if isinstance(plain, Unknown):
            unknown = unknown or plain
            continue
        texts.append(str(plain))
        length += len(texts[-1])
        if not isinstance(part, str):
            evaluator.check_length(length, part.span)
        if more.origins:
            own = (texts[-1], more.origins)
            pieces += evaluator.run.printed.get(own, [own])
    result = "".join(texts)
    if pieces and all(isinstance(part, str | nodes.Interpolation) for part in parts):
        evaluator.run.printed[result, marks.origins] = pieces
    return values.mark(unknown or result, marks)


def _part(
    evaluator: Evaluator, part: nodes.Interpolation | nodes.IfDirective | nodes.ForDirective, names: Names
) -> Value:
    match part:
        case nodes.Interpolation():
            return _interpolated(evaluator, evaluator.value(part.expr, names), part.expr.span)
        case nodes.IfDirective():
            given = evaluator.value(part.condition, names)
            condition = evaluator.truth(given, "the condition", part.condition.span)
            truth, marks = values.split(condition)
            if isinstance(truth, Unknown):
                return condition
            return values.mark(text(evaluator, part.then if truth else part.otherwise, names), marks)
        case nodes.ForDirective():
            return _repeated(evaluator, part, names)


def _interpolated(evaluator: Evaluator, value: Value, span: Span) -> Value:
    try:
        converted = conversions.to_string(value)
    except Fault as fault:
        hint = fault.hint or "jsonencode() writes any value as text, join() makes one of a list"
        return evaluator.wrong(f"this cannot stand in a text: {fault.what}", span, hint)
    if values.split(converted)[0] is None:
        hint = "coalesce() puts something in its place"
        return evaluator.wrong("null cannot stand in a text", span, hint)
    return converted


def _repeated(evaluator: Evaluator, part: nodes.ForDirective, names: Names) -> Value:
    rounds, marks, unknown = _rounds(evaluator, part, names)
    texts: list[str] = []
    length = 0
    for inner in rounds:
        evaluator.run.step(part.span, evaluator.source)
        value, more = values.split(text(evaluator, part.body, inner))
        marks |= more
        if isinstance(value, Unknown):
            unknown = unknown or value
            continue
        texts.append(str(value))
        length += len(texts[-1])
        evaluator.check_length(length, part.span)
    return values.mark(unknown or "".join(texts), marks)


def _rounds(evaluator: Evaluator, expr: For, names: Names) -> Rounds:
    """Give the variables of each round of a `for`, the marks of what it goes through, and whether that is unknown."""
    elements, marks, unknown = pairs(evaluator, expr.collection, names, "a for")
    return (_bound(expr, key, item, names) for key, item in elements), marks, unknown


def pairs(evaluator: Evaluator, collection: Expr, names: Names, noun: str) -> Pairs:
    """Give the keys and values of what something goes through (`noun` says what), as `_rounds` does."""
    plain, marks = values.split(evaluator.value(collection, names))
    found: Iterable[tuple[Value, Value]] = ()
    unknown: Unknown | None = None
    match plain:
        case Unknown():
            unknown = plain
        case tuple():
            found = enumerate(plain)
        case Set():
            found = ((item, item) for item in plain)
        case Mapping():
            found = plain.items()
        case None:
            hint = "coalesce(…, []) allows for it"
            unknown = evaluator.wrong(f"{noun} cannot go through null", collection.span, hint)
        case _:
            what = f"{noun} goes through a list, a set, a map or an object, not {values.described(plain)}"
            unknown = evaluator.wrong(what, collection.span)
    return found, marks, unknown


def _bound(expr: For, key: Value, item: Value, names: Names) -> Names:
    """Add the variables of a `for` to those around it."""
    bound = {**names, expr.value: item}
    if expr.key is not None:
        bound[expr.key] = key
    return bound


def _kept(evaluator: Evaluator, condition: Expr | None, names: Names) -> Value:
    """Evaluate the `if` of a `for`."""
    if condition is None:
        return True
    return evaluator.truth(evaluator.value(condition, names), "the condition of this for", condition.span)


def _key(evaluator: Evaluator, value: Value, span: Span) -> Value:
    try:
        key = conversions.to_string(value)
    except Fault as fault:
        return evaluator.wrong(f"this cannot be a key: {fault.what}", span, fault.hint)
    if values.split(key)[0] is None:
        return evaluator.wrong("null cannot be a key", span)
    return key
