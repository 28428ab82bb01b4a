"""`ignore:` in the project file: what is left to others is no difference, and is not taken from them either."""

from __future__ import annotations

from typing import Any, Final

import pytest

from reconciler.core import pointers
from reconciler.core.plans import Plan
from reconciler.core.steps import RegisterTaskDefinition
from reconciler.engine import ignoring
from reconciler.errors import AwsDenied, ConfigError, StalePlan
from tests.core.documents import KINDS
from tests.engine.worlds import PROJECT, REVISION, UNIT, World, service, task_definition

BUILD = {"name": "BUILD_ID", "value": "7"}


def ignoring_project(world: World, *patterns: str) -> None:
    world.write("reconciler.yml", PROJECT + "ignore:\n" + "".join(f"  - {pattern}\n" for pattern in patterns))


def containers(**more: Any) -> dict[str, Any]:
    """Give the project's task definition with more members in its container."""
    body = task_definition()
    (container,) = body["containerDefinitions"]
    environment = container["environment"] + more.pop("environment", [])
    return body | {"containerDefinitions": [container | {"environment": environment} | more]}


def test_a_variable_that_another_tool_sets_is_no_difference_and_is_carried_along(world: World) -> None:
    world.write("task.json", containers(environment=[BUILD]))
    world.apply()
    ignoring_project(world, "/containerDefinitions/*/environment/BUILD_ID")
    world.write("task.json", containers())
    assert not world.plan().changes

    world.write("task.json", containers(image="repo/web:2"))
    plan = world.plan()
    assert [change.address for change in plan.unit(REVISION).changes] == ['containerDefinitions["app"].image']
    world.apply(plan)
    (container,) = world.containers()
    assert BUILD in container["environment"]
    assert not world.plan().changes


def test_a_value_in_the_file_gives_way_to_the_live_one(world: World) -> None:
    world.write("task.json", containers(environment=[BUILD]))
    world.apply()
    ignoring_project(world, "/containerDefinitions/app/environment/BUILD_ID")
    world.write(
        "task.json", containers(environment=[{"name": "BUILD_ID", "value": "dev"}], image="repo/web:2")
    )
    (step,) = world.plan().unit(REVISION).steps
    assert isinstance(step, RegisterTaskDefinition)
    body: Any = step.body
    assert BUILD in body["containerDefinitions"][0]["environment"]


def test_what_is_not_there_yet_is_created_from_the_file(empty: World) -> None:
    ignoring_project(empty, "/desiredCount", "/containerDefinitions/*/image")
    empty.apply()
    assert empty.described()["desiredCount"] == 2
    assert empty.containers()[0]["image"] == "repo/web:1"


def test_an_image_that_a_pipeline_sets_stays(world: World) -> None:
    world.write("task.json", task_definition("repo/web:2"))
    world.apply()
    ignoring_project(world, "/containerDefinitions/*/image")
    world.write("task.json", task_definition("placeholder"))
    assert not world.plan().changes


def test_lists_that_the_file_does_not_have_are_made_for_what_is_live(world: World) -> None:
    labels = {"a": "1", "b": "2"}
    limits = [{"name": "nofile", "softLimit": 1, "hardLimit": 2}]
    world.write("task.json", containers(dockerLabels=labels, ulimits=limits))
    world.apply()
    ignoring_project(
        world, "/containerDefinitions/*/dockerLabels/*", "/containerDefinitions/*/ulimits/nofile"
    )
    world.write("task.json", containers(image="repo/web:2"))
    plan = world.plan()
    assert [change.address for change in plan.unit(REVISION).changes] == ['containerDefinitions["app"].image']
    world.apply(plan)
    assert world.containers()[0]["dockerLabels"] == labels


def test_the_number_of_tasks_may_move_between_plan_and_apply(world: World) -> None:
    ignoring_project(world, "/desiredCount")
    world.write("service.json", service() | {"enableExecuteCommand": True})
    plan = Plan.from_json(world.plan().to_json())
    world.gateway.edit("main", "web", desiredCount=9)
    world.apply(plan)
    assert world.described()["desiredCount"] == 9


@pytest.mark.parametrize("pointer", ["/desiredCount", "/DesiredCount"])
def test_a_flag_says_more_than_ignore(world: World, pointer: str) -> None:
    ignoring_project(world, pointer)
    world.apply(world.plan(desired_count=4))
    assert world.described()["desiredCount"] == 4


def test_tags_by_pointer(world: World) -> None:
    ignoring_project(world, "/tags/owner")
    arn = str(world.described()["serviceArn"])
    world.gateway.tag(arn, [{"key": "owner", "value": "finance"}])
    assert not world.plan().changes


