"""A plan of Terraform's laid over a state: what it changes, what it leaves, and what is known later.

`fixtures/tfstate/planned/plan.json` was written by Terraform 1.11.4 with its built-in `terraform_data`.
"""

from __future__ import annotations

import importlib.util
import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from reconciler.plugin import Address, NotFound, Unavailable, Value
from reconciler.testing import FakeContext
from reconciler_tfstate import filters, laters, plugin, queries
from reconciler_tfstate.laters import LATER, Later
from reconciler_tfstate.places import Found

FOLDER = Path(__file__).parents[2] / "fixtures/tfstate/planned"


def opened(state: Path | None = None, plan: Path | None = None) -> Any:
    config = {"path": str(state or FOLDER / "terraform.tfstate"), "plan": str(plan or FOLDER / "plan.json")}
    return plugin.open(FakeContext(root=FOLDER), config)


def value(path: str, resolver: Any = None) -> Value:
    found: Value = (resolver or opened()).lookup(Address("tfstate", path))
    return found


@pytest.mark.parametrize(
    ("path", "data"),
    [
        ("terraform_data.network.output", "subnet-1"),
        ("output.subnet", "subnet-1"),
        ('terraform_data.target["blue"].input.port', 8080),
        ('terraform_data.target["blue"].input.list[0]', 1),
    ],
)
def test_what_is_known(path: str, data: object) -> None:
    found = value(path)
    assert (found.data, found.unknown) == (data, False)


@pytest.mark.parametrize(
    "path",
    [
        'terraform_data.target["blue"].id',
        "output.target",
        "terraform_data.target",
        'terraform_data.target["blue"]',
    ],
)
def test_what_is_known_later(path: str) -> None:
    found = value(path)
    assert (found.data, found.unknown) == (None, True)


def test_what_is_sensitive() -> None:
    assert value('terraform_data.target["blue"].input.secret').sensitive_paths == ((),)
    assert value('terraform_data.target["blue"].input').sensitive_paths == (("secret",),)


def test_what_goes() -> None:
    with pytest.raises(NotFound):
        value("terraform_data.old.output")


def test_a_state_that_is_not_there_yet(tmp_path: Path) -> None:
    resolver = opened(tmp_path / "none.tfstate")
    assert value('terraform_data.target["blue"].input.port', resolver).data == 8080
    with pytest.raises(NotFound):
        value(
            "terraform_data.network.output", resolver
        )  # the plan does not change it: the state alone knew it


@pytest.mark.parametrize(
    "text", ["", "PK\x03\x04", "[]", "{}", '{"planned_values": {}, "resource_changes": [{}]}']
)
def test_what_is_no_plan(tmp_path: Path, text: str) -> None:
    (tmp_path / "p.json").write_text(text)
    with pytest.raises(Unavailable) as caught:
        value("output.subnet", opened(plan=tmp_path / "p.json"))
    assert "terraform show -json" in (caught.value.hint or "")


def test_no_plan_at_all(tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match="cannot be read"):
        value("output.subnet", opened(plan=tmp_path / "none.json"))


def test_a_plan_without_changes_changes_nothing(tmp_path: Path) -> None:
    plan = json.loads((FOLDER / "plan.json").read_text())
    (tmp_path / "p.json").write_text(json.dumps(plan | {"resource_changes": [], "output_changes": {}}))
    assert value("terraform_data.old.output", opened(plan=tmp_path / "p.json")).data == "old"


QUERIES = yaml.safe_load((FOLDER / "queries.yml").read_text())


def partly_known(data: Any) -> Any:
    match data:
        case dict():
            return {name: partly_known(member) for name, member in data.items()}
        case list():
            return [partly_known(item) for item in data]
    return LATER if data == "LATER" else data


def asked(query: str) -> Any:
    place = Found("x.y", partly_known(QUERIES["data"]))
    return filters.answer(place, queries.parse(query, f"| {query}")).data


