"""What is wrong where the parser cannot go on, in the words of the language and not of its grammar.

Takes: the tokens, and the place of the one that does not fit. Gives: the error. Never lists what the grammar would
take: that is half of all tokens nearly everywhere.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from reconciler.hcl.nodes import Span
from reconciler.hcl.tokens import OPERANDS_END, Token

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from reconciler.errors import HclError
    from reconciler.hcl.sources import Source
    from reconciler.hcl.tokens import Lexed

_OPENS: Final = frozenset({"LPAR", "LSQB", "LBRACE", "INTERP_START", "DIRECTIVE_START"})
_CLOSES: Final = frozenset({"RPAR", "RSQB", "RBRACE"})
_LITERALS: Final = frozenset({"NAME", "TRUE", "FALSE", "NULL", "INT_LITERAL", "FLOAT_LITERAL"})
_BEGINS: Final = _LITERALS | {"DBLQUOTE", "HEREDOC_TEMPLATE", "HEREDOC_TEMPLATE_TRIM", "LBRACE"}


class Words(NamedTuple):
    """What is wrong, what to try, and the token to point at where it is not the one that does not fit."""

    what: str
    hint: str | None = None
    at: Token | None = None


def unexpected(source: Source, lexed: Lexed, place: int, accepted: Mapping[str, int], start: str) -> HclError:
    """Make the error for the token at a place, which is none that the parser could use there."""
    if lexed.error is not None and place < len(lexed.tokens) and _follows(lexed, place):
        return lexed.error
    token = lexed.tokens[place] if place < len(lexed.tokens) else None
    before = lexed.tokens[place - 1] if place else None
    kinds = _around(lexed, place)
    words = _quote(lexed, place) or _words(
        lexed, place, token, before, kinds[-1] if kinds else start, accepted
    )
    spot = words.at or token
    if spot is None:
        span = _end(source)
    elif spot.type == "NL_OR_COMMENT":
        span = Span(spot.start, spot.start, spot.line, spot.column)
    else:
        span = spot.span
    return source.error(words.what, span, words.hint)


def _follows(lexed: Lexed, place: int) -> bool:
    """Tell whether something unclosed before a token is why it does not fit: a block that is open is no reason."""
    unclosed = lexed.unclosed
    if unclosed is None or unclosed.opening is None or unclosed.kind == "body":
        return False
    return unclosed.opening.start < lexed.tokens[place].start


def _around(lexed: Lexed, place: int) -> list[str]:
    """Give what is open before a token, the outermost first."""
    kinds: list[str] = []
    for token in lexed.tokens[:place]:
        if token.type in _OPENS:
            kinds.append(lexed.kinds[token.start])
        elif token.type in _CLOSES:
            kinds.pop()
    return kinds


def _quote(lexed: Lexed, place: int) -> Words | None:
    """Find the `${` that nobody closed, so that the quote that should end the text around it began another one."""
    token = lexed.tokens[place] if place < len(lexed.tokens) else None
    if (
        token is None
        or lexed.unclosed is None
        or lexed.unclosed.opening is not token
        or token.type != "DBLQUOTE"
    ):
        return None
    for each in reversed(lexed.tokens[:place]):
        if each.type in {"INTERP_START", "DIRECTIVE_START"}:
            sign = each.text[0]
            return Words(
                f"this `{each.text}` is never closed", f"close it with }}, or write {sign}{sign}{{", each
            )
    return None


def _end(source: Source) -> Span:
    at = len(source.text.rstrip())
    return source.span(at, at)


def _shown(token: Token | None) -> str:
    if token is None:
        return "the end"
    if token.type == "NL_OR_COMMENT":
        return "the end of the line"
    if token.type in {"DBLQUOTE", "STRING_CHARS"}:
        return "a quoted text"
    if token.type.startswith("HEREDOC"):
        return "a heredoc"
    return f"`{token.text if len(token.text) <= 40 else token.text[:39] + '…'}`"


def _words(
    lexed: Lexed,
    place: int,
    token: Token | None,
    before: Token | None,
    kind: str,
    accepted: Mapping[str, int],
) -> Words:
    """Find words for what is wrong, and what to try."""
    shown = _shown(token)
    operand = before is not None and before.type in OPERANDS_END
    name = token.type if token is not None else ""
    if kind in {"body", "start"} and (found := _in_body(lexed, place, token, before)) is not None:
        return found
    if kind == "directive" and before is not None and before.type in {"DIRECTIVE_START", "STRIP_MARKER"}:
        return Words(
            f"{shown} is no directive",
            "if, else, endif, for or endfor; a % and a brace as they stand are %%{",
        )
    if "IN" in accepted and kind in {"for", "directive"}:
        return Words(f"`in` is missing before {shown}", "for value in …, or for key, value in …")
    if kind == "for" and before is not None and before.type in {"FOR", "COMMA"} and name != "NAME":
        return Words(f"`for` needs a name here, not {shown}", "for value in …, or for key, value in …")
    if operand and name in _BEGINS | {"LSQB", "LPAR"}:
        if kind == "object":
            if "EQ" in accepted and not {"COMMA", "RBRACE"} & set(accepted):
                return Words(f"`=` is missing before {shown}", "a key that is not one word needs quotes")
            return Words(f"a comma or a new line is missing before {shown}", "a line for each item")
        if kind in {"tuple", "call"} and before is not None and before.type != "ELLIPSIS":
            return Words(f"a comma is missing before {shown}", "a comma after each item")
        if kind in {"paren", "index"}:
            closer = {"paren": ")", "index": "]"}[kind]
            return Words(f"an operator or `{closer}` is missing before {shown}")
        if kind == "interp":
            return Words(
                f"{shown} does not belong to the expression before it",
                "close the expression with }, or write $${",
            )
    if kind == "object" and name in {"NL_OR_COMMENT", "COMMA", "RBRACE"} and operand and "EQ" in accepted:
        return Words("this key has no value", "key = value")
    if kind == "for" and operand and "COLON" in accepted and "FOR_OBJECT_ARROW" not in accepted:
        return Words(
            f"`:` is missing before {shown}",
            "[for value in list : result], {for key, value in map : key => value}",
        )
    if kind == "for" and operand and "FOR_OBJECT_ARROW" in accepted and "RBRACE" not in accepted:
        return Words(f"`=>` is missing before {shown}", "{for key, value in map : key => value}")
    if (
        operand
        and "COLON" in accepted
        and kind not in {"object", "for"}
        and name != "QMARK"
        and _asks(lexed, place)
    ):
        return Words(f"`:` is missing before {shown}", "condition ? one : other")
    if before is not None and before.type == "DOT":
        return Words(f"a name is missing after `.`, before {shown}", "name.attribute, or name[0]")
    if (before is not None and before.type == "COLONS") or (
        name != "LPAR" and "LPAR" in accepted and len(accepted) < 3
    ):
        return Words(f"a call is expected here, not {shown}", "namespace::function(…)")
    if before is not None and before.type == "ELLIPSIS":
        return Words(f"nothing may follow `...`, and here is {shown}", "`...` is for the last argument")
    if not operand and before is not None:
        if token is None:
            return Words(f"an expression is missing after {_shown(before)}")
        if name == "NL_OR_COMMENT":
            hint = "an expression that goes on in the next line needs parentheses"
            return Words(f"an expression is missing after {_shown(before)}", hint)
        return Words(f"an expression is missing between {_shown(before)} and {shown}", None)
    if before is None and token is None:
        return Words("an expression is missing", None)
    if name == "NL_OR_COMMENT":
        return Words("the expression ends with its line", "an expression of several lines needs parentheses")
    return Words(f"{shown} does not fit here", None)


def _asks(lexed: Lexed, place: int) -> bool:
    """Tell whether a `?` waits for its `:`."""
    depth = waiting = 0
    for token in reversed(lexed.tokens[:place]):
        if token.type in _CLOSES:
            depth += 1
        elif token.type in _OPENS:
            if not depth:
                break
            depth -= 1
        elif not depth:
            if token.type == "NL_OR_COMMENT":
                break
            waiting += {"QMARK": 1, "COLON": -1}.get(token.type, 0)
    return waiting > 0


def _in_body(lexed: Lexed, place: int, token: Token | None, before: Token | None) -> Words | None:
    """Find words for what is wrong between arguments and blocks; None inside the value of an argument."""
    line: list[Token] = []
    depth = 0
    for each in reversed(lexed.tokens[:place]):
        if each.type in _CLOSES:
            depth += 1
        elif each.type in _OPENS:
            if not depth:
                break
            depth -= 1
        elif each.type == "NL_OR_COMMENT" and not depth:
            break
        line.append(each)
    shown = _shown(token)
    name = token.type if token is not None else ""
    if not line:
        if name in {"DBLQUOTE", "HEREDOC_TEMPLATE", "HEREDOC_TEMPLATE_TRIM"}:
            return Words(
                "an argument or a block begins with a name, without quotes",
                'name = value, or type "label" {',
            )
        return Words(
            f"an argument or a block is expected here, not {shown}", 'name = value, or type "label" {'
        )
    if any(each.type == "EQ" for each in line):
        after = _second(line[::-1])
        if after is not None:
            return Words(f"a new line is missing before {_shown(after)}", "a line for each argument", after)
        ended = before is not None and before.type in OPERANDS_END
        if ended and name == "COMMA":
            return Words("arguments end with their line, not with a comma", "remove the comma")
        if ended and name in _BEGINS | {"RBRACE", "LSQB", "EQ"} and not _asks(lexed, place):
            return Words(f"a new line is missing before {shown}", "a line for each argument")
        return None
    first = line[-1]
    if name == "EQ":
        return Words(
            "a block has no `=`, and an argument's name is one word", 'name = value, or type "label" {'
        )
    if name in {"NL_OR_COMMENT", ""}:
        hint = f"{first.text[:40]} = value, or {first.text[:40]} {{ for a block"
        return Words(f"{_shown(first)} has neither a value nor a block", hint)
    if before is not None and before.type == "RBRACE":
        return Words(f"a new line is missing before {shown}", "a line for each block")
    return Words(f"`=` or `{{` is expected here, not {shown}", 'name = value, or type "label" {')


def _second(line: Iterable[Token]) -> Token | None:
    """Find where a second thing begins after an argument's value, on the same line."""
    depth, text = 0, False
    before = ""
    valued = False
    for token in line:
        name = token.type
        if depth == 0 and valued and not text and before in OPERANDS_END and name in _BEGINS:
            return token
        valued |= name == "EQ"
        if name == "DBLQUOTE":
            text = not text
        elif name.startswith("HEREDOC"):
            text = name != "HEREDOC_END"
        elif name in _OPENS:
            depth += 1
        elif name in _CLOSES:
            depth -= 1
        before = name
    return None
