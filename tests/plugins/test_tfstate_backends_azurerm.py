"""States in Azure Blob Storage: Azure's own SDK against a server on loopback.

Its answers are those of `fixtures/tfstate/exchanges.yml`, written after the service's documentation, not recorded.
"""

from __future__ import annotations

import base64
import json
import sys
from pathlib import Path
from typing import Any

import pytest

from reconciler import errors
from reconciler.errors import NotFound, Unavailable
from reconciler.plugin import Address, ResolveError
from reconciler.testing import FakeContext
from reconciler_tfstate import configs, plugin
from reconciler_tfstate.backends import azurerm
from tests import tables

STATE = b'{"version":4,"serial":7,"lineage":"l","outputs":{"a":{"value":"found"}},"resources":[]}'
OUTPUT = Address("tfstate", "output.a")
EXCHANGES = tables.read(Path(__file__).parents[2] / "fixtures/tfstate/exchanges.yml")["azurerm"]
PATH = "/states/app.tfstate"
KEY = base64.b64encode(b"hush" * 8).decode()
URL = {"url": "azurerm://group/acct/states/app.tfstate"}


@pytest.fixture
def sdk() -> Any:
    return pytest.importorskip("azure.storage.blob", reason="the extra 'azurerm' is not installed")


def context(server: Any, **environ: str) -> FakeContext:
    settings = {"AZURE_STORAGE_SERVICE_ENDPOINT": server.url, "ARM_ACCESS_KEY": KEY}
    return FakeContext(environ={**settings, **environ})


def blob(server: Any, body: bytes = STATE) -> Any:
    """Answer a download as the Blob service does: a range, and how long the whole is."""
    headers = {
        "Content-Range": f"bytes 0-{len(body) - 1}/{len(body)}",
        "ETag": '"0x8D"',
        "Last-Modified": "Fri, 20 Nov 2026 10:00:00 GMT",
        "x-ms-blob-type": "BlockBlob",
    }
    return server.reply(206, body, headers)


def refused(run: FakeContext, config: Any) -> ResolveError:
    with pytest.raises(ResolveError) as caught:
        plugin.open(run, config).lookup(OUTPUT)
    assert "hush" not in str(caught.value)
    assert KEY not in str(caught.value)
    assert "hush" not in repr(caught.value.__cause__)
    return caught.value


@pytest.mark.usefixtures("sdk")
def test_an_accounts_key_signs(server: Any) -> None:
    server.answers[PATH] = blob(server)
    value = plugin.open(context(server), URL).lookup(OUTPUT)
    assert value.data == "found"
    assert value.source is not None
    assert value.source.name == "azurerm://group/acct/states/app.tfstate"
    assert server.requests[0].headers["authorization"].startswith("SharedKey acct:")


@pytest.mark.usefixtures("sdk")
@pytest.mark.parametrize("token", ["sv=1&sig=hush", "?sv=1&sig=hush"])
def test_a_sas_token(server: Any, token: str) -> None:
    server.answers[PATH] = blob(server)
    run = context(server, ARM_ACCESS_KEY="", ARM_SAS_TOKEN=token)
    assert plugin.open(run, URL).lookup(OUTPUT).data == "found"
    assert "sig=hush" in server.requests[0].path
    assert "authorization" not in server.requests[0].headers


@pytest.mark.usefixtures("sdk")
def test_a_workspace_and_a_customers_key(
    tls_server: Any, certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(certificate))  # the SDK sends such keys over TLS alone
    tls_server.answers["/states/app.tfstateenv%3Astg"] = blob(tls_server)
    tls_server.answers["/states/app.tfstateenv:stg"] = blob(tls_server)
    settings = {"storage_account_name": "acct", "container_name": "states", "key": "app.tfstate"}
    config: Any = {"backend": "azurerm", "backend_config": settings, "workspace": "stg"}
    run = context(tls_server, ARM_CUSTOMER_PROVIDED_KEY=KEY)
    assert plugin.open(run, config).lookup(OUTPUT).data == "found"
    assert tls_server.requests[0].headers["x-ms-encryption-key"] == KEY


