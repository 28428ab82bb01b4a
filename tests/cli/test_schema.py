"""docs/schemas/plan.schema.json says what `plan --format json` prints: no member more, none less."""

from __future__ import annotations

import dataclasses
import json
import re
from collections.abc import Iterator
from enum import Enum
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from reconciler import errors
from reconciler.core import diffs, plans, secrets, steps, values
from tests.cli.commands import ROOT, Box, Cli, edit

SCHEMA = json.loads((ROOT / "docs/schemas/plan.schema.json").read_text())
_DEFINED = {
    "project": plans.Origins,
    "opened": plans.Opened,
    "address": values.Address,
    "source": values.Source,
    "origin": values.Origin,
    "input": plans.Input,
    "where": errors.Where,
    "notice": plans.Notice,
    "awaited": plans.Awaited,
    "unit": plans.Unit,
    "finding": plans.Finding,
    "reason": plans.Reason,
    "secret": secrets.Secret,
    "register_task_definition": steps.RegisterTaskDefinition,
    "set_tags": steps.SetTags,
    "remove_tags": steps.RemoveTags,
    "create_service": steps.CreateService,
    "update_service": steps.UpdateService,
    "set_scaling": steps.SetScaling,
    "delete_service": steps.DeleteService,
    "create_express_service": steps.CreateExpressService,
    "update_express_service": steps.UpdateExpressService,
}


def validate(text: str) -> Any:
    """Check a plan against the schema; give it."""
    document = json.loads(text)
    Draft202012Validator(SCHEMA).validate(document)
    return document


def _schemas(schema: Any, at: str = "#") -> Iterator[tuple[str, dict[str, Any]]]:
    if isinstance(schema, dict):
        yield at, schema
    for name, member in (
        schema.items() if isinstance(schema, dict) else enumerate(schema) if isinstance(schema, list) else ()
    ):
        yield from _schemas(member, f"{at}/{name}")


def test_the_schema_is_one() -> None:
    Draft202012Validator.check_schema(SCHEMA)


@pytest.mark.parametrize("name", _DEFINED)
def test_every_field_is_a_required_member(name: str) -> None:
    schema, fields = SCHEMA["$defs"][name], [field.name for field in dataclasses.fields(_DEFINED[name])]
    members = [member for member in schema["properties"] if member != "type"]
    assert members == fields
    assert set(schema["required"]) == set(schema["properties"])


def test_the_plan_itself_has_every_field() -> None:
    fields = {field.name for field in dataclasses.fields(plans.Plan)}
    assert set(SCHEMA["properties"]) == fields | {"tool", "summary", "digest"}
    assert set(SCHEMA["required"]) == set(SCHEMA["properties"])


@pytest.mark.parametrize(
    ("pointer", "kind"),
    [(("unit", "verb"), plans.Verb), (("finding", "action"), diffs.Action)],
)
def test_every_value_of_an_enum_is_listed(pointer: tuple[str, str], kind: type[Enum]) -> None:
    enum = SCHEMA["$defs"][pointer[0]]["properties"][pointer[1]]["enum"]
    assert sorted(enum) == sorted(each.value for each in kind)


def test_every_object_of_ours_is_closed_and_every_member_described() -> None:
    for at, schema in _schemas(SCHEMA):
        if isinstance(schema.get("properties"), dict) and not re.search(r"/properties$", at):
            assert schema["additionalProperties"] is False, at
            for name, member in schema["properties"].items():
                assert {"description", "const", "$ref"} & set(member), (at, name)


def test_a_member_that_is_not_in_the_schema_is_refused(cli: Cli, box: Box) -> None:
    document = validate(cli("plan", "--format", "json").out)
    for place in (document, document["units"][0], document["project"], document["inputs"][0]["address"]):
        place["surprise"] = 1
        assert not Draft202012Validator(SCHEMA).is_valid(document)
        del place["surprise"]
    assert Draft202012Validator(SCHEMA).is_valid(document)


@pytest.mark.parametrize("tag", ["2.4.61", "2.4.62"])
def test_plans_of_what_runs(cli: Cli, box: Box, tag: str) -> None:
    ran = cli("plan", "--format", "json", "--detailed-exitcode", IMAGE_TAG=tag)
    assert (ran.code, ran.err) == (0 if tag == "2.4.61" else 2, "")
    document = validate(ran.out)
    assert document["summary"] == (
        dict.fromkeys(("no-op", "create", "update", "replace", "defer"), 0)
        | {"no-op" if ran.code == 0 else "update": 2}
    )


def test_a_plan_from_nothing(cli: Cli, empty: Box) -> None:
    document = validate(cli("plan", "--format", "json").out)
    assert [unit["verb"] for unit in document["units"]] == ["create", "create"]
    assert [step["type"] for unit in document["units"] for step in unit["steps"]] == [
        "RegisterTaskDefinition",
        "CreateService",
    ]


def test_a_plan_with_tags_warnings_and_removals(cli: Cli, box: Box) -> None:
    edit("ecs-service-def.json", '"tags": [{ "key": "env",', '"tags": [{ "key": "stage",')
    edit("ecs-service-def.json", '"desiredCount": 2', '"desiredCounts": 2')
    edit(
        "ecs-task-def.json",
        '"secrets": [{ "name"',
        '"secrets": [{ "name": "OTHER", "valueFrom": "x" }, { "name"',
    )
    document = validate(cli("plan", "--format", "json").out)
    assert {step["type"] for unit in document["units"] for step in unit["steps"]} == {
        "RegisterTaskDefinition",
        "UpdateService",
        "SetTags",
        "RemoveTags",
    }
    assert document["notices"][0]["where"]["path"].endswith("ecs-service-def.json")


def test_a_plan_against_a_saved_description(cli: Cli, box: Box) -> None:
    from pathlib import Path

    Path("live.json").write_text(json.dumps({"taskDefinition": box.definition()}, default=str))
    document = validate(cli("plan", "--live", "live.json", "--format", "json", IMAGE_TAG="2.4.62").out)
    assert document["applyable"] is False
