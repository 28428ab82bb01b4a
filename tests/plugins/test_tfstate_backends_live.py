"""A real Terraform on PATH writes states by its own backends; ours find them and read the same outputs.

Needs no network: `terraform_data` is built into Terraform, and the backends are on loopback.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from reconciler.errors import Unavailable
from reconciler.plugin import Address, Context
from reconciler.testing import FakeContext
from reconciler_tfstate import configs, plugin

TERRAFORM = shutil.which("terraform")
pytestmark = pytest.mark.skipif(TERRAFORM is None, reason="there is no terraform on PATH")

MAIN = """
terraform {
  %s
}
resource "terraform_data" "a" {
  for_each = toset(["x", "y"])
  input    = "${each.key} of ${terraform.workspace}"
}
output "inputs" {
  value = { for key, data in terraform_data.a : key => data.output }
}
output "secret" {
  value     = "hush"
  sensitive = true
}
"""


def run(folder: Path, *arguments: str, **environ: str) -> str:
    """Run Terraform in a folder, with no more of this process's environment than it needs."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    given = {**kept, "CHECKPOINT_DISABLE": "1", "TF_IN_AUTOMATION": "1", **environ}
    assert TERRAFORM is not None
    done = subprocess.run(
        [TERRAFORM, *arguments], cwd=folder, env=given, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def applied(folder: Path, block: str, *workspaces: str, init: tuple[str, ...] = (), **environ: str) -> None:
    folder.mkdir()
    (folder / "main.tf").write_text(MAIN % block)
    run(folder, "init", "-input=false", *init, **environ)
    for workspace in workspaces or ("default",):
        if workspace != "default":
            run(folder, "workspace", "new", workspace, **environ)
        run(folder, "apply", "-auto-approve", "-input=false", **environ)


def check(context: Context, folder: Path, workspace: str, config: dict[str, Any], **environ: str) -> None:
    """Compare every output, and an instance, with what Terraform itself says of a workspace."""
    said = json.loads(run(folder, "output", "-json", TF_WORKSPACE=workspace, **environ))
    resolver = plugin.open(context, {"dir": str(folder), **config})
    assert said["inputs"]["value"] == {key: f"{key} of {workspace}" for key in ("x", "y")}
    for name, output in said.items():
        value = resolver.lookup(Address("tfstate", f"output.{name}"))
        assert value.data == output["value"]
        assert bool(value.sensitive_paths) == output["sensitive"]
    found = resolver.lookup(Address("tfstate", 'terraform_data.a["x"].output'))
    assert found.data == f"x of {workspace}"


@pytest.mark.parametrize(
    "block",
    ["", 'backend "local" {\n path = "sub/x.tfstate"\n }', 'backend "local" {\n workspace_dir = "w"\n }'],
)
def test_local(tmp_path: Path, block: str) -> None:
    folder = tmp_path / "infra"
    applied(folder, block, "default", "stg")
    context = FakeContext(tmp_path)
    check(context, folder, "default", {"workspace": "default"})
    check(context, folder, "stg", {})  # the one selected
    shutil.rmtree(folder / ".terraform")
    for workspace in ("default", "stg"):
        resolver = plugin.open(context, {"dir": "infra", "workspace": workspace})
        assert resolver.lookup(Address("tfstate", "output.inputs.x")).data == f"x of {workspace}"


def test_s3(tmp_path: Path, moto: Any) -> None:
    context = moto.run(tmp_path)
    context.client("s3").call("CreateBucket", Bucket="states")
    folder = tmp_path / "infra"
    block = 'backend "s3" {\n key = "app.tfstate"\n workspace_key_prefix = "w"\n use_lockfile = true\n }'
    settings = (
        "bucket=states", "region=us-east-1", f'endpoints={{s3="{moto.url}"}}', "use_path_style=true",
        "skip_credentials_validation=true", "skip_requesting_account_id=true", "skip_metadata_api_check=true",
    )  # fmt: skip
    keys = {name: value for name, value in context.environ.items() if name.startswith("AWS_")}
    applied(
        folder, block, "default", "stg", init=tuple(f"-backend-config={each}" for each in settings), **keys
    )
    check(context, folder, "stg", {}, **keys)
    check(context, folder, "default", {"workspace": "default"}, **keys)
    assert configs.read({"dir": "infra"}).locate(context).name == "s3://states/w/stg/app.tfstate"
    shutil.rmtree(folder / ".terraform")
    with pytest.raises(Unavailable, match="has no bucket"):
        plugin.open(context, {"dir": "infra"}).lookup(Address("tfstate", "output.inputs"))
    value = plugin.open(context, {"dir": "infra", "backend_config": {"bucket": "states"}, "workspace": "stg"})
    assert value.lookup(Address("tfstate", "output.inputs")).data == {"x": "x of stg", "y": "y of stg"}


def test_http(tmp_path: Path, server: Any) -> None:
    def store(request: Any) -> Any:
        if request.headers.get("authorization") is None:
            return server.reply(401)
        if request.method == "POST":
            server.answers["/kept"] = request.body
        kept = server.answers.get("/kept")
        return kept if kept is not None else server.reply(404)

    server.answers["/s"] = store
    environ = {"TF_HTTP_PASSWORD": "hush", "TF_HTTP_USERNAME": "me"}
    folder = tmp_path / "infra"
    applied(folder, f'backend "http" {{\n address = "{server.url}/s"\n }}', init=(), **environ)
    check(FakeContext(tmp_path, environ), folder, "default", {}, **environ)


def test_a_state_under_a_running_apply(tmp_path: Path) -> None:
    """While Terraform waits for an answer, it holds the lock, and the new state is empty."""
    folder = tmp_path / "infra"
    folder.mkdir()
    (folder / "main.tf").write_text(MAIN % "")
    run(folder, "init", "-input=false")
    environ = {**os.environ, "CHECKPOINT_DISABLE": "1"}
    assert TERRAFORM is not None
    waiting = subprocess.Popen(
        [TERRAFORM, "apply", "-no-color"], cwd=folder, env=environ, stdin=subprocess.PIPE,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip
    assert waiting.stdout is not None
    try:
        for line in waiting.stdout:
            if "Only 'yes' will be accepted" in line:
                break
        with pytest.raises(Unavailable, match=r"is being written by apply of .+@.+ since 20"):
            plugin.open(FakeContext(tmp_path), {"dir": "infra"}).lookup(Address("tfstate", "output.inputs"))
    finally:
        waiting.communicate("no\n", timeout=60)
