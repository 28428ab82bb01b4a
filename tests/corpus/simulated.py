"""The sandbox as the engine's gateway, in this process and without a network: what it refuses, AWS would refuse."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from typing import Any

from reconciler.core.values import JsonObject
from reconciler.engine.ports import Absent, CodeDeploy, Express, Snapshot, Trail
from reconciler.sandbox import seeds
from reconciler.sandbox.errors import Refusal
from reconciler.sandbox.sandboxes import Sandbox
from reconciler.testing import FakeGateway

CLUSTER = "main"
REGION = "eu-west-1"


class Simulated:
    """One region with one cluster. The writes that nothing here makes are not there."""

    def __init__(self) -> None:
        self.sandbox = Sandbox(seeds.read({"clusters": [CLUSTER]}), speed=0.0)

    def ask(self, operation: str, **parameters: Any) -> dict[str, Any]:
        """Call an operation. Refusal where the sandbox refuses it."""
        with self.sandbox.lock:
            return copy.deepcopy(self.sandbox.ecs(REGION, operation, parameters))

    @property
    def region(self) -> str:
        return REGION

    def account(self) -> str:
        return "123456789012"

    @property
    def codedeploy(self) -> CodeDeploy:
        return FakeGateway(region=REGION).codedeploy

    @property
    def express(self) -> Express:
        return FakeGateway(region=REGION).express

    @property
    def trail(self) -> Trail:
        return FakeGateway(region=REGION).trail

    def describe_services(self, cluster: str, names: Sequence[str], /) -> Mapping[str, Snapshot | Absent]:
        found = self.ask("DescribeServices", cluster=cluster, services=list(names), include=["TAGS"])[
            "services"
        ]
        return {
            name: next((Snapshot(body) for body in found if body["serviceName"] == name), Absent())
            for name in names
        }

    def describe_task_definition(self, reference: str, /) -> Snapshot | Absent:
        try:
            return Snapshot(self.ask("DescribeTaskDefinition", taskDefinition=reference, include=["TAGS"]))
        except Refusal:
            return Absent()

    def list_services(self, cluster: str, /) -> tuple[str, ...]:
        raise NotImplementedError

    def list_revisions(self, family: str, /, *, limit: int) -> tuple[str, ...]:
        return tuple(
            self.ask("ListTaskDefinitions", familyPrefix=family, sort="DESC")["taskDefinitionArns"][:limit]
        )

    def register_task_definition(self, body: JsonObject, /) -> Snapshot:
        return Snapshot(self.ask("RegisterTaskDefinition", **body))

    def deregister_task_definition(self, arn: str, /) -> None:
        raise NotImplementedError

    def delete_task_definitions(self, arns: Sequence[str], /) -> None:
        raise NotImplementedError

    def create_service(self, body: JsonObject, /) -> Snapshot:
        return Snapshot(self.ask("CreateService", **body)["service"])

    def update_service(self, body: JsonObject, /) -> Snapshot:
        return Snapshot(self.ask("UpdateService", **body)["service"])

    def delete_service(self, cluster: str, service: str, /, *, force: bool = True) -> Snapshot:
        raise NotImplementedError

    def describe_service_revisions(self, arns: Sequence[str], /) -> tuple[JsonObject, ...]:
        return tuple(self.ask("DescribeServiceRevisions", serviceRevisionArns=list(arns))["serviceRevisions"])

    def list_service_deployments(
        self, cluster: str, service: str, /, *, since: float, statuses: Sequence[str] = ()
    ) -> tuple[JsonObject, ...]:
        asked = {
            "cluster": cluster,
            "service": service,
            "createdAt": {"after": since},
            "status": list(statuses),
        }
        return tuple(self.ask("ListServiceDeployments", **asked)["serviceDeployments"])

    def describe_service_deployments(self, arns: Sequence[str], /) -> tuple[JsonObject, ...]:
        found = self.ask("DescribeServiceDeployments", serviceDeploymentArns=list(arns))
        return tuple(found["serviceDeployments"])

    def stop_service_deployment(self, arn: str, /, *, rollback: bool) -> None:
        raise NotImplementedError

    def continue_service_deployment(self, arn: str, hook: str, /, *, rollback: bool) -> None:
        raise NotImplementedError

    def tag(self, arn: str, tags: Sequence[JsonObject], /) -> None:
        self.ask("TagResource", resourceArn=arn, tags=list(tags))

    def untag(self, arn: str, keys: Sequence[str], /) -> None:
        self.ask("UntagResource", resourceArn=arn, tagKeys=list(keys))

    def describe_scaling(self, cluster: str, service: str, /) -> Snapshot | Absent:
        return Absent()

    def register_scaling(self, body: JsonObject, /) -> None:
        raise NotImplementedError

    def list_tasks(self, cluster: str, service: str, /, *, status: str) -> tuple[str, ...]:
        return ()

    def list_family_tasks(self, cluster: str, family: str, /, *, status: str) -> tuple[str, ...]:
        return ()

    def describe_tasks(self, cluster: str, arns: Sequence[str], /) -> tuple[JsonObject, ...]:
        return ()

    def log_lines(self, group: str, stream: str, /, *, limit: int, region: str = "") -> tuple[str, ...]:
        raise NotImplementedError

    def target_health(self, target_group: str, /) -> tuple[JsonObject, ...]:
        raise NotImplementedError
