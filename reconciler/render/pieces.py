"""A line of pieces, each in a role: cut to the width that there is, then painted. Never wrapped."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple, TypeAlias

from reconciler.records import dataclass
from reconciler.render import texts
from reconciler.render.styles import PLAIN, Style


class Piece(NamedTuple):
    """Some text, and its role (`render.styles`), empty for none."""

    text: str
    role: str = ""


Line: TypeAlias = tuple[Piece, ...]


@dataclass(frozen=True, slots=True)
class Glyphs:
    """What bars and marks are drawn with, each one column wide, but for `more`, which ends a line that was cut."""

    full: str
    half: str
    empty: str
    done: str
    here: str
    ahead: str
    more: str

    def drawn(self, text: str) -> str:
        """Give a text as it can be drawn: nothing in it moves the cursor, and none of it is beyond these glyphs."""
        safe = texts.safe(text)
        return safe.encode("ascii", "backslashreplace").decode("ascii") if self.more.isascii() else safe


UNICODE: Final = Glyphs(full="█", half="▒", empty="░", done="✓", here="▶", ahead="·", more="…")
ASCII: Final = Glyphs(full="#", half="=", empty="-", done="+", here=">", ahead=".", more="...")


def glyphs(encoding: str | None) -> Glyphs:
    """Give what can be written in an encoding."""
    try:
        "".join((UNICODE.full, UNICODE.half, UNICODE.done, UNICODE.here, UNICODE.more)).encode(
            encoding or "ascii"
        )
    except (UnicodeEncodeError, LookupError):
        return ASCII
    return UNICODE


def bar(cells: int, total: float, full: float, half: float = 0, *, with_: Glyphs = UNICODE) -> Line:
    """Draw `full` and then `half` of `total` as so many cells. What is there at all takes a cell, if one is left."""
    if cells <= 0 or total <= 0:
        return (Piece(with_.empty * max(cells, 0), "dim"),)
    first = _cells(cells, full / total)
    second = min(_cells(cells, (full + half) / total), cells) - first if half else 0
    second = min(max(second, 1 if half else 0), cells - first)
    return (
        Piece(with_.full * first, "good"),
        Piece(with_.half * second, "warn"),
        Piece(with_.empty * (cells - first - second), "dim"),
    )


def _cells(cells: int, share: float) -> int:
    share = min(max(share, 0.0), 1.0)
    rounded = round(cells * share)
    # A bar is full when all is there, and not before; likewise it is empty only when nothing is.
    return cells if share == 1 else min(max(rounded, 1 if share else 0), cells - 1) if cells > 1 else 0


def joined(parts: Iterable[Line], between: str = ", ") -> Line:
    """Put lines into one, with something between them."""
    whole: list[Piece] = []
    for part in parts:
        whole += (*([Piece(between)] if whole else ()), *part)
    return tuple(whole)


def width(line: Sequence[Piece]) -> int:
    """Count the columns that a line takes."""
    return sum(texts.width(piece.text) for piece in line)


def fit(line: Sequence[Piece], columns: int, style: Style = PLAIN, *, with_: Glyphs = UNICODE) -> str:
    """Write a line in at most so many columns: painted, and cut with a mark where it is longer."""
    shown = [Piece(with_.drawn(piece.text), piece.role) for piece in line]
    if width(shown) > columns:
        shown = [*_cut(shown, columns - len(with_.more)), Piece(with_.more[: max(columns, 0)])]
    return _paint(shown, style)


def painted(line: Sequence[Piece], style: Style = PLAIN, *, with_: Glyphs = UNICODE) -> str:
    """Write a line, however long."""
    return _paint([Piece(with_.drawn(piece.text), piece.role) for piece in line], style)


def _paint(line: Iterable[Piece], style: Style) -> str:
    return "".join(style.paint(piece.role, piece.text) if piece.role else piece.text for piece in line)


def _cut(line: Iterable[Piece], columns: int) -> Iterable[Piece]:
    left = columns
    for text, role in line:
        kept = ""
        for character in text:
            left -= texts.width(character)
            if left < 0:
                yield Piece(kept, role)
                return
            kept += character
        yield Piece(kept, role)
