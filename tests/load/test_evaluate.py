"""Evaluation: what is needed, in how many rounds, what comes out, why, and what an error shows."""

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TypeAlias

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.core import pointers, values
from reconciler.core.documents import Resolved
from reconciler.core.references import Function
from reconciler.core.values import Address, Failure, Json, Source, Value
from reconciler.errors import ConfigError, Denied, NotFound, ReconcilerError
from reconciler.load import evaluate, sources
from reconciler.load.sources import Document, Options

Summary: TypeAlias = "dict[values.Path, tuple[list[str], bool]]"

SECRET = "hunter2-s3cr3t"
EXAMPLE = Path(__file__).parents[3] / "shared/examples/article"

FUNCTIONS = {
    "get": Function.of("get", "r", lambda name, /: str(name)),
    "env": Function.of("env", "env", lambda name, /, *default: ":-".join((name, *default))),
    "must_env": Function.of("must_env", "env", lambda name, /: name),
    "tfstate": Function.of("tfstate", "tfstate", lambda address, /: address),
    "tfstatef": Function.of("tfstatef", "tfstate", lambda template, /, *more: template.replace("%s", *more)),
    "ssm": Function.of("ssm", "ssm", lambda name, index=None, /: name),
}
VALUES: dict[str, Value | Failure] = {
    "secret": Value(SECRET, ((),)),
    "pin": Value("1234", ((),)),
    "text": Value("word", source=Source("state", "lineage", "42")),
    "port": Value(8080),
    "yes": Value(data=True),
    "null": Value(None),
    "list": Value(["a", {"b": "c", "d": SECRET}, 5], ((1, "d"),)),
    "lines": Value("1\n2\n3\n4"),
    "json": Value('{"x": 1, "y": [2]}'),
    "broken": Value(f'", {SECRET}', ((),)),
    "multi": Value(f"{SECRET}\n: {SECRET}", ((),)),
    "brace": Value("{{ get `text` }}"),
    "tag": Value("!get text"),
    "huge": Value(2**60),
    "nul": Value("a\0b"),
    "later": Value(None, unknown=True),
    "denied": Failure(Denied("the source refuses", address="r denied", hint="ask for access")),
}


class Lookups:
    """Answers from `VALUES`, and counts its rounds."""

    def __init__(self) -> None:
        self.rounds: list[list[str]] = []

    def __call__(self, addresses: Sequence[Address]) -> dict[Address, Value | Failure]:
        self.rounds.append([address.path for address in addresses])
        missing = Failure(NotFound("there is no such thing", address="r missing", near=("text",)))
        return {address: VALUES.get(address.path, missing) for address in addresses}


def document(text: str, form: str = "json") -> Document:
    return Document(Path(f"folder/f.{form}"), text, sources.FORMATS[f".{form}"])


def resolve(text: str, form: str = "json") -> tuple[Resolved, list[list[str]]]:
    lookups = Lookups()
    (result,) = evaluate.resolve([document(text, form)], FUNCTIONS, lookups, Options())
    return result, lookups.rounds


def summary(result: Resolved) -> Summary:
    """Give path → (the paths of its origins, whether it is sensitive), for what has either."""
    paths = set(result.origins) | set(result.sensitive)
    return {
        path: (sorted(origin.address.path for origin in result.origins_of(path)), result.is_sensitive(path))
        for path in paths
    }


