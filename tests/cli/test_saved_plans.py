"""Saved plans: exactly this is applied, or nothing; and no plan holds a secret."""

from __future__ import annotations

import hashlib
import json
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.cli.commands import CLUSTER, REGION, SERVICE, Box, Cli, Ran, client_of, edit
from tests.cli.test_schema import validate

SECRET = "correct-horse-battery"


def _save(cli: Cli, **environ: str) -> None:
    ran = cli("plan", "--out", "plan.json", **environ)
    assert (ran.code, ran.err) == (0, ""), ran
    assert ran.out.endswith("Saved to plan.json. Apply exactly this with: reconciler apply plan.json\n")


def _rewrite(change: Callable[[dict[str, Any]], object]) -> None:
    """Change a plan file and its digest, as an editor would who means it."""
    body = json.loads(Path("plan.json").read_text())
    del body["digest"]
    change(body)
    digest = hashlib.sha256(json.dumps(body, sort_keys=True).encode()).hexdigest()
    Path("plan.json").write_text(json.dumps(body | {"digest": digest}))


def _state(change: Callable[[dict[str, Any]], object]) -> None:
    file = Path("terraform.tfstate")
    body = json.loads(file.read_text())
    change(body)
    file.write_text(json.dumps(body))


def _refused(ran: Ran, box: Box, *words: str) -> None:
    ran.one_error(*words)
    assert box.writes() == []


def test_a_saved_plan_is_carried_out_without_asking(cli: Cli, box: Box) -> None:
    _save(cli, IMAGE_TAG="2.4.62")
    assert stat.S_IMODE(Path("plan.json").stat().st_mode) == 0o600
    validate(Path("plan.json").read_text())
    # Neither the environment nor the definition files count any more.
    edit("ecs-service-def.json", '"desiredCount": 2', '"desiredCount": 7')
    ran = cli("apply", "plan.json", IMAGE_TAG=None)
    assert (ran.code, ran.out) == (0, ""), ran
    assert "test-httpd:2 runs" in ran.err
    assert box.service()["desiredCount"] == 2
    assert box.definition()["containerDefinitions"][0]["image"].endswith("2.4.62")


def test_a_plan_without_changes_does_nothing(cli: Cli, box: Box) -> None:
    _save(cli)
    ran = cli("apply", "plan.json")
    assert (ran.code, ran.out, ran.err) == (0, "The plan has no changes.\n", "")
    said = cli("plan", "--config", "ecspresso.yml", "--out", "plan.json").out
    assert said.endswith("Apply exactly this with: reconciler apply --config ecspresso.yml plan.json\n")
    assert box.writes() == []


def test_an_old_plan_file_is_replaced_with_the_right_mode(cli: Cli, box: Box) -> None:
    Path("plan.json").write_text("x" * 100_000)
    Path("plan.json").chmod(0o644)
    _save(cli)
    assert stat.S_IMODE(Path("plan.json").stat().st_mode) == 0o600


def test_stale_after_a_live_change(cli: Cli, box: Box) -> None:
    _save(cli, IMAGE_TAG="2.4.62")
    box.ecs.update_service(cluster=CLUSTER, service=SERVICE, desiredCount=5)
    before = box.writes()
    cli("apply", "plan.json").one_error("no longer fits", "desiredCount was changed", "make a new plan")
    assert box.writes() == before


def test_what_the_plan_does_not_depend_on_may_move(cli: Cli, box: Box) -> None:
    _save(cli, IMAGE_TAG="2.4.62")
    _state(lambda state: state.update(serial=99))
    assert cli("apply", "plan.json").code == 0


def test_stale_after_another_value_in_the_state(cli: Cli, box: Box) -> None:
    _save(cli, IMAGE_TAG="2.4.62")
    _state(
        lambda state: state.update(
            serial=43, outputs=state["outputs"] | {"vpc_id": {"value": "vpc-2", "type": "string"}}
        )
    )
    _refused(cli("apply", "plan.json"), box, "tfstate output.vpc_id has another value (serial 42 → 43)")


def test_stale_after_a_value_is_gone(cli: Cli, box: Box) -> None:
    _save(cli, IMAGE_TAG="2.4.62")
    _state(lambda state: state["outputs"].pop("vpc_id"))
    _refused(cli("apply", "plan.json"), box, "tfstate output.vpc_id")


def test_another_lineage(cli: Cli, box: Box) -> None:
    _save(cli, IMAGE_TAG="2.4.62")
    _state(lambda state: state.update(lineage="another"))
    _refused(cli("apply", "plan.json"), box, "another lineage")


def test_another_region(cli: Cli, box: Box) -> None:
    _save(cli, IMAGE_TAG="2.4.62")
    _refused(
        cli("apply", "plan.json", "--region", "eu-west-1"), box, "eu-west-1", f"the plan is for {REGION}"
    )


