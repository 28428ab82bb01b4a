"""What a plan shows of a difference: each row of fixtures/core/findings.json gives before and after of its changes."""

from __future__ import annotations

import json
from typing import Any

import pytest

from reconciler.core import canon, diffs, findings
from reconciler.core.documents import Resolved
from reconciler.core.plans import Finding
from reconciler.core.redaction import Masker
from tests.core.test_tables import kind_of, placed, rows


def found_of(row: dict[str, Any], masker: Masker) -> tuple[Finding, ...]:
    """Compare a row's documents; what is at its `sensitive` path in the file comes from a secret."""
    document = placed(row, "desired")
    desired = canon.canon(kind_of(row), document, desired=True)
    live = canon.canon(kind_of(row), placed(row, "live"), desired=False, like=desired)
    secret = frozenset({tuple(row["sensitive"])} if "sensitive" in row else ())
    origin = findings.Provenance(Resolved("file.json", document, sensitive=secret), desired)
    return findings.findings(diffs.diff(desired, live).changes, origin, masker, live)


@pytest.mark.parametrize("row", rows("findings"))
def test_what_is_shown_of_a_change(row: dict[str, Any]) -> None:
    found = found_of(row, Masker())
    assert {one.address: [one.before, one.after] for one in found} == row["shown"]
    for one in found:
        text = json.dumps([one.before, one.after])
        assert one.sensitive == ("(sensitive value)" in text)


@pytest.mark.parametrize("row", rows("findings"))
def test_everything_is_shown_on_demand(row: dict[str, Any]) -> None:
    text = json.dumps([[one.before, one.after] for one in found_of(row, Masker(open=True))])
    assert "(sensitive value)" not in text
