"""JSON with the place of everything in it (RFC 8259, strict).

Stricter than Python's own parser: equal keys in one object, `NaN`, numbers out of range and lone surrogates
are errors, because AWS's parsers either refuse them or pick one silently.
"""

from __future__ import annotations

import json
import math
import re
from typing import Final, NoReturn

from reconciler.core.values import Json, Path
from reconciler.load.spans import MAX_DEPTH, Malformed, Parsed, Span

_SPACE: Final = re.compile(r"[ \t\n\r]*")
_OPEN_STRING: Final = re.compile(r'"[^"\\\x00-\x1f]*(?:\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})[^"\\\x00-\x1f]*)*')
_NUMBER: Final = re.compile(r"-?(?:0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]+)?")
_WORD: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_CUT: Final = "check that the file was not cut short"
_SURROGATE: Final = re.compile(r"[\ud800-\udfff]")
_WORDS: Final[dict[str, Json]] = {"true": True, "false": False, "null": None}

# What people write that JSON does not have, by how it starts: what to say, and what to try.
_FOREIGN: Final = (
    ("//", "JSON has no comments", "remove the comment, or rename the file to .jsonnet"),
    ("/*", "JSON has no comments", "remove the comment, or rename the file to .jsonnet"),
    ("#", "JSON has no comments", "remove the comment, or rename the file to .jsonnet"),
    ("'", "JSON strings stand in double quotes", 'write "…"'),
    ("`", "JSON strings stand in double quotes", 'write "…"'),
    ("+", "a JSON number has no plus sign", None),
    (".", "a JSON number starts with a digit", None),
)
_SLIPS: Final = {
    "True": "true",
    "TRUE": "true",
    "False": "false",
    "FALSE": "false",
    "None": "null",
    "nil": "null",
    "NULL": "null",
    "undefined": "null",
}


def parse(text: str) -> Parsed:
    """Parse a JSON text. Malformed where it is none."""
    reader = _Reader(text)
    start = reader.space(0)
    if start == len(text):
        raise Malformed("the file is empty", 0, "a definition is at least {}")
    data, end = reader.value(start, (), None)
    after = reader.space(end)
    if after < len(text):
        reader.foreign(after)
        raise Malformed(
            "something follows the end of the JSON value", after, "remove it: a file is one value"
        )
    return Parsed(data, reader.spans)


