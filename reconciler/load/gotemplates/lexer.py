"""Template text to tokens: what `{{` and `}}` enclose is cut into words, the rest is text.

Trim markers (`{{- ` and ` -}}`) and comments are dealt with here; nothing later sees them.
"""

from __future__ import annotations

import re
from enum import Enum, auto
from typing import NamedTuple

LEFT = "{{"
RIGHT = "}}"
SPACES = " \t\r\n"


class Kind(Enum):
    """What a token is."""

    TEXT = auto()
    LEFT = auto()
    RIGHT = auto()
    OPEN = auto()
    CLOSE = auto()
    PIPE = auto()
    COMMA = auto()
    ASSIGN = auto()
    DECLARE = auto()
    DOT = auto()
    FIELD = auto()
    VARIABLE = auto()
    WORD = auto()
    KEYWORD = auto()
    STRING = auto()
    CHARACTER = auto()
    NUMBER = auto()
    END = auto()
    ERROR = auto()


class Token(NamedTuple):
    """A token with its range in the source. `spaced` tells whether space stands before it.

    `text` is the source between `start` and `end`; of an ERROR, what is wrong, and `hint` what to try.
    """

    kind: Kind
    text: str
    start: int
    end: int
    spaced: bool = False
    hint: str | None = None


KEYWORDS = frozenset(
    ["block", "break", "continue", "define", "else", "end", "if", "nil", "range", "template", "with"]
)

_WORDS = re.compile(
    r"""
      (?P<space>[ \t\r\n]+)
    | (?P<right>}})
    | (?P<declare>:=)
    | (?P<assign>=)
    | (?P<pipe>\|)
    | (?P<comma>,)
    | (?P<open>\()
    | (?P<close>\))
    | (?P<string>"(?:[^"\\\n]|\\[^\n])*"|`[^`]*`)
    | (?P<character>'(?:[^'\\\n]|\\[^\n])*')
    | (?P<number>(?=[+-]|\.?[0-9])
        (?:[+-]? (?: 0[xX][0-9a-fA-F_]*(?:\.[0-9a-fA-F_]*)?(?:[pP][+-]?[0-9_]*)?
                   | 0[oO][0-7_]*(?:\.[0-7_]*)?
                   | 0[bB][01_]*(?:\.[01_]*)?
                   | [0-9_]*(?:\.[0-9_]*)?(?:[eE][+-]?[0-9_]*)? ) i? ){1,2} )
    | (?P<variable>\$\w*)
    | (?P<field>\.\w+)
    | (?P<dot>\.)
    | (?P<word>\w+)
    """,
    re.VERBOSE,
)
_KINDS = {kind.name.lower(): kind for kind in Kind}
_NAMES = frozenset([Kind.VARIABLE, Kind.FIELD, Kind.DOT, Kind.WORD])
_UNTERMINATED = {
    '"': "the string that starts here does not end on its line",
    "`": "the raw string that starts here is never closed with a backquote",
    "'": "the character constant that starts here is never closed",
}
OPERATORS = {
    "}": "an action ends with }}",
    "{": "an action starts with {{ and ends with }}, and none stands inside another",
    "=": "to compare, write eq a b; to declare a variable, put spaces around :=",
    "!": "write not a, or ne a b",
    "<": "write lt a b, or le a b",
    ">": "write gt a b, or ge a b",
    "&": "write and a b",
    "+": "there is no arithmetic in templates; to join strings, write print a b",
    "-": "there is no arithmetic in templates",
    "*": "there is no arithmetic in templates",
    "/": "there is no arithmetic in templates",
    "%": "there is no arithmetic in templates",
}
"""What to write instead of a character that means nothing here, most often an operator of another language."""

_VERBATIM = "to print the characters {{ themselves, write {{ `{{` }}"


