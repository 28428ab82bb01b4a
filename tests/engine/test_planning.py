"""What a plan holds for each way in which files and ECS can stand to each other, and what it sends."""

from __future__ import annotations

import pytest

from reconciler.core.plans import Verb
from reconciler.core.steps import (
    CreateService,
    RegisterTaskDefinition,
    RemoveTags,
    SetTags,
    UpdateService,
)
from reconciler.errors import PlanError, Refused
from tests.engine.worlds import REVISION, UNIT, World, service, task_definition


def test_what_is_not_there_is_created(empty: World) -> None:
    plan = empty.plan()
    assert [(unit.address, unit.verb) for unit in plan.units] == [
        (REVISION, Verb.CREATE),
        (UNIT, Verb.CREATE),
    ]
    assert [type(step) for _, step in plan.steps()] == [RegisterTaskDefinition, CreateService]
    assert empty.writes == []
    outcome, _ = empty.apply()
    assert outcome.ending.value == "succeeded"
    assert outcome.revision.endswith(":task-definition/web:1")
    assert empty.methods == ["register_task_definition", "create_service"]


def test_a_plan_right_after_an_apply_is_empty(world: World) -> None:
    plan = world.plan()
    assert [(unit.verb, unit.changes, unit.noted, unit.steps) for unit in plan.units] == [
        (Verb.NONE, (), (), ()),
        (Verb.NONE, (), (), ()),
    ]
    assert not plan.changes
    world.apply(plan)
    assert world.writes == []


def test_another_image_is_a_revision_and_one_update(world: World) -> None:
    world.write("task.json", task_definition("repo/web:2"))
    plan = world.plan()
    assert [(f.address, f.before, f.after) for f in plan.unit(REVISION).changes] == [
        ('containerDefinitions["app"].image', "repo/web:1", "repo/web:2")
    ]
    (change,) = plan.unit(UNIT).changes
    assert (change.address, change.before, change.unknown) == ("taskDefinition", "web:1", True)
    assert plan.unit(UNIT).depends_on == (REVISION,)
    world.apply(plan)
    assert world.methods == ["register_task_definition", "update_service"]
    (sent,) = world.writes[1][1]
    assert sent == {
        "cluster": "main",
        "service": "web",
        "taskDefinition": "arn:aws:ecs:eu-west-1:123456789012:task-definition/web:2",
    }
    assert not world.plan().changes


def test_many_changes_of_a_service_are_one_update(world: World) -> None:
    world.write("task.json", task_definition("repo/web:2"))
    world.write(
        "service.json",
        service() | {"desiredCount": 3, "propagateTags": "SERVICE", "enableExecuteCommand": True},
    )
    world.apply()
    assert world.methods == ["register_task_definition", "update_service"]
    (sent,) = world.writes[1][1]
    assert isinstance(sent, dict)
    assert set(sent) == {
        "cluster", "service", "taskDefinition", "desiredCount", "propagateTags", "enableExecuteCommand",
    }  # fmt: skip


def test_tags_alone_need_neither_revision_nor_deployment(world: World) -> None:
    world.write("task.json", task_definition() | {"tags": [{"key": "team", "value": "a"}]})
    world.write("service.json", service() | {"tags": [{"key": "owner", "value": "b"}]})
    plan = world.plan()
    assert [type(step) for _, step in plan.steps()] == [SetTags, RemoveTags, SetTags]
    assert plan.unit(REVISION).effects == ("tags only, no new revision",)
    assert plan.unit(UNIT).effects == ("tags only, no new deployment",)
    world.apply(plan)
    assert world.methods == ["tag", "untag", "tag"]
    assert not world.plan().changes


def test_an_equal_revision_is_used_again(world: World) -> None:
    world.write("task.json", task_definition("repo/web:2"))
    world.apply(until="stable")
    world.gateway.edit("main", "web", taskDefinition=world.arn(1))
    world.gateway.calls.clear()
    plan = world.plan()
    assert plan.unit(REVISION).effects == ("revision 2 is registered already and equal",)
    world.apply(plan)
    assert world.methods == ["update_service"]


def test_force_register_registers_an_equal_revision(world: World) -> None:
    world.apply(world.plan(force_register=True))
    assert world.methods == ["register_task_definition", "update_service"]


def test_an_inactive_service_is_created_anew(world: World) -> None:
    world.gateway.delete("main", "web")
    plan = world.plan()
    assert plan.unit(UNIT).verb is Verb.CREATE
    world.apply(plan)
    assert world.methods == ["create_service"]


def test_a_draining_service_is_an_error_that_says_when_to_retry(world: World) -> None:
    world.gateway.edit("main", "web", status="DRAINING")
    with pytest.raises(PlanError, match="DRAINING") as caught:
        world.plan()
    assert "services-inactive --cluster main --services web" in str(caught.value)


def test_a_running_revision_that_was_deregistered_is_still_compared_with(world: World) -> None:
    world.gateway.deregister("web:1")
    plan = world.plan()
    assert not plan.changes


def test_a_rollout_in_progress_is_told(world: World) -> None:
    world.write("task.json", task_definition("repo/web:2"))
    world.apply(wait=False)
    assert world.plan().unit(UNIT).rollout == "a rollout of web:2 is in progress (0 of 2 tasks running)"
    world.write("task.json", task_definition("repo/web:3"))
    assert world.plan().unit(UNIT).rollout.endswith("; applying now replaces it")


