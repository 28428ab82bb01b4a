"""The rules one by one: each row of fixtures/core says what a document means, or how two of them differ."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from reconciler.aws.shapes import ECS
from reconciler.core import canon, diffs, kinds
from reconciler.core.kinds import judged, task_definitions
from reconciler.core.shapes import Shape
from reconciler.core.values import JsonObject
from tests.core import novelties
from tests.core.documents import KINDS

FIXTURES = Path(__file__).parents[2] / "fixtures/core"


def rows(name: str) -> list[Any]:
    """Give the rows of a table as parameters, each under the name that it has in its first member."""
    found: list[dict[str, Any]] = json.loads((FIXTURES / f"{name}.json").read_text())
    return [pytest.param(row, id=str(next(iter(row.values())))) for row in found]


def placed(row: dict[str, Any], name: str) -> dict[str, Any]:
    """Give a row's document: what stands `at` a container is put into one."""
    given: dict[str, Any] = row[name]
    return {"containerDefinitions": [{"name": "app"} | given]} if row["at"] == "container" else given


def kind_of(row: dict[str, Any]) -> Any:
    return KINDS.named("task_definition" if row["at"] == "container" else row["at"])


@pytest.mark.parametrize("row", rows("canon"))
def test_canonical_form(row: dict[str, Any]) -> None:
    document: dict[str, Any] = placed(row, "given") | row.get("facts", {})
    found = canon.canon(kind_of(row), document, desired=True)
    expected = placed(row, "canonical")
    if row["at"] == "container":
        facts = {name: value for name, value in row.get("facts", {}).items() if value != "bridge"}
        expected = {"containerDefinitions": {"app": expected["containerDefinitions"][0]}} | facts
    assert found.tree == expected
    assert found.remarks == ()
    # … and what is sent means the same.
    assert canon.canon(kind_of(row), found.wire, desired=True).tree == found.tree


@pytest.mark.parametrize("row", rows("remarks"))
def test_remarks(row: dict[str, Any]) -> None:
    (remark,) = canon.canon(kind_of(row), placed(row, "given"), desired=True).remarks
    first = tuple(row["first"]) if "first" in row else None
    assert remark == canon.Remark(
        tuple(row["path"]), row["what"], row["hint"], fatal=row["fatal"], first=first
    )


def test_a_live_document_may_hold_anything() -> None:
    body: JsonObject = {"novelty": 1, "memory": [], "volumes": "x", "tags": [{"key": "a"}, {"key": "a"}]}
    found = canon.canon(KINDS.task_definition, body, desired=False)
    assert found.tree == {"tags": {"a": "", "a#2": ""}}


@pytest.mark.parametrize("row", rows("diffs"))
def test_differences(row: dict[str, Any]) -> None:
    desired = canon.canon(kind_of(row), placed(row, "desired"), desired=True)
    there = None if row["live"] is None else placed(row, "live")
    live = None if there is None else canon.canon(kind_of(row), there, desired=False, like=desired)
    found = diffs.diff(desired, live)
    assert [f"{change.action.value} {change.address}" for change in found.changes] == row["changes"]
    assert [change.address for change in found.noted] == row.get("noted", [])


@pytest.mark.parametrize("kind", [KINDS.task_definition, KINDS.service], ids=lambda kind: kind.name)
@pytest.mark.parametrize(
    ("document", "error"),
    [
        (None, "is an object, not null"),
        ([], "is an object, not a list"),
        ("x", "is an object, not a str"),
    ],
)
def test_a_definition_is_an_object(kind: Any, document: Any, error: str) -> None:
    with pytest.raises(TypeError, match=error):
        canon.canon(kind, document, desired=True)


def test_a_file_holds_one_service() -> None:
    with pytest.raises(ValueError, match="must hold one service, not 2"):
        canon.canon(KINDS.service, {"services": [{}, {}]}, desired=True)


class Tomorrow:
    """The API's shapes with a member more in some structures: a text `novelty`, and an object `novelties` of one."""

    _GROWN = frozenset({"ContainerDefinition", "HealthCheck", "RegisterTaskDefinitionRequest"}) | frozenset(
        {"CreateServiceRequest", "DeploymentConfiguration", "AwsVpcConfiguration", "LoadBalancer"}
    )

    def input(self, operation: str, /) -> Shape:
        return self._grown(ECS.input(operation))

    def named(self, name: str, /) -> Shape:
        return self._grown(ECS.named(name))

    def _grown(self, shape: Shape) -> Shape:
        members = {name: self._grown(member) for name, member in shape.members.items()}
        if shape.name in self._GROWN:
            text = Shape("string")
            members |= {"novelty": text, "novelties": Shape("structure", members={"novelty": text})}
        return replace(shape, members=members, item=self._grown(shape.item) if shape.item else None)


