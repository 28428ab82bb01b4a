"""The JSON reader agrees with Python's where both accept, and says where and what where it refuses."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.core import pointers
from reconciler.core.values import Json
from reconciler.load import jsons, sourcemaps
from reconciler.load.spans import Malformed

texts = st.text(alphabet=st.characters(exclude_categories=["Cs"]))
documents = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | texts,
    lambda inner: st.lists(inner) | st.dictionaries(texts, inner),
    max_leaves=30,
)


@settings(deadline=None)
@given(documents, st.sampled_from([None, 0, 3]), st.booleans())
def test_what_python_writes_is_read_back(document: Json, indent: int | None, ascii_only: bool) -> None:
    text = json.dumps(document, indent=indent, ensure_ascii=ascii_only)
    assert jsons.parse(text).data == document


@settings(deadline=None)
@given(documents)
def test_every_span_holds_the_text_of_its_value(document: Json) -> None:
    text = json.dumps(document, indent=1)
    parsed = jsons.parse(text)
    for path, span in parsed.spans.items():
        assert json.loads(text[span.start : span.end]) == pointers.get(parsed.data, path)
        if path and isinstance(path[-1], str):
            assert span.key is not None
            assert json.JSONDecoder().raw_decode(text, span.key)[0] == path[-1]


@settings(deadline=None)
@given(st.text(alphabet='{}[]",:\\ue0123.-+ \n\ttrufalsn/', max_size=25))
def test_what_python_refuses_is_refused(text: str) -> None:
    try:
        data = jsons.parse(text).data
    except Malformed as error:
        offset = error.offset
    else:
        offset = 0
        assert json.loads(text) == data
    assert 0 <= offset <= len(text)


REFUSED = [
    # text, place, a part of what is said, a part of what to try
    ("", "1:1", "empty", "{}"),
    ('{"a": 1,}', "1:8", "comma before the closing", "remove"),
    ("[1,\n2,\n]", "2:2", "comma before the closing", "remove"),
    ('{"a" 1}', "1:6", "':' is missing", ""),
    ('{"a": 1 "b": 2}', "1:9", "',' or '}' is missing", ""),
    ("[1 2]", "1:4", "',' or ']' is missing", ""),
    ("{a: 1}", "1:2", "key in double quotes", "…"),
    ("{'a': 1}", "1:2", "double quotes", ""),
    ("{\"a\": 'x'}", "1:7", "double quotes", ""),
    ("// note\n{}", "1:1", "no comments", ".jsonnet"),
    ('{"a": 1 # note\n}', "1:9", "no comments", ".jsonnet"),
    ("[1, /* x */ 2]", "1:5", "no comments", ".jsonnet"),
    ('{"a": True}', "1:7", "bare word", "write true"),
    ('{"a": None}', "1:7", "bare word", "write null"),
    ('{"a": NaN}', "1:7", "bare word", ""),
    ('{"a": yes}', "1:7", "bare word", "…"),
    ('{"a": 01}', "1:7", "leading zeros", ""),
    ('{"a": +1}', "1:7", "plus sign", ""),
    ('{"a": .5}', "1:7", "starts with a digit", ""),
    ('{"a": 1e999}', "1:7", "out of range", ""),
    ('{"a": "x\ny"}', "1:9", "line break inside a string", "json_escape"),
    ('{"a": "x\ty"}', "1:9", "control character", "json_escape"),
    ('{"a": "\\q"}', "1:8", "escape", "json_escape"),
    ('{"a": "\\u12"}', "1:8", "escape", ""),
    ('{"a": "x', "1:7", "no closing quote", ""),
    ('{"a": 1', "1:8", "ends inside", ""),
    ('{"a":', "1:6", "ends where a value", ""),
    ('{"a": 1} x', "1:10", "follows the end", "one value"),
    ('{"a": 1}\n{}', "2:1", "follows the end", "one value"),
    ('["\\ud800"]', "1:2", "surrogate", ""),
    ('{"a": 1,\n "a": 2}', "2:2", "same key twice", ""),
    ("[" * 200, "1:130", "levels", ""),
    ("9" * 500, "1:1", "400 digits", ""),
]


@pytest.mark.parametrize(("text", "place", "what", "hint"), REFUSED)
def test_a_refusal_says_where_what_and_what_to_try(text: str, place: str, what: str, hint: str) -> None:
    with pytest.raises(Malformed) as caught:
        jsons.parse(text)
    error = caught.value
    assert str(sourcemaps.place("f", text, error.offset)) == f"f:{place}"
    assert what in error.what
    assert hint in (error.hint or "")


def test_the_first_of_two_equal_keys_is_named() -> None:
    with pytest.raises(Malformed) as caught:
        jsons.parse('{"b": 0, "a": 1, "a": 2}')
    assert caught.value.first == 9


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1e3", 1000.0),
        ("-0", 0),
        ("123456789012345678901234567890", 123456789012345678901234567890),
        ('"\\ud83d\\ude00"', "😀"),
        ('"\\u0000"', "\0"),
        ("1.0", 1.0),
    ],
)
def test_scalars_keep_their_kind(text: str, value: Json) -> None:
    found = jsons.parse(text).data
    assert (found, type(found)) == (value, type(value))
