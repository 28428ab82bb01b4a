"""What no update changes: shown as a replacement, and carried out only where that was allowed."""

from __future__ import annotations

import pytest

from reconciler.core.plans import Plan, Verb
from reconciler.core.steps import CreateService, DeleteService
from reconciler.errors import ApplyError, AwsUnreachable, Refused
from tests.engine.worlds import UNIT, World, service


@pytest.fixture
def other(world: World) -> World:
    """Give a service that runs, whose file asks for another launch type now."""
    world.write("service.json", service() | {"launchType": "EC2"})
    return world


def test_a_replacement_is_planned_with_the_field_that_forces_it(other: World) -> None:
    plan = other.plan()
    unit = plan.unit(UNIT)
    assert unit.verb is Verb.REPLACE
    assert [type(step) for step in unit.steps] == [DeleteService, CreateService]
    (change,) = unit.changes
    assert (change.address, change.before, change.after, change.forces) == (
        "launchType",
        "FARGATE",
        "EC2",
        True,
    )
    assert (plan.errored, plan.applyable, plan.replaces) == (False, True, (unit,))


def test_it_is_not_done_without_leave(other: World) -> None:
    for plan in (other.plan(), Plan.from_json(other.plan().to_json())):
        with pytest.raises(Refused, match=r"must be replaced: no update changes launchType"):
            other.apply(plan)
    assert other.methods == []


def test_it_is_done_with_leave_and_waits_until_the_name_is_free(other: World) -> None:
    plan = Plan.from_json(other.plan(may_replace=True).to_json())
    outcome, _ = other.apply(plan)
    assert outcome.ending.value == "succeeded"
    assert [method for method in other.methods if "service" in method] == ["delete_service", "create_service"]
    assert other.described()["launchType"] == "EC2"
    assert not other.plan().changes


def test_a_number_of_tasks_that_the_file_leaves_alone_survives(other: World) -> None:
    other.gateway.edit("main", "web", desiredCount=5)
    other.write("service.json", {**service(), "launchType": "EC2", "desiredCount": None})
    other.apply(other.plan(may_replace=True))
    assert other.described()["desiredCount"] == 5


def test_an_apply_that_breaks_off_in_between_is_taken_up(other: World) -> None:
    lost = AwsUnreachable("ecs CreateService: no answer", operation="CreateService", temporary=True)
    other.gateway.fail("create_service", lost)
    with pytest.raises(ApplyError) as caught:
        other.apply(other.plan(may_replace=True))
    assert "delete the service main/web" in caught.value.done[0]
    plan = other.plan()
    assert plan.unit(UNIT).verb is Verb.CREATE
    other.apply(plan)
    assert not other.plan().changes


def test_tasks_that_do_not_stop_are_not_waited_for_for_ever(other: World) -> None:
    other.gateway.rollout_seconds = 10_000
    with pytest.raises(ApplyError, match="still DRAINING after 60 seconds"):
        other.apply(other.plan(may_replace=True), timeout=60.0)
    assert "create_service" not in other.methods
