"""YAML: what scalars mean, what is refused, and where, with either of PyYAML's parsers."""

import json
from collections.abc import Mapping

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.core import pointers
from reconciler.core.references import Function
from reconciler.core.values import Address, Failure, Json, Value
from reconciler.errors import ConfigError
from reconciler.load import calls, sourcemaps, yamls
from reconciler.load.spans import Malformed, Parsed


@pytest.fixture(params=["libyaml", "python"])
def parser(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    if request.param == "python":
        monkeypatch.setattr(yaml, "CBaseLoader", yaml.BaseLoader, raising=False)
    elif not hasattr(yaml, "CBaseLoader"):
        pytest.skip("PyYAML was built without libyaml")
    return str(request.param)


def parsed(
    text: str,
    functions: Mapping[str, Function] | None = None,
    known: Mapping[Address, Value | Failure] | None = None,
) -> Parsed:
    rendered = sourcemaps.verbatim(text, "f.yml")
    return yamls.parse(rendered, calls.Lookups(functions or {}, known or {}))


SCALARS = [
    # as written, its value: these agree with the parser behind ecspresso
    ("on", "on"),
    ("yes", "yes"),
    ("No", "No"),
    ("true", True),
    ("True", True),
    ("FALSE", False),
    ("tRUE", "tRUE"),
    ("null", None),
    ("~", None),
    ("", None),
    ("0", 0),
    ("-5", -5),
    ("+5", 5),
    ("1_000", 1000),
    ("0o17", 15),
    ("0x1F", 31),
    ("0b11", 3),
    ("0xZZ", "0xZZ"),
    ("1.0", 1.0),
    (".5", 0.5),
    ("5.", 5.0),
    ("1.5e3", 1500.0),
    ("1e3", "1e3"),
    ("12e4567", "12e4567"),
    ("1:30", "1:30"),
    ("2020-01-01", "2020-01-01"),
    ("10m0s", "10m0s"),
    ("08", "08"),
    ("12345678901234567890123", "12345678901234567890123"),
    ("!!str 5", "5"),
    ("!!float 5", 5.0),
    ("! 5", "5"),
    ("'5'", "5"),
    ('"a\\u00e9"', "aé"),
    # this one differs on purpose: octal there
    ("012345671234", "012345671234"),
]


@pytest.mark.parametrize(("written", "value"), SCALARS)
def test_what_a_scalar_means(parser: str, written: str, value: Json) -> None:
    found = pointers.get(parsed(f"a: {written}\n").data, ("a",))
    assert (found, type(found)) == (value, type(value))


COLLECTIONS = [
    ("", None),
    ("# only a comment\n", None),
    ("- 1\n- [a, {b: c}]\n", [1, ["a", {"b": "c"}]]),
    ("a: |\n  x\n  y\nb: >-\n  x\n  y\n", {"a": "x\ny\n", "b": "x y"}),
    ("x: &a {k: 1}\ny: *a\n", {"x": {"k": 1}, "y": {"k": 1}}),
    ("x: &a {k: 1, l: 1}\ny:\n  <<: *a\n  k: 2\n", {"x": {"k": 1, "l": 1}, "y": {"k": 2, "l": 1}}),
    ("y:\n  <<: [{k: 1}, {k: 2, l: 2}]\n", {"y": {"k": 1, "l": 2}}),
    ("'<<': 1\n", {"<<": 1}),
    ("'1': a\n", {"1": "a"}),
]


@pytest.mark.parametrize(("text", "value"), COLLECTIONS)
def test_collections_anchors_and_merges(parser: str, text: str, value: Json) -> None:
    assert parsed(text).data == value


REFUSED = [
    ("a: 1\na: 2\n", "2:1", "same key twice"),
    ("1: x\n", "1:1", "key that is no text"),
    ("on: x\ntrue: y\n", "2:1", "key that is no text"),
    ("? [a]\n: b\n", "1:3", "key is text"),
    ("a: 1\n---\nb: 2\n", "2:1", "more than one YAML document"),
    ("a: .inf\n", "1:4", "infinite"),
    ("a: !!int x\n", "1:4", "no int"),
    ("a: !!binary aGVsbG8=\n", "1:4", "tag that is not known"),
    ("a: !!map [x]\n", "1:4", "tag that is not known"),
    ("a: *x\n", "1:4", "alias"),
    ("a: &a [*a]\n", "1:8", "alias"),
    ("a:\n\t- b\n", "2:1", "tabs cannot indent"),
    ("a: 1\n\tb: 1\n", "2:1", "tabs cannot indent"),
    ("a: @x\n", "1:4", "no plain value starts with"),
    ('a: "\\q"\n', "1:", "escape"),
    ("é: \x01\n", "1:4", "control character"),
    ("a: b: c\n", "1:5", "no mapping can begin"),
    ("<<: 3\n", "1:5", "only mappings"),
    ("[" * 300, "1:129", "levels of nesting"),
    ('a: "\\ud83d\\ude00"\n', "1:", ""),
    ("a: !x!y z\n", "1:4", "unknown handle"),
]


@pytest.mark.parametrize(("text", "place", "what"), REFUSED)
def test_a_refusal_says_where_and_what(parser: str, text: str, place: str, what: str) -> None:
    with pytest.raises(Malformed) as caught:
        parsed(text)
    where = str(sourcemaps.place("f", text, caught.value.offset))
    assert where.startswith(f"f:{place}")
    assert what in caught.value.what


@pytest.mark.parametrize(("first", "more"), [("[x, x]", "[{}]"), ("{x: y}", "{{<<: [{}]}}")])
def test_aliases_that_grow_without_end_are_refused(parser: str, first: str, more: str) -> None:
    levels = [f"a0: &a0 {first}"]
    levels += [f"a{n}: &a{n} {more.format(', '.join([f'*a{n - 1}'] * 10))}" for n in range(1, 9)]
    with pytest.raises(Malformed, match="after aliases are expanded"):
        parsed("\n".join(levels))


@settings(deadline=None)
@given(st.text(alphabet="ab:-[]{}&*!<>|?#'\"\\ \n\t,%@`0.é", max_size=60))
def test_no_text_raises_anything_else(text: str) -> None:
    offset = 0
    try:
        parsed(text)
    except (Malformed, ConfigError) as error:  # the latter for a tag that is no function's
        offset = getattr(error, "offset", 0)
    assert 0 <= offset <= len(text)


plain = st.text(
    alphabet=st.characters(categories=["L", "N", "P", "S"], include_characters=" \n"), max_size=10
)
documents = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63) | plain,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(plain, inner, max_size=4),
    max_leaves=15,
)


