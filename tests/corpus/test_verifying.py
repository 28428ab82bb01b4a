"""Real projects are verified whole, whatever AWS answers: where nothing is there, and where nothing may be read."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from reconciler.api import Reconciler
from reconciler.core.verification.checks import State
from reconciler.core.verification.reads import Answer, Denied, Manifest, Missing
from reconciler.errors import AwsDenied, AwsError, AwsNotFound
from reconciler.plugin import AwsOptions
from reconciler.render import verifications
from reconciler.testing import FakeClock, FakeGateway
from tests.corpus import files, projects
from tests.corpus.files import File
from tests.corpus.simulated import REGION

PROJECTS = files.of("ecspresso_config")


@dataclass
class Unhelpful:
    """An AWS, and registries, that answer everything alike, and keep what they were asked."""

    error: type[AwsError]
    asked: list[str] = field(default_factory=list)

    def client(self, service: str, options: AwsOptions | None = None, /) -> Unhelpful:
        assert service
        return self

    def call(self, operation: str, /, **parameters: Any) -> dict[str, Any]:
        self.asked.append(operation)
        raise self.error("no", hint=f"allow {operation} to the caller", operation=operation)

    def pages(self, operation: str, /, **parameters: Any) -> Iterable[dict[str, Any]]:
        return [self.call(operation)]

    def manifest(self, asked: Manifest, /) -> Answer:
        return Missing() if self.error is AwsNotFound else Denied("reading it")

    def download(self, url: str, /) -> Answer:
        return Missing()


@pytest.mark.skipif(not PROJECTS, reason="the corpus of real definitions is not here")
@pytest.mark.parametrize("file", PROJECTS, ids=lambda file: file.name)
def test_a_real_project_is_verified_whole(
    file: File, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    laid = projects.lay(file, tmp_path)
    nothing, denying = Unhelpful(AwsNotFound), Unhelpful(AwsDenied)
    with Reconciler.open(laid.load(), gateway=FakeGateway(region=REGION), clock=FakeClock()) as reconciler:
        # Jsonnet takes longest by far, and gives the same twice.
        monkeypatch.setattr(reconciler, "definitions", cache(reconciler.definitions))
        absent = reconciler.verify(clients=nothing, registry=nothing)
        denied = reconciler.verify(clients=denying, registry=denying)
    assert [node.subject for node in absent.all()] == [node.subject for node in denied.all()]
    assert sum(absent.counts().values()) >= 3
    assert len(absent.failures) > len(denied.failures)
    assert not absent.passed
    # What may not be read is never said to be missing.
    cannot_be_read = ("no such file", "private, or not there")
    missing = [each for each in denied.failures if "there is no" in each.what or "has no" in each.what]
    assert [each for each in missing if not any(words in each.what for words in cannot_be_read)] == []
    for said in (*absent.diagnostics, *denied.diagnostics):
        assert said.hint or said.where or said.severity in (State.PASSED, State.SKIPPED)
        assert said.where is None or Path(said.where.path).is_relative_to(tmp_path)
    for operation in (*nothing.asked, *denying.asked):
        assert operation.startswith(("Describe", "Get", "BatchGet", "Head", "List", "AssumeRole"))
    for verification in (absent, denied):
        assert json.loads(verifications.document(verification))["passed"] is verification.passed
        shown = verifications.text(verification)
        assert all(each.what in shown for each in verification.failures)
