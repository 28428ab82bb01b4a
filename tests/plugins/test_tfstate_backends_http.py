"""States on an HTTP server on loopback: what it answers, and what no answer means."""

from __future__ import annotations

import socket
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from reconciler.errors import Denied, NotFound, Unavailable
from reconciler.plugin import Address, ResolveError
from reconciler.testing import FakeContext
from reconciler_tfstate import plugin, stores, transports

STATE = b'{"version":4,"serial":7,"lineage":"l","outputs":{"a":{"value":"found"}},"resources":[]}'
OUTPUT = Address("tfstate", "output.a")
HTML = {"Content-Type": "text/html; charset=utf-8"}


def lookup(config: dict[str, Any], environ: dict[str, str] | None = None) -> Any:
    return plugin.open(FakeContext(environ=environ or {}), config).lookup(OUTPUT).data


def http(url: str, **settings: object) -> dict[str, Any]:
    return {"backend": "http", "backend_config": {"address": url, **settings}}


def refused(config: dict[str, Any], environ: dict[str, str] | None = None) -> ResolveError:
    with pytest.raises(ResolveError) as caught:
        lookup(config, environ)
    assert "hush" not in str(caught.value)
    assert "hush" not in repr(caught.value.__cause__)
    assert caught.value.address == str(OUTPUT)
    return caught.value


def test_credentials_in_the_address_of_a_backend(server: Any) -> None:
    server.answers["/s"] = STATE
    environ = {"TF_HTTP_ADDRESS": f"http://me:hu%40sh@{server.host}/s"}
    assert lookup({"backend": "http"}, environ) == "found"
    assert lookup({"backend": "http"}, environ | {"TF_HTTP_USERNAME": "you"}) == "found"
    assert [request.headers["authorization"] for request in server.requests] == [
        transports.basic("me", "hu@sh"),
        transports.basic("you", ""),
    ]
    assert (
        "hu" not in refused({"backend": "http"}, {"TF_HTTP_ADDRESS": f"http://me:hu@{server.host}/none"}).what
    )


def test_a_url(server: Any) -> None:
    server.answers["/x.tfstate"] = STATE
    assert lookup({"url": f"{server.url}/x.tfstate?ref=main#top"}) == "found"
    assert server.requests[0].path == "/x.tfstate?ref=main"
    assert "authorization" not in server.requests[0].headers


def test_user_password_and_headers(server: Any) -> None:
    server.answers["/s"] = STATE
    config = http(f"{server.url}/s", username="me", headers={"X-Project": "blue"})
    assert lookup(config, {"TF_HTTP_PASSWORD": "hush"}) == "found"
    assert server.requests[0].headers["authorization"] == transports.basic("me", "hush")
    assert server.requests[0].headers["x-project"] == "blue"
    environ = {"TF_HTTP_ADDRESS": f"{server.url}/s", "TF_HTTP_USERNAME": "you", "TF_HTTP_PASSWORD": "hush"}
    assert lookup({"backend": "http"}, environ) == "found"
    assert server.requests[1].headers["authorization"] == transports.basic("you", "hush")


@pytest.mark.parametrize(
    ("status", "body", "headers", "kind", "says", "again"),
    [
        (204, b"", {}, Unavailable, "has no state (HTTP 204)", None),
        (404, b"hush", {}, Unavailable, "has no state (HTTP 404)", None),
        (200, b"", {}, Unavailable, "its answer is empty", None),
        (200, b"<html>hush", HTML, Unavailable, "answered with a web page", None),
        (200, b"hush", {}, Unavailable, "no valid JSON", None),
        (401, b"hush", {}, Denied, "asks for credentials (HTTP 401)", None),
        (403, b"hush", {}, Denied, "does not let the state be read with these credentials", None),
        (423, b'{"Who": "hush"}', {}, Unavailable, "has locked the state", 1.0),
        (429, b"", {"Retry-After": "7"}, Unavailable, "has been asked too often", 7.0),
        (500, b"hush", {}, Unavailable, "failed (HTTP 500)", 1.0),
        (503, b"hush", {"Retry-After": "9999"}, Unavailable, "failed (HTTP 503)", 60.0),
        (418, b"hush", {}, Unavailable, "answered with HTTP 418", None),
        (200, None, {}, Unavailable, "broke off", 1.0),
    ],
)
def test_each_answer_has_its_own_error(
    server: Any, status: int, body: bytes, headers: Any, kind: type, says: str, again: float | None
) -> None:
    server.answers["/s"] = lambda _request: server.reply(status, body, headers)
    error = refused({"url": f"{server.url}/s?token=hush"})
    assert isinstance(error, kind)
    assert says in error.what
    assert f"{server.url}/s" in error.what
    assert getattr(error, "retry_after", None) == again