@pytest.mark.parametrize(
    ("pointer", "words"),
    [
        ("desiredCount", "begins with no `/`"),
        ("/desiredCounts", "the nearest name is `desiredCount`"),
        ("/containerDefinitions/*/enviroment/X", "the nearest name is `environment`"),
        ("/desiredCount/x", "nothing stands below 'desiredCount'"),
        ("/containerDefinitions/*/*/x", "`*` stands for items of a list"),
        ("/containerDefinitions/*/environment/X/value", "nothing stands below 'X'"),
        ("/containerDefinitions/*/command/*", "leave all of it to others, /containerDefinitions/*/command"),
        (
            "/containerDefinitions/app/Command/5",
            "leave all of it to others, /containerDefinitions/app/command",
        ),
        ("/placementStrategy/0", "leave all of it to others, /placementStrategy"),
        ("/Family", "says what is compared with what"),
    ],
)
def test_a_pointer_to_nowhere_is_an_error_with_its_place(world: World, pointer: str, words: str) -> None:
    ignoring_project(world, "/tags/x", pointer)
    with pytest.raises(ConfigError) as caught:
        world.plan()
    assert words in caught.value.what
    assert caught.value.where is not None
    assert caught.value.where.line == len(PROJECT.splitlines()) + 3


@pytest.mark.parametrize(
    ("pointer", "meant"),
    [
        ("/deploymentConfiguration/*", ""),
        ("/containerDefinitions/*/logConfiguration/options/awslogs-group", ""),
        ("/containerDefinitions/app/portMappings/80~1tcp", ""),
        ("/tags/*", ""),
        ("/placementStrategy/0/field", ""),
        ("/DesiredCount", "/desiredCount"),
        ("/DeploymentConfiguration/minimumhealthypercent", "/deploymentConfiguration/minimumHealthyPercent"),
        ("/ContainerDefinitions/App/DockerLabels/Team", "/containerDefinitions/App/dockerLabels/Team"),
        ("/Tags/Owner", "/tags/Owner"),
    ],
)
def test_pointers_that_may_point_somewhere(pointer: str, meant: str) -> None:
    assert pointers.text(ignoring.parse(pointer, (KINDS.task_definition, KINDS.service))) == (
        meant or pointer
    )


def test_a_range_is_kept_where_an_autoscaler_sets_the_number(world: World) -> None:
    world.gateway.register_scaling({"ResourceId": "service/main/web", "MinCapacity": 1, "MaxCapacity": 6})
    world.gateway.edit("main", "web", desiredCount=5)
    plan = world.plan()
    assert not plan.changes
    (noted,) = plan.unit(UNIT).noted
    assert (noted.before, noted.after, noted.note) == (5, 2, "autoscaling keeps it within 1 and 6")
    assert [(c.address, c.before, c.after) for c in world.plan(desired_count=3).unit(UNIT).changes] == [
        ("desiredCount", 5, 3)
    ]


def test_outside_the_range_the_file_counts(world: World) -> None:
    world.gateway.register_scaling({"ResourceId": "service/main/web", "MinCapacity": 1, "MaxCapacity": 6})
    world.gateway.edit("main", "web", desiredCount=9)
    assert [change.address for change in world.plan().unit(UNIT).changes] == ["desiredCount"]


def test_the_range_is_asked_for_only_where_the_number_is_in_question(world: World) -> None:
    world.plan()
    assert "describe_scaling" not in [call.method for call in world.gateway.calls]


def test_a_plan_does_without_a_range_that_may_not_be_read(world: World) -> None:
    denied = AwsDenied("DescribeScalableTargets is denied", operation="DescribeScalableTargets")
    world.gateway.fail("describe_scaling", denied)
    world.gateway.edit("main", "web", desiredCount=5)
    plan = world.plan()
    assert [change.address for change in plan.unit(UNIT).changes] == ["desiredCount"]
    assert "DescribeScalableTargets is denied" in plan.notices[0].what


def resolution(seconds: int) -> dict[str, Any]:
    return {"metricConfigurations": [{"metricNames": ["CPUUtilization"], "resolutionSeconds": seconds}]}


def test_what_only_a_service_revision_shows_is_compared(world: World) -> None:
    world.write("service.json", service() | {"monitoring": resolution(20)})
    plan = world.plan()
    assert [change.address for change in plan.unit(UNIT).changes] == ["monitoring"]
    assert "monitoring" in plan.unit(UNIT).withheld
    world.apply(Plan.from_json(plan.to_json()))
    assert not world.plan().changes
    saved = Plan.from_json(world.plan(force_new_deployment=True).to_json())
    world.gateway.edit("main", "web", monitoring=resolution(60))
    with pytest.raises(StalePlan, match="monitoring"):
        world.apply(saved)


def test_what_only_a_service_revision_shows_can_be_ignored(world: World) -> None:
    ignoring_project(world, "/monitoring")
    world.gateway.edit("main", "web", monitoring=resolution(20))
    world.write("service.json", service() | {"monitoring": resolution(60), "enableExecuteCommand": True})
    plan = world.plan()
    assert [change.address for change in plan.unit(UNIT).changes] == ["enableExecuteCommand"]
    world.write("service.json", service())
    plan = world.plan()
    assert not plan.changes
    assert not plan.notices


