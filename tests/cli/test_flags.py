"""Flags and variables: what is taken, what is refused by name, and what wins."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.commands import Box, Cli, edit

NEXT = "2.4.62"


@pytest.mark.parametrize(
    "flag",
    [
        ("--tasks", "5"),
        ("--tasks", "0"),
        ("--skip-task-definition",),
        ("--force-new-deployment",),
        ("--force-register",),
        ("--strict",),
        ("--show-sensitive",),
    ],
    ids=" ".join,
)
def test_a_saved_plan_takes_no_flag_that_would_shape_it(cli: Cli, box: Box, flag: tuple[str, ...]) -> None:
    assert cli("plan", "--out", "plan.json", IMAGE_TAG=NEXT).code == 0
    cli("apply", "plan.json", *flag).one_error(f"Error: {flag[0]} ")
    assert box.writes() == []


def test_a_saved_plan_takes_the_flags_about_carrying_it_out(cli: Cli, box: Box) -> None:
    assert cli("plan", "--out", "plan.json", IMAGE_TAG=NEXT).code == 0
    ran = cli("apply", "plan.json", "--auto-approve", "--no-wait", "--timeout", "5m")
    assert ran.code == 0, ran


@pytest.mark.parametrize("value", ["-5s", "-1", "-1h30m"])
def test_a_timeout_is_not_negative(cli: Cli, box: Box, value: str) -> None:
    cli("apply", "--auto-approve", "--timeout", value).one_error(f"{value!r} is less than nothing", "10m")
    cli("apply", "--auto-approve", ECSPRESSO_TIMEOUT=value).one_error("is less than nothing", "10m")
    assert box.writes() == []


@pytest.mark.parametrize(
    "flags",
    [
        ("--tasks", "-1"),
        ("--revision", "0"),
        ("--no-suspend-auto-scaling",),
        ("--no-resume-auto-scaling",),
        ("--filter-command", "peco"),
    ],
    ids=" ".join,
)
def test_flags_of_the_peer_that_ask_for_nothing(cli: Cli, box: Box, flags: tuple[str, ...]) -> None:
    before = box.service()
    ran = cli("deploy", *flags)
    assert (ran.code, ran.err) == (0, ""), ran
    assert box.writes() == []
    assert box.service()["desiredCount"] == before["desiredCount"]


def test_the_count_of_tasks_is_minus_one_or_more(cli: Cli, box: Box) -> None:
    cli("deploy", "--tasks", "-2").one_error("--tasks", "-2")


@pytest.mark.parametrize("variable", ["RECONCILER_FILTER_COMMAND", "ECSPRESSO_FILTER_COMMAND"])
def test_the_filter_command_as_a_variable(cli: Cli, box: Box, variable: str) -> None:
    cli("tasks", "--find", **{variable: "false"}).one_error("the filter command chose no task")
    assert json.loads(cli("tasks", "--find", **{variable: "head -1"}).out)["lastStatus"] == "RUNNING"


@pytest.mark.parametrize("variable", ["RECONCILER_DEBUG", "ECSPRESSO_DEBUG"])
def test_debug_as_a_variable(cli: Cli, box: Box, variable: str) -> None:
    edit("ecs-service-def.json", "`aws_subnet.private_a.id`", "`aws_subnet.privat_a.id`")
    assert cli("plan", **{variable: "1"}).err.startswith("Traceback (most recent call last):\n")
    assert cli("plan", **{variable: "0"}).err.startswith("Error: ")
    assert cli("plan").err.startswith("Error: ")


@pytest.mark.parametrize(
    ("environ", "flags", "colored"),
    [
        ({}, ("--color",), True),
        ({"RECONCILER_COLOR": "1"}, (), True),
        ({"ECSPRESSO_COLOR": "true"}, (), True),
        ({"ECSPRESSO_COLOR": "true", "RECONCILER_NO_COLOR": "1"}, (), False),
        ({"ECSPRESSO_NO_COLOR": "1", "RECONCILER_COLOR": "1"}, (), True),
        ({"RECONCILER_NO_COLOR": "1"}, ("--color",), True),
        ({"ECSPRESSO_NO_COLOR": "0"}, (), True),
        ({"RECONCILER_COLOR": "1"}, ("--no-color",), False),
    ],
)
def test_colour_as_a_variable(
    cli: Cli, box: Box, environ: dict[str, str], flags: tuple[str, ...], colored: bool
) -> None:
    for arguments in ((*flags, "plan"), ("plan", *flags)):
        assert ("\x1b[" in cli(*arguments, IMAGE_TAG=NEXT, **environ).out) is colored, arguments


def test_a_variable_does_not_undo_a_flag_before_the_command(cli: Cli, box: Box) -> None:
    Path("ecspresso.yml").rename("other.yml")
    assert cli("--config", "other.yml", "plan", ECSPRESSO_CONFIG="nope.yml").code == 0
    assert cli("plan", ECSPRESSO_CONFIG="other.yml").code == 0
    assert cli("plan", ECSPRESSO_CONFIG="nope.yml", RECONCILER_CONFIG="other.yml").code == 0


def test_diff_warns_on_stderr(cli: Cli, box: Box) -> None:
    edit("ecs-task-def.json", '"essential": true', '"esential": true')
    ran = cli("diff", "--with-service", "--exit-code")
    assert ran.out == cli("diff", "--without-service").out
    assert ran.err.startswith("Warning: ecs-task-def.json:")
    assert "`esential` is unknown to ECS and is not sent (the nearest name is `essential`)" in ran.err
    (line,) = cli("--log-format", "json", "diff").err.splitlines()
    assert json.loads(line)["level"] == "warning"


def test_documents_as_jsonnet(cli: Cli, box: Box) -> None:
    for target in ("config", "taskdef", "servicedef"):
        written = cli("render", target, "--jsonnet").out
        Path("written.jsonnet").write_text(written)
        assert "\n  " in written
        assert written.endswith(",\n}\n")
    edit("ecspresso.yml", "ecs-service-def.json", "written.jsonnet")
    ran = cli("plan", "--detailed-exitcode")
    assert (ran.code, ran.err) == (0, ""), ran


def test_a_diff_as_jsonnet(cli: Cli, box: Box) -> None:
    plain, ran = cli("diff", IMAGE_TAG=NEXT), cli("diff", "--jsonnet", IMAGE_TAG=NEXT)
    assert "+      image: 'public.ecr.aws/docker/library/httpd:2.4.62',\n" in ran.out
    assert len(ran.out.splitlines()) == len(plain.out.splitlines())
    assert "  containerDefinitions: [\n" in cli("diff", "--no-unified", "--jsonnet", IMAGE_TAG=NEXT).out
    Path("tool.sh").write_text('cat "$2" > got; basename "$2" > name\n')
    assert cli("diff", "--jsonnet", "--without-service", "--external", "sh tool.sh", IMAGE_TAG=NEXT).code == 0
    assert Path("name").read_text() == "desired.jsonnet\n"
    assert "image: '" in Path("got").read_text()
