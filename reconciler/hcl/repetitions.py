"""Blocks that stand for several: `dynamic` blocks as Terraform has them, and blocks with `for_each` or `count`.

Takes: a block, and the names that expressions around it may use. Gives: the blocks that it stands for, each with the
names that its own expressions may use. Never looks at what they hold.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import field, replace
from typing import Final

from reconciler.hcl import comprehensions, conversions, nodes, traversals, values
from reconciler.hcl.evaluation import Evaluator, Names
from reconciler.hcl.faults import Fault
from reconciler.hcl.nodes import Attribute, Block, Body, Span
from reconciler.hcl.values import Marks, Object, Unknown, Value
from reconciler.records import dataclass

DYNAMIC: Final = "dynamic"
CONTENT: Final = "content"
ITERATOR: Final = "iterator"
FOR_EACH: Final = "for_each"
COUNT: Final = "count"
REPEATING: Final = (FOR_EACH, COUNT)
"""The attributes by which a block stands for several."""
NAMES: Final = ("each", "count")
"""What is known in such a block alone."""

_ARGUMENTS: Final = (FOR_EACH, ITERATOR, "labels")
_FIXED: Final = (DYNAMIC, "locals", "variable")


@dataclass(frozen=True, slots=True)
class Made:
    """One block. `marks` are those of what decided that it is there."""

    labels: tuple[tuple[Value, Span], ...]
    body: Body
    names: Names
    marks: Marks = values.NO_MARKS


@dataclass(slots=True)
class Blocks:
    """The blocks of one type that a block stands for. `unknown` is what decides how many, where that is so."""

    type: str
    header: Span
    made: list[Made] = field(default_factory=list)
    marks: Marks = values.NO_MARKS
    unknown: Unknown | None = None


def type_of(block: Block) -> str:
    """Give the type of the blocks that a block stands for."""
    return block.labels[0] if block.type == DYNAMIC and block.labels else block.type


def iterator(block: Block) -> str:
    """Give the name that stands for an element in what a dynamic block holds."""
    named = block.body.attribute(ITERATOR)
    return named.expr.name if named and isinstance(named.expr, nodes.Name) else type_of(block)


def single(block: Block, names: Names) -> Blocks:
    """Give a block that stands for itself, whatever it holds."""
    labels = zip(block.labels, block.label_spans, strict=True)
    return Blocks(block.type, block.header, [Made(tuple(labels), block.body, names)])


def blocks(evaluator: Evaluator, block: Block, names: Names, free: Callable[[str], bool]) -> Blocks:
    """Give the blocks that a block stands for. What is wrong goes to the run.

    `free` tells of a type whether any name may stand in its blocks, so that `for_each` means nothing there.
    """
    found = _dynamic(evaluator, block, names) if block.type == DYNAMIC else single(block, names)
    if not free(found.type):
        found.made = [each for made in found.made for each in _repeated(evaluator, made, found)]
    return found


def _dynamic(evaluator: Evaluator, block: Block, names: Names) -> Blocks:
    found = Blocks(type_of(block), block.header)
    content = _content(evaluator, block)
    over = block.body.attribute(FOR_EACH)
    if content is None or over is None:
        return found
    labels = block.body.attribute("labels")
    for key, value in _elements(evaluator, over, names, found):
        inner = {**names, iterator(block): Object({"key": key, "value": value})}
        own = tuple(_labels(evaluator, labels, inner)) if labels else ()
        if (unknown := values.first_unknown(tuple(label for label, _ in own))) is not None:
            found.unknown = unknown
        else:
            found.made.append(Made(own, content.body, inner, found.marks))
    return found


def _content(evaluator: Evaluator, block: Block) -> Block | None:
    """Give the block that says what a dynamic block makes, None where something is wrong with either."""
    count = len(evaluator.run.errors)
    if len(block.labels) != 1:
        what = "a dynamic block has one label, the type of the blocks that it makes"
        evaluator.wrong(what, block.header, 'as in dynamic "environment" {')
    elif block.labels[0] in _FIXED:
        what = f"no dynamic block makes blocks of the type {block.labels[0]}"
        hint = "put the inner one into content" if block.labels[0] == DYNAMIC else None
        evaluator.wrong(what, block.label_spans[0], hint)
    for attribute in block.body.attributes:
        if attribute.name not in _ARGUMENTS:
            near = traversals.suggestion(attribute.name, _ARGUMENTS)
            hint = near or "what its blocks hold stands in content { … }"
            evaluator.wrong(f"a dynamic block has no {attribute.name}", attribute.name_span, hint)
    named = block.body.attribute(ITERATOR)
    if named is not None and not isinstance(named.expr, nodes.Name):
        what = "the iterator is one name, without quotes"
        evaluator.wrong(what, named.expr.span, "as in iterator = item")
    for inner in block.body.blocks:
        if inner.type != CONTENT:
            what = f"a dynamic block has no block {inner.type}"
            evaluator.wrong(what, inner.header, "what its blocks hold stands in content { … }")
    contents = [each for each in block.body.blocks if each.type == CONTENT]
    if block.body.attribute(FOR_EACH) is None:
        hint = "for_each = … says what it goes through"
        evaluator.wrong("a dynamic block needs for_each", block.header, hint)
    if not contents:
        hint = "content { … } says what each block holds"
        evaluator.wrong("a dynamic block needs a block content", block.header, hint)
    for another in contents[1:]:
        evaluator.wrong("a dynamic block has one block content, and this is another", another.header)
    if contents and contents[0].labels:
        evaluator.wrong("content has no label", contents[0].header, "labels = […] stands beside it")
    return contents[0] if len(evaluator.run.errors) == count else None


def _labels(evaluator: Evaluator, attribute: Attribute, names: Names) -> Iterator[tuple[Value, Span]]:
    expr = attribute.expr
    if not isinstance(expr, nodes.Tuple):
        evaluator.wrong("labels is a list that is written out", expr.span, "as in labels = [each.key]")
        return
    for item in expr.items:
        try:
            label = conversions.to_string(evaluator.value(item, names))
        except Fault as fault:
            yield evaluator.wrong(f"this cannot be a label: {fault.what}", item.span, fault.hint), item.span
            continue
        if values.split(label)[0] is None:
            label = evaluator.wrong("null cannot be a label", item.span)
        yield label, item.span


def _repeated(evaluator: Evaluator, made: Made, found: Blocks) -> Iterable[Made]:
    """Give the blocks that one with `for_each` or `count` stands for."""
    over, count = (made.body.attribute(name) for name in REPEATING)
    kept = tuple(each for each in made.body.attributes if each.name not in REPEATING)
    if over is None and count is None:
        yield made
        return
    if over is not None and count is not None:
        evaluator.wrong("a block has for_each or count, not both", count.name_span, "remove one of them")
        return
    body = replace(made.body, attributes=kept)
    if over is not None:
        rounds: Iterable[Names] = (
            {"each": Object({"key": key, "value": value})}
            for key, value in _elements(evaluator, over, made.names, found)
        )
    else:
        assert count is not None
        rounds = (
            {"count": Object({"index": index})} for index in _counted(evaluator, count, made.names, found)
        )
    for names in rounds:
        yield replace(made, body=body, names={**made.names, **names}, marks=made.marks | found.marks)


def _elements(
    evaluator: Evaluator, attribute: Attribute, names: Names, found: Blocks
) -> Iterator[tuple[Value, Value]]:
    pairs, marks, unknown = comprehensions.pairs(evaluator, attribute.expr, names, FOR_EACH)
    found.marks |= marks
    found.unknown = found.unknown or unknown
    for key, value in pairs:
        yield values.mark(key, marks), values.mark(value, marks)


def _counted(evaluator: Evaluator, attribute: Attribute, names: Names, found: Blocks) -> Iterator[Value]:
    span = attribute.expr.span
    try:
        number, marks = values.split(conversions.to_number(evaluator.value(attribute.expr, names)))
    except Fault as fault:
        evaluator.wrong(f"count: {fault.what}", span, fault.hint)
        return
    found.marks |= marks
    limit = evaluator.run.limits.members
    match number:
        case Unknown() as unknown:
            found.unknown = unknown
        case int() if 0 <= number <= limit:
            yield from (values.mark(index, marks) for index in range(number))
        case None:
            evaluator.wrong("count is null, and must be a number", span, "coalesce(…, 0) allows for it")
        case _:
            evaluator.wrong(f"count is a whole number from 0 to {limit}", span)
