"""The shapes of the ECS API, built from botocore's model: the port `core.shapes.Shapes`."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from threading import RLock
from typing import Any, Final

from reconciler.aws import models
from reconciler.core.shapes import Kind, Shape
from reconciler.errors import ConfigError

_KINDS: Final[Mapping[str, Kind]] = {
    "structure": "structure",
    "list": "list",
    "map": "map",
    "string": "string",
    "character": "string",
    "boolean": "boolean",
    "integer": "integer",
    "long": "integer",
    "float": "float",
    "double": "float",
    "timestamp": "timestamp",
    "blob": "blob",
}
"""The model's names of types (AWS's API models know two widths of numbers, JSON none)."""


class ModelShapes:
    """Gives shapes of a service's API; the model is read when the first one is asked for."""

    def __init__(self, service: str = "ecs") -> None:
        """Name the service."""
        self._service = service
        self._built: dict[str, Shape] = {}
        self._lock = (
            RLock()
        )  # projects are planned side by side, and a shape that is being built is not whole

    def input(self, operation: str, /) -> Shape:
        """Give the input structure of an operation. ConfigError where the installed model lacks it."""
        found = self._model["operations"].get(operation)
        if found is None:
            raise self._unknown(operation)
        return self.named(found["input"]["shape"]) if "input" in found else Shape("structure")

    def named(self, name: str, /) -> Shape:
        """Give a shape by its name in the model. ConfigError where the installed model lacks it."""
        with self._lock:
            if name in self._built:
                return self._built[name]
            if name not in self._model["shapes"]:
                raise self._unknown(name)
            return self._build(name, self._model["shapes"][name])

    @cached_property
    def _model(self) -> dict[str, Any]:
        return models.service_model(self._service)

    def _build(self, name: str, raw: Mapping[str, Any]) -> Shape:
        members: dict[str, Shape] = {}
        item = raw.get("member", raw.get("value"))
        shape = Shape(
            kind=_KINDS[raw["type"]],
            name=name,
            members=members,
            item=self.named(item["shape"]) if item else None,
            enum=frozenset(raw.get("enum", ())),
            required=frozenset(raw.get("required", ())),
        )
        # Known before its members are built: a structure that contains itself ends here.
        self._built[name] = shape
        members.update((key, self.named(member["shape"])) for key, member in raw.get("members", {}).items())
        return shape

    def _unknown(self, name: str) -> ConfigError:
        return ConfigError(
            f"the installed botocore's model of {self._service} has no {name}",
            hint="pip install --upgrade boto3",
        )


ECS: Final = ModelShapes()
"""The shapes of ECS, shared by a process: they are built once, from the installed model."""
