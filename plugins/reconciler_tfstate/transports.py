"""Reading over HTTP: one GET, whatever it answers, and why no answer came.

Credentials go to the origin (scheme, host and port) they were meant for and to no other, whatever it redirects to.
"""

from __future__ import annotations

import base64
import http.client
import ssl
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urljoin

from reconciler.plugin import Denied, ResolveError, Unavailable
from reconciler_tfstate import stores
from reconciler_tfstate.locations import Missing
from reconciler_tfstate.stores import Store
from reconciler_tfstate.urls import shown, split

_SECONDS = 30
_REDIRECTS = 10
_RETRY_AFTER = 1.0
_LONGEST_RETRY = 60.0
_PIECE = 1 << 18
_LARGEST = 1 << 30  # bytes of an answer
_SLOWEST = 10_000  # bytes a second


@dataclass(frozen=True, slots=True)
class Answer:
    """What a server answered; names of headers are in lower case."""

    status: int
    headers: Mapping[str, str]
    content: bytes | Store = field(repr=False)

    @property
    def body(self) -> bytes:
        """Give all of the content at once; it is empty where the status is not 200."""
        return self.content if isinstance(self.content, bytes) else self.content.read(0, len(self.content))

    @property
    def retry_after(self) -> float:
        """Give the seconds after which the server wants to be asked again."""
        text = self.headers.get("retry-after", "")
        return min(float(text), _LONGEST_RETRY) if text.isdecimal() else _RETRY_AFTER


@dataclass(frozen=True, slots=True)
class Trust:
    """Whose certificates count, and our own. Each is PEM text; empty means as the system has it."""

    authorities: str = ""
    certificate: str = ""
    private_key: str = field(default="", repr=False)
    unverified: bool = False


def basic(user: str, password: str) -> str:
    """Give the value of ``Authorization`` for a user and a password."""
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


def get(
    url: str,
    environ: Mapping[str, str],
    headers: Mapping[str, str] | None = None,
    trust: Trust | None = None,
    *,
    method: str = "GET",
) -> Answer:
    """Ask a URL and follow what it redirects to. Unavailable where no answer comes, whatever its status."""
    headers, first = headers or {}, _origin(url)
    opener = _opener(environ, _tls(environ, trust or Trust(), shown(url)))
    for _ in range(_REDIRECTS):
        answer = _once(opener, method, url, headers if _origin(url) == first else {})
        location = answer.headers.get("location")
        if answer.status not in {301, 302, 303, 307, 308} or not location:
            return answer
        further = urljoin(url, location)
        if split(further).scheme != "https" and split(url).scheme == "https":
            raise Unavailable(f"{shown(url)} redirects to a place that is not https")
        url = further
    raise Unavailable(f"{shown(url)} redirects too often")


def refused(answer: Answer, name: str, what: str, *, known: bool, hint: str) -> ResolveError | None:
    """Give the error for an answer that is none of 200, None for one that is.

    `what` is what was asked for (``the state``), `known` says that credentials were sent, and `hint` where such
    come from.
    """
    match answer.status:
        case 200:
            return None
        case 204 | 404 | 410:
            return Missing(
                f"{name} has no {what} (HTTP {answer.status})",
                hint="correct the address, run terraform apply first, or set optional: true",
            )
        case 401 if known:
            return Denied(f"{name} does not accept the credentials (HTTP 401)", hint=hint)
        case 401:
            return Denied(f"{name} asks for credentials (HTTP 401)", hint=hint)
        case 403:
            return Denied(
                f"{name} does not let the {what} be read with these credentials (HTTP 403)", hint=hint
            )
        case 409 | 423:
            return Unavailable(
                f"{name} has locked the {what} (HTTP {answer.status})",
                hint="wait until the running apply has finished",
                retry_after=answer.retry_after,
            )
        case 429:
            return Unavailable(f"{name} has been asked too often (HTTP 429)", retry_after=answer.retry_after)
        case status if status >= 500:
            return Unavailable(f"{name} failed (HTTP {status})", retry_after=answer.retry_after)
    return Unavailable(f"{name} answered with HTTP {answer.status}", hint="check the address")


def _once(opener: urllib.request.OpenerDirector, method: str, url: str, headers: Mapping[str, str]) -> Answer:
    name = shown(url)
    if split(url).scheme not in {"http", "https"} or not split(url).hostname:
        raise Unavailable(f"{name} is no http or https URL")
    bare = split(url)
    url = bare._replace(netloc=bare.netloc.rpartition("@")[2], fragment="").geturl()
    try:
        request = urllib.request.Request(url, headers=dict(headers), method=method)  # noqa: S310 (its scheme was checked)
        try:
            response = opener.open(request, timeout=_SECONDS)
        except urllib.error.HTTPError as error:  # an answer too
            response = error
        with response:
            headers = {key.lower(): value for key, value in response.headers.items()}
            # Nobody reads what else a server has to say, of whatever length.
            content = stores.received(_pieces(response, name)) if response.status == 200 else b""
            return Answer(response.status, headers, content)
    except urllib.error.URLError as error:
        raise _unreachable(name, error.reason) from None
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise _unreachable(name, error) from None