@pytest.mark.parametrize("query", QUERIES["later"])
def test_a_query_of_what_is_known_later_is_known_later(query: str) -> None:
    try:
        found = asked(query)
    except Later:
        return
    assert laters.within(found)


@pytest.mark.parametrize(("query", "answer"), QUERIES["known"])
def test_a_query_that_passes_by_what_is_known_later(query: str, answer: Any) -> None:
    assert asked(query) == answer


@pytest.mark.parametrize("name", sorted(queries.FUNCTIONS.keys() - {"empty"}))
def test_every_function_is_asked_of_what_is_known_later(name: str) -> None:
    called = re.compile(rf"(?<![\w@.]){name}(?!\w)")
    assert any(map(called.search, QUERIES["later"]))


CHANGES = FOLDER / "changes"
GOLDEN = json.loads((CHANGES / "golden.json").read_text())

#: Of what is unknown a plan does not say what it will be, which Terraform itself may know.
UNTYPED = {
    "terraform_data.new.output.id.deeper[0]",
    "terraform_data.new.id == null",
    'module.svc["b"].tried',
}


def changed(folder: Path = CHANGES / "after", plan: Path = CHANGES / "plan.json", **config: Any) -> Any:
    return plugin.open(FakeContext(root=folder), {"dir": str(folder), "plan": str(plan), **config})


@pytest.mark.parametrize("case", GOLDEN, ids=lambda case: str(case["address"]))
def test_what_terraform_knows_of_its_plan(case: dict[str, Any]) -> None:
    found = value(case["address"], changed())
    if case["address"] in UNTYPED:
        assert case["known"]
        assert found.unknown
    else:
        assert (found.unknown, found.data) == (not case["known"], case["value"])


def test_what_a_plan_moves_has_one_address() -> None:
    for path in ("terraform_data.old_name.input", "terraform_data.old_list.input"):
        with pytest.raises(NotFound):
            value(path, changed())
    assert "terraform_data.old_name" not in changed().addresses("")


def test_data_that_was_read_while_planning_is_marked_as_in_a_state() -> None:
    outputs = "data.terraform_remote_state.other.outputs"
    assert value(f"{outputs}.api_token", changed()).sensitive_paths == ((),)
    assert value(outputs, changed()).sensitive_paths == (("api_token",),)


@pytest.mark.parametrize(
    ("path", "planned"),
    [
        ("terraform_data.one.input.id", True),
        ("terraform_data.new.id", True),
        ("terraform_data.new_name.input", True),
        ("terraform_data.many[2].input", True),
        ("terraform_data.many[1].input", False),
        ("terraform_data.many | length", True),
        ("terraform_data.stays.output", False),
        ("data.terraform_remote_state.other.outputs.zone", True),
        ('module.svc["a"].name', True),
    ],
)
def test_where_a_value_comes_from(path: str, planned: bool) -> None:
    source = value(path, changed()).source
    assert source is not None
    assert source.label == (f"{path}, planned by Terraform 1.11.4" if planned else "")
    assert bool(source.version) != planned
    assert source.lineage == json.loads((CHANGES / "after/terraform.tfstate").read_text())["lineage"]


@pytest.mark.skipif(shutil.which("terraform") is None, reason="no terraform on PATH")
def test_the_plan_is_what_terraform_makes_of_the_configuration(tmp_path: Path) -> None:
    spec = importlib.util.spec_from_file_location("golden", CHANGES / "golden.py")
    assert spec is not None
    assert spec.loader is not None
    golden = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(golden)
    try:
        infra = golden.planned(tmp_path)
    except subprocess.CalledProcessError as error:
        pytest.skip(f"terraform cannot work here: {error.stderr[-300:]}")
    (tmp_path / "plan.json").write_text(json.dumps(golden.plan(infra)))
    resolver = changed(infra, tmp_path / "plan.json")
    found = {case["address"]: value(case["address"], resolver) for case in GOLDEN}
    for case in golden.judged(infra):
        if case["address"] not in UNTYPED:
            answer = found[case["address"]]
            assert (answer.unknown, answer.data) == (not case["known"], case["value"])
