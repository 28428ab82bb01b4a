"""What the fake's server adds to a task definition and a service: the defaults that AWS is known to echo."""

from __future__ import annotations

import copy
from typing import Any, Final, TypeAlias

Body: TypeAlias = dict[str, Any]

_CONTAINER: Final[Body] = {
    "cpu": 0,
    "essential": True,
    "portMappings": [],
    "environment": [],
    "mountPoints": [],
    "volumesFrom": [],
    "systemControls": [],
}
_DEFINITION: Final[Body] = {"networkMode": "bridge", "volumes": [], "placementConstraints": []}
_SERVICE: Final[Body] = {
    "desiredCount": 0,
    "schedulingStrategy": "REPLICA",
    "deploymentController": {"type": "ECS"},
    "loadBalancers": [],
    "serviceRegistries": [],
    "placementConstraints": [],
    "placementStrategy": [],
    "healthCheckGracePeriodSeconds": 0,
    "enableECSManagedTags": False,
    "enableExecuteCommand": False,
    "propagateTags": "NONE",
    "availabilityZoneRebalancing": "ENABLED",
}
_DEPLOYMENT: Final[Body] = {
    "maximumPercent": 200,
    "minimumHealthyPercent": 100,
    "deploymentCircuitBreaker": {"enable": False, "rollback": False},
    "strategy": "ROLLING",
    "bakeTimeInMinutes": 0,
}

ON_DEPLOYMENTS: Final = ("serviceConnectConfiguration", "volumeConfigurations", "vpcLatticeConfigurations")
"""Members of a service's input that AWS shows on its deployments alone."""

REVISED: Final = ("gatewayConnectors", "monitoring")
"""Members of a service's input that AWS shows in its service revisions alone (API model)."""

_SNAPSHOT: Final = (
    *("taskDefinition", "capacityProviderStrategy", "launchType", "platformVersion", "networkConfiguration"),
    *("loadBalancers", "serviceRegistries", "serviceConnectConfiguration", "volumeConfigurations"),
    *("vpcLatticeConfigurations", *REVISED),
)

_ORIGIN: Final = "fake:launchType"
"""Where the launch type is kept that a service was created with; no description shows it."""

EXPRESS: Final = "fake:express"
"""Where a service keeps what it is as an Express Mode service."""

UNSHOWN: Final = frozenset({*REVISED, _ORIGIN, EXPRESS, "records", "revisions"})
"""Members of a stored service that its description does not have."""

_SENT_ONLY: Final = frozenset(
    {"cluster", "service", "clientToken", "forceNewDeployment", "role", "tags", *ON_DEPLOYMENTS}
)
"""Members of a service's input that the service's description has under another name, or not at all."""


def task_definition(sent: Body) -> Body:
    """Give a registered task definition as AWS would store it; its tags are no part of it."""
    stored = copy.deepcopy(_DEFINITION | {key: value for key, value in sent.items() if key != "tags"})
    stored["containerDefinitions"] = [
        _container(container, stored["networkMode"]) for container in stored["containerDefinitions"]
    ]
    return stored


def service(sent: Body) -> Body:
    """Give the members of a new service as AWS would store them."""
    stored = copy.deepcopy(_SERVICE) | members(sent)
    if not stored.get("capacityProviderStrategy"):
        stored.setdefault("launchType", "EC2")
    launched(stored)
    relaunch(stored, sent)
    return stored | {"deploymentConfiguration": deployment_configuration(_DEPLOYMENT, sent)}


def launched(stored: Body) -> None:
    """Note the launch type that a service was created with."""
    stored[_ORIGIN] = "FARGATE" if _on_fargate(stored) else stored.get("launchType", "EC2")


def relaunch(stored: Body, sent: Body) -> None:
    """Let a stored service run on what an input says that it runs on.

    A strategy takes the place of the launch type, and an empty one leads back to it (API model, UpdateService); only
    what runs on Fargate has a platform version.
    """
    if "capacityProviderStrategy" in sent:
        if sent["capacityProviderStrategy"]:
            stored.pop("launchType", None)
        else:
            stored.pop("capacityProviderStrategy", None)
            stored.setdefault("launchType", stored[_ORIGIN])
    if _on_fargate(stored):
        stored.setdefault("platformVersion", "LATEST")
    elif "platformVersion" not in sent:
        stored.pop("platformVersion", None)


def _on_fargate(stored: Body) -> bool:
    providers = {each["capacityProvider"] for each in stored.get("capacityProviderStrategy", ())}
    return bool(providers & {"FARGATE", "FARGATE_SPOT"}) or stored.get("launchType") == "FARGATE"


def revision(stored: Body) -> Body:
    """Give what a service revision shows of a service beside the description."""
    return {name: copy.deepcopy(stored[name]) for name in REVISED if name in stored}


def snapshot(stored: Body) -> Body:
    """Give the service revision of a service whose newest deployment has just begun (API model, ServiceRevision)."""
    shown = stored["deployments"][0] | stored
    return {name: copy.deepcopy(shown[name]) for name in _SNAPSHOT if name in shown}


def members(sent: Body) -> Body:
    """Give the members of CreateService's or UpdateService's input that a description shows as they are."""
    return {key: copy.deepcopy(value) for key, value in sent.items() if key not in _SENT_ONLY}


def deployment_configuration(before: Body, sent: Body) -> Body:
    """Give a deployment configuration after an input: what it leaves out stays."""
    return copy.deepcopy(before | sent.get("deploymentConfiguration", {}))


def _container(sent: Body, network_mode: str) -> Body:
    stored: Body = copy.deepcopy(_CONTAINER) | sent
    stored["portMappings"] = [_port(mapping, network_mode) for mapping in stored["portMappings"]]
    return stored


def _port(sent: Body, network_mode: str) -> Body:
    same = network_mode in {"awsvpc", "host"}
    return {"protocol": "tcp", "hostPort": sent.get("containerPort", 0) if same else 0} | sent