def test_a_server_that_fails_is_asked_as_often_for_many_addresses_as_for_one(server: Any) -> None:
    server.answers["/s"] = lambda _request: server.reply(503, b"", {})
    resolver = plugin.open(FakeContext(), {"url": f"{server.url}/s"})
    for number in range(10):
        with pytest.raises(Unavailable, match="HTTP 503") as caught:
            resolver.lookup(Address("tfstate", f"output.a{number}"))
        assert caught.value.address == f"tfstate output.a{number}"
        assert (caught.value.retry_after is not None) == (number < 3)
    assert len(server.requests) == 4


def test_a_server_that_fails_may_answer_later(server: Any) -> None:
    server.answers["/s"] = lambda _request: server.reply(503 if len(server.requests) < 4 else 200, STATE, {})
    resolver = plugin.open(FakeContext(), {"url": f"{server.url}/s"})
    for _ in range(3):
        with pytest.raises(Unavailable, match="HTTP 503"):
            resolver.lookup(OUTPUT)
    assert resolver.lookup(OUTPUT).data == "found"


class Dripping:
    """An answer of which so much comes each second."""

    length: int | None = None

    def __init__(self, sizes: Iterable[int]) -> None:
        self.sizes = iter(sizes)
        self.seconds = 0.0

    def read1(self, most: int) -> bytes:
        self.seconds += 1
        return b"x" * min(next(self.sizes, 0), most)


def test_an_answer_that_hardly_comes_is_given_up() -> None:
    for size, enough in ((1, False), (9_000, False), (20_000, True)):
        answer = Dripping([size] * 1000)
        pieces = transports._pieces(answer, "x", lambda answer=answer: answer.seconds)  # type: ignore[arg-type, misc]
        if enough:
            assert sum(map(len, pieces)) == 1000 * size
        else:
            with pytest.raises(Unavailable, match="x sends its answer too slowly") as caught:
                list(pieces)
            assert caught.value.retry_after


def test_an_answer_without_end_is_given_up(server: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transports, "_LARGEST", 100)
    server.answers["/s"] = STATE + b" " * 100
    assert "too large for a state" in refused({"url": f"{server.url}/s"}).what


def test_a_large_answer_waits_in_a_file(server: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stores, "IN_FILE", 50)
    server.answers["/s"] = STATE
    assert isinstance(transports.get(f"{server.url}/s", {}).content, stores.InFile)
    assert lookup({"url": f"{server.url}/s"}) == "found"


def test_credentials_that_are_not_accepted_are_told_from_none(server: Any) -> None:
    server.answers["/s"] = lambda _request: server.reply(401, b"", {})
    error = refused(http(f"{server.url}/s", username="me"), {"TF_HTTP_PASSWORD": "hush"})
    assert isinstance(error, Denied)
    assert "does not accept the credentials" in error.what


def test_an_absent_state_that_may_be(server: Any) -> None:
    assert isinstance(refused({"url": f"{server.url}/none", "optional": True}), NotFound)


def test_nobody_there() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        error = refused({"url": f"http://127.0.0.1:{unused.getsockname()[1]}/s", "optional": True})
    assert "takes no connections" in error.what
    error = refused({"url": "http://nowhere.invalid/s"})
    assert "cannot be reached" in error.what


