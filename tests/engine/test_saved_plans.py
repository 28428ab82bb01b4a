"""A saved plan is carried out only where everything that it was made from is as it was; what moved is named."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import pytest

from reconciler.core import appspecs, canon
from reconciler.core.plans import Plan
from reconciler.core.steps import CreateCodeDeployDeployment
from reconciler.engine import binding
from reconciler.errors import PlanError, StalePlan
from reconciler.testing import FakeGateway
from tests.core.documents import KINDS
from tests.engine.worlds import PROJECT, REVISION, UNIT, World, service, task_definition

Body: TypeAlias = dict[str, Any]


def with_password(world: World, value: str = "{{ tfstate `output.password` }}") -> None:
    """Let the container have a secret among its variables."""
    definition = task_definition("repo/web:2")
    definition["containerDefinitions"][0]["environment"].append({"name": "DB", "value": value})
    world.write("task.json", definition)


def elsewhere(world: World, account: str = "123456789012", region: str = "eu-west-1") -> None:
    """Point the project at another account or region."""
    world.gateway = FakeGateway(clusters=("main",), clock=world.clock, account=account, region=region)


def run_another(world: World) -> None:
    """Deploy another revision behind the plan's back."""
    container = {"name": "app", "image": "repo/web:9"}
    world.gateway.register_task_definition(task_definition() | {"containerDefinitions": [container]})
    world.gateway.edit("main", "web", taskDefinition=world.arn(2))


def break_files(world: World) -> None:
    """Leave no definition that could be read."""
    for name in ("task.json", "service.json"):
        world.write(name, "{")


MOVES: dict[str, tuple[Callable[[World], object], str]] = {
    "account": (
        lambda world: elsewhere(world, account="999999999999"),
        "the account is 999999999999, the plan is for 123456789012",
    ),
    "region": (
        lambda world: elsewhere(world, region="us-east-1"),
        "the region is us-east-1, the plan is for eu-west-1",
    ),
    "project": (
        lambda world: world.write("reconciler.yml", PROJECT + "timeout: 1m\n"),
        "the project file reconciler.yml is another one, or has changed",
    ),
    "lineage": (lambda world: world.state(lineage="two"), "has another lineage"),
    "value": (
        lambda world: world.state(43, subnet="subnet-2"),
        "tfstate output.subnet has another value (serial 42 → 43)",
    ),
    "value under the same serial": (
        lambda world: world.state(42, subnet="subnet-2"),
        "tfstate output.subnet has another value",
    ),
    "value that is gone": (
        lambda world: world.write("terraform.tfstate", "{}"),
        "tfstate output.subnet:",
    ),
    "live field": (
        lambda world: world.gateway.edit("main", "web", desiredCount=7),
        f"{UNIT} desiredCount was changed: 2 in the plan, 7 now",
    ),
    "live tags": (
        lambda world: world.gateway.tag(
            "arn:aws:ecs:eu-west-1:123456789012:service/main/web", [{"key": "env", "value": "x"}]
        ),
        f'{UNIT} tags["env"] was changed: "dev" in the plan, "x" now',
    ),
    "live revision": (
        run_another,
        f'{REVISION} containerDefinitions["app"].image was changed: "repo/web:1" in the plan, "repo/web:9" now',
    ),
    "gone": (lambda world: world.gateway.delete("main", "web"), f"{UNIT} is gone"),
}


@pytest.mark.parametrize("name", MOVES)
def test_what_moved_is_named_and_nothing_is_sent(world: World, name: str) -> None:
    move, expected = MOVES[name]
    world.write("task.json", task_definition("repo/web:2"))
    plan = world.plan()
    move(world)
    world.gateway.calls.clear()
    with pytest.raises(StalePlan) as caught:
        world.apply(plan)
    assert any(expected in line for line in caught.value.moved), caught.value.moved
    assert world.writes == []


def network(subnet: str, *groups: str) -> Body:
    """Give a network, with security groups if any are named."""
    found: Body = {"subnets": [subnet], "assignPublicIp": "DISABLED"}
    return {
        "networkConfiguration": {
            "awsvpcConfiguration": found | ({"securityGroups": list(groups)} if groups else {})
        }
    }


def connect(**more: object) -> Body:
    """Give a Service Connect configuration."""
    services = [{"portName": "http", "clientAliases": [{"port": 80}]}]
    return {"serviceConnectConfiguration": {"enabled": True, "services": services, **more}}


UNCOUNTED = {name: value for name, value in service().items() if name != "desiredCount"}
GROUPS = "networkConfiguration.awsvpcConfiguration.securityGroups"


@dataclass(frozen=True, kw_only=True)
class Bound:
    """What is live and what the file asks for, what somebody changes after the plan, and what is said of that."""

    file: Body
    live: Body = field(default_factory=dict)
    then: Body
    says: tuple[str, ...]


