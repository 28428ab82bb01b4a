"""Pairs of documents with the verdict of whoever recorded them; what we decide otherwise stands in the docs."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from reconciler.core import canon, diffs
from tests.core.documents import KINDS

ROOT = Path(__file__).parents[2]
CASES = ROOT.parent / "shared/corpus/equivalence"
FILES = sorted(CASES.glob("*.json"))
_ROW = re.compile(r"^\| `(?P<case>[^`]+\.json)` \| `(?P<member>[^`]+)` \|", re.MULTILINE)
DECIDED = dict(_ROW.findall((ROOT / "docs/equivalence.md").read_text()))


def wrapped(case: dict[str, Any], side: str) -> Any:
    """Give a side of a pair as a whole document; None for one that is not there."""
    if case["kind"] != "container_definitions" or case[side] is None:
        return case[side]
    return {
        "family": "family",
        "networkMode": case["network_mode"],
        "containerDefinitions": case[side],
    }


MISTYPED = {"hako_service_constraint_distinct.json": "the nearest is `distinctInstance`"}
"""Pairs whose source itself writes a word that the API does not know."""


def desired_of(case: dict[str, Any]) -> canon.Canon:
    kind = KINDS.named("service" if case["kind"] == "service" else "task_definition")
    return canon.canon(kind, wrapped(case, "a"), desired=True)


def addresses(case: dict[str, Any]) -> list[str]:
    """Compare a pair as a plan does, and give the addresses of what differs."""
    desired = desired_of(case)
    kind = desired.kind
    there = wrapped(case, "b")
    live = None if there is None else canon.canon(kind, there, desired=False, like=desired)
    return [change.address for change in diffs.diff(desired, live).changes]


@pytest.mark.skipif(not FILES, reason=f"the recorded pairs are not beside this repository ({CASES.name}/)")
@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_pair_is_judged_as_its_source_does(path: Path) -> None:
    case = json.loads(path.read_text())
    if path.name in DECIDED:
        assert case["equal"]
        assert addresses(case) == [DECIDED[path.name]]
    else:
        assert (not addresses(case)) == case["equal"]


@pytest.mark.skipif(not FILES, reason=f"the recorded pairs are not beside this repository ({CASES.name}/)")
@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_recorded_word_is_known(path: Path) -> None:
    case = json.loads(path.read_text())
    remarks = desired_of(case).remarks if case["a"] is not None else ()
    hints = [r.hint for r in remarks if "case matters" in r.what or "the API model knows no" in r.what]
    assert hints == ([MISTYPED[path.name]] if path.name in MISTYPED else [])


@pytest.mark.skipif(not FILES, reason=f"the recorded pairs are not beside this repository ({CASES.name}/)")
def test_every_decision_in_the_docs_has_its_case() -> None:
    assert DECIDED
    assert set(DECIDED) <= {path.name for path in FILES}
