"""Wrong files: one message each, with place, fault and remedy; nothing is sent."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.commands import Box, Cli, addresses, edit

TASK, SERVICE, PROJECT, STATE = (
    "ecs-task-def.json",
    "ecs-service-def.json",
    "ecspresso.yml",
    "terraform.tfstate",
)
_LEVEL = "{{ env `LOG_LEVEL` `info` }}"
_SUBNET = "`aws_subnet.private_a.id`"
_OUTPUT = "`output.vpc_id`"
Edit = tuple[str, str, str]


def _position(file: str, text: str) -> str:
    """Give line and column of a text in a file, as messages write them."""
    before = Path(file).read_text().partition(text)[0]
    return f"{file}:{before.count(chr(10)) + 1}:{len(before) - before.rfind(chr(10))}"


# What is edited, before which text the message places the fault, and the words of the message.
_WRONG: dict[str, tuple[Edit, str | None, tuple[str, ...]]] = {
    "an integer that is text": (
        (SERVICE, '"desiredCount": 2', '"desiredCount": "two"'),
        '"desiredCount"',
        ("desiredCount: an integer is expected, not a string", "try: write a whole number"),
    ),
    "a list that is an object": (
        (TASK, '[{ "containerPort": 80, "hostPort": 80, "protocol": "tcp" }]', '{ "containerPort": 80 }'),
        '"portMappings"',
        (
            "containerDefinitions[0].portMappings: a list is expected, not an object",
            "try: write it in brackets",
        ),
    ),
    "a boolean that is text": (
        (TASK, '"essential": true', '"essential": "yes"'),
        '"essential"',
        ("containerDefinitions[0].essential: a boolean is expected", "try: write true or false"),
    ),
    "an action that is not closed": (
        (TASK, _LEVEL, "{{ env `LOG_LEVEL` `info` }"),
        '}" },\n        { "name": "VPC',
        ("unexpected '}'", "try: an action ends with }}"),
    ),
    "a condition without a value": (
        (TASK, _LEVEL, "{{ if }}"),
        '}}" },\n        { "name": "VPC',
        ("no value in if", "try: write {{ if VALUE }}"),
    ),
    "an unknown function": (
        (TASK, _LEVEL, "{{ envv `LOG_LEVEL` }}"),
        "envv",
        ("no function envv", "write env"),
    ),
    "the article's slip": (
        (SERVICE, "tfstate `data.aws", "tfstate tfstate `data.aws"),
        "tfstate tfstate",
        ("tfstate takes one argument", "try: {{ tfstate `data.aws_security_group.app.id` }}"),
    ),
    "an unset variable": (
        (TASK, "must_env `IMAGE_TAG`", "must_env `NO_SUCH_TAG`"),
        "must_env `NO_SUCH_TAG`",
        ("NO_SUCH_TAG is not set", "export NO_SUCH_TAG=", "--envfile"),
    ),
    "a resource that is not in the state": (
        (SERVICE, _SUBNET, "`aws_subnet.privat_a.id`"),
        "tfstate `aws_subnet.privat_a",
        ("no resource aws_subnet.privat_a", "did you mean aws_subnet.private_a.id"),
    ),
    "an output that is not in the state": (
        (TASK, _OUTPUT, "`output.vpcid`"),
        "tfstate `output.vpcid",
        ("no output 'vpcid'", "did you mean output.vpc_id?"),
    ),
    "a container twice": (
        (
            TASK,
            '"containerDefinitions": [',
            '"containerDefinitions": [{ "name": "httpd-app", "image": "x" },',
        ),
        '{\n      "command"',
        (
            "`httpd-app` is given twice in `containerDefinitions`",
            "try: keep one of them; the first is at ecs-task-def.json:2:28",
        ),
    ),
    "a variable twice": (
        (TASK, '{ "name": "VPC_ID"', '{ "name": "LOG_LEVEL", "value": "x" }, { "name": "VPC_ID"'),
        '{ "name": "LOG_LEVEL", "value": "x"',
        (
            "`LOG_LEVEL` is given twice in `environment`",
            "try: keep one of them; the first is at ecs-task-def.json:",
        ),
    ),
    "broken JSON": (
        (TASK, '"cpu": "256",', '"cpu": "256"'),
        '"executionRoleArn"',
        ("',' or '}' is missing",),
    ),
    "no family": ((TASK, '"family": "test-httpd",', ""), "{", ("no `family`", 'try: add "family": "NAME"')),
    "broken YAML": (
        (PROJECT, "cluster: your-cluster", "cluster: [your"),
        None,
        ("ecspresso.yml:3:", "missing"),
    ),
    "no duration": ((PROJECT, "10m0s", "ten minutes"), "timeout", ("timeout is no duration", '"10m"')),
    "an unknown plugin": (
        (PROJECT, "name: tfstate", "name: tfstat"),
        "name: tfstat",
        ("no plugin 'tfstat'", "did you mean tfstate?"),
    ),
    "no region": (
        (PROJECT, "region: ap-northeast-1\n", ""),
        None,
        ("no AWS region is set", "`region`", "AWS_REGION"),
    ),
    "no such cluster": (
        (PROJECT, "cluster: your-cluster", "cluster: other"),
        None,
        ("no cluster other in ap-northeast-1", "check `cluster`"),
    ),
    "no such service definition": (
        (PROJECT, SERVICE, "ecs-servce-def.json"),
        None,
        ("ecs-servce-def.json: there is no such file", "did you mean ecs-service-def.json"),
    ),
}


@pytest.mark.parametrize("case", _WRONG)
def test_a_wrong_file_gives_one_message(cli: Cli, box: Box, case: str) -> None:
    change, place, words = _WRONG[case]
    edit(*change)
    where = (f"Error: {_position(change[0], place)}: ",) if place else ()
    for command in (("plan",), ("apply", "--auto-approve")):
        cli(*command).one_error(*where, *words)
    assert box.writes() == []


def test_what_aws_is_known_to_refuse_is_shown_and_not_sent(cli: Cli, box: Box) -> None:
    strategy = '"capacityProviderStrategy": [{ "capacityProvider": "FARGATE_SPOT", "weight": 1 }]'
    edit(SERVICE, '"schedulingStrategy": "REPLICA"', strategy)
    place = _position(SERVICE, '"launchType"')
    for command in (("plan",), ("apply", "--auto-approve"), ("deploy",)):
        ran = cli(*command)
        assert (ran.code, addresses(ran.out)) == (1, ["capacityProviderStrategy"]), ran
        assert ran.err.startswith(
            f"Error: {place}: ECS refuses this: `launchType` and `capacityProviderStrategy` exclude each other"
        )
        assert "remove one of them" in ran.err
    assert box.writes() == []


def _cut() -> None:
    Path(STATE).write_text(Path(STATE).read_text()[:400])


def _folder() -> None:
    Path(STATE).unlink()
    Path(STATE).mkdir()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (_cut, ("terraform.tfstate is truncated or being written", "backup")),
        (
            lambda: edit(STATE, '"version": 4', '"version": 3'),
            ("state of version 3", "version 4 is read", "upgrade"),
        ),
        (
            lambda: Path(STATE).unlink(),
            ("no state at terraform.tfstate", "terraform apply", "optional: true"),
        ),
        (_folder, ("is a folder", "dir: terraform.tfstate")),
    ],
    ids=["truncated", "version 3", "absent", "a folder"],
)
def test_a_state_that_cannot_be_read(
    cli: Cli, box: Box, change: Callable[[], object], words: tuple[str, ...]
) -> None:
    change()
    cli("plan").one_error(f"Error: {_position(TASK, 'tfstate `output.vpc_id`')}: ", *words)
    assert box.writes() == []


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_state_that_may_not_be_read(cli: Cli, box: Box) -> None:
    Path(STATE).chmod(0)
    cli("plan").one_error("terraform.tfstate", "ermission")


@pytest.mark.parametrize(
    ("change", "name", "nearest"),
    [
        ((TASK, '"essential": true', '"esential": true'), "esential", "essential"),
        ((SERVICE, '"maximumPercent"', '"maxPercent"'), "maxPercent", "maximumPercent"),
        ((TASK, '"awslogs-create-group": "true",', '"anything-goes": "true",'), "", ""),
    ],
)
def test_unknown_members_warn_and_are_not_sent(
    cli: Cli, box: Box, change: Edit, name: str, nearest: str
) -> None:
    edit(*change)
    ran = cli("plan", "--format", "json")
    assert (ran.code, ran.err) == (0, "")
    notices = json.loads(ran.out)["notices"]
    assert len(notices) == bool(name)
    if not name:
        return
    place = _position(change[0], f'"{name}"')
    assert notices[0]["what"] == f"`{name}` is unknown to ECS and is not sent"
    human = cli("plan")
    assert (
        f"Warning: {place}: `{name}` is unknown to ECS and is not sent (the nearest name is `{nearest}`)"
        in human.out
    )
    for command in (("plan", "--strict"), ("apply", "--auto-approve", "--strict")):
        cli(*command).one_error(f"Error: {place}: ", f"`{name}`", f"`{nearest}`")
    assert cli("apply", "--auto-approve", IMAGE_TAG="2.4.62").code == 0
    assert name not in json.dumps([call["request"] for call in box.serving.calls()])


def test_an_unknown_key_of_the_project_warns(cli: Cli, box: Box) -> None:
    edit(PROJECT, "timeout:", "timeot:")
    assert "Warning: ecspresso.yml:6:1: timeot" in cli("plan").out
    cli("plan", "--strict").one_error("ecspresso.yml:6:1", "timeot", "timeout")


def test_what_only_aws_says_is_dropped_without_a_word(cli: Cli, box: Box) -> None:
    described = json.loads(json.dumps(box.definition(), default=str))
    Path(TASK).write_text(json.dumps({"taskDefinition": described}))
    service = json.loads(json.dumps(box.service(), default=str))
    Path(SERVICE).write_text(json.dumps({"services": [service]}))
    ran = cli("plan", "--detailed-exitcode", "--strict")
    assert (ran.code, ran.err) == (0, ""), ran
    assert "Warning" not in ran.out
    assert addresses(ran.out) == []


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("plan", "--config", "nope.yml"), ("nope.yml: there is no such file",)),
        (("plan", "--envfile", "no.env"), ("no.env: there is no such file",)),
        (("plan", "--formt", "json"), ("No such option", "--format")),
        (("plan", "--format", "xml"), ("'xml'", "human")),
        (("pln",), ("no command 'pln'", "Did you mean plan?")),
        (("plan", "--ext-str", "x"), ("'x' is not of the form K=V", "--ext-str")),
        (("apply", "--auto-approve", "--timeout", "soon"), ("'soon' is no duration", "10m")),
        (("plan", "--profile", "nope"), ("nope", "aws configure list-profiles")),
        (("wait", "--wait-until", "foo"), ("'foo' is none of stable, deployed",)),
        (("deploy", "--revision", "77"), ("there is no revision test-httpd:77", "list-task-definitions")),
        (("deploy", "--revision", "1", "--latest-task-definition"), ("exclude each other",)),
        (("apply", "plan.json", "surplus"), ("plan.json: there is no such file or folder",)),
    ],
    ids=" ".join,
)
def test_a_wrong_argument_gives_one_message(
    cli: Cli, box: Box, arguments: tuple[str, ...], words: tuple[str, ...]
) -> None:
    cli(*arguments).one_error(*words)
    assert box.writes() == []


def test_no_project_file(cli: Cli, box: Box) -> None:
    Path(PROJECT).unlink()
    cli("plan").one_error("no project file", "reconciler.yml", "ecspresso.jsonnet", "--config")


def test_debug_says_where_an_error_comes_from(cli: Cli, box: Box) -> None:
    edit(SERVICE, _SUBNET, "`aws_subnet.privat_a.id`")
    for arguments in (("plan", "--debug"), ("--debug", "plan")):
        ran = cli(*arguments)
        assert ran.code == 1
        assert ran.err.startswith("Traceback (most recent call last):\n")
        assert "no resource aws_subnet.privat_a" in ran.err
