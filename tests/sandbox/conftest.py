"""A sandbox whose time stands still, a boto3 client for it, and a cluster with revisions to roll out."""

from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from botocore.config import Config

from reconciler import sandbox
from reconciler.sandbox.servings import Serving
from tests.sandbox.bodies import Clients, task_definition


@pytest.fixture
def server() -> Iterator[Serving]:
    """Serve an empty sandbox at speed 0."""
    with sandbox.serving() as served:
        yield served


@pytest.fixture
def clients(server: Serving) -> Clients:
    """Make boto3 clients of the sandbox; without retries unless asked for."""

    def make(name: str, region: str = "eu-west-1", attempts: int = 1, **members: object) -> Any:
        config = Config(retries={"total_max_attempts": attempts, "mode": "standard"}, read_timeout=10)
        keys = {"aws_access_key_id": "x", "aws_secret_access_key": "y"}
        target = {"endpoint_url": server.endpoint_url, "region_name": region}
        connect: Any = boto3.client
        return connect(name, config=config, **(keys | target | members))

    return make


@pytest.fixture
def ecs(clients: Clients) -> Any:
    """Give a client of ECS with the cluster `main` and good, crashing, unpullable and sick revisions 1 to 4."""
    client = clients("ecs")
    client.create_cluster(clusterName="main")
    for tag in ("1", "crash", "nopull", "sick", "2"):
        client.register_task_definition(**task_definition(f"repo/web:{tag}"))
    return client
