"""Clusters and what they run on: settings, capacity providers, container instances, scale-in protection."""

from typing import Any

import pytest
from botocore.exceptions import ClientError

from reconciler import sandbox
from reconciler.sandbox.servings import Serving
from tests.sandbox.bodies import NETWORK, Clients, described, service, task_definition
from tests.sandbox.test_seeds import client

GROUP = "arn:aws:autoscaling:eu-west-1:123456789012:autoScalingGroup:x:autoScalingGroupName/x"
ALL = ["SETTINGS", "CONFIGURATIONS", "STATISTICS", "TAGS"]


def cluster(ecs: Any, *include: str) -> dict[str, Any]:
    (shown,) = ecs.describe_clusters(clusters=["main"], include=list(include))["clusters"]
    return dict(shown)


def test_a_cluster_is_changed_and_shown(server: Serving, ecs: Any) -> None:
    ecs.create_service(**service())
    server.advance(60)
    exec_configuration = {"executeCommandConfiguration": {"logging": "NONE"}}
    setting = {"name": "containerInsights", "value": "enhanced"}
    ecs.update_cluster(cluster="main", settings=[setting], configuration=exec_configuration)
    bare, whole = cluster(ecs), cluster(ecs, *ALL)
    assert (bare["settings"], bare["statistics"], "configuration" in bare) == ([], [], False)
    assert (whole["settings"], whole["configuration"]) == ([setting], exec_configuration)
    counts = {each["name"]: each["value"] for each in whole["statistics"]}
    assert (counts["runningFargateTasksCount"], counts["activeFargateServiceCount"]) == ("2", "1")
    assert counts["runningEC2TasksCount"] == "0"
    assert bare["runningTasksCount"] == 2


def test_capacity_providers_of_a_cluster(ecs: Any) -> None:
    group = {"autoScalingGroupArn": GROUP}
    made = ecs.create_capacity_provider(
        name="own", autoScalingGroupProvider=group, tags=[{"key": "a", "value": "1"}]
    )["capacityProvider"]
    assert made["autoScalingGroupProvider"]["managedScaling"]["status"] == "DISABLED"
    put: dict[str, Any] = {"cluster": "main", "capacityProviders": ["own", "FARGATE"]}
    with pytest.raises(ClientError, match="not associated with the cluster"):
        ecs.put_cluster_capacity_providers(
            **put, defaultCapacityProviderStrategy=[{"capacityProvider": "FARGATE_SPOT"}]
        )
    default = [{"capacityProvider": "own", "weight": 1}]
    ecs.put_cluster_capacity_providers(**put, defaultCapacityProviderStrategy=default)
    assert cluster(ecs)["defaultCapacityProviderStrategy"] == [
        {"capacityProvider": "own", "weight": 1, "base": 0}
    ]
    answer = ecs.describe_capacity_providers(cluster="main", include=["TAGS"])
    shown = {each["name"]: each["tags"] for each in answer["capacityProviders"]}
    assert shown == {"FARGATE": [], "own": [{"key": "a", "value": "1"}]}
    answer = ecs.describe_capacity_providers(capacityProviders=["FARGATE_SPOT", "nope"])
    assert [each["type"] for each in answer["capacityProviders"]] == ["FARGATE_SPOT"]
    assert [each["reason"] for each in answer["failures"]] == ["MISSING"]
    with pytest.raises(ClientError, match="in use and cannot be removed"):
        ecs.delete_capacity_provider(capacityProvider="own")
    ecs.register_task_definition(
        family="ec2", containerDefinitions=[{"name": "app", "image": "web:1", "memory": 64}]
    )
    ecs.create_service(cluster="main", serviceName="ec2", taskDefinition="ec2", desiredCount=1)
    with pytest.raises(ecs.exceptions.ResourceInUseException):
        ecs.put_cluster_capacity_providers(
            cluster="main", capacityProviders=[], defaultCapacityProviderStrategy=[]
        )


@pytest.mark.parametrize(
    ("members", "message"),
    [
        ({"name": "fargateish"}, "name is invalid"),
        ({"name": "x"}, "Auto Scaling group provider should not be null or empty."),
        ({"name": "FARGATE"}, "name is invalid"),
    ],
)
def test_capacity_providers_that_are_refused(ecs: Any, members: dict[str, Any], message: str) -> None:
    with pytest.raises(ClientError, match=message):
        ecs.create_capacity_provider(**members)
    with pytest.raises(ClientError, match="was not found"):
        ecs.put_cluster_capacity_providers(
            cluster="main", capacityProviders=["nope"], defaultCapacityProviderStrategy=[]
        )


def test_tasks_are_spread_over_container_instances() -> None:
    container = {"name": "app", "image": "web:1", "memory": 100, "cpu": 10}
    seed = {
        "clusters": ["main"],
        "instances": {"main": 2},
        "task_definitions": [{"family": "ec2", "containerDefinitions": [container]}],
    }
    with sandbox.serving(seed) as server:
        ecs = client(server.endpoint_url)
        assert cluster(ecs)["registeredContainerInstancesCount"] == 2
        tasks = ecs.run_task(cluster="main", taskDefinition="ec2", count=4)["tasks"]
        server.advance(30)
        arns = ecs.list_container_instances(cluster="main")["containerInstanceArns"]
        assert {each["containerInstanceArn"] for each in tasks} == set(arns)
        answer = ecs.describe_container_instances(cluster="main", containerInstances=[*arns, "nope"])
        assert [each["runningTasksCount"] for each in answer["containerInstances"]] == [2, 2]
        left = {
            each["name"]: each["integerValue"]
            for each in answer["containerInstances"][0]["remainingResources"]
        }
        assert left == {"CPU": 2048 - 20, "MEMORY": 3885 - 200}
        assert [each["reason"] for each in answer["failures"]] == ["MISSING"]
        of_one = ecs.list_tasks(cluster="main", containerInstance=arns[0])["taskArns"]
        assert len(of_one) == 2
        zones = ecs.list_attributes(
            cluster="main", targetType="container-instance", attributeName="ecs.availability-zone"
        )["attributes"]
        assert [each["targetId"] for each in zones] == arns


