"""From one pair of files to another: what apply sends is enough, is taken, and is sent once."""

from __future__ import annotations

import json
import random
from collections import Counter
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reconciler.core.kinds.rules import ABSENT, Undeclared
from reconciler.errors import NotConverged
from tests.transitions import checks, drawing
from tests.transitions.checks import Came
from tests.transitions.drawing import Files
from tests.transitions.worlds import World

FIXTURES = Path(__file__).parents[2] / "fixtures/transitions"
NETWORK = {"networkConfiguration": {"awsvpcConfiguration": {"subnets": ["subnet-1"]}}}
ON_FARGATE: dict[str, Any] = {
    "family": "web",
    "networkMode": "awsvpc",
    "requiresCompatibilities": ["FARGATE"],
    "cpu": "256",
    "memory": "512",
    "containerDefinitions": [
        {
            "name": "app",
            "image": "web:1",
            "portMappings": [{"containerPort": 80, "name": "p"}, {"containerPort": 443, "name": "q"}],
        }
    ],
}
ON_EC2: dict[str, Any] = ON_FARGATE | {"networkMode": "bridge", "requiresCompatibilities": ["EC2"]}
VOLUME = {"volumes": [{"name": "data", "configuredAtLaunch": True}]}
FARGATE = Files(ON_FARGATE, {"launchType": "FARGATE", "desiredCount": 2, **NETWORK})
EC2 = Files(ON_EC2, {"launchType": "EC2", "desiredCount": 2})
DICE = st.integers(0, 2**32).map(random.Random)


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


def test_every_edit_is_refused_or_done_at_once() -> None:
    came: Counter[Came] = Counter()

    @settings(
        max_examples=40,
        deadline=None,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    )
    @given(pair=drawing.pairs(), dice=DICE)
    def edited(pair: tuple[Files, Files], dice: random.Random) -> None:
        with TemporaryDirectory() as folder:
            came[checks.transition(World(Path(folder)), pair, dice)] += 1

    edited()
    assert came[Came.UPDATED] > sum(came.values()) / 3, came


def rows() -> list[Any]:
    found: list[dict[str, Any]] = json.loads((FIXTURES / "removals.json").read_text())
    return [pytest.param(row, id=f"{row['member']}-{number}") for number, row in enumerate(found)]


@pytest.mark.parametrize("row", rows())
def test_what_disappears_from_the_file_disappears_in_aws(world: World, row: dict[str, Any]) -> None:
    base = EC2 if row.get("platform") == "ec2" else FARGATE
    task = base.task | VOLUME if row.get("platform") == "volume" else base.task
    more = Files(task, base.service | {row["member"]: row["with"]})
    dice = random.Random(0)
    bring(world, base, dice)
    bare = checks.shown(world)
    bring(world, more, dice)
    assert checks.shown(world) != bare
    bring(world, base, dice)
    assert checks.shown(world) == bare
    assert len([write for write in world.aws.writes if write[0] == "UpdateService"]) <= 1


def bring(world: World, files: Files, dice: random.Random) -> None:
    """Bring files to AWS, and see that nothing is left."""
    checks.write(world, files, dice)
    plan = world.plan()
    assert not plan.refusals
    assert not plan.replaces
    sent = world.apply(plan)
    checks.settled(world)
    world.aws.writes[:] = [(operation, {}) for operation in sent]


def test_every_member_that_has_a_default_is_in_the_table_of_removals() -> None:
    node = drawing.SERVICE.node
    removable = {
        name
        for name, member in node.members.items()
        if member.rule.undeclared is Undeclared.DEFAULT or member.rule.remove is not ABSENT
    }
    apart = {
        "schedulingStrategy",
        "deploymentController",
        "capacityProviderStrategy",
    }  # replaced, refused, left alone
    assert {row.values[0]["member"] for row in rows()} == (removable - apart) | {"deploymentConfiguration"}


