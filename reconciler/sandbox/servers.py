"""An HTTP server for a WSGI application, from the standard library: keep-alive, a thread a connection, no Nagle delay.

`wsgiref` closes every connection after one answer, and werkzeug comes with the `sandbox` extra only; this is what
lets the ECS part start with nothing but botocore.
"""

import io
import socket
import struct
import sys
import threading
from collections.abc import Callable, Iterable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import unquote

from reconciler.sandbox.errors import ConnectionDropped

WsgiApplication = Callable[[dict[str, Any], Callable[..., object]], Iterable[bytes]]


class Server(ThreadingHTTPServer):
    """Listens from its making on; `serve_forever` or `start` begins to answer."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, host: str, port: int, application: WsgiApplication) -> None:
        """Bind to `host` and `port` (0 for any free one); an address in use is an `OSError`."""
        self.application = application
        super().__init__((host, port), _Handler)

    def server_bind(self) -> None:
        """Bind without the reverse look-up of the host name that the standard library makes."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.socket.bind(self.server_address)
        self.server_address = self.socket.getsockname()
        self.server_name, self.server_port = str(self.server_address[0]), int(self.server_address[1])

    @property
    def endpoint_url(self) -> str:
        """The address to give to an SDK."""
        return f"http://{self.server_name}:{self.server_port}"

    def start(self) -> None:
        """Answer in a thread of its own until `close`."""
        threading.Thread(target=self.serve_forever, args=(0.01,), name="sandbox", daemon=True).start()

    def close(self) -> None:
        """Stop answering and free the port."""
        self.shutdown()
        self.server_close()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Keep quiet about callers that hang up; report anything else as the standard library does."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version = "sandbox"
    disable_nagle_algorithm = True
    wbufsize = -1
    server: Server

    def handle_one_request(self) -> None:
        self.raw_requestline = self.rfile.readline(65537)
        if not self.raw_requestline or len(self.raw_requestline) > 65536:
            self.close_connection = True
            return
        if not self.parse_request():
            return
        try:
            self._answer()
        except ConnectionDropped:
            # A linger time of zero makes close() send a reset instead of an orderly end.
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.connection.close()
            self.close_connection = True
            return
        self.wfile.flush()

    def handle_expect_100(self) -> bool:
        """Say "continue" at once: output is buffered, and a client that gets no answer waits a second."""
        proceed = super().handle_expect_100()
        self.wfile.flush()
        return proceed

    def _answer(self) -> None:
        body = self._body()
        started: list[tuple[str, list[tuple[str, str]]]] = []

        def start_response(status: str, headers: list[tuple[str, str]], _error: object = None) -> None:
            started.append((status, headers))

        content = b"".join(self.server.application(self._environ(body), start_response))
        status, headers = started[-1]
        number, _, phrase = status.partition(" ")
        self.send_response(int(number), phrase)
        for name, value in headers:
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    def _body(self) -> bytes:
        if "chunked" not in self.headers.get("Transfer-Encoding", "").lower():
            size = int(self.headers.get("Content-Length") or 0)
            body = self.rfile.read(size)
            if len(body) < size:
                raise ConnectionDropped  # nobody there any more to be answered, and no request to be obeyed
            return body
        chunks = []
        while size := int(self.rfile.readline(256).split(b";")[0], 16):
            chunks.append(self.rfile.read(size))
            self.rfile.readline(4)
        while self.rfile.readline(65537).strip():
            continue
        return b"".join(chunks)

    def _environ(self, body: bytes) -> dict[str, Any]:
        path, _, query = self.path.partition("?")
        environ: dict[str, Any] = {
            "REQUEST_METHOD": self.command,
            "SCRIPT_NAME": "",
            "PATH_INFO": unquote(path, "latin-1"),
            "RAW_URI": self.path,
            "REQUEST_URI": self.path,
            "QUERY_STRING": query,
            "SERVER_NAME": self.server.server_name,
            "SERVER_PORT": str(self.server.server_port),
            "SERVER_PROTOCOL": self.request_version,
            "REMOTE_ADDR": self.client_address[0],
            "CONTENT_TYPE": self.headers.get("Content-Type", ""),
            "CONTENT_LENGTH": str(len(body)),
            "wsgi.version": (1, 0),
            "wsgi.url_scheme": "http",
            "wsgi.input": io.BytesIO(body),
            "wsgi.errors": sys.stderr,
            "wsgi.multithread": True,
            "wsgi.multiprocess": False,
            "wsgi.run_once": False,
        }
        for name, value in self.headers.items():
            key = name.upper().replace("-", "_")
            if key not in ("CONTENT_TYPE", "CONTENT_LENGTH", "TRANSFER_ENCODING"):
                environ[f"HTTP_{key}"] = value
        return environ

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        """Log nothing: the sandbox keeps its own list of calls."""
