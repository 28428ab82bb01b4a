"""What a service says of the task definition that it runs, and what that one is not."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from reconciler.core.kinds.combinations import containers, revisions
from reconciler.core.kinds.combinations.cases import Case, Clash, Combination, at, each, listing, objects
from reconciler.core.values import JsonObject


def _network_is_lacking(case: Case) -> bool:
    return case.awsvpc and case.controller != "EXTERNAL" and not case.at("networkConfiguration")


def _network_is_too_much(case: Case) -> bool:
    return bool(case.task) and not case.awsvpc and bool(case.at("networkConfiguration"))


def _launch_volume_is_lacking(case: Case) -> bool:
    volumes = objects(case.task.get("volumes"))
    return not case.at("volumeConfigurations") and any(volume.get("configuredAtLaunch") for volume in volumes)


def _unfit_for_fargate(case: Case) -> Iterator[Clash]:
    """Give why the task definition is none that FARGATE runs: `compatibilities` would not name it (B).

    One that asks for FARGATE itself is held against that where it is registered.
    """
    if not case.task or not case.on_fargate or case.for_fargate:
        return
    asking = Case(task={**case.task, "requiresCompatibilities": ["FARGATE"]})
    for row in (*revisions.ROWS, *containers.ROWS):
        already = row.found(Case(task=case.task)) if row.seen else ()
        for clash in row.found(asking) if row.seen else ():
            if clash not in already:
                held = [name for name in ("launchType", "capacityProviderStrategy") if name in case.file]
                yield Clash(tuple(held[:1]), (row.what.format(*clash.names) if clash.names else row.what,))


_classic = each("loadBalancers", "loadBalancerName", lambda item: item.get("loadBalancerName"))


def _runs(case: Case) -> dict[str, JsonObject]:
    """Give the containers that the service itself is held against: under EXTERNAL it is each task set that is."""
    return {} if case.controller == "EXTERNAL" else case.containers()


def _unknown_containers(case: Case, name: str) -> Iterator[Clash]:
    containers = _runs(case)
    for index, item in enumerate(case.items(name)):
        wanted = item.get("containerName")
        if containers and isinstance(wanted, str) and wanted not in containers:
            yield Clash((name, index, "containerName"), (wanted, listing(containers)))


def _unmapped_ports(case: Case, name: str) -> Iterator[Clash]:
    containers = _runs(case)
    for index, item in enumerate(case.items(name)):
        called, port = str(item.get("containerName")), item.get("containerPort")
        mappings = objects(containers.get(called, {}).get("portMappings"))
        mapped = {mapping.get("containerPort") for mapping in mappings}
        known = called in containers and not any(mapping.get("containerPortRange") for mapping in mappings)
        if known and isinstance(port, int) and port and port not in mapped:
            yield Clash((name, index, "containerPort"), (called, str(port), listing(map(str, mapped))))


def _registries_without_container(case: Case) -> Iterator[Clash]:
    modes = (None, "bridge", "host")
    if not _runs(case) or case.task.get("networkMode") not in modes or case.windows:
        return
    for index, item in enumerate(case.items("serviceRegistries")):
        if not (item.get("containerName") and item.get("containerPort")):
            yield Clash(("serviceRegistries", index))


def _unknown_ports(case: Case, *path: str) -> Iterator[Clash]:
    containers = _runs(case)
    mappings = [mapping for each in containers.values() for mapping in objects(each.get("portMappings"))]
    named = {str(mapping["name"]) for mapping in mappings if mapping.get("name")}
    for index, item in enumerate(case.items(*path)):
        wanted = item.get("portName")
        if containers and isinstance(wanted, str) and wanted not in named and _is_on(case, path[0]):
            yield Clash((*path, index, "portName"), (wanted, listing(named)))


def _is_on(case: Case, name: str) -> bool:
    return at(case.service, name, "enabled") is not False


def _unknown_volumes(case: Case) -> Iterator[Clash]:
    volumes = objects(case.task.get("volumes"))
    at_launch = {str(volume.get("name")) for volume in volumes if volume.get("configuredAtLaunch") is True}
    for index, item in enumerate(case.items("volumeConfigurations")):
        wanted = item.get("name")
        if _runs(case) and isinstance(wanted, str) and wanted not in at_launch:
            yield Clash(("volumeConfigurations", index, "name"), (wanted, listing(at_launch)))


ROWS: Final = (
    Combination(
        ("networkConfiguration",),
        "the task definition has networkMode `awsvpc`, and the service has no `networkConfiguration`",
        "add networkConfiguration.awsvpcConfiguration with its subnets",
        "fabfuel/ecs-deploy issue 133",
        _network_is_lacking,
        seen=True,
        task=True,
    ),
    Combination(
        ("networkConfiguration",),
        "`networkConfiguration` is for networkMode `awsvpc`, which the task definition has not",
        'remove it, or set "networkMode": "awsvpc"',
        "crossplane-contrib/provider-aws issue 2233",
        _network_is_too_much,
        seen=True,
        task=True,
        stays='set "networkMode": "awsvpc", or delete the service, so that it is created anew without one',
    ),
    Combination(
        ("launchType", "capacityProviderStrategy"),
        "the service runs on FARGATE, and the task definition does not: {}",
        "change the task definition, or set another launchType",
        "Task definition does not support launch_type FARGATE",
        _unfit_for_fargate,
        seen=True,
        task=True,
    ),
    Combination(
        ("volumeConfigurations",),
        "the task definition has a volume that is configured at launch, and the service has no "
        "`volumeConfigurations`",
        "add volumeConfigurations for it, or remove configuredAtLaunch",
        "RD",
        _launch_volume_is_lacking,
        seen=True,
        task=True,
    ),
    Combination(
        ("role",),
        "`role` is not taken where tasks have network interfaces of their own: ECS uses its service-linked role",
        "remove `role`",
        "hashicorp/terraform-provider-aws issue 4657",
        lambda c: c.awsvpc and bool(c.file.get("role")),
        seen=True,
        task=True,
        creation=True,
    ),
    Combination(
        ("launchType",),
        "ECS Managed Instances are asked for by `capacityProviderStrategy`, not by `launchType`",
        "remove `launchType`",
        "B",
        lambda c: (
            bool(c.file.get("launchType")) and c.task.get("requiresCompatibilities") == ["MANAGED_INSTANCES"]
        ),
        task=True,
    ),
    Combination(
        ("loadBalancers",),
        "a Classic Load Balancer cannot reach tasks with network interfaces of their own (`awsvpc`)",
        "use a target group",
        "B",
        lambda c: _classic(c) if c.awsvpc else False,
        task=True,
    ),
    Combination(
        ("loadBalancers",),
        "the task definition has no container `{}`",
        "it has {1}",
        "aws/amazon-ecs-agent issue 1276",
        lambda c: _unknown_containers(c, "loadBalancers"),
        seen=True,
        task=True,
    ),
    Combination(
        ("loadBalancers",),
        "the container `{0}` maps no container port {1}",
        "it maps {2}",
        "pulumi/pulumi-awsx issue 1172",
        lambda c: _unmapped_ports(c, "loadBalancers"),
        seen=True,
        task=True,
    ),
    Combination(
        ("serviceRegistries",),
        "service discovery names a container `{}`, which the task definition has not",
        "it has {1}",
        "spinnaker/spinnaker issue 5859",
        lambda c: _unknown_containers(c, "serviceRegistries"),
        seen=True,
        task=True,
    ),
    Combination(
        ("serviceRegistries",),
        "service discovery names port {1} of the container `{0}`, which does not map it",
        "it maps {2}",
        "B",
        lambda c: _unmapped_ports(c, "serviceRegistries"),
        task=True,
    ),
    Combination(
        ("serviceRegistries",),
        "service discovery of tasks in networkMode `bridge` or `host` wants a container's name and port",
        "add containerName and containerPort",
        "techservicesillinois/terraform-aws-ecs-service issue 16",
        _registries_without_container,
        seen=True,
        task=True,
    ),
    Combination(
        ("serviceConnectConfiguration/services",),
        "Service Connect names a port `{}`, and no port mapping of the task definition has that name",
        "named ports: {1}",
        "B",
        lambda c: _unknown_ports(c, "serviceConnectConfiguration", "services"),
        task=True,
    ),
    Combination(
        ("vpcLatticeConfigurations",),
        "VPC Lattice names a port `{}`, and no port mapping of the task definition has that name",
        "named ports: {1}",
        "B",
        lambda c: _unknown_ports(c, "vpcLatticeConfigurations"),
        task=True,
    ),
    Combination(
        ("volumeConfigurations",),
        "the task definition has no volume `{}` that is configured at launch",
        "configured at launch: {1}",
        "go-to-k/cdkd pull request 811",
        _unknown_volumes,
        seen=True,
        task=True,
    ),
)
