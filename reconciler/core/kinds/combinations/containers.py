"""What the registration of a task definition is refused for, container by container."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Final

from reconciler.core.kinds.combinations.cases import Case, Clash, Combination, at, listing, objects
from reconciler.core.values import Json, JsonObject, Path

_Inside = Callable[[Case, JsonObject], Iterable[tuple[Path, tuple[str, ...]]]]


def _in_each(inside: _Inside) -> Callable[[Case], Iterator[Clash]]:
    """Clash in each container where `inside` says so; its names come behind the container's own."""

    def clashes(case: Case) -> Iterator[Clash]:
        for index, container in enumerate(objects(case.task.get("containerDefinitions"))):
            for path, names in inside(case, container):
                called = container.get("name")
                own = called if isinstance(called, str) else str(index + 1)
                yield Clash(("containerDefinitions", index, *path), (own, *names))

    return clashes


def _at(*path: str, where: Callable[[Case, JsonObject], object]) -> Callable[[Case], Iterator[Clash]]:
    """Clash at a place of each container that passes a test."""
    return _in_each(lambda case, container: [(path, ())] if where(case, container) else [])


def _lacks_memory(case: Case, container: JsonObject) -> bool:
    limits = (container.get("memory"), container.get("memoryReservation"), case.task.get("memory"))
    return all(limit is None for limit in limits)


def _exceeds_the_task(case: Case, container: JsonObject) -> bool:
    most, memory = case.task.get("memory"), container.get("memory")
    known = isinstance(most, str) and most.isdecimal() and isinstance(memory, int) and not case.windows
    return known and int(str(most)) < int(str(memory))


def _reserves_too_much(_case: Case, container: JsonObject) -> bool:
    hard, soft = container.get("memory"), container.get("memoryReservation")
    return isinstance(hard, int) and isinstance(soft, int) and hard < soft


def _unknown_dependencies(case: Case, container: JsonObject) -> Iterator[tuple[Path, tuple[str, ...]]]:
    for index, item in enumerate(objects(container.get("dependsOn"))):
        yield from _unknown(case, item.get("containerName"), ("dependsOn", index, "containerName"))


def _unknown_sources(case: Case, container: JsonObject) -> Iterator[tuple[Path, tuple[str, ...]]]:
    for index, item in enumerate(objects(container.get("volumesFrom"))):
        yield from _unknown(case, item.get("sourceContainer"), ("volumesFrom", index, "sourceContainer"))


def _unknown_links(case: Case, container: JsonObject) -> Iterator[tuple[Path, tuple[str, ...]]]:
    links = container.get("links")
    for index, link in enumerate(links if isinstance(links, list | tuple) else ()):
        if isinstance(link, str):
            yield from _unknown(case, link.partition(":")[0], ("links", index))


def _unknown(case: Case, name: Json, path: Path) -> Iterator[tuple[Path, tuple[str, ...]]]:
    containers = case.containers()
    if isinstance(name, str) and name not in containers:
        yield path, (name, listing(containers))


def _endless_dependencies(case: Case, container: JsonObject) -> Iterator[tuple[Path, tuple[str, ...]]]:
    """Give dependencies on the end of a container whose end is the task's."""
    containers = case.containers()
    for index, item in enumerate(objects(container.get("dependsOn"))):
        name = str(item.get("containerName"))
        ends = item.get("condition") in ("SUCCESS", "COMPLETE")
        if ends and name in containers and containers[name].get("essential") is not False:
            yield ("dependsOn", index, "condition"), (name,)


def _unknown_volumes(case: Case, container: JsonObject) -> Iterator[tuple[Path, tuple[str, ...]]]:
    volumes = {str(volume.get("name")) for volume in objects(case.task.get("volumes"))}
    for index, item in enumerate(objects(container.get("mountPoints"))):
        name = item.get("sourceVolume")
        if isinstance(name, str) and name not in volumes:
            yield ("mountPoints", index, "sourceVolume"), (name, listing(volumes))


def _portless(_case: Case, container: JsonObject) -> Iterator[tuple[Path, tuple[str, ...]]]:
    for index, mapping in enumerate(objects(container.get("portMappings"))):
        if not mapping.get("containerPort") and not mapping.get("containerPortRange"):
            yield ("portMappings", index), ()


