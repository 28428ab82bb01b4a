"""`deploy` and the scalable target of the service, against the sandbox."""

from __future__ import annotations

from typing import Any

import pytest

from tests.cli.commands import CLUSTER, SERVICE, Box, Cli, client_of
from tests.cli.test_schema import validate

TARGET = {
    "ServiceNamespace": "ecs",
    "ScalableDimension": "ecs:service:DesiredCount",
    "ResourceId": f"service/{CLUSTER}/{SERVICE}",
}
ACTIVITIES = ("DynamicScalingInSuspended", "DynamicScalingOutSuspended", "ScheduledScalingSuspended")


def target(box: Box) -> dict[str, Any]:
    """Describe the service's scalable target as boto3 shows it."""
    client = client_of(box.serving.endpoint_url, "application-autoscaling")
    (found,) = client.describe_scalable_targets(ServiceNamespace="ecs", ResourceIds=[TARGET["ResourceId"]])[
        "ScalableTargets"
    ]
    return {name: found[name] for name in ("MinCapacity", "MaxCapacity", "SuspendedState") if name in found}


@pytest.fixture
def scaled(box: Box) -> Box:
    """Give the service that runs, with one to four tasks as the load demands."""
    client = client_of(box.serving.endpoint_url, "application-autoscaling")
    client.register_scalable_target(**TARGET, MinCapacity=1, MaxCapacity=4)
    return box


def test_suspend_and_resume(cli: Cli, scaled: Box) -> None:
    ran = cli("deploy", "--suspend-auto-scaling")
    assert ran.code == 0, ran
    assert "(suspends autoscaling)" in ran.out
    assert target(scaled) == {
        "MinCapacity": 1, "MaxCapacity": 4, "SuspendedState": dict.fromkeys(ACTIVITIES, True),
    }  # fmt: skip
    assert "No changes." in cli("deploy", "--suspend-auto-scaling").out
    assert cli("deploy", "--resume-auto-scaling").code == 0
    assert target(scaled)["SuspendedState"] == dict.fromkeys(ACTIVITIES, False)


def test_limits_move_before_the_service_does(cli: Cli, scaled: Box) -> None:
    ran = cli("deploy", "--auto-scaling-min", "2", "--auto-scaling-max", "8", "--tasks", "3")
    assert ran.code == 0, ran
    assert "autoscaling minimum 1 -> 2, autoscaling maximum 4 -> 8" in ran.out
    assert [target(scaled)[name] for name in ("MinCapacity", "MaxCapacity")] == [2, 8]
    assert scaled.service()["desiredCount"] == 3
    scaling, update = (ran.err.find(word) for word in ("autoscaling of", "update the service"))
    assert 0 <= scaling < update


def test_scaling_alone(cli: Cli, scaled: Box) -> None:
    flags = ("--skip-task-definition", "--no-update-service", "--auto-scaling-max", "9")
    assert cli("deploy", *flags, IMAGE_TAG="2.4.62").code == 0
    assert target(scaled)["MaxCapacity"] == 9
    assert scaled.writes()[1:] == ["RegisterScalableTarget"]  # the first is the fixture's


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        (("--tasks", "2"), "The desired count is 2 already."),
        (("--auto-scaling-max", "4"), "Of what scales the service there is nothing to change."),
        ((), "Neither a number of tasks nor a limit is given."),
    ],
)
def test_what_is_so_already_is_said_of_the_service_and_not_of_files(
    cli: Cli, scaled: Box, flags: tuple[str, ...], said: str
) -> None:
    ran = cli("scale", *flags)
    assert (ran.code, ran.out) == (0, f"No changes. {said}\n"), ran
    assert scaled.writes() == ["RegisterScalableTarget"]  # the fixture's


def test_a_dry_run_changes_nothing(cli: Cli, scaled: Box) -> None:
    assert cli("deploy", "--dry-run", "--suspend-auto-scaling", "--auto-scaling-min", "3").code == 0
    assert target(scaled)["MinCapacity"] == 1


def test_limits_that_cross_are_refused_before_anything_is_sent(cli: Cli, scaled: Box) -> None:
    ran = cli("deploy", "--auto-scaling-min", "5", IMAGE_TAG="2.4.62")
    assert ran.code == 1
    assert "would be 5, more than the maximum 4" in ran.err
    alone = cli("scale", "--auto-scaling-min", "5")
    assert (alone.code, alone.out) == (1, "Refused. Nothing can be sent as it is asked for.\n")
    assert scaled.writes() == ["RegisterScalableTarget"]  # the fixture's


def test_suspending_and_resuming_exclude_each_other(cli: Cli, scaled: Box) -> None:
    cli("deploy", "--suspend-auto-scaling", "--resume-auto-scaling").one_error("exclude each other")


def test_a_service_without_a_target_is_deployed_and_told_of(cli: Cli, box: Box) -> None:
    ran = cli("deploy", "--suspend-auto-scaling", IMAGE_TAG="2.4.62")
    assert ran.code == 0
    assert "has no scalable target: the autoscaling flags change nothing" in ran.out
    assert box.writes() == ["RegisterTaskDefinition", "UpdateService"]


def test_rollback_events_concern_codedeploy(cli: Cli, box: Box) -> None:
    events = "DEPLOYMENT_FAILURE,DEPLOYMENT_STOP_ON_ALARM"
    ran = cli("deploy", "--rollback-events", events, IMAGE_TAG="2.4.62")
    assert ran.code == 0
    assert "--rollback-events concerns CodeDeploy deployments only" in ran.out
    cli("deploy", "--rollback-events", "EARTHQUAKE").one_error("'EARTHQUAKE' is none of DEPLOYMENT_FAILURE")


def test_the_step_stands_in_the_schema(scaled: Box) -> None:
    from reconciler.api import Project, Reconciler
    from reconciler.engine.options import Options, Scaling

    with Reconciler.open(Project.load("ecspresso.yml")) as reconciler:
        plan = reconciler.plan(Options(scaling=Scaling(suspend=True, maximum=6)))
    step = validate(plan.to_json())["units"][1]["steps"][0]
    assert (step["type"], step["body"]["MaxCapacity"]) == ("SetScaling", 6)
