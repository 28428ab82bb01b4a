"""Calls at the rate that AWS takes them: a bucket of tokens for each category of operations, in front of every attempt.

AWS throttles by account and region, so its throttle is met rather than hit: a call waits until AWS has a token for it,
and nothing waits while there are some. Others in the account draw on the same tokens, so the rate is a guess:
whenever AWS throttles, that category goes on at half its rate, who waits already too, and is back at the whole of it
half a minute later.
botocore's retries stay as they are; each attempt takes a token, and what its mode `adaptive` adds is waited for too.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from threading import Lock
from typing import Any, Final

from reconciler.aws import faults
from reconciler.throttles import CATEGORIES

_SLACK: Final = 0.9
"""The part of AWS's burst that is used: calls bunch on their way, and the last tokens are there for that."""

_LOWEST: Final = 1 / 16
_RECOVERY: Final = 1 / 60
"""To what part of the documented rate a category falls at most, and what part it regains in a second."""

_PAUSE: Final = 1.0
"""Seconds after a cut in which throttling says nothing new: these calls were under way."""

_MOMENT: Final = 1e-6
"""Seconds that are no wait, but what calculations leave."""


class Bucket:
    """Tokens of one category: pure, told the time in seconds. Tokens may be owed: who comes first is served first."""

    def __init__(self, burst: float, rate: float, now: float) -> None:
        """Start full."""
        self._burst = burst
        self._whole = rate
        self._rate = rate
        self._tokens = burst
        self._taken = 0
        self._at = now
        self._last = now
        self._cut = -_PAUSE + now

    def take(self, now: float) -> tuple[int, float]:
        """Take a token; give its number, and the seconds to wait for it, none while there are some."""
        self._fill(now)
        self._tokens -= 1
        self._taken += 1
        # Nobody who comes later goes first, also where the rate has grown since.
        self._last = max(self._last, now + max(0.0, -self._tokens) / self._rate)
        return self._taken, max(0.0, self._last - now)

    def left(self, number: int, now: float) -> float:
        """Give the seconds that are still to wait for a token that was taken: some where the rate was cut meanwhile."""
        self._fill(now)
        return max(0.0, (number - self._taken - self._tokens) / self._rate)

    def throttled(self, now: float) -> None:
        """Halve the rate, and take what is left for spent."""
        self._fill(now)
        if now - self._cut < _PAUSE:
            return
        self._cut = now
        self._rate = max(self._rate / 2, self._whole * _LOWEST)
        self._tokens = min(self._tokens, 0.0)

    def _fill(self, now: float) -> None:
        passed = max(0.0, now - self._at)
        self._at = max(self._at, now)
        # While calls wait it takes as many of them as seconds: at one in ten seconds each would find another rate than
        # the one that went through, and fail as often as it is tried.
        eased = passed if self._tokens >= 0 else passed * min(1.0, self._rate)
        self._tokens = min(self._burst, self._tokens + passed * self._rate)
        self._rate = min(self._whole, self._rate + eased * self._whole * _RECOVERY)


class Rates:
    """The buckets of one account and region. Safe to use from several threads."""

    def __init__(
        self, clock: Callable[[], float] = time.monotonic, sleep: Callable[[float], None] = time.sleep
    ) -> None:
        """Start with full buckets."""
        self._clock = clock
        self._sleep = sleep
        self._lock = Lock()
        now = clock()
        self._buckets: dict[tuple[str, str], Bucket] = {}
        for service, burst, rate, operations in CATEGORIES:
            bucket = Bucket(max(1.0, burst * _SLACK), rate, now)
            self._buckets.update(dict.fromkeys(((service, each) for each in operations), bucket))

    def wait(self, service: str, operation: str) -> None:
        """Wait until AWS has a token for a call; not at all where nothing is known of how it is throttled."""
        bucket = self._buckets.get((service, operation))
        if bucket is None:
            return
        with self._lock:
            number, pause = bucket.take(self._clock())
        while pause > _MOMENT:
            self._sleep(pause)
            with self._lock:
                pause = bucket.left(number, self._clock())

    def answered(self, service: str, operation: str, code: str) -> None:
        """Hear the error code of an answer."""
        bucket = self._buckets.get((service, operation))
        if bucket is not None and faults.CODES.get(code) is faults.THROTTLED:
            with self._lock:
                bucket.throttled(self._clock())

    def pace(self, service: str, client: Any) -> None:
        """Have every attempt of botocore's client wait for its token; before it is signed, since signatures age."""
        if all(service != known for known, _ in self._buckets):
            return

        def before(*, operation_name: str, **_event: Any) -> None:
            self.wait(service, operation_name)

        def after(*, operation: Any, response: Any, **_event: Any) -> None:
            if response is not None and response[0].status_code >= 400:
                self.answered(service, operation.name, str(response[1].get("Error", {}).get("Code", "")))

        client.meta.events.register("before-sign", before)
        client.meta.events.register("needs-retry", after)
