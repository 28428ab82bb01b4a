"""Express Mode services in memory, beside the fake's ECS: each is a service there, deployed when it changes."""

from __future__ import annotations

import copy
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Final, Protocol, cast

from reconciler.core.values import JsonObject
from reconciler.engine.ports import Absent, Snapshot
from reconciler.errors import AwsNotFound, AwsRefused
from reconciler.records import dataclass
from reconciler.testing.definitions import EXPRESS, Body

_DEFAULTS: Final[Body] = {
    "cpu": "1024",
    "memory": "2048",
    "cpuArchitecture": "X86_64",
    "healthCheckPath": "/",
}
_SCALING: Final[Body] = {
    "minTaskCount": 1,
    "maxTaskCount": 20,
    "autoScalingMetric": "AVERAGE_CPU",
    "autoScalingTargetValue": 60,
}
_NETWORK: Final[Body] = {"subnets": ["subnet-1", "subnet-2"], "securityGroups": ["sg-made"]}
_TASKS: Final = ("primaryContainer", "executionRoleArn", "taskRoleArn", "cpu", "memory", "cpuArchitecture")
"""What a task definition is made of: another one of them is deployed."""
_SHOWN: Final = (*_TASKS, "healthCheckPath", "networkConfiguration", "scalingTarget", "taskDefinitionArn")


class Ecs(Protocol):
    """What an Express Mode service is made with; what is called of it is noted as of anybody's."""

    def register_task_definition(self, body: JsonObject, /) -> Snapshot:
        """Register a revision."""
        ...

    def create_service(self, body: JsonObject, /) -> Snapshot:
        """Create a service."""
        ...

    def update_service(self, body: JsonObject, /) -> Snapshot:
        """Update a service."""
        ...

    def delete_service(self, cluster: str, service: str, /, *, force: bool = True) -> Snapshot:
        """Delete a service."""
        ...


@dataclass(frozen=True, slots=True)
class Hands:
    """What of the fake only its Express Mode reaches: noting a call, services by cluster, revisions, tags, time."""

    called: Callable[..., AbstractContextManager[None]]
    service: Callable[[str, str], Body | None]
    revision: Callable[[Body], str]
    tags: Callable[[str], list[Body]]
    now: Callable[[], float]


