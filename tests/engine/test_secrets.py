"""No secret leaves a run by any door but the API: not by plan files, outputs, events or errors."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from reconciler.api import Reconciler
from reconciler.core import planfiles
from reconciler.core.plans import Plan
from reconciler.errors import AwsRefused, ReconcilerError, Refused, StalePlan
from reconciler.render import human, jsons, progress, unified
from tests.engine.worlds import PASSWORD, REVISION, UNIT, World, service, task_definition

TOKEN = "token-of-the-environment"
OLD = "secret-that-runs-now"


def secretive(world: World) -> None:
    """Put secrets wherever a definition can hold one: alone, in a text, in a map, by a variable's name, in tags."""
    world.environ["API_TOKEN"] = TOKEN
    definition = task_definition("repo/web:2")
    container = definition["containerDefinitions"][0]
    container["environment"] += [
        {"name": "DB", "value": "{{ tfstate `output.password` }}"},
        {"name": "URL", "value": "postgres://u:{{ tfstate `output.password` }}@db/x"},
        {"name": "API_TOKEN", "value": "{{ must_env `API_TOKEN` }}"},
    ]
    container["command"] = ["serve", "--password={{ tfstate `output.password` }}"]
    container["dockerLabels"] = {"label": "{{ tfstate `output.password` }}"}
    definition["tags"] = [{"key": "oops", "value": "{{ tfstate `output.password` }}"}]
    world.write("task.json", definition)
    tags = [*service()["tags"], {"key": "pw", "value": "x{{ tfstate `output.password` }}x"}]
    world.write("service.json", service() | {"tags": tags})


def outputs(reconciler: Reconciler, plan: Plan) -> Iterator[tuple[str, str]]:
    """Give everything that can be printed of a plan."""
    yield "plan file", plan.to_json()
    yield "human", human.plan(plan)
    yield "patch", jsons.patches(plan)
    for address, side in reconciler.sides(plan).items():
        yield f"diff of {address}", unified.diff(side.live_name, side.desired_name, side.live, side.desired)
    for target in ("config", "task_definition", "service"):
        yield f"render {target}", repr(reconciler.rendered(target))
        yield f"render --canonical {target}", repr(reconciler.rendered(target, canonical=True))


@pytest.fixture
def running(world: World) -> World:
    """Give a service that runs with another secret than the files ask for."""
    definition = task_definition()
    definition["containerDefinitions"][0]["environment"] = [
        {"name": "VPC", "value": "vpc-1"},
        {"name": "OLD_TOKEN", "value": OLD},
        {"name": "API_TOKEN", "value": OLD},
    ]
    world.gateway.register_task_definition(definition)
    world.gateway.edit("main", "web", taskDefinition=world.arn(2))
    secretive(world)
    return world


def test_no_output_holds_a_secret(running: World) -> None:
    with running.opened() as reconciler:
        for name, text in outputs(reconciler, reconciler.plan()):
            for secret in (PASSWORD, TOKEN, OLD):
                assert secret not in text, name
            if name in ("human", "plan file"):
                assert "(sensitive value)" in text


def test_only_the_api_gets_the_secrets(running: World) -> None:
    plan = running.plan()
    events = [progress.line(event) for event in running.apply(plan, until="stable")[1]]
    assert PASSWORD not in "\n".join(events)
    assert TOKEN not in "\n".join(events)
    (container,) = running.containers()
    variables = {entry["name"]: entry["value"] for entry in container["environment"]}
    assert variables == {
        "VPC": "vpc-1",
        "DB": PASSWORD,
        "URL": f"postgres://u:{PASSWORD}@db/x",
        "API_TOKEN": TOKEN,
    }
    assert container["command"] == ["serve", f"--password={PASSWORD}"]
    assert container["dockerLabels"] == {"label": PASSWORD}
    assert {"key": "pw", "value": f"x{PASSWORD}x"} in running.tags()
    assert not running.plan().changes


def test_a_secret_of_the_environment_is_read_again_and_bound(running: World) -> None:
    plan = running.plan()
    running.environ["API_TOKEN"] = "another-token-altogether"
    with pytest.raises(StalePlan) as caught:
        running.apply(plan)
    assert caught.value.moved == ("env API_TOKEN",)


