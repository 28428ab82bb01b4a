"""The example's project in HCL: where its variables have their values from, what is said of wrong ones, a story."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import pytest

from tests.cli.commands import ROOT, Box, Cli, Ran, addresses, edit

HCL = ROOT / "fixtures/examples/hcl"
TAG = "2.4.61"
SIDECARS = '{ log = { image = "fluent/fluent-bit:3.2" }, proxy = { image = "envoy:1", port = 9901 } }'


@pytest.fixture(autouse=True)
def in_hcl(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Replace the example's files by those in HCL, whose variable has no default and is set nowhere."""
    for name in ("ecspresso.yml", "ecs-service-def.json", "ecs-task-def.json"):
        (project / name).unlink()
    shutil.copytree(HCL, project, dirs_exist_ok=True)
    monkeypatch.delenv("IMAGE_TAG")


def _tag(ran: Ran) -> str:
    assert (ran.code, ran.err) == (0, ""), ran
    image = json.loads(ran.out)["containerDefinitions"][0]["image"]
    return str(image).rpartition(":")[2]


# Where variables have their values from


def test_later_values_count_in_the_order_that_terraform_documents(cli: Cli) -> None:
    """The environment, terraform.tfvars, its JSON, *.auto.tfvars(.json) by name, then options as they come."""
    environ = {"TF_VAR_tag": "1"}
    assert _tag(cli("render", "taskdef", **environ)) == "1"
    for number, (name, text) in enumerate(
        (
            ("terraform.tfvars", 'tag = "{}"'),
            ("terraform.tfvars.json", '{{"tag": "{}"}}'),
            ("a.auto.tfvars", 'tag = "{}"'),
            ("b.auto.tfvars.json", '{{"tag": "{}"}}'),
            ("c.auto.tfvars", "tag = {}"),
        ),
        start=2,
    ):
        Path(name).write_text(text.format(number))
        assert _tag(cli("render", "taskdef", **environ)) == str(number), name
    Path("other.tfvars").write_text('tag = "7"')
    Path("more.tfvars").write_text('tag = "8"')
    files = ("--var-file", "other.tfvars", "-var-file=more.tfvars")
    assert _tag(cli(*files, "render", "taskdef", **environ)) == "8"
    assert _tag(cli(*files, "--var", "tag=9", "-var=tag=10", "render", "taskdef", **environ)) == "10"
    for path in Path().glob("*.auto.tfvars*"):
        path.unlink()
    assert _tag(cli("render", "taskdef", **environ)) == "3"


def test_texts_are_read_by_the_type_of_the_variable(cli: Cli) -> None:
    ran = cli("--var", "tag=1", "--var", "tasks=3", "--var", 'zones=["d", "c"]', "render", "servicedef")
    service = json.loads(ran.out)
    assert service["desiredCount"] == 3
    assert [subnet[:9] for subnet in service["networkConfiguration"]["awsvpcConfiguration"]["subnets"]] == [
        "subnet-0a", "subnet-0d", "subnet-0c",
    ]  # fmt: skip


def test_a_definition_may_have_a_variable_of_its_own(cli: Cli) -> None:
    edit("task.hcl", '"test-httpd"\n', 'var.family\n\nvariable "family" {}\n')
    ran = cli("--var", "tag=1", "--var", "family=x", "render", "taskdef", "servicedef")
    assert (ran.code, ran.err) == (0, "")
    assert '"family": "x"' in ran.out


# What is said of wrong ones


@pytest.mark.parametrize(
    ("flags", "file", "words"),
    [
        ((), "", ("reconciler.hcl:14:1: the variable tag has no value", '14 | variable "tag" {', "TF_VAR_tag")),
        (("--var", "tga=1"), "", ("reconciler.hcl:14:1: ", "a value is given for tga")),
        (("--var", "tag=v1"), "", ("reconciler.hcl:19:21: ", "is refused: A tag is a version, not v1.", "-var tag")),
        (("--var", "tag"), "", ("-var: a variable and its value are required", '-var "image=nginx"')),
        (("--var", "tag=1", "--var", "taks=3"), "", ("-var taks: there is no variable taks", "did you mean tasks?")),
        (("--var", "tag=1", "--var", "tasks=many"), "", ("-var tasks: the value of the variable tasks does not",)),
        (("--var", "tag=1", "--var", "zones=[c]"), "", ("-var zones: the value cannot be read", 'is written "c"')),
        ((), 'tag = "1"\n tasks = "x"\n', ("terraform.tfvars:2:2: the value of the variable tasks", "a number")),
        ((), 'tag = ["1"]\n', ("terraform.tfvars:1:1: the value of the variable tag", "a string is required")),
        ((), 'tag = "v2"\n', ("reconciler.hcl:19:21: ", "A tag is a version, not v2.", "from terraform.tfvars:1:1")),
        ((), "tag =\n", ("terraform.tfvars:1:6: an expression is missing",)),
        ((), "tag = var.tag\n", ("terraform.tfvars:1:7: ", "a constant is required")),
        (("--var-file", "none.tfvars"), "", ("none.tfvars: there is no such file",)),
    ],
)  # fmt: skip
def test_one_message_at_its_place(
    cli: Cli, flags: tuple[str, ...], file: str, words: tuple[str, ...]
) -> None:
    if file:
        Path("terraform.tfvars").write_text(file)
    message = cli(*flags, "render", "taskdef").one_error(*words)
    assert len(re.findall(r"^(?:Error: )?[-\w.]+(?: \w+)?(?::\d+:\d+)?: ", message, re.MULTILINE)) == 1, (
        message
    )


