"""Listings on stdout: the one flag that chooses their form, and how they are written."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

import click

from reconciler.cli import options, planning

if TYPE_CHECKING:
    from reconciler.render.tables import Item

output: Final = click.option(
    "--output",
    type=click.Choice(["table", "json", "tsv"]),
    default="table",
    show_default=True,
    help="Form: for people, an object a line, or cells between tabs.",
)
"""The flag that chooses the form of a listing: one of `render.tables.FORMS`, without importing it for a help."""


def write(form: str, headings: Sequence[str], items: Sequence[Item], common: options.Common) -> None:
    """Write a listing to stdout; one of nothing writes nothing but a table's headings."""
    from reconciler.render import tables

    sys.stdout.write(tables.listing(form, headings, items, planning.style(common)))
    sys.stdout.flush()
