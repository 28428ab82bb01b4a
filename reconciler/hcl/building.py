"""python-hcl2's rules, each made a node of our tree as soon as the parser has found it.

Takes: a rule's children, as `parser` hands them up: tokens, and what other rules gave. Gives: nodes with their places.
It also says what the grammar cannot: that an argument stands on a line of its own and once, that a label is plain
text, how the items of an object are separated.

The functions are called like the rules of python-hcl2's grammar; its other rules are spelled by `parser` alone.
"""

from __future__ import annotations

import decimal
from decimal import Decimal
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeAlias, cast

from reconciler.hcl import nodes, templates
from reconciler.hcl.nodes import Attribute, AttrStep, Block, Body, Expr, IndexStep, Span, SplatStep
from reconciler.hcl.templates import Sequence
from reconciler.hcl.tokens import Token

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from reconciler.hcl.sources import Source

Children: TypeAlias = list[Any]
"""Tokens and nodes, in the order of the rule; what they are, the grammar knows."""

_WHOLE: Final = 155
"""The digits of whole numbers that are int: as many as 512 bits have when they are shown."""
_DIGITS: Final = decimal.Context(prec=180, Emin=-9_999, Emax=9_999, traps=[decimal.Overflow])
"""More digits than count, so that rounding to 512 bits, which the evaluation does, is the only rounding."""


class _Intro(NamedTuple):
    key: str | None
    value: str
    collection: Expr


class _Condition(NamedTuple):
    expr: Expr


def _place(each: Any) -> Span:
    span = each.span
    assert isinstance(span, Span)
    return span


def _over(first: Any, last: Any) -> Span:
    """Give the span from one child to another."""
    begin = _place(first)
    return Span(begin.start, _place(last).end, begin.line, begin.column)


def _first(_source: Source, children: Children) -> Any:
    return children[0]


def _number(source: Source, children: Children) -> Expr:
    """Give the digits that are written; whole numbers are int."""
    (token,) = children
    if token.type == "INT_LITERAL" and len(token.text) <= _WHOLE:
        return nodes.Literal(int(token.text), token.span)
    try:
        value = _DIGITS.create_decimal(token.text)
    except (decimal.Overflow, decimal.InvalidOperation):
        raise source.error("this number is too large", token.span, "exponents go up to 9999") from None
    if value.adjusted() < _WHOLE and value == value.to_integral_value():
        return nodes.Literal(int(value), token.span)
    return nodes.Literal(value.normalize(_DIGITS), token.span)


def _literal_value(_source: Source, children: Children) -> Expr:
    (token,) = children
    return nodes.Literal({"true": True, "false": False, "null": None}[token.text], token.span)


def _expr_term(_source: Source, children: Children) -> Expr:
    first: Any = children[0]
    if len(children) == 3:
        return nodes.Parens(children[1], _over(first, children[2]))
    return nodes.Name(first.text, first.span) if isinstance(first, Token) else first


def _string(source: Source, children: Children) -> Expr:
    return templates.assemble(source, children[1:-1], _over(children[0], children[-1]), quoted=True)


def _heredoc(source: Source, children: Children) -> Expr:
    dedent = children[0].type == "HEREDOC_TEMPLATE_TRIM"
    span = _over(children[0], children[-1])
    return templates.assemble(source, children[1:-1], span, quoted=False, dedent=dedent)


def _template(source: Source, children: Children) -> Expr:
    span = _over(children[0], children[-1]) if children else Span(0, 0, source.line, source.column)
    return templates.assemble(source, children, span, quoted=False)


def _interpolation(_source: Source, children: Children) -> Sequence:
    left = isinstance(children[1], Token)
    right = isinstance(children[-2], Token)
    return Sequence("interp", _over(children[0], children[-1]), left, right, children[2 if left else 1])


def _directive(_source: Source, children: Children) -> Sequence:
    """A directive: its word is the first token that is no marker, and names are the other words."""
    left = children[1].type == "STRIP_MARKER"
    last = children[-2]
    right = isinstance(last, Token) and last.type == "STRIP_MARKER" and (not left or len(children) > 4)
    word = children[2 if left else 1]
    names = [each.text for each in children if isinstance(each, Token) and each.type == "NAME"]
    exprs = [each for each in children if not isinstance(each, Token)]
    return Sequence(
        word.text,
        _over(children[0], children[-1]),
        left,
        right,
        exprs[0] if exprs else None,
        names[0] if len(names) == 2 else None,
        names[-1] if names else "",
    )


def _conditional(_source: Source, children: Children) -> Expr:
    condition, _, then, _, otherwise = children
    return nodes.Conditional(condition, then, otherwise, _over(condition, otherwise))


def _pair(_source: Source, children: Children) -> tuple[Token, Expr]:
    operator, operand = children
    return operator, operand


