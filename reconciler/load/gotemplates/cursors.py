"""The tokens of a file under a reading head."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.errors import TemplateError
from reconciler.load import sourcemaps
from reconciler.load.gotemplates import lexer
from reconciler.load.gotemplates.lexer import Kind, Token

if TYPE_CHECKING:
    from reconciler.load.gotemplates import nodes

MAX_NESTING = 50
"""How deep parentheses and blocks may stand in each other, all together."""


class Cursor:
    """Reads tokens one after the other, and knows where things go wrong."""

    def __init__(self, source: str, path: str) -> None:
        """Take the text, and its path for messages."""
        self.source = source
        self.path = path
        self.tokens = lexer.tokens(source)
        self.position = 0
        self.depth = 0

    def peek(self, offset: int = 0) -> Token:
        """Give a token ahead, without moving."""
        return self.tokens[min(self.position + offset, len(self.tokens) - 1)]

    def take(self) -> Token:
        """Give the next token and move past it."""
        token = self.peek()
        if token.kind is Kind.ERROR:
            raise self.error(token.text, token, token.hint)
        self.position += 1
        return token

    def expect(self, kind: Kind, wanted: str) -> Token:
        """Take a token that must be of a kind."""
        token = self.take()
        if token.kind is not kind:
            raise self.error(f"{wanted} is expected here, not {shown(token)}", token)
        return token

    def error(self, what: str, at: Token | nodes.Node, hint: str | None = None) -> TemplateError:
        """Give the error that something is wrong at a token or node."""
        return TemplateError(what, sourcemaps.place(self.path, self.source, at.start), hint)

    def at_keyword(self, word: str, offset: int = 0) -> bool:
        """Tell whether a keyword stands ahead."""
        token = self.peek(offset)
        return token.kind is Kind.KEYWORD and token.text == word

    def deeper(self, at: Token) -> None:
        """Count one more level of parentheses or blocks."""
        self.depth += 1
        if self.depth > MAX_NESTING:
            raise self.error(f"parentheses and blocks are nested more than {MAX_NESTING} deep", at)

    def last_end(self) -> int:
        """Give the offset after the token taken last."""
        return self.tokens[self.position - 1].end


def shown(token: Token) -> str:
    """Name a token for a message, without what a string holds."""
    match token.kind:
        case Kind.RIGHT:
            return "}}"
        case Kind.END:
            return "the end of the file"
        case Kind.STRING:
            return "a string"
    return f"'{token.text}'"
