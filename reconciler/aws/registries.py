"""Container registries over HTTPS, asked as anyone may ask them: `engine.verifying.Registry`.

The protocol is that of the OCI distribution specification, with the token of Docker's ("Token Authentication"): a
registry that answers 401 names who gives tokens, and public ones give them to everybody. As Docker does, a registry on
this machine is spoken to without TLS. HEAD costs none of Docker Hub's pulls, and is used where it says enough. Proxies
and certificates are the process's, as for botocore, whose HTTP is used; credentials are sent to nobody.
"""

from __future__ import annotations

import ipaddress
import json
import os
import re
from collections.abc import Mapping
from contextlib import suppress
from threading import Lock
from typing import Any, Final
from urllib.parse import urlencode, urljoin, urlsplit

from reconciler.core.verification.images import MEDIA_TYPES
from reconciler.core.verification.platforms import config_digest
from reconciler.core.verification.reads import Answer, Denied, Found, Manifest, Missing, Unanswered

_SECONDS: Final = (3.0, 5.0)
"""For how long a registry may take to connect, and to answer."""
_REDIRECTS: Final = 5
_LARGEST: Final = 4 * 1024 * 1024
"""What a manifest may weigh (OCI distribution specification, "Pushing Manifests")."""
_CHALLENGE: Final = re.compile(r'([a-zA-Z]+)="([^"]*)"')
_SAID: Final = re.compile(r"(?:\[Errno -?\d+\] )([^'\")]+)")
_MOVED: Final = frozenset({301, 302, 303, 307, 308})


