"""Simulated time: a clock that runs `speed` times as fast as the real one, and an agenda of what is due when.

There are no threads behind it. Whatever is due is done when somebody next asks (`Agenda.run_until`), in order
of its time and, at one instant, in the order it was planned: the same questions at the same simulated times
give the same answers.
"""

import heapq
import itertools
import time
from collections.abc import Callable
from typing import Final

EPOCH: Final = 1767225600.0
"""2026-01-01T00:00:00Z: where a clock of speed 0 starts, so that two runs show the same times."""


class Clock:
    """Simulated seconds since 1970. With `speed` 0 it moves only by `advance`."""

    def __init__(self, speed: float, start: float | None = None) -> None:
        """Start at `start`, else at the real time, or at `EPOCH` if the clock stands still."""
        self._speed = speed
        self._base = start if start is not None else (time.time() if speed else EPOCH)
        self._since = time.monotonic()

    @property
    def speed(self) -> float:
        """Simulated seconds that pass in one real second."""
        return self._speed

    @speed.setter
    def speed(self, value: float) -> None:
        """Change the pace from this instant on, without a jump."""
        self._base, self._since = self.now(), time.monotonic()
        self._speed = value

    def now(self) -> float:
        """Give the present simulated time."""
        return self._base + (time.monotonic() - self._since) * self._speed

    def advance(self, seconds: float) -> None:
        """Jump ahead."""
        self._base += seconds


class Agenda:
    """What is due when; `time` is the simulated instant that is being lived through."""

    def __init__(self, start: float) -> None:
        """Begin at `start` with nothing planned."""
        self.time = start
        self._heap: list[tuple[float, int, Callable[[], None]]] = []
        self._order = itertools.count()

    @property
    def due(self) -> float | None:
        """When the next thing is due, if anything is."""
        return self._heap[0][0] if self._heap else None

    def after(self, delay: float, action: Callable[[], None]) -> None:
        """Plan `action` for `delay` simulated seconds after `time`."""
        heapq.heappush(self._heap, (self.time + delay, next(self._order), action))

    def run_until(self, now: float) -> None:
        """Live through everything due up to `now`, each at its own time."""
        while self._heap and self._heap[0][0] <= now:
            self.time, _, action = heapq.heappop(self._heap)
            action()
        self.time = max(self.time, now)
