"""HCL as text: what is printed reads back as the same tree, for trees that were read and for those that were made."""

from __future__ import annotations

import json
import unicodedata
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.errors import HclError
from reconciler.hcl import nodes, printer, syntax
from reconciler.hcl.nodes import Expr, Interpolation, Part
from tests import tables

FIXTURES = Path(__file__).parents[2] / "fixtures" / "hcl"
CORPUS = Path(__file__).parents[3] / "shared" / "corpus" / "hcl" / "expressions.json"

BODIES = [
    *tables.read(FIXTURES / "accepted.yml"),
    *(f"a = {each['text']}\n" for each in tables.read(FIXTURES / "templates.yml")),
]

names = st.sampled_from(["a", "b", "for", "in", "if", "else", "true_", "x-y", "größe", "_1", "endif", "each"])
optional_names = st.none() | names
words = names | st.sampled_from(["true", "null"])
signs = st.sampled_from(
    ["$", "%", "{", "}", "${", "%{", "$${", '"', "\\", "\n", "~", " ", "é", "a", "\x00", "\u2028"]
)
texts = st.lists(signs, max_size=5).map(lambda each: unicodedata.normalize("NFC", "".join(each)))
literals: st.SearchStrategy[Expr] = st.builds(
    nodes.Literal,
    st.none()
    | st.booleans()
    | texts
    | st.integers(0, 10**30)
    | st.decimals(0, 10**6, allow_nan=False, allow_infinity=False, places=3)
    .map(lambda each: each.normalize())
    .filter(lambda each: each != each.to_integral_value()),
)


def merged(parts: list[Part]) -> tuple[Part, ...]:
    """Put texts that stand side by side together, and leave empty ones out, as every template has it."""
    out: list[Part] = []
    for part in parts:
        if isinstance(part, str) and out and isinstance(out[-1], str):
            out[-1] = unicodedata.normalize("NFC", out[-1] + part)
        elif part != "":
            out.append(part)
    return tuple(out)


def template(parts: tuple[Part, ...]) -> Expr:
    """Give what a quoted text of such parts is."""
    if not parts:
        return nodes.Literal("")
    return nodes.Literal(parts[0]) if len(parts) == 1 and isinstance(parts[0], str) else nodes.Template(parts)


@st.composite
def expressions(draw: st.DrawFn, depth: int = 3) -> Expr:
    """Give expressions made of others, any inside of any, with no thought for precedence."""
    if not depth or draw(st.integers(0, 4)) == 0:
        return draw(literals | st.builds(nodes.Name, names))
    inner = expressions(depth - 1)
    optional = st.none() | inner
    items = st.lists(inner, max_size=3).map(tuple)
    attributes = st.builds(nodes.AttrStep, words)
    dotted = attributes | st.builds(nodes.IndexStep, st.integers(0, 9).map(nodes.Literal))
    steps = attributes | st.builds(nodes.IndexStep, inner)
    keys = names.map(nodes.Literal) | texts.map(nodes.Literal) | inner.map(nodes.Parens)
    operators = st.sampled_from(["||", "&&", "==", "<", ">=", "+", "-", "*", "%"])
    kinds: list[st.SearchStrategy[Expr]] = [
        st.builds(nodes.Binary, operators, inner, inner),
        st.builds(nodes.Unary, st.sampled_from("-!"), inner),
        st.builds(nodes.Conditional, inner, inner, inner),
        st.builds(nodes.Parens, inner),
        st.builds(nodes.GetAttr, inner, words),
        st.builds(nodes.Index, inner, inner),
        st.builds(nodes.Splat, inner, st.lists(steps, max_size=2).map(tuple), st.just(value=True)),
        st.builds(nodes.Splat, inner, st.lists(dotted, max_size=3).map(tuple), st.just(value=False)),
        st.builds(nodes.Call, names | st.just("core::a"), items),
        st.builds(nodes.Call, names, st.tuples(inner), st.just(value=True)),
        st.builds(nodes.Tuple, items),
        st.builds(nodes.Object, st.lists(st.tuples(keys, inner), max_size=3).map(tuple)),
        st.builds(nodes.ForTuple, optional_names, names, inner, inner, optional),
        st.builds(nodes.ForObject, optional_names, names, inner, inner, inner, st.booleans(), optional),
        st.builds(nodes.TemplateWrap, inner),
        parts(depth - 1).map(template),
    ]
    return draw(draw(st.sampled_from(kinds)))


