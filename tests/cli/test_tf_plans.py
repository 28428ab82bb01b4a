"""`--tf-plan`: planning with what Terraform plans, and waiting for what it has yet to make."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.commands import UNIT, Box, Cli, edit
from tests.cli.test_schema import validate

FILE = "ecs-service-def.json"


@pytest.fixture
def plan(project: Path) -> Path:
    """Give a plan that makes a subnet, of which the zone is known and the ID is not."""
    change = {
        "address": "aws_subnet.new",
        "mode": "managed",
        "type": "aws_subnet",
        "name": "new",
        "change": {
            "actions": ["create"],
            "before": None,
            "after": {"availability_zone": "ap-northeast-1a", "tags": {"Name": "subnet-0a11111111111111a"}},
            "after_unknown": {"id": True},
            "after_sensitive": {},
        },
    }
    path = project / "tf.json"
    path.write_text(json.dumps({"planned_values": {}, "resource_changes": [change]}))
    return path


def test_a_planned_value_is_used(cli: Cli, box: Box, plan: Path) -> None:
    edit(FILE, "aws_subnet.private_a.id", "aws_subnet.new.tags.Name")
    cli("plan").one_error("aws_subnet.new")
    assert "No changes." in cli("plan", "--tf-plan", "tf.json").out


def test_a_service_that_needs_what_is_not_made_yet_is_deferred(cli: Cli, box: Box, plan: Path) -> None:
    edit(FILE, "aws_subnet.private_a.id", "aws_subnet.new.id")
    ran = cli("plan", "--tf-plan", "tf.json", "--detailed-exitcode", IMAGE_TAG="2.4.62")
    assert (ran.code, ran.err) == (2, "")
    assert f"# {UNIT}: service your-cluster/your-service is deferred (waits for Terraform)" in ran.out
    assert "waits for tfstate aws_subnet.new.id, at ecs-service-def.json:22:13" in ran.out
    assert "Deferred." in ran.out
    document = validate(cli("plan", "--tf-plan", "tf.json", "--format", "json").out)
    assert (document["complete"], document["applyable"], document["summary"]["defer"]) == (False, False, 1)
    assert document["units"][0]["steps"] == []


@pytest.mark.parametrize(
    "command",
    [
        ("diff",),
        ("diff", "--no-unified"),
        ("diff", "--jsonnet"),
        ("diff", "--external", "false"),
        ("diff", "--without-service"),
        ("plan", "--format", "diff"),
        ("plan",),
    ],
    ids=" ".join,
)
def test_all_that_show_a_deferred_service_say_what_it_waits_for(
    cli: Cli, box: Box, plan: Path, command: tuple[str, ...]
) -> None:
    edit(FILE, "aws_subnet.private_a.id", "aws_subnet.new.id")
    ran = cli(*command, "--tf-plan", "tf.json", IMAGE_TAG="2.4.62")
    assert (ran.code, ran.err) == (0, "")
    assert "waits for tfstate aws_subnet.new.id, at ecs-service-def.json:22:13" in ran.out
    assert ran.out.rstrip().endswith("plan again without it.")


def test_a_deferred_service_counts_as_a_difference(cli: Cli, box: Box, plan: Path) -> None:
    edit(FILE, "aws_subnet.private_a.id", "aws_subnet.new.id")
    assert cli("diff", "--exit-code", "--tf-plan", "tf.json").code == 2


def test_a_deferred_service_has_no_patch(cli: Cli, box: Box, plan: Path) -> None:
    edit(FILE, "aws_subnet.private_a.id", "aws_subnet.new.id")
    [resource] = json.loads(cli("plan", "--format", "patch", "--tf-plan", "tf.json").out)["resources"]
    assert (resource["patch"], resource["awaits"]) == ([], ["tfstate aws_subnet.new.id"])


def test_a_deferred_service_cannot_be_rehearsed(cli: Cli, box: Box, plan: Path) -> None:
    edit(FILE, "aws_subnet.private_a.id", "aws_subnet.new.id")
    ran = cli("plan", "--simulate", "--tf-plan", "tf.json")
    assert ran.code == 1
    assert "is deferred: it waits for tfstate aws_subnet.new.id" in ran.err


def test_plans_and_explanations_tell_a_planned_value(cli: Cli, box: Box, plan: Path) -> None:
    edit(FILE, "aws_subnet.private_a.id", "aws_subnet.new.availability_zone")
    said = "aws_subnet.new.availability_zone, planned by Terraform"
    shown = cli("plan", "--tf-plan", "tf.json").out
    assert f"tfstate {said}" in shown
    assert "aws_subnet.private_c.id" not in shown
    explained = cli("explain", "aws_subnet.new.availability_zone", "--tf-plan", "tf.json").out
    assert "from tfstate aws_subnet.new.availability_zone (planned by Terraform), read from" in explained
    assert "tf.json" in explained


def test_what_does_not_wait_is_explained(cli: Cli, plan: Path) -> None:
    edit(FILE, "aws_subnet.private_a.id", "aws_subnet.new.id")
    assert "LOG_LEVEL" in cli("explain", "/containerDefinitions/0/environment/0", "--tf-plan", "tf.json").out
    told = cli("explain", "aws_subnet.new", "--tf-plan", "tf.json").out
    assert f'{FILE}, which waits for Terraform: tfstate `aws_subnet.new.id` = "(known after apply)"' in told
    assert f"at {FILE}:22:" in told
    cli("explain", "/launchType", "--tf-plan", "tf.json").one_error("aws_subnet.new.id has no value yet")


def test_nothing_of_a_deferred_service_is_applied(cli: Cli, box: Box, plan: Path) -> None:
    edit(FILE, "aws_subnet.private_a.id", "aws_subnet.new.id")
    for command in (("apply", "--auto-approve"), ("deploy",)):
        ran = cli(*command, "--tf-plan", "tf.json", IMAGE_TAG="2.4.62")
        assert ran.code == 1
        assert "is deferred: it waits for tfstate aws_subnet.new.id" in ran.err
    assert cli("plan", "--out", "p.json", "--tf-plan", "tf.json").code == 0
    assert cli("apply", "p.json").code == 1
    assert box.writes() == []


def test_references_tell_what_is_known_later(cli: Cli, project: Path, plan: Path) -> None:
    edit(FILE, "aws_subnet.private_a.id", "aws_subnet.new.id")
    ran = cli("references", "--tf-plan", "tf.json")
    assert ran.code == 0
    assert "known later" in ran.out


def test_a_plan_of_no_state(cli: Cli, project: Path, plan: Path) -> None:
    cli("plan", "--tf-plan", "net_=tf.json").one_error("tf.json is the plan of no state", "--tf-plan FILE")


def test_a_folder_of_terraform_by_one_key(cli: Cli, box: Box, project: Path) -> None:
    infra = project / "infra"
    infra.mkdir()
    (project / "terraform.tfstate").rename(infra / "terraform.tfstate")
    text = (project / "ecspresso.yml").read_text()
    (project / "ecspresso.yml").write_text(text[: text.index("plugins:")] + "terraform: infra\n")
    assert "No changes." in cli("plan").out
    (infra / "terraform.tfstate.d/blue").mkdir(parents=True)
    (infra / "terraform.tfstate").rename(infra / "terraform.tfstate.d/blue/terraform.tfstate")
    assert "No changes." in cli("plan", "--workspace", "blue").out
    assert cli("plan").code == 1
