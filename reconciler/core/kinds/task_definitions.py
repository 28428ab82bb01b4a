"""The task definition's table.

Sources, as in the project's notes on normalisation: the API model (B), Terraform's provider (TF), ecspresso (EP), hako
(HK), recorded pairs of cdk-real-drift (RD), cloud-custodian's recordings (C7), a real exchange of 2026 (L26).
Task definitions are closed: what the file does not mention means its default, if it is among the `judged` members.
"""

from __future__ import annotations

from typing import Final

from reconciler.core.kinds.rules import WHOLE, Key, Rule
from reconciler.core.kinds.spellings import cpu_units, mebibytes, same_name
from reconciler.core.values import Json, JsonObject


def _port_is_implied(value: Json, mapping: JsonObject, facts: JsonObject) -> bool:
    """Tell whether hostPort says what ECS fills in: the container's port, outside bridge mode (B, TF, L26)."""
    return value == 0 or (
        facts.get("networkMode") in ("awsvpc", "host") and value == mapping.get("containerPort")
    )


def _platforms_own(value: Json, _parent: JsonObject, _facts: JsonObject) -> bool:
    return value == "<default>"  # what ECS answers for Windows containers (B)


def _all_permissions(value: Json, _parent: JsonObject, _facts: JsonObject) -> bool:
    return isinstance(value, dict) and set(value) == {"read", "write", "mknod"}


def _own_volume(_value: Json, volume: JsonObject, _facts: JsonObject) -> bool:
    """Tell whether the volume lives and dies with its task, which makes it whatever the flag says (B)."""
    return volume.get("scope") != "shared"


