"""Failures on demand: rules that make calls fail, slow or cut off, and token buckets that throttle them.

A fault rule is a JSON object; every member is optional:

    operation   regular expression that must match the whole operation name ("UpdateService", "GET /bucket/.*")
    service     signing name of the service ("ecs", "ssm", "s3")
    match       text that the request body must contain
    code        error code to answer; without it the call goes on (after `latency`)
    message     its message (default "Rate exceeded" for codes of throttling, else that a fault of the sandbox struck)
    status      its HTTP status (default 400)
    times       for how many calls the rule holds; without it for all
    p           probability that it strikes, 0 to 1 (seeded)
    latency     real seconds to wait before anything else
    reset       "before": the connection is reset and nothing happens; "after": … and the call has happened

Limits are token buckets by operation, `{"RegisterTaskDefinition": {"burst": 20, "rate": 1}}`, `rate` in calls
a real second: it is the caller that is throttled, so they follow the caller's clock. Operations that a key names
together, with commas, share a bucket. `documented` in place of the object is what AWS documents (`throttles`).
"""

import random
import re
import time
from collections.abc import Mapping, Sequence
from copy import copy
from dataclasses import dataclass, fields
from typing import Any, Literal

from reconciler import throttles
from reconciler.sandbox import rules
from reconciler.sandbox.errors import Refusal, SandboxError


@dataclass(slots=True, kw_only=True)
class Fault:
    """One rule; see the module's docstring."""

    operation: str = ".*"
    service: str | None = None
    match: str = ""
    code: str | None = None
    message: str | None = None
    status: int = 400
    times: int | None = None
    p: float = 1.0
    latency: float = 0.0
    reset: Literal["before", "after"] | None = None

    @classmethod
    def read(cls, given: object, where: str = "faults") -> "Fault":
        """Read a rule; anything wrong with it is a `SandboxError` at `where`."""
        if not isinstance(given, Mapping):
            raise SandboxError("a fault rule must be an object", where)
        kinds: dict[str, tuple[type, ...]] = {
            **dict.fromkeys(("operation", "service", "match", "code", "message", "reset"), (str,)),
            **dict.fromkeys(("status", "times"), (int,)),
            **dict.fromkeys(("p", "latency"), (int, float)),
        }
        for name, value in given.items():
            if name not in kinds:
                names = ", ".join(each.name for each in fields(cls))
                raise SandboxError(f"a fault rule has no member {name!r}; it has {names}", where)
            if not isinstance(value, kinds[name]) or isinstance(value, bool):
                raise SandboxError(f"must be a {kinds[name][-1].__name__}", f"{where}.{name}")
        if given.get("reset", "before") not in ("before", "after"):
            raise SandboxError("must be 'before' or 'after'", f"{where}.reset")
        try:
            re.compile(given.get("operation", ""))
        except re.error as error:
            raise SandboxError(f"is no regular expression: {error}", f"{where}.operation") from None
        return cls(**given)

    @property
    def text(self) -> str:
        """The message that goes with the code."""
        if self.message is not None:
            return self.message
        throttles = re.search("Throttl|TooManyRequests|RequestLimitExceeded|SlowDown", self.code or "")
        return "Rate exceeded" if throttles else f"A fault of the sandbox: {self.code}"

    def fits(self, service: str, operation: str, body: str) -> bool:
        """Tell whether the rule concerns a call."""
        return (
            self.service in (None, service)
            and re.fullmatch(self.operation, operation) is not None
            and self.match in body
        )


class Faults:
    """The rules in force, tried in order; each that strikes counts down its `times`."""

    def __init__(self, seed: int) -> None:
        """Have no rules; `seed` decides what `p` strikes."""
        self._random = random.Random(f"{seed}/faults")
        self._rules: list[Fault] = []

    def replace(self, given: Sequence[object], where: str = "faults") -> None:
        """Put other rules in force."""
        self._rules = [Fault.read(each, f"{where}[{number}]") for number, each in enumerate(given)]

    def strike(self, service: str, operation: str, body: str) -> list[Fault]:
        """Give the rules that strike a call, up to and including the first that ends it."""
        struck = []
        for each in list(self._rules):
            if not each.fits(service, operation, body) or (each.p < 1 and self._random.random() >= each.p):
                continue
            if each.times is not None:
                each.times -= 1
                if each.times <= 0:
                    self._rules.remove(each)
            struck.append(each)
            if each.code or each.reset:
                break
        return struck


@dataclass(slots=True)
class _Bucket:
    burst: float
    rate: float
    tokens: float
    filled: float


class Limits:
    """Token buckets by operation name, for each account and region of its own."""

    def __init__(self) -> None:
        """Throttle nothing."""
        self._buckets: dict[str, _Bucket] = {}
        self._own: dict[tuple[int, str, str], _Bucket] = {}

    def replace(self, given: Mapping[str, Any] | str, where: str = "limits") -> None:
        """Put other limits in force, all buckets full."""
        buckets: dict[str, _Bucket] = {}
        if isinstance(given, str):
            if given != "documented":
                raise SandboxError("must be an object, or the word documented", where)
            given = throttles.DOCUMENTED
        for operations, limit in given.items():
            place = f"{where}.{operations}"
            if not isinstance(limit, Mapping) or set(limit) != {"burst", "rate"}:
                raise SandboxError('must be {"burst": calls, "rate": calls a second}', place)
            if not all(isinstance(each, int | float) and each >= 0 for each in limit.values()):
                raise SandboxError("burst and rate must be numbers", place)
            bucket = _Bucket(limit["burst"], limit["rate"], limit["burst"], time.monotonic())
            buckets |= dict.fromkeys((each.strip() for each in operations.split(",")), bucket)
        self._buckets = buckets
        self._own = {}

    @rules.documented(
        "developer guide, request throttling for the ECS API: token buckets with burst and sustained rate, "
        "for each account and region"
    )
    @rules.reported("transcripts: ThrottlingException: Rate exceeded, status 400")
    def take(self, operation: str, account: str = "", region: str = "") -> None:
        """Take a token for a call; an empty bucket is a `Refusal`."""
        whole = self._buckets.get(operation)
        if whole is None:
            return
        bucket = self._own.setdefault((id(whole), account, region), copy(whole))
        now = time.monotonic()
        bucket.tokens = min(bucket.burst, bucket.tokens + (now - bucket.filled) * bucket.rate)
        bucket.filled = now
        if bucket.tokens < 1:
            raise Refusal("ThrottlingException", "Rate exceeded")
        bucket.tokens -= 1
