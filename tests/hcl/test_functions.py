"""Functions have the values that Terraform gives them; what is wrong with a call names the argument; marks stay.

The values of `fixtures/hcl/functions.json` are what `terraform console` printed (`asked` says which), those under
`own` are OpenTofu's functions and where we differ on purpose.
"""

from __future__ import annotations

import base64
import gzip
import ipaddress
import json
import os
import shutil
import string
import subprocess
import zlib
from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.errors import HclErrors, ReconcilerError
from reconciler.hcl import evaluation, functions, kinds, numerals, scopes, values
from reconciler.hcl.faults import Fault
from reconciler.hcl.functions import jsontexts, patterns
from reconciler.hcl.values import Marked, Marks, Object, Set, Unknown, Value
from tests.hcl.scope import read

ROOT = Path(__file__).parents[2]
FIXTURES = json.loads((ROOT / "fixtures/hcl/functions.json").read_text())
CORPUS = ROOT.parent / "shared/corpus/hcl/functions.json"
LATER = Unknown("later", "aws_subnet.a.id")
HUSH = Marks(sensitive=True, origins=frozenset({"aws_secret.a"}))


def evaluated(text: str, context: functions.Context | None = None) -> Value:
    expr, source = read(text)
    return evaluation.evaluate(expr, source, scopes.Names(context=context))


def written(value: Value) -> str:
    plain, _ = values.unmark(value)
    return jsontexts.written(plain)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A directory as OpenTofu's tests of functions have it, and a neighbour that nobody may read."""
    (tmp_path / "outside.txt").write_text("not yours")
    root = tmp_path / "root"
    (root / "subdirectory").mkdir(parents=True)
    for name, text in {"hello.txt": "hello!", "hello.tmpl": "Hello, ${name}!", "bare.tmpl": "${[1]}"}.items():
        (root / name).write_text(text)
    (root / "subdirectory/hello.txt").write_text("hello!")
    (root / "subdirectory/hello.tmpl").write_text("Hello, ${name}!")
    (root / "latin").write_bytes(b"\xe9")
    (root / "escape.txt").symlink_to(tmp_path / "outside.txt")
    (root / "alias.txt").symlink_to("hello.txt")
    return root


@pytest.fixture
def context(folder: Path) -> functions.Context:
    return functions.Context(base=folder, render=scopes.rendered, home="/home/ada")


# Against Terraform


@pytest.mark.parametrize("rows", [FIXTURES, FIXTURES["own"]], ids=["terraform", "own"])
def test_values_are_those_of_terraform(rows: Any, context: functions.Context) -> None:
    wrong = []
    for case in rows["values"]:
        value = written(evaluated(case["src"], context))
        if value != case["want"]:
            wrong.append(f"{case['src']}\n  wanted: {case['want']}\n  us: {value}")
    assert not wrong, f"{len(wrong)} of {len(rows['values'])}:\n" + "\n".join(wrong)


@pytest.mark.parametrize("rows", [FIXTURES, FIXTURES["own"]], ids=["terraform", "own"])
def test_errors_name_the_argument(rows: Any, context: functions.Context) -> None:
    wrong = []
    for case in rows["errors"]:
        try:
            found = repr(evaluated(case["src"], context))
        except ReconcilerError as error:
            found = error.errors[0].what if isinstance(error, HclErrors) else error.what
        if found != case["what"]:
            wrong.append(f"{case['src']}\n  wanted: {case['what']}\n  got: {found}")
    assert not wrong, f"{len(wrong)} of {len(rows['errors'])}:\n" + "\n".join(wrong)


def test_values_are_still_those_of_terraform(tmp_path: Path) -> None:
    if (binary := shutil.which("terraform")) is None:
        pytest.skip("there is no terraform on PATH")
    environ = os.environ | {"CHECKPOINT_DISABLE": "1", "TF_CLI_CONFIG_FILE": os.devnull}

    def ask(*words: str, line: str = "") -> str:
        return subprocess.run(
            [binary, *words], input=line, cwd=tmp_path, env=environ,
            capture_output=True, text=True, timeout=60, check=True,
        ).stdout  # fmt: skip

    version = json.loads(ask("version", "-json"))["terraform_version"]
    if version != FIXTURES["asked"]:
        pytest.skip(f"the answers are Terraform {FIXTURES['asked']}'s, this is {version}")
    cases = FIXTURES["values"]
    # The console reads a line of at most 64 KiB.
    for start in range(0, len(cases), 200):
        part = cases[start : start + 200]
        encoded = ", ".join(f"nonsensitive(jsonencode({case['src']}))" for case in part)
        answer = ask("console", line=f"jsonencode([{encoded}])\n").replace("$${", "${").replace("%%{", "%{")
        assert json.loads(json.loads(answer)) == [case["want"] for case in part]


