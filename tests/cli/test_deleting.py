"""`delete`, against the sandbox."""

from __future__ import annotations

import pytest

from tests.cli.commands import CLUSTER, SERVICE, Box, Cli, Typed

UNIT = f"service.{CLUSTER}/{SERVICE}"
STAYS = f"{UNIT}: revisions of its task definition, load balancers, logs and autoscaling stay\n"


def test_a_dry_run_says_what_becomes_of_the_tasks(cli: Cli, box: Box) -> None:
    ran = cli("delete", "--terminate", "--dry-run")
    assert (ran.code, ran.err) == (0, "")
    assert ran.out == f"{UNIT}: delete the service; its 2 tasks are stopped\n{STAYS}"
    assert box.writes() == []


def test_its_tasks_are_stopped_where_that_is_said(cli: Cli, box: Box) -> None:
    box.serving.knobs(speed=0)
    ran = cli("delete", "--terminate", "--force")
    assert ran.code == 0, ran
    assert ran.err.endswith("Deleted. your-cluster/your-service is DRAINING until its tasks have stopped.\n")
    cli("delete", "--terminate", "--force").one_error("is DRAINING: it is being deleted already")
    box.settle()
    assert box.service()["status"] == "INACTIVE"
    cli("delete", "--terminate", "--force").one_error("your-cluster/your-service does not exist")


@pytest.mark.parametrize("flags", [("--force",), ("--dry-run",)], ids=" ".join)
def test_a_service_that_is_to_run_tasks_is_not_deleted_by_mistake(
    cli: Cli, box: Box, flags: tuple[str, ...]
) -> None:
    cli("delete", *flags).one_error("is to run 2 tasks", "--terminate", "`reconciler scale --tasks 0`")
    assert box.writes() == []


def test_a_service_that_runs_nothing_is_deleted(cli: Cli, box: Box) -> None:
    assert cli("scale", "--tasks", "0", "--wait-until", "stable").code == 0
    ran = cli("delete", "--force")
    assert ran.code == 0, ran
    assert ran.out == f"{UNIT}: delete the service; no task of it runs\n{STAYS}"
    (request,) = [call["request"] for call in box.serving.calls() if call["operation"] == "DeleteService"]
    assert request == {"cluster": CLUSTER, "service": SERVICE, "force": False}


@pytest.mark.parametrize(("typed", "code"), [(SERVICE, 0), ("yes", 1), ("", 1)])
def test_the_name_has_to_be_typed(
    cli: Cli, box: Box, monkeypatch: pytest.MonkeyPatch, typed: str, code: int
) -> None:
    monkeypatch.setattr("sys.stdin", Typed(f"{typed}\n"))
    ran = cli("delete", "--terminate")
    assert ran.code == code
    assert "Type the name of the service, your-service, to delete it: " in ran.err
    assert ("Not deleted.\n" in ran.err) == bool(code)
    assert box.writes() == ([] if code else ["DeleteService"])


def test_without_a_terminal_nothing_is_deleted(cli: Cli, box: Box) -> None:
    ran = cli("delete", "--terminate")
    ran.one_error_after(f"{UNIT}: delete the service; its 2 tasks are stopped\n{STAYS}", "--force")
    assert box.writes() == []
