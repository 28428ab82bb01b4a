"""What holds for every pair of documents, whatever the files say and whatever AWS describes.

A live document is judged with the desired one's facts throughout, as the planner does.
"""

from __future__ import annotations

import random
from typing import Any

import jsonpatch
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reconciler.core import canon, diffs, patches
from reconciler.core.canon import Canon
from reconciler.core.kinds import Kind
from reconciler.core.values import JsonObject
from tests.core import documents

DICE = st.randoms(use_true_random=False)
many = settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
both = pytest.mark.parametrize("kind_name", ["task_definition", "service"])
every = pytest.mark.parametrize("kind_name", ["task_definition", "service", "express_service"])


def desired_of(kind: Kind, document: JsonObject) -> Canon:
    found = canon.canon(kind, document, desired=True)
    assert not [remark for remark in found.remarks if remark.fatal], found.remarks
    return found


def live_of(desired: Canon, body: JsonObject) -> Canon:
    return canon.canon(desired.kind, body, desired=False, like=desired)


def applied(patch: patches.Patch, body: JsonObject) -> JsonObject:
    """Apply a patch as anybody would: with the library, on the body as AWS describes it."""
    result: JsonObject = jsonpatch.apply_patch(body, list(patch.operations))
    return result


def pair(kind: Kind, dice: random.Random) -> tuple[Canon, dict[str, Any]]:
    """Draw what is desired and what is there: two strangers, or two of one origin."""
    document = documents.document(kind, dice)
    stranger = dice.random() < 0.3
    other = documents.document(kind, dice) if stranger else documents.relative(kind, document, dice)
    return desired_of(kind, document), documents.described(kind, other, dice)


@both
@many
@given(dice=DICE)
def test_a_document_does_not_differ_from_itself(kind_name: str, dice: random.Random) -> None:
    kind = documents.KINDS.named(kind_name)
    document = documents.document(kind, dice)
    desired = desired_of(kind, document)
    assert diffs.diff(desired, live_of(desired, document)) == diffs.Differences()
    assert diffs.diff(desired, desired) == diffs.Differences()


@both
@many
@given(dice=DICE)
def test_the_order_of_a_set_means_nothing(kind_name: str, dice: random.Random) -> None:
    kind = documents.KINDS.named(kind_name)
    document = documents.document(kind, dice)
    other = documents.shuffled(kind, document, dice)
    desired = desired_of(kind, document)
    assert desired_of(kind, other).tree == desired.tree
    assert diffs.diff(desired, live_of(desired, other)) == diffs.Differences()


@both
@many
@given(dice=DICE)
def test_canon_is_canonical(kind_name: str, dice: random.Random) -> None:
    kind = documents.KINDS.named(kind_name)
    desired = desired_of(kind, documents.document(kind, dice))
    again = desired_of(kind, desired.wire)
    assert again.tree == desired.tree
    assert again.wire == desired.wire


@every
@many
@given(dice=DICE)
def test_a_patched_document_is_as_desired(kind_name: str, dice: random.Random) -> None:
    desired, body = pair(documents.KINDS.named(kind_name), dice)
    live = live_of(desired, body)
    patch = patches.build(diffs.diff(desired, live).changes, desired, live, body)
    after = live_of(desired, applied(patch, body))
    assert diffs.diff(desired, after).changes == ()


@both
@many
@given(dice=DICE)
def test_a_patch_of_a_reordered_document_fails_or_is_right(kind_name: str, dice: random.Random) -> None:
    desired, body = pair(documents.KINDS.named(kind_name), dice)
    live = live_of(desired, body)
    patch = patches.build(diffs.diff(desired, live).changes, desired, live, body)
    try:
        after = applied(patch, documents.shuffled(desired.kind, body, dice))
    except (jsonpatch.JsonPatchException, jsonpatch.JsonPointerException):  # a twin may have null there
        return
    assert diffs.diff(desired, live_of(desired, after)).changes == ()