def configured(world: World, password: str, limit: int) -> dict[str, Any]:
    """Give a task definition with a secret in a JSON document, and one in a URL."""
    definition = task_definition()
    definition["containerDefinitions"][0]["environment"] = [
        {"name": "VPC", "value": "vpc-1"},
        {"name": "CONFIG", "value": json.dumps({"db_password": password, "limit": limit})},
        {"name": "DB", "value": f"postgres://u:{password}@db/x"},
    ]
    world.write("task.json", definition)
    return definition


def test_a_secret_inside_a_text_is_masked_and_what_stands_beside_it_is_shown(world: World) -> None:
    world.gateway.register_task_definition(configured(world, "hunter-2", 1))
    world.gateway.edit("main", "web", taskDefinition=world.arn(2))
    configured(world, "hunter-3", 2)
    with world.opened() as reconciler:
        plan = reconciler.plan()
        unit = plan.unit(REVISION)
        shown = [text for name, text in outputs(reconciler, plan) if name != "plan file"]
        shown += [repr(part) for part in (unit.changes, unit.managed, unit.patch)]
        assert not [text for text in shown if "hunter" in text]
        assert "hunter-2" not in plan.to_json()
        printed = human.plan(plan)
    assert "limit = 1 -> 2" in printed
    assert printed.count("a masked part differs") == 2
    assert len(unit.withheld) == 2
    running = Plan.from_json(plan.to_json())
    world.apply(running)
    assert not world.plan().changes


def test_a_secret_inside_a_text_that_moved_makes_a_plan_stale(world: World) -> None:
    world.gateway.register_task_definition(configured(world, "hunter-2", 1))
    world.gateway.edit("main", "web", taskDefinition=world.arn(2))
    configured(world, "hunter-3", 1)
    plan = world.plan()
    assert [finding.note for finding in plan.unit(REVISION).changes] == ["a masked part differs"] * 2
    world.gateway.register_task_definition(configured(world, "hunter-4", 1))
    world.gateway.edit("main", "web", taskDefinition=world.arn(3))
    configured(world, "hunter-3", 1)
    with pytest.raises(StalePlan) as caught:
        world.apply(plan)
    assert "a secret was changed" in str(caught.value.moved)
    assert "hunter" not in str(caught.value.moved)


def test_show_sensitive_shows_and_still_saves_nothing(running: World) -> None:
    with running.opened(show_sensitive=True) as reconciler:
        plan = reconciler.plan()
        assert PASSWORD in human.plan(plan)
        assert PASSWORD in str(reconciler.rendered("task_definition"))
        unit = plan.unit(REVISION)
        for part in (unit.steps, unit.desired, unit.managed, plan.inputs):
            for secret in (PASSWORD, TOKEN, OLD):
                assert secret not in repr(part)


def test_a_patch_counts_what_it_leaves_out(running: World) -> None:
    unit = running.plan().unit(REVISION)
    assert set(unit.withheld) == {
        'containerDefinitions["app"].command',
        'containerDefinitions["app"].dockerLabels',
        'containerDefinitions["app"].environment["API_TOKEN"]',
        'containerDefinitions["app"].environment["DB"]',
        'containerDefinitions["app"].environment["URL"]',
        "tags",
    }
    assert unit.unguarded == 1, "the variable OLD_TOKEN is removed without a test of its value"


def test_a_computed_secret_cannot_be_saved_but_applied_at_once(world: World) -> None:
    definition = task_definition("repo/web:2")
    definition["containerDefinitions"][0]["environment"].append(
        {"name": "DB", "value": "{{ slice (tfstate `output.password`) 0 9 }}"}
    )
    world.write("task.json", definition)
    plan = world.plan()
    assert plan.unit(REVISION).secrets[0].pieces == ()
    with pytest.raises(Refused, match="computed from a secret"):
        world.apply(plan)
    world.apply()
    (container,) = world.containers()
    assert {"name": "DB", "value": PASSWORD[:9]} in container["environment"]


