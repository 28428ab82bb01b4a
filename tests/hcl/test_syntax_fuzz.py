"""Whatever text is read as HCL, it is read, or refused in few words: never a crash, a hang, or the text itself."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.errors import HclError
from reconciler.hcl import printer, syntax
from reconciler.hcl.nodes import Body, Expr
from tests import tables

FIXTURES = Path(__file__).parents[2] / "fixtures" / "hcl"
SEEDS: list[str] = [
    *tables.read(FIXTURES / "accepted.yml"),
    *(f"a = {each['text']}\n" for each in tables.read(FIXTURES / "templates.yml")),
]
PIECES = [
    *"[](){}<>.,:?=!+-*/%&|~^;'`\"\\$#@ \n\t\r\0\x1b\ufeff\ud800\u2028é0",
    *(
        "${",
        "%{",
        "$${",
        "%%{",
        "~}",
        "=>",
        "...",
        "::",
        "/*",
        "*/",
        "//",
        "<<E\n",
        "<<-E\n",
        "\nE\n",
        "[*]",
        ".*",
        "==",
        "||",
    ),
    *(
        "a",
        "for",
        "in",
        "if",
        "else",
        "endif",
        "endfor",
        "true",
        "null",
        "1",
        "1.5",
        "1e9",
        ".0",
        "\\u00e9",
        "\\q",
        "x = ",
    ),
]
PARSERS = (syntax.parse_body, syntax.parse_expression, syntax.parse_template)


def refusal(parse: Callable[[str, str], Expr | Body], text: str) -> HclError | Expr | Body:
    """Give what a text is, or why it is nothing."""
    try:
        return parse(text, "main.tf")
    except HclError as error:
        return error


def read(text: str) -> None:
    """Read a text in each way; what is read can be printed, and every refusal is short and has a place."""
    for parse in PARSERS:
        begun = time.process_time()
        found = refusal(parse, text)
        if isinstance(found, HclError):
            shown = str(found)
            assert len(shown) <= 1024, shown
            assert all(each.isprintable() or each in "\n\t" for each in shown), shown
            assert found.where is not None
            lines = text.removeprefix("\ufeff").split("\n")
            assert 1 <= found.where.line <= len(lines)
            assert 1 <= found.where.column <= len(lines[found.where.line - 1]) + 1
        else:
            reader = syntax.parse_body if parse is syntax.parse_body else syntax.parse_expression
            assert repr(reader(printer.text(found), "printed")) == repr(found)
        assert time.process_time() - begun < 1 + len(text) / 1000


@settings(deadline=None, max_examples=120)
@given(st.lists(st.sampled_from(PIECES), max_size=25).map("".join))
def test_pieces_of_the_language_in_any_order(text: str) -> None:
    read(text)


@settings(deadline=None, max_examples=100)
@given(st.text(max_size=60))
def test_any_text(text: str) -> None:
    read(text)


@settings(deadline=None, max_examples=100)
@given(st.binary(max_size=60).map(lambda each: each.decode("utf-8", "surrogateescape")))
def test_any_bytes(text: str) -> None:
    read(text)


def mutated(text: str, dice: random.Random) -> str:
    """Take something out of a text, put something in, or bring parts of it together."""
    for _ in range(dice.randint(1, 3)):
        at, to = sorted(dice.randint(0, len(text)) for _ in range(2))
        match dice.randint(0, 4):
            case 0:
                text = text[:at] + text[to:]
            case 1:
                text = text[:at] + dice.choice(PIECES) + text[at:]
            case 2:
                text = text[:at] + dice.choice(SEEDS) + text[to:]
            case 3:
                text = text[:to] + text[at:to] + text[to:]
            case _:
                text = text[:at]
    return text


@settings(deadline=None, max_examples=120)
@given(st.sampled_from(SEEDS), st.integers(0, 2**32))
def test_hcl_with_something_wrong_in_it(seed: str, chance: int) -> None:
    read(mutated(seed, random.Random(chance)))


def test_a_large_text_with_something_wrong_is_not_repeated() -> None:
    secret = "hunter2"
    filler = "".join(f'password_{count} = "{secret}"\n' for count in range(3000))
    for broken in (
        "x = <<EOT\n",
        'x = "\n',
        "x = [\n",
        "x {\n",
        "/*\n",
        'x = "${\n',
        "x = f(\n",
        "x = @\n",
        "x = 1 y = 2\n",
    ):
        for text in (broken + filler, filler + broken):
            error = refusal(syntax.parse_body, text)
            assert isinstance(error, HclError), broken
            assert len(str(error)) < 1024
            assert secret not in str(error)
            assert error.where is not None
            assert error.where.line == (1 if text.startswith(broken) else 3001)