TOMORROW = kinds.build(Tomorrow())
NOVEL = {"novelty": "a", "novelties": {"novelty": "b"}}


def novel(row: dict[str, Any]) -> tuple[kinds.Kind, Any, Any]:
    """Give kind, document and document with new members at the end of a row's path."""
    document = row["document"]
    grown = json.loads(json.dumps(document))
    place = grown
    for key in row["at"]:
        place = place[key]
    place |= NOVEL
    return TOMORROW.named(row["kind"]), document, grown


@pytest.mark.parametrize("row", rows("novelties"))
def test_a_member_that_aws_adds_tomorrow_is_compared_by_value(row: dict[str, Any]) -> None:
    kind, document, grown = novel(row)
    desired = canon.canon(kind, grown, desired=True)
    assert desired.remarks == ()
    same = diffs.diff(desired, canon.canon(kind, grown, desired=False, like=desired))
    assert same == diffs.Differences()
    found = diffs.diff(desired, canon.canon(kind, document, desired=False, like=desired))
    assert [(change.action.value, change.address) for change in found.changes] == [
        ("add", row["address"] + name) for name in ("novelties", "novelty")
    ]
    assert not found.noted


@pytest.mark.parametrize("row", rows("novelties"))
def test_a_member_that_aws_adds_tomorrow_and_no_file_declares(row: dict[str, Any]) -> None:
    """It is noted, and is no part of what a saved plan is checked against."""
    kind, document, grown = novel(row)
    desired = canon.canon(kind, document, desired=True)
    live = canon.canon(kind, grown, desired=False, like=desired)
    found = diffs.diff(desired, live)
    assert [change.address for change in found.noted] == [row["address"] + name for name in row["noted"]]
    assert not found.changes
    assert diffs.managed(desired, live) == diffs.managed(desired, desired)


@pytest.mark.parametrize("row", rows("novelties"))
def test_a_member_that_aws_adds_tomorrow_and_that_has_another_value(row: dict[str, Any]) -> None:
    kind, _, grown = novel(row)
    desired = canon.canon(kind, json.loads(json.dumps(grown).replace('"b"', '"c"')), desired=True)
    (change,) = diffs.diff(desired, canon.canon(kind, grown, desired=False, like=desired)).changes
    assert (change.address, change.before, change.after) == (row["address"] + "novelties.novelty", "b", "c")


@pytest.mark.parametrize(
    ("live", "changes", "noted"),
    [
        ({"healthCheck": NOVEL}, [], ["healthCheck"]),
        ({"healthCheck": {"command": ["a"], "novelty": "a"}}, ["healthCheck"], []),
        ({"user": "root", "novelty": "a"}, ["user"], ["novelty"]),
    ],
    ids=["nothing but new members", "new members beside others", "judged members beside new ones"],
)
def test_what_no_file_declares_of_a_task_definition(
    live: dict[str, Any], changes: list[str], noted: list[str]
) -> None:
    """A judged member that the file leaves out goes, or a revision keeps it for ever."""
    kind = TOMORROW.task_definition
    desired = canon.canon(kind, {"containerDefinitions": [{"name": "app"}]}, desired=True)
    body: JsonObject = {"containerDefinitions": [{"name": "app"} | live]}
    found = diffs.diff(desired, canon.canon(kind, body, desired=False, like=desired))
    at = 'containerDefinitions["app"].'
    assert [(c.action.value, c.address) for c in found.changes] == [("remove", at + name) for name in changes]
    assert [change.address for change in found.noted] == [at + name for name in noted]


def test_what_is_to_be_judged() -> None:
    found = novelties.unjudged(Tomorrow().input("RegisterTaskDefinition"))
    at = ("", "containerDefinitions/*/", "containerDefinitions/*/healthCheck/")
    names = ("novelty", "novelties", "novelties/novelty")
    assert set(found) >= {place + name for place in at for name in names}
    assert not set(found) & (judged.PATHS | set(task_definitions.RULES))


def test_a_judged_member_is_a_member() -> None:
    """A name that was mistyped would judge nothing."""
    members = set(novelties.members(ECS.input("RegisterTaskDefinition")))
    if "trustedExecutionConfiguration" not in members:
        pytest.skip("the installed API model is older than the list")
    assert members >= judged.PATHS
