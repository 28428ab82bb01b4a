"""Documents as Jsonnet: they mean what they meant, and look as the formatter leaves them."""

from __future__ import annotations

import json

import _jsonnet
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.core.values import Json
from reconciler.render import jsonnets

# No lone surrogates: they are no text that a file could hold.
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=8) | st.sampled_from(
    ["'", '"', "\\\"'", "if"]
)
scalars = st.none() | st.booleans() | st.integers(-(2**50), 2**50) | texts
documents = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=8,
)


@settings(deadline=None)
@given(documents, st.booleans())
def test_what_is_written_means_the_same(document: Json, ordered: bool) -> None:
    written = jsonnets.text(document, ordered=ordered)
    assert json.loads(_jsonnet.evaluate_snippet("written", written)) == document


@pytest.mark.parametrize(
    ("document", "written"),
    [
        ({"b": 1, "a": []}, "{\n  b: 1,\n  a: [],\n}\n"),
        ({"a-b": "x", "if": None, "_1": True}, "{\n  'a-b': 'x',\n  'if': null,\n  _1: true,\n}\n"),
        (["it's", 'say "x"', "é\n"], "[\n  \"it's\",\n  'say \"x\"',\n  'é\\n',\n]\n"),
        ("both ' and \"", "\"both ' and \\\"\"\n"),
        ({"a": [{"b": {}}]}, "{\n  a: [\n    {\n      b: {},\n    },\n  ],\n}\n"),
    ],
)  # fmt: skip
def test_layout(document: Json, written: str) -> None:
    assert jsonnets.text(document) == written


def test_members_in_order() -> None:
    assert jsonnets.text({"b": 1, "a": 2}, ordered=True) == "{\n  a: 2,\n  b: 1,\n}\n"