CASES: dict[str, tuple[str, str, Json, Summary]] = {
    "a quoted value": (
        '{"a": "{{ get `text` }}", "b": 1}',
        "json",
        {"a": "word", "b": 1},
        {("a",): (["text"], False)},
    ),
    "an unquoted number": ('{"a": {{ get `port` }}}', "json", {"a": 8080}, {("a",): (["port"], False)}),
    "partly sensitive": (
        '{"a": "u:{{ get `secret` }}@{{ get `text` }}"}',
        "json",
        {"a": f"u:{SECRET}@word"},
        {("a",): (["secret", "text"], True)},
    ),
    "a container from one piece": (
        '{"a": {{ get `json` }}, "b": 1}',
        "json",
        {"a": {"x": 1, "y": [2]}, "b": 1},
        {
            ("a",): (["json"], False),
            ("a", "x"): (["json"], False),
            ("a", "y"): (["json"], False),
            ("a", "y", 0): (["json"], False),
        },
    ),
    "an empty piece": ('{"a": "{{ env `X` `` }}"}', "json", {"a": ""}, {("a",): (["X:-"], False)}),
    "an empty plain piece": (
        "a: {{ env `X` `` }}\nb: 1\n",
        "yaml",
        {"a": None, "b": 1},
        {("a",): (["X:-"], False)},
    ),
    "a piece beside others": (
        '["{{ get `text` }}","b",{{ get `port` }}]',
        "json",
        ["word", "b", 8080],
        {(0,): (["text"], False), (2,): (["port"], False)},
    ),
    "a block of text": (
        "a: |\n  x {{ get `secret` }}\n  y\nb: 1\n",
        "yaml",
        {"a": f"x {SECRET}\ny\n", "b": 1},
        {("a",): (["secret"], True)},
    ),
    "tags": (
        "a: !get port\nb: [!get yes, !get null]\nc: !get list\n",
        "yaml",
        {"a": 8080, "b": [True, None], "c": ["a", {"b": "c", "d": SECRET}, 5]},
        {
            ("a",): (["port"], False),
            ("b", 0): (["yes"], False),
            ("b", 1): (["null"], False),
            ("c",): (["list"], False),
            ("c", 1, "d"): (["list"], True),
        },
    ),
    "a tag with a resolved argument": (
        "a: !get {{ env `text` `x` }}\n",
        "yaml",
        {"a": "word"},
        {("a",): (["text", "text:-x"], False)},
    ),
    "an alias": (
        "a: &x !get secret\nb: *x\n",
        "yaml",
        {"a": SECRET, "b": SECRET},
        {("a",): (["secret"], True), ("b",): (["secret"], True)},
    ),
    "a list as text": ('{"a": "{{ get `list` | json_escape }}"}', "json", None, {("a",): (["list"], True)}),
    "a comparison is of texts": ('["{{ if eq (get `yes`) `true` }}on{{ end }}"]', "json", ["on"], {}),
    "natives": (
        "local g = std.native('get'); {a: g('text'), p: g('port'), y: g('yes'), s: 'x' + g('secret'), l: 'lit'}",
        "jsonnet",
        {"a": "word", "p": 8080, "y": True, "s": f"x{SECRET}", "l": "lit"},
        {
            ("a",): (["text"], False),
            ("p",): (["port"], False),
            ("y",): (["yes"], False),
            ("s",): (["secret"], True),
        },
    ),
    "a list from a native": (
        "{l: std.native('get')('list')}",
        "jsonnet",
        {"l": ["a", {"b": "c", "d": SECRET}, 5]},
        {
            ("l", 0): (["list"], False),
            ("l", 1, "b"): (["list"], False),
            ("l", 1, "d"): (["list"], True),
        },
    ),
    "what leaves no mark": (
        "{a: std.base64(std.native('get')('secret')), b: std.parseInt(std.native('get')('pin')) + 1, c: 1}",
        "jsonnet",
        None,
        {("a",): (["secret"], True), ("b",): (["pin"], True)},
    ),
    "a sensitive condition hides what cannot be placed": (
        "{a: if std.native('get')('pin') == '1234' then std.native('get')('text') else error 'no', b: 'x'}",
        "jsonnet",
        {"a": "word", "b": "x"},
        {("a",): (["text"], True), ("b",): ([], True)},
    ),
    "a native's argument": (
        "{a: std.native('get')(std.native('env')('text', 'x'))}",
        "jsonnet",
        {"a": "word"},
        {("a",): (["text", "text:-x"], False)},
    ),
    "a template after Jsonnet": (
        "{a: '{{ get `secret` }}', b: std.native('get')('text')}",
        "jsonnet",
        {"a": SECRET, "b": "word"},
        {("a",): (["secret"], True), ("b",): (["text"], False)},
    ),
}
VALUES["text:-x"] = Value("text")
VALUES["X:-"] = Value("")


@pytest.mark.parametrize("name", CASES)
def test_values_and_where_they_come_from(name: str) -> None:
    text, form, data, expected = CASES[name]
    result, _ = resolve(text, form)
    if data is not None:
        assert result.data == data
    assert summary(result) == expected


def test_an_origin_names_its_source() -> None:
    result, _ = resolve('{"a": "{{ get `text` }}"}')
    (origin,) = result.origins_of(("a",))
    assert (origin.address, origin.source) == (Address("r", "text"), Source("state", "lineage", "42"))