def test_who_closes_without_an_answer() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        import threading

        def close() -> None:
            connection, _ = listening.accept()
            connection.recv(1000)
            connection.close()

        thread = threading.Thread(target=close)
        thread.start()
        error = refused({"url": f"http://127.0.0.1:{listening.getsockname()[1]}/s"})
        thread.join()
    assert "closed the connection without an answer" in error.what


def test_who_does_not_answer_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transports, "_SECONDS", 0.05)
    with socket.create_server(("127.0.0.1", 0)) as listening:
        error = refused({"url": f"http://127.0.0.1:{listening.getsockname()[1]}/s"})
    assert "did not answer within" in error.what


def test_redirects_take_no_credentials_to_others(server: Any, tls_server: Any, certificate: Path) -> None:
    server.answers["/moved"] = lambda _request: server.reply(302, b"", {"Location": "/s"})
    server.answers["/s"] = STATE
    environ = {"TF_HTTP_PASSWORD": "hush", "SSL_CERT_FILE": str(certificate)}
    assert lookup(http(f"{server.url}/moved", username="me"), environ) == "found"
    assert [request.headers.get("authorization") for request in server.requests] == [
        transports.basic("me", "hush")
    ] * 2
    server.answers["/away"] = lambda _request: server.reply(307, b"", {"Location": f"{tls_server.url}/s"})
    tls_server.answers["/s"] = STATE
    assert lookup(http(f"{server.url}/away", username="me"), environ) == "found"
    assert "authorization" not in tls_server.requests[0].headers
    tls_server.answers["/down"] = lambda _request: server.reply(301, b"", {"Location": f"{server.url}/s"})
    assert "not https" in refused(http(f"{tls_server.url}/down"), environ).what
    server.answers["/round"] = lambda _request: server.reply(302, b"", {"Location": "/round"})
    assert "redirects too often" in refused({"url": f"{server.url}/round"}).what
    server.answers["/file"] = lambda _request: server.reply(302, b"", {"Location": "file:///etc/passwd"})
    assert "is no http or https URL" in refused({"url": f"{server.url}/file"}).what


def test_certificates(tls_server: Any, certificate: Path) -> None:
    tls_server.answers["/s"] = STATE
    url = f"{tls_server.url}/s"
    assert "nobody vouches for" in refused({"url": url}).what
    assert lookup({"url": url}, {"SSL_CERT_FILE": str(certificate)}) == "found"
    pem = certificate.read_text()
    authority, key = pem[: pem.index("-----BEGIN PRIVATE")], pem[pem.index("-----BEGIN PRIVATE") :]
    assert lookup(http(url, client_ca_certificate_pem=authority)) == "found"
    assert lookup(http(url, skip_cert_verification=True)) == "found"
    both = http(url, client_ca_certificate_pem=authority, client_certificate_pem=authority)
    assert lookup(both, {"TF_HTTP_CLIENT_PRIVATE_KEY_PEM": key}) == "found"
    assert "cannot be used" in refused(both, {"TF_HTTP_CLIENT_PRIVATE_KEY_PEM": "hush"}).what
    assert "cannot be used" in refused({"url": url}, {"SSL_CERT_FILE": "/nowhere"}).what


def test_proxies_of_the_environment(server: Any) -> None:
    server.answers["http://states.invalid/s"] = STATE
    environ = {"HTTP_PROXY": server.url}
    assert lookup({"url": "http://states.invalid/s"}, environ) == "found"
    server.answers["/s"] = STATE
    for exceptions in ("127.0.0.1", "*"):
        environ = {"http_proxy": "http://127.0.0.1:9", "no_proxy": exceptions}
        assert lookup({"url": f"{server.url}/s"}, environ) == "found"


@pytest.mark.parametrize(
    "settings", [{"address": "ftp://x/y"}, {}, {"address": ["x"]}, {"address": "http://x", "headers": "hush"}]
)
def test_settings_that_are_wrong(settings: dict[str, object]) -> None:
    with pytest.raises(Unavailable, match="the backend http in the plugin's config"):
        lookup({"backend": "http", "backend_config": settings})


def test_headers_that_are_none(server: Any) -> None:
    assert "not well-formed" in refused(http(f"{server.url}/s", headers={"X": "a\r\nhush: b"})).what
