"""Rules of the house that no single module could keep: what imports cost, what is public, what files may say."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import reconciler
from reconciler import plugin, testing

ROOT = Path(__file__).parents[2]
CODE = ("reconciler", "plugins", "tests", "benchmarks")
SHIPPED = ("reconciler", "plugins")
SOURCES = sorted(path for folder in CODE for path in (ROOT / folder).rglob("*.py"))


def imported(code: str, *arguments: str) -> set[str]:
    """Run code in an interpreter of its own, and give the names of what it imported."""
    script = f"import sys\nsys.argv[1:] = {list(arguments)!r}\n{code}\nprint(*sys.modules, file=sys.stderr)"
    run = subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, text=True)
    return set(run.stderr.split())


@pytest.mark.parametrize("module", [reconciler, plugin, testing], ids=lambda module: str(module.__name__))
def test_public_names_are_there(module: object) -> None:
    names = vars(module)["__all__"]
    assert names == sorted(names, key=lambda name: (name.startswith("_"), name))
    assert [name for name in names if getattr(module, name, None) is None] == []


def test_another_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="has no attribute 'Nothing'"):
        _ = reconciler.Nothing


HEAVY = {"boto3", "botocore", "yaml", "click", "structlog", "_jsonnet", "hcl2", "jsonpatch", "moto"}


def test_importing_the_library_is_cheap() -> None:
    found = imported("import reconciler")
    assert found & (HEAVY | {"dataclasses", "typing_extensions", "json"}) == set()


@pytest.mark.parametrize("name", ["reconciler.api", "reconciler.plugin", "reconciler.errors"])
def test_neither_the_api_nor_plugins_need_aws_or_a_terminal(name: str) -> None:
    assert imported(f"import {name}") & {"boto3", "botocore", "click", "structlog", "moto"} == set()


@pytest.mark.parametrize("argument", ["--version", "version"])
def test_the_version_is_said_before_anything_is_imported(argument: str) -> None:
    found = imported("from reconciler.__main__ import main\nmain()", argument)
    assert found & (HEAVY | {"dataclasses", "reconciler.cli", "reconciler.api"}) == set()


def test_every_module_says_what_it_is() -> None:
    trees = {path: path.read_text() for path in SOURCES}
    silent = [path for path, text in trees.items() if text.strip() and not ast.get_docstring(ast.parse(text))]
    assert silent == []


def functions(path: Path) -> Iterator[tuple[str, ast.FunctionDef | ast.ClassDef]]:
    """Give the public classes and functions of a module, methods of public classes too."""
    for node in ast.parse(path.read_text()).body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and not node.name.startswith("_"):
            yield node.name, node
            for inner in node.body if isinstance(node, ast.ClassDef) else ():
                if isinstance(inner, ast.FunctionDef) and not inner.name.startswith("_"):
                    yield f"{node.name}.{inner.name}", inner


def test_every_public_thing_says_what_it_is() -> None:
    silent = [
        f"{path.relative_to(ROOT)}: {name}"
        for path in SOURCES
        if path.relative_to(ROOT).parts[0] in SHIPPED
        for name, node in functions(path)
        if not ast.get_docstring(node)
    ]
    assert silent == []


def test_modules_are_small() -> None:
    sizes = {path: len(path.read_text().splitlines()) for path in SOURCES if "tests" not in path.parts}
    assert sorted(sizes.values())[len(sizes) // 2] <= 130
    assert {path.name: size for path, size in sizes.items() if size > 700} == {}


def test_nothing_is_left_for_later() -> None:
    words = re.compile(r"\b(TO" r"DO|FIX" r"ME|X" r"XX)\b")
    assert [path for path in SOURCES if words.search(path.read_text())] == []


def texts() -> Iterator[Path]:
    """Give every file of the project, without what tools leave behind."""
    for path in ROOT.rglob("*"):
        parts = path.relative_to(ROOT).parts
        hidden = any(part.startswith(".") or part in ("__pycache__", "node_modules") for part in parts[:-1])
        if path.is_file() and not hidden and path.suffix != ".pyc" and not path.name.startswith(".git"):
            yield path


# Folders that every machine has, so that a path in them gives none away.
EVERYWHERE = {
    Path("/"),
    *map(Path, ("/app", "/home", "/mnt", "/opt", "/src", "/srv", "/tmp", "/usr", "/var")),
}


def test_no_file_names_the_machine_that_it_was_written_on() -> None:
    folders = {ROOT, ROOT.parent, Path.home()} - EVERYWHERE
    places = [f"{folder}/".encode() for folder in folders]
    named = [path for path in texts() if any(place in path.read_bytes() for place in places)]
    assert named == []
