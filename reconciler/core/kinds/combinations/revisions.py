"""What the registration of a task definition is refused for, in the task definition as a whole."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from reconciler.core.kinds.combinations.cases import Case, Clash, Combination, at, numbers, objects
from reconciler.core.values import Json, JsonObject

_SIZES: Final[dict[int, tuple[int, ...]]] = {
    256: (512, 1024, 2048),
    512: tuple(range(1024, 4097, 1024)),
    1024: tuple(range(2048, 8193, 1024)),
    2048: tuple(range(4096, 16385, 1024)),
    4096: tuple(range(8192, 30721, 1024)),
    8192: tuple(range(16384, 61441, 4096)),
    16384: tuple(range(32768, 122881, 8192)),
}
"""What goes together on Fargate, MiB by CPU units (developer guide, task size). Of more CPU it is not judged."""

_FORMS: Final = {
    "cpu": re.compile(r"\s*([0-9]+|[0-9]*\.?[0-9]+\s*vcpus?)\s*", re.IGNORECASE),
    "memory": re.compile(r"\s*([0-9]+|[0-9]*\.?[0-9]+\s*gb)\s*", re.IGNORECASE),
}
_KINDS_OF_VOLUME: Final = (
    "dockerVolumeConfiguration",
    "efsVolumeConfiguration",
    "fsxWindowsFileServerVolumeConfiguration",
    "s3filesVolumeConfiguration",
)


def _badly_written(case: Case) -> Iterator[Clash]:
    for name, form in _FORMS.items():
        value = case.task.get(name)
        if isinstance(value, str) and not form.fullmatch(value):
            yield Clash((name,), (name,))


def _unsized(case: Case) -> Iterator[Clash]:
    for name in ("cpu", "memory"):
        if case.for_fargate and case.task.get(name) is None:
            yield Clash(("requiresCompatibilities",), (name,))


def _misfit(case: Case) -> bool:
    cpu, memory = _whole(case.task.get("cpu")), _whole(case.task.get("memory"))
    if not case.for_fargate or cpu is None or memory is None or cpu > max(_SIZES):
        return False
    return memory not in _SIZES.get(cpu, ())


def _whole(value: Json) -> int | None:
    return int(value) if isinstance(value, str) and re.fullmatch("[0-9]+", value) else None


def _containers_exceed(case: Case, member: str, size: str) -> bool:
    """Tell whether what all containers reserve is more than the task has; on Windows its size is ignored (B)."""
    most = _whole(case.task.get(size))
    reserved = sum(numbers(objects(case.task.get("containerDefinitions")), member))
    return most is not None and not case.windows and reserved > most


def _nothing_essential(case: Case) -> bool:
    containers = objects(case.task.get("containerDefinitions"))
    return bool(containers) and all(container.get("essential") is False for container in containers)


def _access_points_with_root(case: Case) -> Iterator[Clash]:
    for index, volume in enumerate(objects(case.task.get("volumes"))):
        point = at(volume, "efsVolumeConfiguration", "authorizationConfig", "accessPointId")
        root = at(volume, "efsVolumeConfiguration", "rootDirectory")
        if point and root not in (None, "", "/"):
            yield Clash(("volumes", index, "efsVolumeConfiguration", "rootDirectory"))


def _mixed_volumes(case: Case) -> Iterator[Clash]:
    for index, volume in enumerate(objects(case.task.get("volumes"))):
        kinds = [name for name in _KINDS_OF_VOLUME if volume.get(name)]
        if len(kinds) + bool(at(volume, "host", "sourcePath")) > 1:
            yield Clash(("volumes", index, kinds[0]))


def _distinct_instances(case: Case) -> Iterator[Clash]:
    for index, constraint in enumerate(objects(case.task.get("placementConstraints"))):
        if constraint.get("type") == "distinctInstance":
            yield Clash(("placementConstraints", index, "type"))


def _has(task: JsonObject, name: str) -> bool:
    return bool(task.get(name))


ROWS: Final = (
    Combination(
        ("cpu", "memory"),
        "the task's `{}` is no number",
        "write CPU units or MiB as a whole number, or with the unit vCPU or GB",
        "developer guide, task-cpu-memory-error; oranmoshai/ecsServiceRestart issue 2",
        _badly_written,
        seen=True,
    ),
    Combination(
        ("requiresCompatibilities",),
        "FARGATE wants `{}` of the task as a whole",
        'add "{0}" beside containerDefinitions',
        "klothoplatform/klotho issue 892",
        _unsized,
        seen=True,
    ),
    Combination(
        ("memory", "cpu"),
        "FARGATE has no size with this `cpu` and `memory`",
        "choose a pair of the table in the developer guide, as 256 with 512, 1024 or 2048",
        "aws/amazon-ecs-cli issue 463",
        _misfit,
        seen=True,
    ),
    Combination(
        ("networkMode", "requiresCompatibilities"),
        "FARGATE runs tasks in networkMode `awsvpc` alone",
        'set "networkMode": "awsvpc"',
        "aws/amazon-ecs-cli issue 1145",
        lambda c: c.for_fargate and not c.awsvpc,
        seen=True,
    ),
    Combination(
        ("ipcMode",),
        "FARGATE takes no `ipcMode`",
        "remove it",
        "cn-terraform/terraform-aws-ecs-fargate issue 2",
        lambda c: c.for_fargate and _has(c.task, "ipcMode"),
        seen=True,
    ),
    Combination(
        ("placementConstraints",),
        "FARGATE takes no `placementConstraints`",
        "remove them",
        "developer guide, Fargate task definition considerations",
        lambda c: c.for_fargate and _has(c.task, "placementConstraints"),
    ),
    Combination(
        ("placementConstraints",),
        "a task definition has no `distinctInstance` constraint",
        "put it into the service definition",
        "aws-samples/aws-cdk-examples issue 628",
        _distinct_instances,
        seen=True,
    ),
    Combination(
        ("cpu",),
        "the containers reserve more `cpu` than the task has",
        "raise the task's cpu, or lower that of a container",
        "klothoplatform/klotho issue 892",
        lambda c: _containers_exceed(c, "cpu", "cpu"),
        seen=True,
    ),
    Combination(
        ("memory",),
        "the `memoryReservation` of all containers is more than the `memory` of the task",
        "raise the task's memory, or lower a reservation",
        "cloudnativedaysjp/dreamkast-infra pull request 4766",
        lambda c: _containers_exceed(c, "memoryReservation", "memory"),
        seen=True,
    ),
    Combination(
        ("containerDefinitions",),
        "no container is essential",
        'remove "essential": false from one of them',
        "eagletmt/hako pull request 68",
        _nothing_essential,
        seen=True,
    ),
    Combination(
        ("volumes",),
        "an EFS volume with an access point has no `rootDirectory` of its own but `/`",
        "remove rootDirectory: the access point has one",
        "B",
        _access_points_with_root,
    ),
    Combination(
        ("volumes",),
        "a volume is of one kind, and this one is of several",
        "keep one of them",
        "cloudposse/terraform-aws-ecs-alb-service-task issue 185",
        _mixed_volumes,
        seen=True,
    ),
)
