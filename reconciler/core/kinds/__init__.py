"""The kinds of thing that are reconciled, each a table of rules over a shape of the API."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache

from reconciler.core import expresses
from reconciler.core.kinds import judged, services, task_definitions
from reconciler.core.kinds.rules import Node, Rule, Undeclared, compile_node
from reconciler.core.shapes import Shape, Shapes
from reconciler.core.values import Json, JsonObject, Path
from reconciler.records import dataclass


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of resource: its compiled table and how AWS's description of it is laid out.

    `facts` names the root members that conditional rules look at. `read_only` are members that AWS describes
    and no request takes; files hold them when they were copied from a description. `undeclared` is the
    default of `Rule.undeclared`. `revised` are members that no description of the thing shows, and that of its current
    service revision does. `derived` are the names of members that AWS makes of what stands around them, at any depth.
    """

    name: str
    node: Node
    facts: tuple[str, ...]
    read_only: frozenset[str]
    undeclared: Undeclared
    wrapper: str
    revised: frozenset[str] = frozenset()
    derived: frozenset[str] = frozenset()

    def unwrap(self, document: Json) -> tuple[JsonObject, Path]:
        """Give the definition inside a file and its path there: bare, or as the AWS CLI prints it.

        Raises TypeError where the document is no object, ValueError where it holds several services.
        """
        if not isinstance(document, dict):
            raise TypeError(f"a {self.name.replace('_', ' ')} is an object, not {_kind_of(document)}")
        inner = document.get(self.wrapper)
        if self.wrapper == "services" and isinstance(inner, list | tuple):
            if len(inner) != 1 or not isinstance(inner[0], dict):
                raise ValueError(f"`services` must hold one service, not {len(inner)}")
            return inner[0], ("services", 0)
        if self.wrapper == "taskDefinition" and isinstance(inner, dict):
            return inner, ("taskDefinition",)
        return document, ()

    def home(self, body: JsonObject, name: str) -> Path:
        """Give where a described body takes a root member that it does not hold yet; tags stand beside the rest."""
        if self.wrapper == "service":
            index = expresses.current(body)
            outside = name in _EXPRESS_MEMBERS or index is None
            return () if outside else (expresses.CONFIGURATIONS, index or 0)
        wrapped = isinstance(body.get("taskDefinition"), dict) and name != "tags"
        return ("taskDefinition",) if wrapped else ()

    def locate(self, body: JsonObject) -> Mapping[str, Path]:
        """Give, for a body as AWS describes it, where it holds each root member of the canonical form."""
        if self.wrapper == "taskDefinition":
            return _task_definition_homes(body)
        if self.wrapper == "service":
            return _express_homes(body)
        return _service_homes(body, self.node)


def _task_definition_homes(body: JsonObject) -> Mapping[str, Path]:
    inner = body.get("taskDefinition")
    if not isinstance(inner, dict):
        return {name: (name,) for name in body}
    homes: dict[str, Path] = {name: ("taskDefinition", name) for name in inner}
    return homes | ({"tags": ("tags",)} if "tags" in body else {})


def _service_homes(body: JsonObject, node: Node) -> Mapping[str, Path]:
    homes: dict[str, Path] = {}
    deployments = body.get("deployments")
    if isinstance(deployments, list | tuple):
        for index, deployment in enumerate(deployments):
            if isinstance(deployment, dict) and deployment.get("status") == "PRIMARY":
                homes = {name: ("deployments", index, name) for name in PRIMARY_MEMBERS if name in deployment}
    for name in body:
        canonical = DESCRIBED_AS.get(name, name)
        if canonical in node.members:
            homes[canonical] = (name,)
    return homes


def _express_homes(body: JsonObject) -> Mapping[str, Path]:
    index = expresses.current(body)
    homes: dict[str, Path] = {name: (name,) for name in _EXPRESS_MEMBERS if name in body}
    if index is None:  # as it is sent, not as it is described
        return {name: (name,) for name in body}
    inside = expresses.configuration(body)
    return homes | {name: (expresses.CONFIGURATIONS, index, name) for name in inside}


# What DescribeExpressGatewayService shows of the service; the rest it shows of each revision that runs.
_EXPRESS_MEMBERS = ("cluster", "serviceName", "infrastructureRoleArn", "tags")
# Members that DescribeServices shows on the PRIMARY deployment only (API model; Terraform's service resource).
PRIMARY_MEMBERS = ("serviceConnectConfiguration", "volumeConfigurations", "vpcLatticeConfigurations")
# Members that are described under another name than they are sent.
DESCRIBED_AS = {"clusterArn": "cluster", "roleArn": "role"}


def _kind_of(document: Json) -> str:
    match document:
        case None:
            return "null"
        case list() | tuple():
            return "a list"
        case _:
            return f"a {type(document).__name__}"


def _read_only(described: Shape, sent: Shape, *more: str) -> frozenset[str]:
    return frozenset(described.members) - frozenset(sent.members) | frozenset(more)


def _derived(rules: Mapping[str, Rule]) -> frozenset[str]:
    return frozenset(path.rpartition("/")[2] for path, rule in rules.items() if rule.derived is not None)


@dataclass(frozen=True, slots=True)
class Kinds:
    """All kinds, built over one set of shapes."""

    task_definition: Kind
    service: Kind
    express: Callable[[], Kind]
    """Builds the kind of Express Mode services: few projects have one, and older API models do not know it."""

    @property
    def express_service(self) -> Kind:
        """Give the kind of Express Mode services. ConfigError where the API model does not know them."""
        return self.express()

    def named(self, name: str) -> Kind:
        """Give a kind by its name, ``task_definition``, ``service`` or ``express_service``."""
        match name:
            case "task_definition":
                return self.task_definition
            case "express_service":
                return self.express_service
            case _:
                return self.service


def build(shapes: Shapes) -> Kinds:
    """Lay the tables over the API's shapes."""
    register = shapes.input("RegisterTaskDefinition")
    create = shapes.input("CreateService")
    return Kinds(
        task_definition=Kind(
            "task_definition",
            compile_node(register, task_definitions.RULES, judged=judged.PATHS),
            facts=("networkMode",),
            read_only=_read_only(shapes.named("TaskDefinition"), register),
            undeclared=Undeclared.DEFAULT,
            wrapper="taskDefinition",
            derived=_derived(task_definitions.RULES),
        ),
        service=Kind(
            "service",
            compile_node(create, services.RULES),
            facts=(
                "schedulingStrategy",
                "deploymentController",
                "deploymentConfiguration",
                "serviceConnectConfiguration",
            ),
            read_only=_read_only(shapes.named("Service"), create, "clientToken", "forceNewDeployment"),
            undeclared=Undeclared.INFORM,
            wrapper="services",
            revised=frozenset(create.members)
            & frozenset(shapes.named("ServiceRevision").members)
            - frozenset(shapes.named("Service").members)
            - frozenset(PRIMARY_MEMBERS),
            derived=_derived(services.RULES),
        ),
        express=cache(lambda: _express(shapes)),
    )


def _express(shapes: Shapes) -> Kind:
    from reconciler.core.kinds import express_services

    create = shapes.input("CreateExpressGatewayService")
    return Kind(
        "express_service",
        compile_node(create, express_services.RULES),
        facts=("taskDefinitionArn",),
        read_only=_read_only(shapes.named("ECSExpressGatewayService"), create),
        undeclared=Undeclared.INFORM,
        wrapper="service",
    )
