"""States in Google Cloud Storage: Google's own SDK against a server on loopback.

Its answers are those of `fixtures/tfstate/exchanges.yml`, written after the service's documentation, not recorded.
"""

from __future__ import annotations

import base64
import gc
import hashlib
import json
import sys
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from reconciler import errors
from reconciler.errors import NotFound, Unavailable
from reconciler.plugin import Address, Config, ResolveError
from reconciler.testing import FakeContext
from reconciler_tfstate import configs, plugin
from tests import tables

STATE = b'{"version":4,"serial":7,"lineage":"l","outputs":{"a":{"value":"found"}},"resources":[]}'
OUTPUT = Address("tfstate", "output.a")
EXCHANGES = tables.read(Path(__file__).parents[2] / "fixtures/tfstate/exchanges.yml")["gcs"]
PATH = "/download/storage/v1/b/states/o/app%2Fdefault.tfstate"
KEY = base64.b64encode(b"k" * 32).decode()


# After an error the SDK leaves the connection of its answer to the collector, which complains about it.
pytestmark = pytest.mark.filterwarnings("ignore::ResourceWarning")


@pytest.fixture
def sdk() -> Iterator[Any]:
    yield pytest.importorskip("google.cloud.storage", reason="the extra 'gcs' is not installed")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        gc.collect()


def context(server: Any, **environ: str) -> FakeContext:
    settings = {
        "GOOGLE_STORAGE_CUSTOM_ENDPOINT": f"{server.url}/storage/v1/",
        "GOOGLE_OAUTH_ACCESS_TOKEN": "hush",
    }
    return FakeContext(environ={**settings, **environ})


CONFIG: Config = {"backend": "gcs", "backend_config": {"bucket": "states", "prefix": "app"}}


def refused(run: FakeContext, config: Any) -> ResolveError:
    with pytest.raises(ResolveError) as caught:
        plugin.open(run, config).lookup(OUTPUT)
    assert "hush" not in str(caught.value)
    assert "hush" not in repr(caught.value.__cause__)
    return caught.value


@pytest.mark.usefixtures("sdk")
def test_an_object(server: Any) -> None:
    server.answers[PATH] = STATE
    value = plugin.open(context(server), CONFIG).lookup(OUTPUT)
    assert value.data == "found"
    assert value.source is not None
    assert value.source.name == "gs://states/app/default.tfstate"
    assert [request.path.partition("?")[0] for request in server.requests] == [PATH], (
        "nothing else is asked for"
    )
    assert server.requests[0].headers["authorization"] == "Bearer hush"
    url = {"url": "gs://states/app/default.tfstate"}
    assert plugin.open(context(server), url).lookup(OUTPUT).data == "found"


@pytest.mark.usefixtures("sdk")
def test_a_customers_key_goes_with_the_request(server: Any) -> None:
    server.answers[PATH] = STATE
    assert plugin.open(context(server, GOOGLE_ENCRYPTION_KEY=KEY), CONFIG).lookup(OUTPUT).data == "found"
    headers = server.requests[0].headers
    assert headers["x-goog-encryption-algorithm"] == "AES256"
    assert headers["x-goog-encryption-key"] == KEY
    assert (
        headers["x-goog-encryption-key-sha256"]
        == base64.b64encode(hashlib.sha256(b"k" * 32).digest()).decode()
    )


@pytest.mark.usefixtures("sdk")
@pytest.mark.parametrize("exchange", [pytest.param(each, id=each["says"]) for each in EXCHANGES])
def test_each_answer_has_its_own_error(server: Any, exchange: dict[str, Any]) -> None:
    server.answers[PATH] = server.reply(exchange["status"], exchange["body"].encode())
    error = refused(context(server), CONFIG)
    assert type(error) is getattr(errors, exchange["kind"])
    assert exchange["says"] in error.what
    assert getattr(error, "retry_after", None) == (1.0 if exchange["status"] == 503 else None)


@pytest.mark.usefixtures("sdk")
def test_absent_and_locked(server: Any) -> None:
    lock = {"Operation": "OperationTypeApply", "Who": "ann@desk", "Created": "2026-11-20T10:00:00Z"}
    server.answers[PATH.removesuffix("tfstate") + "tflock"] = json.dumps(lock).encode()
    assert "locked by apply of ann@desk" in refused(context(server), CONFIG).what
    assert isinstance(refused(context(server), {**CONFIG, "optional": True}), NotFound)


@pytest.mark.usefixtures("sdk")
def test_a_service_account_is_asked_for_a_token(server: Any, tmp_path: Path) -> None:
    rsa = pytest.importorskip(
        "cryptography.hazmat.primitives.asymmetric.rsa", reason="cryptography is missing"
    )
    from cryptography.hazmat.primitives import serialization

    key = rsa.generate_private_key(65537, 2048).private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    account = {
        "type": "service_account",
        "client_email": "reader@project.iam.gserviceaccount.com",
        "private_key": key.decode(),
        "token_uri": f"{server.url}/token",
    }
    server.answers[PATH] = STATE
    token = b'{"access_token": "issued", "expires_in": 3600, "token_type": "Bearer"}'
    server.answers["/token"] = server.reply(200, token, {"Content-Type": "application/json"})
    (tmp_path / "key.json").write_text(json.dumps(account))
    runs = [
        context(server, GOOGLE_OAUTH_ACCESS_TOKEN="", GOOGLE_CREDENTIALS=given)
        for given in (json.dumps(account), str(tmp_path / "key.json"))
    ]
    for run in runs:
        assert plugin.open(run, CONFIG).lookup(OUTPUT).data == "found"
        assert server.requests[-1].headers["authorization"] == "Bearer issued"
    server.answers["/token"] = server.reply(400, b'{"error": "invalid_grant hush"}')
    assert isinstance(refused(runs[0], CONFIG), errors.Denied)


@pytest.mark.usefixtures("sdk")
@pytest.mark.parametrize("given", ["hush", '{"type": "service_account"', '{"type": "hush"}'])
def test_credentials_that_are_none(server: Any, given: str) -> None:
    run = context(server, GOOGLE_OAUTH_ACCESS_TOKEN="", GOOGLE_CREDENTIALS=given)
    assert isinstance(refused(run, CONFIG), errors.Denied | errors.Unavailable)


def test_the_extra_is_named_where_it_is_missing(server: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "google.cloud.storage", None)
    error = refused(context(server), CONFIG)
    assert isinstance(error, Unavailable)
    assert "needs the extra gcs" in error.what
    assert error.hint == "pip install 'ecs-reconciler[gcs]'"


def test_no_secret_shows(server: Any) -> None:
    run = context(server, GOOGLE_CREDENTIALS='{"private_key": "hush"}', GOOGLE_ENCRYPTION_KEY=KEY)
    assert "hush" not in repr(configs.read(CONFIG).locate(run))
    assert "kkkk" not in repr(configs.read(CONFIG).locate(run))
