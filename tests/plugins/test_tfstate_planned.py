"""A plan of Terraform's laid over a state: what it changes, what it leaves, and what is known later.

`fixtures/tfstate/planned/plan.json` was written by Terraform 1.11.4 with its built-in `terraform_data`.
"""

from __future__ import annotations

import importlib.util
import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from reconciler import Project, Reconciler
from reconciler.errors import KnownLater
from reconciler.plugin import Address, NotFound, Unavailable, Value
from reconciler.testing import FakeContext
from reconciler_tfstate import filters, laters, plugin, queries
from reconciler_tfstate.laters import LATER, Later
from reconciler_tfstate.places import Found
from tests import tables

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
    ],
)
def test_what_is_known_later(path: str) -> None:
    found = value(path)
    assert (found.data, found.unknown) == (None, True)


def test_what_is_known_in_parts() -> None:
    found = value('terraform_data.target["blue"]')
    assert isinstance(found.data, dict)
    assert (found.unknown, found.unknown_paths) == (False, (("id",), ("output",)))
    assert (found.data["id"], found.data["output"]) == (None, None)
    assert found.data["input"]["port"] == 8080


def test_what_is_sensitive() -> None:
    assert value('terraform_data.target["blue"].input.secret').sensitive_paths == ((),)
    assert value('terraform_data.target["blue"].input').sensitive_paths == (("secret",),)


def test_what_goes() -> None:
    with pytest.raises(NotFound):
        value("terraform_data.old.output")


def test_an_output_that_becomes_null_goes_as_no_state_keeps_it(tmp_path: Path) -> None:
    document = json.loads((FOLDER / "plan.json").read_text())
    document["output_changes"] = {
        "subnet": {"actions": ["update"], "before": "x", "after": None, "after_unknown": False}
    }
    plan = tmp_path / "plan.json"
    plan.write_text(json.dumps(document))
    with pytest.raises(NotFound, match="has no output 'subnet'"):
        value("output.subnet", opened(plan=plan))


def test_a_number_has_all_its_digits(tmp_path: Path) -> None:
    changes = {"n": {"actions": ["create"], "before": None, "after": 0.5, "after_unknown": False}}
    document = json.loads((FOLDER / "plan.json").read_text()) | {"output_changes": changes}
    plan = tmp_path / "plan.json"
    plan.write_text(json.dumps(document).replace("0.5", "1.2345678901234567891"))
    found: Any = value("output.n", opened(plan=plan)).data
    assert found.digits == "1.2345678901234567891"


def test_what_was_found_changed_outside_of_terraform_goes_into_the_state(tmp_path: Path) -> None:
    def change(address: str, *actions: str, **change: Any) -> dict[str, Any]:
        kind, name = address.split(".")
        return {"mode": "managed", "type": kind, "name": name, "change": {"actions": list(actions), **change}}

    document = {
        "planned_values": {},
        "resource_drift": [
            change("terraform_data.network", "update", after={"output": "drifted", "id": "n"}),
            change("terraform_data.put_back", "update", after={"output": "drifted"}),
            change("terraform_data.gone", "delete", after=None),
        ],
        "resource_changes": [
            change("terraform_data.network", "no-op", after={"output": "drifted", "id": "n"}),
            change("terraform_data.put_back", "update", after={"output": "as it was"}),
            change("terraform_data.gone", "create", after={}, after_unknown={"output": True}),
        ],
    }
    (tmp_path / "plan.json").write_text(json.dumps(document))
    resolver = opened(plan=tmp_path / "plan.json")
    assert value("terraform_data.network.output", resolver).data == "drifted"
    assert value("terraform_data.put_back.output", resolver).data == "as it was"
    assert value("terraform_data.gone.output", resolver).unknown


def test_a_plan_that_failed_is_none(tmp_path: Path) -> None:
    (tmp_path / "plan.json").write_text('{"planned_values": {}, "errored": true}')
    with pytest.raises(Unavailable, match="is a plan that failed"):
        value("output.subnet", opened(plan=tmp_path / "plan.json"))


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


QUERIES = tables.read(FOLDER / "queries.yml")


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
    assert laters.parted(found)[1]


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


def changed(folder: Path = CHANGES / "after", plan: Path = CHANGES / "plan.json") -> Any:
    return plugin.open(FakeContext(root=folder), {"dir": str(folder), "plan": str(plan)})


def agrees(found: Value, case: dict[str, Any]) -> None:
    known = case["known"] and case["address"] not in UNTYPED
    assert (not found.unknown and not found.unknown_paths) == known
    assert found.data == case["value"] or not known


ADDRESSES = [case for case in GOLDEN if case["address"]]


@pytest.mark.parametrize("case", ADDRESSES, ids=lambda case: str(case["address"]))
def test_what_terraform_knows_of_its_plan(case: dict[str, Any]) -> None:
    agrees(value(case["address"], changed()), case)


def test_many_of_which_some_are_known_later() -> None:
    found = value("terraform_data.many[*].output", changed())
    assert (found.data, found.unknown, found.unknown_paths) == (["n0", "n1", None], False, ((2,),))


@pytest.fixture
def asking(tmp_path: Path) -> Iterator[Reconciler]:
    """Give a project over the plan."""
    (tmp_path / "reconciler.yml").write_text(
        json.dumps(
            {"region": "eu-west-1", "terraform": str(CHANGES / "after"), "task_definition": "task.hcl"}
        )
    )
    project = Project.load(tmp_path / "reconciler.yml", environ={}, planned={"": CHANGES / "plan.json"})
    with Reconciler.open(project) as reconciler:
        yield reconciler


