"""What differs between two values, as a plan shows it: each case of fixtures/render, and what holds for all."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from reconciler.core import pointers
from reconciler.core.diffs import Action
from reconciler.core.plans import Finding, Reason
from reconciler.core.redaction import MASK
from reconciler.core.values import Address, Json
from reconciler.render import changes, embedded, pairing, rows, runs, shortening, texts
from reconciler.render.styles import PLAIN, Style
from tests import tables

FIXTURES = Path(__file__).parents[2] / "fixtures" / "render"
CASES: Sequence[Mapping[str, Any]] = tables.read(FIXTURES / "changes.yml")


def replaced(before: Json, after: Json, **more: Any) -> Finding:
    """Give a finding at the address `a`."""
    return Finding(address="a", pointer="/a", action=Action.REPLACE, before=before, after=after, **more)


def shown(case: Mapping[str, Any], style: Style = PLAIN) -> list[str]:
    """Give the lines of a case, without the indentation that all of them have."""
    reasons = tuple(
        Reason(pointer=pointer, address=Address(*named.split(" ", 1)))
        for pointer, named in case.get("reasons", {}).items()
    )
    marks = {name: case[name] for name in ("sensitive", "unknown") if name in case}
    finding = replaced(case["before"], case["after"], reasons=reasons, **marks)
    return [line.removeprefix("    ") for line in rows.lines(list(changes.rows(finding)), style)]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["case"])
def test_a_change_is_shown_by_what_differs_inside(case: Mapping[str, Any]) -> None:
    assert shown(case) == case["rows"].splitlines()


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["case"])
def test_colour_changes_no_word(case: Mapping[str, Any]) -> None:
    colored = shown(case, Style(color=True))
    assert [re.sub(r"\x1b\[\d+m", "", line) for line in colored] == shown(case)
    assert all("\x1b[" in line for line in colored if line.strip()[0] in "+-~#")


characters = st.sampled_from('ab1 ,:/="\\\n\t\r…é\u0301\x1b\x9b\u202e\u2028\ud800')
anything = st.text(characters, max_size=8) | st.text(characters, min_size=81, max_size=200)
scalars = st.none() | st.booleans() | st.integers(-3, 3) | st.floats(allow_nan=False) | anything
values = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(characters, max_size=3), inner, max_size=4)
    ),
    max_leaves=12,
)


@settings(deadline=None)
@given(values, values, st.booleans())
def test_a_change_is_never_hidden_and_a_terminal_never_obeys_it(
    before: Json, after: Json, packed: bool
) -> None:
    assume(not embedded.same(before, after))
    if packed:
        before, after = json.dumps(before, indent=1), json.dumps(after)
    found = list(changes.rows(replaced(before, after)))
    assert any(row.symbol in "+-" or " -> " in row.text for row in found)
    for row in found:
        old, arrow, new = row.text.partition(" = ")[2].partition(" -> ")
        assert not arrow or row.symbol != "~" or old != new
    assert all(line.isprintable() and line == line.rstrip() for line in rows.lines(found, PLAIN))


words = st.sampled_from(["on", "off", "b-1.example.com:9098", "two words", "é", ""])
leaves = st.integers(-9, 9) | st.booleans() | words
objects = st.recursive(
    st.dictionaries(words, leaves, max_size=4),
    lambda inner: st.dictionaries(words, leaves | inner, max_size=4),
    max_leaves=20,
)


@settings(deadline=None)
@given(objects, objects, st.booleans())
def test_every_leaf_that_changes_is_shown(before: Json, after: Json, packed: bool) -> None:
    assume(before != after)
    old, new = dict(pointers.leaves(before)), dict(pointers.leaves(after))
    found = replaced(json.dumps(before), json.dumps(after)) if packed else replaced(before, after)
    text = "\n".join(row.text for row in changes.rows(found))
    changed = {texts.quoted(value) for path, value in new.items() if path not in old or old[path] != value}
    gone = {texts.quoted(value) for path, value in old.items() if path not in new or new[path] != value}
    assert [value for value in changed | gone if value != "{}" and value not in text] == []


@settings(deadline=None)
@given(anything, anything)
def test_what_is_masked_is_never_looked_into(before: str, after: str) -> None:
    (row,) = changes.rows(replaced(MASK, after, sensitive=True))
    assert row.text == f'a = "{MASK}" -> {texts.quoted(after)}'
    alike = json.dumps({"secret": MASK, "x": before})
    (row,) = changes.rows(replaced(alike, alike, sensitive=True))
    assert row.text == f"a = {texts.quoted(alike)} -> {texts.quoted(alike)}"


@settings(deadline=None)
@given(anything, anything)
def test_beside_what_is_masked_the_differences_are_shown(before: str, after: str) -> None:
    assume(before != after)
    masked = json.dumps({"secret": MASK, "x": before}), json.dumps({"secret": MASK, "x": after})
    found = list(changes.rows(replaced(*masked, sensitive=True)))
    assert MASK not in "".join(row.text for row in found)
    assert found[0].text == "a = (JSON) {"


lists = st.lists(st.sampled_from("abc"), max_size=12)


@settings(deadline=None)
@given(lists, lists, st.integers(0, 3))
def test_stretches_make_up_both_sequences(before: list[str], after: list[str], context: int) -> None:
    found = list(runs.hunks(before, after, context))
    assert [i for run in found for i in run.before] == list(range(len(before)))
    assert [j for run in found for j in run.after] == list(range(len(after)))
    for run in found:
        old, new = [before[i] for i in run.before], [after[j] for j in run.after]
        assert (old == new) if run.same else (old or new)
        assert not run.hidden or (run.same and len(old) > 1)


def test_sequences_too_long_for_a_search_differ_as_a_whole() -> None:
    before, after = ["x", *map(str, range(2500)), "y"], ["x", *map(str, range(2500, 5000)), "y"]
    assert [(len(run.before), len(run.after), run.same) for run in runs.runs(before, after)] == [
        (1, 1, True), (2500, 2500, False), (1, 1, True)
    ]  # fmt: skip


things: st.SearchStrategy[list[Json]] = st.lists(
    st.fixed_dictionaries({"name": st.sampled_from("abc"), "on": st.booleans()}) | st.just([]), max_size=6
)


@settings(deadline=None)
@given(things, things)
def test_every_item_that_differs_is_paired_or_alone_once(before: list[Json], after: list[Json]) -> None:
    found = list(pairing.pairs(before, after))
    assert (None, None) not in found
    old, new = [i for i, _ in found if i is not None], [j for _, j in found if j is not None]
    assert (old, new) == (sorted(set(old)), sorted(set(new)))
    kept = [item for i, item in enumerate(before) if i not in old]
    assert kept == [item for j, item in enumerate(after) if j not in new]
    assert len(kept) == pairing.unchanged(before, after)


def test_long_lists_of_objects_are_paired_by_place() -> None:
    before: list[Json] = [{"name": "x", "n": n} for n in range(120)]
    after: list[Json] = [{"name": "x", "n": n} for n in range(120, 221)]
    found = list(pairing.pairs(before, after))
    assert found == [*((i, i) for i in range(101)), *((i, None) for i in range(101, 120))]


long_texts = st.lists(st.sampled_from(["alpha", "be-ta.1", " ", ",", ":", "/", "x" * 50]), min_size=1).map(
    "".join
)


@settings(deadline=None)
@given(long_texts, long_texts, long_texts, long_texts, long_texts)
def test_shortened_texts_differ_and_are_pieces_of_the_whole(
    head: str, old: str, middle: str, new: str, tail: str
) -> None:
    whole = head + old + middle + old + tail, head + new + middle + new + tail
    assume(old != new)
    short = shortening.shortened(*whole)
    assert short[0] != short[1]
    for text, cut in zip(whole, short, strict=True):
        at = 0
        for piece in json.loads(cut).split("…"):
            at = text.index(piece, at) + len(piece)
    parted = shortening.parting(*whole)
    assert parted[0] != parted[1]
    assert all(len(text) < 90 for text in parted)


@pytest.mark.parametrize(
    ("before", "after", "short"),
    [
        (
            "b-1.kafka.ap-northeast-1.amazonaws.com:9098,b-2.kafka.ap-northeast-1.amazonaws.com:9098",
            "b-1.kafka.ap-northeast-1.amazonaws.com:9098,b-9.kafka.ap-northeast-1.amazonaws.com:9098",
            ("…amazonaws.com:9098,b-2.kafka.ap-northeast-1.amazonaws.com:9098",
             "…amazonaws.com:9098,b-9.kafka.ap-northeast-1.amazonaws.com:9098"),
        ),
        (
            "postgres://app@db-1.example.com:5432/orders?sslmode=require&application_name=checkout&connect_timeout=5",
            "postgres://app@db-1.example.com:5432/orders?sslmode=verify-full&application_name=checkout&connect_timeout=5",
            ("…orders?sslmode=require&application_name…", "…orders?sslmode=verify-full&application_name…"),
        ),
        ("QUJD" * 30 + "x" + "REVG" * 30, "QUJD" * 30 + "y" + "REVG" * 30,
         ("…" + "QUJD" * 6 + "x" + "REVG" * 6 + "…", "…" + "QUJD" * 6 + "y" + "REVG" * 6 + "…")),
    ],
)  # fmt: skip
def test_long_texts_are_cut_at_words(before: str, after: str, short: tuple[str, str]) -> None:
    assert tuple(map(json.loads, shortening.shortened(before, after))) == short
