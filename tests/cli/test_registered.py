"""`register`, `revisions` and `deregister`, against the sandbox."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.cli.commands import CLUSTER, SERVICE, Box, Cli, Typed, edit
from tests.cli.test_events import lines

NEXT = "2.4.62"
CLONED = (
    "family",
    "networkMode",
    "requiresCompatibilities",
    "cpu",
    "memory",
    "executionRoleArn",
    "containerDefinitions",
)


def clone(box: Box, count: int) -> None:
    """Register the newest revision again, as the peer does with every deployment."""
    definition = box.definition()
    for _ in range(count):
        box.ecs.register_task_definition(**{name: definition[name] for name in CLONED})


def statuses(box: Box) -> dict[int, str]:
    """Give the status of every revision that can still be described, by its number."""
    found = {}
    for number in range(1, 10):
        try:
            found[number] = box.definition(f"test-httpd:{number}")["status"]
        except box.ecs.exceptions.ClientException:
            break
    return found


def test_register(cli: Cli, box: Box) -> None:
    before = box.service()["taskDefinition"]
    ran = cli("register", IMAGE_TAG=NEXT)
    assert ran.code == 0, ran
    assert (
        f'"public.ecr.aws/docker/library/httpd:2.4.61" -> "public.ecr.aws/docker/library/httpd:{NEXT}"'
        in ran.out
    )
    assert ran.err.endswith("test-httpd:2 is registered.\n")
    assert box.writes() == ["RegisterTaskDefinition"]
    assert box.service()["taskDefinition"] == before


def test_register_prints_what_was_registered(cli: Cli, box: Box) -> None:
    printed = json.loads(cli("register", "--output", IMAGE_TAG=NEXT).out)
    assert printed["taskDefinitionArn"] == box.definition("test-httpd:2")["taskDefinitionArn"]
    assert printed["containerDefinitions"][0]["image"].endswith(NEXT)
    again = cli("register", "--output", IMAGE_TAG=NEXT)
    assert json.loads(again.out) == printed
    assert "test-httpd:2 is registered already, and equal." in again.err
    assert box.revisions() == 2


def test_register_insists_where_it_is_told_to(cli: Cli, box: Box) -> None:
    assert cli("register").code == 0
    assert box.writes() == []
    assert cli("register", "--force-register").code == 0
    assert box.writes() == ["RegisterTaskDefinition"]


def test_a_dry_run_registers_nothing(cli: Cli, box: Box) -> None:
    ran = cli("register", "--dry-run", IMAGE_TAG=NEXT)
    assert (ran.code, ran.err) == (0, "")
    assert "Plan: 0 to add, 1 to change, 0 to destroy." in ran.out
    body = json.loads(cli("register", "--dry-run", "--output", IMAGE_TAG=NEXT).out)
    assert (body["family"], "revision" in body) == ("test-httpd", False)
    assert box.writes() == []


def test_register_is_about_the_newest_revision_and_not_the_one_that_runs(cli: Cli, box: Box) -> None:
    assert cli("register", IMAGE_TAG=NEXT).code == 0
    assert cli("register").code == 0  # as the one that runs, and not as the newest
    assert box.revisions() == 3


def test_a_project_without_a_task_definition_registers_none(cli: Cli, box: Box) -> None:
    edit("ecspresso.yml", "task_definition: ecs-task-def.json\n", "")
    cli("register").one_error("names no task definition")


def test_json_logs_fit_their_schema(cli: Cli, box: Box) -> None:
    asked = (("register",), ("register",), ("deregister", "--revision", "2", "--force", "--delete"),
             ("delete", "--terminate", "--force"))  # fmt: skip
    told = [lines(cli("--log-format", "json", *words, IMAGE_TAG=NEXT).err) for words in asked]
    assert [[line["kind"] for line in each if "kind" in line] for each in told] == [
        ["StepStarted", "StepDone"], [], ["StepStarted", "StepDone"] * 2, ["StepStarted", "StepDone"],
    ]  # fmt: skip
    assert [each[-1]["event"].split(".")[0] for each in told] == [
        "test-httpd:2 is registered", "test-httpd:2 is registered already, and equal",
        "1 revision deregistered and deleted", "Deleted",
    ]  # fmt: skip


def test_revisions_in_every_form(cli: Cli, box: Box) -> None:
    clone(box, 9)
    assert cli("revisions").out.splitlines()[:3] == [
        "NAME           IN USE", "test-httpd:1   PRIMARY deployment", "test-httpd:2",
    ]  # fmt: skip
    rows = [json.loads(line) for line in cli("revisions", "--output", "json").out.splitlines()]
    assert [row["name"] for row in rows] == [f"test-httpd:{number}" for number in range(1, 11)]
    assert [row["in_use"] for row in rows[:2]] == ["PRIMARY deployment", ""]
    assert cli("revisions", "--output", "tsv").out.startswith(
        "test-httpd:1\tPRIMARY deployment\ntest-httpd:2\t\n"
    )


@pytest.mark.parametrize(("which", "number"), [("2", 2), ("current", 1), ("latest", 3)])
def test_one_revision_is_printed(cli: Cli, box: Box, which: str, number: int) -> None:
    clone(box, 2)
    printed = json.loads(cli("revisions", "--revision", which).out)
    assert printed["revision"] == number
    assert printed["taskDefinitionArn"].endswith(f":task-definition/test-httpd:{number}")


def test_a_revision_that_is_not_there(cli: Cli, box: Box) -> None:
    cli("revisions", "--revision", "7").one_error(
        "there is no revision test-httpd:7", "`reconciler revisions`"
    )
    cli("revisions", "--revision", "newest").one_error("neither a number nor current nor latest")


def test_secrets_of_a_revision_are_marks(cli: Cli, box: Box) -> None:
    variables = [{"name": "API_TOKEN", "value": "very-secret"}, {"name": "PLAIN", "value": "shown"}]
    body: dict[str, Any] = {"family": "test-httpd", "containerDefinitions": [
        {"name": "app", "image": "a", "memory": 64, "environment": variables}]}  # fmt: skip
    box.ecs.register_task_definition(**body)
    out = cli("revisions", "--revision", "latest").out
    assert ("very-secret" in out, "shown" in out) == (False, True)
    assert "very-secret" in cli("revisions", "--revision", "latest", "--show-sensitive").out


def test_deregister_keeps_the_newest_and_what_is_in_use(cli: Cli, box: Box) -> None:
    clone(box, 4)
    told = "test-httpd:1: stays, in use (PRIMARY deployment)\ntest-httpd:2: deregister\ntest-httpd:3: deregister\n"
    ran = cli("deregister", "--keeps", "2", "--dry-run")
    assert (ran.code, ran.out, ran.err) == (0, told, "")
    assert set(statuses(box).values()) == {"ACTIVE"}
    ran = cli("deregister", "--keeps", "2", "--force")
    assert (ran.code, ran.out) == (0, told)
    assert ran.err.endswith("2 revisions deregistered.\n")
    assert statuses(box) == {1: "ACTIVE", 2: "INACTIVE", 3: "INACTIVE", 4: "ACTIVE", 5: "ACTIVE"}
    assert cli("deregister", "--keeps", "2", "--force").out.endswith("Nothing to deregister.\n")


def test_deregister_and_delete(cli: Cli, box: Box) -> None:
    clone(box, 3)
    ran = cli("deregister", "--keeps", "1", "--force", "--delete")
    assert ran.code == 0, ran
    assert "test-httpd:2: deregister and delete\n" in ran.out
    assert statuses(box) == {1: "ACTIVE", 2: "DELETE_IN_PROGRESS", 3: "DELETE_IN_PROGRESS", 4: "ACTIVE"}


@pytest.mark.parametrize(("which", "number"), [("2", 2), ("latest", 3)])
def test_one_revision_is_deregistered(cli: Cli, box: Box, which: str, number: int) -> None:
    clone(box, 2)
    assert cli("deregister", "--revision", which, "--force").code == 0
    assert [other for other, status in statuses(box).items() if status == "INACTIVE"] == [number]
    again = cli("deregister", "--revision", str(number), "--force")
    again.one_error(f"test-httpd:{number} is INACTIVE already", "--delete")
    assert cli("deregister", "--revision", str(number), "--force", "--delete").code == 0
    assert statuses(box)[number] == "DELETE_IN_PROGRESS"


def test_what_a_deployment_uses_is_not_deregistered(cli: Cli, box: Box) -> None:
    for which in ("1", "latest"):
        ran = cli("deregister", "--revision", which, "--force", "--delete")
        ran.one_error("test-httpd:1 is in use (PRIMARY deployment)", "deploy another revision first")
    assert box.writes() == []


def test_what_a_running_task_uses_is_not_deregistered(cli: Cli, box: Box) -> None:
    box.serving.knobs(speed=0)
    assert cli("deploy", "--no-wait", IMAGE_TAG=NEXT).code == 0
    box.ecs.delete_service(cluster=CLUSTER, service=SERVICE, force=True)
    cli("deregister", "--revision", "1", "--force").one_error("test-httpd:1 is in use")
    edit("ecspresso.yml", "service: your-service\nservice_definition: ecs-service-def.json\n", "")
    cli("deregister", "--revision", "1", "--force").one_error(
        "test-httpd:1 is in use (RUNNING task)", "stop the task"
    )


def test_deregister_asks(cli: Cli, box: Box, monkeypatch: pytest.MonkeyPatch) -> None:
    clone(box, 2)
    asked = ("deregister", "--revision", "2")
    cli(*asked).one_error_after("test-httpd:2: deregister\n", "there is no terminal to ask on", "--force")
    monkeypatch.setattr("sys.stdin", Typed("no\n"))
    ran = cli(*asked)
    assert (ran.code, box.writes()) == (1, ["RegisterTaskDefinition"] * 2)
    assert "Deregister 1 revision? y or yes does it: Nothing was deregistered.\n" in ran.err
    monkeypatch.setattr("sys.stdin", Typed("y\n"))
    assert cli(*asked).code == 0
    assert statuses(box)[2] == "INACTIVE"


def test_what_came_into_use_while_somebody_was_asked_stays(
    cli: Cli, box: Box, monkeypatch: pytest.MonkeyPatch
) -> None:
    clone(box, 2)

    class Slow(Typed):
        def readline(self, *_size: Any) -> str:  # type: ignore[override]
            box.ecs.update_service(cluster=CLUSTER, service=SERVICE, taskDefinition="test-httpd:2")
            return "yes\n"

    monkeypatch.setattr("sys.stdin", Slow())
    ran = cli("deregister", "--keeps", "1")
    assert ran.code == 1
    assert "what uses the revisions has changed meanwhile; nothing was deregistered" in ran.err
    assert "DeregisterTaskDefinition" not in box.writes()


@pytest.mark.parametrize(
    "flags", [(), ("--keeps", "1", "--revision", "1"), ("--keeps", "0"), ("--revision", "1.5")]
)
def test_deregister_wants_one_of_two(cli: Cli, flags: tuple[str, ...]) -> None:
    assert cli("deregister", *flags, "--force").one_error("--keeps" if len(flags) != 2 else flags[0])


def test_an_equal_family_of_a_longer_name_stays(cli: Cli, box: Box) -> None:
    container = {"name": "app", "image": "a", "memory": 64}
    box.ecs.register_task_definition(family="test-httpd-other", containerDefinitions=[container])
    assert "other" not in cli("revisions").out
    Path("ecspresso.yml").write_text(
        Path("ecspresso.yml").read_text().replace("task_definition: ecs-task-def.json\n", "")
    )
    assert cli("revisions", "--output", "tsv").out == "test-httpd:1\tPRIMARY deployment\n"
