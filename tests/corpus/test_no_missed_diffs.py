"""Each leaf of each real definition is changed, added and removed in turn: a plan shows exactly that leaf.

Save where a rule of the table says that the two are equal; which one, the tests find out for themselves.
"""

from __future__ import annotations

from typing import Any

import pytest

from reconciler.core import canon
from reconciler.core.kinds import PRIMARY_MEMBERS, Kind
from tests.corpus import files, mutations, rates, rounds, verdicts
from tests.corpus.rounds import Side
from tests.corpus.verdicts import Tally

HERE = pytest.mark.skipif(
    not files.index(), reason=f"the real files are not beside this repository ({files.REAL.name}/)"
)
BOTH = pytest.mark.parametrize(
    "kind", [rounds.KINDS.task_definition, rounds.KINDS.service], ids=lambda kind: kind.name
)

# What rules may say that a change means nothing, of a kind. Nothing of a task definition is left to anybody.
REASONS = {
    "task_definition": {"default", "absent_if", "empty", "unknown to ECS", "given twice"},
    "service": {
        "default",
        "absent_if",
        "empty",
        "unknown to ECS",
        "coerce",
        "left to AWS",
        "as AWS chose it",
        "set elsewhere",
        "left to be: informational",
    },
}


@HERE
@BOTH
def test_every_change_of_one_leaf_is_shown_as_that_leaf(kind: Kind) -> None:
    tally = rates.tally(kind)
    assert tally.wrong == []
    assert set(tally.equal) <= REASONS[kind.name]
    assert tally.shown + sum(tally.equal.values()) == sum(tally.tried.values())
    assert all(tally.tried[what] > 200 for what in ("add", "change", "remove"))
    assert tally.shown > sum(tally.equal.values())


@HERE
def test_one_update_makes_every_change_true() -> None:
    tally = rates.tally(rounds.KINDS.service)
    assert tally.not_done == []
    assert tally.updated > sum(tally.not_updated.values())
    assert set(tally.not_updated) == {"by other calls", "refused", "replaced"}


@HERE
def test_every_real_word_is_known() -> None:
    """The API model's words are those of real files, in their case."""
    sides = list(rates.all_sides())
    remarks = [r for side in sides for r in canon.canon(side.kind, side.document, desired=True).remarks]
    assert sides
    assert [r for r in remarks if "case matters" in r.what or "the API model knows no" in r.what] == []


@HERE
def test_the_docs_have_the_figures() -> None:
    written = rates.DOCS.read_text().partition(rates.BEGIN)[2].partition(rates.END)[0].strip()
    if not written.startswith(rates.heading()):
        pytest.skip(f"the figures are of {written.splitlines()[0]}, and here there is {rates.heading()}")
    assert written == rates.table()


@BOTH
def test_every_member_of_the_api_can_be_seen_to_change(kind: Kind) -> None:
    """No file holds them all, so a document is made that does; it is live as it is."""
    document: dict[str, Any] = mutations.whole(kind.node)
    document.pop("deploymentController", None)
    live = dict(document)
    primary = {name: live.pop(name) for name in PRIMARY_MEMBERS if name in live}
    if primary:
        live["deployments"] = [{"status": "PRIMARY", **primary}]
    tally = Tally()
    verdicts.judge(Side("every member", kind, document, live), tally)
    assert tally.wrong == []
    assert tally.not_done == []
    assert set(tally.equal) <= REASONS[kind.name]
    assert tally.shown > 5 * sum(tally.equal.values())
