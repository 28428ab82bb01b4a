"""Express Mode services over the clients of `sessions`: `engine.ports.Express`."""

from __future__ import annotations

from reconciler.aws.sessions import Aws
from reconciler.core.values import JsonObject
from reconciler.engine.ports import Absent, Snapshot
from reconciler.errors import AwsNotFound


class ExpressGateway:
    """Asks and answers, and judges nothing. See `engine.ports.Express` for its duties."""

    def __init__(self, aws: Aws) -> None:
        """Take the way to AWS; nothing is called yet."""
        self._aws = aws

    def describe(self, arn: str, /) -> Snapshot | Absent:
        """Describe an Express Mode service, with tags."""
        try:
            answer = self._aws.client("ecs").call(
                "DescribeExpressGatewayService", serviceArn=arn, include=["TAGS"]
            )
        except AwsNotFound as error:
            if error.code == "ClusterNotFoundException":
                raise
            return Absent(error.code)
        return Snapshot(answer["service"])

    def create(self, body: JsonObject, /) -> Snapshot:
        """Create an Express Mode service."""
        return Snapshot(self._aws.client("ecs").call("CreateExpressGatewayService", **body)["service"])

    def update(self, body: JsonObject, /) -> JsonObject:
        """Update an Express Mode service."""
        answer = self._aws.client("ecs").call("UpdateExpressGatewayService", **body)
        target: JsonObject = answer["service"].get("targetConfiguration", {})
        return target

    def delete(self, arn: str, /) -> Snapshot:
        """Delete an Express Mode service."""
        return Snapshot(
            self._aws.client("ecs").call("DeleteExpressGatewayService", serviceArn=arn)["service"]
        )