class _Reader:
    """Reads values and notes their spans. Every method takes an offset and gives the one after."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.spans: dict[Path, Span] = {}

    def space(self, at: int) -> int:
        found = _SPACE.match(self.text, at)
        return found.end() if found else at

    def foreign(self, at: int) -> None:
        """Raise the fitting message where something stands that other languages have and JSON has not."""
        for start, what, hint in _FOREIGN:
            if self.text.startswith(start, at):
                raise Malformed(what, at, hint)

    def value(self, at: int, path: Path, key: int | None) -> tuple[Json, int]:
        if len(path) > MAX_DEPTH:
            raise Malformed(
                f"more than {MAX_DEPTH} levels of nesting", at, "check for brackets that are never closed"
            )
        data: Json
        match self.text[at : at + 1]:
            case "{":
                data, end = self.object(at, path)
            case "[":
                data, end = self.array(at, path)
            case '"':
                data, end = self.string(at)
            case _:
                data, end = self.scalar(at)
        self.spans[path] = Span(at, end, key, closed=self.text[at] in '{["')
        return data, end

    def object(self, at: int, path: Path) -> tuple[dict[str, Json], int]:
        members: dict[str, Json] = {}
        keys: dict[str, int] = {}
        start, at = at, self.space(at + 1)
        if self.text.startswith("}", at):
            return members, at + 1
        while True:
            key_at = at
            if not self.text.startswith('"', at):
                self.no_key(at, start)
            key, at = self.string(at)
            if key in keys:
                raise Malformed(
                    "the same key twice in one object; the first is",
                    key_at,
                    "remove one of them",
                    first=keys[key],
                )
            keys[key] = key_at
            at = self.space(at)
            if not self.text.startswith(":", at):
                self.end_inside(at, start)
                raise Malformed("a ':' is missing after a key", at, 'write "key": value')
            members[key], at = self.value(self.space(at + 1), (*path, key), key_at)
            at, closed = self.next(at, start, "}")
            if closed:
                return members, at

    def array(self, at: int, path: Path) -> tuple[list[Json], int]:
        items: list[Json] = []
        start, at = at, self.space(at + 1)
        if self.text.startswith("]", at):
            return items, at + 1
        while True:
            item, at = self.value(at, (*path, len(items)), None)
            items.append(item)
            at, closed = self.next(at, start, "]")
            if closed:
                return items, at

    def next(self, at: int, start: int, close: str) -> tuple[int, bool]:
        """Pass the comma or the closing bracket after a member."""
        at = self.space(at)
        if self.text.startswith(close, at):
            return at + 1, True
        if self.text.startswith(",", at):
            after = self.space(at + 1)
            if self.text.startswith(close, after):
                raise Malformed("a comma before the closing bracket", at, "remove the comma")
            return after, False
        self.end_inside(at, start)
        self.foreign(at)
        raise Malformed(f"a ',' or '{close}' is missing", at, "check the end of the line before, too")

    def no_key(self, at: int, start: int) -> NoReturn:
        self.end_inside(at, start)
        self.foreign(at)
        hint = 'write "…" around it' if _WORD.match(self.text, at) else None
        raise Malformed("a key in double quotes is missing", at, hint)

    def end_inside(self, at: int, start: int) -> None:
        if at >= len(self.text):
            raise Malformed("the file ends inside the object or list that starts", at, _CUT, first=start)

    def string(self, at: int) -> tuple[str, int]:
        found = _OPEN_STRING.match(self.text, at)
        end = found.end() if found else at
        if not self.text.startswith('"', end):
            self.broken_string(at, end)
        raw = self.text[at : end + 1]
        value: str = json.loads(raw) if "\\" in raw else raw[1:-1]
        if _SURROGATE.search(value):
            raise Malformed(
                "half of a surrogate pair, which is no character", at, "write the character itself"
            )
        return value, end + 1

    def broken_string(self, at: int, end: int) -> NoReturn:
        """Say why a string that starts at `at` goes no further than `end`."""
        match self.text[end : end + 1]:
            case "":
                raise Malformed("a string has no closing quote", at, f"close it; {_CUT}")
            case "\\":
                hint = r"a backslash itself is written \\, and resolved text passes through json_escape"
                raise Malformed("an escape that JSON does not have", end, hint)
            case "\n" | "\r":
                hint = r"write \n, and pass resolved text through json_escape"
                raise Malformed("a line break inside a string", end, hint)
        raise Malformed("a control character inside a string", end, "pass resolved text through json_escape")

    def scalar(self, at: int) -> tuple[Json, int]:
        word = _WORD.match(self.text, at)
        if word:
            if word.group() in _WORDS:
                return _WORDS[word.group()], word.end()
            hint = f"write {_SLIPS[word.group()]}" if word.group() in _SLIPS else 'write "…" around it'
            raise Malformed("a bare word is no JSON value", at, hint)
        number = _NUMBER.match(self.text, at)
        if number:
            return self.number(number, at), number.end()
        if at >= len(self.text):
            raise Malformed("the file ends where a value is expected", at, _CUT)
        self.foreign(at)
        raise Malformed("no JSON value starts here", at, "put text in double quotes")

    def number(self, found: re.Match[str], at: int) -> int | float:
        if self.text[found.end() : found.end() + 1].isdigit():
            raise Malformed(
                "a JSON number has no leading zeros", at, "remove them, or put it in double quotes"
            )
        if found.group(1) is None and found.group(2) is None:
            if len(found.group()) > 400:
                raise Malformed("a number of more than 400 digits", at, "put it in double quotes")
            return int(found.group())
        value = float(found.group())
        if not math.isfinite(value):
            raise Malformed("a number out of range", at, "put it in double quotes")
        return value