def test_an_error_of_the_api_that_quotes_a_secret_can_be_masked(running: World) -> None:
    quoting = AwsRefused(f"ecs: bad value {PASSWORD}", operation="RegisterTaskDefinition", code="X")
    running.gateway.fail("register_task_definition", quoting)
    with running.opened() as reconciler:
        plan = reconciler.plan()
        with pytest.raises(ReconcilerError) as caught:
            reconciler.apply(plan)
        assert PASSWORD not in reconciler.masker.text(str(caught.value))


@pytest.mark.parametrize("saved", [True, False])
def test_a_secret_number_is_sent_as_the_text_that_ecs_wants(world: World, saved: bool) -> None:
    world.state(password=54321)
    definition = json.dumps(task_definition("repo/web:2"))
    variables = '"environment": [{"name": "PORT", "value": {{ tfstate `output.password` }}}, '
    world.write("task.json", definition.replace('"environment": [', variables))
    plan = world.plan()
    assert "54321" not in plan.to_json()
    world.apply(plan if saved else None)
    (container,) = world.containers()
    assert container["environment"][0] == {"name": "PORT", "value": "54321"}


def in_names(world: World) -> None:
    """Put the secret where it would be part of a name: into items of sets that are told apart by all that they hold."""
    definition = task_definition("repo/web:2")
    definition["containerDefinitions"][0]["extraHosts"] = [
        {"hostname": "db", "ipAddress": "{{ tfstate `output.password` }}"},
        {"hostname": "cache", "ipAddress": "10.0.0.1"},
    ]
    definition["containerDefinitions"][0]["dockerSecurityOptions"] = [
        "{{ tfstate `output.password` }}",
        "other",
    ]
    world.write("task.json", definition)
    hook = {
        "hookTargetArn": "arn:aws:lambda:eu-west-1:1:function:check",
        "roleArn": "arn:aws:iam::1:role/hooks",
        "lifecycleStages": ["POST_SCALE_UP"],
        "hookDetails": {
            "token": "{{ tfstate `output.password` }}",
            "deep": [{"er": "{{ tfstate `output.password` }}"}],
        },
    }
    network = {"subnets": ["{{ tfstate `output.password` }}", "subnet-2"]}
    hooked = service() | {
        "deploymentConfiguration": {"lifecycleHooks": [hook]},
        "networkConfiguration": {"awsvpcConfiguration": network},
        "tags": [{"key": "{{ tfstate `output.password` }}", "value": "x"}, {"key": "env", "value": "dev"}],
    }
    world.write("service.json", hooked)


@pytest.mark.parametrize("there", [False, True], ids=["a new service", "a service that runs without them"])
def test_no_name_holds_a_secret(world: World, there: bool) -> None:
    if there:
        world.deployed()
    in_names(world)
    with world.opened() as reconciler:
        plan = reconciler.plan()
        for name, text in outputs(reconciler, plan):
            assert PASSWORD not in text, name
    if there:
        shown = [finding.address for unit in plan.units for finding in unit.changes]
        masked = 'containerDefinitions["app"].extraHosts'
        assert masked in shown
        assert 'networkConfiguration.awsvpcConfiguration.subnets["(sensitive value)"]' in shown
        assert 'tags["(sensitive value)"]' in shown
    world.apply(plan)
    assert world.described()["deploymentConfiguration"]["lifecycleHooks"][0]["hookDetails"] == {  # type: ignore[index, call-overload]
        "token": PASSWORD,
        "deep": [{"er": PASSWORD}],
    }
    assert {"hostname": "db", "ipAddress": PASSWORD} in world.containers()[0]["extraHosts"]
    assert {"key": PASSWORD, "value": "x"} in world.tags()
    assert not world.plan().changes