def table(name: str) -> Mapping[str, str]:
    """Read a table of docs/hcl.md: the code of the first cell, and the reason in the second."""
    rows = (ROOT / "docs/hcl.md").read_text().split(f"<!-- {name} -->")[1].split("<!-- end -->")[0]
    cells = [row.strip("| ").split(" | ", 1) for row in rows.splitlines() if row.startswith("| `")]
    return {source.strip("`"): reason for source, reason in cells}


def test_every_function_of_terraform_is_offered_or_refused_with_a_reason() -> None:
    known = {*FIXTURES["terraform"], *FIXTURES["opentofu"], "type"}
    assert {*functions.names(), *functions.REFUSED} == known
    assert not {*functions.names()} & {*functions.REFUSED}
    assert table("refused functions") == dict(functions.REFUSED)


@pytest.mark.skipif(not CORPUS.exists(), reason=f"there is no {CORPUS.name}")
def test_corpus(context: functions.Context) -> None:
    unclaimed = table("functions of the corpus")
    wrong, seen = [], set()
    for case in json.loads(CORPUS.read_text(), parse_float=Decimal):
        try:
            value: object = evaluated(case["src"], context)
        except ReconcilerError as error:
            value = error.what
        right = values.identity(unwrapped(value)) == values.identity(wanted(case["want"]))
        if right is (case["src"] in unclaimed):
            wrong.append(f"{case['src']} gives {value!r}, wanted {case['want']}")
        seen.add(case["src"])
    assert not wrong, f"{len(wrong)}:\n" + "\n".join(wrong)
    assert set(unclaimed) <= seen, "docs/hcl.md names cases that the corpus does not hold"


def unwrapped(value: Any) -> Value:
    return values.unmark(value)[0]


def wanted(data: Any) -> Value:
    """Make a value of what the corpus holds, which writes sets as `{"__set__": […]}`."""
    if isinstance(data, dict) and list(data) == ["__set__"]:
        return Set(map(wanted, data["__set__"]))
    return values.from_plain(data)


# Calls


@pytest.mark.parametrize(
    ("name", "count", "message"),
    [
        ("upper", 0, "`upper` takes 1 argument, not 0"),
        ("core::upper", 2, "`upper` takes 1 argument, not 2"),
        ("lookup", 1, "`lookup` takes at least 2 arguments, not 1"),
        ("try", 0, "`try` takes at least 1 argument"),
        ("can", 2, "`can` takes 1 argument, not 2"),
        ("uper", 1, "there is no function `uper`"),
        ("provider::a::b", 1, "there is no function `provider::a::b`: functions of providers are not offered"),
    ],
)  # fmt: skip
def test_calls_are_checked_before_anything_is_evaluated(name: str, count: int, message: str) -> None:
    with pytest.raises(Fault) as caught:
        functions.check(name, count)
    assert caught.value.what == message
    for good, some in (("upper", 1), ("core::try", 1), ("can", 1), ("max", 7)):
        functions.check(good, some)


def test_a_misspelt_function_has_near_misses() -> None:
    with pytest.raises(Fault) as caught:
        functions.call("uper", ["a"])
    assert caught.value.hint is not None
    assert caught.value.hint.startswith("write upper")


def test_a_fault_knows_the_argument_for_whoever_points_at_it() -> None:
    with pytest.raises(Fault) as caught:
        functions.call("cidrsubnet", ["10.0.0.0/8", (), 1])
    assert (caught.value.argument, caught.value.what) == (
        1,
        "the second argument of `cidrsubnet` (newbits): a number is required, not a list",
    )


# What is not known, and what is secret


