"""What a diagnosis reads beside ECS: lines of CloudWatch Logs, and the health of targets. Their clients are made when
they are asked for the first time."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.plugin import AwsOptions

if TYPE_CHECKING:
    from reconciler.aws.sessions import Aws
    from reconciler.core.values import JsonObject


def log_lines(aws: Aws, group: str, stream: str, limit: int, region: str) -> tuple[str, ...]:
    """Give the last lines of a stream, oldest first (GetLogEvents, from the tail)."""
    elsewhere = AwsOptions(region=region) if region and region != aws.region else None
    answer = aws.client("logs", elsewhere).call(
        "GetLogEvents", logGroupName=group, logStreamName=stream, limit=limit, startFromHead=False
    )
    return tuple(str(event["message"]).rstrip("\n") for event in answer["events"])


def target_health(aws: Aws, target_group: str) -> tuple[JsonObject, ...]:
    """Give the descriptions of DescribeTargetHealth."""
    answer = aws.client("elbv2").call("DescribeTargetHealth", TargetGroupArn=target_group)
    return tuple(answer["TargetHealthDescriptions"])
