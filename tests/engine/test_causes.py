"""Who moved a secret: no value of it is told, so what the files say in its place, and its versions, have to tell."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from reconciler.core.drifts import Cause
from tests.engine.worlds import CLUSTER, FAMILY, REVISION, SERVICE, Recorded, task_definition

REFERENCE = "{{ tfstate `output.password` }}"
URL, TOKEN = {"name": "URL", "value": f"pg://{REFERENCE}@db"}, {"name": "API_TOKEN", "value": "one-literal"}


def written(world: Recorded, *variables: dict[str, str]) -> None:
    """Write the project's file with these variables."""
    body = task_definition()
    body["containerDefinitions"][0]["environment"].extend(variables)
    world.write("task.json", body)


def by_hand(world: Recorded, change: Callable[[list[Any]], object]) -> None:
    """Run another revision with other variables."""
    container = world.containers()[0]
    change(container["environment"])
    world.gateway.register_task_definition(task_definition() | {"containerDefinitions": [container]})
    revision = world.gateway.list_revisions(FAMILY, limit=1)[0]
    world.gateway.update_service({"cluster": CLUSTER, "service": SERVICE, "taskDefinition": revision})


@pytest.mark.parametrize(
    ("move", "name", "cause"),
    [
        (lambda world: world.state(password="another"), "URL", Cause.INFRASTRUCTURE),
        (lambda world: world.state(serial=43), "", None),
        (
            lambda world: written(world, URL | {"value": f"pg://{REFERENCE}@other"}, TOKEN),
            "URL",
            Cause.CONFIGURATION,
        ),
        (lambda world: written(world, URL | {"value": REFERENCE}, TOKEN), "URL", Cause.CONFIGURATION),
        (lambda world: written(world, TOKEN), "URL", Cause.CONFIGURATION),
        (
            lambda world: written(world, URL, TOKEN, {"name": "MORE", "value": REFERENCE}),
            "MORE",
            Cause.CONFIGURATION,
        ),
        (
            lambda world: written(world, URL, TOKEN | {"value": "two-literal"}),
            "API_TOKEN",
            Cause.CONFIGURATION,
        ),
        (lambda world: by_hand(world, lambda env: env[1].update(value="mine")), "URL", Cause.LIVE),
        (lambda world: by_hand(world, lambda env: env[2].update(value="mine")), "API_TOKEN", Cause.LIVE),
        (
            lambda world: by_hand(world, lambda env: env.append({"name": "A_SECRET", "value": "mine"})),
            "A_SECRET",
            Cause.LIVE,
        ),
        (lambda world: by_hand(world, lambda env: env.pop(1)), "URL", Cause.LIVE),
    ],
)
def test_who_moved_a_secret(
    recorded: Recorded, move: Callable[[Recorded], object], name: str, cause: Cause | None
) -> None:
    written(recorded, URL, TOKEN)
    recorded.keep()
    assert recorded.drift() == {}
    move(recorded)
    place = f'{REVISION} containerDefinitions["app"].environment["{name}"]'
    found = {place: drift.cause for place, drift in recorded.drift().items()}
    assert found == ({place: cause} if name else {})
