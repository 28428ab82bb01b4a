"""Real projects of ecspresso's go through the commands that change nothing, as they are, against the sandbox."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from reconciler import sandbox
from reconciler.aws.registries import Registries
from reconciler.core.verification.reads import Missing
from reconciler.sandbox.servings import Serving
from tests.cli.commands import Cli
from tests.corpus import files, projects
from tests.corpus.files import File
from tests.corpus.test_no_false_diffs import REFUSED

PROJECTS = files.of("ecspresso_config")
NAMES = {"ECSPRESSO_AWS_REGION": "eu-west-1", "AWS_REGION": "eu-west-1"}
"""Variables that have to be what they are called."""

CLUSTERS = (
    "ecspresso-ecs-cluster-name",
    "acceptessa2-app-group-name",
    "fargate-skeleton_tf-var-name",
    "test",
    "NextJsCluster",
)
"""What the projects' clusters are called, with what `projects.lay` makes of the variables in their names."""

INCOMPLETE = "stuartshay__AzureDevOpsKats__ecspresso__ecspresso.yml"
"""Its definitions are made by a build step of its repository."""


@pytest.fixture(scope="module")
def aws() -> Iterator[Serving]:
    with sandbox.serving({"clusters": list(CLUSTERS)}, speed=0) as serving:
        yield serving


@pytest.fixture
def cli(
    aws: Serving, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Cli:
    """Give the command, with the sandbox for an AWS, and registries that answer without a network."""
    for name in list(os.environ):
        if name.startswith(("AWS_", "RECONCILER_", "ECSPRESSO_")):
            monkeypatch.delenv(name)
    for name, value in {
        "AWS_ENDPOINT_URL": aws.endpoint_url,
        "AWS_ACCESS_KEY_ID": "AKIAIOSFODNN7EXAMPLE",
        "AWS_SECRET_ACCESS_KEY": "example",
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "XDG_CACHE_HOME": str(tmp_path / "cache"),
    }.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(Registries, "manifest", lambda _registries, _asked: Missing())
    return Cli(capsys, monkeypatch)


@pytest.mark.skipif(not PROJECTS, reason="the corpus of real definitions is not here")
@pytest.mark.parametrize("file", PROJECTS, ids=lambda file: file.name)
def test_a_real_project_goes_through_the_commands(
    file: File, cli: Cli, aws: Serving, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    laid = projects.lay(file, tmp_path / "repository")
    for name, value in laid.environ.items():
        monkeypatch.setenv(name, NAMES.get(name, value))
    config = ("--config", laid.path)
    if file.name == INCOMPLETE:
        for command in (("render", "taskdef"), ("plan",), ("deploy", "--dry-run")):
            assert "there is no such file" in cli(*config, *command).err
        return
    rendered = cli(*config, "render", "config", "task-definition", "service-definition")
    assert (rendered.code, rendered.err) == (0, ""), rendered
    assert '"containerDefinitions": [' in rendered.out
    before = len(aws.calls())
    tried = cli(*config, "deploy", "--dry-run")
    if file.name in REFUSED:
        assert REFUSED[file.name] in tried.one_error()
    else:
        assert (tried.code, tried.err, "left alone" in tried.out) == (0, "", False)
        assert tried.out.endswith("\nPlan: 2 to add, 0 to change, 0 to destroy.\n")
    # Evaluating Jsonnet takes a second; test_verifying has it done for the library.
    if "jsonnet" not in rendered.out:
        planned = cli(*config, "plan")
        assert (planned.code, planned.out) == (tried.code, tried.out)
        verified = cli(*config, "verify", "--format", "json")
        found = json.loads(verified.out)
        assert (verified.code, found["passed"]) == (1, False)
        assert found["summary"]["failed"] >= 2  # nothing is there, and everything of it is told
    asked = {call["operation"] for call in aws.calls()[before:]}
    assert all(
        name.startswith(("Describe", "List", "Get", "BatchGet", "Head", "AssumeRole")) for name in asked
    )
