"""A project in a folder with an ECS in memory beside it: what the tests of plan and apply turn around."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast

from reconciler.api import Project, Reconciler
from reconciler.core import planfiles, pointers
from reconciler.core.drifts import Drift
from reconciler.core.events import Event
from reconciler.core.outcomes import Outcome
from reconciler.core.plans import Plan
from reconciler.core.values import JsonObject
from reconciler.engine.options import Options
from reconciler.engine.ports import Snapshot
from reconciler.testing import FakeClock, FakeGateway

CLUSTER, SERVICE, FAMILY = "main", "web", "web"
UNIT = f"service.{CLUSTER}/{SERVICE}"
REVISION = f"task_definition.{FAMILY}"
PASSWORD = "correct-horse-battery"
WRITES = (
    "register_task_definition", "create_service", "update_service", "delete_service", "register_scaling",
    "tag", "untag",
)  # fmt: skip

PROJECT = """
cluster: main
service: web
service_definition: service.json
task_definition: task.json
plugins:
  - name: tfstate
    config: {path: terraform.tfstate}
"""


def task_definition(image: str = "repo/web:1") -> dict[str, Any]:
    """Give a task definition as the project's file holds it."""
    return {
        "family": FAMILY,
        "networkMode": "awsvpc",
        "cpu": "256",
        "memory": "512",
        "requiresCompatibilities": ["FARGATE"],
        "containerDefinitions": [
            {
                "name": "app",
                "image": image,
                "portMappings": [{"containerPort": 80}],
                "environment": [{"name": "VPC", "value": "{{ tfstate `output.vpc_id` }}"}],
            }
        ],
    }


def service() -> dict[str, Any]:
    """Give a service definition as the project's file holds it."""
    return {
        "launchType": "FARGATE",
        "desiredCount": 2,
        "networkConfiguration": {"awsvpcConfiguration": {"subnets": ["{{ tfstate `output.subnet` }}"]}},
        "tags": [{"key": "env", "value": "dev"}],
    }


class World:
    """The project's folder, the ECS and the clock, and what a user does with them."""

    def __init__(self, root: Path, *, account: str = "123456789012", region: str = "eu-west-1") -> None:
        """Lay the project out; nothing is registered yet."""
        self.root = root
        self.environ: dict[str, str] = {}
        self.clock = FakeClock()
        self.gateway = FakeGateway(clusters=("main",), clock=self.clock, rollout_seconds=30, account=account,
                                   region=region)  # fmt: skip
        self.write("reconciler.yml", PROJECT)
        self.write("task.json", task_definition())
        self.write("service.json", service())
        self.state()

    def write(self, name: str, content: object) -> None:
        """Write a file of the project: text as it is, anything else as JSON."""
        text = content if isinstance(content, str) else json.dumps(content, indent=1)
        (self.root / name).write_text(text)

    def state(self, serial: int = 42, lineage: str = "one", **outputs: object) -> None:
        """Write the Terraform state."""
        values = {"vpc_id": "vpc-1", "subnet": "subnet-1", "password": PASSWORD} | outputs
        self.write(
            "terraform.tfstate",
            {
                "version": 4,
                "serial": serial,
                "lineage": lineage,
                "resources": [],
                "outputs": {
                    name: {"value": value, "type": "string", "sensitive": name == "password"}
                    for name, value in values.items()
                },
            },
        )

    @contextmanager
    def opened(self, **more: Any) -> Iterator[Reconciler]:
        """Open the project."""
        project = Project.load(self.root / "reconciler.yml", environ=self.environ)
        with Reconciler.open(project, gateway=self.gateway, clock=self.clock, **more) as reconciler:
            yield reconciler

    def plan(self, **options: Any) -> Plan:
        """Make a plan and let everything go."""
        with self.opened() as reconciler:
            return reconciler.plan(Options(**options))

    def apply(self, plan: Plan | None = None, **manner: Any) -> tuple[Outcome, list[Event]]:
        """Apply a saved plan in a process of its own, or plan and apply in one."""
        events: list[Event] = []
        with self.opened() as reconciler:
            if plan is None:
                plan = reconciler.plan()
            else:
                plan = Plan.from_json(plan.to_json())
                reconciler.check(plan)
            return reconciler.apply(plan, emit=events.append, **manner), events

    def arn(self, number: int) -> str:
        """Give the ARN of a revision of the project's family."""
        return f"arn:aws:ecs:{self.gateway.region}:123456789012:task-definition/{FAMILY}:{number}"

    def described(self) -> JsonObject:
        """Describe the service."""
        found = self.gateway.describe_services(CLUSTER, [SERVICE])[SERVICE]
        assert isinstance(found, Snapshot)
        return found.body

    def containers(self) -> list[Any]:
        """Give the containers of the newest revision."""
        found = self.gateway.describe_task_definition(FAMILY)
        assert isinstance(found, Snapshot)
        return cast("list[Any]", pointers.get(found.body, ("taskDefinition", "containerDefinitions")))

    def tags(self) -> list[Any]:
        """Give the service's tags."""
        return cast("list[Any]", self.described()["tags"])

    def deployed(self) -> None:
        """Bring the project to ECS and let it become stable."""
        self.apply(until="stable")
        self.clock.advance(3600)
        self.gateway.calls.clear()

    @property
    def writes(self) -> Sequence[tuple[str, tuple[object, ...]]]:
        """Give what was sent to ECS."""
        return [(call.method, call.arguments) for call in self.gateway.calls if call.method in WRITES]

    @property
    def methods(self) -> list[str]:
        """Give the names of the calls that changed something."""
        return [method for method, _ in self.writes]


class Recorded(World):
    """A project whose applies are recorded."""

    def keep(self, **options: Any) -> None:
        """Apply, and record that."""
        self.write("reconciler.yml", PROJECT + "record: .applied\n")
        with self.opened() as reconciler:
            plan = reconciler.plan(Options(**options))
            reconciler.apply(plan)
            reconciler.keep_record(plan, planfiles.shown(plan, reconciler.masker, ()))

    def drift(self) -> dict[str, Drift]:
        """Give the differences by their places."""
        with self.opened() as reconciler:
            return {f"{each.unit} {each.address}": each for each in reconciler.drift().drifts}

    def fix(self, *wanted: str) -> Plan:
        """Fix drift; give the plan that was applied."""
        with self.opened() as reconciler:
            plan = reconciler.fix(reconciler.drift(), wanted)
            reconciler.apply(plan)
            return plan

    def by_hand(self, **variables: str) -> None:
        """Run another revision with other variables."""
        body = task_definition()
        pairs = [{"name": "VPC", "value": "vpc-1"}, *({"name": n, "value": v} for n, v in variables.items())]
        body["containerDefinitions"][0]["environment"] = pairs
        self.gateway.register_task_definition(body)
        revision = self.gateway.list_revisions(FAMILY, limit=1)[0]
        self.gateway.update_service({"cluster": CLUSTER, "service": SERVICE, "taskDefinition": revision})
