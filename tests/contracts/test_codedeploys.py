"""The duties of `engine.ports.CodeDeploy`, held by the fake in memory and by the real one against the sandbox."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from reconciler import sandbox
from reconciler.aws import sessions
from reconciler.aws.gateway import EcsGateway
from reconciler.core import appspecs, codedeployments
from reconciler.engine.ports import Absent, CodeDeploy, Gateway, Snapshot
from reconciler.errors import AwsNotFound, AwsRefused
from reconciler.testing import FakeClock, FakeGateway

BALANCER: dict[str, Any] = {
    "targetGroupArn": "arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/blue/0123456789abcdef",
    "containerName": "app",
    "containerPort": 80,
}
TARGET = "prod:web"


@dataclass(frozen=True)
class World:
    """A gateway with a service that CodeDeploy deploys, and time."""

    gateway: Gateway
    advance: Callable[[float], None]

    @property
    def codedeploy(self) -> CodeDeploy:
        return self.gateway.codedeploy

    def service(self) -> dict[str, Any]:
        found = self.gateway.describe_services("prod", ["web"])["web"]
        assert isinstance(found, Snapshot)
        return dict(found.body)

    def info(self, deployment: str) -> dict[str, Any]:
        (found,) = self.codedeploy.describe_deployments([deployment])
        return dict(found)


def definition(tag: str) -> dict[str, Any]:
    container = {
        "name": "app",
        "image": f"web:{tag}",
        "memory": 64,
        "portMappings": [{"containerPort": 80}],
    }
    return {"family": "web", "containerDefinitions": [container]}


def service(**more: Any) -> dict[str, Any]:
    return {
        "cluster": "prod",
        "serviceName": "web",
        "taskDefinition": "web:1",
        "desiredCount": 2,
        "deploymentController": {"type": "CODE_DEPLOY"},
        "loadBalancers": [BALANCER],
        **more,
    }


def fake_world() -> Iterator[World]:
    clock = FakeClock()
    gateway = FakeGateway(
        clusters=["prod"],
        clock=clock,
        rollout_seconds=60,
        fails=lambda body: "crash" in str(body["containerDefinitions"]),
    )
    gateway.codedeploy.add_group("shop", "web", "prod", "web")
    for tag in ("1", "2", "crash"):
        gateway.register_task_definition(definition(tag))
    gateway.create_service(service())
    yield World(gateway, clock.advance)


def sandbox_world() -> Iterator[World]:
    group = {
        "applicationName": "shop",
        "deploymentGroupName": "web",
        "service": "prod/web",
        "target_groups": ["blue", "green"],
    }
    seed = {
        "task_definitions": [definition(tag) for tag in ("1", "2", "crash")],
        "services": [service()],
        "codedeploy": {"groups": [group]},
        "knobs": {"replacement_timeout": 60},
    }
    with sandbox.serving(seed, speed=0) as server:
        environ = {
            "AWS_ENDPOINT_URL": server.endpoint_url,
            "AWS_ACCESS_KEY_ID": "AKIAIOSFODNN7EXAMPLE",
            "AWS_SECRET_ACCESS_KEY": "example",
            "AWS_REGION": "eu-west-1",
        }
        aws = sessions.open_aws(environ=environ)
        yield World(EcsGateway(aws), server.advance)
        aws.close()


@pytest.fixture(params=[fake_world, sandbox_world], ids=["fake", "sandbox"])
def world(request: pytest.FixtureRequest) -> Iterator[World]:
    yield from request.param()


def body(definition: str = "web:2", **more: Any) -> dict[str, Any]:
    spec = appspecs.build(definition, {"loadBalancers": [BALANCER]}, ())
    return {
        "applicationName": "shop",
        "deploymentGroupName": "web",
        "revision": appspecs.revision(spec),
        **more,
    }


def test_groups_are_found(world: World) -> None:
    assert "shop" in world.codedeploy.applications()
    assert world.codedeploy.group_names("shop") == ("web",)
    (group,) = world.codedeploy.groups("shop", ["web", "other"])
    assert group["applicationName"] == "shop"
    assert group["ecsServices"] == [{"clusterName": "prod", "serviceName": "web"}]
    assert group["computePlatform"] == "ECS"
    assert group["deploymentConfigName"] in world.codedeploy.configurations()


@pytest.mark.parametrize(
    "act",
    [
        lambda port: port.group_names("nothing"),
        lambda port: port.groups("nothing", ["web"]),
        lambda port: port.create_deployment(body(deploymentGroupName="nothing")),
        lambda port: port.list_deployments("shop", "nothing"),
        lambda port: port.stop_deployment("d-ABCDEFGHI", rollback=True),
        lambda port: port.continue_deployment("d-ABCDEFGHI"),
    ],
)
def test_what_is_not_there(world: World, act: Callable[[CodeDeploy], object]) -> None:
    with pytest.raises(AwsNotFound):
        act(world.codedeploy)


def test_a_deployment_from_its_beginning_to_its_end(world: World) -> None:
    port = world.codedeploy
    assert port.list_deployments("shop", "web") == ()
    made = port.create_deployment(body())
    assert port.list_deployments("shop", "web", statuses=codedeployments.OPEN) == (made,)
    world.advance(5)
    info = world.info(made)
    assert not codedeployments.over(info)
    assert appspecs.task_definition(info["revision"]) == "web:2"
    target = port.describe_target(made, TARGET)
    assert isinstance(target, Snapshot)
    assert {each["lifecycleEventName"] for each in codedeployments.events(target.body)} >= {"Install"}
    assert not codedeployments.passed(target.body, "AllowTraffic")
    assert codedeployments.known(world.service()) == (made,)
    assert str(world.service()["taskDefinition"]).endswith("web:1")
    world.advance(600)
    assert world.info(made)["status"] == "Succeeded"
    ended = port.describe_target(made, TARGET)
    assert isinstance(ended, Snapshot)
    assert codedeployments.passed(ended.body, "AfterAllowTraffic")
    assert codedeployments.traffic(ended.body) == 100
    assert port.list_deployments("shop", "web", statuses=codedeployments.OPEN) == ()
    assert str(world.service()["taskDefinition"]).endswith("web:2")
    assert codedeployments.at_rest(world.service())


def test_a_group_has_one_deployment_at_a_time(world: World) -> None:
    made = world.codedeploy.create_deployment(body())
    with pytest.raises(AwsRefused, match=made) as caught:
        world.codedeploy.create_deployment(body("web:1"))
    assert caught.value.code == "DeploymentLimitExceededException"


@pytest.mark.parametrize("rollback", [True, False])
def test_a_deployment_that_is_stopped(world: World, rollback: bool) -> None:
    port = world.codedeploy
    made = port.create_deployment(body())
    world.advance(5)
    port.stop_deployment(made, rollback=rollback)
    world.advance(120)
    info = world.info(made)
    assert info["status"] == "Stopped"
    back = codedeployments.rollback_of(info)
    assert bool(back) is rollback
    if rollback:
        assert world.info(back)["creator"] == "codeDeployRollback"
        assert codedeployments.judge(info, back=world.info(back)).state.value == "rolled back"
    assert str(world.service()["taskDefinition"]).endswith("web:1")
    with pytest.raises(AwsRefused):
        port.stop_deployment(made, rollback=True)


def test_a_deployment_that_fails_is_rolled_back_where_that_is_wanted(world: World) -> None:
    wanted = {"enabled": True, "events": ["DEPLOYMENT_FAILURE"]}
    made = world.codedeploy.create_deployment(body("web:3", autoRollbackConfiguration=wanted))
    world.advance(600)
    info = world.info(made)
    assert info["status"] == "Failed"
    assert info["autoRollbackConfiguration"] == wanted
    assert world.info(codedeployments.rollback_of(info))["status"] == "Succeeded"


def test_nothing_waits_for_traffic_to_go_over(world: World) -> None:
    made = world.codedeploy.create_deployment(body())
    world.advance(5)
    with pytest.raises(AwsRefused):
        world.codedeploy.continue_deployment(made)


def test_deployments_that_are_gone_are_left_out(world: World) -> None:
    made = world.codedeploy.create_deployment(body())
    found = world.codedeploy.describe_deployments(["d-ABCDEFGHI", made])
    assert [each["deploymentId"] for each in found] == [made]
    assert isinstance(world.codedeploy.describe_target("d-ABCDEFGHI", TARGET), Absent)


def test_an_update_leaves_the_revision_to_codedeploy(world: World) -> None:
    world.gateway.update_service({"cluster": "prod", "service": "web", "desiredCount": 3})
    world.advance(120)
    assert world.service()["runningCount"] == 3
    with pytest.raises(AwsRefused):
        world.gateway.update_service({"cluster": "prod", "service": "web", "taskDefinition": "web:2"})
