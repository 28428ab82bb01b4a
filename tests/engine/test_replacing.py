"""What no update changes: shown as a replacement, and carried out only where that was allowed."""

from __future__ import annotations

from typing import Any, cast

import pytest

from reconciler.core import canon, diffs
from reconciler.core.documents import Resolved
from reconciler.core.plans import Plan, Verb
from reconciler.core.steps import CreateService, DeleteService
from reconciler.engine import composing, replacing
from reconciler.engine.units import Compared
from reconciler.errors import ApplyError, AwsDenied, AwsRefused, AwsUnreachable, Refused
from tests.core.documents import KINDS
from tests.core.test_tables import rows
from tests.engine.worlds import PROJECT, UNIT, World, service


@pytest.mark.parametrize("row", rows("replacements"))
def test_the_body_of_what_takes_its_place(row: dict[str, Any]) -> None:
    desired = composing.compose(KINDS.service, Resolved("service.json", row["desired"]))
    live = canon.canon(KINDS.service, row["live"], desired=False, like=desired.canon)
    compared = Compared(live, row["live"], diffs.diff(desired.canon, live))
    body, kept, lost = replacing.body(desired, compared, row["replaces"], ())
    assert body == row["body"]
    assert (sorted(kept), list(lost)) == (sorted(row["kept"]), row["lost"])


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


def test_what_the_file_leaves_to_aws_is_taken_over(other: World) -> None:
    live = {"awsvpcConfiguration": {"subnets": ["subnet-1"], "securityGroups": ["sg-1"]}}
    other.gateway.edit("main", "web", networkConfiguration=live, availabilityZoneRebalancing="DISABLED")
    plan = other.plan(may_replace=True)
    (effect,) = [each for each in plan.unit(UNIT).effects if each.startswith("keeping ")]
    assert "networkConfiguration.awsvpcConfiguration.securityGroups" in effect
    other.apply(plan)
    assert other.described()["networkConfiguration"] == live
    assert other.described()["availabilityZoneRebalancing"] == "DISABLED"


def test_what_only_a_service_revision_shows_is_taken_over(other: World) -> None:
    monitoring = {"metricConfigurations": [{"metricNames": ["CPUUtilization"], "resolutionSeconds": 20}]}
    other.gateway.edit("main", "web", monitoring=monitoring, gatewayConnectors=[{"portName": "http"}])
    plan = other.plan(may_replace=True)
    assert any("gatewayConnectors, monitoring" in effect for effect in plan.unit(UNIT).effects)
    other.apply(plan)
    (revision,) = other.gateway.describe_service_revisions(
        [each["arn"] for each in cast("list[dict[str, str]]", other.described()["currentServiceRevisions"])]
    )
    assert (revision["monitoring"], revision["gatewayConnectors"]) == (monitoring, [{"portName": "http"}])


def test_what_may_not_be_read_is_said_to_be_lost(other: World) -> None:
    denied = AwsDenied("DescribeServiceRevisions is denied", operation="DescribeServiceRevisions")
    other.gateway.fail("describe_service_revisions", denied, times=2)
    plan = other.plan(may_replace=True)
    (notice,) = plan.notices
    assert (
        "gatewayConnectors and monitoring cannot be known, and what takes its place will have none"
        in notice.what
    )
    other.apply(plan)
    assert other.described()["launchType"] == "EC2"


def test_a_service_revision_is_read_for_a_replacement_only(world: World) -> None:
    world.write("service.json", service() | {"desiredCount": 3})
    world.apply(world.plan())
    assert "describe_service_revisions" not in [call.method for call in world.gateway.calls]


def test_a_network_that_the_file_leaves_out_is_taken_over(other: World) -> None:
    network = other.described()["networkConfiguration"]
    body = {name: value for name, value in service().items() if name != "networkConfiguration"}
    other.write("service.json", body | {"launchType": "EC2"})
    other.apply(other.plan(may_replace=True))
    assert other.described()["networkConfiguration"] == network


def test_tags_that_are_left_to_others_survive(other: World) -> None:
    other.gateway.tag(str(other.described()["serviceArn"]), [{"key": "owner", "value": "finance"}])
    other.write("reconciler.yml", PROJECT + "ignore: {tags: [owner]}\n")
    other.apply(other.plan(may_replace=True))
    assert {"key": "owner", "value": "finance"} in other.tags()


def test_a_revision_that_is_deregistered_is_not_relied_on(other: World) -> None:
    other.gateway.deregister("web:1")
    plan = other.plan(may_replace=True)
    assert "is deregistered" in plan.refusals[0].what
    assert "--force-register" in (plan.refusals[0].hint or "")
    other.apply(other.plan(may_replace=True, force_register=True))
    assert not other.plan().changes


def test_a_creation_that_is_refused_says_what_the_deleted_service_had(other: World) -> None:
    other.write("service.json", {**service(), "launchType": "EC2", "desiredCount": None})
    refused = AwsRefused("ecs CreateService: no", operation="CreateService", code="InvalidParameterException")
    other.gateway.fail("create_service", refused)
    with pytest.raises(ApplyError) as caught:
        other.apply(other.plan(may_replace=True))
    assert '"desiredCount": 2' in (caught.value.hint or "")
    assert "the service is deleted" in (caught.value.hint or "")


def test_a_deletion_that_was_taken_is_told_as_done(other: World) -> None:
    other.gateway.rollout_seconds = 10_000
    with pytest.raises(ApplyError) as caught:
        other.apply(other.plan(may_replace=True), timeout=60.0)
    assert any("AWS is deleting it" in line for line in caught.value.done)
