"""From a real file into the sandbox and back: what is planned against what AWS describes of it.

A round registers, or creates, exactly what a plan would send, describes it, and plans again.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from reconciler.api import Reconciler
from reconciler.aws.shapes import ECS
from reconciler.core import exports, kinds
from reconciler.core.documents import Resolved
from reconciler.core.kinds import Kind
from reconciler.core.plans import Plan
from reconciler.core.values import JsonObject
from reconciler.engine import compatibility, composing
from reconciler.engine.ports import Snapshot
from reconciler.errors import PlanError
from reconciler.sandbox.errors import Refusal
from reconciler.testing import FakeClock
from tests.corpus import files, projects
from tests.corpus.files import File
from tests.corpus.projects import Laid
from tests.corpus.simulated import Simulated

KINDS = kinds.build(ECS)

TASK_DEFINITIONS = ("task_definition_register", "container_definitions_template", "ecspresso_task_def")
SERVICES = ("service_create", "ecspresso_service_def")
DESCRIBED = ("service_describe", "task_definition_describe")


@dataclass(frozen=True, slots=True)
class Side:
    """A definition as a file holds it, and the body that AWS describes of it."""

    name: str
    kind: Kind
    document: JsonObject
    live: JsonObject


@dataclass(frozen=True, slots=True)
class Round:
    """What came of a file. `differences` are the addresses of the second plan, changed or noted.

    `foreseen` is what the first plan refuses before anything is sent, `refused` what sending it came to.
    """

    name: str
    sides: tuple[Side, ...] = ()
    differences: tuple[str, ...] = ()
    refused: str = ""
    foreseen: tuple[str, ...] = ()


def register(file: File, folder: Path) -> Round:
    """Register a task definition that stands alone."""
    return run(file.name, _laid(file, folder, "task_definition"))


def create(file: File, folder: Path) -> Round:
    """Create a service that stands alone; it runs a task definition that is made for it."""
    laid = _laid(file, folder, "service_definition")
    with Reconciler.open(laid.load(), gateway=Simulated(), clock=FakeClock()) as reconciler:
        found = reconciler.definitions(task_definition=False).service
    assert found is not None
    service = KINDS.service.unwrap(found.data)[0]
    (folder / "made.json").write_text(json.dumps(definition_for(service)))
    both = {"service_definition": _definition(laid), "task_definition": "made.json"}
    for member, name in (("cluster", "cluster"), ("serviceName", "service")):
        if member in service:
            both[name] = str(service[member])
    return run(file.name, Laid(projects.alone(folder, **both), laid.environ), made=True)


def _laid(file: File, folder: Path, member: str) -> Laid:
    if file.kind.startswith("ecspresso"):
        return projects.lay(file, folder)
    (folder / "definition.json").write_text(json.dumps(files.document(file)))
    return Laid(projects.alone(folder, **{member: "definition.json"}), {})


def _definition(laid: Laid) -> str:
    return str(json.loads(laid.path.read_text())["service_definition"])


def deploy(file: File, folder: Path) -> Round:
    """Deploy an ecspresso project."""
    return run(file.name, projects.lay(file, folder))


def run(name: str, laid: Laid, *, made: bool = False) -> Round:
    """Plan a project, make what the plan would send, and plan again. A `made` task definition is no side of it."""
    aws = Simulated()
    with Reconciler.open(laid.load(), gateway=aws, clock=FakeClock()) as reconciler:
        aws.ask("CreateCluster", clusterName=reconciler.settings.cluster)
        foreseen: tuple[str, ...] = ()
        try:
            first = reconciler.plan()
            foreseen = tuple(refusal.what for refusal in first.refusals)
            for unit in first.units:
                if unit.kind == "task_definition":
                    aws.register_task_definition(unit.desired)
                else:
                    aws.create_service({**unit.desired, **_named(reconciler)})
        except (PlanError, Refusal) as refusal:
            return Round(name, refused=str(refusal), foreseen=foreseen)
        aws.sandbox.advance(600)
        again = reconciler.plan()
        sides = [
            side for side in _sides(name, reconciler, aws, first) if not made or side.kind is KINDS.service
        ]
        return Round(name, tuple(sides), addresses(again), foreseen=foreseen)


def addresses(plan: Plan) -> tuple[str, ...]:
    """Give where a plan shows any difference."""
    return tuple(finding.address for unit in plan.units for finding in (*unit.changes, *unit.noted))


def compare(kind: Kind, document: JsonObject, described: JsonObject, folder: Path) -> tuple[str, ...]:
    """Plan a definition against a saved description of it, and give where they differ."""
    (folder / "definition.json").write_text(json.dumps(document))
    path = projects.alone(folder, **{_FILE_OF[kind.name]: "definition.json"})
    with Reconciler.open(Laid(path, {}).load(), gateway=Simulated(), clock=FakeClock()) as reconciler:
        return addresses(reconciler.plan(live=("live.json", described)))


_FILE_OF = {"task_definition": "task_definition", "service": "service_definition"}


def described(file: File) -> tuple[Kind, JsonObject]:
    """Give the kind and the described body of a recorded description."""
    document = files.document(file)
    if "taskDefinition" in document:
        return KINDS.task_definition, document
    body: JsonObject = document["service"] if "service" in document else document["services"][0]
    return KINDS.service, body


def side_of(file: File) -> Side:
    """Give a recorded description, and the file that is written from it."""
    kind, body = described(file)
    return Side(file.name, kind, exports.definition(kind, body), body)


def refusals(side: Side) -> tuple[str, ...]:
    """Give what is held to be refused of a definition that AWS has taken, were it new."""
    desired = composing.compose(side.kind, Resolved(side.name, side.document))
    if side.kind is KINDS.task_definition:
        found, _ = compatibility.of_task_definition(desired)
    else:
        found, _ = compatibility.of_service(desired, None, {}, changed=(), moves=True)
    return tuple(refusal.what for refusal in found)


def definition_for(service: JsonObject) -> dict[str, Any]:
    """Make a task definition that a service can run: its containers, ports, volumes and network."""
    ports: dict[str, list[dict[str, Any]]] = {"app": []}
    for balancer in _objects(service.get("loadBalancers")):
        mapping = {"containerPort": int(balancer["containerPort"])}
        ports.setdefault(str(balancer["containerName"]), []).append(mapping)
    connect = service.get("serviceConnectConfiguration")
    for each in _objects(connect.get("services") if isinstance(connect, dict) else None):
        ports["app"].append({"containerPort": 1, "name": each["portName"]})
    made: dict[str, Any] = {
        "family": str(service.get("taskDefinition", "made-up")).split(":")[0],
        "cpu": "256",
        "memory": "512",
        "volumes": [
            {"name": each["name"], "configuredAtLaunch": True}
            for each in _objects(service.get("volumeConfigurations"))
        ],
        "containerDefinitions": [
            {"name": name, "image": "made-up", "portMappings": mappings} for name, mappings in ports.items()
        ],
    }
    if service.get("networkConfiguration"):
        made |= {"networkMode": "awsvpc", "requiresCompatibilities": ["FARGATE"]}
    return made


def _objects(found: Any) -> list[dict[str, Any]]:
    return found if isinstance(found, list) else []


def _named(reconciler: Reconciler) -> dict[str, str]:
    """Give what the plan leaves to apply: the cluster, the name and the revision of a new service."""
    settings = reconciler.settings
    definition = reconciler.definitions(service=False).task_definition
    assert definition is not None
    family = KINDS.task_definition.unwrap(definition.data)[0]["family"]
    return {
        "cluster": settings.cluster,
        "serviceName": settings.service or "",
        "taskDefinition": str(family),
    }


def _sides(name: str, reconciler: Reconciler, aws: Simulated, first: Plan) -> list[Side]:
    """Give what the files say beside what is described of it."""
    sides = []
    found = reconciler.definitions()
    for unit in first.units:
        if unit.kind == "task_definition":
            assert found.task_definition is not None
            document = KINDS.task_definition.unwrap(found.task_definition.data)[0]
            live = aws.describe_task_definition(str(document["family"]))
        else:
            assert found.service is not None
            document = KINDS.service.unwrap(found.service.data)[0]
            settings = reconciler.settings
            live = aws.describe_services(settings.cluster, [settings.service or ""])[settings.service or ""]
        assert isinstance(live, Snapshot)
        sides.append(Side(name, KINDS.named(unit.kind), document, live.body))
    return sides
