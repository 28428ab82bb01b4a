"""Listings in each of their forms, as they stand in files."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from reconciler.cli import listings
from reconciler.render import tables
from reconciler.render.styles import Style

FOLDER = Path(__file__).parents[2] / "fixtures/render/tables"
LISTINGS: dict[str, Any] = yaml.safe_load((FOLDER / "listings.yml").read_text())


def listed(name: str, form: str, style: Style) -> str:
    given = LISTINGS[name]
    items = [tables.Item(tuple(item["cells"]), item["body"]) for item in given["items"]]
    return tables.listing(form, given["headings"], items, style)


@pytest.mark.parametrize("form", tables.FORMS)
@pytest.mark.parametrize("name", LISTINGS)
def test_a_listing_is_written_as_its_file_says(name: str, form: str) -> None:
    assert listed(name, form, Style()) == (FOLDER / f"{name}.{form}").read_text()


@pytest.mark.parametrize("name", LISTINGS)
def test_machines_read_back_what_was_listed(name: str) -> None:
    items = LISTINGS[name]["items"]
    lines = listed(name, "json", Style(color=True)).splitlines()
    assert [json.loads(line) for line in lines] == [item["body"] for item in items]
    rows = [line.split("\t") for line in listed(name, "tsv", Style(color=True)).splitlines()]
    assert [len(row) for row in rows] == [len(item["cells"]) for item in items]


def test_only_headings_are_coloured() -> None:
    heading, *rows = listed("revisions", "table", Style(color=True)).splitlines()
    assert heading == "\x1b[1mNAME    IN USE\x1b[0m"
    assert "\x1b" not in "".join(rows)


def test_the_flag_offers_every_form() -> None:
    @listings.output
    def command() -> None: ...

    (option,) = command.__click_params__  # type: ignore[attr-defined]
    assert tuple(option.type.choices) == tables.FORMS
