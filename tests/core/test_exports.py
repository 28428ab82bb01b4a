"""What is written down of something that runs already, and that it then compares empty."""

from __future__ import annotations

from typing import Any

import pytest

from reconciler.core import canon, diffs, exports
from reconciler.engine import composing
from tests.core.documents import KINDS
from tests.core.test_tables import rows


@pytest.mark.parametrize("row", rows("exports"))
def test_a_definition_is_written_from_a_description(row: dict[str, Any]) -> None:
    kind = KINDS.named(row["kind"])
    written = exports.definition(kind, row["described"])
    assert written == row["definition"]
    desired = canon.canon(kind, written, desired=True)
    assert desired.remarks == ()
    live = canon.canon(kind, row["described"], desired=False, like=desired)
    found = diffs.diff(composing.ignoring(desired, ()), composing.ignoring(live, (), desired))
    assert found == diffs.Differences()