def _shared_names(_case: Case, container: JsonObject) -> Iterator[tuple[Path, tuple[str, ...]]]:
    variables = {item.get("name") for item in objects(container.get("environment"))}
    for index, item in enumerate(objects(container.get("secrets"))):
        name = item.get("name")
        if isinstance(name, str) and name in variables:
            yield ("secrets", index, "name"), (name,)


def _apart(mode: str) -> Callable[[Case], Iterator[Clash]]:
    """Clash at host ports that differ from their container port, in a mode that maps none."""

    def inside(case: Case, container: JsonObject) -> Iterator[tuple[Path, tuple[str, ...]]]:
        for index, mapping in enumerate(objects(container.get("portMappings"))):
            host, port = mapping.get("hostPort"), mapping.get("containerPort")
            if case.task.get("networkMode") == mode and host and port and host != port:
                yield ("portMappings", index, "hostPort"), ()

    return _in_each(inside)


def _twice_mapped(case: Case) -> Iterator[Clash]:
    taken: set[tuple[str, int]] = set()
    for number, container in enumerate(objects(case.task.get("containerDefinitions"))):
        for index, mapping in enumerate(objects(container.get("portMappings"))):
            host, protocol = mapping.get("hostPort"), str(mapping.get("protocol") or "tcp")
            if not isinstance(host, int) or not host:
                continue
            if (protocol, host) in taken:
                path = ("containerDefinitions", number, "portMappings", index, "hostPort")
                yield Clash(path, (protocol.upper(), str(host)))
            taken.add((protocol, host))


def _without_role(case: Case) -> bool:
    return case.for_fargate and not case.task.get("executionRoleArn")


def _logs_to_cloudwatch(_case: Case, container: JsonObject) -> bool:
    return at(container, "logConfiguration", "logDriver") == "awslogs"


def _logs_nowhere(case: Case, container: JsonObject) -> bool:
    options = at(container, "logConfiguration", "options")
    given = options if isinstance(options, dict) else {}
    return _logs_to_cloudwatch(case, container) and not {"awslogs-group", "awslogs-region"} <= given.keys()


