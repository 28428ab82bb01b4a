"""Bodies to start from, and short ways to look at a service."""

from collections.abc import Callable
from typing import Any

NETWORK = {"awsvpcConfiguration": {"subnets": ["subnet-1"], "securityGroups": ["sg-1"]}}
BREAKER = {"deploymentCircuitBreaker": {"enable": True, "rollback": True}}

Clients = Callable[..., Any]


def task_definition(image: str = "web:1", family: str = "web", **members: Any) -> dict[str, Any]:
    """Give a registration for Fargate with one container and a port that has a name."""
    port = {"containerPort": 80, "name": "http"}
    container = {"name": "app", "image": image, "portMappings": [port]}
    size = {"cpu": "256", "memory": "512", "networkMode": "awsvpc", "requiresCompatibilities": ["FARGATE"]}
    return {"family": family, "containerDefinitions": [container], **size, **members}


def service(name: str = "web", revision: str = "web:1", count: int = 2, **members: Any) -> dict[str, Any]:
    """Give a CreateService body on Fargate."""
    base = {"launchType": "FARGATE", "networkConfiguration": NETWORK}
    named = {"serviceName": name, "cluster": "main", "taskDefinition": revision, "desiredCount": count}
    return {**named, **base, **members}


def described(client: Any, name: str = "web", **members: object) -> dict[str, Any]:
    """Describe one service of the cluster `main`."""
    shown: dict[str, Any] = client.describe_services(cluster="main", services=[name], **members)["services"][
        0
    ]
    return shown


def messages(client: Any, name: str = "web") -> list[str]:
    """Give the texts of a service's events, oldest first."""
    return [event["message"] for event in reversed(described(client, name)["events"])]
