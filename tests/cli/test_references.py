"""`references` and `explain`: what a project refers to, and where its values come from."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.cli.commands import Cli, edit

FILE, TASK = "ecs-service-def.json", "ecs-task-def.json"


def rows(cli: Cli, *flags: str, **environ: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(cli("references", "--format", "json", *flags, **environ).out)
    return found


def test_every_reference_with_its_place_and_value(cli: Cli, project: Path) -> None:
    ran = cli("references")
    assert (ran.code, ran.err) == (0, "")
    lines = ran.out.splitlines()
    assert lines[0].split() == ["PLACE", "REFERENCE", "RESOLVER", "VALUE"]
    assert len(lines) == 1 + 12
    (image,) = [row for row in rows(cli) if row["path"] == "IMAGE_TAG"]
    text = (project / TASK).read_text().splitlines()[image["line"] - 1]
    assert text[image["column"] - 1 :].startswith("must_env")
    assert (image["resolver"], image["status"], image["value"]) == ("env", "ok", "2.4.61")


def test_all_that_is_wrong_at_once(cli: Cli, project: Path) -> None:
    edit(FILE, "aws_subnet.private_a.id", "aws_subnet.private_b.id")
    edit(TASK, "output.vpc_id", "output.vpc")
    ran = cli("references", IMAGE_TAG=None)
    assert ran.code == 1
    assert "3 references have no value" in ran.err
    wrong = {row["path"]: row for row in rows(cli, IMAGE_TAG=None) if row["status"] != "ok"}  # type: ignore[arg-type]
    assert set(wrong) == {"aws_subnet.private_b.id", "output.vpc", "IMAGE_TAG"}
    assert wrong["output.vpc"]["status"] == "missing"
    assert "did you mean" in ran.out


def test_branches_that_are_not_taken(cli: Cli, project: Path) -> None:
    text = (project / TASK).read_text()
    branch = "{{ if eq (env `STAGE` `dev`) `prod` }}{{ tfstate `output.nothing` }}{{ end }}"
    (project / TASK).write_text(text + branch)
    found = {row["path"]: row["status"] for row in rows(cli)}
    assert found["output.nothing"] == "missing"
    assert found["STAGE:-dev"] == "ok"
    assert cli("render", "taskdef").code == 0


def test_computed_arguments(cli: Cli, project: Path) -> None:
    edit(TASK, "{{ tfstate `output.vpc_id` }}", "{{ $a := `vpc_id` }}{{ tfstatef `output.%s` $a }}")
    (row,) = [row for row in rows(cli) if row["text"].startswith("tfstatef `output")]
    assert (row["path"], row["value"]) == ("output.vpc_id", "vpc-0a1b2c3d4e5f60718")


def test_tags_of_yaml_and_functions_of_jsonnet(cli: Cli, project: Path) -> None:
    definition = json.loads(cli("render", "taskdef").out)
    (project / "task.yml").write_text(
        f"family: {definition['family']}\ncontainerDefinitions:\n"
        "  - name: httpd-app\n    image: !must_env IMAGE_TAG\n    user: !tfstate output.nothing\n"
    )
    edit("ecspresso.yml", TASK, "task.yml")
    found = {row["path"]: (row["line"], row["status"]) for row in rows(cli) if row["file"] == "task.yml"}
    assert found == {"IMAGE_TAG": (4, "ok"), "output.nothing": (5, "missing")}
    edit("ecspresso.yml", "task.yml", "task.jsonnet")
    (project / "task.jsonnet").write_text(
        "local t = std.native('tfstate'); {family: 'web', containerDefinitions: "
        "[{name: t('output.nothing'), image: t('output.vpc_id')}]}"
    )
    natives = {row["path"]: row["status"] for row in rows(cli) if row["file"] == "task.jsonnet"}
    assert natives == {"output.nothing": "missing", "output.vpc_id": "ok"}


def test_secrets_are_marks(cli: Cli, project: Path) -> None:
    state = json.loads((project / "terraform.tfstate").read_text())
    state["outputs"]["password"] = {"value": {"hunter2": "hunter2"}, "type": "string", "sensitive": True}
    (project / "terraform.tfstate").write_text(json.dumps(state))
    edit(TASK, "output.vpc_id", "output.password")
    assert "hunter2" not in cli("references").out + cli("references", "--format", "json").out
    assert "hunter2" not in cli("explain", "output.password").out
    assert "hunter2" in cli("references", "--show-sensitive").out


def test_a_file_that_is_wrong_is_listed_as_far_as_it_goes(cli: Cli, project: Path) -> None:
    edit(TASK, "{{ tfstate `output.vpc_id` }}", "{{ nofunction `x` }}")
    ran = cli("references")
    assert ran.code == 1
    assert "there is no function nofunction" in ran.err
    assert "aws_subnet.private_a.id" in ran.out


@pytest.mark.parametrize(
    ("wanted", "address", "source"),
    [
        ("aws_subnet.private_a.id", "subnets", "terraform.tfstate, serial 42"),
        ("tfstate aws_subnet.private_a.id", "subnets", "terraform.tfstate, serial 42"),
        ("/tags/env", 'tags["env"] = "dev"', "env ENV:-dev"),
        ('containerDefinitions["httpd-app"].image', ".image = ", "env IMAGE_TAG"),
        ('containerDefinitions["httpd-app"].environment', "environment = ", "tfstate output.vpc_id"),
        ("/launchType", 'launchType = "FARGATE"', "as the file says"),
        ("/containerDefinitions/0/image", '["httpd-app"].image = ', "env IMAGE_TAG"),
        ("aws_subnet.private_a", "subnets", "tfstate aws_subnet.private_a.id"),
        ("output.vpc_id.part", '.environment["VPC_ID"] = ', "tfstate output.vpc_id"),
        ("cluster", 'project: cluster = "your-cluster"', "as the file says"),
    ],
)
def test_where_a_value_comes_from(cli: Cli, project: Path, wanted: str, address: str, source: str) -> None:
    ran = cli("explain", wanted)
    assert (ran.code, ran.err) == (0, ""), ran
    assert address in ran.out
    assert source in ran.out
    (first, *_) = json.loads(cli("explain", wanted, "--format", "json").out)
    assert first["line"] > 1


@pytest.mark.parametrize(
    "branch", ["{{ tfstate `output.` }}", "{{ if false }}{{ tfstate `output.` }}{{ end }}"]
)
def test_an_address_that_is_wrong_hides_no_other(cli: Cli, project: Path, branch: str) -> None:
    text = (project / TASK).read_text()
    (project / TASK).write_text(text + branch)
    ran = cli("references")
    assert "output.vpc_id" in ran.out
    assert "IMAGE_TAG" in ran.out
    line = len((text + "x").splitlines())
    assert ("if false" in branch) == (ran.err == ""), ran.err
    assert ran.err == "" or f"Error: {TASK}:{line}:" in ran.err


def test_what_the_project_file_refers_to(cli: Cli, project: Path) -> None:
    edit("ecspresso.yml", "cluster: your-cluster", "cluster: '{{ env `CLUSTER` `c` }}-{{ must_env `X` }}'")
    (found,) = json.loads(cli("explain", "env CLUSTER", "--format", "json", X="1").out)
    assert (found["resource"], found["address"], found["value"]) == ("project", "cluster", "c-1")
    assert (found["file"], found["line"]) == ("ecspresso.yml", 2)
    assert [each["path"] for each in found["sources"]] == ["CLUSTER:-c", "X"]


def test_what_there_is_not(cli: Cli, project: Path) -> None:
    cli("explain", "/launchTyp").one_error("nothing in the project is called /launchTyp", "launchType")
