"""Express Mode services as the API describes them: under few settings a service of ECS, and what was made for it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from reconciler.core.values import JsonObject

CONFIGURATIONS: Final = "activeConfigurations"


def managed(service: JsonObject) -> bool:
    """Tell whether a service, as DescribeServices gives it, is in Express Mode (API model, ResourceManagementType)."""
    return service.get("resourceManagementType") == "ECS"


def configurations(express: JsonObject) -> Sequence[JsonObject]:
    """Give what each service revision that runs is configured with, as DescribeExpressGatewayService does."""
    found = express.get(CONFIGURATIONS)
    return [each for each in found if isinstance(each, dict)] if isinstance(found, list | tuple) else ()


def current(express: JsonObject) -> int | None:
    """Give the index of the configuration that was asked for last, the one that the service moves to while it is rolled
    out; None where there is none. The API promises no order.
    """
    made = [_at(each) for each in configurations(express)]
    return made.index(max(made)) if made else None


def configuration(express: JsonObject) -> JsonObject:
    """Give the configuration that was asked for last, empty where there is none."""
    index = current(express)
    return configurations(express)[index] if index is not None else {}


def container(express: JsonObject) -> JsonObject:
    """Give the container of the configuration that was asked for last, under its name in ECS's revisions."""
    found = configuration(express).get("primaryContainer")
    return {**(found if isinstance(found, dict) else {}), "name": "Main"}


def status(express: JsonObject) -> str:
    """Give the status: ACTIVE, DRAINING or INACTIVE; empty where the description says none."""
    found = express.get("status")
    return str(found.get("statusCode", "")) if isinstance(found, dict) else ""


def endpoints(express: JsonObject) -> tuple[tuple[str, str], ...]:
    """Give where the service is reached: how (PUBLIC or PRIVATE) and at which name, of all that runs of it."""
    paths = [path for each in configurations(express) for path in _paths(each)]
    return tuple(dict.fromkeys((str(path.get("accessType")), str(path.get("endpoint"))) for path in paths))


def _paths(configured: JsonObject) -> Sequence[JsonObject]:
    found = configured.get("ingressPaths")
    return [each for each in found if isinstance(each, dict)] if isinstance(found, list | tuple) else ()


def _at(configured: JsonObject) -> float:
    made = configured.get("createdAt")
    return float(made) if isinstance(made, int | float) else 0.0