def _pieces(
    response: http.client.HTTPResponse, name: str, clock: Callable[[], float] = time.monotonic
) -> Iterator[bytes]:
    """Give an answer's body as it comes. Unavailable where it is too long, or hardly comes at all."""
    started, size, whole = clock(), 0, response.length
    while piece := response.read1(_PIECE):
        yield piece
        size += len(piece)
        if size > _LARGEST:
            raise Unavailable(
                f"the answer of {name} is larger than {_LARGEST >> 30} GiB, too large for a state"
            )
        if clock() - started > _SECONDS + size / _SLOWEST:
            what = f"{name} sends its answer too slowly: {size} bytes in {clock() - started:.0f} s"
            raise Unavailable(what, hint="check the server and your network", retry_after=_RETRY_AFTER)
    if whole is not None and size < whole:
        raise http.client.IncompleteRead(b"", whole - size)


def _unreachable(name: str, reason: object) -> Unavailable:
    match reason:
        case ssl.SSLCertVerificationError():
            what, hint = (
                "shows a certificate that nobody vouches for",
                "SSL_CERT_FILE names further authorities",
            )
            return Unavailable(f"{name} {what}: {reason.verify_message}", hint=hint)
        case ssl.SSLError():
            return Unavailable(
                f"{name} does not speak TLS as it should: {reason.reason or 'handshake failed'}"
            )
        case TimeoutError():
            return Unavailable(f"{name} did not answer within {_SECONDS} s", retry_after=_RETRY_AFTER)
        case ConnectionRefusedError():
            hint = "check its host and port"
            return Unavailable(f"{name} takes no connections", hint=hint, retry_after=_RETRY_AFTER)
        case http.client.IncompleteRead():
            return Unavailable(f"the answer of {name} broke off", retry_after=_RETRY_AFTER)
        case http.client.InvalidURL() | ValueError():
            return Unavailable(f"{name} cannot be asked: the address or a header is not well-formed")
        case http.client.HTTPException() | ConnectionError():
            return Unavailable(f"{name} closed the connection without an answer", retry_after=_RETRY_AFTER)
        case OSError(strerror=str(said)):
            return Unavailable(f"{name} cannot be reached: {said}", hint="check its host and your network")
    return Unavailable(f"{name} cannot be reached", hint="check its host and your network")


def _tls(environ: Mapping[str, str], trust: Trust, name: str) -> ssl.SSLContext:
    try:
        context = ssl.create_default_context(
            cafile=environ.get("SSL_CERT_FILE") or None,
            capath=environ.get("SSL_CERT_DIR") or None,
            cadata=trust.authorities or None,
        )
        if trust.unverified:
            context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        if trust.certificate:
            with tempfile.NamedTemporaryFile("w", suffix=".pem") as file:  # OpenSSL takes only files
                file.write(f"{trust.certificate}\n{trust.private_key}\n")
                file.flush()
                context.load_cert_chain(file.name)
    except (OSError, ValueError):
        what = f"the certificates for {name} cannot be used"
        raise Unavailable(what, hint="SSL_CERT_FILE, or the backend's *_pem settings") from None
    return context


def _opener(environ: Mapping[str, str], tls: ssl.SSLContext) -> urllib.request.OpenerDirector:
    """Make an opener that redirects nothing itself and takes proxies from the run's environment."""
    return urllib.request.build_opener(
        _Proxies(environ), urllib.request.HTTPSHandler(context=tls), _NoRedirects()
    )


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_arguments: Any) -> None:
        return None


class _Proxies(urllib.request.ProxyHandler):
    """Proxies out of ``HTTPS_PROXY``, ``HTTP_PROXY`` and ``NO_PROXY`` of an environment, in either case."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        found = {name: environ.get(f"{name}_proxy") or environ.get(f"{name.upper()}_PROXY", "")
                 for name in ("http", "https", "no")}  # fmt: skip
        self._exceptions = {"no": found.pop("no")}
        super().__init__({name: url for name, url in found.items() if url})

    def proxy_open(self, req: Any, proxy: str, type: str) -> Any:  # noqa: A002 (urllib's name)
        if urllib.request.proxy_bypass_environment(req.host, self._exceptions):  # type: ignore[attr-defined]
            return None
        return super().proxy_open(req, proxy, type)


def _origin(url: str) -> tuple[str, str, int | None]:
    parts = split(url)
    return (
        parts.scheme,
        (parts.hostname or "").lower(),
        parts.port or {"http": 80, "https": 443}.get(parts.scheme),
    )
