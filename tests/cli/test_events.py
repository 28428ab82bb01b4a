"""docs/schemas/events.schema.json says what `--log-format json` writes: every line fits it, and it knows every kind."""

from __future__ import annotations

import json
from enum import Enum
from typing import Any, get_args

import pytest
from jsonschema import Draft202012Validator

from reconciler.core import causes, events, outcomes, rollouts
from reconciler.render import progress
from tests.cli.commands import ROOT, Box, Cli
from tests.cli.test_schema import _schemas

SCHEMA = json.loads((ROOT / "docs/schemas/events.schema.json").read_text())
VALIDATOR = Draft202012Validator(SCHEMA, format_checker=Draft202012Validator.FORMAT_CHECKER)
APPLY = ("--log-format", "json", "apply", "--auto-approve")


def lines(text: str) -> list[dict[str, Any]]:
    """Check every line against the schema; give them."""
    found = [json.loads(line) for line in text.splitlines()]
    for line in found:
        VALIDATOR.validate(line)
    return found


def test_the_schema_is_one_and_says_what_everything_is() -> None:
    Draft202012Validator.check_schema(SCHEMA)
    for at, schema in _schemas(SCHEMA):
        if isinstance(schema.get("properties"), dict) and not at.endswith("/properties"):
            assert schema["additionalProperties"] is False, at
            assert schema["description"], at
            for name, member in schema["properties"].items():
                assert {"description", "$ref"} & set(member), (at, name)


def test_it_knows_every_kind_of_event() -> None:
    kinds = {kind.__name__ for kind in get_args(events.Event)} | {"Ended"}
    assert set(SCHEMA["$defs"]["error"]["properties"]["kind"]["not"]["enum"]) == kinds
    assert {each["$ref"] for each in SCHEMA["oneOf"]} == {
        f"#/$defs/{name}" for name in (*kinds, "error", "message")
    }


@pytest.mark.parametrize(
    ("definition", "member", "kind"),
    [
        ("RolloutProgress", "state", rollouts.State),
        ("Ended", "ending", outcomes.Ending),
        ("cause", "kind", causes.Kind),
    ],
)
def test_it_lists_every_value_of_an_enum(definition: str, member: str, kind: type[Enum]) -> None:
    enum = SCHEMA["$defs"][definition]["properties"][member]["enum"]
    assert sorted(enum) == sorted(each.value for each in kind)


def test_a_run_that_succeeds(cli: Cli, box: Box) -> None:
    ran = cli(*APPLY, "--wait-until", "stable", IMAGE_TAG="2.4.62")
    assert ran.code == 0, ran
    told = lines(ran.err)
    assert {"StepStarted", "StepDone", "RolloutProgress", "ServiceEvent", "Ended"} == {
        line.get("kind") for line in told
    }
    moved = [line for line in told if line["kind"] == "RolloutProgress"]
    assert moved[-1]["state"] == "stable"
    assert moved[-1]["record"]["status"] == "SUCCESSFUL"
    assert moved[-1]["usual"] > 0
    assert [line["result"].rsplit("/", 1)[-1] for line in told if line["kind"] == "StepDone"][:1] == [
        "test-httpd:2"
    ]
    assert (told[-1]["ending"], told[-1]["level"]) == ("succeeded", "info")


def test_a_run_that_is_rolled_back(cli: Cli, box: Box) -> None:
    ran = cli(*APPLY, IMAGE_TAG="crash")
    assert ran.code == 4, ran
    told = lines(ran.err)
    (ended,) = (line for line in told if line.get("kind") == "Ended")
    assert (ended["ending"], ended["level"]) == ("rolled back", "error")
    (why,) = (line for line in told if line.get("kind") == "Diagnosed")
    assert why["unit"] == "service.your-cluster/your-service"
    assert why["causes"][0]["logs"][0]["lines"]
    states = [line["state"] for line in told if line.get("kind") == "RolloutProgress"]
    assert states[-1] == "rolled back"


def test_warnings_and_errors(cli: Cli, box: Box) -> None:
    denied = {"code": "AccessDeniedException", "status": 400, "message": "not authorized to perform it"}
    box.serving.faults([{"operation": "ListServiceDeployments", **denied}])
    told = lines(cli(*APPLY, IMAGE_TAG="2.4.62").err)
    (warned,) = (line for line in told if line.get("kind") == "Warned")
    assert "allow ecs:ListServiceDeployments" in warned["what"]
    assert all(line["record"] is None for line in told if line.get("kind") == "RolloutProgress")
    (wrong,) = lines(cli("plan", "--log-format", "json", IMAGE_TAG=None).err)
    assert (wrong["level"], wrong["kind"]) == ("error", "NotFound")
    (refused,) = lines(cli("--log-format", "json", "apply", IMAGE_TAG="2.4.63").err)
    assert refused["kind"] == "PlanError"


def test_a_line_with_more_or_less_than_that_is_refused() -> None:
    event = events.Warned(unit="u", what="w")
    line = {"event": "w", "level": "info", "timestamp": "2026-01-01T00:00:00Z", **progress.fields(event)}
    assert VALIDATOR.is_valid(line)
    assert not VALIDATOR.is_valid({**line, "surprise": 1})
    assert not VALIDATOR.is_valid({**line, "kind": "Unheard"})
    assert not VALIDATOR.is_valid({name: value for name, value in line.items() if name != "what"})