@st.composite
def parts(draw: st.DrawFn, depth: int) -> tuple[Part, ...]:
    """Give the parts of a template."""
    inner = expressions(depth)
    kinds: list[st.SearchStrategy[Part]] = [texts, st.builds(Interpolation, inner)]
    if depth:
        nested = parts(depth - 1)
        kinds.append(st.builds(nodes.IfDirective, inner, nested, nested))
        kinds.append(st.builds(nodes.ForDirective, optional_names, names, inner, nested))
    return merged([draw(draw(st.sampled_from(kinds))) for _ in range(draw(st.integers(0, 3)))])


@st.composite
def bodies(draw: st.DrawFn, depth: int = 2) -> nodes.Body:
    """Give bodies of arguments and blocks."""
    arguments = st.lists(st.tuples(words, expressions(2)), max_size=3, unique_by=lambda each: each[0])
    attributes = tuple(nodes.Attribute(name, expr) for name, expr in draw(arguments))
    if not depth:
        return nodes.Body(attributes)
    labels = st.lists(texts, max_size=2).map(tuple)
    blocks = st.lists(st.builds(nodes.Block, words, labels, bodies(depth - 1)), max_size=2)
    return nodes.Body(attributes, tuple(draw(blocks)))


def bare(node: Any) -> Any:
    """Give a tree without parentheses and places: what tells two meanings apart, once the tree is there."""
    if isinstance(node, tuple):
        return tuple(bare(each) for each in node)
    if isinstance(node, nodes.Parens):
        return bare(node.inner)
    if hasattr(node, "span"):
        members = (getattr(node, each) for each in node.__slots__ if "span" not in each and each != "header")
        return (type(node).__name__, *(bare(each) for each in members))
    return repr(node)


@pytest.mark.parametrize("text", BODIES)
def test_what_was_read_prints_to_the_same(text: str) -> None:
    body = syntax.parse_body(text, "main.tf")
    printed = printer.text(body)
    again = syntax.parse_body(printed, "printed.tf")
    assert repr(again) == repr(body)
    assert printer.text(again) == printed


@pytest.mark.skipif(not CORPUS.exists(), reason="the corpus of expressions is not here")
def test_the_corpus_prints_to_the_same() -> None:
    count = 0
    for name, cases in json.loads(CORPUS.read_text(encoding="utf-8")).items():
        parse = syntax.parse_template if "Template" in name else syntax.parse_expression
        for case in cases:
            try:
                tree = parse(case["src"], "corpus")
            except HclError:
                continue
            assert repr(syntax.parse_expression(printer.text(tree), "printed")) == repr(tree)
            count += 1
    assert count > 80


@settings(deadline=None)
@given(expressions())
def test_an_expression_that_was_made_means_the_same_when_it_is_read(tree: Expr) -> None:
    printed = printer.text(tree)
    read = syntax.parse_expression(printed, "printed")
    assert bare(read) == bare(tree)
    # What was read has every parenthesis that it needs: from here on nothing changes at all.
    assert repr(syntax.parse_expression(printer.text(read), "again")) == repr(read)


@settings(deadline=None, max_examples=25)
@given(bodies())
def test_a_body_that_was_made_means_the_same_when_it_is_read(tree: nodes.Body) -> None:
    read = syntax.parse_body(printer.text(tree), "printed")
    assert bare(read) == bare(tree)


@given(texts)
def test_any_text_can_be_quoted(text: str) -> None:
    assert syntax.parse_expression(printer.quoted(text), "printed") == nodes.Literal(text)


def test_numbers_are_printed_as_numbers() -> None:
    assert [printer.text(nodes.Literal(each)) for each in (12, Decimal("1.5"), Decimal("1E+200"), -3)] == [
        "12",
        "1.5",
        "1E+200",
        "-3",
    ]
    assert printer.text(nodes.Index(nodes.Literal(-3), nodes.Literal(0))) == "(-3)[0]"


def test_a_body_is_laid_out_for_people() -> None:
    text = (
        'cluster = "main"\n'
        "size    = 2\n"
        "tags = {\n"
        "  a       = 1\n"
        '  "b c/d" = [1, 2]\n'
        "}\n"
        "\n"
        'container "web" {\n'
        "  image = var.image\n"
        "\n"
        "  port {}\n"
        "}\n"
    )
    tree = syntax.parse_body(text, "main.tf")
    assert printer.text(tree) == text