@pytest.mark.parametrize(
    ("name", "arguments", "known"),
    [
        ("upper", [LATER], None),
        ("join", [",", ("a", LATER)], None),
        ("jsonencode", [Object({"a": (LATER,)})], None),
        ("length", [(LATER, 1)], 2),
        ("keys", [Object({"a": LATER})], ("a",)),
        ("concat", [(LATER,), ("a",)], (LATER, "a")),
        ("merge", [Object({"a": LATER}), Object({"a": 1})], Object({"a": 1})),
        ("lookup", [Object({"a": 1}), "a", LATER], 1),
        ("lookup", [Object({"a": LATER}), "a"], None),
        ("coalesce", ["a", LATER], "a"),
        ("coalesce", [None, LATER], None),
        ("coalescelist", [("a",), LATER], ("a",)),
        ("coalescelist", [(), LATER], None),
        ("contains", [(LATER, "a"), "a"], True),
        ("contains", [(LATER, "a"), "b"], None),
        ("alltrue", [(LATER, False)], False),
        ("alltrue", [(LATER, True)], None),
        ("anytrue", [(LATER, True)], True),
        ("anytrue", [(LATER, False)], None),
        ("flatten", [((1,), LATER)], None),
        ("element", [(LATER, 1), 1], 1),
        ("slice", [(LATER, 1), 1, 2], (1,)),
        ("formatlist", ["%s", ("a", LATER)], ("a", LATER)),
        ("tolist", [(1, LATER, "a")], ("1", LATER, "a")),
        ("toset", [(1, LATER)], None),
        ("zipmap", [("a",), (LATER,)], Object({"a": LATER})),
        ("setunion", [Set(["a"]), LATER], None),
        ("assumenotnull", [LATER], None),
        ("issensitive", [LATER], None),
    ],
)  # fmt: skip
def test_unknown_is_what_depends_on_it(name: str, arguments: list[Value], known: Value) -> None:
    result = functions.call(name, arguments)
    assert result == LATER if known is None else values.identity(result) == values.identity(known)


def test_an_unknown_argument_does_not_hide_what_is_wrong_with_another() -> None:
    with pytest.raises(Fault, match="second argument of `cidrhost`"):
        functions.call("cidrhost", [LATER, "x"])


def test_marks_of_all_arguments_go_to_the_result() -> None:
    other = Marks(origins=frozenset({"aws_subnet.b"}))
    result = functions.call("format", ["%s %s", values.mark("a", HUSH), values.mark("b", other)])
    assert result == Marked("a b", sensitive=True, origins=frozenset({"aws_secret.a", "aws_subnet.b"}))
    assert functions.call("upper", [values.mark(LATER, HUSH)]) == values.mark(LATER, HUSH)
    assert functions.call("nonsensitive", [values.mark("a", HUSH)]) == Marked(
        "a", sensitive=False, origins=HUSH.origins
    )


def test_marks_of_members_stay_where_they_are_while_the_members_do() -> None:
    hushed = values.mark("a", HUSH)
    assert functions.call("concat", [(hushed,), ("b",)]) == (hushed, "b")
    assert functions.call("values", [Object({"x": hushed, "y": 1})]) == (hushed, 1)
    assert functions.call("tolist", [(values.mark(1, HUSH), "b")]) == (values.mark("1", HUSH), "b")
    assert functions.call("formatlist", ["%s", (hushed, "b")]) == (hushed, "b")
    assert functions.call("toset", [(hushed,)]) == values.mark(Set(["a"]), HUSH)
    assert functions.call("flatten", [((hushed,), values.mark((1,), HUSH))]) == values.mark((hushed, 1), HUSH)


_MARKING = {"issensitive", "nonsensitive", "sensitive"}
"""Functions that are about marks themselves."""

_PLAIN: st.SearchStrategy[Value] = st.recursive(
    st.none() | st.booleans() | st.integers(-50, 50) | st.text("ab1/(%[{ \n", max_size=4)
    | st.decimals(-9, 9, places=2).map(numerals.number),
    lambda inner: st.lists(inner, max_size=3).map(tuple)
    | st.dictionaries(st.sampled_from(["a", "b", "1"]), inner, max_size=3).map(Object),
    max_leaves=5,
)  # fmt: skip
_CALLS = st.tuples(st.sampled_from(sorted(functions.TABLE)), st.lists(_PLAIN, max_size=4))


