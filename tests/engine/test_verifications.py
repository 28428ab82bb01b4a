"""What of a project is verified where a part of it, or of AWS, is not there."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from reconciler.core.verification.checks import State
from reconciler.core.verification.reads import Answer, Denied, Manifest, Missing
from reconciler.core.verification.results import Verification
from reconciler.errors import AwsCredentials, AwsDenied, AwsError, AwsUnreachable
from reconciler.plugin import AwsOptions
from reconciler.testing import FakeGateway
from tests.engine.worlds import World


@dataclass
class Denying:
    """An AWS beside ECS, and registries, that let nobody read anything."""

    def client(self, service: str, options: AwsOptions | None = None, /) -> Denying:
        return self

    def call(self, operation: str, /, **parameters: Any) -> dict[str, Any]:
        raise AwsDenied("no", hint=f"allow {operation} to the caller")

    def pages(self, operation: str, /, **parameters: Any) -> Iterable[dict[str, Any]]:
        raise AwsDenied("no", hint=f"allow {operation} to the caller")

    def manifest(self, asked: Manifest, /) -> Answer:
        return Denied("reading it")

    def download(self, url: str, /) -> Answer:
        return Missing()


def verify(world: World) -> Verification:
    with world.opened() as reconciler:
        return reconciler.verify(clients=Denying(), registry=Denying())


def tops(found: Verification) -> list[str]:
    return [each.subject for each in found.checked]


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


def without(world: World, *names: str) -> None:
    """Leave lines out of the project file."""
    lines = (world.root / "reconciler.yml").read_text().splitlines()
    kept = [line for line in lines if not line.startswith(tuple(f"{name}:" for name in names))]
    (world.root / "reconciler.yml").write_text("\n".join(kept))


def test_a_project_with_both(world: World) -> None:
    assert tops(verify(world)) == ["task definition web", "service web"]


def test_a_task_definition_alone(world: World) -> None:
    without(world, "service", "service_definition")
    assert tops(verify(world)) == ["task definition web", "cluster main"]
    without(world, "cluster")
    assert tops(verify(world)) == ["task definition web"]


def test_a_service_that_no_file_describes(world: World) -> None:
    without(world, "service_definition")
    assert tops(verify(world)) == ["task definition web", "cluster main"]


def test_a_service_alone_runs_what_it_runs(world: World) -> None:
    world.apply()
    without(world, "task_definition")
    found = verify(world)
    assert tops(found) == ["task definition web:1 as it runs", "service web"]
    assert [node.where for node in found.checked[0].all()] == [None] * len(list(found.checked[0].all()))


def test_a_service_alone_names_a_revision_that_is_not_there(world: World) -> None:
    without(world, "task_definition")
    world.write("service.json", '{"taskDefinition": "web:9"}')
    assert [said.what for said in verify(world).failures] == ["there is no task definition web:9"]


@pytest.mark.parametrize(
    ("operation", "what"),
    [
        ("describe_services", "how it is now"),
        ("describe_task_definition", "the task definition that it runs"),
    ],
)
def test_what_of_the_service_may_not_be_read_is_said(world: World, operation: str, what: str) -> None:
    world.apply()
    if operation == "describe_task_definition":
        without(world, "task_definition")
    world.gateway.fail(operation, AwsDenied("no", hint="allow it"))
    found = verify(world)
    skipped = [said.what for said in found.diagnostics if said.subject == "definition"]
    assert [said for said in skipped if said.startswith(f"{what} is not known")] == [
        f"{what} is not known: no"
    ]
    assert [said for said in found.failures if said.subject == "definition"] == []


@pytest.mark.parametrize("error", [AwsUnreachable, AwsCredentials])
@pytest.mark.parametrize("operation", ["account", "describe_services"])
def test_where_nothing_answers_nothing_is_verified(
    world: World, operation: str, error: type[AwsError]
) -> None:
    world.gateway.fail(operation, error("no answer"))
    with pytest.raises(error):
        verify(world)


def test_the_account_need_not_be_told(world: World) -> None:
    world.gateway.fail("account", AwsError("not now"))
    assert verify(world).account == ""


EXPRESS = {
    "executionRoleArn": "arn:aws:iam::123456789012:role/execution",
    "infrastructureRoleArn": "arn:aws:iam::123456789012:role/infrastructure",
    "primaryContainer": {"image": "public.ecr.aws/nginx/nginx:1"},
}


def in_express_mode(world: World, **definition: object) -> None:
    """Make the project one of an Express Mode service."""
    world.write("reconciler.yml", "cluster: main\nservice: web\nexpress_definition: express.json\n")
    world.write("express.json", {**EXPRESS, **definition})


def test_an_express_mode_service(world: World) -> None:
    in_express_mode(world)
    found = verify(world)
    assert [node.subject for node in found.all()] == [
        "Express Mode service web",
        "definition",
        "execution role execution",
        "infrastructure role infrastructure",
        "cluster main",
        "container",
        "image public.ecr.aws/nginx/nginx:1",
    ]
    assert {node.where.path for node in found.all() if node.where is not None} == {
        str(world.root / name) for name in ("express.json", "reconciler.yml")
    }


def test_what_an_express_mode_service_lacks(world: World) -> None:
    in_express_mode(world, primaryContainer={"containerPort": 80}, cpu="256", memory="4096")
    said = [said.what for said in verify(world).failures]
    assert said == [
        "it lacks primaryContainer.image, which CreateExpressGatewayService requires",
        "FARGATE has no size with this `cpu` and `memory`",
    ]


def test_another_service_of_that_name(world: World) -> None:
    world.apply()
    in_express_mode(world)
    assert "the service is there, and not in Express Mode" in [said.what for said in verify(world).failures]


def test_an_express_mode_service_with_a_task_definition_of_the_users_own(world: World) -> None:
    world.apply()
    in_express_mode(world, taskDefinitionArn=world.arn(1))
    assert tops(verify(world)) == ["task definition web:1 as it runs", "Express Mode service web"]


def test_a_broken_express_mode_service(world: World) -> None:
    in_express_mode(world, cpu=["256"])
    found = verify(world)
    assert tops(found) == ["Express Mode service web", "cluster main"]
    assert [said.what for said in found.failures] == ["cpu: a string is expected, not a list"]


def test_a_gateway_tells_region_and_account(world: World) -> None:
    found = verify(world)
    assert isinstance(world.gateway, FakeGateway)
    assert (found.region, found.account) == (world.gateway.region, world.gateway.account())
    assert {node.state for node in found.all()} <= set(State)
