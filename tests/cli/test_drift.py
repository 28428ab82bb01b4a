"""Drift and who moved, through the command against the sandbox."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from tests.cli.commands import CLUSTER, SERVICE, UNIT, Box, Cli, client_of, edit

ROOT = Path(__file__).parents[2]
SCHEMA = json.loads((ROOT / "docs/schemas/drift.schema.json").read_text())
TASK = "task_definition.test-httpd"
HOME = "    account: '123456789012'\n    region: ap-northeast-1\n"


def settle(place: str) -> None:
    """Name a place for records."""
    with Path("ecspresso.yml").open("a") as file:
        file.write(f"record: {place}\n")


def drifts(cli: Cli, code: int = 2) -> dict[str, Any]:
    """Give the differences by unit and address."""
    ran = cli("drift", "--format", "json")
    assert ran.code == code, ran
    document = json.loads(ran.out)
    Draft202012Validator(SCHEMA).validate(document)
    (project,) = document["projects"]
    return {f"{drift['unit']} {drift['address']}": drift for drift in project["drifts"]}


def test_each_cause_is_told(cli: Cli, box: Box) -> None:
    settle("./.applied")
    assert cli("apply", "--auto-approve").code == 0
    (record,) = Path(".applied").iterdir()
    assert record.name == f"123456789012.ap-northeast-1.service.{CLUSTER}.{SERVICE}.json"
    ran = cli("drift")
    assert (ran.code, ran.out) == (0, "No drift. What runs is what the files describe.\n")
    box.ecs.update_service(cluster=CLUSTER, service=SERVICE, enableECSManagedTags=False, desiredCount=3)
    found = drifts(cli)
    assert {name: drift["cause"] for name, drift in found.items()} == {
        f"{UNIT} desiredCount": "live",
        f"{UNIT} enableECSManagedTags": "live",
    }
    edit("ecs-task-def.json", "`info`", "`debug`")
    edit("ecs-service-def.json", '"desiredCount": 2', '"desiredCount": 4')
    text = Path("terraform.tfstate").read_text()
    Path("terraform.tfstate").write_text(
        text.replace("vpc-0a1b2c3d4e5f60718", "vpc-0fffffffffffffff0").replace('"serial": 42', '"serial": 43')
    )
    found = drifts(cli)
    log, vpc = (
        f'{TASK} containerDefinitions["httpd-app"].environment["{name}"]' for name in ("LOG_LEVEL", "VPC_ID")
    )
    assert {name: (drift["cause"], drift["also"]) for name, drift in found.items()} == {
        log: ("configuration", None),
        vpc: ("infrastructure", None),
        f"{UNIT} desiredCount": ("configuration", "live"),
        f"{UNIT} enableECSManagedTags": ("live", None),
    }
    assert found[vpc]["moved"] == [
        {
            "address": "tfstate output.vpc_id",
            "before": "vpc-0a1b2c3d4e5f60718",
            "after": "vpc-0fffffffffffffff0",
            "then": "42",
            "now": "43",
            "counted": "serial",
        }
    ]
    told = cli("drift").out
    assert (
        '  infrastructure (medium): containerDefinitions["httpd-app"].environment["VPC_ID"] is "vpc-0a1b'
        in told
    )
    assert (
        '    tfstate output.vpc_id: "vpc-0a1b2c3d4e5f60718" -> "vpc-0fffffffffffffff0" (serial 42 -> 43)\n'
        in told
    )
    assert "    the files moved, and are not applied yet; and AWS was changed, too\n" in told


def test_without_a_record_there_are_two_sides_and_it_says_so(cli: Cli, box: Box) -> None:
    box.ecs.update_service(cluster=CLUSTER, service=SERVICE, desiredCount=3)
    assert drifts(cli)[f"{UNIT} desiredCount"]["cause"] is None
    ran = cli("drift")
    assert ran.code == 2
    assert ran.out.endswith(
        "Drift. Causes are not known where the last apply is not recorded (`record` in the project file says where).\n"
    )


def test_what_is_gone_and_what_never_was(cli: Cli, empty: Box) -> None:
    settle(".applied")
    assert drifts(cli)[f"{UNIT} "]["cause"] is None
    assert cli("plan", "--out", "p.json").code == 0
    assert cli("apply", "p.json", "--no-wait").code == 0
    empty.serving.knobs(speed=0)
    empty.ecs.delete_service(cluster=CLUSTER, service=SERVICE, force=True)
    told = drifts(cli)[f"{UNIT} "]
    assert (told["cause"], told["gone"], told["note"]) == (
        "live",
        True,
        "AWS shows it as DRAINING: it is being deleted",
    )
    empty.serving.advance(600)
    assert drifts(cli)[f"{UNIT} "]["note"] == "AWS shows it as INACTIVE: it was deleted"
    empty.ecs.delete_cluster(cluster=CLUSTER)
    ran = cli("drift")
    assert ran.code == 2, ran
    assert f"{UNIT}\n  live (high): it is gone\n    it was applied, and is not in AWS any more\n" in ran.out
    assert ran.out.splitlines()[0].startswith("last applied 20")
    assert f"    the cluster {CLUSTER} is not there\n" in ran.out


def test_drift_is_accepted_for_as_long_as_it_is_the_same(cli: Cli, box: Box) -> None:
    box.ecs.update_service(cluster=CLUSTER, service=SERVICE, desiredCount=3, enableECSManagedTags=False)
    cli("drift", "--accept", "--reason", "x", "--until", "2001-01-01").one_error("2001-01-01 is over")
    ran = cli("drift", "--accept", "--reason", "x", "--fail-on", "high")
    assert ran.err == "There is nothing to accept.\nOf 2 differences 0 count for --fail-on.\n"
    assert not Path("drift-accepted.yml").exists()
    ran = cli("drift", "--accept", "--reason", "x", "--fail-on", "low")
    assert ran.err.startswith(f"accepted: {UNIT} enableECSManagedTags\nOf 1 difference 0 count")
    Path("drift-accepted.yml").unlink()
    ran = cli("drift", "--accept", "--reason", "load test", "--until", "2999-01-01")
    assert ran.code == 0, ran
    assert f"accepted: {UNIT} desiredCount\n" in ran.err
    assert "    accepted until 2999-01-01: load test\n" in ran.out
    assert ran.out.endswith("No drift but what is accepted.\n")
    assert Path("drift-accepted.yml").read_text() == (
        f"accepted:\n  - unit: {UNIT}\n{HOME}    address: desiredCount\n    live: 3\n    reason: load test\n"
        f"    until: '2999-01-01'\n  - unit: {UNIT}\n{HOME}    address: enableECSManagedTags\n    live: false\n"
        "    reason: load test\n    until: '2999-01-01'\n"
    )
    assert drifts(cli, 0)[f"{UNIT} desiredCount"]["accepted"]["reason"] == "load test"
    box.ecs.update_service(cluster=CLUSTER, service=SERVICE, desiredCount=4)
    assert drifts(cli)[f"{UNIT} desiredCount"]["accepted"] is None
    edit("drift-accepted.yml", "live: 3", "live: 4")
    assert cli("drift").code == 0
    kept = Path("drift-accepted.yml")
    kept.write_text(kept.read_text().replace("'2999-01-01'", "2001-01-01"))
    assert drifts(cli)[f"{UNIT} desiredCount"]["accepted"]["expired"] is True
    assert "    was accepted until 2001-01-01: load test\n" in cli("drift").out


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a: [", "drift-accepted.yml:1:5: this is no YAML"),
        ("accepted: 3", "an object with a list `accepted`"),
        ("accepted: [{unit: x}]", "accepted[0] needs `unit` and `address`"),
        ("accepted: [{unit: x, address: y, untl: z}]", "accepted[0]: `untl` is unknown"),
        ("accepted: [{unit: x, address: y, until: soon}]", "accepted[0].until: 'soon' is no day"),
    ],
)
def test_what_is_no_acceptance(cli: Cli, box: Box, text: str, words: str) -> None:
    Path("drift-accepted.yml").write_text(text)
    cli("drift").one_error(words)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--accept",), "--reason TEXT"),
        ((".", "--accept", "--reason", "x"), "is about one project"),
        (("--reason", "x"), "go with --accept"),
        (("--accept", "--reason", "x", "--until", "friday"), "--until: 'friday' is no day"),
        (("--auto-approve",), "--auto-approve goes with --fix"),
        (("--out", "p.json"), "--out goes with --fix"),
        (("--fix", "--out", "p.json", "--auto-approve"), "one of them"),
        ((".", "--fix"), "--fix is about one project"),
        (("--fix", "--format", "json"), "--fix shows a plan"),
        (("--fail-on", "lives"), "'lives' is none of configuration, infrastructure, live, unmanaged, high"),
    ],
)
def test_flags_that_do_not_fit(cli: Cli, project: Path, arguments: tuple[str, ...], words: str) -> None:
    cli("drift", *arguments).one_error(words)


def test_causes_that_matter(cli: Cli, box: Box) -> None:
    settle(".applied")
    assert cli("apply", "--auto-approve").code == 0
    edit("ecs-service-def.json", '"desiredCount": 2', '"desiredCount": 4')
    assert [cli("drift", "--fail-on", causes).code for causes in ("live", "live,configuration", "")] == [
        0,
        2,
        2,
    ]


def test_records_in_s3_and_secrets_that_move(cli: Cli, box: Box, monkeypatch: pytest.MonkeyPatch) -> None:
    endpoint = box.serving.endpoint_url
    s3, ssm = client_of(endpoint, "s3"), client_of(endpoint, "ssm")
    monkeypatch.setenv("AWS_S3_FORCE_PATH_STYLE", "1")
    s3.create_bucket(Bucket="records", CreateBucketConfiguration={"LocationConstraint": "ap-northeast-1"})
    ssm.put_parameter(Name="/app/key", Value="first-secret-value", Type="SecureString")
    settle("s3://records/team/")
    edit("ecs-task-def.json", "`LOG_LEVEL` `info`", "`LOG_LEVEL`")
    edit("ecs-task-def.json", "{{ env `LOG_LEVEL` }}", "{{ ssm `/app/key` }}")
    assert cli("apply", "--auto-approve", "--no-wait").code == 0
    (kept,) = s3.list_objects_v2(Bucket="records")["Contents"]
    assert kept["Key"] == f"team/123456789012.ap-northeast-1.service.{CLUSTER}.{SERVICE}.json"
    assert b"secret-value" not in s3.get_object(Bucket="records", Key=kept["Key"])["Body"].read()
    assert drifts(cli, 0) == {}
    ssm.put_parameter(Name="/app/key", Value="second-secret-value", Type="SecureString", Overwrite=True)
    ((name, drift),) = drifts(cli).items()
    assert name == f'{TASK} containerDefinitions["httpd-app"].environment["LOG_LEVEL"]'
    assert drift["cause"] == "infrastructure"
    assert "secret-value" not in json.dumps(drift) + cli("drift").out


@pytest.mark.parametrize(
    "text", ["{", '{"format": 1, "at": 0, "values": {}, "plan": {}}', '{"format": 9}', "[]"]
)
def test_a_record_that_is_damaged(cli: Cli, box: Box, text: str) -> None:
    settle(".applied")
    assert cli("apply", "--auto-approve").code == 0
    (record,) = Path(".applied").iterdir()
    record.write_text(text)
    cli("drift").one_error(f"the record {record}")
    assert cli("apply", "--auto-approve").code == 0
    assert cli("drift").code == 0


def test_a_place_that_cannot_be_written(cli: Cli, box: Box) -> None:
    settle("ecs-task-def.json")
    ran = cli("apply", "--auto-approve")
    assert ran.code == 0
    assert "the apply is not recorded" in ran.err


def test_many_projects_at_once(cli: Cli, box: Box) -> None:
    box.ecs.update_service(cluster=CLUSTER, service=SERVICE, desiredCount=3)
    Path("broken").mkdir()
    Path("broken/reconciler.yml").write_text("service: [\n")
    with Path("ecspresso.yml").open("a") as file:
        file.write("recrd: .applied\n")
    ran = cli("drift", ".")
    assert "did you mean record" in ran.err, "a slip of which nothing but the causes tells"
    assert ran.code == 1, ran
    assert ran.out.startswith("== ecspresso.yml\n")
    assert "Error: broken/reconciler.yml:2:1: " in ran.out
    assert "2 projects: 1 with drift, 0 without, 1 failed." in ran.out


def test_who_changed_what(cli: Cli, box: Box) -> None:
    settle(".applied")
    assert cli("apply", "--auto-approve").code == 0
    box.ecs.update_service(cluster=CLUSTER, service=SERVICE, desiredCount=3)
    ran = cli("drift", "--who", "--format", "json")
    (drift,) = json.loads(ran.out)["projects"][0]["drifts"]
    (change,) = drift["by"]
    assert (change["who"], change["event"]) == ("arn:aws:iam::123456789012:user/sandbox", "UpdateService")
    assert change["client"].startswith("boto3 ")
    asked = [call["request"] for call in box.serving.calls() if call["operation"] == "LookupEvents"]
    assert [each["LookupAttributes"][0]["AttributeValue"] for each in asked] == ["UpdateService"]
    box.serving.faults(
        [
            {
                "service": "cloudtrail",
                "operation": "LookupEvents",
                "code": "AccessDeniedException",
                "status": 400,
            }
        ]
    )
    ran = cli("drift", "--who")
    assert ran.code == 2
    assert "who changed what cannot be known: " in ran.err
    assert "allow cloudtrail:LookupEvents to the caller" in ran.err
    assert "cloudtrail:LookupEvents" in cli("iam-policy", "drift", "--who").out
    assert "cloudtrail:" not in cli("iam-policy", "drift").out


def test_drift_is_fixed_and_the_files_changes_wait(cli: Cli, box: Box) -> None:
    settle(".applied")
    assert cli("apply", "--auto-approve").code == 0
    box.ecs.update_service(cluster=CLUSTER, service=SERVICE, desiredCount=3)
    edit("ecs-task-def.json", "`info`", "`debug`")
    place = 'task_definition.test-httpd containerDefinitions["httpd-app"].environment["LOG_LEVEL"]'
    asked = cli("drift", "--fix", "--fail-on", "live")
    assert (asked.code, box.service()["desiredCount"]) == (1, 3)
    assert "there is no terminal to ask on" in asked.err
    ran = cli("drift", "--fix", "--fail-on", "live", "--auto-approve")
    assert ran.code == 0, ran
    assert f"left as it is in AWS: {place}\n" in ran.err
    assert (box.service()["desiredCount"], box.revisions()) == (2, 1)
    assert {name: drift["cause"] for name, drift in drifts(cli).items()} == {place: "configuration"}
    assert cli("drift", "--fix", "--fail-on", "live").out == "No drift to fix.\n"
