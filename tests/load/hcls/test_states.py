"""References to Terraform's states in whole projects: the table of fixtures/hcl/states.yml, and its listing."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from reconciler import Project, Reconciler
from reconciler.errors import HclError, ReconcilerError
from reconciler.load import project
from reconciler.load.sources import Document, Options
from tests import tables

CASES = tables.read(Path(__file__).parents[3] / "fixtures" / "hcl" / "states.yml")


def state(name: str) -> str:
    """Write a state whose output tells it from others."""
    outputs = {
        "name": {"value": name, "type": "string"},
        "names": {"value": ["x", name], "type": ["list", "string"]},
        "big": {"value": 0.5, "type": "number"},
    }
    text = json.dumps({"version": 4, "serial": 1, "lineage": "l", "outputs": outputs, "resources": []})
    return text.replace(
        "0.5", "123456789012345678901234567890.5"
    )  # which no float of Python's would be written as


def opened(case: dict[str, Any], folder: Path) -> Reconciler:
    """Write the project of a case, and open it."""
    files = {"a.tfstate": "a", "b.tfstate": "b", **case.get("files", {})}
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(state(text) if name.endswith(".tfstate") else str(text))
    settings: dict[str, Any] = {key: case[key] for key in ("plugins", "terraform") if key in case}
    settings |= {"region": "eu-west-1", "task_definition": "task.hcl"}
    (folder / "reconciler.yml").write_text(yaml.safe_dump(settings))
    (folder / "task.hcl").write_text(f"family = jsonencode({case['asks']})\n")
    found = Project.load(
        folder / "reconciler.yml", environ=case.get("environ", {}), workspace=case.get("workspace")
    )
    return Reconciler.open(found)


@pytest.mark.parametrize("case", CASES, ids=[case["case"] for case in CASES])
def test_case(case: dict[str, Any], tmp_path: Path) -> None:
    with opened(case, tmp_path) as reconciler:
        if "says" in case:
            for ask in (lambda: reconciler.evaluate(case["asks"]), reconciler.definitions):
                with pytest.raises(ReconcilerError) as caught:
                    ask()
                for text in case["says"]:
                    assert text in str(caught.value)
                assert "hush" not in str(caught.value)
            return
        assert reconciler.masker.value(reconciler.evaluate(case["asks"])) == case["value"]
        resolved = reconciler.definitions().task_definition
        assert resolved is not None
        assert isinstance(resolved.data, dict)
        value = json.loads(str(resolved.data["family"]))
        secret = resolved.is_sensitive(("family",))
        assert secret == ("(sensitive value)" in str(case["value"]))
        assert secret or value == case["value"]


def test_the_folder_that_the_command_is_run_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    monkeypatch.chdir(elsewhere)
    with opened({"asks": "1"}, tmp_path) as reconciler:
        assert reconciler.evaluate("[path.cwd, path.root]") == [str(elsewhere), str(tmp_path)]


def test_references_are_listed_for_the_state_that_answers(tmp_path: Path) -> None:
    case = {
        "plugins": [{"name": "tfstate", "func_prefix": "prod_", "config": {"path": "a.tfstate"}}],
        "asks": "true ? output.name : output.none",
    }
    with opened(case, tmp_path) as reconciler:
        listed = [str(each.address) for each in reconciler.references().references]
    assert listed == ["prod_tfstate output.name", "prod_tfstate output.none"]


def test_the_workspace_is_not_known_before_the_project_says_where() -> None:
    text = 'terraform = "../infra-${terraform.workspace}"'
    document = Document(Path("reconciler.hcl"), text, "hcl-project")
    with pytest.raises(HclError, match="not known before the project says where") as caught:
        project.outline(document, Options({}, declared=document))
    assert caught.value.where is not None
    [use] = project.outline(document, Options({"TF_WORKSPACE": "prd"}, declared=document))
    assert use.config == {"dir": "../infra-prd"}