def test_a_document_that_changes_shape_in_its_template_hides_everything_when_a_native_was_sensitive() -> None:
    text = "{s: std.native('get')('secret'), a: '{{ printf `x%c, %cz%c:%cy` 34 34 34 34 }}'}"
    result, _ = resolve(text, "jsonnet")
    assert result.data == {"s": SECRET, "a": "x", "z": "y"}
    assert result.sensitive == {("s",), ("a",), ("z",)}


ROUNDS = [
    ('{"a": "{{ get `text` }}", "b": "{{ get `port` }}{{ get `text` }}"}', "json", [["text", "port"]]),
    ("{a: std.native('get')('text'), b: std.native('get')('port')}", "jsonnet", [["text", "port"]]),
    ("a: !get text\nb: !get port\n", "yaml", [["text", "port"]]),
    ('{"a": "{{ get (get `text`) }}"}', "json", [["text"], ["word"]]),
    ('{"a": 1}', "json", []),
]
VALUES["word"] = Value("found")


@pytest.mark.parametrize(("text", "form", "rounds"), ROUNDS)
def test_one_round_finds_everything_that_does_not_depend_on_an_answer(
    text: str, form: str, rounds: list[list[str]]
) -> None:
    assert resolve(text, form)[1] == rounds


def test_documents_share_a_round() -> None:
    lookups = Lookups()
    documents = [document('["{{ get `text` }}"]'), document("a: !get port\n", "yaml")]
    evaluate.resolve(documents, FUNCTIONS, lookups, Options())
    assert lookups.rounds == [["text", "port"]]


def test_evaluate_alone_reports_needs() -> None:
    assert evaluate.evaluate([document('["{{ get `x` }}"]')], FUNCTIONS, {}, Options()) == evaluate.Needs(
        (Address("r", "x"),)
    )


def test_a_round_that_learns_nothing_is_an_error() -> None:
    with pytest.raises(ConfigError, match="r x"):
        evaluate.resolve([document('["{{ get `x` }}"]')], FUNCTIONS, lambda _: {}, Options())


@pytest.mark.parametrize("form", ["json", "yaml", "jsonnet"])
def test_a_failure_surfaces_only_where_its_value_is_used(form: str) -> None:
    unused = {
        "json": '["{{ if false }}{{ get `denied` }}{{ end }}x"]',
        "yaml": "- '{{ if false }}{{ get `denied` }}{{ end }}x'\n",
        "jsonnet": "local unused = std.native('get')('denied'); ['x']",
    }
    assert resolve(unused[form], form)[0].data == ["x"]


