"""The duties of `engine.ports.Gateway`, held by the fake in memory and by the real one against the sandbox."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import pytest

from reconciler import sandbox
from reconciler.aws import sessions
from reconciler.aws.gateway import EcsGateway
from reconciler.core import expresses
from reconciler.engine.ports import Absent, Gateway, Snapshot
from reconciler.errors import AwsError, AwsNotFound, AwsRefused
from reconciler.testing import FakeClock, FakeGateway

ROLE = "arn:aws:iam::123456789012:role/execution"


@dataclass(frozen=True)
class World:
    """A gateway, and what a test needs beside the port: time, and the hand of somebody else."""

    gateway: Gateway
    advance: Callable[[float], None]
    delete: Callable[[str], None]
    deregister: Callable[[str], None]


def fake_world() -> Iterator[World]:
    clock = FakeClock()
    gateway = FakeGateway(clusters=["prod"], clock=clock, rollout_seconds=60)
    yield World(gateway, clock.advance, lambda name: gateway.delete("prod", name), gateway.deregister)


def sandbox_world() -> Iterator[World]:
    with sandbox.serving() as server:
        environ = {
            "AWS_ENDPOINT_URL": server.endpoint_url,
            "AWS_ACCESS_KEY_ID": "AKIAIOSFODNN7EXAMPLE",
            "AWS_SECRET_ACCESS_KEY": "example",
            "AWS_REGION": "eu-west-1",
        }
        aws = sessions.open_aws(environ=environ)
        client = aws.client("ecs")
        client.call("CreateCluster", clusterName="prod")

        def delete(name: str) -> None:
            client.call("DeleteService", cluster="prod", service=name, force=True)
            server.advance(3600)

        def deregister(reference: str) -> None:
            client.call("DeregisterTaskDefinition", taskDefinition=reference)

        yield World(EcsGateway(aws), server.advance, delete, deregister)
        aws.close()


@pytest.fixture(params=[fake_world, sandbox_world], ids=["fake", "sandbox"])
def world(request: pytest.FixtureRequest) -> Iterator[World]:
    yield from request.param()


@pytest.fixture
def gateway(world: World) -> Gateway:
    return world.gateway


def definition(image: str = "nginx:1", family: str = "web") -> dict[str, Any]:
    return {
        "family": family,
        "networkMode": "awsvpc",
        "requiresCompatibilities": ["FARGATE"],
        "cpu": "256",
        "memory": "512",
        "executionRoleArn": ROLE,
        "containerDefinitions": [{"name": "app", "image": image, "portMappings": [{"containerPort": 80}]}],
        "tags": [{"key": "team", "value": "a"}],
    }


def service(name: str = "web", **more: Any) -> dict[str, Any]:
    network = {"subnets": ["subnet-1"], "securityGroups": ["sg-1"]}
    return {
        "cluster": "prod",
        "serviceName": name,
        "taskDefinition": "web",
        "desiredCount": 2,
        "launchType": "FARGATE",
        "networkConfiguration": {"awsvpcConfiguration": network},
        **more,
    }


def described(gateway: Gateway, name: str = "web") -> dict[str, Any]:
    found = gateway.describe_services("prod", [name])[name]
    assert isinstance(found, Snapshot)
    return dict(found.body)


def tags(body: Any) -> dict[str, str]:
    return {tag["key"]: tag["value"] for tag in body}


def test_identity(gateway: Gateway) -> None:
    assert (gateway.region, gateway.account()) == ("eu-west-1", "123456789012")


def test_a_revision_is_described_as_it_was_registered_with_its_tags(gateway: Gateway) -> None:
    registered = gateway.register_task_definition(definition())
    found = gateway.describe_task_definition("web")
    assert isinstance(found, Snapshot)
    body: Any = found.body
    assert body["taskDefinition"] == registered.body["taskDefinition"]
    assert body["taskDefinition"]["revision"] == 1
    assert body["taskDefinition"]["containerDefinitions"][0]["portMappings"][0]["hostPort"] == 80
    assert tags(body["tags"]) == {"team": "a"}
    assert isinstance(body["taskDefinition"]["registeredAt"], int | float)
    arn = body["taskDefinition"]["taskDefinitionArn"]
    assert gateway.describe_task_definition(arn) == gateway.describe_task_definition("web:1") == found


@pytest.mark.parametrize("reference", ["nothing", "nothing:1", "web:7"])
def test_a_revision_that_is_not_there_is_absent(gateway: Gateway, reference: str) -> None:
    gateway.register_task_definition(definition())
    assert isinstance(gateway.describe_task_definition(reference), Absent)


def test_revisions_are_listed_newest_first_of_the_family_alone(world: World) -> None:
    for number in range(12):
        world.gateway.register_task_definition(definition(f"nginx:{number}"))
    world.gateway.register_task_definition(definition(family="web-admin"))
    world.deregister("web:11")
    found = world.gateway.list_revisions("web", limit=3)
    assert [arn.rpartition("/")[2] for arn in found] == ["web:12", "web:10", "web:9"]
    assert len(world.gateway.list_revisions("web", limit=100)) == 11
    assert world.gateway.list_revisions("nothing", limit=5) == ()


def test_an_inactive_revision_is_still_described(world: World) -> None:
    world.gateway.register_task_definition(definition())
    world.deregister("web:1")
    found = world.gateway.describe_task_definition("web:1")
    assert isinstance(found, Snapshot)
    body: Any = found.body
    assert body["taskDefinition"]["status"] == "INACTIVE"
    assert isinstance(world.gateway.describe_task_definition("web"), Absent)


def test_services_are_described_under_the_names_asked_for(gateway: Gateway) -> None:
    gateway.register_task_definition(definition())
    for number in range(11):
        gateway.create_service(service(f"web{number}", tags=[{"key": "n", "value": str(number)}]))
    names = [*(f"web{number}" for number in range(11)), "nothing"]
    found = gateway.describe_services("prod", names)
    assert list(found) == names
    assert isinstance(found["nothing"], Absent)
    bodies: list[Any] = [body.body for body in found.values() if isinstance(body, Snapshot)]
    assert [body["serviceName"] for body in bodies] == names[:-1]
    assert [tags(body["tags"]) for body in bodies] == [{"n": str(number)} for number in range(11)]


def test_the_services_of_a_cluster_are_listed(world: World) -> None:
    gateway = world.gateway
    assert gateway.list_services("prod") == ()
    gateway.register_task_definition(definition())
    for number in range(12):  # more than a page holds unless more is asked for
        gateway.create_service(service(f"web{number}", desiredCount=0))
    world.delete("web3")
    assert sorted(gateway.list_services("prod")) == sorted(f"web{n}" for n in range(12) if n != 3)
    with pytest.raises(AwsNotFound):
        gateway.list_services("nope")


def test_nothing_asked_for_is_nothing_answered(gateway: Gateway) -> None:
    assert gateway.describe_services("prod", []) == {}
    assert gateway.describe_tasks("prod", []) == ()


def test_a_cluster_that_is_not_there_is_an_error_not_an_absent_service(gateway: Gateway) -> None:
    with pytest.raises(AwsNotFound) as caught:
        gateway.describe_services("nowhere", ["web"])
    assert caught.value.code == "ClusterNotFoundException"


def test_a_rollout_begins_and_completes(world: World) -> None:
    gateway = world.gateway
    gateway.register_task_definition(definition())
    created: Any = gateway.create_service(service()).body
    assert [each["rolloutState"] for each in created["deployments"]] == ["IN_PROGRESS"]
    world.advance(600)
    steady = described(gateway)
    assert (steady["status"], steady["runningCount"], steady["pendingCount"]) == ("ACTIVE", 2, 0)
    assert [each["rolloutState"] for each in steady["deployments"]] == ["COMPLETED"]
    assert steady["taskDefinition"].endswith("task-definition/web:1")

    gateway.register_task_definition(definition("nginx:2"))
    updated: Any = gateway.update_service(
        {"cluster": "prod", "service": "web", "taskDefinition": "web:2"}
    ).body
    assert [each["status"] for each in updated["deployments"]] == ["PRIMARY", "ACTIVE"]
    assert updated["deployments"][0]["taskDefinition"].endswith("web:2")
    world.advance(600)
    assert [each["status"] for each in described(gateway)["deployments"]] == ["PRIMARY"]


def test_a_strategy_takes_the_place_of_the_launch_type_and_an_empty_one_leads_back_to_it(
    gateway: Gateway,
) -> None:
    def launched(**sent: Any) -> dict[str, Any]:
        if sent:
            gateway.update_service({"cluster": "prod", "service": "web", "forceNewDeployment": True, **sent})
        shown = described(gateway)
        members = ("launchType", "capacityProviderStrategy", "platformVersion")
        return {name: shown[name] for name in members if shown.get(name)}

    gateway.register_task_definition(definition())
    gateway.create_service(service())
    created = {"launchType": "FARGATE", "platformVersion": "LATEST"}
    assert launched() == created
    strategy = [{"capacityProvider": "FARGATE_SPOT", "weight": 1, "base": 0}]
    spot = {"capacityProviderStrategy": strategy, "platformVersion": "LATEST"}
    assert launched(capacityProviderStrategy=strategy) == spot
    assert launched(desiredCount=1) == spot
    assert launched(capacityProviderStrategy=[]) == created


def test_scaling_starts_no_deployment(world: World) -> None:
    world.gateway.register_task_definition(definition())
    world.gateway.create_service(service())
    world.advance(600)
    before = described(world.gateway)
    world.gateway.update_service({"cluster": "prod", "service": "web", "desiredCount": 3})
    world.advance(600)
    after = described(world.gateway)
    assert [each["id"] for each in after["deployments"]] == [each["id"] for each in before["deployments"]]
    assert (after["desiredCount"], after["runningCount"]) == (3, 3)


def test_an_update_leaves_alone_what_it_does_not_name(world: World) -> None:
    world.gateway.register_task_definition(definition())
    world.gateway.create_service(service(enableExecuteCommand=True, propagateTags="SERVICE"))
    world.advance(600)
    world.gateway.update_service({"cluster": "prod", "service": "web", "enableExecuteCommand": False})
    found = described(world.gateway)
    assert (found["enableExecuteCommand"], found["propagateTags"], found["desiredCount"]) == (
        False,
        "SERVICE",
        2,
    )


def test_describing_changes_nothing(world: World) -> None:
    world.gateway.register_task_definition(definition())
    world.gateway.create_service(service())
    world.advance(600)
    assert described(world.gateway) == described(world.gateway)


def test_tags_are_set_and_removed(gateway: Gateway) -> None:
    gateway.register_task_definition(definition())
    arn = str(gateway.create_service(service(tags=[{"key": "a", "value": "1"}])).body["serviceArn"])
    gateway.tag(arn, [{"key": "a", "value": "2"}, {"key": "b", "value": ""}])
    assert tags(described(gateway)["tags"]) == {"a": "2", "b": ""}
    gateway.untag(arn, ["a", "never-there"])
    assert tags(described(gateway)["tags"]) == {"b": ""}


def test_a_service_is_not_created_twice(gateway: Gateway) -> None:
    gateway.register_task_definition(definition())
    gateway.create_service(service())
    with pytest.raises(AwsRefused) as caught:
        gateway.create_service(service(desiredCount=5))
    assert caught.value.code == "InvalidParameterException"
    assert described(gateway)["desiredCount"] == 2


def test_a_deleted_service_is_described_as_inactive_and_refuses_updates(world: World) -> None:
    world.gateway.register_task_definition(definition())
    world.gateway.create_service(service())
    world.advance(600)
    world.delete("web")
    assert described(world.gateway)["status"] == "INACTIVE"
    with pytest.raises(AwsError) as caught:
        world.gateway.update_service({"cluster": "prod", "service": "web", "desiredCount": 1})
    assert caught.value.code == "ServiceNotActiveException"
    world.gateway.create_service(service())
    assert described(world.gateway)["status"] == "ACTIVE"


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"service": "nothing", "desiredCount": 1}, "ServiceNotFoundException"),
        ({"service": "web", "taskDefinition": "web:99"}, "ClientException"),
    ],
    ids=["no service", "no revision"],
)
def test_an_update_of_what_is_not_there_fails(gateway: Gateway, body: dict[str, Any], code: str) -> None:
    gateway.register_task_definition(definition())
    gateway.create_service(service())
    with pytest.raises(AwsError) as caught:
        gateway.update_service({"cluster": "prod", **body})
    assert caught.value.code == code
    assert not caught.value.temporary


def test_tasks_of_a_service(world: World) -> None:
    world.gateway.register_task_definition(definition())
    world.gateway.create_service(service())
    world.advance(600)
    arns = world.gateway.list_tasks("prod", "web", status="RUNNING")
    assert len(arns) == 2
    gone = f"{arns[0][:-32]}{'0' * 32}"
    found: list[Any] = list(world.gateway.describe_tasks("prod", [*arns, gone]))
    assert {task["taskArn"] for task in found} == set(arns)
    assert {task["lastStatus"] for task in found} == {"RUNNING"}
    assert {task["taskDefinitionArn"] for task in found} == {described(world.gateway)["taskDefinition"]}
    assert world.gateway.list_tasks("prod", "web", status="STOPPED") == ()


def test_threads_may_share_it(gateway: Gateway) -> None:
    gateway.register_task_definition(definition())
    gateway.create_service(service())
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda _: described(gateway)["serviceArn"], range(40)))
        accounts = list(pool.map(lambda _: gateway.account(), range(8)))
    assert len(set(found)) == len(set(accounts)) == 1


def test_a_scalable_target_is_changed_where_it_is_named_and_nowhere_else(gateway: Gateway) -> None:
    gateway.register_task_definition(definition())
    gateway.create_service(service())
    assert isinstance(gateway.describe_scaling("prod", "web"), Absent)
    named = {
        "ServiceNamespace": "ecs",
        "ScalableDimension": "ecs:service:DesiredCount",
        "ResourceId": "service/prod/web",
    }
    suspended = {
        "DynamicScalingInSuspended": True,
        "DynamicScalingOutSuspended": True,
        "ScheduledScalingSuspended": True,
    }
    gateway.register_scaling({**named, "MinCapacity": 1, "MaxCapacity": 4})
    gateway.register_scaling({**named, "SuspendedState": suspended})
    gateway.register_scaling({**named, "MaxCapacity": 6})
    found = gateway.describe_scaling("arn:aws:ecs:eu-west-1:123456789012:cluster/prod", "web")
    assert isinstance(found, Snapshot)
    body: Any = found.body
    assert (body["MinCapacity"], body["MaxCapacity"], body["SuspendedState"]) == (1, 6, suspended)
    with pytest.raises(AwsError):
        gateway.register_scaling({**named, "ResourceId": "service/prod/other", "MinCapacity": 1})


def test_a_deleted_service_drains_and_frees_its_name(world: World) -> None:
    gateway = world.gateway
    gateway.register_task_definition(definition())
    gateway.create_service(service())
    assert gateway.delete_service("prod", "web").body["status"] == "DRAINING"
    world.advance(3600)
    assert described(gateway)["status"] == "INACTIVE"
    assert gateway.create_service(service()).body["status"] == "ACTIVE"
    with pytest.raises(AwsNotFound):
        gateway.delete_service("prod", "other")


def test_a_service_revision_shows_what_the_description_does_not(gateway: Gateway) -> None:
    gateway.register_task_definition(definition())
    metrics = {"metricConfigurations": [{"metricNames": ["CPUUtilization"], "resolutionSeconds": 20}]}
    gateway.create_service(service(monitoring=metrics))
    shown = described(gateway)
    assert "monitoring" not in shown
    (current,) = shown["currentServiceRevisions"]
    (revision,) = gateway.describe_service_revisions([current["arn"]])
    body: Any = revision
    assert body["monitoring"] == metrics
    gone = f"{current['arn'][:-3]}000"
    assert gateway.describe_service_revisions([gone]) == ()


def test_a_revision_is_deregistered(gateway: Gateway) -> None:
    arn = str(registered(gateway, "nginx:1"))
    gateway.create_service(service())
    registered(gateway, "nginx:2")
    gateway.deregister_task_definition(arn)
    assert [each.rpartition("/")[2] for each in gateway.list_revisions("web", limit=5)] == ["web:2"]
    assert described(gateway)["taskDefinition"] == arn
    with pytest.raises(AwsError):
        gateway.update_service({"cluster": "prod", "service": "web", "taskDefinition": arn})
    for wrong in (f"{arn}7", "web"):
        with pytest.raises(AwsError):
            gateway.deregister_task_definition(wrong)


def test_only_deregistered_revisions_are_deleted(gateway: Gateway) -> None:
    arns = [registered(gateway, f"nginx:{number}") for number in range(12)]
    for refused in (arns[:1], [*arns[:1], arns[0].replace(":1", ":99")]):
        with pytest.raises(AwsRefused):
            gateway.delete_task_definitions(refused)
    for arn in arns[:11]:
        gateway.deregister_task_definition(arn)
    gateway.delete_task_definitions(arns[:11])
    for arn, status in (
        (arns[0], "DELETE_IN_PROGRESS"),
        (arns[10], "DELETE_IN_PROGRESS"),
        (arns[11], "ACTIVE"),
    ):
        found = gateway.describe_task_definition(arn)
        assert isinstance(found, Snapshot)
        body: Any = found.body
        assert body["taskDefinition"]["status"] == status
    assert gateway.list_revisions("web", limit=100) == (arns[11],)


def test_tasks_of_a_family_whoever_runs_them(world: World) -> None:
    gateway = world.gateway
    registered(gateway, "nginx:1")
    gateway.register_task_definition(definition(family="other"))
    for name, family in (("web", "web"), ("more", "web"), ("else", "other")):
        gateway.create_service(service(name, taskDefinition=family))
    world.advance(600)
    arns = gateway.list_family_tasks("prod", "web", status="RUNNING")
    assert sorted(arns) == sorted(
        (
            *gateway.list_tasks("prod", "web", status="RUNNING"),
            *gateway.list_tasks("prod", "more", status="RUNNING"),
        )
    )
    assert len(arns) == 4
    assert gateway.list_family_tasks("prod", "web", status="STOPPED") == ()
    assert gateway.list_family_tasks("prod", "we", status="RUNNING") == ()


def test_without_force_only_a_service_without_tasks_is_deleted(world: World) -> None:
    gateway = world.gateway
    gateway.register_task_definition(definition())
    gateway.create_service(service())
    with pytest.raises(AwsRefused) as caught:
        gateway.delete_service("prod", "web", force=False)
    assert caught.value.code == "InvalidParameterException"
    gateway.update_service({"cluster": "prod", "service": "web", "desiredCount": 0})
    assert gateway.delete_service("prod", "web", force=False).body["status"] == "DRAINING"


def registered(gateway: Gateway, image: str) -> str:
    body: Any = gateway.register_task_definition(definition(image)).body
    return str(body["taskDefinition"]["taskDefinitionArn"])


def test_service_deployments_lead_to_what_each_rolled_out(world: World) -> None:
    gateway = world.gateway
    first = registered(gateway, "nginx:1")
    gateway.create_service(service())
    world.advance(3600)
    second = registered(gateway, "nginx:2")
    gateway.update_service({"cluster": "prod", "service": "web", "taskDefinition": second})
    under_way, completed = gateway.list_service_deployments("prod", "web", since=0.0)
    (same,) = gateway.list_service_deployments("prod", "web", since=0.0, statuses=["SUCCESSFUL"])
    assert same == completed
    assert gateway.list_service_deployments("prod", "web", since=0.0, statuses=["STOPPED"]) == ()
    for brief, arn in ((under_way, second), (completed, first)):
        target = str(brief["targetServiceRevisionArn"])
        (revision,) = gateway.describe_service_revisions([target])
        assert (revision["serviceRevisionArn"], revision["taskDefinition"]) == (target, arn)
        assert revision["networkConfiguration"] == described(gateway)["networkConfiguration"]
    record: Any = gateway.describe_service_deployments([str(under_way["serviceDeploymentArn"])])[0]
    assert record["targetServiceRevision"]["arn"] == under_way["targetServiceRevisionArn"]
    sources = [each["arn"] for each in record["sourceServiceRevisions"]]
    assert sources == [completed["targetServiceRevisionArn"]]


def recorded(gateway: Gateway, since: float = 0.0) -> list[dict[str, Any]]:
    briefs = gateway.list_service_deployments("prod", "web", since=since)
    found = gateway.describe_service_deployments([str(brief["serviceDeploymentArn"]) for brief in briefs])
    assert [record["serviceDeploymentArn"] for record in found] == [b["serviceDeploymentArn"] for b in briefs]
    assert [record["status"] for record in found] == [brief["status"] for brief in briefs]
    return [dict(record) for record in found]


def test_service_deployments_tell_how_each_rollout_went(world: World) -> None:
    gateway = world.gateway
    gateway.register_task_definition(definition())
    gateway.create_service(service())
    (first,) = recorded(gateway)
    assert first["status"] in ("PENDING", "IN_PROGRESS")
    assert first["serviceArn"] == described(gateway)["serviceArn"]
    world.advance(3600)
    gateway.update_service({"cluster": "prod", "service": "web", "forceNewDeployment": True})
    newest, oldest = recorded(gateway)
    assert newest["status"] in ("PENDING", "IN_PROGRESS")
    assert oldest["status"] == "SUCCESSFUL"
    assert oldest["serviceDeploymentArn"] == first["serviceDeploymentArn"]
    (primary, *_) = described(gateway)["deployments"]
    assert abs(newest["createdAt"] - primary["createdAt"]) < 1
    assert oldest["finishedAt"] > oldest["startedAt"]
    assert len(recorded(gateway, since=newest["createdAt"] - 1)) == 1
    gone = f"{newest['serviceDeploymentArn'][:-3]}000"
    assert gateway.describe_service_deployments([gone]) == ()
    with pytest.raises(AwsNotFound):
        gateway.list_service_deployments("prod", "other", since=0.0)


def test_a_service_deployment_is_stopped(world: World) -> None:
    gateway = world.gateway
    gateway.register_task_definition(definition())
    gateway.create_service(service())
    world.advance(3600)
    before = described(gateway)["taskDefinition"]
    second = gateway.register_task_definition(definition("nginx:2")).body["taskDefinition"]
    assert isinstance(second, dict)
    gateway.update_service(
        {"cluster": "prod", "service": "web", "taskDefinition": second["taskDefinitionArn"]}
    )
    arn = recorded(gateway)[0]["serviceDeploymentArn"]
    gateway.stop_service_deployment(arn, rollback=True)
    world.advance(3600)
    assert recorded(gateway)[0]["status"] == "ROLLBACK_SUCCESSFUL"
    assert described(gateway)["taskDefinition"] == before
    with pytest.raises(AwsRefused):
        gateway.stop_service_deployment(arn, rollback=True)
    with pytest.raises(AwsRefused):
        gateway.continue_service_deployment(arn, "nothing", rollback=False)


EXPRESS: dict[str, Any] = {
    "cluster": "prod",
    "serviceName": "front",
    "infrastructureRoleArn": "arn:aws:iam::123456789012:role/infrastructure",
    "executionRoleArn": ROLE,
    "primaryContainer": {"image": "nginx:1", "environment": [{"name": "A", "value": "1"}]},
    "tags": [{"key": "team", "value": "web"}],
}


def configured(gateway: Gateway, arn: str) -> dict[str, Any]:
    found: Any = gateway.express.describe(arn)
    assert isinstance(found, Snapshot)
    return dict(expresses.configuration(found.body))


def test_an_express_service_is_a_service_of_that_arn_with_what_was_not_said_filled_in(world: World) -> None:
    gateway = world.gateway
    made = gateway.express.create(EXPRESS)
    arn = str(made.body["serviceArn"])
    world.advance(3600)
    found: Any = gateway.express.describe(arn)
    assert expresses.status(found.body) == "ACTIVE"
    assert tags(found.body["tags"]) == {"team": "web"}
    inside = configured(gateway, arn)
    assert (inside["cpu"], inside["memory"], inside["healthCheckPath"]) == ("1024", "2048", "/")
    assert inside["primaryContainer"]["containerPort"] == 80
    assert len(expresses.endpoints(found.body)) == 1
    service = described(gateway, "front")
    assert expresses.managed(service)
    assert (service["serviceArn"], service["runningCount"]) == (arn, 1)
    assert [each["status"] for each in service["deployments"]] == ["PRIMARY"]


def test_an_update_of_an_express_service_changes_what_it_names_and_deploys_other_tasks(world: World) -> None:
    gateway = world.gateway
    arn = str(gateway.express.create(EXPRESS).body["serviceArn"])
    world.advance(3600)
    before, service = configured(gateway, arn), described(gateway, "front")
    target: Any = gateway.express.update({"serviceArn": arn, "scalingTarget": {"maxTaskCount": 3}})
    assert target["serviceRevisionArn"] == before["serviceRevisionArn"]
    target = gateway.express.update({"serviceArn": arn, "cpu": "512", "memory": "1024"})
    assert target["serviceRevisionArn"] != before["serviceRevisionArn"]
    world.advance(3600)
    after = configured(gateway, arn)
    assert after["scalingTarget"] == before["scalingTarget"] | {"maxTaskCount": 3}
    assert (after["cpu"], after["primaryContainer"]) == ("512", before["primaryContainer"])
    assert described(gateway, "front")["taskDefinition"] != service["taskDefinition"]


def test_an_express_service_that_is_not_there_is_absent_and_no_other_service_is_one(gateway: Gateway) -> None:
    gateway.register_task_definition(definition())
    arn = str(gateway.create_service(service()).body["serviceArn"])
    for each in (arn, f"{arn}s"):
        assert isinstance(gateway.express.describe(each), Absent)
        with pytest.raises(AwsNotFound):
            gateway.express.update({"serviceArn": each, "cpu": "512"})


def test_a_deleted_express_service_drains_and_refuses_updates(world: World) -> None:
    gateway = world.gateway
    arn = str(gateway.express.create(EXPRESS).body["serviceArn"])
    world.advance(3600)
    assert expresses.status(gateway.express.delete(arn).body) == "DRAINING"
    with pytest.raises(AwsRefused):
        gateway.express.update({"serviceArn": arn, "cpu": "512"})
    world.advance(3600)
    assert described(gateway, "front")["status"] == "INACTIVE"
