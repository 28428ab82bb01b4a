"""What else a project of ecspresso's says, and its commands take, against the sandbox."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.commands import Box, Cli, edit

ROLE = "arn:aws:iam::123456789012:role/deployer"


def say(lines: str) -> None:
    """Add lines to the project file."""
    with Path("ecspresso.yml").open("a") as file:
        file.write(lines)


def test_a_role_is_assumed_first(cli: Cli, box: Box) -> None:
    for given in (("--assume-role-arn", ROLE), ()):
        before = len(box.serving.calls())
        ran = cli("status", *given, ECSPRESSO_ASSUME_ROLE_ARN=None if given else ROLE)
        assert (ran.code, ran.err) == (0, ""), ran
        (assumed, *others) = [call["operation"] for call in box.serving.calls()[before:]]
        assert (assumed, others[0]) == ("AssumeRole", "DescribeServices")


@pytest.mark.parametrize(
    ("constraints", "words"),
    [
        (">= 2.0.0, < 3", ()),
        ("~> 1.7", ("leaves out ecspresso", "2.")),
        ("two", ("required_version", ">= 2.0.0, < 3")),
    ],
)
def test_the_version_that_a_project_requires(
    cli: Cli, box: Box, constraints: str, words: tuple[str, ...]
) -> None:
    say(f'required_version: "{constraints}"\n')
    if not words:
        assert cli("diff", "--exit-code").code == 0
        return
    cli("diff").one_error(*words)
    Path("ecspresso.yml").rename("reconciler.yml")  # ours, which no version of the peer's reads
    ran = cli("diff")
    assert (ran.code, ran.err.split(": ")[0]) == (
        (0, "Warning") if "leaves out" in words[0] else (1, "Error")
    )


def test_the_timeout_of_the_project(cli: Cli, box: Box) -> None:
    box.serving.knobs(speed=0)
    edit("ecspresso.yml", 'timeout: "10m0s"', "timeout: 1")
    ran = cli("deploy", IMAGE_TAG="2.4.62")
    assert ran.code == 5, ran
    assert "not deployed after 1 seconds" in ran.err


def test_keys_that_the_peer_deprecates_are_warned_of(cli: Cli, box: Box) -> None:
    say("filter_command: peco\n")
    ran = cli("diff", "--exit-code")
    assert ran.code == 0, ran
    assert "filter_command is deprecated" in ran.err


def test_ignored_tags_are_left_alone(cli: Cli, box: Box) -> None:
    assert cli("diff", "--exit-code", ENV="prod").code == 2
    say("ignore:\n  tags: [env, cost-center]\n")
    arn = box.service()["serviceArn"]
    box.ecs.tag_resource(resourceArn=arn, tags=[{"key": "cost-center", "value": "7"}])
    for command in ("diff", "deploy"):
        ran = cli(command, *(("--exit-code",) if command == "diff" else ()), ENV="prod")
        assert (ran.code, ran.err) == (0, ""), ran
    assert {tag["key"]: tag["value"] for tag in box.service()["tags"]} == {"env": "dev", "cost-center": "7"}