class FakeExpress:
    """`engine.ports.Express` over the services of a fake; see `gateways.FakeGateway`."""

    def __init__(self, ecs: Ecs, hands: Hands) -> None:
        """Take the ECS that services are made in."""
        self._ecs = ecs
        self._hands = hands

    def describe(self, arn: str, /) -> Snapshot | Absent:
        """Describe an Express Mode service."""
        with self._hands.called("express.describe", arn):
            found = self._find(arn)
            return Absent("ResourceNotFoundException") if found is None else self._shown(found)

    def create(self, body: JsonObject, /) -> Snapshot:
        """Create a service with a task definition of its own."""
        with self._hands.called("express.create", copy.deepcopy(body)):
            sent = cast(Body, copy.deepcopy(body))
            cluster, name = sent.get("cluster", "default"), sent["serviceName"]
            configured = _configured({}, sent)
            made = self._ecs.create_service({
                "cluster": cluster,
                "serviceName": name,
                "taskDefinition": self._registered(cluster, name, configured),
                "desiredCount": configured["scalingTarget"]["minTaskCount"],
                    "deploymentConfiguration": {"deploymentCircuitBreaker": {"enable": True, "rollback": True}},
                "networkConfiguration": {"awsvpcConfiguration": configured["networkConfiguration"]},
                "tags": sent.get("tags", []),
            })  # fmt: skip
            service = self._find(str(made.body["serviceArn"]), new=True)
            assert service is not None
            service |= {
                "resourceManagementType": "ECS",
                EXPRESS: {"role": sent["infrastructureRoleArn"], "configurations": {}},
            }
            self._keep(service, configured)
            return self._shown(service)

    def update(self, body: JsonObject, /) -> JsonObject:
        """Update a service; what its tasks are made of is deployed."""
        with self._hands.called("express.update", copy.deepcopy(body)):
            sent = cast(Body, copy.deepcopy(body))
            service = self._find(sent["serviceArn"])
            if service is None:
                raise AwsNotFound(
                    "ecs UpdateExpressGatewayService: Service not found",
                    operation="UpdateExpressGatewayService",
                    code="ServiceNotFoundException",
                )
            if service["status"] != "ACTIVE":
                raise AwsRefused(
                    "ecs UpdateExpressGatewayService: Service was not ACTIVE",
                    operation="UpdateExpressGatewayService",
                    code="ServiceNotActiveException",
                )
            held = self._held(service)
            configured = _configured(held, sent)
            cluster, name = service["clusterArn"], service["serviceName"]
            update: Body = {"cluster": cluster, "service": name}
            if any(configured.get(member) != held.get(member) for member in _TASKS):
                update["taskDefinition"] = self._registered(cluster.rpartition("/")[2], name, configured)
            update["networkConfiguration"] = {"awsvpcConfiguration": configured["networkConfiguration"]}
            self._ecs.update_service(update)
            return self._keep(service, configured)

    def delete(self, arn: str, /) -> Snapshot:
        """Delete a service, stopping its tasks."""
        with self._hands.called("express.delete", arn):
            service = self._find(arn)
            if service is None:
                raise AwsNotFound(
                    "ecs DeleteExpressGatewayService: Service not found",
                    operation="DeleteExpressGatewayService",
                    code="ServiceNotFoundException",
                )
            self._ecs.delete_service(service["clusterArn"], service["serviceName"], force=True)
            return self._shown(service)

    def _find(self, arn: str, *, new: bool = False) -> Body | None:
        _, cluster, name = arn.rsplit("/", 2)
        found = self._hands.service(cluster, name)
        return found if found is not None and (new or EXPRESS in found) else None

    def _registered(self, cluster: str, name: str, configured: Body) -> str:
        if "taskDefinitionArn" in configured:
            return str(configured["taskDefinitionArn"])
        own = configured["primaryContainer"]
        container = {key: own[key] for key in ("image", "command", "environment", "secrets") if key in own}
        ports = [{"containerPort": own["containerPort"], "name": "main"}]
        body: Body = {
            "family": f"{cluster}-{name}",
            "containerDefinitions": [{"name": "Main", **container, "portMappings": ports}],
        }
        made = self._ecs.register_task_definition(body).body["taskDefinition"]
        return str(cast(Body, made)["taskDefinitionArn"])

    def _keep(self, service: Body, configured: Body) -> Body:
        revision = self._hands.revision(service)
        shown = configured | {
            "serviceRevisionArn": revision,
            "taskDefinitionArn": service["taskDefinition"],
            "ingressPaths": [
                {"accessType": "PUBLIC", "endpoint": f"{service['serviceName']}.ecs.example.on.aws"}
            ],
            "createdAt": self._hands.now(),
        }
        service[EXPRESS]["configurations"][revision] = shown
        return copy.deepcopy(shown)

    def _held(self, service: Body) -> Body:
        """Give what the newest deployment runs: after a rollback what an older one ran."""
        known: dict[str, Body] = service[EXPRESS]["configurations"]
        same = [each for each in known.values() if each["taskDefinitionArn"] == service["taskDefinition"]]
        return known.get(self._hands.revision(service), same[-1])

    def _shown(self, service: Body) -> Snapshot:
        alive = [self._held(service)] if service["deployments"] else []
        return Snapshot({
            "cluster": service["clusterArn"],
            "serviceName": service["serviceName"],
            "serviceArn": service["serviceArn"],
            "infrastructureRoleArn": service[EXPRESS]["role"],
            "status": {"statusCode": service["status"]},
            "activeConfigurations": copy.deepcopy(alive),
            "tags": self._hands.tags(service["serviceArn"]),
            "createdAt": service["createdAt"],
        })  # fmt: skip


def _configured(held: Body, sent: Body) -> Body:
    """Give a configuration as it is after a request: what is not sent stays, or has its default."""
    given = {name: value for name, value in sent.items() if name in _SHOWN}
    filled = _DEFAULTS | {name: held[name] for name in _SHOWN if name in held and name != "taskDefinitionArn"}
    filled |= given
    logs = {"awsLogsConfiguration": {"logGroup": "/aws/ecs/made", "logStreamPrefix": "ecs"}}
    filled["primaryContainer"] = {"containerPort": 80, **logs, **filled.get("primaryContainer", {})}
    for name, usual in (("scalingTarget", _SCALING), ("networkConfiguration", _NETWORK)):
        filled[name] = usual | held.get(name, {}) | given.get(name, {})
    return filled