def _binary(_source: Source, children: Children) -> Expr:
    left, (operator, right) = children
    return nodes.Binary(operator.text, left, right, _over(left, right))


def _unary(_source: Source, children: Children) -> Expr:
    operator, operand = children
    return nodes.Unary(operator.text, operand, _over(operator, operand))


def _tuple(_source: Source, children: Children) -> Expr:
    items = tuple(each for each in children if not isinstance(each, Token))
    return nodes.Tuple(items, _over(children[0], children[-1]))


class _Item(NamedTuple):
    key: Expr
    value: Expr


def _object(source: Source, children: Children) -> Expr:
    """Items end with a comma or their line."""
    items: list[tuple[Expr, Expr]] = []
    before: Any = children[0]
    for child in children[1:-1]:
        if isinstance(child, _Item):
            if isinstance(before, _Item):
                what = "a comma or a new line is missing before this item"
                raise source.error(what, _place(child.key), "a line for each item")
            items.append((child.key, child.value))
        elif child.type == "COMMA" and not isinstance(before, _Item):
            raise source.error(
                "there is no item before this comma", child.span, "the comma ends an item's line"
            )
        before = child
    return nodes.Object(tuple(items), _over(children[0], children[-1]))


def _object_elem(_source: Source, children: Children) -> _Item:
    key, _, value = children
    return _Item(key, value)


def _object_key(source: Source, children: Children) -> Expr:
    """A bare word is text, and so are `true`, `false` and `null`; `a.b` could be meant either way."""
    (key,) = children
    if isinstance(key, nodes.Name):
        return nodes.Literal(key.name, key.span)
    if isinstance(key, nodes.Literal) and (key.value is None or isinstance(key.value, bool)):
        return nodes.Literal({True: "true", False: "false", None: "null"}[key.value], key.span)
    if nodes.is_reference(key):
        what = "this key could be a reference or text"
        raise source.error(what, _place(key), 'write (a.b) for the reference, or "a.b" for the text')
    return cast("Expr", key)


def _arguments(_source: Source, children: Children) -> tuple[Any, ...]:
    return tuple(children)


def _call(_source: Source, children: Children) -> Expr:
    given: tuple[Any, ...] = ()
    at = next(place for place, each in enumerate(children) if isinstance(each, Token) and each.type == "LPAR")
    if len(children) > at + 2:
        given = children[at + 1]
    expands = bool(given) and isinstance(given[-1], Token) and given[-1].type == "ELLIPSIS"
    return nodes.Call(
        "".join(each.text for each in children[:at]),
        tuple(each for each in given if not isinstance(each, Token)),
        expands,
        _over(children[0], children[-1]),
        _over(children[0], children[at - 1]),
    )


def _bracketed(_source: Source, children: Children) -> IndexStep:
    return IndexStep(children[1], _over(children[0], children[2]))


def _dotted(_source: Source, children: Children) -> IndexStep:
    dot, number = children
    key = int(number.text) if len(number.text) <= _WHOLE else Decimal(number.text)
    return IndexStep(nodes.Literal(key, number.span), _over(dot, number))


def _attr(_source: Source, children: Children) -> AttrStep:
    _, name = children
    return AttrStep(name.text, name.span)


def _splat(source: Source, children: Children) -> SplatStep:
    marker, *steps = children
    for before, step in pairwise(steps):
        _not_twice(source, before, step)
    return SplatStep(tuple(steps), marker.type == "FULL_SPLAT_START", _over(marker, children[-1]))


def _not_twice(source: Source, before: object, step: object) -> None:
    """`.*` may not follow another one's attributes: it would be one of them."""
    splats = isinstance(before, nodes.Splat | SplatStep) and not before.full
    if splats and isinstance(step, SplatStep) and not step.full:
        raise source.error("`.*` cannot be used inside another `.*`", step.span, "write [*]")


def _traversal(source: Source, children: Children) -> Expr:
    """A step taken from an expression."""
    taken, step = children
    span = _over(taken, step)
    if isinstance(step, AttrStep):
        return nodes.GetAttr(taken, step.name, span, step.span)
    if isinstance(step, IndexStep):
        return nodes.Index(taken, step.key, span)
    _not_twice(source, taken, step)
    return nodes.Splat(taken, step.each, step.full, span)


def _intro(_source: Source, children: Children) -> _Intro:
    names = [each.text for each in children if isinstance(each, Token) and each.type == "NAME"]
    return _Intro(names[0] if len(names) == 2 else None, names[-1], children[-2])


def _condition(_source: Source, children: Children) -> _Condition:
    return _Condition(children[1])


def _for_tuple(_source: Source, children: Children) -> Expr:
    intro, result = children[1:3]
    given = children[3].expr if isinstance(children[3], _Condition) else None
    return nodes.ForTuple(
        intro.key, intro.value, intro.collection, result, given, _over(children[0], children[-1])
    )


