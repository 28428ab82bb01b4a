"""Lookups that projects have in common: each name asked for once, by the batch, and failing only who names it."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.api import commons
from reconciler.api.connections import Connection, Shared
from reconciler.core.references import Function, PluginUse
from reconciler.core.values import Address, Failure, Value
from reconciler.errors import Denied, ResolveError
from reconciler.load.sources import Document, Options
from reconciler.plugin import Context, Resolver, ResolverPlugin
from reconciler.resolve.registry import Instance, Instances
from reconciler.resolve.session import Session
from reconciler.testing import FakeContext


class Store:
    """Answers every name with itself but `secret`, a batch at a time, and knows what it was asked."""

    def __init__(self) -> None:
        self.batches: list[list[str]] = []

    def lookup(self, address: Address, /) -> Value:
        raise NotImplementedError

    def lookup_many(self, addresses: Sequence[Address], /) -> Mapping[Address, Value | ResolveError]:
        self.batches.append([address.path for address in addresses])
        return {
            each: Denied("may not be read") if each.path == "secret" else Value(each.path)
            for each in addresses
        }


def _path(name: str, /) -> str:
    return name


class World:
    """Projects with a plugin that all have in common, unless it is said otherwise."""

    def __init__(self, *, common: bool = True) -> None:
        self.stores: list[Store] = []
        self.plugin = ResolverPlugin(open=self.open, functions={"param": str}, common=common)
        self.shared = Shared()
        self.connection = Connection({}, profile=None, assume_role_arn=None)

    def open(self, _context: Context, _config: Mapping[str, Any]) -> Resolver:
        self.stores.append(Store())
        return self.stores[-1]

    def project(self, *, region: str | None = None, **config: Any) -> tuple[Session, Instances]:
        context = FakeContext(Path())
        use = PluginUse("param", config)
        instance = Instance("param", self.plugin.open(context, config), self.plugin, use, "test")
        functions = {"param": Function.of("param", "param", _path)}
        instances = Instances(MappingProxyType(functions), MappingProxyType({"param": instance}))
        return Session(instances, common=lambda each: self.of(each, region)), instances

    def of(self, instance: Instance, region: str | None) -> Session | None:
        return commons.lookups(self.shared, instance, self.connection, region, FakeContext(Path()))

    @property
    def asked(self) -> list[str]:
        return [name for store in self.stores for batch in store.batches for name in batch]


def names(*paths: str) -> list[Address]:
    return [Address("param", path) for path in paths]


def test_a_name_that_fails_is_told_to_who_names_it_and_each_is_asked_for_once() -> None:
    world = World()
    first, second = world.project()[0], world.project()[0]
    assert first.lookup_many(names("a", "b")) == {each: Value(each.path) for each in names("a", "b")}
    found = second.lookup_many(names("b", "secret"))
    assert found[names("b")[0]] == Value("b")
    assert isinstance(found[names("secret")[0]], Failure)
    assert sorted(world.asked) == ["a", "b", "secret"]
    assert names("secret")[0] not in first.known


@pytest.mark.parametrize(
    ("second", "shares"),
    [({}, True), ({"region": "eu-west-1"}, False), ({"table": ["x"]}, False)],
    ids=["alike", "another region", "another config"],
)
def test_answers_are_common_to_those_with_one_config_and_region(second: dict[str, Any], shares: bool) -> None:
    world = World()
    for given_ in ({}, second):
        world.project(**given_)[0].lookup_many(names("a"))
    assert world.asked.count("a") == (1 if shares else 2)


def test_a_plugin_that_says_nothing_answers_each_project_for_itself() -> None:
    world = World(common=False)
    for _ in range(2):
        world.project()[0].lookup_many(names("a"))
    assert world.asked == ["a", "a"]


@given(st.lists(st.lists(st.sampled_from("abcdefghij"), max_size=5), max_size=6))
def test_what_all_files_name_is_gathered_and_read_in_one_batch(projects: list[list[str]]) -> None:
    world = World()
    gathered, sessions = [], []
    for project in projects:
        session, instances = world.project()
        lines = "\n".join(f"k{number}: '{{{{ param `{name}` }}}}'" for number, name in enumerate(project))
        documents = [Document(Path("task.yml"), f"# param\n{lines}", "yaml")]
        gathered.append(
            commons.expected(
                documents, instances, Options(), session.lookup_many, lambda each: world.of(each, None)
            )
        )
        sessions.append(session)
    assert world.asked == []
    for job in commons.jobs(gathered):
        job()
    distinct = {name for project in projects for name in project}
    assert sorted(world.asked) == sorted(distinct)
    assert sum(len(store.batches) for store in world.stores) == (1 if distinct else 0)
    for session, project in zip(sessions, projects, strict=True):
        assert session.lookup_many(names(*project)) == {each: Value(each.path) for each in names(*project)}
    assert sorted(world.asked) == sorted(distinct)


@pytest.mark.parametrize("text", ["{{ param `a` }", "a: [", "{{ nothing `a` }} param"])
def test_what_is_wrong_with_a_file_is_left_to_who_evaluates_it(text: str) -> None:
    world = World()
    session, instances = world.project()
    documents = [Document(Path("task.yml"), f"# param\n{text}", "yaml")]
    found = commons.expected(
        documents, instances, Options(), session.lookup_many, lambda each: world.of(each, None)
    )
    assert found == {}


def test_whoever_comes_first_makes_what_is_shared_and_equal_keys_are_equal_however_they_are_ordered() -> None:
    shared, made, gate = Shared(), list[int](), threading.Event()

    def make() -> int:
        gate.wait(10)
        made.append(1)
        return len(made)

    keys = [({"b": [1, {2}], "a": None}, Path("x")), ({"a": None, "b": [1, {2}]}, Path("x"))] * 4
    threads = [threading.Thread(target=shared.share, args=("one", key, make)) for key in keys]
    for thread in threads:
        thread.start()
    gate.set()
    for thread in threads:
        thread.join()
    assert made == [1]
    assert shared.share("other", keys[0], make) == 2
    with pytest.raises(ValueError, match="no"):
        shared.share("bad", (), lambda: int("no"))
    with pytest.raises(ValueError, match="no"):
        shared.share("bad", (), lambda: 1)
