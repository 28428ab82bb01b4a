"""Addresses and what states answer to them: the table of fixtures/tfstate/cases.json, and properties."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.core.references import Function
from reconciler.errors import ConfigError, NotFound, ReconcilerError
from reconciler.plugin import Address, Resolver
from reconciler.testing import FakeContext
from reconciler_tfstate import addresses, plugin
from reconciler_tfstate.addresses import Index, Member, Output, Reference, Resource, Slice, Splat

STATES = Path(__file__).parents[2] / "fixtures" / "tfstate"
CASES = json.loads((STATES / "cases.json").read_text())
TFSTATE = Function.of("tfstate", "tfstate", plugin.functions["tfstate"])


@cache
def resolver(state: str) -> Resolver:
    """Open a fixture."""
    return plugin.open(FakeContext(root=STATES), {"path": f"{state}.tfstate"})


@pytest.mark.parametrize("case", CASES, ids=[f"{case['state']}: {case['address']}" for case in CASES])
def test_case(case: dict[str, Any]) -> None:
    if "error" not in case:
        value = resolver(case["state"]).lookup(TFSTATE.address([case["address"]]))
        assert value.data == case["value"]
        assert [list(path) for path in value.sensitive_paths] == case.get("sensitive", [])
        assert value.source is not None
        assert value.source.name == f"{case['state']}.tfstate"
        return
    with pytest.raises(ReconcilerError) as caught:
        resolver(case["state"]).lookup(TFSTATE.address([case["address"]]))
    assert type(caught.value).__name__ == case["error"]
    assert case.get("says", "") in str(caught.value)
    assert "hush-" not in str(caught.value)
    if "near" in case:
        assert isinstance(caught.value, NotFound)
        assert list(caught.value.near)[: len(case["near"])] == case["near"]


def test_a_bare_address_that_is_none_is_not_found() -> None:
    """Addresses reach a resolver without its functions too, from a saved plan."""
    with pytest.raises(NotFound, match="calculates"):
        resolver("aws").lookup(Address("tfstate", "aws_instance.web - 1"))


@pytest.mark.parametrize(
    ("arguments", "path"),
    [
        (["aws_subnet.private['%s'].id", "a"], 'aws_subnet.private["a"].id'),
        (["aws_subnet.private[%q].id", 'a"b'], 'aws_subnet.private["a\\"b"].id'),
        (["aws_subnet.private[%d].id", 3], "aws_subnet.private[3].id"),
        (["aws_subnet.private[%d].id", 3.0], "aws_subnet.private[3].id"),
        (["%v.private_%03d.%s", "aws_subnet", 7, "id"], "aws_subnet.private_007.id"),
        (["a.b['100%%']"], 'a.b["100%"]'),
    ],
)
def test_tfstatef(arguments: list[str], path: str) -> None:
    assert plugin.functions["tfstatef"](*arguments) == path


names = st.from_regex(r"[a-z_][a-z0-9_-]{0,8}", fullmatch=True)
keys = st.one_of(st.integers(0, 99), st.text(st.characters(codec="utf-8"), max_size=8))
module_calls = st.lists(st.tuples(names, st.none() | keys), max_size=2).map(tuple)
resources = st.builds(Resource, module_calls, st.sampled_from(["managed", "data"]), st.just("aws_x"), names)
ends = st.none() | st.integers(-99, 99)
steps = st.one_of(
    names.map(Member),
    st.integers(-99, 99).map(Index),
    keys.map(Index),
    st.builds(Slice, ends, ends),
    st.booleans().map(Splat),
)


@given(resources | names.map(Output), st.lists(steps, max_size=4).map(tuple))
def test_what_is_written_reads_back(target: Resource | Output, path: tuple[addresses.Step, ...]) -> None:
    text = addresses.render(target) + addresses.render_steps(path)
    assert addresses.parse(text) == Reference(target, path)
    assert addresses.canonical(text) == text


@given(st.text() | st.text("ab.[]\"'\\:*|0-(){},;=/+?@ module output data select", max_size=40))
def test_any_text_is_an_address_or_a_config_error(text: str) -> None:
    try:
        canonical = addresses.canonical(text)
    except ConfigError:
        return
    assert addresses.parse(canonical) == addresses.parse(text)
    assert addresses.canonical(canonical) == canonical


def test_listing_names_what_can_be_looked_up() -> None:
    odd = resolver("odd")
    listed = list(odd.addresses(""))  # type: ignore[attr-defined]
    assert 'terraform_data.keyed["x\\"y"]' in listed
    for path in listed:
        odd.lookup(Address("tfstate", path))
        for prefix in (path[:cut] for cut in range(1, len(path), 5)):
            found = set(odd.addresses(prefix))  # type: ignore[attr-defined]
            assert {each for each in listed if each.startswith(prefix)} <= found
            assert all(each.startswith(prefix) for each in found)


@pytest.mark.parametrize("text", ["a.b | " + "_" * 5_000, "a.b.'" + "c" * 5_000, "data." * 2_000])
def test_messages_show_a_part_of_what_is_long(text: str) -> None:
    with pytest.raises(ConfigError) as caught:
        addresses.canonical(text)
    assert len(str(caught.value)) < 1_000


def test_many_modules_in_one_another() -> None:
    assert len(addresses.parse("module.a[0].module.b." * 3_000 + "c.d").target.module) == 6_000  # type: ignore[union-attr]
