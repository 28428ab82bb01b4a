"""Rows of a plan: a symbol, a text at its depth, and why, laid out in columns and painted at the very end."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from reconciler.records import dataclass
from reconciler.render import texts
from reconciler.render.styles import PLAIN, Style

ROLES: Final = {"+": "add", "-": "remove", "~": "change", "-/+": "remove", "#": "dim"}
"""The role in which each symbol is painted."""

# A line that is longer does not move the column of reasons.
_WIDEST: Final = 90


@dataclass(frozen=True, slots=True)
class Row:
    """One line. The symbol is ``+``, ``-``, ``~``, ``#`` for a remark, or blank for what only gives context."""

    text: str
    symbol: str = " "
    depth: int = 0
    why: str = ""


def lines(rows: Sequence[Row], style: Style) -> Iterator[str]:
    """Write rows. Reasons stand in a column, one for the outermost rows and one for those in each of their blocks."""
    columns: dict[int, int] = {}
    groups = list(_groups(rows))
    for group, row in zip(groups, rows, strict=True):
        if row.why and _width(row) <= _WIDEST:
            columns[group] = max(columns.get(group, 0), _width(row))
    for group, row in zip(groups, rows, strict=True):
        text = texts.safe(row.text)
        line = style.paint("dim", f"# {text}") if row.symbol == "#" else f"{mark(row.symbol, style)} {text}"
        pad = " " * max(2, columns.get(group, 0) - _width(row) + 2)
        why = f"{pad}{style.paint('dim', f'# {texts.safe(row.why)}')}" if row.why else ""
        yield "    " * (row.depth + 1) + line.rstrip() + why


def diff(found: Sequence[Row]) -> Iterator[tuple[str, str]]:
    """Give the symbol of each row and what stands behind it, for where a symbol has to be the first of its line."""
    for row, line in zip(found, lines(found, PLAIN), strict=True):
        indent = 4 * row.depth
        yield row.symbol, " " * indent + line[indent + 4 :].removeprefix(row.symbol)


def _groups(rows: Sequence[Row]) -> Iterator[int]:
    """Number the rows by the column they belong to: 0 for the outermost, another for the inside of each block."""
    block = 0
    for row in rows:
        block += row.depth == 0
        yield block if row.depth else 0


def _width(row: Row) -> int:
    return 4 * row.depth + len(row.symbol) + 1 + texts.width(texts.safe(row.text))


def mark(symbol: str, style: Style) -> str:
    """Give a symbol in its colour."""
    return style.paint(ROLES[symbol], symbol) if symbol in ROLES else symbol
