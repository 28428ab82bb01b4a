"""Fargate's quotas: told, used, and in the way."""

import datetime as dt
from typing import Any

import pytest
from botocore.exceptions import ClientError

from reconciler import sandbox
from reconciler.sandbox import seeds
from reconciler.sandbox.errors import SandboxError
from tests.sandbox.bodies import NETWORK, described, messages, service, task_definition
from tests.sandbox.test_seeds import client

ON_DEMAND = {"ServiceCode": "fargate", "QuotaCode": "L-3032A538"}
HALF = {"cpu": "512", "memory": "1024"}
REACHED = "You've reached the limit on the number of vCPUs you can run concurrently."


def usage(url: str, metric: dict[str, Any]) -> float:
    now = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
    answer = client(url, "cloudwatch").get_metric_statistics(
        Namespace=metric["MetricNamespace"],
        MetricName=metric["MetricName"],
        Dimensions=[{"Name": name, "Value": value} for name, value in metric["MetricDimensions"].items()],
        StartTime=now,
        EndTime=now + dt.timedelta(minutes=15),
        Period=300,
        Statistics=["Maximum"],
    )
    (point,) = answer["Datapoints"]
    return float(point["Maximum"])


def test_a_quota_is_told_and_stops_a_service() -> None:
    seed = {"quotas": {"L-3032A538": 1}, "task_definitions": [task_definition(**HALF)], "clusters": ["main"]}
    with sandbox.serving(seed) as server:
        ecs, quotas = client(server.endpoint_url), client(server.endpoint_url, "service-quotas")
        quota = quotas.get_service_quota(**ON_DEMAND)["Quota"]
        assert (quota["Value"], quotas.get_aws_default_service_quota(**ON_DEMAND)["Quota"]["Value"]) == (1, 6)
        ecs.create_service(**service(count=3))
        server.advance(60)
        assert described(ecs)["runningCount"] == 2
        assert usage(server.endpoint_url, quota["UsageMetric"]) == 1
        assert any(each.endswith(f"was unable to place a task. Reason: {REACHED}") for each in messages(ecs))
        request = {"cluster": "main", "taskDefinition": "web", "networkConfiguration": NETWORK}
        answer = ecs.run_task(**request, launchType="FARGATE")
        assert (answer["tasks"], answer["failures"]) == ([], [{"reason": REACHED}])
        spot = [{"capacityProvider": "FARGATE_SPOT", "weight": 1}]
        assert len(ecs.run_task(**request, capacityProviderStrategy=spot)["tasks"]) == 1


def test_without_a_word_only_the_default_holds_and_nothing_stops() -> None:
    with sandbox.serving({"task_definitions": [task_definition(**HALF)], "clusters": ["main"]}) as server:
        quotas = client(server.endpoint_url, "service-quotas")
        with pytest.raises(ClientError, match="NoSuchResourceException"):
            quotas.get_service_quota(**ON_DEMAND)
        ecs = client(server.endpoint_url)
        ecs.create_service(**service(count=20))
        server.advance(60)
        assert described(ecs)["runningCount"] == 20


@pytest.mark.parametrize(
    ("given", "message"), [({"L-1": 1}, "has no member 'L-1'"), ({"L-3032A538": "x"}, "vCPUs")]
)
def test_mistakes_are_named(given: dict[str, Any], message: str) -> None:
    with pytest.raises(SandboxError, match=message):
        seeds.read({"quotas": given})
