"""A container registry on this machine, whose repositories say by their names how it behaves."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

INDEX = {"manifests": [{"platform": {"os": "linux", "architecture": "arm64"}}]}
SINGLE = {"config": {"digest": "sha256:c"}}
CONFIG = {"os": "linux", "architecture": "arm64"}


class _Handler(BaseHTTPRequestHandler):
    """A registry: the repository says how it behaves."""

    server: Any

    def do_HEAD(self) -> None:
        self.do_GET()

    def do_GET(self) -> None:
        self.server.asked.append((self.command, self.path, self.headers.get("Authorization")))
        path, _, query = self.path.partition("?")
        if path == "/token":
            known = "repository%3Aopen" in query
            self.answer(200 if known else 403, {"token": "t0ken"} if known else {})
        elif path == "/elsewhere/config":
            self.answer(200, CONFIG)
        elif (
            path.startswith(("/v2/open/", "/v2/closed/"))
            and self.headers.get("Authorization") != "Bearer t0ken"
        ):
            repository = path.split("/")[2]
            realm = f'Bearer realm="http://{self.server.host}/token",service="s",scope="repository:{repository}:pull"'
            self.answer(401, {}, **{"WWW-Authenticate": realm})
        elif path == "/v2/basic/manifests/1":
            self.answer(401, {}, **{"WWW-Authenticate": "Basic realm=x"})
        elif path.endswith("/blobs/sha256:c"):
            self.answer(307, {}, Location=f"http://localhost:{self.server.server_port}/elsewhere/config")
        else:
            tags: dict[str, tuple[int, Any]] = {
                "index": (200, INDEX),
                "single": (200, SINGLE),
                "busy": (429, {}),
                "broken": (500, {}),
                "list": (200, []),
            }
            self.answer(*tags.get(path.rpartition("/")[2], (404, {})))

    def answer(self, status: int, body: Any, **headers: str) -> None:
        content = json.dumps(body).encode()
        self.send_response(status)
        for name, value in {"Content-Length": str(len(content)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    def log_message(self, *_said: Any) -> None:
        return None


@contextmanager
def serving() -> Iterator[Any]:
    """Serve it; `host` is what images name it by, `asked` has each request: method, path, authorization."""
    server: Any = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    server.host, server.asked = f"127.0.0.1:{server.server_port}", []
    thread = Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
