"""The port `core.shapes.Shapes` over botocore's model."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from reconciler.aws import models
from reconciler.aws.shapes import ModelShapes
from reconciler.core.shapes import Shapes
from reconciler.errors import ConfigError


def test_inputs_know_their_members() -> None:
    shapes: Shapes = ModelShapes()
    register = shapes.input("RegisterTaskDefinition")
    assert {"family", "containerDefinitions"} == register.required
    containers = register.members["containerDefinitions"]
    assert containers.kind == "list"
    assert containers.item is not None
    container = containers.item.members
    kinds = {key: container[key].kind for key in ("cpu", "essential", "dockerLabels", "environment", "image")}
    assert kinds == {
        "cpu": "integer",
        "essential": "boolean",
        "dockerLabels": "map",
        "environment": "list",
        "image": "string",
    }
    labels = container["dockerLabels"].item
    assert labels is not None
    assert labels.kind == "string"
    assert "awsvpc" in register.members["networkMode"].enum


def test_structures_are_found_by_name() -> None:
    shapes = ModelShapes()
    assert shapes.named("Service").members["createdAt"].kind == "timestamp"
    assert shapes.named("Deployment").members["desiredCount"].kind == "integer"
    assert shapes.named("Scale").members["value"].kind == "float"
    assert shapes.named("Service") is shapes.named("Service")
    assert shapes.input("ListServices").members["cluster"] is shapes.named("String")


@pytest.mark.parametrize(
    "ask", [lambda shapes: shapes.input("Nothing"), lambda shapes: shapes.named("Nothing")]
)
def test_what_the_model_lacks_is_an_error_that_names_the_upgrade(ask: object) -> None:
    assert callable(ask)
    with pytest.raises(ConfigError, match="upgrade boto3"):
        ask(ModelShapes())


def test_every_operation_of_the_api_has_shapes() -> None:
    model = models.service_model("ecs")
    shapes = ModelShapes()
    for operation in model["operations"]:
        assert shapes.input(operation).kind == "structure"
    for name in model["shapes"]:
        assert shapes.named(name).name == name


def test_a_structure_that_contains_itself_ends() -> None:
    value = ModelShapes("dynamodb").named("AttributeValue")
    nested = value.members["L"].item
    assert nested is value
    assert "AttributeValue" in repr(value)


def test_documentation_goes_and_a_member_of_that_name_stays(tmp_path: Path) -> None:
    words = "word " * 20_000
    member = {"documentation": {"shape": "String", "documentation": words}}
    model = {
        "metadata": {"documentation": "kept"},
        "shapes": {"S": {"members": member, "documentation": words}},
    }
    (tmp_path / "service-2.json").write_text(json.dumps(model))
    expected = {
        "metadata": {"documentation": "kept"},
        "shapes": {"S": {"members": {"documentation": {"shape": "String"}}}},
    }
    path = str(tmp_path / "service-2")
    assert models.CompactFiles().load_file(path) == expected == models.CompactFiles().load_file(path)
    (tmp_path / "service-2.json").write_text(json.dumps({"shapes": {"T": {"documentation": words}}}))
    assert models.CompactFiles().load_file(path) == {"shapes": {"T": {}}}
    assert models.CompactFiles().load_file(str(tmp_path / "nothing")) is None


def test_a_process_reads_a_model_once() -> None:
    assert models.service_model("ecs") is models.service_model("ecs")


@pytest.fixture
def cache(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    monkeypatch.setattr(models, "_READ", {})
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "own"))
    return tmp_path / "own" / "reconciler"


def test_the_cache_is_the_users_alone(cache: Path) -> None:
    models.service_model("ecs")
    (file,) = cache.iterdir()
    assert (cache.stat().st_mode & 0o777, file.stat().st_mode & 0o777) == (0o700, 0o600)


@pytest.mark.parametrize("damage", [b"", b"{", b"null", b"\xff\xfe"])
def test_a_damaged_cache_is_made_again(cache: Path, damage: bytes) -> None:
    sound = models.service_model("ecs")
    (file,) = cache.iterdir()
    file.write_bytes(damage)
    models._READ.clear()
    assert models.service_model("ecs") == sound
    assert json.loads(file.read_bytes()) == sound


def test_a_cache_that_cannot_be_written_is_done_without(cache: Path) -> None:
    cache.parent.parent.joinpath("own").write_text("a file where a folder should be")
    assert "operations" in models.service_model("ecs")