def test_fargate_needs_no_instances(server: Serving, ecs: Any) -> None:
    ecs.create_service(**service())
    server.advance(60)
    assert ecs.list_container_instances(cluster="main")["containerInstanceArns"] == []


def test_protected_tasks_stay(server: Serving, ecs: Any) -> None:
    ecs.create_service(**service(count=3))
    server.advance(60)
    arns = ecs.list_tasks(cluster="main")["taskArns"]
    given = {"cluster": "main", "tasks": arns[1:], "protectionEnabled": True}
    shown = ecs.update_task_protection(**given, expiresInMinutes=10)["protectedTasks"]
    assert [each["protectionEnabled"] for each in shown] == [True, True]
    ecs.update_service(cluster="main", service="web", desiredCount=0)
    server.advance(60)
    assert sorted(ecs.list_tasks(cluster="main")["taskArns"]) == sorted(arns[1:])
    ecs.update_task_protection(cluster="main", tasks=arns[1:2], protectionEnabled=False)
    server.advance(60)
    assert ecs.list_tasks(cluster="main")["taskArns"] == arns[2:]
    server.advance(600)
    assert described(ecs)["runningCount"] == 0
    answer = ecs.get_task_protection(cluster="main", tasks=[arns[2], "nope"])
    assert [each["reason"] for each in answer["failures"]] == ["TASK_NOT_VALID", "MISSING"]


def test_jobs_cannot_be_protected(ecs: Any) -> None:
    request = {"cluster": "main", "taskDefinition": "web", "networkConfiguration": NETWORK}
    (task,) = ecs.run_task(**request, launchType="FARGATE")["tasks"]
    given = {"cluster": "main", "protectionEnabled": True}
    answer = ecs.update_task_protection(**given, tasks=[task["taskArn"]])
    assert [each["reason"] for each in answer["failures"]] == ["TASK_NOT_VALID"]
    refused: list[dict[str, Any]] = [
        {"tasks": []},
        {"tasks": ["x"] * 11},
        {"tasks": ["x"], "expiresInMinutes": 2881},
    ]
    for members in refused:
        with pytest.raises(ecs.exceptions.InvalidParameterException):
            ecs.update_task_protection(**given, **members)


def test_services_by_namespace(ecs: Any) -> None:
    for name in ("one", "two"):
        connect = {"enabled": True, "namespace": f"ns-{name}"}
        ecs.create_service(**service(name, serviceConnectConfiguration=connect))
    arns = ecs.list_services_by_namespace(namespace="ns-one")["serviceArns"]
    assert [each.rpartition("/")[2] for each in arns] == ["one"]
    with pytest.raises(ecs.exceptions.NamespaceNotFoundException):
        ecs.list_services_by_namespace(namespace="nope")


def test_every_kind_of_resource_has_tags(server: Serving, ecs: Any) -> None:
    definition = ecs.register_task_definition(**task_definition(family="tagged"))["taskDefinition"]
    request = {"cluster": "main", "taskDefinition": "tagged", "networkConfiguration": NETWORK}
    (task,) = ecs.run_task(**request, launchType="FARGATE", enableECSManagedTags=True)["tasks"]
    provider = ecs.create_capacity_provider(
        name="own", autoScalingGroupProvider={"autoScalingGroupArn": GROUP}
    )
    made = ecs.create_service(**service())["service"]
    arns = (
        *(cluster(ecs)["clusterArn"], definition["taskDefinitionArn"], task["taskArn"], made["serviceArn"]),
        provider["capacityProvider"]["capacityProviderArn"],
    )
    for arn in arns:
        ecs.tag_resource(resourceArn=arn, tags=[{"key": "a", "value": "1"}, {"key": "b"}])
        ecs.untag_resource(resourceArn=arn, tagKeys=["a"])
        held = {each["key"]: each["value"] for each in ecs.list_tags_for_resource(resourceArn=arn)["tags"]}
        assert {key: value for key, value in held.items() if not key.startswith("aws:")} == {"b": ""}
        with pytest.raises(ClientError, match="must not start with aws:"):
            ecs.untag_resource(resourceArn=arn, tagKeys=["aws:ecs:clusterName"])
    assert {each["key"] for each in ecs.list_tags_for_resource(resourceArn=task["taskArn"])["tags"]} == {
        "aws:ecs:clusterName",
        "b",
    }


def test_account_settings_are_forgotten_and_checked(clients: Clients) -> None:
    ecs = clients("ecs")
    ecs.put_account_setting_default(name="awsvpcTrunking", value="enabled")
    assert ecs.delete_account_setting(name="awsvpcTrunking")["setting"]["value"] == "enabled"
    assert ecs.list_account_settings()["settings"] == []
    with pytest.raises(ecs.exceptions.InvalidParameterException):
        ecs.put_account_setting(name="fargateTaskRetirementWaitPeriod", value="3")
