"""Colour, or none: the rest of `render` asks for roles and never for colours."""

from __future__ import annotations

from typing import Final

from reconciler.records import dataclass

_CODES: Final = {
    "add": "32",
    "remove": "31",
    "change": "33",
    "dim": "2",
    "bold": "1",
    "warn": "33",
    "unit": "1",
    "good": "32",
    "bad": "31",
}


@dataclass(frozen=True, slots=True)
class Style:
    """Paints text where colour is wanted."""

    color: bool = False

    def paint(self, role: str, text: str) -> str:
        """Give a text in the colour of a role, one of `_CODES`."""
        return f"\x1b[{_CODES[role]}m{text}\x1b[0m" if self.color and text else text


PLAIN: Final = Style()
