"""What CloudTrail tells of calls, read once for many projects: by the names of events, page by page, and no further."""

from __future__ import annotations

from dataclasses import field
from threading import Lock
from typing import TYPE_CHECKING, Final

from reconciler.core.values import JsonObject
from reconciler.errors import AwsError
from reconciler.records import dataclass

if TYPE_CHECKING:
    from reconciler.engine.ports import Trail

PAGES: Final = 20
"""How many pages of fifty are read of one event at most: with two calls a second, ten seconds."""


@dataclass(slots=True)
class _Name:
    """What is known of one event: its calls, the newest first, and how to go on; `over` where nothing follows."""

    records: list[JsonObject] = field(default_factory=list)
    token: str = ""
    pages: int = 0
    over: bool = False
    error: AwsError | None = None


class History:
    """The event history of one account and region. Safe to use from several threads: whoever reads, all know."""

    def __init__(self, trail: Trail) -> None:
        """Take the way to CloudTrail; nothing is read yet."""
        self._trail = trail
        self._lock = Lock()
        self._names: dict[str, _Name] = {}

    def since(self, name: str, at: float) -> tuple[tuple[JsonObject, ...], bool]:
        """Give the calls of an event since a time, seconds since the epoch, and whether these are all.

        They are not where there are more than `PAGES` pages. AwsError, the same one for all who ask.
        """
        with self._lock:
            known = self._names.setdefault(name, _Name())
            while not known.over and known.pages < PAGES and not _older(known, at):
                self._read(name, known)
            if known.error is not None:
                raise known.error
            return tuple(known.records), known.over or _older(known, at)

    def _read(self, name: str, known: _Name) -> None:
        try:
            found, known.token = self._trail.page(name, known.token)
        except AwsError as error:
            known.error, known.over = error, True
            return
        known.records.extend(found)
        known.pages += 1
        known.over = not known.token


def _older(known: _Name, at: float) -> bool:
    """Tell whether the oldest call that is known is older than a time."""
    from reconciler.core import trails

    return bool(known.records) and trails.time(known.records[-1]) < at