class Registries:
    """Asks registries. Tokens are kept for as long as it lives; safe to call from several threads."""

    def __init__(self) -> None:
        """Ask nobody yet."""
        self._tokens: dict[str, str] = {}
        self._sessions: dict[str, Any] = {}
        self._lock = Lock()

    def manifest(self, asked: Manifest, /) -> Answer:
        """Give the manifest of an image; of one that is no index its configuration too. Raises nothing."""
        try:
            base = f"{_scheme(asked.host)}://{asked.host}/v2/{asked.repository}"
            accept = {"Accept": ", ".join(MEDIA_TYPES)}
            answer = self._authorized(
                "GET" if asked.whole else "HEAD", f"{base}/manifests/{asked.reference}", accept
            )
            if not isinstance(answer, Found) or not asked.whole:
                return answer
            digest = config_digest(answer.body)
            config = self._authorized("GET", f"{base}/blobs/{digest}", {}) if digest else Missing()
            more = {"config": config.body} if isinstance(config, Found) else {}
            return Found({"manifest": answer.body, **more})
        except OSError as error:
            return Unanswered(f"{asked.host} cannot be reached: {error}")
        except ValueError as error:
            return Unanswered(f"{asked.host} does not answer as a registry: {error}")

    def download(self, url: str, /) -> Answer:
        """Give a JSON document. Raises nothing."""
        try:
            return _read(self._followed("GET", url, {}), urlsplit(url).hostname or "the server")
        except (OSError, ValueError) as error:
            return Unanswered(f"{urlsplit(url).hostname} cannot be read: {error}")

    def _authorized(self, method: str, url: str, headers: Mapping[str, str]) -> Answer:
        """Ask, and once more with the token that the registry's own answer says where to get."""
        host, repository = urlsplit(url).netloc, url.rsplit("/", 2)[0]
        with self._lock:
            token = self._tokens.get(repository)
        response = self._followed(method, url, {**headers, **_bearer(token)})
        if response.status_code == 401:
            found = self._token(str(response.headers.get("www-authenticate", "")), url)
            if not isinstance(found, str):
                return found
            with self._lock:
                self._tokens[repository] = found
            response = self._followed(method, url, {**headers, **_bearer(found)})
        return _read(response, host, body=method == "GET")

    def _token(self, challenge: str, url: str) -> str | Answer:
        """Get a token of the one whom the challenge names, as nobody in particular."""
        host = urlsplit(url).netloc
        given = dict(_CHALLENGE.findall(challenge))
        realm = given.get("realm", "")
        if not challenge.lower().startswith("bearer ") or urlsplit(realm).scheme != _scheme(
            urlsplit(realm).netloc
        ):
            return Denied(f"reading {host} without credentials")
        query = urlencode({name: given[name] for name in ("service", "scope") if name in given})
        answer = _read(self._followed("GET", f"{realm}?{query}", {}), urlsplit(realm).netloc)
        if not isinstance(answer, Found):
            return (
                Denied(f"reading {host} without credentials")
                if isinstance(answer, Denied | Missing)
                else answer
            )
        token = answer.body.get("token") or answer.body.get("access_token")
        return token if isinstance(token, str) else Unanswered(f"{host} gives no token")

    def _followed(self, method: str, url: str, headers: Mapping[str, str]) -> Any:
        """Ask a URL and follow where it redirects to; what is told to one host is told to no other."""
        first = urlsplit(url).netloc
        for _ in range(_REDIRECTS):
            parts = urlsplit(url)
            response = self._sent(method, url, headers if parts.netloc == first else {})
            location = response.headers.get("location")
            if response.status_code not in _MOVED or not location:
                return response
            further = urljoin(url, location)
            if urlsplit(further).scheme != "https" and parts.scheme == "https":
                break
            url = further
        raise ValueError(f"{first} redirects to nowhere")

    def _sent(self, method: str, url: str, headers: Mapping[str, str]) -> Any:
        from botocore.awsrequest import AWSRequest
        from botocore.exceptions import (
            BotoCoreError,
            ConnectTimeoutError,
            HTTPClientError,
            ReadTimeoutError,
        )

        try:
            request = AWSRequest(method=method, url=url, headers=dict(headers)).prepare()
            return self._session(url).send(request)
        except (ConnectTimeoutError, ReadTimeoutError) as error:
            seconds = _SECONDS[isinstance(error, ReadTimeoutError)]
            raise ConnectionError(f"no answer within {seconds:g} seconds") from error
        except (BotoCoreError, HTTPClientError) as error:
            said = str(error.kwargs.get("error") or error) if hasattr(error, "kwargs") else str(error)
            raise ConnectionError(_brief(said)) from error

    def _session(self, url: str) -> Any:
        from botocore.httpsession import URLLib3Session
        from botocore.utils import get_environ_proxies

        host = urlsplit(url).netloc
        with self._lock:
            if host not in self._sessions:
                bundle = os.environ.get("AWS_CA_BUNDLE") or os.environ.get("REQUESTS_CA_BUNDLE") or True
                self._sessions[host] = URLLib3Session(
                    verify=bundle, proxies=get_environ_proxies(url), timeout=_SECONDS
                )
            return self._sessions[host]


def _scheme(host: str) -> str:
    """Give the scheme that a registry is asked with: Docker takes those of 127.0.0.0/8 and localhost without TLS."""
    name = urlsplit(f"//{host}").hostname or ""
    if name == "localhost":
        return "http"
    with suppress(ValueError):
        return "http" if ipaddress.ip_address(name).is_loopback else "https"
    return "https"


def _bearer(token: str | None) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"} if token else {}


def _read(response: Any, host: str, *, body: bool = True) -> Answer:
    """Give what a response says."""
    match response.status_code:
        case 200:
            if not body:
                return Found({})
            content = response.content
            found = json.loads(content) if len(content) <= _LARGEST else None
            return (
                Found(found) if isinstance(found, dict) else Unanswered(f"{host} answers with no JSON object")
            )
        case 404:
            return Missing()
        case 401 | 403:
            return Denied(f"reading {host} without credentials")
        case 429:
            return Unanswered(f"{host} has been asked too often (its pull rate limit)")
    return Unanswered(f"{host} answers with HTTP {response.status_code}")


def _brief(text: str) -> str:
    """Give what the network said, out of a chain of errors that quote each other."""
    found = _SAID.findall(text)
    return str(found[-1]) if found else text
