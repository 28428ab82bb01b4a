"""Finding the group that deploys a service, and watching what it does, against the fake."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from reconciler.core import appspecs
from reconciler.core.appspecs import Settings
from reconciler.core.events import RolloutProgress, Warned
from reconciler.engine import grouping, shifting, watching
from reconciler.engine.ports import Snapshot
from reconciler.errors import AwsDenied, AwsThrottled, AwsUnreachable, Refused
from reconciler.testing import FakeClock, FakeGateway
from tests.contracts.test_codedeploys import body, definition, service


class World:
    """A fake with a service that CodeDeploy deploys; `crash` is an image that fails."""

    def __init__(self) -> None:
        self.clock = FakeClock()
        self.gateway = FakeGateway(
            clusters=["prod"],
            clock=self.clock,
            rollout_seconds=60,
            fails=lambda revision: "crash" in str(revision["containerDefinitions"]),
        )
        for tag in ("1", "2", "crash"):
            self.gateway.register_task_definition(definition(tag))
        self.gateway.create_service(service())

    def live(self) -> dict[str, Any]:
        found = self.gateway.describe_services("prod", ["web"])["web"]
        assert isinstance(found, Snapshot)
        return dict(found.body)

    def find(self, **named: Any) -> grouping.Group:
        port = self.gateway.codedeploy
        return grouping.find(port, self.clock, Settings(**named), "prod", "web", self.live())

    def called(self, method: str) -> int:
        return sum(call.method == method for call in self.gateway.calls)

    def watch(self, deployment: str, **more: Any) -> tuple[watching.Watched, list[Any]]:
        target = shifting.Shift(cluster="prod", service="web", deployment=deployment, **more)
        events = []
        watcher = shifting.watch(self.gateway, self.clock, target)
        while True:
            try:
                events.append(next(watcher))
            except StopIteration as stop:
                return stop.value, events


@pytest.fixture
def world() -> World:
    return World()


def test_the_likeliest_application_is_asked_first(world: World) -> None:
    for name in ("a", "b", "c"):
        world.gateway.codedeploy.add_group(name, name, "prod", name)
    world.gateway.codedeploy.add_group("AppECS-prod-web", "DgpECS-prod-web", "prod", "web")
    assert world.find().name == "DgpECS-prod-web"
    assert world.called("group_names") == 1


def test_a_cluster_by_its_arn_is_the_cluster(world: World) -> None:
    arn = "arn:aws:ecs:eu-west-1:123456789012:cluster/prod"
    world.gateway.codedeploy.add_group("shop", "web", arn, "web")
    assert world.find().application == "shop"


def test_what_it_is_called_elsewhere_is_no_match(world: World) -> None:
    world.gateway.codedeploy.add_group("shop", "web", "test", "web")
    with pytest.raises(Refused, match="no CodeDeploy deployment group deploys prod/web"):
        world.find()
    with pytest.raises(
        Refused, match="the deployment group shop/web deploys test/web, not prod/web"
    ) as caught:
        world.find(application="shop", group="web")
    assert "leave `codedeploy` out" in str(caught.value.hint)


def test_two_groups_of_an_application_are_not_chosen_from(world: World) -> None:
    for name in ("blue", "green"):
        world.gateway.codedeploy.add_group("shop", name, "prod", "web")
    with pytest.raises(Refused, match="2 deployment groups of application shop deploy prod/web: blue, green"):
        world.find()
    assert world.find(group="green").name == "green"


def test_there_is_an_end_to_looking(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(grouping, "APPLICATIONS", 3)
    for number in range(5):
        world.gateway.codedeploy.add_group(f"a{number}", "g", "prod", f"other{number}")
    with pytest.raises(Refused, match="none of 3 CodeDeploy applications") as caught:
        world.find()
    assert "application_name" in str(caught.value.hint)
    assert world.called("group_names") == 3


def test_throttled_calls_are_made_again_more_and_more_slowly(world: World) -> None:
    world.gateway.codedeploy.add_group("shop", "web", "prod", "web")
    slow = AwsThrottled("codedeploy ListApplications: Rate exceeded", temporary=True)
    world.gateway.fail("applications", slow, times=3)
    started = world.clock.now()
    assert world.find().name == "web"
    assert world.clock.now() - started == 1 + 2 + 4
    world.gateway.fail("applications", slow, times=100)
    with pytest.raises(AwsThrottled):
        world.find()


def test_without_permission_the_names_can_be_given(world: World) -> None:
    world.gateway.codedeploy.add_group("shop", "web", "prod", "web")
    world.gateway.fail("applications", AwsDenied("denied", hint="allow codedeploy:ListApplications"))
    with pytest.raises(AwsDenied) as caught:
        world.find()
    assert "deployment_group_name" in str(caught.value.hint)
    assert world.find(application="shop", group="web").name == "web"


def deploy(world: World, revision: str, **more: Any) -> str:
    world.gateway.codedeploy.add_group("shop", "web", "prod", "web", **more)
    return world.gateway.codedeploy.create_deployment(body(revision))


def test_a_deployment_is_reported_until_it_ends(world: World) -> None:
    name = deploy(world, "web:2")
    watched, events = world.watch(name)
    assert watched.ending.value == "succeeded"
    assert watched.service is not None
    assert str(watched.service.body["taskDefinition"]).endswith("web:2")
    told = [event for event in events if isinstance(event, RolloutProgress)]
    assert [event.state for event in told] == ["in progress", "stable"]
    assert told[0].stage == "Install"
    assert told[0].record is not None
    assert told[0].record["targetServiceRevision"] == {"requestedProductionTrafficWeight": 0.0}
    again, _ = world.watch(name, until="stable")
    assert again.ending.value == "succeeded"


def test_a_rollback_that_is_configured_may_be_named_late(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    rollback = {"enabled": True, "events": ["DEPLOYMENT_FAILURE"]}
    name = deploy(world, "web:3", autoRollbackConfiguration=rollback)
    port = world.gateway.codedeploy
    described: Callable[..., Any] = port.describe_deployments
    until = world.clock.now() + 70  # ten seconds after it has failed

    def late(ids: list[str]) -> Any:
        found = described(ids)
        hidden = world.clock.now() < until
        return tuple(
            {k: v for k, v in info.items() if not (hidden and k == "rollbackInfo")} for info in found
        )

    monkeypatch.setattr(port, "describe_deployments", late)
    watched, _ = world.watch(name)
    assert watched.ending.value == "rolled back"


def test_a_rollback_that_never_comes_is_not_waited_for(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    rollback = {"enabled": True, "events": ["DEPLOYMENT_FAILURE"]}
    name = deploy(world, "web:3", autoRollbackConfiguration=rollback)
    monkeypatch.setattr(world.gateway.codedeploy, "_go_back", lambda _run: None)
    watched, _ = world.watch(name)
    assert watched.ending.value == "failed"


def test_time_may_run_out(world: World) -> None:
    watched, _ = world.watch(deploy(world, "web:2"), timeout=20.0)
    assert watched.ending.value == "timed out"
    assert "Install is under way" in watched.reason


def test_a_dropped_connection_is_no_end(world: World) -> None:
    name = deploy(world, "web:2")
    lost = AwsUnreachable("codedeploy BatchGetDeployments: connection reset", temporary=True)
    world.gateway.fail("describe_deployments", lost, times=2)
    watched, events = world.watch(name)
    assert watched.ending.value == "succeeded"
    assert sum(isinstance(event, Warned) for event in events) == 2


def test_a_rollback_that_runs_is_watched_as_the_end_of_what_it_is_for(world: World) -> None:
    name = deploy(world, "web:2")
    port = world.gateway.codedeploy
    port.stop_deployment(name, rollback=True)
    (back,) = port.list_deployments("shop", "web", limit=1)
    port._runs[back].info["status"] = "InProgress"
    port._runs[back].info["createTime"] = world.clock.now() + 1000
    shift = shifting.pick_up(
        world.gateway, world.clock, Settings(), world.live(),
        cluster="prod", service="web", until="deployed", timeout=60.0,
    )  # fmt: skip
    assert shift.deployment == name
    assert appspecs.task_definition(port.describe_deployments([name])[0]["revision"]) == "web:2"
