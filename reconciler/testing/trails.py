"""CloudTrail in memory: what it tells is put there."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager

from reconciler.core.values import JsonObject

_EVENTS_A_PAGE = 50


class FakeTrail:
    """`engine.ports.Trail` over a list of records, the oldest first."""

    def __init__(
        self, records: list[JsonObject], called: Callable[..., AbstractContextManager[None]]
    ) -> None:
        """Take the records, and what notes calls and makes them fail."""
        self._records = records
        self._called = called

    def page(self, name: str, token: str = "", /) -> tuple[tuple[JsonObject, ...], str]:
        """Give a page of the records of a name, the newest first, and the token of the next one."""
        with self._called("page", name, token):
            found = [each for each in reversed(self._records) if each.get("eventName") == name]
            end = int(token or 0) + _EVENTS_A_PAGE
            return tuple(found[int(token or 0) : end]), str(end) if end < len(found) else ""