def test_values_that_no_variable_asks_for(cli: Cli, box: Box) -> None:
    """A file's are worth a warning, the environment's are nobody's business: as with Terraform."""
    Path("terraform.tfvars").write_text(f'tag = "{TAG}"\ntaks = 5\n')
    Path("more.tfvars").write_text('region = "x"')
    ran = cli("--var-file", "more.tfvars", "plan", TF_VAR_nobody="x")
    assert (ran.code, ran.err) == (0, "")
    assert re.findall(r"^Warning: (.*)$", ran.out, re.MULTILINE) == [
        "terraform.tfvars:2:1: there is no variable taks (did you mean tasks?)",
        'more.tfvars:1:1: there is no variable region (write variable "region" {})',
    ]
    cli("plan", "--strict").one_error("terraform.tfvars:2:1: there is no variable taks")
    Path("terraform.tfvars").write_text(f'tag = "{TAG}"')
    assert "Warning" not in cli("plan", TF_VAR_nobody="x").out


# A whole story


def test_the_same_in_hcl_is_no_change(cli: Cli, box: Box) -> None:
    ran = cli("plan", "--detailed-exitcode", TF_VAR_tag=TAG)
    assert (ran.code, ran.err) == (0, ""), ran
    assert box.writes() == []


def test_a_saved_plan_is_carried_out_and_then_there_is_nothing_to_do(cli: Cli, box: Box) -> None:
    flags = ("--var", "tag=2.4.62", "--var", 'env={ LOG_LEVEL = "debug" }', "--var", f"sidecars={SIDECARS}")
    ran = cli(*flags, "plan", "--out", "plan.json")
    assert (ran.code, ran.err) == (0, ""), ran
    assert {
        'containerDefinitions["httpd-app"].environment["LOG_LEVEL"]',
        'containerDefinitions["httpd-app"].image',
    } <= set(addresses(ran.out)), ran.out
    # Neither variables nor definition files count any more.
    edit("task.hcl", '"test-httpd"\n', '"another"\n')
    ran = cli("apply", "plan.json")
    assert (ran.code, ran.out) == (0, ""), ran
    edit("task.hcl", '"another"\n', '"test-httpd"\n')
    containers = {each["name"]: each for each in box.definition()["containerDefinitions"]}
    assert list(containers) == ["httpd-app", "log", "proxy"]
    assert containers["httpd-app"]["image"].endswith(":2.4.62")
    assert {each["name"]: each["value"] for each in containers["httpd-app"]["environment"]} == {
        "LOG_LEVEL": "debug",
        "VPC_ID": "vpc-0a1b2c3d4e5f60718",
    }
    assert [each["containerPort"] for each in containers["proxy"]["portMappings"]] == [9901]
    assert containers["log"]["portMappings"] == []
    again = cli(*flags, "plan", "--detailed-exitcode")
    assert (again.code, again.err) == (0, ""), again
    assert cli("plan", "--detailed-exitcode", TF_VAR_tag=TAG).code == 2


# Where values come from


@pytest.mark.parametrize(
    ("wanted", "address", "source"),
    [
        ("var.tag", 'containerDefinitions["httpd-app"].image', "variable tag, terraform.tfvars:2:1"),
        ("/containerDefinitions/httpd-app/image", "image", "variable tag, terraform.tfvars:2:1"),
        ("local.zones", "links", "local value zones, task.hcl:"),
        ("local.zones", "links", "tfstate aws_subnet.private_a.id, read from"),
        ("aws_subnet.private[*].id", "entryPoint", "tfstate aws_subnet.private, read from"),
        ("values(aws_subnet.private)[*].id", "entryPoint", "tfstate aws_subnet.private, read from"),
        ("env STAGE", "user", "env STAGE:-dev"),
        ('env("STAGE", "dev")', "user", "env STAGE:-dev"),
        ("env `STAGE`", "user", "env STAGE:-dev"),
    ],
)
def test_a_value_is_explained_by_what_the_file_says(cli: Cli, wanted: str, address: str, source: str) -> None:
    Path("terraform.tfvars").write_text(f'\ntag = "{TAG}"\n')
    edit("task.hcl", 'entry_point = ["sh", "-c"]', "entry_point = values(aws_subnet.private)[*].id")
    edit("task.hcl", "essential   = true", 'user = env("STAGE", "dev")\n  links = local.zones')
    path = Path("task.hcl")
    path.write_text(path.read_text() + "\nlocals {\n  zones = [aws_subnet.private_a.id]\n}\n")
    ran = cli("explain", wanted)
    assert (ran.code, ran.err) == (0, ""), ran
    assert address in ran.out
    assert source in ran.out


def test_names_in_json(cli: Cli) -> None:
    ran = cli("--var", f"tag={TAG}", "explain", "var.tag", "--format", "json")
    assert json.loads(ran.out)[0]["names"] == [
        {"name": "var.tag", "file": "-var tag", "line": 0, "column": 0}
    ]
    cli("--var", f"tag={TAG}", "explain", "var.tga").one_error(
        "nothing in the project is called var.tga", "var.tag"
    )
