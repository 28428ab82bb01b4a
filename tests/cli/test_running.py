"""Tasks, through the command against the sandbox: run, listed, traced, stopped, and the lines they write."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.commands import CLUSTER, SEED, Box, Cli, Typed
from tests.cli.conftest import boxed

LIMIT = ("--timeout", "60s")
JOB = {
    "image": "*httpd:job",
    "outcome": "exit",
    "exit_code": 3,
    "after": 6,
    "logs": ["begun", {"after": 3, "line": "half"}],
}


@pytest.fixture
def shop(project: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Box]:
    """Serve the running example, and images whose tasks end."""
    seed = json.loads(SEED.read_text()) | {
        "outcomes": [
            JOB,
            {"image": "*httpd:well", "outcome": "exit", "logs": ["ok"]},
            {"image": "*httpd:half", "outcome": "noplace", "reason": "Capacity is unavailable", "times": 1},
        ]
    }
    with boxed(seed, monkeypatch) as served:
        yield served


def started(box: Box) -> list[dict[str, object]]:
    """Describe the tasks that no service started, the first first."""
    arns = [
        arn
        for status in ("RUNNING", "STOPPED")
        for arn in box.ecs.list_tasks(cluster=CLUSTER, family="test-httpd", desiredStatus=status)["taskArns"]
    ]
    found = box.ecs.describe_tasks(cluster=CLUSTER, tasks=arns, include=["TAGS"])["tasks"]
    return [task for task in found if task["group"] == "family:test-httpd"]


def reads(box: Box) -> int:
    """Count how often lines were asked for."""
    return sum(call["operation"] == "FilterLogEvents" for call in box.serving.calls())


def test_the_lines_and_the_exit_code_are_the_container_s(cli: Cli, shop: Box) -> None:
    ran = cli("run", *LIMIT, IMAGE_TAG="job")
    assert (ran.code, ran.out) == (3, "begun\nhalf\n"), ran
    assert "STOPPED: Essential container in task exited" in ran.err
    assert "`httpd-app` ended with exit code 3." in ran.err
    assert shop.writes() == ["RegisterTaskDefinition", "RunTask"]
    again = cli("run", *LIMIT, IMAGE_TAG="job")
    assert again.code == 3
    assert shop.revisions() == 2
    lines = cli("logs", "--since", "2h", "--grep", "^h")
    assert (lines.code, lines.out) == (0, "half\nhalf\n"), lines
    (first, second) = started(shop)
    name = str(first["taskArn"]).rpartition("/")[2]
    trace = cli("tasks", "trace", "--id", name, "--duration", "2h")
    assert [line.split("  ")[1] for line in trace.out.splitlines()] == [
        "task: created",
        "task: images are pulled",
        "task: images are there",
        "httpd-app: begun",
        "task: connected to the network",
        "task: its containers have started",
        "httpd-app: half",
        "task: begins to stop",
        "task: its containers have stopped",
        "task: stopped: Essential container in task exited",
    ]
    assert cli("tasks", "logs", "--id", name, "--since", "2h").out == "begun\nhalf\n"
    assert json.loads(cli("tasks", "find", "--id", name[:20]).out)["taskArn"] == first["taskArn"]
    assert {first["lastStatus"], second["lastStatus"]} == {"STOPPED"}


def test_several_tasks_with_tags_and_an_end_that_is_good(cli: Cli, shop: Box) -> None:
    ran = cli(
        "run", *LIMIT, "--count", "2", "--tags", "a=b,c=", "--propagate-tags", "service", IMAGE_TAG="well"
    )
    assert ran.code == 0, ran
    found = started(shop)
    assert sorted(ran.out.splitlines()) == sorted(
        f"{str(t['taskArn']).rpartition('/')[2][:8]} ok" for t in found
    )
    tags = [{"key": "a", "value": "b"}, {"key": "c", "value": ""}, {"key": "env", "value": "dev"}]
    for task in found:
        assert [tag for tag in task["tags"] if not tag["key"].startswith("aws:")] == tags  # type: ignore[attr-defined]


def test_a_dry_run_prints_what_would_be_sent(cli: Cli, shop: Box) -> None:
    overrides = {"ContainerOverrides": [{"name": "httpd-app", "Command": ["ls"]}]}
    Path("o.json").write_text(json.dumps(overrides).replace('"ls"', '"{{ env `WHAT` }}"'))
    ran = cli("run", "--dry-run", "--overrides-file", "o.json", IMAGE_TAG="job", WHAT="ls")
    assert ran.code == 0, ran
    sent = json.loads(ran.out)
    assert sent["taskDefinition"] == "test-httpd:(new revision)"
    assert sent["overrides"] == {"containerOverrides": [{"name": "httpd-app", "command": ["ls"]}]}
    assert sorted(sent) == [
        "cluster", "count", "enableECSManagedTags", "launchType", "networkConfiguration", "overrides",
        "platformVersion", "taskDefinition",
    ]  # fmt: skip
    assert shop.writes() == []


@pytest.mark.parametrize("deletes", [True, False])
def test_a_volume_is_kept_or_deleted_with_its_task(cli: Cli, shop: Box, deletes: bool) -> None:
    role = "arn:aws:iam::123456789012:role/ecsInfrastructureRole"
    volume = {"name": "data", "managedEBSVolume": {"sizeInGiB": 10, "roleArn": role}}
    service = json.loads(cli("render", "service-definition").out)
    Path("ecs-service-def.json").write_text(json.dumps(service | {"volumeConfigurations": [volume]}))
    task = json.loads(cli("render", "task-definition").out)
    Path("ecs-task-def.json").write_text(
        json.dumps(task | {"volumes": [{"name": "data", "configuredAtLaunch": True}, {"name": "other"}]})
    )
    flag = () if deletes else ("--no-ebs-delete-on-termination",)
    sent = json.loads(cli("run", "--dry-run", *flag).out)
    managed = volume["managedEBSVolume"] | {"terminationPolicy": {"deleteOnTermination": deletes}}  # type: ignore[operator]
    assert sent["volumeConfigurations"] == [{"name": "data", "managedEBSVolume": managed}]


def test_lines_are_followed_until_ctrl_c(cli: Cli, shop: Box, monkeypatch: pytest.MonkeyPatch) -> None:
    assert cli("run", *LIMIT, IMAGE_TAG="job").code == 3
    looks = 0

    def sleep(_clock: object, _seconds: float) -> None:
        nonlocal looks
        looks += 1
        if looks == 3:
            raise KeyboardInterrupt
        shop.ecs.run_task(cluster=CLUSTER, taskDefinition="test-httpd:2", launchType="FARGATE", networkConfiguration={
            "awsvpcConfiguration": {"subnets": ["subnet-0a11111111111111a"], "assignPublicIp": "ENABLED"}
        })  # fmt: skip
        shop.serving.advance(60)

    monkeypatch.setattr("reconciler.api.openings.SystemClock.sleep", sleep)
    monkeypatch.setattr("reconciler.api.tasks.LAST_LOOKS", 1)
    (first,) = started(shop)
    name = str(first["taskArn"]).rpartition("/")[2]
    before = reads(shop)
    one = cli(
        "tasks",
        "logs",
        "--id",
        name,
        "--follow",
        "--start-time",
        "2020-01-01T00:00:00Z",
        "--container",
        "httpd-app",
    )
    assert (one.code, one.out, looks, reads(shop) - before) == (0, "begun\nhalf\n", 1, 1), one
    looks = 0
    every = cli("logs", "--follow", "--start-time", "2020-01-01T00:00:00Z", "--timestamps")
    assert every.code == 0, every
    assert every.out.count(" begun\n") == 4
    assert f"Z {name[:8]}/httpd-app begun\n" in every.out
    cli("logs", "--container", "nope").one_error("no container is called nope", "there are httpd-app")
    cli("tasks", "--id", name, "logs", "-f", "--container", "nope").one_error("no container is called nope")
    none = cli("tasks", "--id", name, "logs", "-d", "1s", "-s", "2100-01-01T00:00:00Z")
    assert (none.code, none.out) == (0, "")
    assert "There are no lines since" in none.err
    cli("logs", "--start-time", "yesterday").one_error("is no time")


def test_what_runs_already_is_run_without_waiting(cli: Cli, shop: Box) -> None:
    ran = cli("run", "--skip-task-definition", "--no-wait", "--client-token", "once", IMAGE_TAG="job")
    assert ran.code == 0, ran
    assert cli("run", "--revision", "1", "--no-wait", "--client-token", "once").code == 0
    (task,) = started(shop)
    assert str(task["taskDefinitionArn"]).endswith("test-httpd:1")
    ran = cli("run", "--latest-task-definition", "--wait-until", "running", *LIMIT)
    assert (ran.code, ran.out) == (0, ""), ran
    assert len(started(shop)) == 2


def test_another_definition_whose_image_is_not_there(cli: Cli, shop: Box) -> None:
    text = Path("ecs-task-def.json").read_text().replace("test-httpd", "job")
    Path("job.json").write_text(text)
    ran = cli("run", "--task-def", "job.json", *LIMIT, IMAGE_TAG="nopull")
    assert ran.code == 1, ran
    assert "Why: there is no image" in ran.err
    assert "Error: `httpd-app` did not run to its end: CannotPullContainerError" in ran.err
    assert shop.writes() == ["RegisterTaskDefinition", "RunTask"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--overrides", '{"containerOverrides": [{"name": "htpd"}]}'), "did you mean httpd-app?"),
        (("--overrides", '{"containerOverride": []}'), "`containerOverride` is unknown to ECS"),
        (("--overrides", "{"), "--overrides is no JSON"),
        (("--overrides", "[]"), "--overrides: overrides are an object"),
        (("--watch-container", "x"), "no container is called x"),
        (("--revision", "77"), "there is no revision test-httpd:77"),
        (("--tags", "x"), "'x' is not of the form K=V,K=V"),
        (("--overrides", "{}", "--overrides-file", "x"), "exclude each other"),
    ],
)
def test_what_does_not_fit_is_refused_before_anything_is_sent(
    cli: Cli, shop: Box, arguments: tuple[str, ...], words: str
) -> None:
    cli("run", *arguments, IMAGE_TAG="job").one_error(words)
    assert shop.writes() == []


def test_no_room_and_no_time(cli: Cli, shop: Box) -> None:
    shop.serving.faults([{"operation": "FilterLogEvents", "code": "AccessDeniedException", "message": "no"}])
    ran = cli("run", "--skip-task-definition", "--timeout", "1s")
    assert ran.code == 5, ran
    assert "what `httpd-app` writes cannot be read" in ran.err
    assert "runs on\n  try: `reconciler tasks stop --id ID`" in ran.err


def test_one_of_several_finds_no_place(cli: Cli, shop: Box) -> None:
    ran = cli("run", "--count", "2", "--no-wait", IMAGE_TAG="half")
    assert (ran.code, ran.out) == (1, ""), ran
    assert "a task was not started: Capacity is unavailable" in ran.err
    (task,) = started(shop)
    name = str(task["taskArn"]).rpartition("/")[2]
    assert ran.err.endswith(f"Started {name}.\n")


def test_tasks_are_listed_and_stopped(cli: Cli, shop: Box, monkeypatch: pytest.MonkeyPatch) -> None:
    listed = cli("tasks")
    assert listed.code == 0
    head, *rows = listed.out.splitlines()
    assert head.split("  ")[0] == "ID"
    assert len(rows) == 2
    names = [row.split()[0] for row in rows]
    assert [row.split("\t")[0] for row in cli("tasks", "list", "--output", "tsv").out.splitlines()] == names
    bodies = [json.loads(line) for line in cli("tasks", "--output", "json").out.splitlines()]
    assert [body["taskArn"].rpartition("/")[2] for body in bodies] == names
    cli("tasks", "--find").one_error(
        "there are 2 to choose from, and no terminal to ask on", names[0], names[1]
    )
    cli("tasks", "--find", "--id", "nope").one_error(
        f"no task's id begins with nope; there are:\n    {names[0]}\n    {names[1]}\n"
    )
    cli("--filter-command", "false", "tasks", "--find").one_error("the filter command chose no task")
    found = cli("--filter-command", "tail -1", "tasks", "--find")
    assert json.loads(found.out)["taskArn"].endswith(names[1])
    assert re.fullmatch(r"20[\d-]+T[\d:]+\.\d{3}Z", json.loads(found.out)["createdAt"])
    cli("tasks", "--stop", "--id", names[0]).one_error("there is no terminal to ask on")
    monkeypatch.setattr("sys.stdin", Typed("no\n"))
    assert "Nothing was stopped." in cli("tasks", "--stop", "--id", names[0]).err
    assert shop.writes() == []
    assert cli("tasks", "stop", "--force", "--id", names[0]).code == 0
    assert shop.writes() == ["StopTask"]


def test_flags_of_tasks_stand_before_its_commands_too(cli: Cli, shop: Box) -> None:
    (name, other) = (line.split("\t")[0] for line in cli("tasks", "--output", "tsv").out.splitlines())
    listed = cli("tasks", "--output", "json", "list")
    assert [json.loads(line)["taskArn"].rpartition("/")[2] for line in listed.out.splitlines()] == [
        name,
        other,
    ]
    found = cli("tasks", "--id", other, "find")
    assert json.loads(found.out)["taskArn"].endswith(other)
    assert json.loads(cli("tasks", "--id", other, "find", "--id", name).out)["taskArn"].endswith(name)
    cli("tasks", "--stop", "list").one_error("--find, --stop and --trace do not go with `list`")
    cli("tasks", "--id", "nope", "stop", "--force").one_error("no running task's id begins with nope")
    assert shop.writes() == []