ROWS: Final = (
    Combination(
        ("containerDefinitions",),
        "container {} has no `name`",
        "name it",
        "hashicorp/terraform issue 2888",
        _at(where=lambda _, container: not container.get("name")),
        seen=True,
    ),
    Combination(
        ("containerDefinitions",),
        "the container `{}` has no `image`",
        "say which image it runs",
        "aws/aws-cli issue 5924",
        _at("image", where=lambda _, container: not container.get("image")),
        seen=True,
    ),
    Combination(
        ("containerDefinitions",),
        "neither the container `{}` nor the task has a limit of memory",
        "add memory or memoryReservation, or memory of the task",
        "sil-org/ecs-deploy issue 308",
        _at(where=_lacks_memory),
        seen=True,
    ),
    Combination(
        ("containerDefinitions",),
        "the container `{}` may use more memory than the task has",
        "raise the task's memory, or lower the container's",
        "pulumi/pulumi-awsx issue 1220",
        _at("memory", where=_exceeds_the_task),
        seen=True,
    ),
    Combination(
        ("containerDefinitions",),
        "the container `{}` reserves more memory than it may use",
        "raise memory, or lower memoryReservation",
        "B",
        _at("memoryReservation", where=_reserves_too_much),
    ),
    Combination(
        ("containerDefinitions",),
        "the container `{0}` depends on a container `{1}`, and there is none",
        "there are {2}",
        "eagletmt/hako pull request 99",
        _in_each(_unknown_dependencies),
        seen=True,
    ),
    Combination(
        ("containerDefinitions",),
        "the container `{0}` waits for the end of `{1}`, which is essential: its end is the task's",
        'set "essential": false there, or wait for another condition',
        "boto/boto3 issue 2436",
        _in_each(_endless_dependencies),
        seen=True,
    ),
    Combination(
        ("containerDefinitions",),
        "the container `{0}` takes the volumes of a container `{1}`, and there is none",
        "there are {2}",
        "eagletmt/hako pull request 54",
        _in_each(_unknown_sources),
        seen=True,
    ),
    Combination(
        ("containerDefinitions",),
        "the container `{0}` is linked with a container `{1}`, and there is none",
        "there are {2}",
        "Shippable/support issue 3285",
        _in_each(_unknown_links),
    ),
    Combination(
        ("containerDefinitions",),
        "the container `{}` has `links`, which networkMode `awsvpc` does without",
        "remove them: containers of a task reach each other by localhost",
        "aws-observability/aws-otel-collector issue 1359",
        _at("links", where=lambda case, container: case.awsvpc and container.get("links")),
        seen=True,
    ),
    Combination(
        ("containerDefinitions",),
        "the container `{}` has a `hostname`, which networkMode `awsvpc` does without",
        "remove it",
        "labd/ecs-deplojo issue 26",
        _at("hostname", where=lambda case, container: case.awsvpc and container.get("hostname")),
        seen=True,
    ),
    Combination(
        ("containerDefinitions",),
        "the container `{0}` mounts a volume `{1}`, and there is none",
        "volumes: {2}",
        "ansible/ansible issue 35751",
        _in_each(_unknown_volumes),
        seen=True,
    ),
    Combination(
        ("containerDefinitions",),
        "a port mapping of the container `{}` has no `containerPort`",
        "add it, or containerPortRange",
        "aws/aws-cli issue 7288",
        _in_each(_portless),
        seen=True,
    ),
    Combination(
        ("containerDefinitions",),
        "a `hostPort` of the container `{}` is another than its containerPort, and networkMode is `awsvpc`",
        "remove hostPort",
        "aws/amazon-ecs-cli issue 1014",
        _apart("awsvpc"),
        seen=True,
    ),
    Combination(
        ("containerDefinitions",),
        "a `hostPort` of the container `{}` is another than its containerPort, and networkMode is `host`",
        "remove hostPort",
        "B, aws/amazon-ecs-agent issue 185",
        _apart("host"),
    ),
    Combination(
        ("containerDefinitions",),
        "the {} host port {} is mapped twice",
        "give it to one container alone",
        "aws/amazon-ecs-agent issue 1220",
        _twice_mapped,
        seen=True,
    ),
    Combination(
        ("containerDefinitions",),
        "the container `{0}` has `{1}` in `environment` and in `secrets`",
        "remove one of them",
        "compose-x/ecs_composex issue 707",
        _in_each(_shared_names),
        seen=True,
    ),
    Combination(
        ("containerDefinitions", "executionRoleArn"),
        "the container `{}` has `secrets`, and there is no `executionRoleArn` to read them with",
        "add executionRoleArn",
        "fabfuel/ecs-deploy issue 87",
        _at(
            "secrets",
            where=lambda case, container: container.get("secrets") and not case.task.get("executionRoleArn"),
        ),
        seen=True,
    ),
    Combination(
        ("containerDefinitions", "executionRoleArn"),
        "the container `{}` logs to CloudWatch on FARGATE, and there is no `executionRoleArn`",
        "add executionRoleArn",
        "virtual-kubelet/virtual-kubelet issue 193",
        _at(
            "logConfiguration",
            "logDriver",
            where=lambda case, container: _without_role(case) and _logs_to_cloudwatch(case, container),
        ),
        seen=True,
    ),
    Combination(
        ("containerDefinitions", "executionRoleArn"),
        "the container `{}` runs an image of ECR on FARGATE, and there is no `executionRoleArn`",
        "add executionRoleArn",
        "jenkinsci/amazon-ecs-plugin pull request 53",
        _at(
            "image",
            where=lambda case, container: _without_role(case) and ".dkr.ecr." in str(container.get("image")),
        ),
        seen=True,
    ),
    Combination(
        ("containerDefinitions", "executionRoleArn"),
        "the container `{}` has `repositoryCredentials` on FARGATE, and there is no `executionRoleArn`",
        "add executionRoleArn",
        "developer guide, private registry authentication",
        _at(
            "repositoryCredentials",
            where=lambda case, container: _without_role(case) and container.get("repositoryCredentials"),
        ),
    ),
    Combination(
        ("containerDefinitions",),
        "the log driver awslogs of the container `{}` lacks `awslogs-group` or `awslogs-region`",
        "add both to its options",
        "klothoplatform/klotho issue 892",
        _at("logConfiguration", where=_logs_nowhere),
        seen=True,
    ),
)