def _apt(name: str, arguments: list[Value]) -> list[Value]:
    """Convert arguments so far as they can be, so that the functions themselves get to see some."""
    function = functions.TABLE[name]
    least = len(function.parameters)
    arguments = [*arguments, *("a", 1, (), "b")][: max(least, len(arguments) if function.variadic else least)]
    fitting: dict[kinds.Kind, Value] = {kinds.STRING: "a", kinds.NUMBER: 3}
    return [
        fitting.get(function.parameter(index).kind, argument)
        if isinstance(argument, tuple | Object)
        else argument
        for index, argument in enumerate(arguments)
    ]


def attempt(name: str, arguments: list[Value]) -> Value | Fault:
    """Call a function; whatever is no Fault is a failure of the test."""
    try:
        return functions.call(name, arguments)
    except Fault as fault:
        return fault


@given(_CALLS, st.booleans())
@settings(deadline=None, max_examples=120)
def test_a_call_gives_a_value_or_a_fault(drawn: tuple[str, list[Value]], fitted: bool) -> None:
    name, arguments = drawn
    result = attempt(name, _apt(name, arguments) if fitted else arguments)
    if isinstance(result, Fault):
        assert f"`{name}`" in result.what
    else:
        assert values.identity(values.from_plain(result)) == values.identity(result)


@given(_CALLS)
@settings(deadline=None, max_examples=150)
def test_no_secret_is_lost(drawn: tuple[str, list[Value]]) -> None:
    name, arguments = drawn
    arguments = _apt(name, arguments)
    if not arguments or name in _MARKING:
        return
    try:
        plain = functions.call(name, arguments)
        hushed = functions.call(name, [values.mark(argument, HUSH) for argument in arguments])
    except Fault:
        return
    assert values.identity(values.unmark(hushed)[0]) == values.identity(plain)
    assert values.split(hushed)[1].sensitive


# Inverses


_TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=30).map(values.normal)
_DATA: st.SearchStrategy[Value] = st.recursive(
    st.none() | st.booleans() | st.integers() | _TEXTS
    | st.decimals(allow_nan=False, allow_infinity=False, min_value=-10**9, max_value=10**9).map(numerals.number),
    lambda inner: st.lists(inner, max_size=4).map(tuple) | st.dictionaries(_TEXTS, inner, max_size=4).map(Object),
    max_leaves=12,
)  # fmt: skip
_INVERSES = [
    ("base64encode", "base64decode"), ("base64gzip", "base64gunzip"), ("urlencode", "urldecode"),
    ("jsonencode", "jsondecode"),
]  # fmt: skip


@pytest.mark.parametrize(("there", "back"), _INVERSES)
@given(text=_TEXTS)
@settings(deadline=None)
def test_texts_survive(there: str, back: str, text: str) -> None:
    assert functions.call(back, [functions.call(there, [text])]) == text


@pytest.mark.parametrize("encoding", ["UTF-8", "UTF-16", "UTF-16LE", "utf-16be", "gb18030"])
@given(text=_TEXTS)
@settings(deadline=None)
def test_texts_survive_other_encodings(encoding: str, text: str) -> None:
    encoded = functions.call("textencodebase64", [text, encoding])
    # The marks of byte order at the beginning are no part of a text.
    assert functions.call("textdecodebase64", [encoded, encoding]) == (
        text if encoding == "UTF-8" else values.normal(text)
    )


@given(_DATA)
@settings(deadline=None)
def test_json_survives_and_others_read_it(data: Value) -> None:
    text = functions.call("jsonencode", [data])
    assert values.identity(functions.call("jsondecode", [text])) == values.identity(data)
    assert isinstance(text, str)
    assert values.identity(values.from_plain(json.loads(text, parse_float=Decimal))) == values.identity(data)


@given(_DATA)
@settings(deadline=None)
def test_yaml_survives_and_others_read_it(data: Value) -> None:
    text = functions.call("yamlencode", [data])
    assert isinstance(text, str)
    assert values.identity(functions.call("yamldecode", [text])) == values.identity(data)
    assert yaml.compose(text, yaml.SafeLoader) is not None


@given(_TEXTS)
@settings(deadline=None)
def test_gzip_is_read_by_others(text: str) -> None:
    packed = functions.call("base64gzip", [text])
    assert isinstance(packed, str)
    assert gzip.decompress(base64.b64decode(packed)).decode() == text


