"""Every simulated rule says where it is from."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from reconciler.sandbox import codedeploys, operations, rules

FOLDER = Path(rules.__file__).parent
PLUMBING = {
    *(
        "__init__",
        "applications",
        "clocks",
        "codedeployseeds",
        "codedeploystates",
        "control",
        "errors",
        "faults",
        "images",
        "knobs",
        "operations",
        "others",
        "outsiders",
    ),
    *(
        "plays",
        "readings",
        "rules",
        "runs",
        "sandboxes",
        "scripts",
        "seeds",
        "servers",
        "servings",
        "shapes",
        "surroundings",
        "wire",
        "worlds",
    ),
}
"""Modules that simulate nothing of AWS by themselves, or (faults, shapes, wire) only in functions marked there."""

NOT_RULES = {
    "answer",
    "check",
    "check_change",
    "check_new",
    "dump",
    "not_simulated",
    "read",
    "short",
    "fits_fargate",
    "on_fargate",
}
"""Functions of rule modules that put rules together, or say what the sandbox leaves out."""


def functions() -> Iterator[tuple[str, ast.FunctionDef]]:
    for path in sorted(FOLDER.glob("*.py")):
        if path.stem not in PLUMBING:
            for node in ast.parse(path.read_text()).body:
                if isinstance(node, ast.FunctionDef):
                    yield path.stem, node


def decides(node: ast.FunctionDef) -> bool:
    """Tell whether a function is a rule: it is public, refuses something, or speaks as AWS."""
    text = ast.unparse(node)
    return not node.name.startswith("_") or "raise Refusal" in text or "events.tell" in text


def marks(node: ast.FunctionDef) -> list[ast.Call]:
    return [
        each
        for each in node.decorator_list
        if isinstance(each, ast.Call) and ast.unparse(each).startswith("rules.")
    ]


def test_every_rule_is_marked() -> None:
    missing = [f"{module}.{node.name}" for module, node in functions() if decides(node) and not marks(node)]
    assert [name for name in missing if name.rpartition(".")[2] not in NOT_RULES] == []


def test_every_exception_is_still_needed() -> None:
    unmarked = {node.name for _, node in functions() if not marks(node)}
    assert unmarked >= NOT_RULES


OPERATIONS = {**operations.OPERATIONS, **codedeploys.OPERATIONS}


@pytest.mark.parametrize("name", sorted(OPERATIONS))
def test_every_operation_is_marked(name: str) -> None:
    function = OPERATIONS[name]
    found = rules.MARKS[function.__module__, function.__qualname__]
    assert all(each.source for each in found)
    assert {each.basis for each in found} <= {"documented", "reported", "guessed"}
