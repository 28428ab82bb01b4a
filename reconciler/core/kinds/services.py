"""The service's table. Sources are named as in `task_definitions`; TFs is Terraform's service resource.

What a file does not mention has either its default (`DEFAULT`, planned back when someone changed it) or a value
that AWS or someone else chose (`SERVER`, left alone).

Of each parameter of UpdateService B says whether it triggers a new service deployment, save of those with
`deploys=None`.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from reconciler.core.kinds import controllers
from reconciler.core.kinds.rules import WHOLE, Key, Rule, Test, Undeclared
from reconciler.core.kinds.spellings import parsed_json, revision_name, same_name, short_name
from reconciler.core.values import Json, JsonObject, Path

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
    return _on(_fact(facts, "deploymentConfiguration", "deploymentCircuitBreaker"), "enable")


def _on(value: Json, name: str) -> bool:
    """Tell whether a switch in an object is on, in any spelling."""
    return isinstance(value, dict) and str(_fact(value, name)).lower() == "true"


def _fact(facts: JsonObject, *path: str) -> Json:
    """Give a value of the facts, which stand there in the case in which the file spells them."""
    found: Json = facts
    for name in path:
        members = {key.lower(): value for key, value in found.items()} if isinstance(found, dict) else {}
        found = members.get(name.lower())
    return found


def _controller(facts: JsonObject) -> str:
    return str(_fact(facts, "deploymentController", "type") or "ECS")


def _left_to_controller(path: str, rule: Rule) -> Rule:
    """Leave to CodeDeploy and to task sets what the file does not mention and UpdateService cannot change."""
    member = path.partition("/")[0]
    if controllers.always_updates(member):
        return rule

    def owner(facts: JsonObject) -> Undeclared | None:
        return None if controllers.updates(_controller(facts), member) else S

    return replace(rule, undeclared_for=owner)


def _swapped(facts: JsonObject) -> bool:
    """Tell whether each deployment puts another target group there (B, CODE_DEPLOY)."""
    return _controller(facts) == "CODE_DEPLOY"


def _in_no_description(_value: Json, _parent: JsonObject, _facts: JsonObject) -> bool:
    return True


def _connect_off(_value: Json, service: JsonObject, facts: JsonObject) -> bool:
    """Tell whether Service Connect is off and stays off: AWS describes that by no member (Terraform, PR 43871)."""
    off = _fact(service, "serviceConnectConfiguration", "enabled") is False  # said, not forgotten
    return off and not _on(_fact(facts, "serviceConnectConfiguration"), "enabled")


def _early_success_off(value: Json, _parent: JsonObject, facts: JsonObject) -> bool:
    wanted = _fact(facts, "deploymentConfiguration", "earlySuccessCriteria")
    return not _on(value, "enable") and not _on(wanted, "enable")


def _other_strategy(name: str, settings: str) -> Test:
    """Tell whether a strategy's settings mean nothing: another one is in force (B), and the file has none of them."""

    def test(_value: Json, _parent: JsonObject, facts: JsonObject) -> bool:
        wanted = _fact(facts, "deploymentConfiguration")
        in_force = _fact(wanted, "strategy") if isinstance(wanted, dict) else None
        return in_force != name and not (isinstance(wanted, dict) and _fact(wanted, settings))

    return test


def _declared(path: str, *names: str) -> dict[str, Rule]:
    """Give rows for members that have no default: where the file leaves them out, they have to go."""
    return {f"{path}/{name}": Rule(undeclared=D) for name in names}


def _service_linked(value: Json, _parent: JsonObject, _facts: JsonObject) -> bool:
    return str(value).rsplit("/", 1)[-1] == SERVICE_LINKED_ROLE


def _port_name(value: Json, service: JsonObject, _facts: JsonObject) -> bool:
    return value == service.get("portName")  # B, RD: the server's default


def _dns_name_moves(value: Json, place: Path, live: JsonObject, wanted: JsonObject) -> bool:
    """Tell whether an alias has its name from a discovery name and a namespace, one of which changes (B)."""

    def parts(tree: JsonObject) -> tuple[Json, Json]:
        port = str(place[2])
        service = _fact(tree, "serviceConnectConfiguration", "services", port)
        name = _fact(service, "discoveryName") if isinstance(service, dict) else None
        return name or port, _fact(tree, "serviceConnectConfiguration", "namespace")

    return str(value).startswith(f"{parts(live)[0]}.") and parts(live) != parts(wanted)


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
    """Accept any revision of a family that the file names without one: which one is the newest, the planner knows."""
    return desired == live or (":" not in str(desired) and str(live).rsplit(":", 1)[0] == desired)


def _latest_is_any(desired: Json, live: Json) -> bool:
    """Accept any concrete platform version for LATEST (RD, C7, L26)."""
    return desired in (live, "LATEST")


