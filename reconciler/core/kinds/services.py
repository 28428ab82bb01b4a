"""The service's table. Sources are named as in `task_definitions`; TFs is Terraform's service resource.

What a file does not mention has either its default (`DEFAULT`, planned back when someone changed it) or a value
that AWS or someone else chose (`SERVER`, left alone).
"""

from __future__ import annotations

from typing import Final

from reconciler.core.kinds.rules import WHOLE, Key, Rule, Undeclared
from reconciler.core.kinds.spellings import revision_name, same_name, short_name
from reconciler.core.values import Json, JsonObject

D = Undeclared.DEFAULT
S = Undeclared.SERVER

SERVICE_LINKED_ROLE: Final = "AWSServiceRoleForECS"


def _daemon(_value: Json, _parent: JsonObject, facts: JsonObject) -> bool:
    """Tell whether the scheduler owns the number: a DAEMON service has one task an instance (EP, TFs, RD)."""
    return facts.get("schedulingStrategy") == "DAEMON"


def _usual_maximum(facts: JsonObject) -> Json:
    return 100 if facts.get("schedulingStrategy") == "DAEMON" else 200  # B, RD


def _usual_minimum(facts: JsonObject) -> Json:
    return 0 if facts.get("schedulingStrategy") == "DAEMON" else 100  # B, RD


def _without_breaker(_value: Json, _breaker: JsonObject, facts: JsonObject) -> bool:
    """Tell whether resetOnHealthyTask means nothing, because the breaker is off (RD)."""
    return not _breaker_on(facts)


def _breaker_on(facts: JsonObject) -> bool:
    found: Json = facts
    for name in ("deploymentconfiguration", "deploymentcircuitbreaker", "enable"):
        members = {key.lower(): value for key, value in found.items()} if isinstance(found, dict) else {}
        found = members.get(name)
    return str(found).lower() == "true"


def _service_linked(value: Json, _parent: JsonObject, _facts: JsonObject) -> bool:
    return short_name(value) == SERVICE_LINKED_ROLE


def _port_name(value: Json, service: JsonObject, _facts: JsonObject) -> bool:
    return value == service.get("portName")  # B, RD: the server's default


def _host_means_instance(value: Json) -> Json:
    """Give placement strategies one spelling: `host` is `instanceId`, and fields have no case (TFs)."""
    if not isinstance(value, str):
        return value
    folded = value.lower()
    return (
        "instanceId"
        if folded in ("host", "instanceid")
        else value
        if folded.startswith("attribute:")
        else folded
    )


def _same_revision(desired: Json, live: Json) -> bool:
    """Accept any revision of a family that the file names without one: the file leaves the choice to others."""
    return desired == live or (":" not in str(desired) and str(live).rsplit(":", 1)[0] == desired)


def _latest_is_any(desired: Json, live: Json) -> bool:
    """Accept any concrete platform version for LATEST (RD, C7, L26)."""
    return desired in (live, "LATEST")