def test_tags_alone_make_no_revision(world: World) -> None:
    dice = random.Random(0)
    bring(world, FARGATE, dice)
    tagged = Files(ON_FARGATE | {"tags": [{"key": "a", "value": "b"}, {"key": "c"}]}, FARGATE.service)
    for files, sent in ((tagged, ["TagResource"]), (FARGATE, ["UntagResource"]), (FARGATE, [])):
        bring(world, files, dice)
        assert [operation for operation, _ in world.aws.writes] == sent
    assert world.service()["taskDefinition"].endswith("/web:1")


def test_a_service_that_loses_its_network_is_refused_and_told_the_way_out(world: World) -> None:
    """From awsvpc to bridge: the service keeps its networkConfiguration, and the API refuses both together."""
    bare = Files(ON_EC2 | {"networkMode": "awsvpc"}, EC2.service | NETWORK)
    bring(world, bare, random.Random(0))
    checks.write(world, EC2, random.Random(0))
    (refusal,) = world.plan().refusals
    assert "`networkConfiguration` is for networkMode `awsvpc`" in refusal.what
    assert "created anew" in (refusal.hint or "")


def test_from_a_strategy_back_to_a_launch_type(world: World) -> None:
    strategy = {"capacityProviderStrategy": [{"capacityProvider": "FARGATE_SPOT", "weight": 1}]}
    spot = Files(ON_FARGATE, {"desiredCount": 2, **strategy, **NETWORK})
    bring(world, spot, random.Random(0))
    bring(world, FARGATE, random.Random(0))
    assert world.service()["launchType"] == "FARGATE"
    assert "capacityProviderStrategy" not in world.service()


def test_a_launch_type_that_does_not_come_back_is_named(world: World) -> None:
    strategy = {"capacityProviderStrategy": [{"capacityProvider": "FARGATE_SPOT", "weight": 1}]}
    bring(world, Files(ON_FARGATE, {"desiredCount": 2, **strategy, **NETWORK}), random.Random(0))
    checks.write(world, Files(ON_FARGATE, FARGATE.service | {"launchType": "EC2"}), random.Random(0))
    with pytest.raises(NotConverged) as caught:
        world.apply(world.plan())
    assert caught.value.residual == ("service.main/web launchType",)
    (unit,) = world.plan().replaces
    assert [change.address for change in unit.changes if change.forces] == ["launchType"]


def test_rebalancing_that_aws_chose_is_named_where_it_stands_in_the_way(world: World) -> None:
    bring(world, FARGATE, random.Random(0))
    assert world.service()["availabilityZoneRebalancing"] == "ENABLED"
    narrow = {"deploymentConfiguration": {"maximumPercent": 100, "minimumHealthyPercent": 0}}
    checks.write(world, Files(ON_FARGATE, FARGATE.service | narrow), random.Random(0))
    (refusal,) = world.plan().refusals
    assert "`availabilityZoneRebalancing`" in refusal.what
    assert 'set "availabilityZoneRebalancing": "DISABLED"' in (refusal.hint or "")
    off = narrow | {"availabilityZoneRebalancing": "DISABLED"}
    bring(world, Files(ON_FARGATE, FARGATE.service | off), random.Random(0))


def test_another_connector_and_another_resolution_take_the_place_of_the_first(world: World) -> None:
    """Neither is in the service's own description, only in its revision's."""
    for port, seconds in (("p", 20), ("q", 60)):
        metrics = {"metricNames": ["CPUUtilization"], "resolutionSeconds": seconds}
        more = {"gatewayConnectors": [{"portName": port}], "monitoring": {"metricConfigurations": [metrics]}}
        bring(world, Files(ON_FARGATE, FARGATE.service | more), random.Random(0))
        found = world.revision()
        assert found["gatewayConnectors"][0]["portName"] == port
        assert found["monitoring"]["metricConfigurations"] == [metrics]


def test_a_list_that_the_api_insists_on_is_sent_empty_however_it_is_spelled(world: World) -> None:
    alarms = {"AlarmNames": [], "enable": "false", "Rollback": False}
    world.write(ON_FARGATE, FARGATE.service | {"deploymentConfiguration": {"alarms": alarms}})
    world.apply(world.plan())
    (request,) = [request for operation, request in world.aws.writes if operation == "CreateService"]
    assert request["deploymentConfiguration"]["alarms"]["alarmNames"] == []
    checks.settled(world)
