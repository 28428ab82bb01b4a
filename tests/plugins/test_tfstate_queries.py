"""Queries: they answer as jq does, and marks follow the values."""

from __future__ import annotations

import json
import pathlib
import re
import shutil
import subprocess
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from reconciler.errors import ConfigError, NotFound
from reconciler_tfstate import filters, functions, queries
from reconciler_tfstate.filters import _Run
from reconciler_tfstate.places import Found
from reconciler_tfstate.sensitivities import Path

ROOT = pathlib.Path(__file__).parents[2]
JQ = shutil.which("jq")


def every(query: str, data: Any, sensitive: tuple[Path, ...] = ()) -> list[Found]:
    """Give all answers to a query."""
    return list(_Run().run(queries.parse(query, query), Found("x", data, sensitive)))


def test_every_function_is_there() -> None:
    control = {"all", "any", "empty", "first", "last", "map", "map_values", "select", "sort_by", "unique_by"}
    control |= {"values", "with_entries"}
    alone = {name for name, counts in queries.FUNCTIONS.items() if 0 in counts}
    assert alone - control <= set(functions.ALONE) <= alone
    assert (
        set(functions.WITH_ARGUMENT)
        == {name for name, counts in queries.FUNCTIONS.items() if counts == (1,)} - control
    )


def test_every_function_is_in_the_docs() -> None:
    text = (ROOT / "docs/states.md").read_text().split("<!-- queries -->")[1].split("<!-- end -->")[0]
    assert re.findall(r"`([^`]+)`", text) == sorted(queries.FUNCTIONS)


PEOPLE: dict[str, Any] = {
    "list": [
        {"name": "a", "pin": "hush", "tags": [{"key": "k", "value": "v"}], "n": 2},
        {"name": "b", "pin": None, "tags": [], "n": 1},
    ],
    "map": {"x": {"id": 1}, "y": {"id": 2}},
    "text": '{"a": ["b"]}',
    "encoded": "aMOpw6k",
}
SECRETS = (("list", 0, "pin"), ("map", "y"))


@pytest.mark.parametrize(
    ("query", "value", "sensitive"),
    [
        (".list | first.name", "a", []),
        (".list | last | .name", "b", []),
        ("| first(.list[] | .name)", "a", []),
        ("| last(.list[].name)", "b", []),
        ("| [last(empty)]", [], []),
        (".list | map(.pin)", ["hush", None], [[0]]),
        (".list | map(select(.n == 1).name)", ["b"], []),
        ('.list | map(select(.pin == "hush"))', [PEOPLE["list"][0]], [[0]]),
        (".list | map(select(.pin | not).name)", ["b"], []),
        (".list | sort_by(.n) | map(.name)", ["b", "a"], []),
        (".list | sort_by(.pin) | map(.name)", ["b", "a"], [[0], [1]]),
        (".list | map(.name) | sort | reverse", ["b", "a"], []),
        (".list | map(.n) | add", 3, []),
        (".list | map(.n) | max", 2, []),
        (".list | any(.n > 1)", True, [[]]),
        (".list[0].tags | from_entries", {"k": "v"}, []),
        (".list[0].tags | from_entries | .k", "v", []),
        (".list | map({(.name): .pin}) | add", {"a": "hush", "b": None}, [[]]),
        (".list | map({name, secret: .pin})[0]", {"name": "a", "secret": "hush"}, [["secret"]]),
        (".list | [.[] | .pin, .name]", ["hush", "a", None, "b"], [[0]]),
        (".map | to_entries", [{"key": "x", "value": {"id": 1}}, {"key": "y", "value": {"id": 2}}], [[1, "value"]]),
        (".map | with_entries(select(.key == 'x'))", {"x": {"id": 1}}, []),
        (".map | with_entries(select(.value.id == 2))", {"y": {"id": 2}}, [[]]),
        (".map | map_values(.id)", {"x": 1, "y": 2}, [["y"]]),
        (".map | keys", ["x", "y"], []),
        (".map | length", 2, []),
        (".map.y | keys", ["id"], [[]]),
        (".map | has('y')", True, []),
        (".map | tojson", '{"x":{"id":1},"y":{"id":2}}', [[]]),
        (".map.x.id | tostring + '!'", "1!", []),
        (".map | flatten? // 'none'", "none", []),
        (".text | fromjson | .a[0]", "b", []),
        (".encoded | @base64d", "héé", []),
        (".encoded | @base64 | @base64d", "aMOpw6k", []),
        (".text | split('\"') | .[1] | ascii_upcase", "A", []),
        (".none // 'x'", "x", []),
        (".none.deeper | type", "null", []),
        (".list | map(.n) | .[0] + 02 == 04", True, []),
        ("| -007", -7, []),
        ("| 1e999 | tostring", "1.7976931348623157e+308", []),
        ("| '-1e999' | fromjson", -1.7976931348623157e308, []),
        ("| 1e308 + 1e308", 1.7976931348623157e308, []),
        (f"| '1{'0' * 400}' | fromjson + 0.5", 10**400, []),
        ("[]?, 1 | numbers?", None, None),
    ],
)  # fmt: skip
def test_answers(query: str, value: Any, sensitive: list[list[Any]] | None) -> None:
    if sensitive is None:
        with pytest.raises(ConfigError, match="uses jq's numbers"):
            queries.parse(query, query)
        return
    found = filters.answer(Found("x", PEOPLE, SECRETS), queries.parse(query, query))
    assert found.data == value
    assert [list(path) for path in found.sensitive] == sensitive


words = st.text("abc", max_size=2)
leaves = (
    st.none() | st.booleans() | st.integers(-3, 3) | words | st.sampled_from([0.5, "1", '{"a":1}', "YWI="])
)
names = st.sampled_from(["a", "b", "key", "value"])
jsons = st.recursive(
    leaves,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=3),
    max_leaves=8,
).map(lambda tree: json.loads(json.dumps(tree, sort_keys=True)))

