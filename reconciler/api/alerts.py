"""Telling somebody of drift: a memory of what was told, and a message where something is news."""

from __future__ import annotations

import hashlib
import http.client
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from typing import TYPE_CHECKING, Final, TypeAlias

from reconciler.errors import ReconcilerError

if TYPE_CHECKING:
    from reconciler.api.stores import Store
    from reconciler.core.alerts import Alert, Known, News

TIMEOUT: Final = 10.0
"""How many seconds an address has to answer."""
TRIES: Final = 2
_PAUSE: Final = 2.0

Post: TypeAlias = Callable[[str, bytes], int]
"""Posts a body to an address, and gives the status. OSError, ValueError or HTTPException where nobody answers."""


class Undelivered(ReconcilerError):
    """A message was not taken. It never names the address, which is a secret."""


class Memory:
    """What an address was told last of some projects: a file in a place, named by a digest that gives neither away."""

    def __init__(self, store: Store, kind: str, url: str, name: str) -> None:
        """Name the memory of a `kind` of message to a URL, about the projects that go by `name`."""
        from reconciler.core import alerts

        self.key = hashlib.sha256(b"reconciler alerts\0" + url.encode()).digest()
        self._store = store
        self._name = f"drift-{kind}-{alerts.signed(name, self.key)}.json"

    def read(self) -> tuple[Known, ...]:
        """Give what was told; nothing where nothing was, or where that cannot be read any more.

        PlanError or AwsError where the place cannot be read.
        """
        from reconciler.core import alerts

        text = self._store.read(self._name)
        try:
            return alerts.read(text) if text is not None else ()
        except ValueError:  # all is told once more, and it is written anew
            return ()

    def write(self, news: News) -> None:
        """Remember that news were told. PlanError or AwsError where the place cannot be written."""
        from reconciler.core import alerts

        self._store.write(self._name, alerts.write(news.memory))


def tell(
    found: tuple[Alert, ...],
    memory: Memory,
    url: str,
    write: Callable[[News], str],
    *,
    unanswered: tuple[str, ...] = (),
    everything: bool = True,
    surveyed: bool = True,
    post: Post | None = None,
    pause: Callable[[float], object] = time.sleep,
) -> News:
    """Send what is news, and remember it; the rest is as for `core.alerts.compare`.

    Undelivered where the message was not taken: then nothing is remembered, and the next run tries again.
    """
    from reconciler.core import alerts

    news = alerts.compare(
        found, memory.read(), memory.key, unanswered=unanswered, everything=everything, surveyed=surveyed
    )
    if news.any:
        deliver(url, write(news).encode(), _post if post is None else post, pause)
        memory.write(news)
    return news


def deliver(url: str, body: bytes, post: Post, pause: Callable[[float], object]) -> None:
    """Post a message, once more where that may help. Undelivered."""
    said = ""
    for attempt in range(TRIES):
        if attempt:
            pause(_PAUSE)
        try:
            status = post(url, body)
        except (OSError, ValueError, http.client.HTTPException) as error:
            # What an error says may quote the address.
            said = f"nobody answers ({type(getattr(error, 'reason', error)).__name__})"
            continue
        if 200 <= status < 300:
            return
        said = f"the answer is {status}"
        if status < 500 and status != http.client.TOO_MANY_REQUESTS:
            break
    raise Undelivered(said)


class _Stay(urllib.request.HTTPRedirectHandler):
    """Follows nobody: what is sent is for this address alone."""

    def redirect_request(self, *_: object) -> None:
        """Give no other request."""


def _post(url: str, body: bytes) -> int:
    from reconciler import __version__

    opener = urllib.request.OpenerDirector()
    for handler in (
        urllib.request.ProxyHandler(), urllib.request.HTTPHandler(), urllib.request.HTTPSHandler(),
        urllib.request.HTTPDefaultErrorHandler(), urllib.request.HTTPErrorProcessor(), _Stay(),
        urllib.request.UnknownHandler(),
    ):  # fmt: skip
        opener.add_handler(handler)
    request = urllib.request.Request(  # noqa: S310 - there are handlers for HTTP alone
        url,
        data=body,
        method="POST",
        headers={"Content-Type": "application/json", "User-Agent": f"reconciler/{__version__}"},
    )
    try:
        with opener.open(request, timeout=TIMEOUT) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        with error:
            return int(error.code)
