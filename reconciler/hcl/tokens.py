"""The tokens of HCL, under the names of python-hcl2's terminals, and what the brackets are among them.

Nothing here reads a text; see `lexer`.
"""

from __future__ import annotations

import re
from dataclasses import field
from typing import TYPE_CHECKING, Final, NamedTuple

from reconciler.hcl.nodes import Span
from reconciler.records import dataclass

if TYPE_CHECKING:
    from reconciler.errors import HclError

DEEPEST: Final = 150
"""How deep brackets, and expressions, may be nested."""


class Token(NamedTuple):
    """A piece of the source. `type` is python-hcl2's name for it."""

    type: str
    text: str
    start: int
    end: int
    line: int
    column: int

    @property
    def span(self) -> Span:
        """Give its place."""
        return Span(self.start, self.end, self.line, self.column)


@dataclass(slots=True)
class Frame:
    """What is open: a `body`, `object`, `for`, `tuple`, `index`, `paren`, `call`, `interp`, `directive`, `quote`,
    `heredoc` or bare `template`, or the `expression` that is all there is.

    `lined` tells whether newlines count; `ends` is the line that closes a heredoc, and `fresh` that a line of it
    begins; `wants` is what a `for` needs next; `valued` tells that a line of a body had its `=`. `base` and `highest`
    bound how deep the tree is at its start and within.
    """

    kind: str
    opening: Token | None
    lined: bool = False
    ends: re.Pattern[str] | None = None
    wants: str = ""
    valued: bool = False
    fresh: bool = True
    base: int = 0
    highest: int = 0


@dataclass(slots=True)
class Lexed:
    """The tokens of a text up to its end, or to where it goes wrong; `kinds` says what each opening opens.

    The tree is no deeper than `depth`; it may be less deep.
    """

    tokens: list[Token] = field(default_factory=list)
    kinds: dict[int, str] = field(default_factory=dict)
    error: HclError | None = None
    unclosed: Frame | None = None
    depth: int = 0


SYMBOLS: Final = {
    "==": "DOUBLE_EQ", "!=": "NEQ", "<": "LT", ">": "GT", "<=": "LEQ", ">=": "GEQ", "-": "MINUS", "*": "ASTERISK",
    "/": "SLASH", "%": "PERCENT", "&&": "DOUBLE_AMP", "||": "DOUBLE_PIPE", "+": "PLUS", "!": "NOT", "?": "QMARK",
    "(": "LPAR", ")": "RPAR", "{": "LBRACE", "}": "RBRACE", "[": "LSQB", "]": "RSQB", ",": "COMMA", ".": "DOT",
    "=": "EQ", ":": "COLON", "=>": "FOR_OBJECT_ARROW", "...": "ELLIPSIS", "::": "COLONS",
}  # fmt: skip
"""Signs → the tokens that they are."""

DEEPENING: Final = frozenset(
    {"DOUBLE_EQ", "NEQ", "LT", "GT", "LEQ", "GEQ", "MINUS", "ASTERISK", "SLASH", "PERCENT", "DOUBLE_AMP"}
    | {"DOUBLE_PIPE", "PLUS", "NOT", "QMARK", "DOT", "ATTR_SPLAT", "FULL_SPLAT_START"}
)
"""The tokens that may make the tree deeper by one."""

OPERANDS_END: Final = frozenset(
    {"NAME", "TRUE", "FALSE", "NULL", "INT_LITERAL", "FLOAT_LITERAL", "RPAR", "RSQB", "RBRACE", "DBLQUOTE"}
    | {"HEREDOC_END", "ELLIPSIS", "ATTR_SPLAT", "FULL_SPLAT_START"}
)
"""The tokens with which an operand can end. Two operands never stand side by side."""

PAIRS: Final = {"(": ")", "[": "]", "{": "}"}
"""Brackets → what closes them."""

_CLOSERS: Final = {
    "body": "}", "object": "}", "interp": "}", "directive": "}", "tuple": "]", "index": "]", "paren": ")", "call": ")",
}  # fmt: skip
SHOWN: Final = {
    "body": ("this block", ""),
    "object": ("this object", ""),
    "for": ("this `for`", ""),
    "tuple": ("this list", ""),
    "index": ("this index", ""),
    "paren": ("this parenthesis", ""),
    "call": ("this call", ""),
    "interp": ("this `${`", "}; for a dollar sign and a brace as they stand write $${"),
    "directive": ("this `%{`", "}; for a percent sign and a brace as they stand write %%{"),
    "quote": ("this quoted text", '"; text of several lines is a heredoc, <<EOT'),
    "heredoc": ("this heredoc", ""),
}
"""Kinds of frames → what messages call them, and what closes those that no bracket of `PAIRS` does."""


def closes(text: str, frame: Frame) -> bool:
    """Tell whether a bracket closes what is open."""
    if frame.kind == "for" and frame.opening is not None:
        return PAIRS[frame.opening.text] == text
    return frame.opening is not None and _CLOSERS.get(frame.kind) == text
