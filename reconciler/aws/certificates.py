"""Trusted certificates, read once a client rather than once a connection.

urllib3 loads the bundle of certificate authorities into a client's one SSL context again for every
connection that it opens, which takes some 35 ms of CPU for botocore's. The context keeps what it was given,
so a second time changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from operator import attrgetter
from threading import Lock
from typing import Any, Final

_POOL_SETTINGS: Final = attrgetter("_endpoint.http_session._manager.connection_pool_kw")
"""Where botocore's client keeps its context. These names are private; where they differ, nothing is gained."""


def load_once(client: Any) -> bool:
    """Have a client's SSL context load each bundle once; tell whether that could be arranged."""
    try:
        context = _POOL_SETTINGS(client)["ssl_context"]
        context.load_verify_locations = _once(context.load_verify_locations)
    except (AttributeError, KeyError):
        return False
    return True


def _once(load: Callable[..., None]) -> Callable[..., None]:
    """Call with the same arguments once; threads that come meanwhile wait for it."""
    lock = Lock()
    loaded: set[tuple[object, ...]] = set()

    def loading(*given: object) -> None:
        with lock:
            if given not in loaded:
                load(*given)
                loaded.add(given)

    return loading
