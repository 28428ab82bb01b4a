"""Reading HCL: what is accepted and what is refused, where and in which words, and what becomes of templates."""

from __future__ import annotations

import dataclasses
import json
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from reconciler.errors import HclError
from reconciler.hcl import nodes, syntax
from reconciler.hcl.nodes import Expr, Part
from reconciler.hcl.tokens import DEEPEST
from tests import tables

ROOT = Path(__file__).parents[2]
FIXTURES = ROOT / "fixtures" / "hcl"
CORPUS = ROOT.parent / "shared" / "corpus" / "hcl" / "expressions.json"
MODULES = ROOT.parent / "shared"


def rows(name: str) -> Sequence[Any]:
    """Give the cases of a file."""
    found: Sequence[Any] = tables.read(FIXTURES / name)
    return found


def walk(node: object) -> Iterator[Any]:
    """Give every node of a tree, the outer ones first."""
    if isinstance(node, tuple):
        for each in node:
            yield from walk(each)
    elif hasattr(node, "span"):
        yield node
        for member in dataclasses.fields(node):  # type: ignore[arg-type]
            yield from walk(getattr(node, member.name))


def value(text: str) -> Expr:
    """Give the value of the one argument of a body."""
    (only,) = syntax.parse_body(f"a = {text}\n", "main.tf").attributes
    return only.expr


@pytest.mark.parametrize("text", rows("accepted.yml"))
def test_what_terraform_accepts_is_accepted(text: str) -> None:
    body = syntax.parse_body(text, "main.tf")
    for node in walk(body):
        assert 0 <= node.span.start <= node.span.end <= len(text)
        before = text[: node.span.start]
        assert node.span.line == before.count("\n") + 1
        assert node.span.column == node.span.start - (before.rfind("\n") + 1) + 1
        if isinstance(node, nodes.Name):
            assert text[node.span.start : node.span.end] == node.name
        if isinstance(node, nodes.Attribute):
            assert text[node.name_span.start : node.name_span.end] == node.name


@pytest.mark.parametrize("case", rows("refused.yml"), ids=lambda case: str(case["text"]))
def test_what_is_no_hcl_is_refused_where_it_is(case: Mapping[str, str]) -> None:
    with pytest.raises(HclError) as caught:
        syntax.parse_body(case["text"], "main.tf")
    error = caught.value
    assert (str(error.where), error.what) == (f"main.tf:{case['at']}", case["says"])
    line = int(case["at"].split(":")[0])
    shown, carets = error.excerpt
    assert shown.startswith(f"  {line} | ")
    assert "^" in carets


BINDINGS: Mapping[str, Any] = {"x": "X", "t": True, "l": ("a", "b")}


def rendered(node: Expr | Part, names: Mapping[str, str]) -> Any:
    """Evaluate the little that the cases need."""
    match node:
        case str() as text:
            return text
        case nodes.Literal(found):
            return found
        case nodes.TemplateWrap(expr) | nodes.Interpolation(expr):
            return rendered(expr, names)
        case nodes.Template(parts):
            return "".join(rendered(part, names) for part in parts)
        case nodes.GetAttr(_, name):
            return BINDINGS[name]
        case nodes.Name(name):
            return names[name]
        case nodes.IfDirective(condition, then, otherwise):
            return "".join(
                rendered(part, names) for part in (then if rendered(condition, names) else otherwise)
            )
        case nodes.ForDirective(_, name, collection, body):
            items = rendered(collection, names)
            return "".join(rendered(part, {**names, name: item}) for item in items for part in body)
    raise AssertionError(node)


@pytest.mark.parametrize("case", rows("templates.yml"), ids=lambda case: str(case["text"]))
def test_templates_are_what_terraform_makes_of_them(case: Mapping[str, str]) -> None:
    assert rendered(value(case["text"]), {}) == case["value"]


def test_a_template_file_has_no_escapes_and_no_quotes() -> None:
    found = syntax.parse_template('say "${x}"\\n $${y}\n', "user_data.tpl")
    assert found == nodes.Template(('say "', nodes.Interpolation(nodes.Name("x")), '"\\n ${y}\n'))
    assert syntax.parse_template("", "empty.tpl") == nodes.Literal("")
    assert syntax.parse_template("${x}", "x.tpl") == nodes.TemplateWrap(nodes.Name("x"))


def test_one_interpolation_keeps_its_type_unless_something_stood_beside_it() -> None:
    assert value('"${x}"') == nodes.TemplateWrap(nodes.Name("x"))
    assert value('" ${~ x ~} "') == nodes.Template((nodes.Interpolation(nodes.Name("x")),))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("12", "12"),
        ("1.50", "Decimal('1.5')"),
        ("1e3", "1000"),
        ("2.0", "2"),
        ("0.1", "Decimal('0.1')"),
        ("9" * 155, "9" * 155),
        ("1" + "0" * 155, "Decimal('1E+155')"),
        ("1e-9999", "Decimal('1E-9999')"),
        ('"e\u0301"', "'é'"),
    ],
)
def test_literals_are_what_they_mean(text: str, expected: str) -> None:
    found = value(text)
    assert isinstance(found, nodes.Literal)
    assert repr(found.value) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a[*].b[*].c[0]", "a[*] (.b [*] (.c [0]))"),
        ("a.*.b.0[1]", "(a.* (.b [0]))[1]"),
        ("a[*].b.*.c[0]", "a[*] (.b .* (.c) [0])"),
        ("a.*[0].*.b", "((a.* ())[0].* (.b))"),
    ],
)
def test_a_splat_has_the_steps_that_are_taken_of_each_element(text: str, expected: str) -> None:
    def steps(each: tuple[nodes.Step, ...]) -> str:
        return " ".join(step(one) for one in each)

    def step(one: nodes.Step) -> str:
        match one:
            case nodes.AttrStep(name):
                return f".{name}"
            case nodes.IndexStep(nodes.Literal(key)):
                return f"[{key}]"
            case nodes.SplatStep(each, full):
                return f"{'[*]' if full else '.*'} ({steps(each)})"
        raise AssertionError(one)

    def shown(node: Expr) -> str:
        match node:
            case nodes.Name(name):
                return name
            case nodes.Index(source, nodes.Literal(key)):
                return f"({shown(source)})[{key}]"
            case nodes.Splat(source, each, full):
                out = f"{shown(source)}{'[*]' if full else '.*'} ({steps(each)})"
                return out if isinstance(source, nodes.Name) else f"({out})"
        raise AssertionError(node)

    assert shown(value(text)) == expected