def test_a_container_that_is_not_live_yet_is_the_files(world: World) -> None:
    ignoring_project(world, "/containerDefinitions/*/image", "/containerDefinitions/*/environment/BUILD_ID")
    body = containers(environment=[BUILD])
    sidecar = {"name": "sidecar", "image": "repo/sidecar:1", "environment": [BUILD]}
    world.write("task.json", body | {"containerDefinitions": [*body["containerDefinitions"], sidecar]})
    world.apply()
    app, other = world.containers()
    assert BUILD not in app["environment"]  # somebody else's to add
    assert (other["image"], other["environment"]) == ("repo/sidecar:1", [BUILD])


def test_an_index_is_no_name(world: World) -> None:
    ignoring_project(world, "/containerDefinitions/0/image", "/desiredCount")
    (notice,) = world.plan().notices
    assert "/containerDefinitions/0/image points at nothing" in notice.what
    assert "a container by its name" in (notice.hint or "")


@pytest.mark.parametrize("pointer", ["/family", "/taskDefinition", "/serviceName", "/cluster"])
def test_what_names_things_cannot_be_left_to_others(world: World, pointer: str) -> None:
    ignoring_project(world, pointer)
    with pytest.raises(ConfigError, match="says what is compared with what"):
        world.plan()


SPLUNK: Final = {"logDriver": "splunk", "options": {"splunk-token": "hunter2hunter2"}}


@pytest.mark.parametrize(
    ("secret", "kept", "pointer"),
    [
        (
            {"environment": [{"name": "DB_PASSWORD", "value": "hunter2hunter2"}]},
            {},
            "environment/DB_PASSWORD",
        ),
        (
            {"logConfiguration": SPLUNK},
            {"logConfiguration": {"logDriver": "splunk"}},
            "logConfiguration/options/*",
        ),
    ],
    ids=["variable", "option"],
)
def test_a_secret_that_only_aws_holds_is_kept_and_not_saved(
    world: World, secret: dict[str, Any], kept: dict[str, Any], pointer: str
) -> None:
    world.write("task.json", containers(**secret))
    world.apply()
    (before,) = world.containers()
    ignoring_project(world, f"/containerDefinitions/*/{pointer}")
    world.write("task.json", containers(image="repo/web:2", **kept))
    with world.opened() as reconciler:
        plan = reconciler.plan()
        assert "hunter2hunter2" not in plan.to_json()
        reconciler.apply(plan)
    (after,) = world.containers()
    assert after == before | {"image": "repo/web:2"}


@pytest.mark.parametrize(
    "pointer", ["/deploymentConfiguration/maximumPercent", "/DeploymentConfiguration/MaximumPercent"]
)
def test_an_ignored_value_inside_what_is_sent_whole_binds_the_plan(world: World, pointer: str) -> None:
    ignoring_project(world, pointer)
    world.write("service.json", service() | {"deploymentConfiguration": {"minimumHealthyPercent": 50}})
    plan = Plan.from_json(world.plan().to_json())
    there = dict(world.described()["deploymentConfiguration"])  # type: ignore[arg-type]
    world.gateway.edit("main", "web", deploymentConfiguration=there | {"maximumPercent": 300})
    with pytest.raises(StalePlan, match="maximumPercent"):
        world.apply(plan)


@pytest.mark.parametrize("pointer", ["/desiredCount", "/DesiredCount"])
def test_an_ignored_number_of_tasks_needs_no_scalable_target(world: World, pointer: str) -> None:
    ignoring_project(world, pointer)
    world.gateway.edit("main", "web", desiredCount=7)
    assert not world.plan().changes
    assert "describe_scaling" not in [call.method for call in world.gateway.calls]


def test_a_textual_comparison_shows_nothing_of_what_is_ignored(world: World) -> None:
    ignoring_project(world, "/desiredCount", "/tags/*")
    world.gateway.edit("main", "web", desiredCount=9)
    world.write("service.json", service() | {"enableExecuteCommand": True})
    with world.opened() as reconciler:
        side = reconciler.sides(reconciler.plan())[UNIT]
        live: Any = side.live
        desired: Any = side.desired
    assert live == {name: value for name, value in desired.items() if name != "enableExecuteCommand"}


def test_a_number_of_tasks_outside_of_the_range_is_warned_of(world: World) -> None:
    world.gateway.register_scaling({"ResourceId": "service/main/web", "MinCapacity": 3, "MaxCapacity": 6})
    world.gateway.edit("main", "web", desiredCount=10)
    (notice,) = world.plan().notices
    assert "desiredCount 2 is outside of what autoscaling keeps to, 3 to 6" in notice.what
