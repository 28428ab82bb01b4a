"""A project in a folder and an AWS that is simulated in this process: what is sent to it, and what it shows."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

from reconciler.api import Project, Reconciler
from reconciler.core.plans import Plan
from reconciler.core.values import JsonObject
from reconciler.engine.options import Options
from reconciler.engine.ports import Snapshot
from reconciler.errors import AwsRefused
from reconciler.sandbox.errors import Refusal
from tests.corpus.simulated import CLUSTER, Simulated

T = TypeVar("T")
SERVICE = "web"
_HASTE = 3600
"""How many times as fast as it is waited for time passes."""
_READS = ("Describe", "List")


class Refusing(Simulated):
    """The simulated AWS with its refusals as the engine knows them, and a log of what was written."""

    def __init__(self) -> None:
        super().__init__()
        self.writes: list[tuple[str, Mapping[str, Any]]] = []

    def ask(self, operation: str, **parameters: Any) -> dict[str, Any]:
        if not operation.startswith(_READS):
            self.writes.append((operation, parameters))
        return super().ask(operation, **parameters)

    def _write(self, write: Callable[..., T], *given: Any) -> T:
        try:
            return write(*given)
        except Refusal as refusal:
            raise AwsRefused(refusal.message, operation=self.writes[-1][0], code=refusal.code) from refusal

    def register_task_definition(self, body: JsonObject, /) -> Snapshot:
        return self._write(super().register_task_definition, body)

    def create_service(self, body: JsonObject, /) -> Snapshot:
        return self._write(super().create_service, body)

    def update_service(self, body: JsonObject, /) -> Snapshot:
        return self._write(super().update_service, body)

    def delete_service(self, cluster: str, service: str, /, *, force: bool = True) -> Snapshot:
        return Snapshot(self.ask("DeleteService", cluster=cluster, service=service, force=force)["service"])

    # The clock: `engine.ports.Clock`.
    def now(self) -> float:
        return self.sandbox.clock.now()

    def sleep(self, seconds: float, /) -> None:
        self.sandbox.advance(_HASTE * seconds)


class World:
    """The folder and the AWS of one project, and what a user does with them."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.aws = Refusing()
        names = {"task_definition": "task.json", "service_definition": "service.json"}
        self._write(
            "reconciler.yml",
            {"region": "eu-west-1", "cluster": CLUSTER, "service": SERVICE, "timeout": "0"} | names,
        )

    def _write(self, name: str, content: object) -> None:
        (self.root / name).write_text(json.dumps(content))

    def write(self, task: JsonObject, service: JsonObject) -> None:
        """Write both files."""
        self._write("task.json", task)
        self._write("service.json", service)

    @contextmanager
    def opened(self) -> Iterator[Reconciler]:
        project = Project.load(self.root / "reconciler.yml", environ={})
        with Reconciler.open(project, gateway=self.aws, clock=self.aws) as reconciler:
            yield reconciler

    def plan(self) -> Plan:
        """Plan, with leave to replace."""
        with self.opened() as reconciler:
            return reconciler.plan(Options(may_replace=True))

    def apply(self, plan: Plan) -> list[str]:
        """Carry out a plan and let everything come to rest; give the operations that were sent."""
        self.aws.writes.clear()
        with self.opened() as reconciler:
            outcome = reconciler.apply(Plan.from_json(plan.to_json()), until="stable", timeout=10_000_000)
        assert outcome.ending.value == "succeeded", outcome
        self.aws.sandbox.advance(10_000_000)
        return [operation for operation, _ in self.aws.writes]

    def service(self) -> dict[str, Any]:
        """Describe the service."""
        found = self.aws.describe_services(CLUSTER, [SERVICE])[SERVICE]
        assert isinstance(found, Snapshot)
        return dict(found.body)

    def revision(self) -> dict[str, Any]:
        """Describe the revision of the service that runs."""
        (arn,) = [each["arn"] for each in self.service()["currentServiceRevisions"]]
        (found,) = self.aws.describe_service_revisions([arn])
        return dict(found)