def test_another_region_of_the_environment(cli: Cli, box: Box) -> None:
    edit("ecspresso.yml", f"region: {REGION}\n", "")
    _save(cli, IMAGE_TAG="2.4.62", AWS_REGION=REGION)
    refused = cli("apply", "plan.json", AWS_REGION="eu-west-1")
    _refused(refused, box, f"the region is eu-west-1, the plan is for {REGION}", "make a new plan")


def test_a_region_of_the_project_counts_before_the_environments(cli: Cli, box: Box) -> None:
    _save(cli, IMAGE_TAG="2.4.62", AWS_REGION="eu-west-1")
    assert cli("apply", "plan.json", AWS_REGION="us-east-1").code == 0
    assert {call["region"] for call in box.serving.calls() if call["service"] == "ecs"} == {REGION}


def test_another_account(cli: Cli, box: Box) -> None:
    _save(cli, IMAGE_TAG="2.4.62")

    def move(body: dict[str, Any]) -> None:
        for unit in body["units"]:
            unit["account"] = "999999999999"

    _rewrite(move)
    _refused(cli("apply", "plan.json"), box, "the account is 123456789012, the plan is for 999999999999")


def test_another_project(cli: Cli, box: Box) -> None:
    _save(cli, IMAGE_TAG="2.4.62")
    edit("ecspresso.yml", 'timeout: "10m0s"', "timeout: 5m")
    _refused(
        cli("apply", "plan.json"), box, "ecspresso.yml", "another one, or has changed", "make a new plan"
    )


def test_a_plan_against_a_saved_description_is_not_applied(cli: Cli, box: Box) -> None:
    Path("live.json").write_text(json.dumps({"taskDefinition": box.definition()}, default=str))
    ran = cli("plan", "--live", "live.json", "--format", "json", IMAGE_TAG="2.4.62")
    Path("plan.json").write_text(ran.out)
    _refused(cli("apply", "plan.json"), box, "cannot be applied", "saved description")


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (lambda text: text[:-20], ("it is no JSON", "make a new plan")),
        (lambda text: text.replace("2.4.62", "2.4.63"), ("digest does not match", "make a new plan")),
        (lambda text: text.replace('"format": 1', '"format": 9'), ("format 9", "reads format 1")),
        (lambda _text: "{}", ("no plan of reconciler", "plan --out")),
        (lambda _text: "[1]", ("no plan of reconciler",)),
        (None, ("no such file",)),
    ],
    ids=["cut off", "changed", "future", "empty", "list", "absent"],
)
def test_a_damaged_file(
    cli: Cli, box: Box, damage: Callable[[str], str] | None, words: tuple[str, ...]
) -> None:
    _save(cli, IMAGE_TAG="2.4.62")
    file = Path("plan.json")
    file.write_text(damage(file.read_text())) if damage else file.unlink()
    _refused(cli("apply", "plan.json"), box, "plan.json", *words)


def test_a_member_that_is_missing_or_wrong_is_damage(cli: Cli, box: Box) -> None:
    _save(cli, IMAGE_TAG="2.4.62")
    for change in (
        lambda body: body["units"][0].pop("address"),
        lambda body: body["units"][0].update(verb="destroy"),
        lambda body: body.update(units=3),
        lambda body: body["units"][0].update(steps=[{"type": "DeleteService"}]),
    ):
        kept = Path("plan.json").read_text()
        _rewrite(change)
        _refused(cli("apply", "plan.json"), box, "damaged")
        Path("plan.json").write_text(kept)


@pytest.mark.parametrize("path", ["no/such/folder/plan.json", "."])
def test_a_plan_that_cannot_be_saved(cli: Cli, box: Box, path: str) -> None:
    cli("plan", "--out", path).one_error(path, "cannot be saved")


def _with_secret(text: str) -> None:
    edit(
        "ecs-task-def.json",
        '{ "name": "VPC_ID"',
        f'{{ "name": "DSN", "value": "{text}" }}, {{ "name": "VPC_ID"',
    )


@pytest.fixture
def parameters(box: Box) -> Any:
    """Have a SecureString in SSM; give boto3's client to rotate it."""
    ssm = client_of(box.serving.endpoint_url, "ssm")
    ssm.put_parameter(Name="/db/password", Value=SECRET, Type="SecureString", Overwrite=True)
    yield ssm
    ssm.close()
    box.serving.reset()


def _environment(box: Box) -> dict[str, str]:
    return {
        each["name"]: each["value"] for each in box.definition()["containerDefinitions"][0]["environment"]
    }


