"""CloudTrail's event history in the sandbox: what changed ECS, by whom; read through the gateway, too."""

from __future__ import annotations

import json
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from reconciler import sandbox
from reconciler.aws import sessions
from reconciler.aws.gateway import EcsGateway
from reconciler.core import trails

REGION = "eu-west-1"
SEED: dict[str, Any] = {
    "clusters": ["main"],
    "task_definitions": [
        {"family": "web", "containerDefinitions": [{"name": "web", "image": "web:1", "memory": 64}]}
    ],
    "services": [{"cluster": "main", "serviceName": "web", "taskDefinition": "web", "desiredCount": 1}],
}


def test_the_history_tells_what_changed_by_whom_and_the_newest_first() -> None:
    with sandbox.serving(SEED) as box:

        def client(service: str, agent: str = "") -> Any:
            session = boto3.session.Session("AKIA", "x", region_name=REGION)
            return session.client(
                service, endpoint_url=box.endpoint_url, config=Config(user_agent=agent or None)
            )

        console, trail = client("ecs", "console.amazonaws.com"), client("cloudtrail")
        console.update_service(cluster="main", service="web", desiredCount=2)
        box.advance(60)
        console.describe_services(cluster="main", services=["web"])
        with pytest.raises(ClientError):
            console.update_service(cluster="main", service="api", desiredCount=2)
        client("application-autoscaling").register_scalable_target(
            ServiceNamespace="ecs",
            ScalableDimension="ecs:service:DesiredCount",
            ResourceId="service/main/web",
            MinCapacity=4,
            MaxCapacity=9,
        )
        found = trail.lookup_events(
            LookupAttributes=[{"AttributeKey": "EventName", "AttributeValue": "UpdateService"}]
        )
        records = [json.loads(each["CloudTrailEvent"]) for each in found["Events"]]
        assert [
            (each["requestParameters"].get("desiredCount"), trails.client(each), each.get("errorCode"))
            for each in records
        ] == [
            (4, "Application Auto Scaling", None),
            (2, "console", "ServiceNotFoundException"),
            (2, "console", None),
        ]
        assert trails.who(records[0]).endswith(
            "ApplicationAutoScaling_ECSService/AutoScaling-UpdateDesiredCapacity"
        )
        assert trails.who(records[2]) == "arn:aws:iam::123456789012:user/sandbox"
        assert trails.time(records[0]) - trails.time(records[2]) == 60
        first = trail.lookup_events(MaxResults=1)
        assert first["Events"][0]["EventName"] == "UpdateService"
        rest = trail.lookup_events(MaxResults=50, NextToken=first["NextToken"])
        assert [each["EventName"] for each in rest["Events"]] == [
            "RegisterScalableTarget",
            *["UpdateService"] * 2,
        ]
        with pytest.raises(ClientError, match="InvalidMaxResultsException"):
            trail.lookup_events(MaxResults=51)
        environ = {
            "AWS_ENDPOINT_URL": box.endpoint_url,
            "AWS_ACCESS_KEY_ID": "AKIA",
            "AWS_SECRET_ACCESS_KEY": "x",
            "AWS_REGION": REGION,
        }
        aws = sessions.open_aws(environ=environ)
        assert EcsGateway(aws).trail.page("UpdateService") == (tuple(records), "")
        box.knobs(trail=30)
        assert EcsGateway(aws).trail.page("UpdateService") == ((records[2],), "")
        aws.close()