@pytest.mark.parametrize(
    ("options", "sent"),
    [
        ({"desired_count": 5}, {"desiredCount": 5}),
        ({"desired_count": 5, "update_service": False}, {"desiredCount": 5}),
        ({"force_new_deployment": True}, {"forceNewDeployment": True}),
        ({"force_new_deployment": True, "skip_task_definition": True}, {"forceNewDeployment": True}),
    ],
    ids=str,
)
def test_options_shape_the_one_update(
    world: World, options: dict[str, object], sent: dict[str, object]
) -> None:
    (_, step) = next(world.plan(**options).steps())
    assert isinstance(step, UpdateService)
    assert step.body == {"cluster": "main", "service": "web"} | sent


def test_a_desired_count_alone_changes_nothing_else(world: World) -> None:
    world.write("service.json", service() | {"enableExecuteCommand": True})
    (unit,) = world.plan(desired_count=5, update_service=False, skip_task_definition=True).units
    assert [finding.address for finding in unit.changes] == ["desiredCount"]


def test_a_skipped_task_definition_is_not_in_the_plan(world: World) -> None:
    world.write("task.json", "this is not read")
    assert [unit.address for unit in world.plan(skip_task_definition=True).units] == [UNIT]


@pytest.mark.parametrize(("revision", "runs"), [("1", "web:1"), ("latest", "web:2")])
def test_a_registered_revision_is_run(world: World, revision: str, runs: str) -> None:
    world.write("task.json", task_definition("repo/web:2"))
    world.apply(until="stable")
    if revision == "latest":
        world.gateway.edit("main", "web", taskDefinition=world.arn(1))
    (unit,) = world.plan(revision=revision).units
    (change,) = unit.changes
    assert (change.address, change.after, change.unknown) == ("taskDefinition", runs, False)


def test_a_revision_that_is_not_there_is_an_error(world: World) -> None:
    with pytest.raises(PlanError, match="there is no revision web:9"):
        world.plan(revision="9")


def test_what_a_file_does_not_say_goes_back_to_its_default_or_is_left_alone(world: World) -> None:
    world.gateway.edit(
        "main", "web", enableExecuteCommand=True, availabilityZoneRebalancing="DISABLED", novelty={"x": 1}
    )
    unit = world.plan().unit(UNIT)
    assert [finding.address for finding in unit.changes] == ["enableExecuteCommand"]
    (step,) = unit.steps
    assert isinstance(step, UpdateService)
    assert step.body["enableExecuteCommand"] is False


def test_a_change_that_the_api_refuses_is_refused_with_its_place(world: World) -> None:
    network = {"networkMode": "bridge", "requiresCompatibilities": ["EC2"]}
    world.write("service.json", service() | {"launchType": None})
    world.write("task.json", task_definition() | network)
    plan = world.plan()
    assert plan.errored
    assert not plan.applyable
    (refusal,) = [each for each in plan.refusals if "networkMode `awsvpc`, which" in each.what]
    assert refusal.where is not None
    assert refusal.where.path.endswith("service.json")
    with pytest.raises(Refused, match="networkConfiguration"):
        world.apply(plan)
    assert not world.methods


def test_a_service_without_task_definition_cannot_be_created(empty: World) -> None:
    with pytest.raises(PlanError, match="a new service needs a task definition"):
        empty.plan(skip_task_definition=True)


def test_a_daemon_is_created_without_a_count(empty: World) -> None:
    body = service() | {"schedulingStrategy": "DAEMON", "launchType": "EC2"}
    empty.write("service.json", body)
    (step,) = empty.plan().unit(UNIT).steps
    assert isinstance(step, CreateService)
    assert "desiredCount" not in step.body


def test_a_service_without_a_count_starts_with_none(empty: World) -> None:
    empty.write("service.json", {name: value for name, value in service().items() if name != "desiredCount"})
    (step,) = empty.plan().unit(UNIT).steps
    assert isinstance(step, CreateService)
    assert step.body["desiredCount"] == 0


def test_reads_are_few(world: World) -> None:
    world.plan()
    assert sorted(call.method for call in world.gateway.calls) == [
        "account",
        "describe_services",
        "describe_task_definition",
    ]


def test_a_family_without_a_revision_means_its_newest(world: World) -> None:
    world.write("reconciler.yml", "cluster: main\nservice: web\nservice_definition: service.json\n")
    network = {"awsvpcConfiguration": {"subnets": ["subnet-1"]}}
    body = service() | {"networkConfiguration": network, "taskDefinition": "web"}
    world.write("service.json", body)
    assert not world.plan().changes
    world.gateway.register_task_definition(task_definition("repo/web:2"))
    plan = world.plan()
    (change,) = plan.unit(UNIT).changes
    assert (change.address, change.before, change.after) == ("taskDefinition", "web:1", "web:2")
    world.apply(plan)
    assert str(world.described()["taskDefinition"]).endswith("web:2")
    world.write("service.json", body | {"taskDefinition": "nothing"})
    with pytest.raises(PlanError, match="there is no revision nothing"):
        world.plan()


def test_a_daemon_is_left_alone_by_a_number_of_tasks(empty: World) -> None:
    daemon = service() | {"schedulingStrategy": "DAEMON", "launchType": "EC2"}
    del daemon["desiredCount"]
    empty.write("service.json", daemon)
    empty.deployed()
    plan = empty.plan(desired_count=3, update_service=False, force_new_deployment=True)
    outcome, _ = empty.apply(plan)
    assert outcome.ending.value == "succeeded"
    assert empty.methods == ["update_service"]
