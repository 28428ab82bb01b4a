"""A clock that moves only when it is told to."""

from __future__ import annotations

from threading import Lock


class FakeClock:
    """`engine.ports.Clock` for tests: sleeping takes no time, and moves the clock on."""

    def __init__(self, now: float = 1_700_000_000.0) -> None:
        """Start at a time, in seconds since the epoch."""
        self._now = now
        self._lock = Lock()
        self.slept: list[float] = []

    def now(self) -> float:
        """Give the time in seconds since the epoch."""
        return self._now

    def sleep(self, seconds: float, /) -> None:
        """Move on, and remember by how much."""
        self.slept.append(seconds)
        self.advance(seconds)

    def advance(self, seconds: float) -> None:
        """Move on, as if the time passed elsewhere."""
        with self._lock:
            self._now += seconds
