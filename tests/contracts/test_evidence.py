"""What a diagnosis reads beside ECS: the same of the fake and of the real gateway against the sandbox."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from reconciler import sandbox
from reconciler.aws import sessions
from reconciler.aws.gateway import EcsGateway
from reconciler.engine.ports import Gateway
from reconciler.errors import AwsError, AwsNotFound
from reconciler.testing import FakeClock, FakeGateway
from tests.contracts.test_gateways import definition, service

LINES = ("starting", "listening", "asked", "answered")
GROUP = "arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/web/0123456789abcdef"
OPTIONS = {"awslogs-group": "/ecs/web", "awslogs-region": "eu-west-1", "awslogs-stream-prefix": "ecs"}


@dataclass(frozen=True)
class World:
    """A gateway, time, and the hand of a container that writes `LINES` to a stream."""

    gateway: Gateway
    advance: Callable[[float], None]
    write: Callable[[str], None]


def fake_world() -> Iterator[World]:
    clock = FakeClock()
    gateway = FakeGateway(clusters=["prod"], clock=clock, rollout_seconds=60)
    yield World(gateway, clock.advance, lambda stream: gateway.write("/ecs/web", stream, *LINES))


def sandbox_world() -> Iterator[World]:
    seed = {"clusters": ["prod"], "outcomes": [{"image": "*", "logs": list(LINES)}]}
    with sandbox.serving(seed) as server:
        environ = {
            "AWS_ENDPOINT_URL": server.endpoint_url,
            "AWS_ACCESS_KEY_ID": "AKIAIOSFODNN7EXAMPLE",
            "AWS_SECRET_ACCESS_KEY": "example",
            "AWS_REGION": "eu-west-1",
        }
        aws = sessions.open_aws(environ=environ)
        yield World(EcsGateway(aws), server.advance, lambda stream: None)
        aws.close()


@pytest.fixture(params=[fake_world, sandbox_world], ids=["fake", "sandbox"])
def world(request: pytest.FixtureRequest) -> Iterator[World]:
    yield from request.param()


def run(world: World) -> tuple[str, ...]:
    """Let a service run; give the ids of its tasks."""
    body = definition()
    body["containerDefinitions"][0]["logConfiguration"] = {"logDriver": "awslogs", "options": OPTIONS}
    world.gateway.register_task_definition(body)
    balancer = {"targetGroupArn": GROUP, "containerName": "app", "containerPort": 80}
    world.gateway.create_service(service(loadBalancers=[balancer]))
    world.advance(600)
    arns = world.gateway.list_tasks("prod", "web", status="RUNNING")
    return tuple(arn.rpartition("/")[2] for arn in arns)


def test_the_last_lines_of_a_stream_are_given_oldest_first(world: World) -> None:
    task = run(world)[0]
    world.write(f"ecs/app/{task}")
    assert world.gateway.log_lines("/ecs/web", f"ecs/app/{task}", limit=3) == LINES[-3:]
    assert world.gateway.log_lines("/ecs/web", f"ecs/app/{task}", limit=10, region="eu-west-1") == LINES


@pytest.mark.parametrize("place", [("/ecs/web", "ecs/app/gone"), ("/ecs/other", "ecs/app/gone")])
def test_a_stream_that_is_not_there_is_an_error_that_says_so(world: World, place: tuple[str, str]) -> None:
    world.write(f"ecs/app/{run(world)[0]}")
    with pytest.raises(AwsNotFound) as caught:
        world.gateway.log_lines(*place, limit=3)
    assert caught.value.code == "ResourceNotFoundException"


def test_targets_are_the_tasks_behind_the_target_group(world: World) -> None:
    tasks = run(world)
    found: list[Any] = list(world.gateway.target_health(GROUP))
    assert [target["TargetHealth"]["State"] for target in found] == ["healthy"] * len(tasks)
    assert {target["Target"]["Port"] for target in found} == {80}
    cluster = world.gateway.describe_tasks("prod", world.gateway.list_tasks("prod", "web", status="RUNNING"))
    bodies: list[Any] = list(cluster)
    addresses = {task["containers"][0]["networkInterfaces"][0]["privateIpv4Address"] for task in bodies}
    assert {target["Target"]["Id"] for target in found} == addresses


def test_a_target_group_that_is_not_there_is_an_error(world: World) -> None:
    run(world)
    with pytest.raises(AwsError) as caught:
        world.gateway.target_health(GROUP.replace("/web/", "/other/"))
    assert caught.value.code == "TargetGroupNotFound"
