"""The operations that changes become, exactly; and what a patch does to a document that moved meanwhile."""

from __future__ import annotations

from typing import Any

import jsonpatch
import pytest

from reconciler.core import canon, diffs, patches
from reconciler.core.values import JsonObject
from tests.core.test_tables import kind_of, placed, rows


def operation(written: list[Any]) -> dict[str, Any]:
    """Read an operation of a table: what, where, with which value."""
    return dict(zip(("op", "path", "value"), written, strict=False))


@pytest.mark.parametrize("row", rows("patches"))
def test_operations(row: dict[str, Any]) -> None:
    kind = kind_of(row)
    desired = canon.canon(kind, placed(row, "desired"), desired=True)
    body = None if row["live"] is None else placed(row, "live")
    live = None if body is None else canon.canon(kind, body, desired=False, like=desired)
    changes = diffs.diff(desired, live).changes
    secret = row.get("secret", [])
    found = patches.build(changes, desired, live, body, secret=lambda change: change.address in secret)
    assert list(found.operations) == [operation(written) for written in row["patch"]]
    assert found.unguarded == row.get("unguarded", 0)
    assert list(found.withheld) == row.get("withheld", [])


BODY: JsonObject = {
    "containerDefinitions": [
        {
            "name": "a",
            "image": "1",
            "environment": [{"name": "X", "value": "1"}, {"name": "Y", "value": "2"}],
        },
        {"name": "b", "image": "2"},
    ]
}
WANTED: JsonObject = {
    "containerDefinitions": [
        {"name": "a", "image": "9", "environment": [{"name": "X", "value": "1"}]},
        {"name": "b", "image": "2"},
    ]
}


def reordered(body: Any) -> Any:
    return {"containerDefinitions": body["containerDefinitions"][::-1]}


def changed(body: Any) -> Any:
    return {"containerDefinitions": [body["containerDefinitions"][0] | {"image": "5"}]}


def valued(body: Any) -> Any:
    """Let somebody have changed the variable that is to go."""
    first = body["containerDefinitions"][0]
    variables = [first["environment"][0], {"name": "Y", "value": "3"}]
    return {"containerDefinitions": [first | {"environment": variables}]}


@pytest.mark.parametrize("moved", [reordered, changed, valued])
def test_a_guard_fails_where_the_document_moved(moved: Any) -> None:
    kind = kind_of({"at": "task_definition"})
    desired = canon.canon(kind, WANTED, desired=True)
    live = canon.canon(kind, BODY, desired=False, like=desired)
    patch = patches.build(diffs.diff(desired, live).changes, desired, live, BODY)
    with pytest.raises(jsonpatch.JsonPatchException):
        patches.apply(moved(BODY), patch.operations)


def test_applying_changes_neither_document_nor_patch() -> None:
    operations: tuple[patches.Operation, ...] = (
        {"op": "add", "path": "/list", "value": []},
        {"op": "add", "path": "/list/-", "value": 1},
    )
    body: dict[str, Any] = {}
    assert patches.apply(body, operations) == {"list": [1]}
    assert body == {}
    assert operations[0]["value"] == []
