"""The image and the Terraform module hold together, and so does what docs/ci.md says of them."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import botocore.session
import pytest

from reconciler import caches
from reconciler.hcl import nodes, syntax
from reconciler.hcl.references import references
from tests import tables
from tests.house.lines import understood

ROOT = Path(__file__).parents[2]
ACTION = tables.read(ROOT / "action.yml")
PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text())
MODULE = ROOT / "examples/terraform-drift"
CI = (ROOT / "docs/ci.md").read_text()


# The image


def instructions() -> list[tuple[str, str]]:
    """Give the instructions of the Dockerfile with what follows, lines that go on joined."""
    lines = [line for line in (ROOT / "Dockerfile").read_text().splitlines() if not line.startswith("#")]
    whole = re.sub(r"\\\n\s*", "", "\n".join(lines)).splitlines()
    return [(word, rest) for word, _, rest in (line.partition(" ") for line in whole if line)]


IMAGE = instructions()
LAST = IMAGE[max(place for place, (word, _) in enumerate(IMAGE) if word == "FROM") :]
ARGS = dict(rest.partition("=")[::2] for word, rest in IMAGE if word == "ARG")
ENV = {
    name: value
    for word, rest in LAST
    if word == "ENV"
    for name, _, value in (pair.partition("=") for pair in shlex.split(rest))
}


def only(word: str) -> str:
    """Give what an instruction of the last stage says."""
    (found,) = [rest for name, rest in LAST if name == word]
    return found


def test_the_image_is_built_on_a_named_python_that_we_support() -> None:
    assert [rest for word, rest in IMAGE if word == "FROM"] == [
        "python:${PYTHON} AS build",
        "python:${PYTHON}",
    ]
    version, kind, _ = ARGS["PYTHON"].split("-")
    assert kind == "slim"
    assert f"Programming Language :: Python :: {version}" in PROJECT["project"]["classifiers"]


def test_the_image_has_all_that_the_wheel_is_built_of_and_nothing_else() -> None:
    copied = [rest.split()[:-1] for word, rest in IMAGE if word == "COPY" and not rest.startswith("--from")]
    sources = {name for names in copied for name in names}
    assert [name for name in sources if not (ROOT / name).exists()] == []
    patterns = (ROOT / ".dockerignore").read_text().splitlines()
    assert {line[1:] for line in patterns if line.startswith("!")} == sources
    assert "*" in patterns
    wheel = PROJECT["tool"]["hatch"]["build"]["targets"]["wheel"]
    needed = [*wheel["packages"], *wheel["force-include"], PROJECT["project"]["readme"], "pyproject.toml"]
    assert {name.partition("/")[0] for name in needed} <= sources
    assert [name for name in ("action.yml", "Dockerfile", "examples", "action") if name in needed] == []


def test_the_image_runs_the_command_without_root() -> None:
    assert json.loads(only("ENTRYPOINT"))[0] in PROJECT["project"]["scripts"]
    assert json.loads(only("CMD")) == ["--help"]
    user, _, group = only("USER").partition(":")
    assert int(user) > 0
    assert int(group) > 0
    assert only("STOPSIGNAL") == "SIGINT"
    assert f"{only('COPY').split()[-1]}/bin" == ENV["PATH"].split(":")[0]


def test_the_image_writes_to_its_volume_alone() -> None:
    (volume,) = json.loads(only("VOLUME"))
    assert caches.folder(ENV).is_relative_to(volume)
    assert [name for name in ("HOME", "TMPDIR") if not Path(ENV[name]).is_relative_to(volume)] == []
    assert f"--tmpfs {volume}:mode=1777" in CI
    assert any(rest == f"install --directory --mode=1777 {volume}" for word, rest in LAST if word == "RUN")


def test_nothing_of_pips_stays_and_extras_are_there() -> None:
    installs = [rest for word, rest in IMAGE if word == "RUN" and "pip " in rest]
    assert len(installs) == 2
    assert all(rest.count("--no-cache-dir") == 1 for rest in installs)
    extras = PROJECT["project"]["optional-dependencies"]
    named = {
        *ARGS["EXTRAS"].split(","),
        *re.findall(r"opentofu|gcs|azurerm", ACTION["inputs"]["extras"]["description"]),
    }
    assert named <= set(extras)


# The module

BODIES = {path.name: syntax.parse_body(path.read_text(), path.name) for path in sorted(MODULE.glob("*.tf"))}


def blocks(found: nodes.Body) -> Iterator[nodes.Block]:
    """Give the blocks of a body, those within them too."""
    for block in found.blocks:
        yield block
        yield from blocks(block.body)


def written(found: nodes.Body) -> Iterator[nodes.Expr]:
    """Give the expressions of a body's own attributes, and of those of its blocks."""
    for each in (found, *(block.body for block in blocks(found))):
        yield from (attribute.expr for attribute in each.attributes)