steps = st.sampled_from(
    [
        ".",
        ".a",
        ".b",
        ".[0]",
        ".[-1]",
        ".[1:]",
        ".[:-1]",
        ".[]",
        ".[]?",
        ".a?",
        '.["a"]',
        '."b"',
        ".a.b",
        ".a[0]",
        ".[].a",
    ]
)
literals = st.sampled_from(["null", "true", "1", "-1", '"a"', '""', "[]", "[1]", "{}", '"c,b"'])
alone = st.sampled_from([name for name in sorted(queries.FUNCTIONS) if 0 in queries.FUNCTIONS[name]])
with_text = st.sampled_from(
    ["startswith", "endswith", "ltrimstr", "rtrimstr", "join", "split", "has", "contains"]
)
with_filter = st.sampled_from(
    ["select", "map", "map_values", "sort_by", "unique_by", "with_entries", "any", "all", "first", "last"]
)


def combined(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    """Make longer queries of shorter ones."""
    operators = st.sampled_from(
        [" | ", ", ", " // ", " and ", " or ", " == ", " != ", " < ", " <= ", " > ", " >= ", " + "]
    )
    return (
        st.tuples(inner, operators, inner).map("".join)
        | st.tuples(with_filter, inner).map(lambda parts: f"{parts[0]}({parts[1]})")
        | st.tuples(with_text, literals).map(lambda parts: f"{parts[0]}({parts[1]})")
        | inner.map(lambda text: f"[{text}]")
        | inner.map(lambda text: f"({text})")
        | inner.map(lambda text: f"({text})?")
        | st.tuples(inner, inner).map(lambda parts: f"{{a: ({parts[0]}), b: ({parts[1]})}}")
    )


written = st.recursive(steps | alone | literals, combined, max_leaves=6)


#: What jq, and its versions differently, apply to more types than we do; `?` and `//` would hide where we refuse.
LAX = (
    "join",
    "entries",
    "flatten",
    "reverse",
    "startswith",
    "endswith",
    "split",
    "trimstr",
    "has",
    "@base64d",
    "contains",
)


@pytest.mark.skipif(JQ is None, reason="jq is not installed")
@settings(max_examples=75, deadline=None, suppress_health_check=[HealthCheck.filter_too_much])
@given(jsons, written)
def test_answers_as_jq(data: Any, query: str) -> None:
    """Where both answer, they answer the same, and we never answer what jq refuses."""
    parsed = (
        queries.parse(query, f"| {query}")
        if query.count("=") + query.count("<") + query.count(">") < 2
        else None
    )
    assume(parsed is not None)
    assert parsed
    assume(not ("?" in query or "//" in query) or not any(word in query for word in LAX))
    assume("?" not in query or "//" not in query)
    # jq 1.6 makes null of the last of nothing, later versions and gojq nothing; and how many answers a condition gives
    # that itself has several, they do not agree on.
    assume("last(" not in query and not ("," in query and ("any(" in query or "all(" in query)))
    assume("trimstr" not in query)  # jq 1.6 leaves alone what is no text, as we do; later versions refuse it
    assert JQ
    told = subprocess.run(
        [JQ, "-c", query], input=json.dumps(data), capture_output=True, text=True, check=False
    )
    assert told.returncode in {0, 5}, "it is a query to jq too"
    try:
        ours = [found.data for found in _Run().run(parsed, Found("x", data))]
    except NotFound:
        return
    if (
        "//" in query
    ):  # jq 1.6 lets errors on its left through where the right answers nothing; the peer does not
        assume(told.returncode == 0)
    theirs = [json.loads(line) for line in told.stdout.splitlines()]
    assert [functions.rank(one) for one in ours] == [functions.rank(one) for one in theirs]
    assert told.returncode == 0


@given(jsons, written, st.booleans())
def test_a_secret_stays_one(data: Any, query: str, part: bool) -> None:
    """Where all of a place is sensitive, every value from it is; a literal is none."""
    try:
        parsed = queries.parse(query, f"| {query}")
    except ConfigError:  # a comparison of a comparison
        return
    secret = "hush-hush"
    given = {"a": secret, "b": [data, secret]} if part else [secret, data]
    said = ""
    try:
        for found in _Run().run(parsed, Found("x", given, ((),))):
            if secret in json.dumps(found.data):
                assert found.sensitive
    except NotFound as error:
        said = str(error)
    assert secret not in said


@given(st.text("abckeys.[]{}()|,:;'\"\\ 0-=!<>/+?@$*_", max_size=30))
def test_any_text_is_a_query_or_a_config_error(text: str) -> None:
    try:
        parsed = queries.parse(text, text)
    except ConfigError:
        return
    with suppress(NotFound):
        for found in _Run().run(parsed, Found("x", PEOPLE)):
            json.dumps(found.data)


@pytest.mark.parametrize(
    "query", ["|" + "(" * 100 + "." + ")" * 100, "| ." * 1_000, "|" + "[" * 30 + "]" * 30]
)
def test_what_is_too_much_is_refused(query: str) -> None:
    with pytest.raises(ConfigError, match=r"too (long|deeply)"):
        queries.parse(query, query)


def test_the_longest_query_that_is_read_can_be_answered() -> None:
    query = "| ." * 120
    assert filters.answer(Found("x", 1), queries.parse(query, query)).data == 1


def test_what_takes_forever_is_given_up() -> None:
    query = "| [" + " | ".join(["(., .)"] * 30) + "]"
    with pytest.raises(NotFound, match="goes through too much"):
        list(_Run(10_000).run(queries.parse(query, query), Found("x", 1)))
