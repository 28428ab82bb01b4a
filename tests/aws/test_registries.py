"""Asking container registries: one on this machine, which is spoken to as the ones elsewhere are."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from typing import Any

import pytest

from reconciler.aws.registries import Registries
from reconciler.core.verification.reads import Answer, Denied, Found, Manifest, Missing, Unanswered
from tests.aws.registry import CONFIG, INDEX, SINGLE, serving


@pytest.fixture(scope="module")
def registry() -> Iterator[Any]:
    with serving() as served:
        yield served


@pytest.fixture
def registries(registry: Any, monkeypatch: pytest.MonkeyPatch) -> Registries:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
    registry.asked.clear()
    return Registries()


@pytest.mark.parametrize(
    ("repository", "tag", "answer"),
    [
        ("open", "index", Found({"manifest": INDEX})),
        ("open", "single", Found({"manifest": SINGLE, "config": CONFIG})),
        ("open", "none", Missing()),
        ("open", "broken", Unanswered("HOST answers with HTTP 500")),
        ("open", "busy", Unanswered("HOST has been asked too often (its pull rate limit)")),
        ("open", "list", Unanswered("HOST answers with no JSON object")),
        ("plain", "index", Found({"manifest": INDEX})),
        ("closed", "index", Denied("reading HOST without credentials")),
        ("basic", "1", Denied("reading HOST without credentials")),
    ],
)
def test_an_image(registry: Any, registries: Registries, repository: str, tag: str, answer: Answer) -> None:
    found = registries.manifest(Manifest(registry.host, repository, tag, whole=True))
    assert repr(found).replace(registry.host, "HOST") == repr(answer)


def test_whether_it_is_there_is_asked_without_pulling(registry: Any, registries: Registries) -> None:
    assert registries.manifest(Manifest(registry.host, "plain", "index")) == Found({})
    assert registries.manifest(Manifest(registry.host, "plain", "none")) == Missing()
    assert {method for method, _, _ in registry.asked} == {"HEAD"}


def test_a_token_is_asked_for_once_and_told_to_its_own_host(registry: Any, registries: Registries) -> None:
    for _ in range(2):
        registries.manifest(Manifest(registry.host, "open", "single", whole=True))
    tokens = [path for _, path, _ in registry.asked if path.startswith("/token")]
    assert len(tokens) == 1
    assert {said for _, path, said in registry.asked if path.startswith("/elsewhere")} == {None}


def test_nobody_answers(registries: Registries) -> None:
    found = registries.manifest(Manifest("127.0.0.1:1", "a", "b", whole=True))
    assert found == Unanswered("127.0.0.1:1 cannot be reached: Connection refused")
    assert isinstance(registries.download("http://127.0.0.1:1/x"), Unanswered)


def test_one_that_never_answers_is_not_waited_for(
    registries: Registries, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("reconciler.aws.registries._SECONDS", (3.0, 0.01))
    with socket.create_server(("127.0.0.1", 0)) as silent:
        host = f"127.0.0.1:{silent.getsockname()[1]}"
        found = registries.manifest(Manifest(host, "a", "1"))
    assert found == Unanswered(f"{host} cannot be reached: no answer within 0.01 seconds")


def test_a_document(registry: Any, registries: Registries) -> None:
    assert registries.download(f"http://{registry.host}/elsewhere/config") == Found(CONFIG)
