"""Tables: for people in columns as wide as what stands in them, and the same rows for machines."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Final

from reconciler.core.values import JsonObject
from reconciler.records import dataclass
from reconciler.render import texts
from reconciler.render.styles import PLAIN, Style

FORMS: Final = ("table", "json", "tsv")
"""The forms of a listing, as `--output` names them."""


@dataclass(frozen=True, slots=True)
class Item:
    """A row of a listing: what people see of it in each column, and the whole of it for machines."""

    cells: tuple[str, ...]
    body: JsonObject


def listing(form: str, headings: Sequence[str], items: Sequence[Item], style: Style = PLAIN) -> str:
    """Write a listing in one of `FORMS`, empty where nothing is listed but in a table, which has its headings.

    JSON is one object a line, so that `jq` takes each for itself (as of the peer's, which are not in an array either).
    TSV has no headings, and what would end a cell in it is escaped.
    """
    if form == "json":
        return "".join(f"{json.dumps(item.body, default=str, ensure_ascii=False)}\n" for item in items)
    if form == "tsv":
        return "".join("\t".join(map(texts.safe, item.cells)) + "\n" for item in items)
    return table(headings, [item.cells for item in items], style)


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
