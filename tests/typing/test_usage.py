"""The library as its documentation uses it: mypy checks the types that a caller sees, pytest that it runs."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import assert_type

import pytest

from reconciler import Plan, Project, Reconciler, ReconcilerError
from reconciler.core.events import Event
from reconciler.core.outcomes import Ending, Outcome
from reconciler.engine.options import Options
from reconciler.engine.ports import Clock, Gateway
from reconciler.plugin import (
    Address,
    Config,
    Context,
    NotFound,
    Resolver,
    ResolverPlugin,
    Source,
    Value,
)
from reconciler.testing import FakeClock, FakeContext, FakeGateway, check_resolver
from tests.engine.worlds import World


def carry_out(project: Project, gateway: Gateway, clock: Clock) -> Outcome | None:
    """Plan and apply, as the README shows it."""
    with Reconciler.open(project, gateway=gateway, clock=clock) as r:
        plan = assert_type(r.plan(Options(desired_count=3)), Plan)
        assert_type(plan.changes, bool)
        if not plan.changes:
            return None
        seen: list[Event] = []
        outcome = assert_type(r.apply(plan, emit=seen.append), Outcome)
        assert_type(outcome.ending, Ending)
        return outcome


def test_plan_and_apply(tmp_path: Path) -> None:
    world = World(tmp_path)
    project = assert_type(Project.load(tmp_path / "reconciler.yml", environ={}), Project)
    gateway: Gateway = world.gateway
    first = carry_out(project, gateway, world.clock)
    assert first is not None
    assert first.ending is Ending.SUCCEEDED
    assert carry_out(project, gateway, world.clock) is None


def test_a_plan_is_a_value(tmp_path: Path) -> None:
    plan = World(tmp_path).plan()
    text = assert_type(plan.to_json(), str)
    assert assert_type(Plan.from_json(text), Plan) == plan
    for unit, step in plan.steps():
        assert_type(unit.address, str)
        assert step in unit.steps


class Table:
    """A resolver, as its author writes it."""

    def __init__(self, table: Mapping[str, str]) -> None:
        """Keep the table."""
        self._table = table

    def lookup(self, address: Address, /) -> Value:
        """Give a value."""
        if address.path not in self._table:
            raise NotFound(f"there is no {address.path}", address=str(address))
        return Value(self._table[address.path], source=Source("table"))


def open_table(_context: Context, config: Config) -> Resolver:
    """Open the resolver that a project file configures."""
    return Table({name: str(value) for name, value in config.items()})


def table(name: str, /) -> str:
    """Give the path of ``table NAME``."""
    return name


def test_a_resolver_of_somebody_else() -> None:
    plugin = ResolverPlugin(open=open_table, functions={"table": table})
    check_resolver(plugin, {"a": "1"}, FakeContext(), Address("table", "a"), Address("table", "b"))


def test_fakes_are_what_the_engine_asks_for() -> None:
    clock: Clock = FakeClock()
    gateway: Gateway = FakeGateway(clock=clock)
    assert assert_type(gateway.account(), str)


def test_errors_have_a_place_and_a_hint(tmp_path: Path) -> None:
    world = World(tmp_path)
    world.write("task.json", "{")
    with pytest.raises(ReconcilerError) as caught:
        world.plan()
    error = assert_type(caught.value, ReconcilerError)
    assert_type(error.what, str)
    assert_type(error.hint, str | None)
    assert error.where is not None
    assert (error.where.path, error.where.line) == (str(tmp_path / "task.json"), 1)
