"""`plan --format markdown` and `--format github`: what a workflow gets, whatever the plan comes to."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.commands import SEED, Box, Cli, edit

FORMS = ("markdown", "github")


@pytest.fixture
def live(project: Path) -> str:
    """Save what runs, as `aws ecs describe-…` prints it."""
    seed = json.loads(SEED.read_text())
    Path("live.json").write_text(json.dumps({"taskDefinition": seed["task_definitions"][0]}))
    return "live.json"


@pytest.mark.parametrize("form", FORMS)
def test_exit_codes_are_those_of_every_format(cli: Cli, live: str, form: str) -> None:
    arguments = ("plan", "--live", live, "--format", form, "--detailed-exitcode")
    ran = cli(*arguments)
    assert (ran.code, ran.err) == (0, "")
    assert ran.out == "" if form == "github" else "No changes." in ran.out
    ran = cli(*arguments, IMAGE_TAG="2.4.62")
    assert ran.code == 2
    assert "httpd:2.4.62" in ran.out


@pytest.mark.parametrize("form", FORMS)
def test_an_error_that_ends_the_command_is_in_the_report(cli: Cli, live: str, form: str) -> None:
    edit("ecs-task-def.json", "must_env `IMAGE_TAG`", "must_env `NOT_THERE`")
    ran = cli("plan", "--live", live, "--format", form)
    assert ran.code == 1
    assert ran.err.startswith("Error: ecs-task-def.json:11:")
    if form == "github":
        assert ran.out.startswith("::error file=ecs-task-def.json,line=11,col=")
        assert ",title=ecspresso.yml::" in ran.out
        assert len(ran.out.splitlines()) == 1
    else:
        assert ran.out.startswith(
            "<!-- reconciler plan ecspresso.yml -->\n### `ecspresso.yml`: there is no plan.\n\n> [!CAUTION]\n"
        )
        assert f"> {ran.err.removeprefix('Error: ').splitlines()[0][:60]}" in ran.out


def test_what_is_refused_is_an_error_at_its_place(cli: Cli, box: Box) -> None:
    edit("ecs-service-def.json", '"containerName": "httpd-app"', '"containerName": "httpd"')
    ran = cli("plan", "--format", "markdown")
    message = "ecs-service-def.json:12:7: ECS refuses this: the task definition has no container `httpd`"
    assert ran.code == 1
    assert f"\n> [!CAUTION]\n> ```text\n> {message}\n>   try: it has `httpd-app`\n> ```\n" in ran.out
    assert message in ran.err
    ran = cli("plan", "--format", "github")
    assert ran.code == 1
    assert ran.out.splitlines()[0] == (
        "::error file=ecs-service-def.json,line=12,col=7,title=ecspresso.yml%3A refused::"
        "ECS refuses this: the task definition has no container `httpd`%0Atry: it has `httpd-app`"
    )
    assert len(ran.out.splitlines()) == 2, "and a notice of what would change"


def test_what_a_message_quotes_of_a_secret_is_a_mark(cli: Cli, live: str, project: Path) -> None:
    edit("ecs-task-def.json", '"cpu": "256"', '"cpu": "{{ tfstate `output.token` }}"')
    state = json.loads(Path("terraform.tfstate").read_text())
    state["outputs"]["token"] = {"value": "hunter2-hunter2", "type": "string", "sensitive": True}
    Path("terraform.tfstate").write_text(json.dumps(state))
    for form in (*FORMS, "html"):
        ran = cli("plan", "--live", live, "--format", form)
        assert "(sensitive value)" in ran.out
        assert "hunter2" not in ran.out + ran.err
        assert "# tfstate output.token" in ran.out, "why"


def test_paths_are_those_of_the_checkout(cli: Cli, live: str, project: Path) -> None:
    arguments = ("plan", "--live", live, "--format")
    ran = cli(*arguments, "github", IMAGE_TAG="2.4.62", GITHUB_WORKSPACE=str(project.parent))
    assert ran.out.startswith("::notice file=project/ecs-task-def.json,line=11,")
    ran = cli(*arguments, "markdown", GITHUB_WORKSPACE=str(project.parent))
    assert ran.out.startswith("<!-- reconciler plan project/ecspresso.yml -->\n")
    Path("prod.env").write_text("")
    ran = cli(*arguments, "markdown", "--envfile", "prod.env", "--region", "eu-west-1")
    assert ran.out.startswith("<!-- reconciler plan ecspresso.yml envfile=prod.env region=eu-west-1 -->\n")
    # What cannot be planned at all goes into the comment that there is already of these.
    ran = cli(
        "plan", "ecspresso.yml", "--only", "x", "--format", "markdown", GITHUB_WORKSPACE=str(project.parent)
    )
    assert ran.out.startswith("<!-- reconciler plan ecspresso.yml only=x -->\n")
    ran = cli(*arguments, "github", IMAGE_TAG="2.4.62", GITHUB_WORKSPACE="/elsewhere")
    assert ran.out.startswith("::notice file=ecs-task-def.json,line=11,")


def test_a_limit_is_about_comments(cli: Cli, live: str) -> None:
    lines = "\n".join(map(str, range(3000)))
    edit("ecs-task-def.json", "{{ env `LOG_LEVEL` `info` }}", json.dumps(lines)[1:-1])
    ran = cli("plan", "--live", live, "--format", "markdown", "--markdown-limit", "5000")
    assert len(ran.out) <= 5000
    assert "_Left out: " in ran.out
    cli("plan", "--markdown-limit", "5000").one_error("--markdown-limit is about --format markdown")
    cli("plan", "--format", "markdown", "--markdown-limit", "10").one_error("4096")
