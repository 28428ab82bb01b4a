"""What the fakes offer beside the ports: time that is told, rollouts that fail, calls that fail."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from reconciler.core.values import JsonObject
from reconciler.engine.ports import Clock, Gateway, Snapshot
from reconciler.errors import AwsThrottled, AwsUnreachable
from reconciler.testing import FakeClock, FakeGateway

BREAKER = {"deploymentCircuitBreaker": {"enable": True, "rollback": True}}


def is_broken(definition: JsonObject) -> bool:
    containers: Any = definition["containerDefinitions"]
    return bool(containers[0]["image"] == "broken")


def rolling(configuration: Mapping[str, Any] = BREAKER) -> tuple[FakeGateway, FakeClock]:
    """Give a gateway with a steady service, whose rollouts take a minute and fail for the image `broken`."""
    clock = FakeClock()
    gateway = FakeGateway(clock=clock, rollout_seconds=60, fails=is_broken)
    register(gateway, "good")
    body: dict[str, Any] = {
        "serviceName": "web",
        "taskDefinition": "web",
        "desiredCount": 2,
        "deploymentConfiguration": configuration,
    }
    gateway.create_service(body)
    clock.advance(60)
    return gateway, clock


def register(gateway: FakeGateway, image: str) -> None:
    gateway.register_task_definition(
        {"family": "web", "containerDefinitions": [{"name": "app", "image": image}]}
    )


def described(gateway: FakeGateway) -> Any:
    found = gateway.describe_services("default", ["web"])["web"]
    assert isinstance(found, Snapshot)
    return found.body


def states(gateway: FakeGateway) -> list[tuple[str, str, int]]:
    return [
        (each["status"], each["rolloutState"], each["runningCount"])
        for each in described(gateway)["deployments"]
    ]


def test_the_fakes_are_the_ports() -> None:
    gateway: Gateway = FakeGateway()
    clock: Clock = FakeClock()
    assert (gateway.region, clock.now()) == ("eu-west-1", 1_700_000_000.0)


def test_sleeping_moves_the_clock_and_is_remembered() -> None:
    clock = FakeClock(100)
    clock.sleep(2.5)
    clock.advance(10)
    assert (clock.now(), clock.slept) == (112.5, [2.5])


def test_a_rollout_is_as_far_as_the_clock() -> None:
    gateway, clock = rolling()
    assert states(gateway) == [("PRIMARY", "COMPLETED", 2)]
    register(gateway, "better")
    gateway.update_service({"service": "web", "taskDefinition": "web:2"})
    assert states(gateway) == [("PRIMARY", "IN_PROGRESS", 0), ("ACTIVE", "COMPLETED", 2)]
    clock.advance(59)
    assert len(states(gateway)) == 2
    clock.advance(1)
    assert states(gateway) == [("PRIMARY", "COMPLETED", 2)]
    assert described(gateway)["taskDefinition"].endswith(":2")


def test_a_failed_rollout_is_rolled_back_where_the_breaker_says_so() -> None:
    gateway, clock = rolling()
    register(gateway, "broken")
    gateway.update_service({"service": "web", "taskDefinition": "web:2"})
    clock.advance(60)
    assert states(gateway) == [("PRIMARY", "COMPLETED", 2), ("ACTIVE", "FAILED", 0)]
    assert described(gateway)["taskDefinition"].endswith(":1")
    messages = " ".join(event["message"] for event in described(gateway)["events"])
    assert "tasks failed to start" in messages
    stopped = gateway.list_tasks("default", "web", status="STOPPED")
    assert {task["stopCode"] for task in gateway.describe_tasks("default", stopped)} == {
        "EssentialContainerExited"
    }


def test_a_failed_rollout_goes_on_for_ever_without_a_breaker() -> None:
    gateway, clock = rolling({})
    register(gateway, "broken")
    gateway.update_service({"service": "web", "taskDefinition": "web:2"})
    clock.advance(6000)
    assert states(gateway) == [("PRIMARY", "IN_PROGRESS", 0), ("ACTIVE", "COMPLETED", 2)]
    assert described(gateway)["deployments"][0]["failedTasks"] > 0
    assert described(gateway) == described(gateway)


def test_calls_fail_before_or_after_they_took_effect() -> None:
    gateway, _ = rolling()
    gateway.fail("update_service", AwsThrottled("later"), times=2)
    gateway_count = len(gateway.calls)
    for _attempt in range(2):
        with pytest.raises(AwsThrottled):
            gateway.update_service({"service": "web", "desiredCount": 5})
    assert described(gateway)["desiredCount"] == 2
    gateway.fail("update_service", AwsUnreachable("lost"), taken=True)
    with pytest.raises(AwsUnreachable):
        gateway.update_service({"service": "web", "desiredCount": 5})
    assert described(gateway)["desiredCount"] == 5
    gateway.update_service({"service": "web", "desiredCount": 6})
    called = [call.method for call in gateway.calls[gateway_count:]]
    assert called.count("update_service") == 4
    assert described(gateway)["desiredCount"] == 6


def test_somebody_else_may_edit_a_service() -> None:
    gateway, _ = rolling()
    gateway.edit("default", "web", desiredCount=9)
    assert described(gateway)["desiredCount"] == 9


def test_what_is_given_away_cannot_change_what_is_kept() -> None:
    gateway, _ = rolling()
    described(gateway)["deployments"].clear()
    assert states(gateway) == [("PRIMARY", "COMPLETED", 2)]