def test_a_secret_is_in_aws_and_nowhere_else(cli: Cli, box: Box, parameters: Any) -> None:
    _with_secret("postgres://u:{{ ssm `/db/password` }}@db")
    for form in ("human", "json", "patch", "diff"):
        ran = cli("plan", "--format", form)
        assert (ran.code, ran.err) == (0, "")
        assert SECRET not in ran.out
        assert "(sensitive value)" in ran.out or form == "patch"
    _save(cli)
    assert SECRET not in Path("plan.json").read_text()
    validate(Path("plan.json").read_text())

    applied = cli("apply", "plan.json", "--debug")
    assert applied.code == 0
    assert SECRET not in applied.out + applied.err
    assert _environment(box)["DSN"] == f"postgres://u:{SECRET}@db"

    again = cli("plan", "--detailed-exitcode")
    assert (again.code, again.err) == (0, "")
    shown = cli("render", "taskdef")
    assert SECRET not in shown.out
    assert SECRET in cli("render", "taskdef", "--show-sensitive").out


def test_a_secret_that_was_rotated_is_refused(cli: Cli, box: Box, parameters: Any) -> None:
    _with_secret("{{ ssm `/db/password` }}")
    _save(cli)
    parameters.put_parameter(Name="/db/password", Value="another-secret", Type="SecureString", Overwrite=True)
    before = box.revisions()
    message = cli("apply", "plan.json").one_error("ssm /db/password", "make a new plan")
    assert SECRET not in message
    assert "another-secret" not in message
    assert box.revisions() == before


def test_a_secret_that_is_computed_cannot_be_saved(cli: Cli, box: Box, parameters: Any) -> None:
    _with_secret("{{ slice (ssm `/db/password`) 3 }}")
    message = cli("plan", "--out", "plan.json").one_error("computed from a secret", "valueFrom")
    assert SECRET not in message
    assert not Path("plan.json").exists()
    assert cli("apply", "--auto-approve").code == 0
    assert _environment(box)["DSN"] == SECRET[3:]


def test_a_secret_that_would_stand_in_clear_cannot_be_saved(cli: Cli, box: Box, parameters: Any) -> None:
    """A reference cannot stand in place of a label's name."""
    edit(
        "ecs-task-def.json",
        '"environment"',
        '"dockerLabels": {"{{ ssm `/db/password` }}": "x"}, "environment"',
    )
    message = cli("plan", "--out", "plan.json").one_error("would stand in clear", "apply without a plan file")
    assert SECRET not in message
    assert not Path("plan.json").exists()
    rendered = cli("render", "taskdef")
    assert json.loads(rendered.out)["containerDefinitions"][0]["dockerLabels"] == {"(sensitive value)": "x"}
    for form in ("human", "json", "diff", "patch"):
        ran = cli("plan", "--format", form)
        assert (ran.code, ran.err) == (0, "")
        assert SECRET not in ran.out, form
    printed = cli("plan", "--format", "json")
    validate(printed.out)
    Path("printed.json").write_text(printed.out)
    cli("apply", "printed.json").one_error("would stand in clear", "apply without a plan file")
    assert SECRET in cli("plan", "--format", "json", "--show-sensitive").out
    assert cli("apply", "--auto-approve").code == 0
    assert box.definition()["containerDefinitions"][0]["dockerLabels"] == {SECRET: "x"}


def test_a_variable_whose_name_says_that_it_is_secret(cli: Cli, box: Box) -> None:
    edit(
        "ecs-task-def.json",
        '{ "name": "VPC_ID"',
        '{ "name": "API_TOKEN", "value": "{{ must_env `API_TOKEN` }}" }, { "name": "VPC_ID"',
    )
    for form in ("human", "json", "diff"):
        ran = cli("plan", "--format", form, API_TOKEN=SECRET)
        assert (ran.code, ran.err) == (0, "")
        assert SECRET not in ran.out
    assert SECRET in cli("plan", "--show-sensitive", API_TOKEN=SECRET).out
    ran = cli("apply", "--auto-approve", API_TOKEN=SECRET)
    assert ran.code == 0
    assert SECRET not in ran.out + ran.err
    assert _environment(box)["API_TOKEN"] == SECRET
    rotated = cli("plan", "--detailed-exitcode", API_TOKEN="other-token-value")
    assert rotated.code == 2
    assert SECRET not in rotated.out
    assert "other-token-value" not in rotated.out


def test_a_refusal_that_quotes_a_secret_is_masked(cli: Cli, box: Box, parameters: Any) -> None:
    _with_secret("{{ ssm `/db/password` }}")
    box.serving.faults(
        [{"operation": "RegisterTaskDefinition", "code": "ClientException", "message": f"no {SECRET} here"}]
    )
    for arguments in ((), ("--debug",), ("--log-format", "json")):
        ran = cli("apply", "--auto-approve", *arguments)
        assert ran.code == 1
        assert "no (sensitive value) here" in ran.err
        assert SECRET not in ran.err


def test_out_excludes_what_would_break_it(cli: Cli, box: Box) -> None:
    for other in (("--show-sensitive",), ("--live", "live.json")):
        ran = cli("plan", "--out", "plan.json", *other)
        assert ran.code == 1
        assert f"--out and {other[0]} exclude each other" in ran.err
