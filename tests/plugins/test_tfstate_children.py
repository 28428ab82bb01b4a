"""Outputs of child modules: the table of fixtures/tfstate/children.yml, and what Terraform itself said."""

from __future__ import annotations

import importlib.util
import json
import shutil
import subprocess
import sys
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from reconciler.errors import ResolveError
from reconciler.plugin import Address, Enumerable, Resolver, Source, Unavailable, Value
from reconciler.testing import FakeContext
from reconciler_tfstate import addresses, plugin
from reconciler_tfstate.addresses import Index, Resource
from reconciler_tfstate.children import Children
from reconciler_tfstate.states import State
from tests import tables

FIXTURES = Path(__file__).parents[2] / "fixtures" / "tfstate"
CASES = tables.read(FIXTURES / "children.yml")
MODULES = FIXTURES / "modules"
GOLDEN = json.loads((MODULES / "golden.json").read_text())
ENVIRON = {"TF_VAR_from_environment": "environment"}


def state(resources: Mapping[str, Any]) -> str:
    """Write a state in which each resource, by its address, has attributes."""
    found = []
    for address, attributes in resources.items():
        reference = addresses.parse(address)
        assert isinstance(reference.target, Resource)
        keys = [step.key for step in reference.steps if isinstance(step, Index)]
        module = addresses.render_module(reference.target.module)
        _, mode, kind, name = reference.target
        instances = [{**({"index_key": keys[0]} if keys else {}), "attributes": attributes}]
        found.append({"module": module, "mode": mode, "type": kind, "name": name, "instances": instances})
    return json.dumps({"version": 4, "serial": 1, "lineage": "l", "outputs": {}, "resources": found})


def opened(case: Mapping[str, Any], folder: Path) -> Resolver:
    """Write the files of a case, and open its resolver."""
    workspace = case.get("workspace")
    held = f"terraform.tfstate.d/{workspace}/terraform.tfstate" if workspace else "terraform.tfstate"
    files = {held: state(case.get("state", {})), **case.get("files", {})}
    for name, text in files.items():
        path = folder / "infra" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    config = {"dir": "infra", **case.get("config", {})}
    kept = {key: value for key, value in config.items() if value is not None}
    return plugin.open(FakeContext(root=folder, environ=case.get("environ", {})), kept)


@pytest.mark.parametrize("case", CASES, ids=[case["case"] for case in CASES])
def test_case(case: dict[str, Any], tmp_path: Path) -> None:
    path = plugin.functions["tfstate"](case["address"])
    resolver = opened(case, tmp_path)
    if "error" not in case:
        value = resolver.lookup(Address("tfstate", path))
        assert value.data == case["value"]
        assert [list(each) for each in value.sensitive_paths] == case.get("sensitive", [])
        assert value.source is not None
        failures = {".".join(map(str, each)): error.what for each, error in value.failures}
        expected: dict[str, str] = case.get("failures", {})
        assert failures.keys() == expected.keys()
        assert all(expected[each] in failures[each] for each in expected)
        return
    with pytest.raises(ResolveError) as caught:
        resolver.lookup(Address("tfstate", path))
    assert type(caught.value).__name__ == case["error"]
    for text in case["says"]:
        assert text in str(caught.value)
    assert "hush-" not in str(caught.value)


@cache
def golden() -> Resolver:
    """Open the state that Terraform wrote."""
    return plugin.open(FakeContext(root=FIXTURES, environ=ENVIRON), {"dir": "modules"})


def agrees(value: Value, row: Mapping[str, Any]) -> None:
    """Hold a value against a golden one."""
    assert value.data == row["value"]
    # Terraform forgets that an output of a child module is declared sensitive; nothing of the value is here.
    assert bool(value.sensitive_paths) >= row["sensitive"]


@pytest.mark.parametrize("row", GOLDEN, ids=[row["address"] for row in GOLDEN])
def test_terraform_says_the_same(row: dict[str, Any]) -> None:
    agrees(golden().lookup(Address("tfstate", row["address"])), row)


@pytest.mark.parametrize(
    ("address", "paths"),
    [
        ("module.numbered[0].url", ()),
        ("module.numbered[0].password", ((),)),
        ("module.numbered[*].password", ((0,), (1,))),
        ("module.numbered", ((0, "both"), (0, "password"), (1, "both"), (1, "password"))),
        ('module.keyed["blue"].both.open', ((),)),
        ("module.json.secret", ((),)),
        ("module.json.twice", ()),
    ],
)
def test_what_is_sensitive(address: str, paths: tuple[tuple[str | int, ...], ...]) -> None:
    assert golden().lookup(Address("tfstate", address)).sensitive_paths == paths


def test_a_state_that_was_written_elsewhere_needs_the_installed_modules_alone(tmp_path: Path) -> None:
    """What the golden test finds by sources, `terraform init` has written down as well."""
    shutil.copytree(MODULES, tmp_path / "infra")
    installed = tmp_path / "infra/.terraform/modules/modules.json"
    installed.parent.mkdir(parents=True)
    shutil.copy(MODULES / "modules.json", installed)
    resolver = plugin.open(FakeContext(root=tmp_path, environ=ENVIRON), {"dir": "infra"})
    for row in GOLDEN:
        agrees(resolver.lookup(Address("tfstate", row["address"])), row)