def test_an_expression_has_its_place_in_the_file_around_it() -> None:
    found = syntax.parse_expression("a +\n  b", "values.tf.json", line=7, column=12)
    assert isinstance(found, nodes.Binary)
    assert [(each.span.line, each.span.column) for each in (found, found.left, found.right)] == [
        (7, 12),
        (7, 12),
        (8, 3),
    ]
    with pytest.raises(HclError, match=r"^values\.tf\.json:7:16: an expression is missing after `\+`\n"):
        syntax.parse_expression("a +", "values.tf.json", line=7, column=13)


def test_a_byte_order_mark_is_no_part_of_the_text() -> None:
    assert syntax.parse_body("\ufeffa = 1", "main.tf").attributes[0].span.column == 1


def test_an_error_is_seen_as_a_whole() -> None:
    with pytest.raises(HclError) as caught:
        syntax.parse_body('locals {\n\tname = "größe\\q"\n}\n', "main.tf")
    assert str(caught.value).splitlines() == [
        "main.tf:2:15: \\q is no escape sequence",
        '  2 | \tname = "größe\\q"',
        "    | \t             ^^",
        '  try: known are \\n \\r \\t \\" \\\\ \\uNNNN \\UNNNNNNNN; for a backslash itself write \\\\',
    ]


def test_an_excerpt_shows_little_of_a_long_line_and_no_control_characters() -> None:
    with pytest.raises(HclError) as caught:
        syntax.parse_body(f'a = "{"x" * 500}" \x1b[31m "{"y" * 5000}"', "main.tf")
    shown, carets = caught.value.excerpt
    assert len(shown) < 120
    assert "\x1b" not in str(caught.value)
    assert shown[carets.index("^")] == "\N{REPLACEMENT CHARACTER}"
    assert len(str(caught.value)) < 1024


@pytest.mark.parametrize(
    ("opened", "closed"),
    [
        ("[", "]"),
        ("(", ")"),
        ("{ a = ", "}"),
        ("f(", ")"),
        ("!", ""),
        ("x ? y : ", ""),
        ("1 + ", ""),
        ('"${', '}"'),
        ('"%{ if x }${', '}%{ endif }"'),
        ("[for x in y : ", "]"),
        ("a[", "]"),
    ],
)
def test_what_is_too_deep_is_said_to_be(opened: str, closed: str) -> None:
    fits = DEEPEST // 4
    syntax.parse_expression(opened * fits + "1" + closed * fits, "x")
    for depth in (DEEPEST + 1, 20_000):
        with pytest.raises(HclError, match="nested more than 150 levels deep") as caught:
            syntax.parse_expression(opened * depth + "1" + closed * depth, "x")
        assert len(str(caught.value)) < 1024


def test_many_things_side_by_side_are_not_deep() -> None:
    for text in ("[" + "a.b[0] + 1," * 2000 + "]", '"' + "${a.b}" * 2000 + '"', "f(" + "x, " * 2000 + ")"):
        syntax.parse_expression(text, "x")


@pytest.mark.parametrize("unit", ["1, ", "{a = 1}, ", '"${a}", ', "a.b[0], ", "<<E\nx\nE\n, ", "/* */ 1, "])
def test_the_time_grows_with_the_length_alone(unit: str) -> None:
    def seconds(count: int) -> float:
        begun = time.process_time()
        syntax.parse_expression("[" + unit * count + "]", "x")
        return time.process_time() - begun

    seconds(10)
    assert seconds(8000) < 40 * max(seconds(500), 0.002)


@pytest.mark.skipif(not CORPUS.exists(), reason="the corpus of expressions is not here")
def test_the_corpus_parses_and_what_it_refuses_is_refused_unless_only_its_value_is_wrong() -> None:
    groups: Mapping[str, Sequence[Mapping[str, Any]]] = json.loads(CORPUS.read_text(encoding="utf-8"))
    accepted: list[str] = []
    for name, cases in groups.items():
        parse = syntax.parse_template if "Template" in name else syntax.parse_expression
        for case in cases:
            try:
                parse(case["src"], "corpus")
            except HclError:
                assert case["diags"], case["src"]
            else:
                accepted += [case["src"]] if case["diags"] else []
    # These are well-formed; their evaluation fails.
    assert accepted == [
        "(false+true)",
        'upper(["foo", "bar"]...)',
        "[for v in null: v]",
        '[for i, v in ["a", "b"]: v if i + i]',
        "[][0]",
        "[][negate(0)]",
        '["boop"].foo[index]',
        "bar",
    ]


@pytest.mark.skipif(not any(MODULES.rglob("*.tf")), reason="no module files are here")
def test_module_files_parse() -> None:
    for path in MODULES.rglob("*.tf"):
        assert syntax.parse_body(path.read_text(encoding="utf-8"), path.name).blocks
