"""A plan of Terraform's laid over a state: what it changes, what it leaves, and what is known later.

`fixtures/tfstate/planned` was written by Terraform 1.11.4 with its built-in `terraform_data`.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from reconciler.plugin import Address, NotFound, Unavailable, Value
from reconciler.testing import FakeContext
from reconciler_tfstate import plugin

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
