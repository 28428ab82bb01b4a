"""Members that do not go together: every row of the table, by a case that clashes and one that does not."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from reconciler.core import canon, pointers
from reconciler.core.documents import Resolved
from reconciler.core.kinds import combinations
from reconciler.core.plans import Notice
from reconciler.core.values import JsonObject, Path
from reconciler.engine import compatibility, composing
from reconciler.errors import Refused, Where
from reconciler.sandbox.errors import Refusal
from tests.core.documents import KINDS
from tests.core.test_tables import rows
from tests.corpus.simulated import Simulated
from tests.engine.worlds import UNIT, World, service, task_definition

TABLE = (*combinations.SERVICE, *combinations.TASK_DEFINITION)


def resolved(name: str, data: Any) -> Resolved:
    """Give a document in which every value says where it stands."""
    return Resolved(name, data, places={path: Where(pointers.text(path)) for path in paths(data)})


def paths(data: Any, path: Path = ()) -> Iterator[Path]:
    yield path
    items = data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ()
    for key, member in items:
        yield from paths(member, (*path, key))


def found(case: dict[str, Any]) -> tuple[tuple[Refused, ...], tuple[Notice, ...]]:
    if "file" not in case:
        task = composing.compose(KINDS.task_definition, resolved("task.json", case["task"]))
        return compatibility.of_task_definition(task)
    desired = composing.compose(KINDS.service, resolved("service.json", case["file"]))
    live = case.get("live")
    there = canon.canon(KINDS.service, live, desired=False) if live is not None else None
    changed = frozenset(case["file"])
    return compatibility.of_service(desired, there, case.get("task", {}), changed=changed, moves=True)


@pytest.mark.parametrize("row", rows("combinations"))
def test_a_row(row: dict[str, Any]) -> None:
    (wanted,) = [each for each in TABLE if row["row"] in each.what]
    refusals, notices = found(row["clash"])
    everything: list[Refused | Notice] = [*refusals, *notices]
    said = [each for each in everything if row["row"] in each.what]
    assert said
    assert all(isinstance(each, Refused) is wanted.seen for each in said)
    assert all(each.hint and "{" not in each.what for each in said)
    if "at" in row:
        assert [each.where.path for each in said if each.where is not None] == [row["at"]]
    assert not [each for side in found(row["fine"]) for each in side if row["row"] in each.what]


@pytest.mark.parametrize(
    "row", [each for each in rows("combinations") if "file" not in each.values[0]["clash"]]
)
def test_a_registration_is_refused_where_the_simulated_service_refuses_it(row: dict[str, Any]) -> None:
    for name in ("clash", "fine"):
        task = composing.compose(KINDS.task_definition, resolved("task.json", row[name]["task"]))
        refusals, notices = compatibility.of_task_definition(task)
        said = refused(task.canon.wire)
        assert said or not refusals
        assert refusals or notices or not said


def refused(task: JsonObject) -> str:
    """Give what the simulated service says against a task definition."""
    try:
        Simulated().register_task_definition(task)
    except Refusal as refusal:
        return str(refusal)
    return ""


def test_every_row_has_a_case() -> None:
    cases = [parameters.values[0] for parameters in rows("combinations")]
    assert len(cases) == len(TABLE)
    assert all(any(case["row"] in row.what for case in cases) for row in TABLE)


def test_what_the_api_was_seen_to_refuse_keeps_a_plan_from_being_applied(world: World) -> None:
    strategy = [{"capacityProvider": "FARGATE_SPOT", "weight": 1}]
    world.write("service.json", service() | {"capacityProviderStrategy": strategy})
    plan = world.plan()
    (refusal,) = plan.refusals
    assert refusal.what.startswith("ECS refuses this: `launchType` and `capacityProviderStrategy` exclude")
    assert "remove one of them" in (refusal.hint or "")
    assert refusal.where is not None
    assert refusal.where.line > 1
    with pytest.raises(Refused):
        world.apply(plan)


def test_what_only_documentation_forbids_warns(world: World) -> None:
    world.write("service.json", service() | {"deploymentConfiguration": {"strategy": "BLUE_GREEN"}})
    plan = world.plan()
    assert plan.applyable
    assert [notice.what for notice in plan.notices] == [
        "ECS is documented to refuse this: the strategy BLUE_GREEN wants `bakeTimeInMinutes`"
    ]


def test_what_aws_has_taken_once_is_not_doubted(world: World) -> None:
    registries = [{"registryArn": "arn:r", "containerName": "app", "containerPort": 81}]
    world.write("service.json", service() | {"serviceRegistries": registries})
    assert "names port 81 of the container `app`" in world.plan().notices[0].what
    world.apply()
    world.write("service.json", service() | {"serviceRegistries": registries, "desiredCount": 3})
    assert not world.plan().notices


def test_a_new_revision_is_looked_at_with_the_service_that_stays(world: World) -> None:
    world.write("task.json", task_definition() | {"networkMode": "host", "requiresCompatibilities": ["EC2"]})
    plan = world.plan()
    assert "`networkConfiguration` is for networkMode `awsvpc`" in plan.refusals[0].what
    assert plan.unit(UNIT).steps