def _for_object(_source: Source, children: Children) -> Expr:
    intro, key, _, value, *rest = children[1:]
    conditions = [each.expr for each in rest if isinstance(each, _Condition)]
    return nodes.ForObject(
        intro.key,
        intro.value,
        intro.collection,
        key,
        value,
        any(isinstance(each, Token) and each.type == "ELLIPSIS" for each in rest),
        conditions[0] if conditions else None,
        _over(children[0], children[-1]),
    )


def _attribute(_source: Source, children: Children) -> Attribute:
    name, _, expr = children
    return Attribute(name.text, expr, _over(name, expr), name.span)


def _lines(_source: Source, children: Children) -> tuple[Any, ...]:
    return tuple(children)


def _block(source: Source, children: Children) -> Block:
    kind, *labels, opening, lines, closing = children
    header = _over(kind, labels[-1] if labels else kind)
    if labels and isinstance(labels[-1], Token) and labels[-1].type == "NL_OR_COMMENT":
        hint = f"put the brace on the line of `{kind.text[:40]}`"
        raise source.error("a block's `{` stands on the line of its header", opening.span, hint)
    texts = []
    for label in labels:
        if isinstance(label, nodes.Template | nodes.TemplateWrap):
            raise source.error("a label is plain text", _place(label), "for ${ as it stands write $${")
        texts.append(label.text if isinstance(label, Token) else str(label.value))
    if lines and not isinstance(lines[0], Token):
        if len(lines) > 1 or not isinstance(lines[0], Attribute):
            what = "a block on one line holds one argument and nothing else"
            spot = lines[0] if isinstance(lines[0], Block) else lines[1]
            raise source.error(what, _place(spot), "a line for each argument")
        body = Body((lines[0],), (), _over(opening, closing))
    else:
        body = _body(source, lines, _over(opening, closing))
        if lines and not isinstance(lines[-1], Token):
            raise source.error(
                "a new line is missing before this brace", closing.span, "a line for each argument"
            )
    return Block(
        kind.text, tuple(texts), body, _over(kind, closing), header, tuple(_place(each) for each in labels)
    )


def _body(source: Source, lines: tuple[Any, ...], span: Span) -> Body:
    """Each argument and each block has a line of its own, and an argument's name stands once."""
    attributes: dict[str, Attribute] = {}
    blocks: list[Block] = []
    before: Any = None
    for each in lines:
        if isinstance(each, Token):
            before = None
            continue
        if before is not None:
            named = f"`{before.name[:40]} = …`" if isinstance(before, Attribute) else "the block before it"
            what = f"this stands on the same line as {named}"
            place = each.name_span if isinstance(each, Attribute) else each.header
            raise source.error(what, place, "a line for each argument and each block")
        if isinstance(each, Block):
            blocks.append(each)
        elif (known := attributes.get(each.name)) is not None:
            what = f"`{each.name[:40]}` is set a second time, after line {known.span.line}"
            raise source.error(what, each.name_span, "keep one of them")
        else:
            attributes[each.name] = each
        before = each
    return Body(tuple(attributes.values()), tuple(blocks), span)


def _start(source: Source, children: Children) -> Body:
    (lines,) = children
    return _body(source, lines, Span(0, len(source.text), source.line, source.column))


BUILDERS: Final[Mapping[str, Callable[[Source, Children], Any]]] = {
    "arguments": _arguments,
    "attr_splat": _splat,
    "attr_splat_expr_term": _traversal,
    "attribute": _attribute,
    "binary_op": _binary,
    "binary_operator": _first,
    "binary_term": _pair,
    "block": _block,
    "body": _lines,
    "braces_index": _bracketed,
    "conditional": _conditional,
    "expr_term": _expr_term,
    "float_lit": _number,
    "for_cond": _condition,
    "for_intro": _intro,
    "for_object_expr": _for_object,
    "for_tuple_expr": _for_tuple,
    "full_splat": _splat,
    "full_splat_expr_term": _traversal,
    "function_call": _call,
    "get_attr": _attr,
    "get_attr_expr_term": _traversal,
    "heredoc_template": _heredoc,
    "heredoc_template_trim": _heredoc,
    "identifier": _first,
    "index_expr_term": _traversal,
    "int_lit": _number,
    "interpolation": _interpolation,
    "literal_value": _literal_value,
    "new_line_or_comment": _first,
    "object": _object,
    "object_elem": _object_elem,
    "object_elem_key": _object_key,
    "short_index": _dotted,
    "start": _start,
    "string": _string,
    "string_part": _first,
    "template": _template,
    "template_else": _directive,
    "template_endfor": _directive,
    "template_endif": _directive,
    "template_for_start": _directive,
    "template_if_start": _directive,
    "tuple": _tuple,
    "unary_op": _unary,
}
"""What each rule of the grammar becomes."""
