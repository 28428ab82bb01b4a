"""The members of a task definition that somebody has judged: those of RegisterTaskDefinition as of botocore 1.44.5.

A task definition is closed, so a judged member that the file leaves out means its default, and goes where AWS shows
another value. Of a member that AWS has added since nobody knows whether AWS fills it in: it is compared by value where
the file declares it, and noted where it does not, since planned back it would make every apply register a revision.
It is judged by a row in the table, or by its name here. `python -m tests.core.novelties` prints those that are to be
judged.
"""

from __future__ import annotations

from typing import Final

# The members of each structure, by the structure's path in the shape.
_MEMBERS: Final = {
    "": (
        "containerDefinitions cpu enableFaultInjection ephemeralStorage executionRoleArn family "
        "inferenceAccelerators ipcMode memory networkMode pidMode placementConstraints "
        "proxyConfiguration requiresCompatibilities runtimePlatform tags taskRoleArn "
        "trustedExecutionConfiguration volumes"
    ),
    "containerDefinitions/*": (
        "command cpu credentialSpecs dependsOn disableNetworking dnsSearchDomains dnsServers "
        "dockerLabels dockerSecurityOptions entryPoint environment environmentFiles essential extraHosts "
        "firelensConfiguration healthCheck hostname image interactive links linuxParameters "
        "logConfiguration memory memoryReservation mountPoints name portMappings privileged "
        "pseudoTerminal readonlyRootFilesystem repositoryCredentials resourceRequirements restartPolicy "
        "secrets startTimeout stopTimeout systemControls ulimits user versionConsistency volumesFrom "
        "workingDirectory"
    ),
    "containerDefinitions/*/dependsOn/*": "condition containerName",
    "containerDefinitions/*/environment/*": "name value",
    "containerDefinitions/*/environmentFiles/*": "type value",
    "containerDefinitions/*/extraHosts/*": "hostname ipAddress",
    "containerDefinitions/*/firelensConfiguration": "options type",
    "containerDefinitions/*/healthCheck": "command interval retries startPeriod timeout",
    "containerDefinitions/*/linuxParameters": (
        "capabilities devices initProcessEnabled maxSwap sharedMemorySize swappiness tmpfs"
    ),
    "containerDefinitions/*/linuxParameters/capabilities": "add drop",
    "containerDefinitions/*/linuxParameters/devices/*": "containerPath hostPath permissions",
    "containerDefinitions/*/linuxParameters/tmpfs/*": "containerPath mountOptions size",
    "containerDefinitions/*/logConfiguration": "logDriver options secretOptions",
    "containerDefinitions/*/logConfiguration/secretOptions/*": "name valueFrom",
    "containerDefinitions/*/mountPoints/*": "containerPath readOnly sourceVolume",
    "containerDefinitions/*/portMappings/*": (
        "appProtocol containerPort containerPortRange hostPort name protocol"
    ),
    "containerDefinitions/*/repositoryCredentials": "credentialsParameter",
    "containerDefinitions/*/resourceRequirements/*": "sharingStrategy type value",
    "containerDefinitions/*/resourceRequirements/*/sharingStrategy": "nvidiaMps",
    "containerDefinitions/*/resourceRequirements/*/sharingStrategy/nvidiaMps": "maxComputePercent memory",
    "containerDefinitions/*/restartPolicy": "enabled ignoredExitCodes restartAttemptPeriod",
    "containerDefinitions/*/secrets/*": "name valueFrom",
    "containerDefinitions/*/systemControls/*": "namespace value",
    "containerDefinitions/*/ulimits/*": "hardLimit name softLimit",
    "containerDefinitions/*/volumesFrom/*": "readOnly sourceContainer",
    "ephemeralStorage": "sizeInGiB",
    "inferenceAccelerators/*": "deviceName deviceType",
    "placementConstraints/*": "expression type",
    "proxyConfiguration": "containerName properties type",
    "proxyConfiguration/properties/*": "name value",
    "runtimePlatform": "cpuArchitecture operatingSystemFamily",
    "tags/*": "key value",
    "trustedExecutionConfiguration": "attestationPolicy isolationMode",
    "volumes/*": (
        "configuredAtLaunch dockerVolumeConfiguration efsVolumeConfiguration "
        "fsxWindowsFileServerVolumeConfiguration host name s3filesVolumeConfiguration"
    ),
    "volumes/*/dockerVolumeConfiguration": "autoprovision driver driverOpts labels scope",
    "volumes/*/efsVolumeConfiguration": (
        "authorizationConfig fileSystemId rootDirectory transitEncryption transitEncryptionPort"
    ),
    "volumes/*/efsVolumeConfiguration/authorizationConfig": "accessPointId iam",
    "volumes/*/fsxWindowsFileServerVolumeConfiguration": "authorizationConfig fileSystemId rootDirectory",
    "volumes/*/fsxWindowsFileServerVolumeConfiguration/authorizationConfig": "credentialsParameter domain",
    "volumes/*/host": "sourcePath",
    "volumes/*/s3filesVolumeConfiguration": (
        "accessPointArn fileSystemArn rootDirectory transitEncryptionPort"
    ),
}

PATHS: Final = frozenset(
    f"{structure}/{name}" if structure else name
    for structure, names in _MEMBERS.items()
    for name in names.split()
)