FAILURES = [
    # text, format, error, message
    (
        '{"a":\n "{{ get `denied` }}"}',
        "json",
        Denied,
        "folder/f.json:2:6: the source refuses\n  try: ask for access",
    ),
    (
        "a: 1\nb: !get denied\n",
        "yaml",
        Denied,
        "folder/f.yaml:2:4: the source refuses\n  try: ask for access",
    ),
    (
        "{a: 1,\n b: std.native('get')('denied')}",
        "jsonnet",
        Denied,
        "folder/f.jsonnet:2:5: the source refuses\n  try: ask for access",
    ),
    (
        '["{{ get `missing` }}"]',
        "json",
        NotFound,
        "folder/f.json:1:6: there is no such thing\n  did you mean text?",
    ),
    ("a: !get later\n", "yaml", ConfigError, "folder/f.yaml:1:4: r later has no value yet"),
    ('["{{ get `later` }}"]', "json", ConfigError, "folder/f.json:1:6: r later has no value yet"),
    (
        "[std.native('get')('later')]",
        "jsonnet",
        ConfigError,
        "folder/f.jsonnet:1:2: r later has no value yet",
    ),
    ('["{{ get `null` }}"]', "json", ConfigError, "folder/f.json:1:6: get gave null"),
    ('["{{ gett `x` }}"]', "json", ConfigError, "folder/f.json:1:6: "),
    (
        "a: !gett x\n",
        "yaml",
        ConfigError,
        "folder/f.yaml:1:4: there is no function gett\n  try: did you mean get?",
    ),
    ("a: {{ get `tag` }}\n", "yaml", ConfigError, "folder/f.yaml:1:4: a tag that came out of a template"),
    (
        "['{{ gett `x` }}']",
        "jsonnet",
        ConfigError,
        "folder/f.jsonnet: there is no function gett (line 2 of the JSON",
    ),
    ("[std.native('get')('huge')]", "jsonnet", ConfigError, "folder/f.jsonnet:1:2: get gave a number"),
    ("[std.native('get')('nul')]", "jsonnet", ConfigError, "folder/f.jsonnet:1:2: get gave a text"),
    (
        "[std.native('get')('brace')]",
        "jsonnet",
        ConfigError,
        "folder/f.jsonnet:1:2: get gave a text with '{{'",
    ),
    (
        "[std.native('gett')('x')]",
        "jsonnet",
        ConfigError,
        "folder/f.jsonnet:1:2: something is called that is no",
    ),
    (
        "[std.native('get')()]",
        "jsonnet",
        ConfigError,
        "folder/f.jsonnet:1:2: get(NAME) is called without NAME\n  try: write std.native('get')(NAME)",
    ),
    (
        "local other = 1, e = std.native('env');\n{a: e(\n 'X')}",
        "jsonnet",
        ConfigError,
        "folder/f.jsonnet:2:5: env(NAME, DEFAULT) is called without DEFAULT\n  try: write std.native('env')(N",
    ),
    (
        "std.native('ssm')('/x', 1)",
        "jsonnet",
        ConfigError,
        "folder/f.jsonnet:1:1: ssm(NAME) has no more parameters in Jsonnet\n  try: write std.native('ssm')(N",
    ),
    (
        "std.native('ssm')(name='/x')",
        "jsonnet",
        ConfigError,
        "folder/f.jsonnet:1:1: ssm(NAME) takes its arguments by place\n  try: write std.native('ssm')(N",
    ),
    (
        "local env(a, b) = a; env(1)",
        "jsonnet",
        ConfigError,
        "folder/f.jsonnet:1:22: Jsonnet: function parameter b not bound in call",
    ),
    (
        "local e = std.native('ssm'), f = function(e) e(1); f(function(a, b) a)",
        "jsonnet",
        ConfigError,
        "folder/f.jsonnet:1:46: Jsonnet: function parameter b not bound in call",
    ),
    ("{'é': error 'why'}", "jsonnet", ConfigError, "folder/f.jsonnet:1:7: Jsonnet: why"),
    ("{a: 1,\n b: ", "jsonnet", ConfigError, "folder/f.jsonnet:2:5: Jsonnet: unexpected end of file"),
    (
        "local f(x) = f(x + 1); f(1)",
        "jsonnet",
        ConfigError,
        "folder/f.jsonnet:1:14: Jsonnet: max stack frames",
    ),
    (
        "{a: import 'x.libsonnet'}",
        "jsonnet",
        ConfigError,
        "folder/f.jsonnet:1:5: folder/x.libsonnet cannot be",
    ),
    ("function(x) x", "jsonnet", ConfigError, "folder/f.jsonnet: Jsonnet: "),
    (
        "std.extVar('q')",
        "jsonnet",
        ConfigError,
        "folder/f.jsonnet:1:1: Jsonnet: undefined external variable: q",
    ),
    (
        '{"a": {{ get `lines` }}}',
        "json",
        ConfigError,
        "folder/f.json:1:7: a ',' or '}' is missing, in the text that r",
    ),
]


@pytest.mark.parametrize(("text", "form", "kind", "message"), FAILURES)
def test_an_error_says_where_what_and_what_to_try(
    text: str, form: str, kind: type[ReconcilerError], message: str
) -> None:
    with pytest.raises(kind) as caught:
        resolve(text, form)
    assert str(caught.value).startswith(message)


def test_a_failure_keeps_its_near_misses_and_is_not_changed_itself() -> None:
    stored = Failure(NotFound("nothing there", address="r x", near=("y",), hint="look again"))
    known = {Address("r", "x"): stored}
    for text, line in (('["{{ get `x` }}"]', 1), ('[\n"{{ get `x` }}"]', 2)):
        with pytest.raises(NotFound) as caught:
            evaluate.evaluate([document(text)], FUNCTIONS, known, Options())
        assert (caught.value.near, caught.value.hint) == (("y",), "look again")
        assert caught.value.where is not None
        assert caught.value.where.line == line
    assert stored.error.where is None


PLACES = [
    ('{"a": {{ get `json` }},\n "b": [\n  "x"]}', "json", {("b",): 2, ("b", 0): 3, ("a", "x"): 1}),
    (
        "a: |-\n  {{ get `text` }}\n{{- `\n` }}{{ `x: 1\ny: 2\n` -}}\n\n\nb: 1\n",
        "yaml",
        {("b",): 9, ("x",): 4, ("y",): 4},
    ),
    ('{"l": "{{ get `lines` | json_escape }}",\n\n "b": 1}', "json", {("b",): 3}),
]


