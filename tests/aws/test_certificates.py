"""TLS stays as strict as botocore's, and reads its bundle once."""

from __future__ import annotations

import datetime as dt
import ipaddress
import ssl
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from reconciler.aws import certificates
from reconciler.errors import AwsUnreachable


def write_certificate(path: Path, address: str) -> None:
    """Write a key and a certificate signed by itself, for one address."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "test")])
    now = dt.datetime.now(dt.UTC)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(address))]), critical=False
        )
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    secret = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path.write_bytes(secret + certificate.public_bytes(serialization.Encoding.PEM))


class Handler(BaseHTTPRequestHandler):
    """Answers an empty list and closes, so that every call makes a connection."""

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b'{"clusterArns": []}')

    def log_message(self, *_arguments: object) -> None:
        """Keep the tests' output clean."""


class Server(ThreadingHTTPServer):
    """Says nothing of handshakes that the client breaks off."""

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Expected here."""


@pytest.fixture(params=["127.0.0.1"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    write_certificate(tmp_path / "server.pem", request.param)
    httpd = Server(("127.0.0.1", 0), Handler)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "server.pem")
    httpd.socket = context.wrap_socket(httpd.socket, server_side=True)
    thread = threading.Thread(target=httpd.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield f"https://127.0.0.1:{httpd.server_port}"
    httpd.shutdown()
    thread.join()
    httpd.server_close()


def test_the_bundle_is_loaded_once(
    url: str, open_to: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    loaded: list[Any] = []
    load = ssl.SSLContext.load_verify_locations

    def counting(self: ssl.SSLContext, *given: Any) -> None:
        loaded.append(given)
        load(self, *given)

    monkeypatch.setattr(ssl.SSLContext, "load_verify_locations", counting)
    bundle = str(tmp_path / "server.pem")
    client = open_to({"AWS_ENDPOINT_URL": url, "AWS_CA_BUNDLE": bundle}).client("ecs")
    for _ in range(3):
        assert client.call("ListClusters") == {"clusterArns": []}
    assert loaded == [(bundle, None, None)]


def test_an_unknown_authority_is_rejected(url: str, open_to: Any) -> None:
    with pytest.raises(AwsUnreachable, match="AWS_CA_BUNDLE"):
        open_to({"AWS_ENDPOINT_URL": url}).client("ecs").call("ListClusters")


@pytest.mark.parametrize("url", ["127.0.0.2"], indirect=True)
def test_another_hosts_certificate_is_rejected(url: str, open_to: Any, tmp_path: Path) -> None:
    environ = {"AWS_ENDPOINT_URL": url, "AWS_CA_BUNDLE": str(tmp_path / "server.pem")}
    with pytest.raises(AwsUnreachable, match=r"127\.0\.0\.2"):
        open_to(environ).client("ecs").call("ListClusters")


def test_the_names_inside_botocore_are_still_what_they_were(open_to: Any) -> None:
    assert certificates.load_once(open_to().botocore_client("ecs"))


@pytest.mark.parametrize("client", [SimpleNamespace(), SimpleNamespace(_endpoint=SimpleNamespace())])
def test_other_insides_are_left_as_they_are(client: Any) -> None:
    assert not certificates.load_once(client)