def test_no_name_of_what_goes_holds_a_secret(world: World) -> None:
    """The files still refer to the secret, elsewhere; what AWS describes is known by its content alone."""
    in_names(world)
    world.deployed()
    world.write("service.json", service())
    secretive(world)
    with world.opened() as reconciler:
        plan = reconciler.plan()
        for name, text in outputs(reconciler, plan):
            assert PASSWORD not in text or name == "plan file", name
    removed = {finding.address for unit in plan.units for finding in unit.changes if not finding.has_after}
    assert 'tags["(sensitive value)"]' in removed
    assert plan.unit(UNIT).unguarded
    # A key of a tag cannot be sent by reference, so the plan is not written at all.
    assert planfiles.exposed(plan, [PASSWORD], []) == ("/units/1/steps/1/keys/0",)


def test_a_plan_whose_live_names_hold_a_secret_holds_until_something_moves(world: World) -> None:
    in_names(world)
    world.deployed()
    body = json.loads((world.root / "service.json").read_text())
    world.write("service.json", body | {"desiredCount": 3})
    plan = world.plan()
    assert PASSWORD not in plan.to_json()
    world.gateway.edit("main", "web", enableExecuteCommand=True)
    with pytest.raises(StalePlan) as caught:
        world.apply(plan)
    assert caught.value.moved == (f"{UNIT} enableExecuteCommand was added",)
    world.gateway.edit("main", "web", enableExecuteCommand=False)
    world.apply(plan)
    assert world.described()["desiredCount"] == 3


def test_details_that_are_a_text_with_a_secret_are_hidden_whole(world: World) -> None:
    world.deployed()
    hook = {
        "hookTargetArn": "arn:aws:lambda:eu-west-1:1:function:check",
        "roleArn": "arn:aws:iam::1:role/hooks",
        "lifecycleStages": ["POST_SCALE_UP"],
        "hookDetails": '{"token": "{{ tfstate `output.password` }}"}',
    }
    world.write("service.json", service() | {"deploymentConfiguration": {"lifecycleHooks": [hook]}})
    with world.opened() as reconciler:
        plan = reconciler.plan()
        for name, text in outputs(reconciler, plan):
            assert PASSWORD not in text, name
        reconciler.apply(plan)
    assert f"'hookDetails': {{'token': '{PASSWORD}'}}" in repr(world.described())
    assert not world.plan().changes


@pytest.mark.parametrize("text", ["there", "here", "both"])
@pytest.mark.parametrize(("name", "withheld"), [("apiToken", True), ("level", False)])
def test_details_that_are_a_text_on_one_side(world: World, text: str, name: str, withheld: bool) -> None:
    def hooked(value: str, *, written: bool) -> dict[str, Any]:
        details = {name: value, "x": 1}
        hook = {
            "hookTargetArn": "arn:aws:lambda:eu-west-1:1:function:check",
            "roleArn": "arn:aws:iam::1:role/hooks",
            "lifecycleStages": ["POST_SCALE_UP"],
            "hookDetails": json.dumps(details) if written else details,
        }
        return {"deploymentConfiguration": {"lifecycleHooks": [hook]}}

    world.deployed()
    world.gateway.edit("main", "web", **hooked("old-value", written=text != "here"))
    world.write("service.json", service() | hooked("new-value", written=text != "there"))
    with world.opened() as reconciler:
        plan = reconciler.plan()
        shown = dict(outputs(reconciler, plan))
        for output in ("human", "patch", f"diff of {UNIT}", "plan file"):
            assert ("old-value" in shown[output]) != withheld, output
    assert bool(plan.unit(UNIT).withheld) == withheld


def test_a_secret_that_survives_in_a_plan_is_found(world: World) -> None:
    definition = task_definition()
    definition["containerDefinitions"][0]["dockerLabels"] = {"{{ tfstate `output.password` }}": "x"}
    world.write("task.json", definition)
    plan = world.plan()
    found = planfiles.exposed(plan, [PASSWORD], [])
    assert found
    assert all(PASSWORD in pointer for pointer in found)
    assert planfiles.exposed(plan, [PASSWORD], [f"repo/{PASSWORD}"]) == ()
    assert planfiles.exposed(plan, ["main"], []) == (), "what the cluster is called"
    assert planfiles.exposed(plan, ["managed"], []) == (), "a word of every plan"
    assert planfiles.exposed(plan, ["nowhere-at-all"], []) == ()
