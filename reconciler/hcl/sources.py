"""A text with its name, and errors that point into it.

Takes: a text and a span of it. Gives: an error with file, line, column and a caret under the place. Never shows
more than one line, nor more than a hundred characters of it: whatever else the file holds stays out of the message.
"""

from __future__ import annotations

import bisect
import unicodedata
from dataclasses import field
from typing import Final

from reconciler.errors import HclError, Where
from reconciler.hcl.nodes import Span
from reconciler.records import dataclass

_WIDTH: Final = 100
_BEFORE: Final = 60
_ELLIPSIS: Final = "…"


@dataclass(frozen=True, slots=True)
class Source:
    """A text as the parser sees it. `line` and `column` say where it begins in its file (1-based)."""

    text: str
    file: str
    line: int = 1
    column: int = 1
    _starts: list[int] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Find where the lines begin."""
        starts, at = [0], self.text.find("\n")
        while at >= 0:
            starts.append(at + 1)
            at = self.text.find("\n", at + 1)
        object.__setattr__(self, "_starts", starts)

    def span(self, start: int, end: int) -> Span:
        """Give the span between two offsets."""
        row = bisect.bisect_right(self._starts, start) - 1
        column = start - self._starts[row] + (1 if row else self.column)
        return Span(start, end, self.line + row, column)

    def where(self, span: Span) -> Where:
        """Give the place of a span."""
        return Where(self.file, span.line, span.column)

    def error(self, what: str, span: Span, hint: str | None = None) -> HclError:
        """Make the error that points at a span."""
        return HclError(what, self.where(span), hint, excerpt=self.excerpt(span))

    def excerpt(self, span: Span) -> tuple[str, ...]:
        """Give the line on which a span starts, and carets under what the span covers of it."""
        row = bisect.bisect_right(self._starts, span.start) - 1
        first = self._starts[row]
        last = self._starts[row + 1] - 1 if row + 1 < len(self._starts) else len(self.text)
        left = first if last - first <= _WIDTH else max(first, span.start - _BEFORE)
        right = min(last, left + _WIDTH)
        marked = min(max(span.end, span.start + 1), max(right, span.start + 1)) - span.start
        head = _ELLIPSIS if left > first else ""
        tail = _ELLIPSIS if right < last else ""
        before, covered = self.text[left : span.start], self.text[span.start : span.start + marked]
        pad = "".join("\t" if each == "\t" else " " * _columns(each) for each in head + before)
        carets = "^" * max(1, sum(map(_columns, covered.rstrip("\r\n"))))
        gutter = str(span.line)
        return (
            f"  {gutter} | {head}{_printable(self.text[left:right])}{tail}",
            f"  {' ' * len(gutter)} | {pad}{carets}",
        )


def _printable(text: str) -> str:
    """Replace what would move a terminal's cursor or change its colours."""
    return "".join(
        each if each.isprintable() or each == "\t" else "\N{REPLACEMENT CHARACTER}"
        for each in text.rstrip("\r")
    )


def _columns(character: str) -> int:
    """Give the columns that a character takes on a terminal."""
    if unicodedata.combining(character):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1
