"""What an expression refers to is read off its tree, and is no less than what evaluating it reads."""

from __future__ import annotations

import pytest

from reconciler.hcl import references
from tests.hcl.scope import World, read


@pytest.mark.parametrize(
    ("text", "addresses"),
    [
        ("1", []),
        ("var.a", ["var.a"]),
        ("aws_x.a[0].id", ["aws_x.a[0].id"]),
        ("aws_x.a.0.id", ["aws_x.a[0].id"]),
        ('aws_x.a["k"].b', ['aws_x.a["k"].b']),
        ('aws_x.a["${"k"}"]', ['aws_x.a["k"]']),
        ("aws_x.a[(1)]", ["aws_x.a[1]"]),
        ("aws_x.a[var.n].id", ["aws_x.a …", "var.n"]),
        ("aws_x.a[*].id", ["aws_x.a"]),
        ("aws_x.a.*.id", ["aws_x.a"]),
        ("aws_x.a[*].b[var.n]", ["aws_x.a", "var.n"]),
        ('"${var.a}-${var.b}"', ["var.a", "var.b"]),
        ('"%{ if var.a }${var.b}%{ else }${var.c}%{ endif }"', ["var.a", "var.b", "var.c"]),
        ('"%{ for x in var.a }${x}${var.b}%{ endfor }"', ["var.a", "var.b"]),
        ("[for x in x : x]", ["x"]),
        ("[for k, v in var.a : [k, v, w.a] if k.b]", ["var.a", "w.a"]),
        ("{for k, v in var.a : k => v if var.b}", ["var.a", "var.b"]),
        ("[[for x in var.a : x], x.b]", ["var.a", "x.b"]),
        ("{ (var.a) = var.b, c = var.d }", ["var.a", "var.b", "var.d"]),
        ("f(var.a, g(var.b))", ["var.a", "var.b"]),
        ("f(var.a).b", ["var.a"]),
        ("(var.a).b", ["var.a"]),
        ("var.a ? -var.b : !var.c", ["var.a", "var.b", "var.c"]),
        ("var.a + var.b * var.a", ["var.a", "var.b", "var.a"]),
    ],
)
def test_references(text: str, addresses: list[str]) -> None:
    found = references.references(read(text)[0])
    assert [each.address + (" …" if not each.exact else "") for each in found] == addresses


def test_a_reference_knows_where_it_stands() -> None:
    text = 'f(1) + "é${aws_x.a[0].b[var.n].c}"'
    first, second = references.references(read(text)[0])
    assert text[first.span.start : first.span.end] == "aws_x.a[0].b"
    assert text[second.span.start : second.span.end] == "var.n"
    assert (first.span.line, first.span.column) == (1, 12)


def test_calls() -> None:
    found = references.invocations(read('[for x in a() : b(c(x), "d")]')[0])
    assert [(each.call.name, sorted(each.names)) for each in found] == [("a", []), ("b", ["x"]), ("c", ["x"])]


@pytest.mark.parametrize(
    "text",
    [
        'aws_x.a["b"].c',
        "[for x in [1] : aws_x.a[x]]",
        "aws_x.a[*].id",
        "true ? aws_x.a : aws_x.b",
        "try(aws_x.z.a, aws_x.a.b)",
    ],
)
def test_what_is_read_was_listed(text: str) -> None:
    item = {"c": 1, "id": 2}
    world = World({'aws_x.a["b"].c': 1, "aws_x.a[1]": 2, "aws_x.a": (item,), "aws_x.b": (), "aws_x.a.b": 3})
    listed = [each.address for each in references.references(read(text)[0])]
    read_addresses = world.reads(text)
    assert read_addresses
    assert all(any(address.startswith(each) for each in listed) for address in read_addresses)
