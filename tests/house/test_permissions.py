"""Nothing is called that `iam-policy` does not know of."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from reconciler.aws import models
from reconciler.cli import main
from reconciler.core import permissions

AWS = Path(__file__).parents[2] / "reconciler/aws"
GATEWAYS = ("gateway.py", "codedeploy.py", "expresses.py", "tasks.py", "evidence.py", "trails.py")
CALLING = {"call", "pages", "_described"}
FREE = {"GetCallerIdentity"}
"""Operations that take no permission (STS API reference)."""

ASKED_ALONG = {"codedeploy GetDeploymentConfig", "codedeploy RegisterApplicationRevision"}
"""What AWS asks for with another call (CodeDeploy user guide, permissions reference)."""

ELSEWHERE = {
    "init": "it has no project yet",
    "sandbox": "it is no AWS",
    "iam-policy": "it evaluates, as `references` does",
    "docs": "it calls nothing",
    "completion": "it calls nothing",
    "version": "it calls nothing",
}
"""Commands that have no row, and why."""


def called(path: Path) -> Iterator[str]:
    """Give the operations that a module names where it calls them."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in CALLING:
            first = node.args[0]
            if isinstance(first, ast.Constant):
                yield str(first.value)


def test_every_operation_of_the_gateways_has_a_row_and_no_row_is_idle() -> None:
    found = {operation for name in GATEWAYS for operation in called(AWS / name)} - FREE
    rows = permissions.OPERATIONS.keys() - ASKED_ALONG
    assert found == {row.partition(" ")[2] for row in rows}
    used = {each for parts in permissions.COMMANDS.values() for part in parts for each in part.operations}
    assert used == permissions.OPERATIONS.keys()


def test_no_other_module_calls_aws() -> None:
    known = {AWS / name for name in (*GATEWAYS, "clients.py")}
    assert [path.name for path in AWS.glob("*.py") if path not in known and set(called(path)) - FREE] == []


def test_rows_are_named_as_the_api_names_them() -> None:
    for row in permissions.OPERATIONS:
        service, _, operation = row.partition(" ")
        assert operation in models.service_model(service)["operations"], row


def test_every_command_has_a_row_or_a_reason() -> None:
    assert permissions.COMMANDS.keys() | ELSEWHERE.keys() == set(main.COMMANDS)
    assert permissions.COMMANDS.keys() & ELSEWHERE.keys() == set()
    assert permissions.COMMANDS.keys() >= permissions.UNEVALUATED