@settings(deadline=None)
@given(documents)
def test_json_is_yaml(document: Json) -> None:
    assert parsed(json.dumps(document, indent=1, ensure_ascii=False)).data == document


FUNCTIONS = {
    "tfstate": Function.of("tfstate", "tfstate", lambda address, /: address),
    "env": Function.of("env", "env", lambda name, /, *more: ":-".join((name, *more))),
    "ssm": Function.of("ssm", "ssm", lambda name, index=None, /: f"{name}[{index!r}]"),
}
KNOWN: dict[Address, Value | Failure] = {
    Address("tfstate", "port"): Value(80),
    Address("tfstate", "a.b['c'].ids"): Value(["x", {"y": 1}], sensitive_paths=((0,),)),
    Address("env", "A:-port"): Value("port"),
    Address("ssm", "x[1]"): Value("one"),
}


def test_a_tag_is_the_function_s_value_with_its_type(parser: str) -> None:
    found = parsed("p: !tfstate port\nl: !tfstate a.b['c'].ids\ns: !ssm [x, 1]\n", FUNCTIONS, KNOWN)
    assert found.data == {"p": 80, "l": ["x", {"y": 1}], "s": "one"}
    assert found.marks["l",].sensitive_paths == ((0,),)


def test_tags_are_arguments_of_tags(parser: str) -> None:
    found = parsed("p: !tfstate [!env [A, port]]\n", FUNCTIONS, KNOWN)
    assert found.data == {"p": 80}
    assert {str(origin.address) for origin in found.marks["p",].origins} == {"tfstate port", "env A:-port"}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: !tfstat x\n", "f.yml:1:4: there is no function tfstat\n  try: did you mean tfstate?"),
        ("a: !tfstate [x, y]\n", "f.yml:1:4: tfstate takes one argument, not 2"),
        ("a:\n- !tfstate []\n", "f.yml:2:3: tfstate takes one argument, not 0"),
    ],
)
def test_a_wrong_tag_says_so(parser: str, text: str, message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parsed(text, FUNCTIONS)
    assert str(caught.value) == message


@pytest.mark.parametrize("text", ["a: !tfstate {x: y}\n", "a: !tfstate [[x]]\n", "a: !env [{x: y}]\n"])
def test_an_argument_is_a_scalar(parser: str, text: str) -> None:
    with pytest.raises(Malformed, match="argument"):
        parsed(text, FUNCTIONS)


def test_global_loaders_of_pyyaml_stay_as_they_are(parser: str) -> None:
    before = (dict(yaml.SafeLoader.yaml_constructors), dict(yaml.SafeLoader.yaml_implicit_resolvers))
    parsed("a: !tfstate port\n", FUNCTIONS, KNOWN)
    assert (yaml.SafeLoader.yaml_constructors, yaml.SafeLoader.yaml_implicit_resolvers) == before