def declared(kind: str) -> dict[str, nodes.Block]:
    """Give the blocks of a kind by what they are called."""
    found = [block for body in BODIES.values() for block in body.blocks if block.type == kind]
    return {".".join(block.labels): block for block in found}


def test_the_module_refers_to_what_it_declares_and_uses_it() -> None:
    used = {
        reference.address
        for body in BODIES.values()
        for each in written(body)
        for reference in references(each)
    }
    variables = {".".join(name.split(".")[:2]) for name in used if name.startswith("var.")}
    assert variables == {f"var.{name}" for name in declared("variable")}
    resources = {".".join(name.split(".")[:2]) for name in used if name.startswith("aws_")}
    assert {name.partition("[")[0] for name in resources} <= set(declared("resource"))


def test_the_examples_call_of_the_module_is_one() -> None:
    (text,) = re.findall(r"^```hcl\n(.*?)^```$", (MODULE / "README.md").read_text(), re.MULTILINE | re.DOTALL)
    (module,) = syntax.parse_body(text, "README.md").blocks
    given = {attribute.name for attribute in module.body.attributes}
    variables = declared("variable")
    needed = {
        name
        for name, block in variables.items()
        if not any(a.name == "default" for a in block.body.attributes)
    }
    assert needed <= given
    assert given <= {*variables, "source"}


def test_the_task_runs_a_command_of_ours() -> None:
    understood(["drift", "--shard=1/2", "."])
    text = (MODULE / "main.tf").read_text()
    assert text.count('concat(["drift"], ') == 2
    assert '"--shard=${i + 1}/${var.shards}"' in text
    assert f'containerPath = "{json.loads(only("VOLUME"))[0]}"' in text


def actions(name: str) -> set[str]:
    """Give the actions that a policy document of the module allows."""
    body = declared("data")[f"aws_iam_policy_document.{name}"].body
    found = [block.body.attribute("actions") for block in blocks(body)]
    items = [each.expr for each in found if each is not None]
    return {
        item.value
        for each in items
        if isinstance(each, nodes.Tuple)
        for item in each.items
        if isinstance(item, nodes.Literal) and isinstance(item.value, str)
    }


def test_the_task_may_do_what_the_command_prints(monkeypatch: pytest.MonkeyPatch) -> None:
    from reconciler import Project, Reconciler

    monkeypatch.setenv("IMAGE_TAG", "2.4.62")
    project = Project.load(ROOT / "fixtures/examples/article/ecspresso.yml")
    with Reconciler.open(project) as opened:
        wanted = {grant.action for grant in opened.grants(["drift"])}
    # What is in S3 are states and records, which this project has elsewhere.
    assert {action for action in actions("task") if not action.startswith("s3:")} == wanted


PERMISSIONS_ONLY = {"s3:ListBucket", "iam:PassRole", "sts:AssumeRole"}


def test_the_module_allows_operations_that_there_are() -> None:
    session = botocore.session.get_session()
    documents = [name.partition(".")[2] for name in declared("data") if "policy_document" in name]
    named = {action for name in documents for action in actions(name)}
    assert len(named) > 10
    unknown = set()
    for action in named - PERMISSIONS_ONLY:
        service, _, operation = action.partition(":")
        if operation not in session.get_service_model(service).operation_names:
            unknown.add(action)
    assert unknown == set()


def test_terraform_would_write_the_module_the_same_way(tmp_path: Path) -> None:
    terraform = shutil.which("terraform")
    if terraform is None:
        pytest.skip("there is no terraform")
    environ = {"PATH": os.environ["PATH"], "CHECKPOINT_DISABLE": "1", "HOME": str(tmp_path)}
    command = [terraform, f"-chdir={MODULE}", "fmt", "-check", "-no-color"]
    ran = subprocess.run(command, check=False, capture_output=True, text=True, env=environ)
    assert (ran.returncode, ran.stdout) == (0, ""), ran.stderr


# The document


def commands() -> Iterator[str]:
    """Give the command lines in the documents and in the Dockerfile."""
    for path in ("docs/ci.md", "examples/terraform-drift/README.md", "Dockerfile"):
        for found in re.findall(
            r"(?:script: |&& |\$ |# docker run .*)(reconciler [a-z].*)", (ROOT / path).read_text()
        ):
            yield re.split(r" [12]?>|\|\|", found)[0]


@pytest.mark.parametrize("line", sorted(commands()))
def test_command_lines_in_the_document_are_ours(line: str) -> None:
    understood(shlex.split(line.replace("$CI_NODE_INDEX/$CI_NODE_TOTAL", "1/4"))[1:])


def test_what_the_image_is_built_with_is_told() -> None:
    assert [name for name in ARGS if f"| `{name}` |" not in CI] == []
