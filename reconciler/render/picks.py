"""Choosing one of several lines on a terminal: what is typed and pointed at, and how it is drawn.

Takes keys and the terminal's size; gives states and lines. It never writes and never reads: `cli.picking` does both.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from enum import Enum
from typing import Final

from reconciler.records import dataclass
from reconciler.render import pieces, texts
from reconciler.render.live import Size
from reconciler.render.pieces import UNICODE, Glyphs, Piece
from reconciler.render.styles import PLAIN, Style

MOST: Final = 12
"""Lines shown at a time."""


class Key(Enum):
    """A key that types nothing."""

    UP = "up"
    DOWN = "down"
    PAGE_UP = "page up"
    PAGE_DOWN = "page down"
    HOME = "home"
    END = "end"
    BACKSPACE = "backspace"
    ERASE = "erase"  # all that was typed: Ctrl-U
    ERASE_WORD = "erase word"  # Ctrl-W
    ENTER = "enter"
    LEAVE = "leave"  # Escape, Ctrl-D, Ctrl-G
    INTERRUPT = "interrupt"  # Ctrl-C


_STEPS: Final = {Key.UP: -1, Key.DOWN: 1, Key.PAGE_UP: 1 - MOST, Key.PAGE_DOWN: MOST - 1}


@dataclass(frozen=True, slots=True)
class Pick:
    """What there is to choose from, what was typed to narrow it, and which of the lines that fit is pointed at."""

    items: tuple[str, ...]
    query: str = ""
    at: int = 0

    @property
    def fitting(self) -> tuple[int, ...]:
        """Give the places of the lines that hold every word typed, in any case."""
        words = self.query.casefold().split()
        return tuple(
            place for place, item in enumerate(self.items) if all(word in item.casefold() for word in words)
        )

    @property
    def chosen(self) -> int | None:
        """Give the place of the line that is pointed at; None where nothing fits."""
        fitting = self.fitting
        return fitting[self.at] if fitting else None

    def pressed(self, key: Key | str) -> Pick:
        """Give what a key makes of it; a text is typed. Enter, Escape and Ctrl-C are for the one who asks."""
        match key:
            case str():
                return self._narrowed(self.query + key)
            case Key.BACKSPACE:
                return self._narrowed(self.query[:-1])
            case Key.ERASE:
                return self._narrowed("")
            case Key.ERASE_WORD:
                return self._narrowed(self.query.rstrip().rpartition(" ")[0])
            case Key.HOME:
                return replace(self, at=0)
            case Key.END:
                return replace(self, at=max(len(self.fitting) - 1, 0))
            case _:
                return replace(self, at=self._within(self.at + _STEPS.get(key, 0)))

    def _narrowed(self, query: str) -> Pick:
        """Point at the first line after another query: those who type look for the best."""
        return self if query == self.query else replace(self, query=query, at=0)

    def _within(self, at: int) -> int:
        return min(max(at, 0), max(len(self.fitting) - 1, 0))


def lines(
    pick: Pick, question: str, size: Size, style: Style = PLAIN, *, with_: Glyphs = UNICODE
) -> Sequence[str]:
    """Draw it: the lines around the one that is pointed at, and below what was typed, where the cursor rests."""
    columns, fitting = max(size.columns - 1, 1), pick.fitting
    most = max(min(MOST, size.rows - 2), 0)
    start = min(max(pick.at - most // 2, 0), max(len(fitting) - most, 0))
    drawn = [
        pieces.fit(
            (
                Piece(f"> {pick.items[place]}", "bold")
                if number == pick.at
                else Piece(f"  {pick.items[place]}"),
            ),
            columns,
            style,
            with_=with_,
        )
        for number, place in enumerate(fitting[start : start + most], start)
    ]
    if not fitting and most:
        drawn.append(pieces.fit((Piece("  nothing fits", "dim"),), columns, style, with_=with_))
    return [*drawn, _prompt(pick, question, columns, style, with_)]


def _prompt(pick: Pick, question: str, columns: int, style: Style, with_: Glyphs) -> str:
    """Write the question and what was typed, of which the end is seen where there is no room for all."""
    count, query = f"{len(pick.fitting)}/{len(pick.items)} ", with_.drawn(pick.query)
    while query and texts.width(f"{count}{question} {query}") > columns:
        query = query[1:]
    return pieces.fit((Piece(count, "dim"), Piece(f"{question} "), Piece(query)), columns, style, with_=with_)
