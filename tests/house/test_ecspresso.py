"""docs/ecspresso.md has a row for every flag of the peer's, and each row names a test that is there."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import click
import pytest

from reconciler.cli import main
from tests import tables

ROOT = Path(__file__).parents[2]
SURFACE: dict[str, dict[str, Any]] = tables.read(ROOT / "fixtures/ecspresso/surface.yml")
TITLES = {"Flags of all commands": "all", "Project file": "project"}
UNDONE = "--[no-]"
# What the peer's parser gives where a flag is not given, and ours.
NOTHING: tuple[object, ...] = (None, False, "", 0, -1, (), [], {})
# The documents of no command of ours: it is said in words why.
ELSEWHERE = {"all", "project", "skills"}


class Row(NamedTuple):
    """A row of a table: whose flag it is, what it is here, why, and the test."""

    command: str
    flag: str
    here: str
    why: str
    test: str


def rows() -> Iterator[Row]:
    """Read the tables of the document; the heading over each says whose they are."""
    command = ""
    for line in (ROOT / "docs/ecspresso.md").read_text().splitlines():
        if line.startswith("## "):
            command = TITLES.get(line[3:], line[3:])
        elif found := re.fullmatch(r"\| `([^`]+)` \| (\w+) \|(.*)\| `([^`]+)` \|", line):
            yield Row(command, found[1], found[2], found[3].strip(), found[4])
        else:
            assert not line.startswith("| `"), f"this is no row: {line}"


ROWS = list(rows())
OURS = [name for name in SURFACE if name in ELSEWHERE or name.split()[0] in main.COMMANDS]


@cache
def defined(module: str) -> set[str]:
    """Give the names of the tests in a module of the tests."""
    tree = ast.parse((ROOT / "tests" / module).read_text())
    return {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}


def parameters(command: str) -> dict[str, click.Parameter]:
    """Give what a command of ours takes, by every name, arguments in capital letters."""
    found: Any = main.group
    context = click.Context(found)
    for word in command.split() if command != "all" else ["status"]:
        found = found.get_command(context, word)
        assert found is not None, command
    named: dict[str, click.Parameter] = {}
    for parameter in found.params:
        names = [parameter.name.upper()] if isinstance(parameter, click.Argument) else parameter.opts
        named |= dict.fromkeys([*names, *parameter.secondary_opts], parameter)
    return named


def test_every_command_of_the_peers_is_told_of() -> None:
    text = (ROOT / "docs/ecspresso.md").read_text()
    headings = {TITLES.get(title, title) for title in re.findall(r"^## (.+)$", text, re.MULTILINE)}
    assert headings == {name for name in OURS if SURFACE[name] or " " not in name}


@pytest.mark.parametrize("command", OURS)
def test_every_flag_of_the_peers_has_a_row(command: str) -> None:
    assert [row.flag for row in ROWS if row.command == command] == list(SURFACE[command])


@pytest.mark.parametrize("command", [name for name in OURS if name not in ("project", "skills")])
def test_every_flag_of_the_peers_is_one_of_ours(command: str) -> None:
    taken = parameters(command)
    differ = {row.flag for row in ROWS if row.command == command and row.here == "different"}
    for flag, default in SURFACE[command].items():
        names = [flag.replace(UNDONE, "--"), *([flag.replace(UNDONE, "--no-")] if UNDONE in flag else [])]
        assert [name for name in names if name not in taken] == []
        told = taken[names[0]].to_info_dict()
        if command == "all" or flag in differ or (default in NOTHING and told["default"] in NOTHING):
            continue
        # One that depends on something else is told in the help.
        assert told["default"] == default or str(default) in str(told.get("help")), flag


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row.command} {row.flag}")
def test_a_row_says_what_there_is_to_know_and_names_a_test_of_the_command(row: Row) -> None:
    assert row.here in ("same", "better", "different")
    assert row.here == "same" or row.why
    module, _, name = row.test.partition("::")
    assert module.startswith("cli/"), "a test that drives the command"
    assert name in defined(module)