@pytest.mark.parametrize(("text", "form", "lines"), PLACES)
def test_places_are_lines_of_the_source_whatever_a_template_printed(
    text: str, form: str, lines: dict[values.Path, int]
) -> None:
    result, _ = resolve(text, form)
    assert {path: result.where(path).line for path in lines} == lines


BROKEN = [
    ('{"a": "{{ get `broken` }}"}', "json"),
    ('{"a": {{ get `secret` }}}', "json"),
    ('{"a": "{{ get `multi` }}"}', "json"),
    ('{"{{ get `secret` }}": 1, "{{ get `secret` }}": 2}', "json"),
    ("a: {{ get `multi` }}\n", "yaml"),
    ("a: [{{ get `secret` }}\n", "yaml"),
    ("{{ get `secret` }}: 1\n{{ get `secret` }}: 2\n", "yaml"),
    ("a: !{{ get `secret` }} x\n", "yaml"),
    ("a: *{{ get `secret` }}\n", "yaml"),
    ('a: "{{ get `secret` }}\\q"\n', "yaml"),
    ("a: !!int {{ get `secret` }}\n", "yaml"),
    ("{a: std.parseInt(std.native('get')('secret'))}", "jsonnet"),
    ("{a: error std.native('get')('secret')}", "jsonnet"),
    ("{a: std.asciiLower(std.native('get')('secret')).x}", "jsonnet"),
    ("{a: std.parseJson(std.native('get')('secret'))}", "jsonnet"),
    ("{[std.native('get')('secret')]: 1, assert false : std.native('get')('secret')}", "jsonnet"),
    ("{a: 'x{{ get `broken` }}'}", "jsonnet"),
    ("{a: '{{ ' + std.native('get')('secret') + ' }}'}", "jsonnet"),
    ("{a: '{{ get `' + std.native('get')('secret') + '` | nope }}'}", "jsonnet"),
]


@pytest.mark.parametrize(("text", "form"), BROKEN)
def test_no_error_shows_a_secret(text: str, form: str) -> None:
    with pytest.raises(ConfigError) as caught:
        resolve(text, form)
    chain: list[str] = []
    error: BaseException | None = caught.value
    while error is not None:
        chain.append(str(error))
        error = error.__cause__
    assert not any(part in line for line in chain for part in (SECRET, "hunter2", "s3cr3t"))


USED = "local s = std.native('get')('secret'); "

# What comes after a secret was read, and what is said of it; "withheld" where the message may quote the secret.
AFTER_A_SECRET = [
    ("[s, std.extVar('q')]", "undefined external variable: q\n  try: --ext-str q=TEXT"),
    ("[s, std.extVar(s)]", "withheld"),
    ("[s, std.extVar('q' + s)]", "withheld"),
    ("[s, error 'undefined external variable: ' + s]", "withheld"),
    ("assert s == ''; {a: s}.b", "withheld"),
    ("if s != '' then {a: s}.b", "field does not exist: b"),
    ("if s != '' then {a: s}['b']", "field does not exist: b"),
    ("if s != '' then {a: s}[s]", "withheld"),
    ("if s != '' then {a: s}['b' + s]", "withheld"),
    ("[s, error 'field does not exist: ' + s + '.b']", "withheld"),
    ("[s, error 'function parameter ' + s + ' not bound in call']", "withheld"),
    ("local f(x) = x; [s, if s != '' then f()]", "function parameter x not bound in call"),
    ("local f(x) = x; [s, if s != '' then f(s, s)]", "too many args, function has 1 parameter(s)"),
    ("[s, if s != '' then std.native('env')(s)]", "env(NAME, DEFAULT) is called without DEFAULT"),
    ("[s, if s != '' then std.native('nope')(s)]", "something is called that is no function"),
    ("[s, if s != '' then import 'x.libsonnet']", "x.libsonnet cannot be imported"),
    ("std.length(s) + nothing", "Unknown variable: nothing"),
    ("std.parseInt(s)", "withheld"),
]


@pytest.mark.parametrize(("text", "said"), AFTER_A_SECRET)
def test_what_cannot_quote_a_secret_is_said(text: str, said: str) -> None:
    with pytest.raises(ConfigError) as caught:
        resolve(USED + text, "jsonnet")
    message = str(caught.value)
    assert said in message, message
    assert SECRET not in message
    assert ("withheld" in message) == (said == "withheld")
    assert "withheld" not in message or "\n  try: check this line" in message


