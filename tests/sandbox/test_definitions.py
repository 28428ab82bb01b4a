"""Task definitions and clusters: what the service adds, refuses and lists."""

import json
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from reconciler.sandbox.servings import Serving
from tests.sandbox.bodies import Clients, task_definition

CONTAINER = {"name": "app", "image": "web:1"}
SECRET = {"name": "A", "valueFrom": "arn:aws:ssm:eu-west-1:123456789012:parameter/a"}
REFUSED = json.loads((Path(__file__).parents[2] / "fixtures/sandbox/definitions.json").read_text())
LOGS = {"logDriver": "awslogs", "options": {"awslogs-group": "/a", "awslogs-region": "eu-west-1"}}


def registered(client: Any, **members: Any) -> dict[str, Any]:
    answer: dict[str, Any] = client.register_task_definition(**task_definition(**members))["taskDefinition"]
    return answer


def contained(client: Any, container: dict[str, Any], **members: object) -> dict[str, Any]:
    """Register a definition with one container on top of the plain one; give the container as stored."""
    stored = registered(client, containerDefinitions=[CONTAINER | container], **members)
    answer: dict[str, Any] = stored["containerDefinitions"][0]
    return answer


def test_defaults_are_echoed(clients: Clients) -> None:
    shown = registered(clients("ecs"))
    assert shown["containerDefinitions"] == [
        {
            **CONTAINER,
            "cpu": 0,
            "essential": True,
            "portMappings": [{"containerPort": 80, "hostPort": 80, "protocol": "tcp", "name": "http"}],
            **{key: [] for key in ("environment", "mountPoints", "volumesFrom", "systemControls")},
        }
    ]
    assert (shown["revision"], shown["status"], shown["volumes"], shown["placementConstraints"]) == (
        1,
        "ACTIVE",
        [],
        [],
    )
    assert shown["requiresCompatibilities"] == ["FARGATE"]
    assert shown["compatibilities"] == ["EC2", "FARGATE", "MANAGED_INSTANCES"]
    assert {each["name"] for each in shown["requiresAttributes"]} >= {"ecs.capability.task-eni"}
    assert "runtimePlatform" not in shown
    assert shown["registeredBy"].startswith("arn:aws:iam::123456789012:")


@pytest.mark.parametrize(
    ("sent", "stored"),
    [
        (
            {"healthCheck": {"command": ["CMD", "x"]}},
            {"interval": 30, "timeout": 5, "retries": 3, "command": ["CMD", "x"]},
        ),
        (
            {"healthCheck": {"command": ["CMD", "x"], "retries": 9}},
            {"interval": 30, "timeout": 5, "retries": 9, "command": ["CMD", "x"]},
        ),
        (
            {"linuxParameters": {"capabilities": {"drop": ["ALL"]}}},
            {"capabilities": {"add": [], "drop": ["ALL"]}, "devices": [], "tmpfs": []},
        ),
        ({"command": []}, []),
        ({"privileged": False}, False),
        ({"restartPolicy": {"enabled": True}}, {"enabled": True, "restartAttemptPeriod": 300}),
    ],
)
def test_a_member_is_stored_with_its_defaults(clients: Clients, sent: dict[str, Any], stored: object) -> None:
    assert contained(clients("ecs"), sent)[next(iter(sent))] == stored


@pytest.mark.parametrize(
    ("cpu", "memory", "stored"),
    [
        ("0.25 vCPU", "0.5 GB", ("256", "512")),
        (".5vcpu", "1gb", ("512", "1024")),
        ("1 VCPU", "2GB", ("1024", "2048")),
        ("256", "512", ("256", "512")),
    ],
)
def test_units_become_numbers(clients: Clients, cpu: str, memory: str, stored: tuple[str, str]) -> None:
    shown = registered(clients("ecs"), cpu=cpu, memory=memory)
    assert (shown["cpu"], shown["memory"]) == stored


def test_what_has_no_order_may_come_in_another(server: Serving, clients: Clients) -> None:
    sent = [{"name": f"V{number}", "value": ""} for number in range(9)]
    assert contained(clients("ecs"), {"environment": sent})["environment"] == sent
    server.knobs(shuffle=True)
    shown = contained(clients("ecs"), {"environment": sent})["environment"]
    assert shown != sent
    assert sorted(shown, key=lambda each: str(each["name"])) == sent


def test_links_are_sorted(clients: Clients) -> None:
    bridge = {"networkMode": "bridge", "requiresCompatibilities": ["EC2"]}
    assert contained(clients("ecs"), {"links": ["b", "a"]}, **bridge)["links"] == ["a", "b"]


def test_bridge_ports_and_volumes(clients: Clients) -> None:
    efs = {"name": "e", "efsVolumeConfiguration": {"fileSystemId": "fs-1"}}
    shown = registered(
        clients("ecs"),
        networkMode="bridge",
        requiresCompatibilities=["EC2"],
        volumes=[efs, {"name": "h"}],
    )
    assert shown["containerDefinitions"][0]["portMappings"][0]["hostPort"] == 0
    assert shown["volumes"] == [
        {"name": "e", "efsVolumeConfiguration": {"fileSystemId": "fs-1", "rootDirectory": "/"}},
        {"name": "h", "host": {}},
    ]
    assert shown["compatibilities"] == ["EXTERNAL", "EC2"]


