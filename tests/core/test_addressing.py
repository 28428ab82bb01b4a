"""Concrete IDs and the addresses that hold them."""

from __future__ import annotations

from typing import Any

import pytest

from reconciler.core import addressing, pointers
from tests.core.test_tables import rows


@pytest.mark.parametrize("row", rows("addressing"))
def test_ids_become_addresses(row: dict[str, Any]) -> None:
    known = addressing.index(row["state"].items())
    found = addressing.address(row["document"], known)
    assert {pointers.text(path): text for path, text in found.references.items()} == row["references"]
    assert {pointers.text(path): text for path, text in found.concrete.items()} == row.get("concrete", {})