def tokens(source: str) -> list[Token]:
    """Cut a template into tokens; the last is END, or the ERROR at which nothing more can be made out."""
    found: list[Token] = []
    position = 0
    while True:
        left = source.find(LEFT, position)
        trimmed = (
            left >= 0 and source[left + 2 : left + 3] == "-" and source[left + 3 : left + 4] in (*SPACES,)
        )
        end = left if left >= 0 else len(source)
        if trimmed:
            end = position + len(source[position:end].rstrip(SPACES))
        if end > position:
            found.append(Token(Kind.TEXT, source[position:end], position, end))
        if left < 0:
            found.append(Token(Kind.END, "", end, end))
            return found
        inside = left + 4 if trimmed else left + 2
        if source.startswith("/*", inside):
            after = _comment(source, left, inside, found)
        else:
            found.append(Token(Kind.LEFT, source[left:inside], left, inside))
            after = _action(source, left, inside, found)
        if after < 0:
            return found
        position = after


def _comment(source: str, left: int, inside: int, found: list[Token]) -> int:
    close = source.find("*/", inside + 2)
    if close < 0:
        found.append(_error("the comment that starts here is never closed with */", left, left + 2))
        return -1
    close += 2
    if source.startswith(RIGHT, close):
        return close + 2
    if source[close : close + 1] in (*SPACES,) and source.startswith("-}}", close + 1):
        return _skip_spaces(source, close + 4)
    hint = "write {{/* … */}}: nothing but the comment, and no space before }}"
    found.append(_error("the comment does not end right before }}", close - 2, close, hint))
    return -1


def _action(source: str, left: int, inside: int, found: list[Token]) -> int:
    """Cut an action into tokens and give the offset after it, or -1 after an error."""
    position = inside
    spaced = False
    while position < len(source):
        match = _WORDS.match(source, position)
        if match is None or not match.lastgroup:
            found.append(_unreadable(source, position))
            return -1
        end = match.end()
        if match.lastgroup == "space":
            spaced = True
            if source.startswith("-}}", end):
                found.append(Token(Kind.RIGHT, "-}}", end, end + 3, spaced=True))
                return _skip_spaces(source, end + 3)
        else:
            token = Token(_KINDS[match.lastgroup], match[0], position, end, spaced)
            if problem := _misplaced(source, token):
                found.append(problem)
                return -1
            found.append(_keyword(token))
            if token.kind is Kind.RIGHT:
                return end
            spaced = False
        position = end
    found.append(_error("the action that starts here is never closed with }}", left, left + 2, _VERBATIM))
    return -1


def _keyword(token: Token) -> Token:
    if token.kind is Kind.WORD and token.text in KEYWORDS:
        return token._replace(kind=Kind.KEYWORD)
    return token


def _misplaced(source: str, token: Token) -> Token | None:
    """Report a token that something else follows without a space between, as `a+b` or `5x`."""
    following = source[token.end : token.end + 1]
    if token.text in {"+", "-"}:
        return _unexpected(token.text, token.start)
    if token.kind is Kind.NUMBER and (following == "_" or following.isalnum()):
        return _error("this is not a number", token.start, token.end)
    if token.kind in _NAMES:
        if not token.text.isascii() and (odd := _odd(token.text)):
            return _unexpected(odd, token.start + token.text.index(odd))
        if following and following not in " \t\r\n.,|:()" and not source.startswith(RIGHT, token.end):
            return _unexpected(following, token.end)
    return None


def _odd(name: str) -> str:
    """Give the first character of a name that is a number but no digit, which Go does not take in names."""
    return next((c for c in name.lstrip(".$") if c != "_" and not c.isalpha() and not c.isdecimal()), "")


def _unreadable(source: str, position: int) -> Token:
    quote = source[position]
    if quote in _UNTERMINATED:
        return _error(_UNTERMINATED[quote], position, position + 1)
    if quote == ":":
        return _error("':' can only stand in ':='", position, position + 1, _VERBATIM)
    if source.startswith("/*", position):
        hint = "write {{/* … */}}: the comment starts right after {{"
        return _error("a comment cannot stand here", position, position + 2, hint)
    return _unexpected(quote, position)


def _unexpected(character: str, position: int) -> Token:
    shown = f"'{character}'" if character.isprintable() else f"U+{ord(character):04X}"
    return _error(f"unexpected {shown}", position, position + 1, OPERATORS.get(character))


def _error(what: str, start: int, end: int, hint: str | None = None) -> Token:
    return Token(Kind.ERROR, what, start, end, hint=hint)


def _skip_spaces(source: str, position: int) -> int:
    while source[position : position + 1] in (*SPACES,):
        position += 1
    return position
