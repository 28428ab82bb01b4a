"""Templates: pieces of text and sequences become one expression.

Takes: what stands in a quoted text, a heredoc or a template file, in order. Gives: a Literal if it is text alone, a
TemplateWrap if it is one interpolation alone, else a Template. The order is the language's own: escapes, strip
markers, the dedent of `<<-`, then directives; so a strip marker reaches to the end of its line in a heredoc, and of
the text in quotes, and what an interpolation gives never decides how far a heredoc is dedented.
"""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING, Final, NamedTuple, TypeAlias

from reconciler.hcl import nodes
from reconciler.hcl.nodes import Expr, ForDirective, IfDirective, Interpolation, Part, Span
from reconciler.hcl.tokens import Token

if TYPE_CHECKING:
    from collections.abc import Sequence as Items

    from reconciler.hcl.sources import Source

# White space as Unicode and Go have it; Python adds four separators of ASCII.
_SPACES: Final = (
    *range(9, 14),
    0x20,
    0x85,
    0xA0,
    0x1680,
    *range(0x2000, 0x200B),
    0x2028,
    0x2029,
    0x202F,
    0x205F,
    0x3000,
)
_SPACE: Final = "".join(map(chr, _SPACES))
_ESCAPE: Final = re.compile(
    r"\\(?:u(?P<four>[0-9a-fA-F]{4})|U(?P<eight>[0-9a-fA-F]{8})|(?P<one>.))|(?P<sign>\$\$\{|%%\{)"
)
_SIGNS: Final = re.compile(r"\$\$\{|%%\{")
_ESCAPES: Final = {"n": "\n", "r": "\r", "t": "\t", '"': '"', "\\": "\\"}


class Sequence(NamedTuple):
    """`${…}` or `%{…}`: an interpolation or a directive. `kind` is `interp` or the directive's word."""

    kind: str
    span: Span
    left: bool
    right: bool
    expr: Expr | None = None
    key: str | None = None
    value: str = ""


Piece: TypeAlias = Token | Sequence


class _Text:
    """A text piece on its way."""

    __slots__ = ("text",)

    def __init__(self, text: str) -> None:
        self.text = text


def assemble(source: Source, pieces: Items[Piece], span: Span, *, quoted: bool, dedent: bool = False) -> Expr:
    """Make the expression. `quoted` text has escapes with backslashes.

    Raises HclError for an unknown escape and for directives that are not balanced.
    """
    if not pieces:
        return nodes.Literal("", span)
    if len(pieces) == 1:
        only = pieces[0]
        if isinstance(only, Sequence):
            if only.kind == "interp":
                assert only.expr is not None
                return nodes.TemplateWrap(only.expr, span)
        elif not dedent:
            return nodes.Literal(_normalised(_plain(source, only, quoted=quoted)), span)
    parts = _stripped(source, pieces, quoted=quoted)
    if dedent:
        _dedent(parts)
    nested = _nest(source, parts)
    if not nested:
        return nodes.Literal("", span)
    if len(nested) == 1 and isinstance(nested[0], str):
        return nodes.Literal(nested[0], span)
    return nodes.Template(nested, span)


def _stripped(source: Source, pieces: Items[Piece], *, quoted: bool) -> list[_Text | Sequence]:
    """Decode the texts, and take off them what strip markers beside them ask for."""
    out: list[_Text | Sequence] = []
    for piece in pieces:
        before = out[-1] if out else None
        if isinstance(piece, Sequence):
            if piece.left and isinstance(before, _Text):
                before.text = before.text.rstrip(_SPACE)
            out.append(piece)
            continue
        text = _plain(source, piece, quoted=quoted)
        if isinstance(before, Sequence) and before.right:
            text = text.lstrip(_SPACE)
        out.append(_Text(text))
    return out