# The file says nothing of what moves, and the step sends it all the same.
BOUND = {
    "security groups": Bound(
        file=service() | network("subnet-2"),
        live=network("subnet-1", "sg-1"),
        then=network("subnet-1", "sg-2"),
        says=(f'{GROUPS}["sg-1"] was removed', f'{GROUPS}["sg-2"] was added'),
    ),
    "security groups where there were none": Bound(
        file=service() | network("subnet-2"),
        then=network("subnet-1", "sg-2"),
        says=(f'{GROUPS}["sg-2"] was added',),
    ),
    "a namespace": Bound(
        file=service() | connect(logConfiguration={"logDriver": "awslogs"}),
        live=connect(namespace="one"),
        then=connect(namespace="two"),
        says=('serviceConnectConfiguration.namespace was changed: "one" in the plan, "two" now',),
    ),
    "the number of tasks of a replacement": Bound(
        file=UNCOUNTED | {"launchType": "EC2"},
        then={"desiredCount": 9},
        says=("desiredCount was changed: 2 in the plan, 9 now",),
    ),
    "a member that a replacement would lose": Bound(
        file=UNCOUNTED | {"launchType": "EC2"},
        then={"gatewayConnectors": [{"portName": "http"}]},
        says=('gatewayConnectors["http"].portName was added',),
    ),
    "a member that a replacement would have taken over": Bound(
        file=UNCOUNTED | {"launchType": "EC2"},
        then={"availabilityZoneRebalancing": "DISABLED"},
        says=('availabilityZoneRebalancing was changed: "ENABLED" in the plan, "DISABLED" now',),
    ),
}


@pytest.mark.parametrize("name", BOUND)
def test_what_a_step_sends_back_as_it_was_binds_the_plan(world: World, name: str) -> None:
    bound = BOUND[name]
    world.gateway.edit("main", "web", **bound.live)
    world.write("service.json", bound.file)
    plan = Plan.from_json(world.plan(may_replace=True).to_json())
    world.gateway.edit("main", "web", **bound.then)
    world.gateway.calls.clear()
    with pytest.raises(StalePlan) as caught:
        world.apply(plan)
    assert caught.value.moved == tuple(f"{UNIT} {said}" for said in bound.says)
    assert world.writes == []


def test_a_tag_that_a_replacement_takes_over_binds_the_plan(world: World) -> None:
    arn = str(world.described()["serviceArn"])
    world.gateway.tag(arn, [{"key": "owner", "value": "finance"}])
    world.write("reconciler.yml", PROJECT + "ignore: {tags: [owner]}\n")
    world.write("service.json", service() | {"launchType": "EC2"})
    plan = world.plan(may_replace=True)
    world.gateway.tag(arn, [{"key": "owner", "value": "sales"}])
    with pytest.raises(StalePlan) as caught:
        world.apply(plan)
    assert caught.value.moved == (f'{UNIT} tags["owner"] was changed: "finance" in the plan, "sales" now',)


def test_what_an_appspec_says_binds_the_plan() -> None:
    body = network("subnet-1", "sg-1") | {"platformVersion": "1.4.0", "desiredCount": 2}
    file = {"deploymentController": {"type": "CODE_DEPLOY"}}
    desired = canon.canon(KINDS.service, file, desired=True)
    live = canon.canon(KINDS.service, file | body, desired=False, like=desired)
    balancer = {"containerName": "app", "containerPort": 80}
    spec = appspecs.build("web:2", body | {"loadBalancers": [balancer]}, ())
    step = CreateCodeDeployDeployment(cluster="main", service="web", body={}, appspec=spec)
    ours = binding.managed(desired, live, ())
    bound = binding.managed(desired, live, (step,))
    assert isinstance(ours, dict)
    assert isinstance(bound, dict)
    assert bound.keys() - ours.keys() == {"networkConfiguration", "platformVersion"}


SHIFTED: dict[str, tuple[Body, tuple[str, ...]]] = {
    "a network that the AppSpec repeats": (
        network("subnet-1", "sg-2"),
        (f'{GROUPS}["sg-1"] was removed', f'{GROUPS}["sg-2"] was added'),
    ),
    "a platform version that it repeats": (
        {"platformVersion": "1.3.0"},
        ('platformVersion was changed: "1.4.0" in the plan, "1.3.0" now',),
    ),
    "a container that it sends the traffic to": (
        {"loadBalancers": [{"targetGroupArn": "tg", "containerName": "app", "containerPort": 8080}]},
        ('loadBalancers["tg/app/8080"].containerPort was added',),
    ),
    "a count, which it does not": ({"desiredCount": 9}, ()),
}


