"""HCL as text. Takes: nodes, read or made. Gives: text that parses to the same nodes, places apart.

Trees that were made and not read may lack parentheses where the language needs them: those are put in. Text is always
quoted, never a heredoc; objects get a line for each item, but none inside of `${…}`.
"""

from __future__ import annotations

import re
from decimal import Decimal
from itertools import groupby
from typing import TYPE_CHECKING, Final

from reconciler.hcl.nodes import (
    AttrStep,
    Binary,
    Block,
    Body,
    Call,
    Conditional,
    Expr,
    ForDirective,
    ForObject,
    ForTuple,
    GetAttr,
    IfDirective,
    Index,
    IndexStep,
    Interpolation,
    Literal,
    Name,
    Object,
    Parens,
    Part,
    Splat,
    SplatStep,
    Step,
    Template,
    TemplateWrap,
    Tuple,
    Unary,
    is_reference,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_LEVELS: Final = {
    "||": 1, "&&": 2, "==": 3, "!=": 3, "<": 4, ">": 4, "<=": 4, ">=": 4, "+": 5, "-": 5, "*": 6, "/": 6, "%": 6,
}  # fmt: skip
_UNARY: Final = 7
_TERM: Final = 8
_WIDTH: Final = 100
_STEP: Final = "  "

_WORD: Final = re.compile(r"[^\W\d][\w-]*")
_FOR: Final = re.compile(r"for(?![\w-])")
_ESCAPED: Final = re.compile(r'[\\"]|\$\{|%\{|[\x00-\x1f\x7f-\x9f\u2028\u2029\ufeff]')
_ESCAPES: Final = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r", "\t": "\\t", "${": "$${", "%{": "%%{"}


def text(node: Expr | Body) -> str:
    """Print an expression, or a body with a final newline."""
    return _body(node, "") if isinstance(node, Body) else _expr(node, "")


def quoted(plain: str) -> str:
    """Print text as a quoted literal: nothing in it is a sequence."""
    return f'"{_escaped(plain)}"'


def _escaped(plain: str, follows: str = "") -> str:
    """Escape text; a sign that would double the one that `follows` has to be written as a number."""
    out = _ESCAPED.sub(lambda found: _ESCAPES.get(found[0]) or f"\\u{ord(found[0]):04x}", plain)
    return f"{out[:-1]}\\u{ord(out[-1]):04x}" if follows and out.endswith(follows[0]) else out


def _body(body: Body, indent: str) -> str:
    lines = [_aligned([(each.name, _expr(each.expr, indent)) for each in body.attributes], indent)]
    lines += [_block(block, indent) for block in body.blocks]
    return "\n".join(filter(None, lines))


def _aligned(shown: Iterable[tuple[str, str]], indent: str) -> str:
    """Give a line for each name and value; the equals signs of values of one line stand below each other."""
    lines: list[str] = []
    for long, group in groupby(shown, key=lambda each: "\n" in each[1]):
        members = list(group)
        width = 0 if long else max([len(name) for name, _ in members])
        lines += [f"{indent}{name:{width}} = {value}\n" for name, value in members]
    return "".join(lines)


def _block(block: Block, indent: str) -> str:
    header = " ".join([block.type, *map(quoted, block.labels)])
    inner = _body(block.body, indent + _STEP)
    return f"{indent}{header} {{\n{inner}{indent}}}\n" if inner else f"{indent}{header} {{}}\n"


def _expr(node: Expr, indent: str | None, level: int = 0) -> str:
    """Print an expression that binds as tightly as `level`, on one line where `indent` is None."""
    match node:
        case Literal(value):
            own = _UNARY if isinstance(value, int | Decimal) and value < 0 else _TERM
            out = _literal(value)
        case Binary(operator, left, right):
            own = _LEVELS[operator]
            out = f"{_expr(left, indent, own)} {operator} {_expr(right, indent, own + 1)}"
        case Unary(operator, operand):
            own = _UNARY
            out = f"{operator}{_expr(operand, indent, own)}"
        case Conditional(condition, then, otherwise):
            own = 0
            out = f"{_expr(condition, indent, 1)} ? {_expr(then, indent)} : {_expr(otherwise, indent)}"
        case _:
            own = _TERM
            out = _term(node, indent)
    return out if own >= level else f"({out})"


def _literal(value: None | bool | int | str | Decimal) -> str:
    if isinstance(value, str):
        return quoted(value)
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    return str(value)


def _term(node: Expr, indent: str | None) -> str:
    match node:
        case Name(name):
            return name
        case Parens(inner):
            return f"({_expr(inner, indent)})"
        case Template() | TemplateWrap():
            return f'"{_template(node)}"'
        case Call(name, arguments, expands):
            return f"{name}({_listed(arguments, indent)}{'...' if expands else ''})"
        case Tuple(items):
            return _tuple(items, indent)
        case Object(items):
            return _object(items, indent)
        case ForTuple(key, value, collection, result, condition):
            shown = _expr(result, indent)
            return f"[{_intro(key, value, collection, indent)} : {shown}{_condition(condition, indent)}]"
        case ForObject(key, value, collection, result_key, result_value, grouped, condition):
            shown = f"{_expr(result_key, indent)} => {_expr(result_value, indent)}{'...' if grouped else ''}"
            return f"{{{_intro(key, value, collection, indent)} : {shown}{_condition(condition, indent)}}}"
        case GetAttr(source, name):
            return f"{_source(source, indent)}.{name}"
        case Index(source, index):
            return f"{_source(source, indent, attribute=False)}[{_expr(index, indent)}]"
        case Splat(source, each, full):
            return f"{_source(source, indent, attribute=not full)}{_splat(each, indent, full=full)}"
    raise AssertionError(f"{type(node).__name__} is printed by its level")


def _source(node: Expr, indent: str | None, *, attribute: bool = True) -> str:
    """Print what a step is taken from. A step after a splat would be taken of each of its elements."""
    out = _expr(node, indent, _TERM)
    if isinstance(node, Splat) and (node.full or attribute):
        return f"({out})"
    # `1.e5` would be a number.
    return (
        f"{out} "
        if isinstance(node, Literal) and isinstance(node.value, int | Decimal) and out[-1] != ")"
        else out
    )


def _splat(steps: Iterable[Step], indent: str | None, *, full: bool) -> str:
    out = ["[*]" if full else ".*"]
    for step in steps:
        match step:
            case AttrStep(name):
                out.append(f".{name}")
            case SplatStep(each, inner):
                out.append(_splat(each, indent, full=inner))
            case IndexStep(index) if full:
                out.append(f"[{_expr(index, indent)}]")
            case IndexStep(index):  # two of them side by side would be one number
                out.append(f" .{_expr(index, indent)}")
    return "".join(out)


def _intro(key: str | None, value: str, collection: Expr, indent: str | None) -> str:
    names = value if key is None else f"{key}, {value}"
    return f"for {names} in {_expr(collection, indent)}"


def _condition(condition: Expr | None, indent: str | None) -> str:
    return "" if condition is None else f" if {_expr(condition, indent)}"


def _listed(items: Sequence[Expr], indent: str | None) -> str:
    return ", ".join([_expr(each, indent) for each in items])


def _tuple(items: Sequence[Expr], indent: str | None) -> str:
    shown = [_first(_expr(each, None)) for each in items]
    flat = ", ".join(shown)
    if indent is None or (
        len(flat) <= _WIDTH and not any(isinstance(each, Object | Tuple) for each in items)
    ):
        return f"[{flat}]"
    inner = indent + _STEP
    lines = [f"{inner}{_first(_expr(each, inner))},\n" for each in items]
    return f"[\n{''.join(lines)}{indent}]"


def _first(out: str) -> str:
    """Guard a name `for` that comes first between brackets: it would begin something else."""
    return f"({out})" if _FOR.match(out) else out


def _object(items: Sequence[tuple[Expr, Expr]], indent: str | None) -> str:
    if not items:
        return "{}"
    if indent is None:
        return "{ " + ", ".join([f"{_key(key, None)} = {_expr(value, None)}" for key, value in items]) + " }"
    inner = indent + _STEP
    shown = [(_key(key, inner), _expr(value, inner)) for key, value in items]
    return f"{{\n{_aligned(shown, inner)}{indent}}}"


def _key(key: Expr, indent: str | None) -> str:
    """Print a key. Bare words are text, and what could be a reference needs parentheses to be one."""
    bare = key.value if isinstance(key, Literal) and isinstance(key.value, str) else ""
    if bare != "for" and _WORD.fullmatch(bare):
        return bare
    out = _expr(key, indent)
    return f"({out})" if is_reference(key) else _first(out)


def _template(node: Template | TemplateWrap) -> str:
    if isinstance(node, TemplateWrap):
        return f"${{{_expr(node.expr, None)}}}"
    if len(node.parts) == 1 and isinstance(node.parts[0], Interpolation):
        # Alone it would keep its type; the blank is stripped.
        return f" ${{~ {_expr(node.parts[0].expr, None)}}}"
    return _parts(node.parts)


def _parts(parts: Sequence[Part], out: str = "") -> str:
    """Print parts before what stands in `out`, from the last one on: a text has to know what follows."""
    for part in reversed(parts):
        match part:
            case str():
                out = _escaped(part, out if out.startswith(("${", "%{")) else "") + out
            case Interpolation(expr):
                out = f"${{{_expr(expr, None)}}}{out}"
            case IfDirective(condition, then, otherwise):
                out = f"%{{ endif }}{out}"
                if otherwise:
                    out = f"%{{ else }}{_parts(otherwise, out)}"
                out = f"%{{ if {_expr(condition, None)} }}{_parts(then, out)}"
            case ForDirective(key, value, collection, body):
                inner = _parts(body, f"%{{ endfor }}{out}")
                out = f"%{{ {_intro(key, value, collection, None)} }}{inner}"
    return out