@pytest.mark.parametrize("case", GOLDEN, ids=lambda case: str(case["expression"]))
def test_what_expressions_know_of_a_plan(case: dict[str, Any], asking: Reconciler, tmp_path: Path) -> None:
    expression = case["expression"]
    (tmp_path / "task.hcl").write_text(f"family = jsonencode({expression})\n")
    if case["known"] and not UNTYPED & {case["address"], expression}:
        assert asking.evaluate(expression) == case["value"]
        resolved = asking.definitions(service=False).task_definition
        assert resolved is not None
        assert isinstance(resolved.data, dict)
        assert json.loads(str(resolved.data["family"])) == case["value"]
    else:
        for ask in (lambda: asking.evaluate(expression), asking.definitions):
            with pytest.raises(KnownLater):
                ask()


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("terraform_data.many[*].output", ["n0", "n1", "?"]),
        ("{ a = terraform_data.new.id, b = [try(terraform_data.new.id, 1), 2] }", {"a": "?", "b": ["?", 2]}),
        ('"x-${terraform_data.new.id}"', "?"),
        ("toset(terraform_data.many[*].output)", "?"),
    ],
)
def test_what_is_known_later_beside_what_is_known(expression: str, value: object, asking: Reconciler) -> None:
    assert asking.evaluate(expression, later="?") == value
    with pytest.raises(KnownLater) as caught:
        asking.evaluate(expression)
    assert "^^^" in str(caught.value)


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("environment = { A = (terraform_data.many[*].output)[2] }", "tfstate terraform_data.many"),
        (
            'environment = { A = tfstate("terraform_data.many[*].output")[2] }',
            "tfstate terraform_data.many[*].output",
        ),
        (
            'dynamic "environment" {\n for_each = toset(terraform_data.many[*].output)\n content { name = "A" }\n}',
            "tfstate terraform_data.many",
        ),
        ("for_each = toset(terraform_data.many[*].output)", "tfstate terraform_data.many"),
        (
            'count = length([for one in terraform_data.many : one if one.output == "n2"])',
            "tfstate terraform_data.many",
        ),
        ("environment = { A = tfstate((terraform_data.many[*].output)[2]) }", "tfstate terraform_data.many"),
        ("environment = { A = [(terraform_data.many[*].output)[2]] }", "tfstate terraform_data.many"),
        ("environment = { A = terraform_data.new.id }", "tfstate terraform_data.new.id"),
        ("command = terraform_data.many[*].output", "tfstate terraform_data.many"),
    ],
)
def test_what_waits_for_a_part(text: str, address: str, asking: Reconciler, tmp_path: Path) -> None:
    (tmp_path / "task.hcl").write_text(f"container_definition {{\n{text}\n}}\n")
    with pytest.raises(KnownLater) as caught:
        asking.definitions(service=False)
    assert caught.value.address.startswith(address)
    assert caught.value.where is not None
    assert caught.value.where.path.endswith("task.hcl")


def test_an_output_that_cannot_be_computed_is_an_error_where_it_is_needed(
    asking: Reconciler, tmp_path: Path
) -> None:
    expression = "{ for key, one in module.svc : key => try(one.stamp, 0) }"
    (tmp_path / "task.hcl").write_text(f"family = jsonencode({expression})\n")
    for ask in (lambda: asking.evaluate(expression), asking.definitions):
        with pytest.raises(Unavailable, match=r'module\.svc\["a"\]\.stamp cannot be computed from the state'):
            ask()


@pytest.mark.usefixtures("asking")
def test_a_text_needs_all_of_a_value(tmp_path: Path) -> None:
    (tmp_path / "task.json").write_text('{"family": {{ tfstate `module.svc["a"]` | printf "%q" }}}')
    text = (tmp_path / "reconciler.yml").read_text()
    (tmp_path / "reconciler.yml").write_text(text.replace("task.hcl", "task.json"))
    project = Project.load(tmp_path / "reconciler.yml", environ={}, planned={"": CHANGES / "plan.json"})
    with Reconciler.open(project) as reconciler, pytest.raises(Unavailable, match="stamp cannot be computed"):
        reconciler.definitions(service=False)
    (tmp_path / "task.json").write_text(
        '{"family": {{ tfstate "terraform_data.many[*].output" | printf "%q" }}}'
    )
    with Reconciler.open(project) as reconciler, pytest.raises(KnownLater, match="known in parts alone"):
        reconciler.definitions(service=False)


def test_a_plan_waits_for_what_is_known_in_parts_where_those_are_not_enough(
    asking: Reconciler, tmp_path: Path
) -> None:
    text = 'family = "f-${length(terraform_data.many)}"\ncontainer_definition "a" {\n  image = %s\n}\n'
    live = ("live.json", {"taskDefinition": {"family": "f-3", "containerDefinitions": []}})
    (tmp_path / "task.hcl").write_text(text % "(terraform_data.many[*].output)[1]")
    assert asking.plan(live=live).deferred == ()
    (tmp_path / "task.hcl").write_text(text % "(terraform_data.many[*].output)[2]")
    project = Project.load(tmp_path / "reconciler.yml", environ={}, planned={"": CHANGES / "plan.json"})
    with Reconciler.open(project) as reconciler:
        [unit] = reconciler.plan(live=live).deferred
    assert [str(each.address) for each in unit.awaits] == ["tfstate terraform_data.many"] * 2


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
    found = {case["address"]: value(case["address"], resolver) for case in ADDRESSES}
    for case in golden.judged(infra):
        if case["address"]:
            agrees(found[case["address"]], case)