@pytest.mark.parametrize("name", SHIFTED)
def test_what_codedeploy_is_told_of_the_service_as_it_was_binds_the_plan(empty: World, name: str) -> None:
    moves, says = SHIFTED[name]
    balancer = {"targetGroupArn": "tg", "containerName": "app", "containerPort": 80}
    created = service() | {"deploymentController": {"type": "CODE_DEPLOY"}, "loadBalancers": [balancer]}
    empty.write("service.json", created | network("subnet-1", "sg-1") | {"platformVersion": "1.4.0"})
    empty.deployed()
    empty.gateway.codedeploy.add_group("shop", "web", "main", "web")
    file = {
        key: value for key, value in created.items() if key not in ("networkConfiguration", "loadBalancers")
    }
    empty.write("service.json", {key: value for key, value in file.items() if key != "desiredCount"})
    empty.write("task.json", task_definition("repo/web:2"))
    plan = Plan.from_json(empty.plan().to_json())
    empty.gateway.edit("main", "web", **moves)
    if not says:
        assert empty.apply(plan)[0].ending.value == "succeeded"
        return
    with pytest.raises(StalePlan) as caught:
        empty.apply(plan)
    assert set(says) <= {told.removeprefix(f"{UNIT} ") for told in caught.value.moved}


def test_what_no_step_sends_may_move(world: World) -> None:
    world.write("service.json", UNCOUNTED | {"enableExecuteCommand": True})
    plan = Plan.from_json(world.plan().to_json())
    world.gateway.edit("main", "web", desiredCount=9, **network("subnet-1", "sg-9"))
    world.apply(plan)
    assert (world.described()["desiredCount"], world.described()["enableExecuteCommand"]) == (9, True)


def test_what_exists_now_is_named(empty: World) -> None:
    plan = empty.plan()
    empty.deployed()
    with pytest.raises(StalePlan) as caught:
        empty.apply(plan)
    assert caught.value.moved == (f"{REVISION} exists now", f"{UNIT} exists now")


def test_everything_that_moved_is_named_at_once(world: World) -> None:
    world.write("task.json", task_definition("repo/web:2"))
    plan = world.plan()
    world.state(43, subnet="subnet-2")
    world.gateway.edit("main", "web", desiredCount=7, propagateTags="SERVICE")
    with pytest.raises(StalePlan) as caught:
        world.apply(plan)
    assert caught.value.moved == (
        "tfstate output.subnet has another value (serial 42 → 43)",
        f"{UNIT} desiredCount was changed: 2 in the plan, 7 now",
        f"{UNIT} propagateTags was added",
    )


NOT_MOVES: dict[str, Callable[[World], object]] = {
    "nothing": lambda world: None,
    "the serial alone": lambda world: world.state(99, unrelated="x"),
    "what the plan does not manage": lambda world: world.gateway.edit(
        "main", "web", availabilityZoneRebalancing="DISABLED", runningCount=1
    ),
    "the files": break_files,
    "the environment": lambda world: world.environ.update(TAG="9"),
}


@pytest.mark.parametrize("name", NOT_MOVES)
def test_a_plan_holds_although_something_else_moved(world: World, name: str) -> None:
    world.environ["TAG"] = "2"
    with_password(world)
    plan = world.plan()
    NOT_MOVES[name](world)
    world.gateway.calls.clear()
    world.apply(plan)
    assert world.methods == ["register_task_definition", "update_service"]
    (sent,) = world.writes[0][1]
    assert "correct-horse-battery" in str(sent)


def test_apply_reads_no_environment_again(world: World) -> None:
    world.environ["TAG"] = "7"
    world.write("task.json", task_definition("repo/web:{{ must_env `TAG` }}"))
    plan = world.plan()
    world.environ.clear()
    world.apply(plan)
    assert world.containers()[0]["image"] == "repo/web:7"


@pytest.mark.parametrize(
    "value", ["{{ tfstate `output.password` }}", "postgres://u:{{ tfstate `output.password` }}@db"]
)
def test_a_secret_that_moved_is_named_and_not_shown(world: World, value: str) -> None:
    with_password(world, value)
    plan = world.plan()
    world.state(43, password="battery-staple-horse")
    world.gateway.calls.clear()
    with pytest.raises(StalePlan) as caught:
        world.apply(plan)
    assert caught.value.moved == ("tfstate output.password",)
    assert "staple" not in str(caught.value)
    assert world.writes == []


def test_a_live_secret_that_moved_is_named_by_its_place(world: World) -> None:
    with_password(world)
    world.apply(until="stable")
    world.write("service.json", service() | {"desiredCount": 3})
    plan = world.plan()
    definition = task_definition("repo/web:2")
    definition["containerDefinitions"][0]["environment"] = [
        {"name": "VPC", "value": "vpc-1"},
        {"name": "DB", "value": "something else"},
    ]
    world.gateway.register_task_definition(definition)
    world.gateway.edit("main", "web", taskDefinition=world.arn(3))
    with pytest.raises(StalePlan) as caught:
        world.apply(plan)
    assert any(REVISION in line for line in caught.value.moved)
    assert "something else" not in str(caught.value)


def test_a_plan_against_a_saved_description_is_not_applied(world: World) -> None:
    saved = {"services": [world.described()]}
    with world.opened() as reconciler:
        plan = reconciler.plan(live=("live.json", saved))
        assert not plan.applyable
        for use in (reconciler.check, reconciler.apply):
            with pytest.raises(PlanError, match="against a saved description"):
                use(plan)


def test_a_plan_is_the_same_after_its_file(world: World) -> None:
    with_password(world)
    plan = world.plan()
    assert Plan.from_json(plan.to_json()) == plan
