"""A server that answers as it is told, and sessions that call it."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, TypeAlias

import pytest

from reconciler.aws import sessions

DROP = "drop"
"""An answer that is none: the connection is closed after the request was read."""

Answer: TypeAlias = "tuple[int, str] | str"
Sessions: TypeAlias = Callable[..., sessions.Aws]


@dataclass
class Scripted:
    """Answers in order, the last one for ever; `requests` holds operation, parsed body and headers."""

    url: str = ""
    answers: list[Answer] = field(default_factory=list)
    requests: list[tuple[str, Any, dict[str, str]]] = field(default_factory=list)

    def says(self, *answers: Answer | dict[str, Any]) -> None:
        """Set the answers; a dictionary is a body of 200."""
        self.answers = [(200, json.dumps(each)) if isinstance(each, dict) else each for each in answers]

    def fails(self, status: int, code: str, message: str, *after: Answer | dict[str, Any]) -> None:
        """Answer with an error of the JSON protocol, then with what follows."""
        self.says((status, json.dumps({"__type": f"com.amazonaws.ecs#{code}", "message": message})), *after)

    @property
    def operations(self) -> list[str]:
        """The operations called so far."""
        return [operation for operation, _, _ in self.requests]

    def next(self) -> Answer:
        """Give the answer to the next request."""
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


@pytest.fixture
def server() -> Iterator[Scripted]:
    scripted = Scripted()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def do_GET(self) -> None:
            self.answer()

        def do_POST(self) -> None:
            self.answer()

        def answer(self) -> None:
            data = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
            operation = self.headers.get("X-Amz-Target", "").rpartition(".")[2] or self.path
            body = json.loads(data) if data.startswith("{") else data
            scripted.requests.append((operation, body, dict(self.headers)))
            answer = scripted.next()
            if isinstance(answer, str):
                self.close_connection = True
                return
            status, text = answer
            self.send_response(status)
            self.send_header("Content-Type", "application/x-amz-json-1.1" if text[:1] == "{" else "text/xml")
            self.send_header("Content-Length", str(len(text.encode())))
            self.end_headers()
            self.wfile.write(text.encode())

        def log_message(self, *_arguments: object) -> None:
            """Keep the tests' output clean."""

    httpd = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    scripted.url = f"http://127.0.0.1:{httpd.server_port}"
    thread = threading.Thread(target=httpd.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield scripted
    httpd.shutdown()
    thread.join()
    httpd.server_close()


@pytest.fixture(scope="session")
def shared_cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(autouse=True)
def own_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, shared_cache: Path) -> None:
    """Keep the settings and credentials of whoever runs the tests out of them."""
    for name in [name for name in os.environ if name.startswith(("AWS_", "HTTP_PROXY", "HTTPS_PROXY"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("XDG_CACHE_HOME", str(shared_cache))
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))


@pytest.fixture
def open_to(server: Scripted) -> Iterator[Sessions]:
    """Open sessions that call the server, with an environment laid over the usual one."""
    opened: list[sessions.Aws] = []

    def opening(environ: dict[str, str] | None = None, **settings: Any) -> sessions.Aws:
        usual = {
            "AWS_ENDPOINT_URL": server.url,
            "AWS_ACCESS_KEY_ID": "AKIAIOSFODNN7EXAMPLE",
            "AWS_SECRET_ACCESS_KEY": "wJalrXUtnFEMI",
            "AWS_REGION": "eu-west-1",
        }
        opened.append(sessions.open_aws(environ=usual | (environ or {}), **settings))
        return opened[-1]

    yield opening
    for aws in opened:
        aws.close()


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Have botocore's back-off take no time, and give how long it would have been."""
    waits: list[float] = []
    monkeypatch.setattr("botocore.endpoint.time.sleep", waits.append)
    return waits
