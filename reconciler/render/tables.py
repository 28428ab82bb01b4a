"""Tables for people: columns as wide as what stands in them, cut only at the end of a line."""

from __future__ import annotations

from collections.abc import Sequence

from reconciler.render import texts
from reconciler.render.styles import PLAIN, Style


def table(headings: Sequence[str], rows: Sequence[Sequence[str]], style: Style = PLAIN) -> str:
    """Write a table. Control characters are escaped; the last column is not padded."""
    cells = [[texts.safe(cell) for cell in row] for row in rows]
    widths = [
        max([texts.width(headings[column]), *(texts.width(row[column]) for row in cells)])
        for column in range(len(headings))
    ]

    def line(row: Sequence[str]) -> str:
        padded = [cell + " " * (width - texts.width(cell)) for cell, width in zip(row, widths, strict=True)]
        return "  ".join(padded).rstrip()

    return "\n".join([style.paint("bold", line(headings)), *(line(row) for row in cells)]) + "\n"
