"""`refresh` and `scale`: the peer's short forms of `deploy`, which read no definition file."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.cli.commands import CLUSTER, SERVICE, Box, Cli, client_of
from tests.cli.conftest import boxed

DEFINITIONS = ("ecs-service-def.json", "ecs-task-def.json")


@pytest.fixture(autouse=True)
def _without_definitions(project: Path) -> None:
    for name in DEFINITIONS:
        Path(name).unlink()


def sent(box: Box) -> list[dict[str, Any]]:
    """Give what was sent to UpdateService."""
    return [call["request"] for call in box.serving.calls() if call["operation"] == "UpdateService"]


def scalable(box: Box, **members: Any) -> dict[str, Any]:
    """Register a scalable target of the service, where members are given; describe it."""
    client = client_of(box.serving.endpoint_url, "application-autoscaling")
    named = {"ServiceNamespace": "ecs", "ResourceId": f"service/{CLUSTER}/{SERVICE}"}
    if members:
        client.register_scalable_target(**named, ScalableDimension="ecs:service:DesiredCount", **members)
    (found,) = client.describe_scalable_targets(ServiceNamespace="ecs", ResourceIds=[named["ResourceId"]])[
        "ScalableTargets"
    ]
    return dict(found)


def test_refresh_starts_new_tasks_of_what_runs(cli: Cli, box: Box) -> None:
    before = box.service()
    ran = cli("refresh", "--dry-run")
    assert (ran.code, ran.err) == (0, "")
    assert "Plan: 0 to add, 1 to change, 0 to destroy." in ran.out
    assert box.writes() == []
    ran = cli("refresh")
    assert ran.code == 0, ran
    assert "Applied after" in ran.err
    assert sent(box) == [{"cluster": CLUSTER, "service": SERVICE, "forceNewDeployment": True}]
    after = box.service()
    assert after["taskDefinition"] == before["taskDefinition"]
    assert after["deployments"][0]["id"] != before["deployments"][0]["id"]


def test_refresh_need_not_wait(cli: Cli, box: Box) -> None:
    box.serving.knobs(speed=0)
    ran = cli("refresh", "--no-wait")
    assert ran.code == 0, ran
    assert "not waited for the rollout" in ran.err
    assert box.service()["deployments"][0]["rolloutState"] == "IN_PROGRESS"


def test_scale_sets_the_number_of_tasks(cli: Cli, box: Box) -> None:
    assert "desiredCount = 2 -> 5" in cli("scale", "--tasks", "5", "--dry-run").out
    assert box.writes() == []
    ran = cli("scale", "--tasks", "5", "--no-wait")
    assert ran.code == 0, ran
    assert sent(box) == [{"cluster": CLUSTER, "service": SERVICE, "desiredCount": 5}]
    assert box.service()["desiredCount"] == 5


@pytest.mark.parametrize("flags", [(), ("--tasks", "-1")], ids=" ".join)
def test_scale_without_a_number_changes_none(cli: Cli, box: Box, flags: tuple[str, ...]) -> None:
    ran = cli("scale", *flags)
    assert (ran.code, ran.err) == (0, ""), ran
    assert "No changes." in ran.out
    assert box.writes() == []


def test_scale_moves_the_limits_and_what_scales(cli: Cli, box: Box) -> None:
    scalable(box, MinCapacity=1, MaxCapacity=4)
    flags = ("--auto-scaling-min", "2", "--auto-scaling-max", "8", "--suspend-auto-scaling")
    assert cli("scale", *flags, "--dry-run").code == 0
    assert scalable(box)["MaxCapacity"] == 4
    ran = cli("scale", *flags)
    assert ran.code == 0, ran
    found = scalable(box)
    assert (found["MinCapacity"], found["MaxCapacity"]) == (2, 8)
    assert set(found["SuspendedState"].values()) == {True}
    shown = "AutoScaling:\n  Capacity min:2 max:8\n  Suspended in:true out:true scheduled:true\nEvents:\n"
    assert shown in cli("status").out
    assert json.loads(cli("status", "--format", "json").out)["scalableTarget"]["CreationTime"].endswith("Z")
    assert cli("scale", "--resume-auto-scaling").code == 0
    assert set(scalable(box)["SuspendedState"].values()) == {False}
    assert sent(box) == []
    cli("scale", "--suspend-auto-scaling", "--resume-auto-scaling").one_error("exclude each other")


def test_the_number_of_a_daemons_tasks_is_nobodys_to_set(
    cli: Cli, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    container = {"name": "app", "image": "app:1", "memory": 64}
    daemon = {
        "cluster": CLUSTER,
        "serviceName": SERVICE,
        "taskDefinition": "agent",
        "schedulingStrategy": "DAEMON",
        "launchType": "EC2",
    }
    seed = {
        "clusters": [CLUSTER],
        "task_definitions": [{"family": "agent", "containerDefinitions": [container]}],
        "services": [daemon],
    }
    with boxed(seed, monkeypatch) as box:
        ran = cli("scale", "--tasks", "3")
        assert (ran.code, ran.err, box.writes()) == (0, "", [])
        assert cli("refresh", "--no-wait").code == 0
        assert sent(box) == [{"cluster": CLUSTER, "service": SERVICE, "forceNewDeployment": True}]
        assert cli("delete", "--force").code == 0  # it need not be scaled down before
        assert box.service()["status"] in ("DRAINING", "INACTIVE")


@pytest.mark.parametrize("arguments", [("refresh",), ("scale", "--tasks", "1")], ids=" ".join)
def test_neither_creates_a_service(cli: Cli, empty: Box, arguments: tuple[str, ...]) -> None:
    cli(*arguments).one_error("there is no service your-service in your-cluster", "`reconciler deploy`")
    assert empty.writes() == []


def test_the_peers_long_form_is_the_same(cli: Cli, box: Box) -> None:
    short = cli("refresh", "--dry-run")
    flags = ("--skip-task-definition", "--force-new-deployment", "--no-update-service")
    assert cli("deploy", *flags, "--dry-run") == short


def test_waiting_is_for_what_is_named(cli: Cli, box: Box) -> None:
    ran = cli("--log-format", "json", "refresh", "--wait-until", "stable")
    assert ran.code == 0, ran
    last = json.loads(ran.err.splitlines()[-1])
    assert (last["kind"], last["ending"]) == ("Ended", "succeeded")
    assert len(box.service()["deployments"]) == 1


def test_without_a_service_there_is_nothing_to_scale_or_to_refresh(cli: Cli, project: Path) -> None:
    text = (project / "ecspresso.yml").read_text()
    kept = [line for line in text.splitlines() if not line.startswith("service")]
    (project / "ecspresso.yml").write_text("\n".join(kept) + "\n")
    for command in (("scale", "--tasks", "1"), ("refresh",), ("deploy", "--skip-task-definition")):
        cli(*command).one_error("the project names no service", "add `service: NAME`")
