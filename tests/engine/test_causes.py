"""Who moved, where that is hard to tell: of a secret, whose values nobody may see; and after an apply of a part."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from reconciler.core.drifts import Cause
from tests.engine.worlds import (
    CLUSTER,
    FAMILY,
    SERVICE,
    Recorded,
    World,
    service,
    task_definition,
)

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


def causes(world: Recorded) -> dict[str, Cause | None]:
    """Give the causes of the differences, by their places."""
    return {place.partition(" ")[2]: drift.cause for place, drift in world.drift().items()}


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
    place = f'containerDefinitions["app"].environment["{name}"]'
    assert causes(recorded) == ({place: cause} if name else {})


SUBNETS = "networkConfiguration.awsvpcConfiguration.subnets"
ONE = json.dumps(service())
LIST = ONE.replace('["{{ tfstate `output.subnet` }}"]', "{{ tfstate `output.subnets` }}")


@pytest.mark.parametrize(
    ("definition", "move", "expected"),
    [
        (
            ONE,
            lambda world: world.state(subnet="subnet-2"),
            {"subnet-1": Cause.INFRASTRUCTURE, "subnet-2": Cause.INFRASTRUCTURE},
        ),
        (
            LIST,
            lambda world: world.state(subnets=["subnet-1", "subnet-4"]),
            {"subnet-3": Cause.INFRASTRUCTURE, "subnet-4": Cause.INFRASTRUCTURE},
        ),
        (
            ONE,
            lambda world: world.write(
                "service.json", ONE.replace("{{ tfstate `output.subnet` }}", "subnet-2")
            ),
            {"subnet-1": Cause.CONFIGURATION, "subnet-2": Cause.CONFIGURATION},
        ),
    ],
)
def test_who_moved_an_item_that_is_called_by_a_value(
    recorded: Recorded, definition: str, move: Callable[[Recorded], object], expected: dict[str, Cause]
) -> None:
    recorded.state(subnets=["subnet-1", "subnet-3"])
    recorded.write("service.json", definition)
    recorded.keep()
    move(recorded)
    assert causes(recorded) == {f'{SUBNETS}["{name}"]': cause for name, cause in expected.items()}


def test_an_apply_of_a_part_leaves_the_rest_as_it_was_recorded(recorded: Recorded) -> None:
    recorded.gateway.edit(CLUSTER, SERVICE, enableECSManagedTags=True)
    recorded.write("service.json", service() | {"healthCheckGracePeriodSeconds": 9, "desiredCount": 4})
    recorded.keep(update_service=False, force_new_deployment=True)
    before = {"enableECSManagedTags": Cause.LIVE, "healthCheckGracePeriodSeconds": Cause.CONFIGURATION}
    assert causes(recorded) == before | {"desiredCount": Cause.CONFIGURATION}
    recorded.keep(skip_task_definition=True)
    recorded.gateway.edit(CLUSTER, SERVICE, desiredCount=5)
    recorded.by_hand(LEVEL="debug")
    level = 'containerDefinitions["app"].environment["LEVEL"]'
    assert causes(recorded) == {"desiredCount": Cause.LIVE, level: Cause.LIVE}


def test_an_apply_of_a_part_alone_records_nothing(world: World) -> None:
    recorded = Recorded(world.root)
    recorded.gateway = world.gateway
    recorded.keep(skip_task_definition=True)
    recorded.by_hand(LEVEL="debug")
    assert set(causes(recorded).values()) == {None}