class Entra:
    """An identity that is given tokens without asking anybody."""

    def get_token(self, *_scopes: str, **_more: object) -> Any:
        from azure.core.credentials import AccessToken

        return AccessToken("issued", 4102444800)


@pytest.mark.usefixtures("sdk")
def test_an_identity_asks_for_the_accounts_key(
    server: Any, tls_server: Any, certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(azurerm.Blob, "_entra", lambda _self: Entra())
    monkeypatch.setitem(azurerm._CLOUDS, "public", ("core.windows.net", tls_server.url))
    path = "/subscriptions/sub/resourceGroups/group/providers/Microsoft.Storage/storageAccounts/acct/listKeys"
    tls_server.answers[path] = json.dumps({"keys": [{"keyName": "key1", "value": KEY}]}).encode()
    server.answers[PATH] = blob(server)
    run = context(server, ARM_ACCESS_KEY="", SSL_CERT_FILE=str(certificate), ARM_SUBSCRIPTION_ID="sub")
    assert plugin.open(run, URL).lookup(OUTPUT).data == "found"
    assert (tls_server.requests[0].method, tls_server.requests[0].headers["authorization"]) == (
        "POST",
        "Bearer issued",
    )
    assert server.requests[0].headers["authorization"].startswith("SharedKey acct:")
    tls_server.answers[path] = tls_server.reply(403, b"hush")
    assert "does not let the key be read" in refused(run, URL).what
    tls_server.answers[path] = b'{"keys": []}'
    assert "gives no key" in refused(run, URL).what


@pytest.mark.usefixtures("sdk")
@pytest.mark.parametrize("exchange", [pytest.param(each, id=each["code"]) for each in EXCHANGES])
def test_each_answer_has_its_own_error(server: Any, exchange: dict[str, Any]) -> None:
    body = f'<?xml version="1.0"?><Error><Code>{exchange["code"]}</Code><Message>hush</Message></Error>'
    headers = {"x-ms-error-code": exchange["code"], "Content-Type": "application/xml"}
    server.answers[PATH] = server.reply(exchange["status"], body.encode(), headers)
    error = refused(context(server), URL)
    assert type(error) is getattr(errors, exchange["kind"])
    assert exchange["says"] in error.what


@pytest.mark.usefixtures("sdk")
def test_absent_and_locked(server: Any) -> None:
    lock = {"Operation": "OperationTypeApply", "Who": "ann@desk", "Created": "2026-11-20T10:00:00Z"}
    noted = base64.b64encode(json.dumps(lock).encode()).decode()

    def answer(request: Any) -> Any:
        if request.method == "HEAD":
            return server.reply(200, b"", {"x-ms-meta-Terraformlockid": noted, "x-ms-blob-type": "BlockBlob"})
        return server.reply(404, b"", {"x-ms-error-code": "BlobNotFound"})

    server.answers[PATH] = answer
    assert "locked by apply of ann@desk" in refused(context(server), URL).what
    assert isinstance(refused(context(server), {**URL, "optional": True}), NotFound)


@pytest.mark.usefixtures("sdk")
@pytest.mark.parametrize("key", ["hush", "hush!"])
def test_a_key_that_is_none(server: Any, key: str) -> None:
    server.answers[PATH] = server.reply(403, b"", {"x-ms-error-code": "AuthenticationFailed"})
    assert isinstance(refused(context(server, ARM_ACCESS_KEY=key), URL), errors.Denied | Unavailable)


def test_the_extra_is_named_where_it_is_missing(server: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "azure.storage.blob", None)
    error = refused(context(server), URL)
    assert isinstance(error, Unavailable)
    assert "needs the extra azurerm" in error.what
    assert error.hint == "pip install 'ecs-reconciler[azurerm]'"


def test_no_secret_shows(server: Any) -> None:
    run = context(server, ARM_SAS_TOKEN="hush", ARM_CLIENT_SECRET="hush", ARM_CUSTOMER_PROVIDED_KEY="hush")
    location = configs.read(URL).locate(run)
    assert KEY not in repr(location)
    assert "hush" not in repr(location)