@settings(deadline=None)
@given(
    st.lists(
        st.sampled_from(["{{ get `secret` }}", "{{ get `multi` }}", *'{}[]:,"\n\\- !&*x1', "\n  ", "a: "]),
        max_size=12,
    ),
    st.sampled_from(["json", "yaml"]),
)
def test_broken_text_raises_errors_of_ours_that_show_no_secret(parts: list[str], form: str) -> None:
    message = ""
    try:
        resolve("".join(parts), form)
    except ReconcilerError as error:
        message = str(error)
    assert SECRET not in message


PIECES = {
    # an expression of a secret `s`, and whether its value gives any of the secret away
    "s": True,
    "'a-' + s": True,
    "std.base64(s)": True,
    "std.split(s, '-')": True,
    "std.md5(s)": True,
    "std.substr(s, 2, 4)": True,
    "{['k%d' % i]: s for i in [1, 2]}": True,
    "std.asciiUpper(s)": True,
    "'literal'": False,
    "[1, {}, null]": False,
    "std.native('get')('text')": False,
}


@settings(max_examples=12, deadline=None)
@given(st.lists(st.sampled_from(sorted(PIECES)), min_size=1, max_size=6))
def test_whatever_jsonnet_makes_of_a_secret_is_sensitive(pieces: list[str]) -> None:
    members = ", ".join(f"m{index}: {piece}" for index, piece in enumerate(pieces))
    result, _ = resolve(f"local s = std.native('get')('secret'); {{{members}}}", "jsonnet")
    for path, _leaf in pointers.leaves(result.data):
        assert result.is_sensitive(path) == PIECES[pieces[int(str(path[0])[1:])]], path


def test_external_variables_and_imports(tmp_path: Path) -> None:
    (tmp_path / "lib").mkdir()
    (tmp_path / "lib/a.libsonnet").write_text("{v: (import 'b.json').b, s: importstr '../c.txt'}")
    (tmp_path / "lib/b.json").write_text('{"b": 1}')
    (tmp_path / "c.txt").write_text("text")
    path = tmp_path / "f.jsonnet"
    path.write_text("(import 'lib/a.libsonnet') + {x: std.extVar('x'), y: std.extVar('y')}")
    options = Options(ext_str={"x": "1"}, ext_code={"y": "[std.native('get')('text')]"})
    (result,) = evaluate.resolve([sources.read(path)], FUNCTIONS, Lookups(), options)
    assert result.data == {"v": 1, "s": "text", "x": "1", "y": ["word"]}
    assert summary(result) == {("y", 0): (["text"], False)}


def test_an_error_in_an_imported_file_names_that_file(tmp_path: Path) -> None:
    (tmp_path / "a.libsonnet").write_text("{\n b: error 'why'}")
    path = tmp_path / "f.jsonnet"
    path.write_text("import 'a.libsonnet'")
    with pytest.raises(ConfigError, match=r"a\.libsonnet:2:5: Jsonnet: why"):
        evaluate.resolve([sources.read(path)], FUNCTIONS, Lookups(), Options())


def test_the_example_needs_one_round() -> None:
    if not EXAMPLE.is_dir():
        pytest.skip("the folder with the example is not beside the repository")
    rounds: list[Sequence[Address]] = []

    def lookup(addresses: Sequence[Address]) -> dict[Address, Value | Failure]:
        rounds.append(addresses)
        return {address: Value(f"value-of-{len(rounds)}") for address in addresses}

    documents = [sources.read(EXAMPLE / name) for name in ("ecs-service-def.json", "ecs-task-def.json")]
    service, task = evaluate.resolve(documents, FUNCTIONS, lookup, Options())
    assert [{address.resolver for address in batch} for batch in rounds] == [{"env"}, {"tfstate"}]
    assert sum(map(len, rounds)) == 12
    origins = service.origins_of(("networkConfiguration", "awsvpcConfiguration", "subnets", 1))
    assert {origin.address.resolver for origin in origins} == {"tfstate", "env"}
    assert task.where(("containerDefinitions", 0, "image")).line == 11


def test_loading_the_loader_loads_no_parser() -> None:
    code = (
        "import sys, reconciler.load.evaluate, reconciler.load.project, reconciler.load.envfiles\n"
        "print(sorted({'yaml', '_jsonnet', 'boto3'} & set(sys.modules)))"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"