RULES: Final[dict[str, Rule]] = {
    "networkMode": Rule(default="bridge", absent_if=_platforms_own),  # B
    "cpu": Rule(coerce=cpu_units),  # B, EP
    "memory": Rule(coerce=mebibytes),  # B, EP
    "requiresCompatibilities": Rule(key=WHOLE),  # B, RD
    "runtimePlatform/operatingSystemFamily": Rule(default="LINUX"),  # L26: not echoed unless sent
    "runtimePlatform/cpuArchitecture": Rule(default="X86_64"),  # L26
    "enableFaultInjection": Rule(default=False),  # B, TF
    "trustedExecutionConfiguration/isolationMode": Rule(default="SHARED"),  # B
    "taskRoleArn": Rule(same=same_name),
    "executionRoleArn": Rule(same=same_name),
    "placementConstraints": Rule(key=WHOLE),  # TF, EP, RD
    "inferenceAccelerators": Rule(key=Key(("deviceName",))),  # TF
    "proxyConfiguration/type": Rule(default="APPMESH"),  # TF, EP
    "proxyConfiguration/properties": Rule(key=Key(("name",))),  # RD
    "proxyConfiguration/properties/*/value": Rule(blank=True),
    "tags": Rule(key=Key(("key",))),  # B, TF, EP
    "tags/*/value": Rule(blank=True),
    "volumes": Rule(key=Key(("name",))),  # TF, EP
    "volumes/*/configuredAtLaunch": Rule(default=False),  # Terraform provider, pull request 46132
    # Its being there is what makes a Docker volume of it, and no bind mount (B): `{}` is one with every default.
    "volumes/*/dockerVolumeConfiguration": Rule(presence=True),
    "volumes/*/dockerVolumeConfiguration/driver": Rule(default="local"),  # TF, HK
    "volumes/*/dockerVolumeConfiguration/scope": Rule(default="task"),  # TF, HK
    "volumes/*/dockerVolumeConfiguration/autoprovision": Rule(default=False, absent_if=_own_volume),  # HK
    # ECS adds "/" even beside an access point (HK, aws-ecs-orb issue 105).
    "volumes/*/efsVolumeConfiguration/rootDirectory": Rule(default="/"),
    "volumes/*/efsVolumeConfiguration/transitEncryption": Rule(default="DISABLED"),  # B
    "volumes/*/efsVolumeConfiguration/transitEncryptionPort": Rule(default=0),  # TF
    "volumes/*/efsVolumeConfiguration/authorizationConfig/iam": Rule(default="DISABLED"),  # B
    "volumes/*/s3filesVolumeConfiguration/rootDirectory": Rule(default="/"),  # B
    "volumes/*/s3filesVolumeConfiguration/transitEncryptionPort": Rule(default=0),
    "containerDefinitions": Rule(key=Key(("name",))),
    "containerDefinitions/*/cpu": Rule(default=0),  # RD, C7: always echoed as 0
    "containerDefinitions/*/memory": Rule(default=0),
    "containerDefinitions/*/memoryReservation": Rule(default=0),
    "containerDefinitions/*/essential": Rule(default=True),  # B, RD: always echoed
    "containerDefinitions/*/environment": Rule(key=Key(("name",))),  # TF, EP, RD: unstable order
    "containerDefinitions/*/environment/*/value": Rule(blank=True),  # C7 holds live empty values
    "containerDefinitions/*/secrets": Rule(key=Key(("name",))),  # TF, EP
    "containerDefinitions/*/portMappings": Rule(  # RD, EP, HK: reordered by the API
        key=Key(("containerPort|containerPortRange", "protocol"), then=("hostPort",))
    ),
    "containerDefinitions/*/portMappings/*/protocol": Rule(default="tcp"),  # B, L26
    "containerDefinitions/*/portMappings/*/hostPort": Rule(absent_if=_port_is_implied),
    "containerDefinitions/*/mountPoints": Rule(key=Key(("containerPath", "sourceVolume"))),  # EP, HK, RD
    "containerDefinitions/*/mountPoints/*/readOnly": Rule(default=False),  # B, C7
    "containerDefinitions/*/volumesFrom": Rule(key=Key(("sourceContainer",))),  # RD, EP: reordered
    "containerDefinitions/*/volumesFrom/*/readOnly": Rule(default=False),  # B, C7
    "containerDefinitions/*/links": Rule(key=WHOLE),  # RD, HK: returned sorted
    "containerDefinitions/*/dependsOn": Rule(key=Key(("containerName",))),  # HK, RD
    "containerDefinitions/*/ulimits": Rule(key=Key(("name",))),  # HK, RD
    "containerDefinitions/*/systemControls": Rule(key=Key(("namespace",))),  # HK, L26
    "containerDefinitions/*/systemControls/*/value": Rule(blank=True),
    "containerDefinitions/*/extraHosts": Rule(key=WHOLE),  # HK
    "containerDefinitions/*/dockerSecurityOptions": Rule(key=WHOLE),  # HK
    "containerDefinitions/*/resourceRequirements": Rule(  # HK; accelerators may come twice
        key=Key(("type",), then=("value",))
    ),
    "containerDefinitions/*/healthCheck/interval": Rule(default=30),  # B, TF
    "containerDefinitions/*/healthCheck/timeout": Rule(default=5),
    "containerDefinitions/*/healthCheck/retries": Rule(default=3),
    "containerDefinitions/*/healthCheck/startPeriod": Rule(default=0),
    "containerDefinitions/*/linuxParameters/capabilities/add": Rule(key=WHOLE),  # C7, RD
    "containerDefinitions/*/linuxParameters/capabilities/drop": Rule(key=WHOLE),
    "containerDefinitions/*/linuxParameters/devices": Rule(  # RD, HK
        key=Key(("hostPath",), then=("containerPath",))
    ),
    "containerDefinitions/*/linuxParameters/devices/*/permissions": Rule(
        key=WHOLE, absent_if=_all_permissions
    ),
    "containerDefinitions/*/linuxParameters/tmpfs": Rule(key=Key(("containerPath",))),
    "containerDefinitions/*/linuxParameters/tmpfs/*/mountOptions": Rule(key=WHOLE),
    "containerDefinitions/*/linuxParameters/initProcessEnabled": Rule(default=False),
    "containerDefinitions/*/logConfiguration/secretOptions": Rule(key=Key(("name",))),
    "containerDefinitions/*/restartPolicy/restartAttemptPeriod": Rule(default=300),  # B
    "containerDefinitions/*/restartPolicy/ignoredExitCodes": Rule(key=WHOLE),
    "containerDefinitions/*/versionConsistency": Rule(default="enabled"),  # B
    "containerDefinitions/*/interactive": Rule(default=False),  # C7: echoed as false only if sent
    "containerDefinitions/*/pseudoTerminal": Rule(default=False),
    "containerDefinitions/*/privileged": Rule(default=False),
    "containerDefinitions/*/readonlyRootFilesystem": Rule(default=False),
    "containerDefinitions/*/disableNetworking": Rule(default=False),
}
