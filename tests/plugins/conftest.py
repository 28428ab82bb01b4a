"""Servers on loopback for the backends of states, and a context whose AWS clients are real."""

from __future__ import annotations

import datetime as dt
import ipaddress
import ssl
import threading
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, NamedTuple, TypeAlias

import pytest

from reconciler.aws import sessions
from reconciler.aws.clients import Client
from reconciler.plugin import AwsOptions

KEYS = {"AWS_ACCESS_KEY_ID": "AKIAIOSFODNN7EXAMPLE", "AWS_SECRET_ACCESS_KEY": "hush-secret"}


class Request(NamedTuple):
    """What a server was asked; names of headers are in lower case."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes


class Reply(NamedTuple):
    """What it answers; None in place of a body closes the connection halfway through."""

    status: int = 200
    body: bytes | None = b""
    headers: Mapping[str, str] = {}


Answering: TypeAlias = Callable[[Request], "Reply | bytes"]


@dataclass
class Served:
    """A server: what it answers to a path (without its query), and what it was asked."""

    url: str = ""
    answers: dict[str, Reply | bytes | Answering] = field(default_factory=dict)
    requests: list[Request] = field(default_factory=list)

    @property
    def host(self) -> str:
        """Host and port."""
        return self.url.partition("://")[2]

    @staticmethod
    def reply(status: int, body: bytes | None = b"", headers: Mapping[str, str] | None = None) -> Reply:
        """Make an answer."""
        return Reply(status, body, headers or {})

    def answer(self, request: Request) -> Reply:
        """Answer, 404 to what nothing is said about."""
        self.requests.append(request)
        found = self.answers.get(request.path.partition("?")[0], Reply(404))
        if callable(found):
            found = found(request)
        return Reply(200, found) if isinstance(found, bytes) else found


@contextmanager
def serving(context: ssl.SSLContext | None = None) -> Iterator[Served]:
    """Serve on a free port of loopback, with TLS where a context is given."""
    served = Served()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            headers = {name.lower(): value for name, value in self.headers.items()}
            reply = served.answer(Request(self.command, self.path, headers, body))
            self.send_response(reply.status)
            for name, value in reply.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(100 if reply.body is None else len(reply.body)))
            self.end_headers()
            self.wfile.write(b"half" if reply.body is None else reply.body)
            self.close_connection = reply.body is None

        do_GET = do_POST = do_PUT = do_HEAD = do_DELETE = answer  # noqa: N815 (the library's names)

        def log_message(self, *_arguments: object) -> None:
            """Keep the tests' output clean."""

    httpd = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    if context is not None:
        httpd.socket = context.wrap_socket(httpd.socket, server_side=True)
    served.url = f"http{'s' * (context is not None)}://127.0.0.1:{httpd.server_port}"
    thread = threading.Thread(target=httpd.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield served
    finally:
        httpd.shutdown()
        thread.join()
        httpd.server_close()


@pytest.fixture
def server() -> Iterator[Served]:
    with serving() as served:
        yield served


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate of 127.0.0.1 that vouches for itself, with its key, in one file."""
    x509 = pytest.importorskip("cryptography.x509", reason="the extra 'opentofu' is not installed")
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "loopback")])
    now = dt.datetime.now(dt.UTC)
    built = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False
        )
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    plain = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    path = tmp_path_factory.mktemp("tls") / "loopback.pem"
    path.write_bytes(built.public_bytes(pem) + key.private_bytes(pem, *plain))
    return path


@pytest.fixture
def tls_server(certificate: Path) -> Iterator[Served]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    with serving(context) as served:
        yield served


@dataclass(frozen=True, slots=True)
class Run:
    """A resolver's context whose AWS clients are the product's own."""

    root: Path
    environ: Mapping[str, str]
    aws: sessions.Aws

    def client(self, service: str, options: AwsOptions | None = None, /) -> Client:
        """Give a client as a run does."""
        return self.aws.client(service, options)


@dataclass(frozen=True, slots=True)
class Moto:
    """moto on loopback, and how to be its customer."""

    url: str

    def run(self, root: Path, environ: Mapping[str, str] | None = None, **settings: Any) -> Run:
        """Give the context of a run against it."""
        whole = {**KEYS, "AWS_ENDPOINT_URL": self.url, **(environ or {})}
        return Run(root, whole, sessions.open_aws(environ=whole, **({"region": "us-east-1"} | settings)))

    def tell(self, path: str, body: bytes = b"") -> None:
        """Tell moto itself something."""
        headers = {"Content-Type": "text/plain"}
        asked = urllib.request.Request(f"{self.url}/moto-api/{path}", body, headers, method="POST")
        urllib.request.urlopen(asked).close()

    def authorise(self) -> None:
        """Have it check credentials and policies from now on."""
        self.tell("reset-auth", b"0")


@pytest.fixture
def moto(monkeypatch: pytest.MonkeyPatch) -> Iterator[Moto]:
    servers = pytest.importorskip("moto.server", reason="the extra 'sandbox' is not installed")
    for name in ("AWS_PROFILE", "AWS_SESSION_TOKEN", "HTTP_PROXY", "http_proxy"):
        monkeypatch.delenv(name, raising=False)
    httpd = servers.ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    httpd.start()
    host, port = httpd.get_host_and_port()
    url = f"http://{host}:{port}"
    yield (found := Moto(url))
    found.tell("reset-auth", b"inf")
    found.tell("reset")
    httpd.stop()