def _plain(source: Source, token: Token, *, quoted: bool) -> str:
    """Decode the escapes of a text."""
    text = token.text
    if not quoted:
        return _SIGNS.sub(lambda found: found[0][1:], text) if "{" in text else text
    if "\\" not in text and "{" not in text:
        return text

    def decoded(found: re.Match[str]) -> str:
        if found["sign"]:
            return found["sign"][1:]
        digits = found["four"] or found["eight"]
        if digits:
            code = int(digits, 16)
            if code > 0x10FFFF or 0xD800 <= code <= 0xDFFF:
                raise wrong(found, f"U+{code:04X} is no character")
            return chr(code)
        plain = _ESCAPES.get(found["one"])
        if plain is not None:
            return plain
        if found["one"] in "uU":
            raise wrong(found, "\\u takes four hexadecimal digits, and \\U takes eight")
        shown = found[0] if found[0].isprintable() else "this"
        raise wrong(found, f"{shown} is no escape sequence")

    def wrong(found: re.Match[str], what: str) -> Exception:
        start, end = token.start + found.start(), token.start + found.end()
        hint = 'known are \\n \\r \\t \\" \\\\ \\uNNNN \\UNNNNNNNN; for a backslash itself write \\\\'
        return source.error(what, Span(start, end, token.line, token.column + found.start()), hint)

    return _ESCAPE.sub(decoded, text)


def _normalised(text: str) -> str:
    """Give text as the language compares it: in NFC."""
    return text if text.isascii() else unicodedata.normalize("NFC", text)


def _dedent(parts: list[_Text | Sequence]) -> None:
    """Take from each line of a `<<-` heredoc as much white space as every line has that is not blank."""
    least: int | None = None
    lines: list[_Text] = []
    begins = True
    for part in parts:
        if begins:
            begins = False
            spaces: int | None = 0
            if isinstance(part, _Text):
                bare = part.text.lstrip(_SPACE)
                if bare or not part.text.endswith("\n"):
                    spaces = len(part.text) - len(bare)
                    lines.append(part)
                else:
                    spaces = None  # a blank line says nothing
            if spaces is not None:
                least = spaces if least is None else min(least, spaces)
        if isinstance(part, _Text) and part.text.endswith("\n"):
            begins = True
    for line in lines:
        line.text = line.text[least or 0 :]


class _Open(NamedTuple):
    """A directive that is not closed yet: what surrounds it, and its first branch once it is in the second."""

    directive: Sequence
    around: list[Part]
    then: list[Part] | None = None


def _nest(source: Source, parts: list[_Text | Sequence]) -> tuple[Part, ...]:
    """Put the parts of directives inside them; join texts, and leave empty ones out."""
    stack: list[_Open] = []
    texts: list[str] = []
    current: list[Part] = []

    def flush() -> None:
        if text := "".join(texts):
            current.append(_normalised(text))
        texts.clear()

    for part in parts:
        if isinstance(part, _Text):
            texts.append(part.text)
            continue
        flush()
        if part.kind == "interp":
            assert part.expr is not None
            current.append(Interpolation(part.expr, part.span))
        elif part.kind in {"if", "for"}:
            stack.append(_Open(part, current))
            current = []
        else:
            if not stack:
                what = f"`%{{ {part.kind} }}` belongs to no directive before it"
                raise source.error(what, part.span, "a % and a brace as they stand are %%{")
            opened = stack.pop()
            directive = opened.directive
            if part.kind == "else":
                if directive.kind == "for" or opened.then is not None:
                    why = (
                        "a `for` has no `else`"
                        if directive.kind == "for"
                        else "this `if` has its `else` already"
                    )
                    raise source.error(f"{why} (it begins in line {directive.span.line})", part.span)
                stack.append(_Open(directive, opened.around, current))
                current = []
                continue
            if part.kind != f"end{directive.kind}":
                what = f"`%{{ {directive.kind} }}` of line {directive.span.line} ends with `%{{ end{directive.kind} }}`"
                raise source.error(f"{what}, not with `%{{ {part.kind} }}`", part.span)
            node = _closed(directive, current, opened.then)
            current = opened.around
            current.append(node)
    flush()
    if stack:
        left = stack[-1].directive
        what = f"this `%{{ {left.kind} }}` is never closed"
        raise source.error(what, left.span, f"close it with %{{ end{left.kind} }}")
    return tuple(current)


def _closed(directive: Sequence, current: list[Part], then: list[Part] | None) -> IfDirective | ForDirective:
    assert directive.expr is not None
    if directive.kind == "for":
        return ForDirective(directive.key, directive.value, directive.expr, tuple(current), directive.span)
    first, second = (current, []) if then is None else (then, current)
    return IfDirective(directive.expr, tuple(first), tuple(second), directive.span)