@given(st.integers(0, 2**32 - 1), st.integers(0, 32), st.lists(st.integers(1, 8), max_size=6))
@settings(deadline=None)
def test_subnets_lie_apart_within_their_network(address: int, length: int, bits: list[int]) -> None:
    network = ipaddress.ip_network((address, length), strict=False)
    try:
        subnets = functions.call("cidrsubnets", [str(network), *bits])
    except Fault:
        return
    assert isinstance(subnets, tuple)
    inner = [ipaddress.ip_network(str(subnet)) for subnet in subnets]
    assert all(functions.call("cidrcontains", [str(network), str(subnet)]) for subnet in subnets)
    assert [subnet.prefixlen for subnet in inner] == [length + more for more in bits]
    assert not any(left.overlaps(right) for at, left in enumerate(inner) for right in inner[:at])


@given(st.datetimes(), st.integers(-(10**9), 10**9))
@settings(deadline=None)
def test_times_go_there_and_back(moment: Any, seconds: int) -> None:
    time = moment.replace(microsecond=0).isoformat() + "Z"
    there = functions.call("timeadd", [time, f"{seconds}s"])
    if len(str(there)) != 20 or str(there).startswith("-"):
        return  # no such year in RFC 3339
    assert functions.call("timeadd", [there, f"{-seconds}s"]) == time
    assert functions.call("timecmp", [there, time]) == (seconds > 0) - (seconds < 0)
    assert functions.call("formatdate", ["EEEE DD", time]) == moment.strftime("%A %d")


@given(st.fractions(min_value=-(10**30), max_value=10**30))
@settings(deadline=None)
def test_numbers_are_written_in_the_fewest_digits_that_say_which(exact: Fraction) -> None:
    number = numerals.from_fraction(exact)
    assert numerals.rounded(Fraction(number)) == numerals.rounded(exact)
    assert functions.call("tonumber", [functions.call("tostring", [number])]) == number


@pytest.mark.parametrize(
    ("operation", "left", "right", "digits"),
    [
        (numerals.add, "0.1", "0.2", "0.3"),
        (numerals.add, "0.6", "0.1", f"0.7{'0' * 153}6"),
        (numerals.multiply, "0.1", "0.1", f"0.01{'0' * 153}1"),
        (numerals.divide, "1", "3", f"0.{'3' * 154}5"),
        (numerals.subtract, "1", "0.9", None),
        (numerals.remainder, "-7", "3", "-1"),
        (numerals.remainder, "5", "0", "5"),
        (numerals.remainder, "7", "0.5", "0"),
        (numerals.multiply, "12345678901234567890123", "-10", "-123456789012345678901230"),
    ],
)  # fmt: skip
def test_arithmetic_is_that_of_512_bits(operation: Any, left: str, right: str, digits: str | None) -> None:
    result = operation(numerals.parse(left), numerals.parse(right))
    if digits is None:
        assert 0 < abs(Fraction(result) - Fraction(1, 10)) < Fraction(1, 10**150)
    else:
        assert numerals.text(result) == digits


# Regular expressions


@given(st.text(string.printable, max_size=12), st.text(string.printable, max_size=12))
@settings(deadline=None)
def test_quoted_text_matches_itself(text: str, around: str) -> None:
    if "\\E" in text or not text:
        return
    assert functions.call("regex", [f"\\Q{text}\\E", around + text + around]) == text
    assert functions.call("regex", ["".join(f"\\x{{{ord(letter):x}}}" for letter in text), text]) == text


@given(st.text("ab(|)*+?[]^$.{}\\-1,:=!<P>dwsQEpL", max_size=12), st.text("ab1 \n", max_size=8))
@settings(deadline=None, max_examples=120)
def test_any_pattern_is_taken_or_refused(source: str, text: str) -> None:
    for name in ("regexall", "regex"):
        result = attempt(name, [source, text])
        assert not isinstance(result, Fault) or result.argument in {0, 1}


def test_a_pattern_that_takes_for_ever_is_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patterns, "TIMEOUT", 0.05)
    with pytest.raises(Fault, match="takes too long"):
        functions.call("regex", ["^(a|aa|a.)+$x", "a" * 60 + "b"])


# Files