_ROWS: Final[dict[str, Rule]] = {
    "cluster": Rule(coerce=short_name, default="default", undeclared=S),  # TFs, B
    "serviceName": Rule(undeclared=S),
    "taskDefinition": Rule(coerce=revision_name, same=_same_revision, undeclared=S, deploys=True),  # TFs
    "clientToken": Rule(absent_if=_in_no_description, undeclared=S),  # B
    "desiredCount": Rule(undeclared=S, absent_if=_daemon),  # EP, TFs, RD
    "launchType": Rule(undeclared=S),  # B: no member of UpdateService
    "capacityProviderStrategy": Rule(key=Key(("capacityProvider",)), undeclared=S, forces=True, remove=[]),
    "capacityProviderStrategy/*/weight": Rule(default=0, undeclared=D),  # B
    "capacityProviderStrategy/*/base": Rule(default=0, undeclared=D),
    "platformVersion": Rule(undeclared=S, same=_latest_is_any, deploys=True),
    "schedulingStrategy": Rule(default="REPLICA", undeclared=D),  # B
    "deploymentController": Rule(undeclared=D, remove={"type": "ECS"}, deploys=None),
    "deploymentController/type": Rule(default="ECS", undeclared=D),  # B
    # Compared leaf by leaf: the server's object has grown every year (ecspresso issue 894).
    "deploymentConfiguration": Rule(),
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
    "deploymentConfiguration/linearConfiguration": Rule(
        absent_if=_other_strategy("LINEAR", "linearConfiguration")
    ),
    "deploymentConfiguration/canaryConfiguration": Rule(
        absent_if=_other_strategy("CANARY", "canaryConfiguration")
    ),
    "deploymentConfiguration/linearConfiguration/stepPercent": Rule(default=10.0, undeclared=D),  # B
    "deploymentConfiguration/linearConfiguration/stepBakeTimeInMinutes": Rule(default=6, undeclared=D),
    "deploymentConfiguration/canaryConfiguration/canaryPercent": Rule(default=5.0, undeclared=D),
    "deploymentConfiguration/canaryConfiguration/canaryBakeTimeInMinutes": Rule(default=10, undeclared=D),
    "deploymentConfiguration/lifecycleHooks": Rule(  # B: a PAUSE hook has no target
        key=Key(("hookTargetArn|targetType",), then=("lifecycleStages",)), undeclared=D
    ),
    "deploymentConfiguration/lifecycleHooks/*/targetType": Rule(default="AWS_LAMBDA", undeclared=D),
    **_declared("deploymentConfiguration/lifecycleHooks/*", "hookTargetArn", "roleArn"),
    "deploymentConfiguration/lifecycleHooks/*/lifecycleStages": Rule(key=WHOLE, undeclared=D),
    "deploymentConfiguration/lifecycleHooks/*/hookDetails": Rule(coerce=parsed_json, undeclared=D),  # TFs
    "deploymentConfiguration/lifecycleHooks/*/timeoutConfiguration/timeoutInMinutes": Rule(
        default=1440, undeclared=D
    ),  # B
    "deploymentConfiguration/lifecycleHooks/*/timeoutConfiguration/action": Rule(
        default="ROLLBACK", undeclared=D
    ),
    # The API wants its other members with it (B), and nothing takes them away but switching it off.
    "deploymentConfiguration/earlySuccessCriteria": Rule(absent_if=_early_success_off),
    "deploymentConfiguration/earlySuccessCriteria/enable": Rule(default=False, undeclared=D),
    "networkConfiguration": Rule(undeclared=S, deploys=True),
    "networkConfiguration/awsvpcConfiguration/subnets": Rule(key=WHOLE, undeclared=D),
    "networkConfiguration/awsvpcConfiguration/securityGroups": Rule(key=WHOLE, undeclared=S),  # RD, EP, TFs
    "networkConfiguration/awsvpcConfiguration/assignPublicIp": Rule(default="DISABLED", undeclared=D),
    "loadBalancers": Rule(  # TFs, RD
        key=Key(("targetGroupArn|loadBalancerName", "containerName", "containerPort")),
        undeclared=D,
        elsewhere=_swapped,
        deploys=True,
        remove=[],
    ),
    "loadBalancers/*/advancedConfiguration": Rule(undeclared=D),
    "loadBalancers/*/advancedConfiguration/roleArn": Rule(same=same_name, undeclared=D),
    **_declared(
        "loadBalancers/*/advancedConfiguration",
        "alternateTargetGroupArn",
        "productionListenerRule",
        "testListenerRule",
    ),
    **_declared("loadBalancers/*", "targetGroupArn", "loadBalancerName"),
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
    "serviceConnectConfiguration": Rule(
        absent_if=_connect_off, undeclared=D, deploys=True, remove={"enabled": False}
    ),
    "serviceConnectConfiguration/enabled": Rule(undeclared=D),  # required (B): no default
    "serviceConnectConfiguration/namespace": Rule(undeclared=S),  # filled with the cluster's default
    **_declared("serviceConnectConfiguration", "accessLogConfiguration"),
    # Each of them is one setting (B: a union), so that their order means nothing.
    "serviceConnectConfiguration/containerConfigurations": Rule(key=WHOLE, undeclared=D),
    "serviceConnectConfiguration/containerConfigurations/*/logLevel": Rule(default="info", undeclared=D),  # B
    "serviceConnectConfiguration/services": Rule(key=Key(("portName",)), undeclared=D),
    "serviceConnectConfiguration/services/*/discoveryName": Rule(absent_if=_port_name, undeclared=D),
    "serviceConnectConfiguration/services/*/clientAliases": Rule(key=Key(("port",)), undeclared=D),
    "serviceConnectConfiguration/services/*/clientAliases/*/dnsName": Rule(
        undeclared=S, derived=_dns_name_moves
    ),
    "serviceConnectConfiguration/services/*/clientAliases/*/testTrafficRules": Rule(undeclared=D),
    **_declared(
        "serviceConnectConfiguration/services/*/clientAliases/*/testTrafficRules/header",
        "name",
        "value/exact",
    ),
    "serviceConnectConfiguration/services/*/ingressPortOverride": Rule(undeclared=S),
    **_declared("serviceConnectConfiguration/services/*", "timeout", "tls"),
    **_declared(
        "serviceConnectConfiguration/services/*/timeout", "idleTimeoutSeconds", "perRequestTimeoutSeconds"
    ),
    **_declared(
        "serviceConnectConfiguration/services/*/tls", "issuerCertificateAuthority", "kmsKey", "roleArn"
    ),
    **_declared(
        "serviceConnectConfiguration/services/*/tls/issuerCertificateAuthority", "awsPcaAuthorityArn"
    ),
    **_declared("serviceConnectConfiguration", "logConfiguration"),
    **_declared("serviceConnectConfiguration/logConfiguration", "logDriver", "options"),
    "serviceConnectConfiguration/logConfiguration/secretOptions": Rule(key=Key(("name",)), undeclared=D),
    **_declared("serviceConnectConfiguration/accessLogConfiguration", "format"),
    "serviceConnectConfiguration/accessLogConfiguration/includeQueryParameters": Rule(
        default="DISABLED", undeclared=D
    ),  # B
    "volumeConfigurations": Rule(key=Key(("name",)), undeclared=D, deploys=True, remove=[]),
    # Nothing but the file system was ever seen filled in (RD); TFs sends `encrypted` itself.
    "volumeConfigurations/*/managedEBSVolume": Rule(undeclared=D),
    "volumeConfigurations/*/managedEBSVolume/filesystemType": Rule(default="xfs", undeclared=D),  # RD
    "volumeConfigurations/*/managedEBSVolume/encrypted": Rule(default=False, undeclared=D),
    "volumeConfigurations/*/managedEBSVolume/roleArn": Rule(same=same_name, undeclared=D),
    **_declared(
        "volumeConfigurations/*/managedEBSVolume",
        "kmsKeyId",
        "volumeType",
        "sizeInGiB",
        "snapshotId",
        "volumeInitializationRate",
        "iops",
        "throughput",
    ),
    "volumeConfigurations/*/managedEBSVolume/tagSpecifications": Rule(
        key=Key(("resourceType",)), undeclared=D
    ),
    "volumeConfigurations/*/managedEBSVolume/tagSpecifications/*/tags": Rule(key=Key(("key",)), undeclared=D),
    "volumeConfigurations/*/managedEBSVolume/tagSpecifications/*/tags/*/value": Rule(blank=True),
    "volumeConfigurations/*/managedEBSVolume/tagSpecifications/*/propagateTags": Rule(
        default="NONE", undeclared=D
    ),  # B
    "vpcLatticeConfigurations": Rule(
        key=Key(("targetGroupArn", "portName")), undeclared=D, deploys=True, remove=[]
    ),
    "vpcLatticeConfigurations/*/roleArn": Rule(same=same_name, undeclared=D),
    "vpcLatticeConfigurations/*/advancedConfiguration": Rule(undeclared=D),
    **_declared(
        "vpcLatticeConfigurations/*/advancedConfiguration",
        "alternateTargetGroupArn",
        "productionListenerRule",
        "testListenerRule",
    ),
    # B: one at most, by the port's name
    "gatewayConnectors": Rule(key=Key(("portName",)), undeclared=S, deploys=None),
    "gatewayConnectors/*/filters/accessTypes": Rule(key=WHOLE),  # B: which paths it applies to
    "gatewayConnectors/*/deregistrationDelay/timeoutSeconds": Rule(default=300, undeclared=D),  # B
    "monitoring": Rule(undeclared=S, deploys=None),
    # Inferred from B: each of them sets the resolution of some metrics.
    "monitoring/metricConfigurations": Rule(key=WHOLE, undeclared=D),
    "monitoring/metricConfigurations/*/metricNames": Rule(key=WHOLE),
}
RULES: Final = {path: _left_to_controller(path, rule) for path, rule in _ROWS.items()}
