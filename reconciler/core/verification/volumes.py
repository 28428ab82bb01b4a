"""Volumes: file systems of EFS, FSx and S3 Files with their access points and mount targets, and volumes of EBS."""

from __future__ import annotations

from collections.abc import Iterator

from reconciler.core.kinds.combinations.cases import at, objects
from reconciler.core.values import Json, JsonObject, Path
from reconciler.core.verification import arns, lookups, networks, roles, secrets
from reconciler.core.verification.checks import (
    Answers,
    Check,
    Judged,
    Verdict,
    failed,
    passed,
    unknown,
    warned,
)
from reconciler.core.verification.reads import Answer, Found, Missing, call
from reconciler.core.verification.scenes import SERVICE, Scene


def checks(scene: Scene) -> Iterator[Check]:
    """Make the checks of a task definition's volumes."""
    for index, volume in enumerate(objects(scene.task.get("volumes"))):
        path: Path = ("volumes", index)
        for member, make in (
            ("efsVolumeConfiguration", _efs),
            ("fsxWindowsFileServerVolumeConfiguration", _fsx),
            ("s3filesVolumeConfiguration", _s3files),
        ):
            found = volume.get(member)
            if isinstance(found, dict) and found:
                yield make(scene, str(volume.get("name")), found, (*path, member))


def credentials(scene: Scene) -> Iterator[secrets.Wanted]:
    """Give the secrets that volumes are mounted with."""
    for index, volume in enumerate(objects(scene.task.get("volumes"))):
        place = ("fsxWindowsFileServerVolumeConfiguration", "authorizationConfig", "credentialsParameter")
        if reference := at(volume, *place):
            subject = f"credentials of the volume {volume.get('name')}"
            yield secrets.Wanted(subject, reference, scene.task_document, ("volumes", index, *place))


def of_service(scene: Scene) -> Iterator[Check]:
    """Make the checks of the EBS volumes that a service makes for its tasks."""
    for index, item in enumerate(objects(scene.service.get("volumeConfigurations"))):
        volume = item.get("managedEBSVolume")
        path: Path = ("volumeConfigurations", index, "managedEBSVolume")
        below: list[Check | None] = [
            roles.check(
                scene,
                "infrastructure role",
                at(volume, "roleArn"),
                roles.SERVICES,
                SERVICE,
                (*path, "roleArn"),
            )
        ]
        if snapshot := at(volume, "snapshotId"):
            read = call("ec2", "DescribeSnapshots", SnapshotIds=[snapshot])
            below.append(lookups.simple(f"snapshot {snapshot}", read, SERVICE, (*path, "snapshotId")))
        if key := at(volume, "kmsKeyId"):
            below.append(key_check(scene, key, SERVICE, (*path, "kmsKeyId")))
        name = f"EBS volume {item.get('name')}"
        yield Check(
            subject=name, document=SERVICE, path=path, children=tuple(c for c in below if c is not None)
        )


def key_check(scene: Scene, key: Json, document: str, path: Path) -> Check:
    """Make the check of a key of KMS: it is there and enabled."""
    read = call("kms", "DescribeKey", region=arns.region_of(key, scene.region), KeyId=key)

    def judge(answer: Found) -> list[Verdict]:
        state = at(answer.body.get("KeyMetadata"), "KeyState")
        return [passed() if state in (None, "Enabled") else failed(f"the key is {state}", "enable it")]

    return lookups.simple(f"KMS key {arns.short(key)}", read, document, path, judge)


def _efs(scene: Scene, name: str, volume: JsonObject, path: Path) -> Check:
    system = volume.get("fileSystemId")
    point = at(volume, "authorizationConfig", "accessPointId")
    described = call("efs", "DescribeFileSystems", FileSystemId=system)
    targets = call("efs", "DescribeMountTargets", member="MountTargets", FileSystemId=system)
    subnets = networks.subnets(scene)
    reads = (described, targets, *((networks.read_subnets(subnets),) if subnets else ()))

    def judge(answers: Answers) -> Judged:
        answer = answers[described]
        if isinstance(answer, Missing):
            return [failed(f"there is no file system {system}", "create it, or correct fileSystemId")]
        if not isinstance(answer, Found):
            return [unknown(answer, f"file system {system}")]
        state = next((at(each, "LifeCycleState") for each in objects(answer.body.get("FileSystems"))), None)
        if state not in (None, "available"):
            return [failed(f"the file system is {state}", "wait until it is available")]
        there = networks.there(answers, subnets) if subnets else []
        return [passed(), *_mounted(answers[targets], there)]

    below = []
    if point:
        read = call("efs", "DescribeAccessPoints", AccessPointId=point)
        place = (*path, "authorizationConfig", "accessPointId")

        def belongs(answer: Found) -> list[Verdict]:
            own = next(
                (each.get("FileSystemId") for each in objects(answer.body.get("AccessPoints"))), system
            )
            if own != system:
                return [failed(f"the access point is one of {own}, not of {system}", "correct one of them")]
            return [passed()]

        below.append(lookups.simple(f"access point {point}", read, scene.task_document, place, belongs))
    return Check(
        subject=f"volume {name}: EFS {system}",
        document=scene.task_document,
        path=(*path, "fileSystemId"),
        reads=reads,
        judge=judge,
        children=tuple(below),
    )


def _mounted(answer: Answer, subnets: list[JsonObject]) -> list[Verdict]:
    """Judge where a file system can be mounted: in each zone that tasks may run in (EFS user guide, mount targets)."""
    if not isinstance(answer, Found):
        return [unknown(answer, "mount target", part="its mount targets")]
    targets = objects(answer.body.get("MountTargets"))
    if not targets:
        return [failed("it has no mount target", "make one in each zone of the service's subnets")]
    zones = {str(target.get("AvailabilityZoneId")) for target in targets if target.get("AvailabilityZoneId")}
    wanted = {str(each["AvailabilityZoneId"]) for each in subnets if each.get("AvailabilityZoneId")}
    lacking = sorted(wanted - zones)
    if zones and lacking:
        return [
            warned(f"it has no mount target in {', '.join(lacking)}, where subnets are", "make one there")
        ]
    return []


def _fsx(scene: Scene, name: str, volume: JsonObject, path: Path) -> Check:
    system = volume.get("fileSystemId")
    read = call("fsx", "DescribeFileSystems", FileSystemIds=[system])

    def judge(answer: Found) -> list[Verdict]:
        state = next((each.get("Lifecycle") for each in objects(answer.body.get("FileSystems"))), None)
        return [
            passed() if state in (None, "AVAILABLE") else failed(f"the file system is {state}", "wait for it")
        ]

    place = (*path, "fileSystemId")
    return lookups.simple(f"volume {name}: FSx {system}", read, scene.task_document, place, judge)


def _s3files(scene: Scene, name: str, volume: JsonObject, path: Path) -> Check:
    system, point = volume.get("fileSystemArn"), volume.get("accessPointArn")
    read = call("s3files", "GetFileSystem", fileSystemId=arns.short(system))
    below = []
    if point:
        asked = call("s3files", "GetAccessPoint", accessPointId=arns.short(point))
        place = (*path, "accessPointArn")
        below.append(lookups.simple(f"access point {arns.short(point)}", asked, scene.task_document, place))
    own = lookups.simple(
        f"volume {name}: S3 Files {arns.short(system)}", read, scene.task_document, (*path, "fileSystemArn")
    )
    return Check(
        subject=own.subject,
        document=own.document,
        path=own.path,
        reads=own.reads,
        judge=own.judge,
        children=tuple(below),
    )