def test_files_are_read(context: functions.Context, folder: Path) -> None:
    for text, want in {
        'file("hello.txt")': "hello!",
        'file("./subdirectory/../alias.txt")': "hello!",
        f'file("{folder}/hello.txt")': "hello!",
        'filebase64("latin")': "6Q==",
        'filemd5("hello.txt") == md5(file("hello.txt"))': True,
        'fileexists("nope")': False,
        'fileset(".", "*.t*")': Set(["hello.txt", "hello.tmpl", "alias.txt", "bare.tmpl"]),
        'fileset("subdirectory", "*.{txt,md}")': Set(["hello.txt"]),
        'fileset(".", "**/hello.txt")': Set(["hello.txt", "subdirectory/hello.txt"]),
        'fileset(".", "**/h*.tmpl")': Set(["hello.tmpl", "subdirectory/hello.tmpl"]),
        'length(fileset(".", "**"))': 7,
        'fileset(".", "[!a-g]*.t?t")': Set(["hello.txt"]),
        'fileset("nope", "*")': Set(),
        'abspath("a/../b")': str(folder / "b"),
        'pathexpand("~/x")': "/home/ada/x",
        'pathexpand("~ada")': "~ada",
        'templatefile("hello.tmpl", {name = "Jodie"})': "Hello, Jodie!",
        'templatefile("bare.tmpl", {})': (1,),
        'templatestring("%%{ for x in l }<$${x}>%%{ endfor }", {l = [1, 2]})': "<1><2>",
    }.items():  # fmt: skip
        assert values.identity(evaluated(text, context)) == values.identity(want), text


@pytest.mark.parametrize(
    ("text", "function", "what"),
    [
        ('file("../outside.txt")', "file", "../outside.txt lies outside the project's directory"),
        ('file("/etc/passwd")', "file", "/etc/passwd lies outside the project's directory"),
        ('file("escape.txt")', "file", "escape.txt lies outside the project's directory"),
        ('file("~/x")', "file", "~/x lies outside the project's directory"),
        ('filesha256("escape.txt")', "filesha256", "escape.txt lies outside the project's directory"),
        ('fileexists("../outside.txt")', "fileexists", "../outside.txt lies outside the project's directory"),
        ('fileset("..", "*")', "fileset", ".. lies outside the project's directory"),
        ('templatefile("escape.txt", {})', "templatefile", "escape.txt lies outside the project's directory"),
        ('file("latin")', "file", "the bytes are no text in UTF-8"),
        ('file("a\\u0000b")', "file", "a path cannot hold the character U+0000"),
        ('file("subdirectory")', "file", "subdirectory cannot be read: Is a directory"),
        ('file(sensitive("../outside.txt"))', "file", "... lies outside the project's directory"),
    ],
)
def test_nothing_outside_the_directory_is_read(
    context: functions.Context, text: str, function: str, what: str
) -> None:
    with pytest.raises(ReconcilerError) as caught:
        evaluated(text, context)
    assert caught.value.what == f"the first argument of `{function}` (path): {what}"


def test_the_root_may_lie_above_the_base(folder: Path) -> None:
    above = functions.Context(base=folder / "subdirectory", root=folder)
    assert functions.call("file", ["../hello.txt"], above) == "hello!"
    with pytest.raises(Fault, match="lies outside"):
        functions.call("file", ["../../outside.txt"], above)


def test_without_a_base_there_are_no_files() -> None:
    with pytest.raises(Fault, match="there are no files here"):
        functions.call("file", ["hello.txt"])


def test_what_grows_beyond_measure_is_refused() -> None:
    long = "a\n" * 1_000_000
    bomb = "a: &a [x,x,x,x,x,x,x,x,x,x]\n" + "".join(
        f"{name}: &{name} [{','.join(['*' + before] * 10)}]\n"
        for before, name in zip("abcdefg", "bcdefgh", strict=True)
    )
    packed = base64.b64encode(zlib.compress(bytes(1 << 27), wbits=31)).decode()
    calls: list[tuple[str, list[Value]]] = [
        ("indent", [100, long]), ("replace", [long, "a", long]), ("format", ["%999999999d", 1]),
        ("setproduct", [tuple(range(1024))] * 3), ("yamldecode", [bomb]), ("base64gunzip", [packed]),
        ("jsondecode", ["[" * 100_000]), ("tonumber", ["1e999999"]), ("pow", [10, 400]), ("join", [long, (long,) * 40]),
    ]  # fmt: skip
    for name, arguments in calls:
        with pytest.raises(Fault, match=f"`{name}`"):
            functions.call(name, arguments)