def test_values_that_a_plan_leaves_open(tmp_path: Path) -> None:
    resource = 'resource "terraform_data" "t" {}\n'
    files = {
        "main.tf": 'module "m" { source = "./m" }',
        "m/main.tf": resource
        + 'output "id" { value = terraform_data.t.id }\n'
        + 'output "both" { value = { id = "x-${terraform_data.t.id}", port = terraform_data.t.input.port } }\n',
    }
    change = {
        "actions": ["create"],
        "before": None,
        "after": {"input": {"port": 80}},
        "after_unknown": {"id": True},
    }
    planned = {
        "format_version": "1.2",
        "planned_values": {},
        "resource_changes": [
            {
                "address": "module.m.terraform_data.t",
                "module_address": "module.m",
                "mode": "managed",
                "type": "terraform_data",
                "name": "t",
                "change": change,
            }
        ],
        "output_changes": {},
    }
    (tmp_path / "plan.json").write_text(json.dumps(planned))
    resolver = opened({"files": files, "config": {"plan": "plan.json"}}, tmp_path)
    assert resolver.lookup(Address("tfstate", "module.m.both.port")).data == 80
    for path in ("module.m.id", "module.m.both.id"):
        assert resolver.lookup(Address("tfstate", path)).unknown
    both = resolver.lookup(Address("tfstate", "module.m.both"))
    assert (both.data, both.unknown, both.unknown_paths) == ({"id": None, "port": 80}, False, (("id",),))


def test_defaults_do_not_count_where_a_server_may_hold_values(tmp_path: Path) -> None:
    (tmp_path / "m").mkdir()
    call = 'variable "a" { default = 1 }\nmodule "m" {\n  source = "./m"\n  a = var.a\n}\n'
    (tmp_path / "main.tf").write_text(call)
    (tmp_path / "m/main.tf").write_text('variable "a" {}\noutput "a" { value = var.a }')
    held = State(Source("remote://app.terraform.io/o/w"), {}, {})
    reference = addresses.parse("module.m.a")
    with pytest.raises(
        Unavailable, match=r"the variable a may have a value in remote://app\.terraform\.io/o/w"
    ):
        Children(held, tmp_path, workspace="w", environ={}).answer(reference)
    assert Children(held, tmp_path, workspace="w", environ={"TF_VAR_a": "2"}).answer(reference).data == "2"


@pytest.mark.skipif(shutil.which("terraform") is None, reason="no terraform on PATH")
def test_terraform_still_says_the_same(tmp_path: Path) -> None:
    """Apply the configuration anew, and compare with the values of this run."""
    spec = importlib.util.spec_from_file_location("golden", MODULES / "golden.py")
    assert spec is not None
    assert spec.loader is not None
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    try:
        folder = script.applied(tmp_path)
    except subprocess.CalledProcessError as error:
        pytest.skip(f"terraform cannot work here: {error.stderr[-300:]}")
    resolver = plugin.open(FakeContext(root=tmp_path, environ=ENVIRON), {"dir": "infra"})
    paths = [row["address"] for row in GOLDEN]
    for path, (data, sensitive) in zip(paths, script.values(folder, paths), strict=True):
        agrees(resolver.lookup(Address("tfstate", path)), {"value": data, "sensitive": sensitive})


def test_nothing_of_it_is_imported_for_other_addresses() -> None:
    code = (
        "import sys; from pathlib import Path; from reconciler.plugin import Address;"
        "from reconciler.testing import FakeContext; from reconciler_tfstate import plugin;"
        f"r = plugin.open(FakeContext(root=Path({str(FIXTURES)!r})), {{'dir': 'modules'}});"
        "r.lookup(Address('tfstate', 'module.network.terraform_data.vpc.id'));"
        "assert not {'reconciler.hcl.syntax', 'reconciler_tfstate.children', 'hcl2'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_outputs_of_modules_are_listed(tmp_path: Path) -> None:
    """Those of calls that cannot be read are not, and a module that calls itself comes to an end."""
    files = {
        "main.tf": """
            module "net" { source = "./net" }
            module "each" {
              source   = "./net"
              for_each = var.unknown
            }
            module "many" {
              source = "./net"
              count  = var.unknown
            }
            module "elsewhere" { source = "hashicorp/consul/aws" }
            output "declared" { value = 1 }
        """,
        "net/main.tf": """
            output "cidr" { value = "10.0.0.0/8" }
            module "deep" { source = "../deep" }
        """,
        "deep/main.tf": """
            output "hash" { value = 1 }
            module "again" { source = "../deep" }
        """,
    }
    held = {"aws_vpc.a": {"id": "vpc-1", "a b": {"c": 1}}, 'module.each["x"].aws_vpc.b': {}}
    resolver = opened({"files": files, "state": held}, tmp_path)
    assert isinstance(resolver, Enumerable)
    found = list(resolver.addresses("module."))
    expected = {
        "module.net.cidr",
        "module.many[*].cidr",
        'module.each["x"].cidr',
        "module.net.module.deep.hash",
    }
    assert expected <= set(found)
    assert all(address.split(".")[1] in ("net", "many[*]", 'each["x"]') for address in found)
    assert resolver.addresses("aws_vpc.a.") == ["aws_vpc.a.id"]
    assert resolver.addresses('aws_vpc.a["') == ['aws_vpc.a["a b"]']
    assert not resolver.addresses("aws_vpc.none.")
    assert max(address.count("module.") for address in found) < 10
    assert "module.net.cidr" in resolver.addresses("mod")
    assert resolver.addresses("aws") == ["aws_vpc.a"]
    only = opened({"files": files, "state": held, "config": {"outputs_only": True}}, tmp_path)
    assert isinstance(only, Enumerable)
    assert not list(only.addresses("module."))
