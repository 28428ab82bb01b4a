"""A copy of the example's project as working folder, a sandbox behind AWS_ENDPOINT_URL, and the command."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from reconciler import sandbox
from tests.cli.commands import ARTICLE, CLUSTER, SEED, Box, Cli, client_of

_SPEED = 400.0


@pytest.fixture(scope="session")
def shared_cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(autouse=True)
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, shared_cache: Path) -> Path:
    """Work in a copy of the example, with nothing in the environment but what the tests say."""
    folder = tmp_path / "project"
    shutil.copytree(ARTICLE, folder)
    monkeypatch.chdir(folder)
    for name in list(os.environ):
        if name.startswith(("AWS_", "RECONCILER_", "ECSPRESSO_", "HTTP_PROXY", "HTTPS_PROXY", "NO_COLOR")):
            monkeypatch.delenv(name)
    for name, value in {
        "XDG_CACHE_HOME": str(shared_cache),
        "HOME": str(tmp_path),
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_ACCESS_KEY_ID": "AKIAIOSFODNN7EXAMPLE",
        "AWS_SECRET_ACCESS_KEY": "example",
        "IMAGE_TAG": "2.4.61",
    }.items():
        monkeypatch.setenv(name, value)
    return folder


@contextmanager
def boxed(seed: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> Iterator[Box]:
    """Serve an AWS that holds a seed."""
    with sandbox.serving(seed, speed=_SPEED) as served:
        monkeypatch.setenv("AWS_ENDPOINT_URL", served.endpoint_url)
        ecs = client_of(served.endpoint_url, "ecs")
        yield Box(served, ecs)
        ecs.close()


@pytest.fixture
def empty(project: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Box]:
    """Serve an AWS that has the cluster and nothing in it."""
    with boxed({"clusters": [CLUSTER]}, monkeypatch) as served:
        yield served


@pytest.fixture
def box(project: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Box]:
    """Serve an AWS in which the example's service runs, just as its files describe it for IMAGE_TAG=2.4.61."""
    with boxed(json.loads(SEED.read_text()), monkeypatch) as served:
        yield served


@pytest.fixture
def cli(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Cli:
    """Give the command; it looks at rollouts more often than people need."""
    monkeypatch.setattr("reconciler.engine.watching.FIRST_PAUSE", 0.1)
    monkeypatch.setattr("reconciler.engine.watching.LONGEST_PAUSE", 0.3)
    monkeypatch.setattr("reconciler.engine.running.LAST_LINES", 0.0)  # here lines are visible at once
    return Cli(capsys, monkeypatch)