@pytest.mark.parametrize(
    ("members", "message"),
    [
        ({"family": "a b"}, "Family contains invalid characters."),
        ({"containerDefinitions": []}, "Container list cannot be empty."),
        ({"containerDefinitions": [{"image": "x"}]}, "Container.name should not be null or empty."),
        ({"containerDefinitions": [{"name": "a"}]}, "Container.image should not be null or empty."),
        (
            {"containerDefinitions": [{"name": "a b", "image": "x"}]},
            "Container.name contains invalid characters.",
        ),
        ({"containerDefinitions": [CONTAINER, CONTAINER]}, "unique names"),
        (
            {"containerDefinitions": [CONTAINER | {"essential": False}]},
            "doesn't have any essential container.",
        ),
        ({"networkMode": "bridge"}, "Fargate only supports network mode ‘awsvpc’."),
        ({"memory": "513"}, "No Fargate configuration exists for given values."),
        ({"cpu": "100"}, "No Fargate configuration exists for given values."),
        (
            {"containerDefinitions": [CONTAINER | {"logConfiguration": LOGS}]},
            "to support log driver awslogs.",
        ),
        (
            {"containerDefinitions": [CONTAINER | {"image": "1.dkr.ecr.eu-west-1.amazonaws.com/a"}]},
            "to support ECR images.",
        ),
        ({"containerDefinitions": [CONTAINER | {"secrets": [SECRET]}]}, "executionRoleArn"),
        (
            {"containerDefinitions": [CONTAINER | {"portMappings": [{"containerPort": 1, "hostPort": 2}]}]},
            "must match",
        ),
        (
            {
                "containerDefinitions": [
                    CONTAINER | {"mountPoints": [{"sourceVolume": "v", "containerPath": "/"}]}
                ]
            },
            "Unknown volume 'v'.",
        ),
        *[
            ({"containerDefinitions": each["containers"]} | each.get("with", {}), each["message"])
            for each in REFUSED
        ],
        ({"networkMode": "typo"}, "Member must satisfy enum value set"),
    ],
)
def test_refusals(clients: Clients, members: dict[str, Any], message: str) -> None:
    with pytest.raises(ClientError) as raised:
        clients("ecs").register_task_definition(**task_definition(**members))
    assert raised.value.response["Error"]["Code"] == "ClientException"
    assert message in raised.value.response["Error"]["Message"]


def test_the_network_mode_is_echoed_if_it_was_sent(clients: Clients) -> None:
    plain = {
        "family": "web",
        "containerDefinitions": [CONTAINER | {"memory": 64, "portMappings": [{"containerPort": 1}]}],
    }
    shown = clients("ecs").register_task_definition(**plain)["taskDefinition"]
    assert "networkMode" not in shown
    assert shown["containerDefinitions"][0]["portMappings"][0]["hostPort"] == 0


def test_memory_is_needed_somewhere(clients: Clients) -> None:
    with pytest.raises(ClientError, match=r"Invalid setting for container 'app'\. At least one of 'memory'"):
        clients("ecs").register_task_definition(family="web", containerDefinitions=[CONTAINER])


def test_listing_sorts_and_pages_whole_families(clients: Clients) -> None:
    client = clients("ecs")
    for family in ("web", "web", "web-admin", "web"):
        registered(client, family=family)
    client.deregister_task_definition(taskDefinition="web:2")

    def listed(**request: object) -> list[str]:
        pages = client.get_paginator("list_task_definitions").paginate(
            **request, PaginationConfig={"PageSize": 1}
        )
        return [arn.rpartition("/")[2] for page in pages for arn in page["taskDefinitionArns"]]

    assert listed(familyPrefix="web") == ["web:1", "web:3"]
    assert listed(familyPrefix="web", sort="DESC") == ["web:3", "web:1"]
    assert listed(status="INACTIVE") == ["web:2"]
    assert listed() == ["web:1", "web:3", "web-admin:1"]
    families = client.list_task_definition_families(familyPrefix="web")["families"]
    assert families == ["web", "web-admin"]


def test_a_revision_and_its_tags_through_its_life(clients: Clients) -> None:
    client = clients("ecs")
    tags = [{"key": "env", "value": "dev"}]
    answer = client.register_task_definition(**task_definition(tags=tags))
    assert answer["tags"] == tags
    assert "tags" not in answer["taskDefinition"]
    assert "tags" not in client.describe_task_definition(taskDefinition="web")
    assert client.describe_task_definition(taskDefinition="web", include=["TAGS"])["tags"] == tags
    failed = client.delete_task_definitions(taskDefinitions=["web:1"])["failures"]
    assert "still in ACTIVE status" in failed[0]["reason"]
    assert client.deregister_task_definition(taskDefinition="web:1")["taskDefinition"]["status"] == "INACTIVE"
    with pytest.raises(ClientError, match=r"Unable to describe task definition\."):
        client.describe_task_definition(taskDefinition="web")
    deleted = client.delete_task_definitions(taskDefinitions=["web:1"])["taskDefinitions"]
    assert deleted[0]["status"] == "DELETE_IN_PROGRESS"
    assert registered(client)["revision"] == 2


def test_clusters(clients: Clients) -> None:
    client = clients("ecs")
    assert client.create_cluster()["cluster"]["clusterName"] == "default"
    client.create_cluster(clusterName="main")
    client.create_cluster(clusterName="main")
    assert len(client.list_clusters()["clusterArns"]) == 2
    answer = client.describe_clusters(clusters=["main", "nope"])
    assert [each["clusterName"] for each in answer["clusters"]] == ["main"]
    assert [each["reason"] for each in answer["failures"]] == ["MISSING"]
    assert client.delete_cluster(cluster="main")["cluster"]["status"] == "INACTIVE"
    with pytest.raises(client.exceptions.ClusterNotFoundException):
        client.list_services(cluster="main")


def test_regions_are_apart(clients: Clients) -> None:
    there, here = clients("ecs", region="us-east-1"), clients("ecs")
    there.create_cluster(clusterName="main")
    assert here.list_clusters()["clusterArns"] == []
    assert there.list_clusters()["clusterArns"] == ["arn:aws:ecs:us-east-1:123456789012:cluster/main"]