RULES: Final[dict[str, Rule]] = {
    "cluster": Rule(coerce=short_name, default="default", undeclared=S),  # TFs, B
    "serviceName": Rule(undeclared=S),
    "taskDefinition": Rule(coerce=revision_name, same=_same_revision, undeclared=S, deploys=True),  # TFs
    "clientToken": Rule(undeclared=S),
    "desiredCount": Rule(undeclared=S, absent_if=_daemon),  # EP, TFs, RD
    "launchType": Rule(undeclared=S),  # B: no member of UpdateService
    "capacityProviderStrategy": Rule(key=Key(("capacityProvider",)), undeclared=S, forces=True, remove=[]),
    "capacityProviderStrategy/*/weight": Rule(default=0),  # B
    "capacityProviderStrategy/*/base": Rule(default=0),
    "platformVersion": Rule(undeclared=S, same=_latest_is_any, deploys=True),
    "schedulingStrategy": Rule(default="REPLICA", undeclared=D),  # B
    "deploymentController": Rule(undeclared=D),
    "deploymentController/type": Rule(default="ECS", undeclared=D),  # B
    # Compared leaf by leaf: the server's object has grown every year (ecspresso issue 894).
    "deploymentConfiguration/maximumPercent": Rule(default_for=_usual_maximum, undeclared=D),
    "deploymentConfiguration/minimumHealthyPercent": Rule(default_for=_usual_minimum, undeclared=D),
    "deploymentConfiguration/strategy": Rule(default="ROLLING", undeclared=D),  # RD
    "deploymentConfiguration/bakeTimeInMinutes": Rule(default=0, undeclared=D),  # RD
    "deploymentConfiguration/deploymentCircuitBreaker/enable": Rule(default=False, undeclared=D),
    "deploymentConfiguration/deploymentCircuitBreaker/rollback": Rule(default=False, undeclared=D),
    "deploymentConfiguration/deploymentCircuitBreaker/resetOnHealthyTask": Rule(
        default=True, absent_if=_without_breaker, undeclared=D
    ),
    "deploymentConfiguration/deploymentCircuitBreaker/thresholdConfiguration/type": Rule(
        default="BOUNDED_PERCENT", undeclared=D
    ),
    "deploymentConfiguration/deploymentCircuitBreaker/thresholdConfiguration/value": Rule(
        default=50, undeclared=D
    ),
    "deploymentConfiguration/alarms/alarmNames": Rule(key=WHOLE, undeclared=D),  # RD, TFs
    "deploymentConfiguration/alarms/enable": Rule(default=False, undeclared=D),
    "deploymentConfiguration/alarms/rollback": Rule(default=False, undeclared=D),
    "deploymentConfiguration/linearConfiguration/stepPercent": Rule(default=10.0, undeclared=D),  # B
    "deploymentConfiguration/linearConfiguration/stepBakeTimeInMinutes": Rule(default=6, undeclared=D),
    "deploymentConfiguration/canaryConfiguration/canaryPercent": Rule(default=5.0, undeclared=D),
    "deploymentConfiguration/canaryConfiguration/canaryBakeTimeInMinutes": Rule(default=10, undeclared=D),
    "deploymentConfiguration/lifecycleHooks": Rule(key=WHOLE, undeclared=D),
    "deploymentConfiguration/lifecycleHooks/*/targetType": Rule(default="AWS_LAMBDA"),
    "deploymentConfiguration/lifecycleHooks/*/lifecycleStages": Rule(key=WHOLE),
    "networkConfiguration": Rule(undeclared=S, deploys=True),
    "networkConfiguration/awsvpcConfiguration/subnets": Rule(key=WHOLE),
    "networkConfiguration/awsvpcConfiguration/securityGroups": Rule(key=WHOLE, undeclared=S),  # RD, EP, TFs
    "networkConfiguration/awsvpcConfiguration/assignPublicIp": Rule(default="DISABLED", undeclared=D),
    "loadBalancers": Rule(  # TFs, RD
        key=Key(("targetGroupArn|loadBalancerName", "containerName", "containerPort")),
        undeclared=D,
        deploys=True,
        remove=[],
    ),
    "loadBalancers/*/advancedConfiguration": Rule(undeclared=D),
    "loadBalancers/*/advancedConfiguration/roleArn": Rule(same=same_name, undeclared=D),
    "serviceRegistries": Rule(key=Key(("registryArn",)), undeclared=D, deploys=True, remove=[]),
    "serviceRegistries/*/port": Rule(default=0, undeclared=D),
    "serviceRegistries/*/containerPort": Rule(default=0, undeclared=D),
    "serviceRegistries/*/containerName": Rule(undeclared=D),
    "placementConstraints": Rule(key=WHOLE, undeclared=D, remove=[]),  # TFs, EP
    "placementStrategy": Rule(undeclared=D, remove=[]),  # order matters (TFs, HK)
    "placementStrategy/*/field": Rule(coerce=_host_means_instance),
    "healthCheckGracePeriodSeconds": Rule(default=0, undeclared=D),  # B, C7, RD
    "enableECSManagedTags": Rule(default=False, undeclared=D),  # RD, TFs
    "enableExecuteCommand": Rule(default=False, undeclared=D),
    "propagateTags": Rule(default="NONE", undeclared=D),  # B, TFs
    # Create answers ENABLED since September 2025, Update keeps what was there (B, RD).
    "availabilityZoneRebalancing": Rule(undeclared=S),
    "role": Rule(same=same_name, absent_if=_service_linked, undeclared=S),
    "tags": Rule(key=Key(("key",)), undeclared=D),
    "tags/*/value": Rule(blank=True),
    "serviceConnectConfiguration": Rule(undeclared=D, deploys=True, remove={"enabled": False}),
    "serviceConnectConfiguration/enabled": Rule(default=False, undeclared=D),
    "serviceConnectConfiguration/namespace": Rule(undeclared=S),  # filled with the cluster's default
    "serviceConnectConfiguration/services": Rule(key=Key(("portName",)), undeclared=D),
    "serviceConnectConfiguration/services/*/discoveryName": Rule(absent_if=_port_name, undeclared=D),
    "serviceConnectConfiguration/services/*/clientAliases": Rule(key=Key(("port",)), undeclared=D),
    "serviceConnectConfiguration/services/*/clientAliases/*/dnsName": Rule(undeclared=S),
    "serviceConnectConfiguration/services/*/ingressPortOverride": Rule(undeclared=S),
    "serviceConnectConfiguration/services/*/timeout": Rule(undeclared=D),
    "serviceConnectConfiguration/services/*/tls": Rule(undeclared=D),
    "serviceConnectConfiguration/logConfiguration": Rule(undeclared=D),
    "serviceConnectConfiguration/logConfiguration/secretOptions": Rule(key=Key(("name",)), undeclared=D),
    "serviceConnectConfiguration/accessLogConfiguration": Rule(undeclared=D),
    "volumeConfigurations": Rule(key=Key(("name",)), undeclared=D, deploys=True, remove=[]),
    "volumeConfigurations/*/managedEBSVolume/filesystemType": Rule(default="xfs", undeclared=D),  # RD
    "volumeConfigurations/*/managedEBSVolume/encrypted": Rule(default=False, undeclared=D),
    "volumeConfigurations/*/managedEBSVolume/roleArn": Rule(same=same_name),
    "vpcLatticeConfigurations": Rule(
        key=Key(("targetGroupArn", "portName")), undeclared=D, deploys=True, remove=[]
    ),
    "gatewayConnectors": Rule(key=Key(("portName",)), undeclared=S),
    "monitoring": Rule(undeclared=S),
}
