"""Which state a folder, a path or a URL means. What the backends answer is in test_tfstate_backends_*."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.errors import NotFound, Unavailable
from reconciler.plugin import Address, ResolveError
from reconciler.testing import FakeContext, check_resolver
from reconciler_tfstate import configs, hcls, plugin
from reconciler_tfstate.hcls import Computed
from tests import tables

STATES = Path(__file__).parents[2] / "fixtures" / "tfstate"
AWS = (STATES / "aws.tfstate").read_text()
ID = Address("tfstate", "aws_instance.web.id")
FOLDERS = tables.read(STATES / "folders.yml")


def written(root: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


@pytest.mark.parametrize("case", [pytest.param(case, id=case["case"]) for case in FOLDERS])
def test_folder(tmp_path: Path, case: dict[str, Any]) -> None:
    written(tmp_path / "infra", case["files"])
    context = FakeContext(tmp_path, case.get("environ", {}))
    settings = configs.read({"dir": "infra", **case.get("config", {})})
    if "name" in case:
        assert settings.locate(context).name.removeprefix(f"{tmp_path}/") == case["name"]
        return
    with pytest.raises(Unavailable) as caught:
        settings.locate(context)
    message = str(caught.value).replace(f"{tmp_path}/", "")
    assert case["says"] in message
    assert "hush" not in message
    assert "hush" not in repr(caught.value.__cause__)


@pytest.mark.parametrize(
    ("config", "name"),
    [
        ({"url": "gs://b/a/b.tfstate"}, "gs://b/a/b.tfstate"),
        ({"url": "azurerm://sub@g/acct/states/a/b.tfstate"}, "azurerm://g/acct/states/a/b.tfstate"),
        ({"url": "remote://tfe.example/o/w"}, "remote://tfe.example/o/w"),
        ({"url": "https://states.example/x?token=hush"}, "https://states.example/x"),
        ({"url": "s3://b/env:/stg/k"}, "s3://b/env:/stg/k"),
        (
            {"backend": "s3", "backend_config": {"bucket": "b", "key": "k"}, "workspace": "w"},
            "s3://b/env:/w/k",
        ),
        ({"path": "x", "url": "s3://b/k"}, "x"),
    ],
)
def test_names_of_what_a_config_means(config: dict[str, Any], name: str) -> None:
    context = FakeContext(environ={"TF_WORKSPACE": "ignored"} if "url" in config else {})
    assert configs.read(config).locate(context).name == name


def test_a_state_is_found_through_its_folder(tmp_path: Path) -> None:
    written(tmp_path / "infra", {"main.tf": "", "terraform.tfstate": AWS})
    value = plugin.open(FakeContext(tmp_path), {"dir": "infra"}).lookup(ID)
    assert value.data == "i-new"
    assert value.source is not None
    assert value.source.name.endswith("infra/terraform.tfstate")


@pytest.mark.parametrize("key", ["path", "url"])
def test_a_path_to_the_note_of_init_leads_on_as_for_the_peer(tmp_path: Path, key: str) -> None:
    note = '{"version": 3, "backend": {"type": "local", "config": {"path": "sub/x", "workspace_dir": null}}}'
    written(
        tmp_path / "infra",
        {
            ".terraform/terraform.tfstate": note,
            ".terraform/environment": "stg",
            "terraform.tfstate.d/stg/terraform.tfstate": AWS,
        },
    )
    config = {key: "infra/.terraform/terraform.tfstate"}
    assert plugin.open(FakeContext(tmp_path), config).lookup(ID).data == "i-new"


def test_a_wrong_folder_is_no_absent_state(tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match="there is no folder"):
        plugin.open(FakeContext(tmp_path), {"dir": "infra", "optional": True}).lookup(ID)
    (tmp_path / "infra").mkdir()
    (tmp_path / "infra" / "main.tf").touch()
    with pytest.raises(NotFound, match="holds nothing yet"):
        plugin.open(FakeContext(tmp_path), {"dir": "infra", "optional": True}).lookup(ID)


LOCK = (
    '{"ID":"6f0c","Operation":"OperationTypeApply","Info":"","Who":"ann@desk","Version":"1.11.4",'
    '"Created":"2026-11-20T10:00:00Z","Path":"terraform.tfstate"}'
)


def test_a_running_apply_is_named(tmp_path: Path) -> None:
    infra = tmp_path / "infra"
    written(infra, {"main.tf": "", ".terraform.tfstate.lock.info": LOCK})
    with pytest.raises(
        Unavailable, match="yet: it is locked by apply of ann@desk since 2026-11-20"
    ) as caught:
        plugin.open(FakeContext(tmp_path), {"dir": "infra"}).lookup(ID)
    assert caught.value.retry_after is None
    resolver = plugin.open(FakeContext(tmp_path), {"dir": "infra"})
    for torn in ("", AWS[:200]):
        written(infra, {"terraform.tfstate": torn})
        with pytest.raises(Unavailable, match="is being written by apply of ann@desk") as caught:
            resolver.lookup(ID)
        assert caught.value.retry_after is not None
    written(infra, {"terraform.tfstate": AWS})
    assert resolver.lookup(ID).data == "i-new", "a whole state is read, locked or not"


@pytest.mark.parametrize("lock", ["", "{", "[]", '{"Who": 3, "Operation": "\\n"}', "[" * 100_000])
def test_a_lock_that_is_none_says_little(tmp_path: Path, lock: str) -> None:
    written(tmp_path / "infra", {"main.tf": "", ".terraform.tfstate.lock.info": lock})
    with pytest.raises(Unavailable, match="there is no state at"):
        plugin.open(FakeContext(tmp_path), {"dir": "infra"}).lookup(ID)


def test_a_workspace_that_has_no_state_beside_those_that_have(tmp_path: Path) -> None:
    held = {f"terraform.tfstate.d/{name}/terraform.tfstate": AWS for name in ("stg", "prod")}
    written(tmp_path / "infra", {"main.tf": "", **held})
    with pytest.raises(Unavailable, match="the workspace prd has no state at") as caught:
        plugin.open(FakeContext(tmp_path), {"dir": "infra", "workspace": "prd"}).lookup(ID)
    assert "choose one of default, prod, stg;" in (caught.value.hint or "")


@pytest.mark.parametrize(
    "config",
    [
        {"dir": "../infra"},
        {"path": "../infra/terraform.tfstate"},
        {"url": "../infra/terraform.tfstate"},
        {"backend": "local", "backend_config": {"path": "../infra/terraform.tfstate"}},
    ],
)
def test_a_project_in_another_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, config: dict[str, Any]
) -> None:
    """Of which the path is relative, as `--config service/reconciler.yml` has it."""
    written(tmp_path / "infra", {"main.tf": "", "terraform.tfstate": AWS})
    (tmp_path / "service").mkdir()
    monkeypatch.chdir(tmp_path)
    assert plugin.open(FakeContext(Path("service")), config).lookup(ID).data == "i-new"


def test_outputs_only(tmp_path: Path) -> None:
    context = FakeContext(STATES)
    resolver = plugin.open(context, {"path": "aws.tfstate", "outputs_only": True})
    assert resolver.lookup(Address("tfstate", "output.vpc_id")).data
    with pytest.raises(NotFound, match="only outputs of this state may be referred to"):
        resolver.lookup(ID)
    listed = list(resolver.addresses(""))  # type: ignore[attr-defined]
    assert listed
    assert all(address.startswith("output.") for address in listed)


@given(st.text(alphabet='abv.${}"[]\\%u01 \n<-EOT=', max_size=30))
def test_any_file_of_hcl_gives_a_value_or_one_of_our_errors(text: str) -> None:
    with suppress(ResolveError, Computed):
        for block in hcls.blocks(
            hcls.parse(f'terraform {{\n backend "s3" {{\n key = {text}\n }}\n}}', "x"), "terraform"
        ):
            hcls.value(block, ".".join)


@given(st.text(alphabet='abv.${}"[]\\%u0 \n<-EOT', max_size=30))
def test_any_text_is_a_value_or_computed(text: str) -> None:
    for quoted in (text, f"${{{text}}}", f"x${{var.{text}}}"):
        with suppress(Computed):
            hcls.value(quoted, ".".join, text=True)


def test_a_note_is_not_shown_in_messages(tmp_path: Path) -> None:
    """Found by fuzzing: a type may be any text, however long."""
    odd = "\\u001b[31m" + "[" * 50_000
    note = f'{{"version": 3, "backend": {{"type": "{odd}", "config": {{}}}}}}'
    written(tmp_path / "infra", {".terraform/terraform.tfstate": note, "x.tfstate": note})
    for config in ({"dir": "infra"}, {"path": "infra/x.tfstate"}):
        with pytest.raises(Unavailable) as caught:
            plugin.open(FakeContext(tmp_path), config).lookup(ID)
        assert len(str(caught.value)) < 600
        assert "\x1b" not in str(caught.value)


@pytest.mark.parametrize(
    "config", [{"dir": "infra"}, {"backend": "local", "backend_config": {"path": "infra/x"}}]
)
def test_a_state_found_has_a_resolvers_duties(tmp_path: Path, config: dict[str, Any]) -> None:
    block = 'terraform {\n backend "local" {\n path = "x"\n }\n}\n'
    written(tmp_path / "infra", {"main.tf": block, "x": AWS})
    check_resolver(plugin, config, FakeContext(tmp_path), ID, Address("tfstate", "output.none"))
