"""Looking addresses up: each once, many at a time, with everything that failed kept beside what did not."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from queue import Empty, SimpleQueue
from typing import TypeAlias, TypeVar

from reconciler.core.values import Address, Failure, Source, Value
from reconciler.errors import (
    AwsError,
    ConfigError,
    Denied,
    NotFound,
    PluginCrashed,
    ResolveError,
    Unavailable,
)
from reconciler.plugin import BatchResolver, refusal
from reconciler.records import dataclass
from reconciler.resolve import crashes
from reconciler.resolve.registry import Instance, Instances

_T = TypeVar("_T")
_R = TypeVar("_R")
Answer: TypeAlias = "Value | Failure"

_ATTEMPTS = 4
_PATIENCE = 0.002  # seconds after which a lookup is taken for one that waits for others
_LONGEST_PAUSE = 30.0  # seconds; a resolver that asks for more is not worth waiting for


@dataclass(frozen=True, slots=True)
class Lookup:
    """A finished lookup: where the value came from (None for a failure), and the seconds that it took.

    Addresses that were asked for in one batch have the batch's time each.
    """

    address: Address
    source: Source | None
    seconds: float
    failed: bool


def _alone(_instance: Instance) -> None:
    """Have an instance answer for itself."""


class Session:
    """The lookups of a run. Safe to use from several threads; no address is asked for twice."""

    def __init__(
        self,
        instances: Instances,
        *,
        max_workers: int = 16,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
        progress: Callable[[Lookup], None] | None = None,
        common: Callable[[Instance], Session | None] = _alone,
    ) -> None:
        """Ask `instances`. `progress` is told each finished lookup, from the thread that asked for it.

        `common` gives the lookups that answer for an instance in many projects, None where it answers for itself.
        """
        self._instances = instances
        self._max_workers = max_workers
        self._sleep = sleep
        self._clock = clock
        self._progress = progress
        self._common = common
        self._known: dict[Address, Answer] = {}
        self._trace: list[Lookup] = []
        self._asked: set[Address] = set()  # by some thread, not answered yet
        self._changed = threading.Condition()

    @property
    def known(self) -> Mapping[Address, Answer]:
        """Give everything that has been looked up so far."""
        with self._changed:
            return dict(self._known)

    @property
    def trace(self) -> tuple[Lookup, ...]:
        """Give the lookups so far, in the order in which they were finished."""
        with self._changed:
            return tuple(self._trace)

    def lookup_many(self, addresses: Iterable[Address], /) -> Mapping[Address, Answer]:
        """Look addresses up, side by side; what cannot be had is a Failure. Raises nothing of its own."""
        wanted = tuple(dict.fromkeys(addresses))
        while mine := self._claim(wanted):
            try:
                self._ask(mine)
            finally:  # also when interrupted, so that no other thread waits for ever
                with self._changed:
                    self._asked.difference_update(mine)
                    self._changed.notify_all()
        with self._changed:
            return {address: self._known[address] for address in wanted}

    def _claim(self, wanted: Sequence[Address]) -> list[Address]:
        """Give what is left for this thread to ask; waits for what others are asking. Empty when all is known."""
        with self._changed:
            while left := [address for address in wanted if address not in self._known]:
                if free := [address for address in left if address not in self._asked]:
                    self._asked.update(free)
                    return free
                self._changed.wait()
            return []

    def _ask(self, addresses: Sequence[Address]) -> None:
        jobs = self._jobs(addresses)
        if len(jobs) == 1:
            self._note(*self._timed(jobs[0]))
            return
        for answers, seconds in _side_by_side(self._timed, jobs, self._max_workers):
            self._note(answers, seconds)

    def _jobs(self, addresses: Sequence[Address]) -> list[_Job]:
        """Cut the work: all addresses of an instance that takes many at once, otherwise one each."""
        by_name: dict[str, list[Address]] = {}
        for address in addresses:
            by_name.setdefault(address.resolver, []).append(address)
        jobs = []
        for name, group in by_name.items():
            instance = self._instances.by_name.get(name)
            batched = instance is None or isinstance(instance.resolver, BatchResolver)
            jobs += [_Job(instance, group)] if batched else [_Job(instance, [address]) for address in group]
        return jobs

    def _timed(self, job: _Job) -> tuple[Mapping[Address, Answer], float]:
        started = self._clock()
        return self._answers(job), self._clock() - started

    def _answers(self, job: _Job) -> dict[Address, Answer]:
        """Do a job, repeating what is not available now but may be soon."""
        if job.instance is None:
            return {address: Failure(self._not_open(address)) for address in job.addresses}
        if (common := self._common(job.instance)) is not None:
            return dict(common.lookup_many(job.addresses))
        answers: dict[Address, Answer] = {}
        left = job.addresses
        for attempt in range(1, _ATTEMPTS + 1):
            answers |= _once(job.instance, left)
            pauses = {address: _pause(answers[address]) for address in left}
            left = [address for address in left if pauses[address] is not None]
            if not left or attempt == _ATTEMPTS:
                break
            self._sleep(max(pause for pause in pauses.values() if pause is not None))
        return answers

    def _not_open(self, address: Address) -> NotFound:
        try:
            self._instances.get(address.resolver)
        except ConfigError as error:
            return NotFound(error.what, hint=error.hint, address=str(address))
        raise AssertionError(address.resolver)

    def _note(self, answers: Mapping[Address, Answer], seconds: float) -> None:
        lookups = [
            Lookup(address, answer.source, seconds, failed=False)
            if isinstance(answer, Value)
            else Lookup(address, None, seconds, failed=True)
            for address, answer in answers.items()
        ]
        with self._changed:
            self._known.update(answers)
            self._trace += lookups
        if self._progress:
            for lookup in lookups:
                self._progress(lookup)


@dataclass(frozen=True, slots=True)
class _Job:
    """Addresses to ask one instance for at once; no instance where none of the name is open."""

    instance: Instance | None
    addresses: list[Address]


def _side_by_side(act: Callable[[_T], _R], items: Sequence[_T], threads: int) -> Iterator[_R]:
    """Act on items in some threads; give what comes of each as it is done.

    The first thread is left alone for a moment: where nothing has to be waited for it does all of it. Nobody waits for
    the threads where the run is interrupted: what they do changes nothing, and may take minutes.
    """
    left, done = SimpleQueue[_T](), SimpleQueue[Callable[[], _R]]()
    over = threading.Event()

    def work() -> None:
        with suppress(Empty):
            while not over.is_set():
                done.put(_outcome(act, left.get_nowait()))

    for item in items:
        left.put(item)

    def start(number: int) -> None:
        threading.Thread(target=work, name=f"resolve-{number}", daemon=True).start()

    start(0)
    patience: float | None = _PATIENCE
    try:
        for _ in items:
            try:
                outcome = done.get(timeout=patience)
            except Empty:
                patience = None
                for number in range(1, min(len(items), threads)):
                    start(number)
                outcome = done.get()
            yield outcome()
    finally:
        over.set()


def _outcome(act: Callable[[_T], _R], item: _T) -> Callable[[], _R]:
    """Act, and give what gives the result, or raises what was raised."""
    try:
        found = act(item)
    except BaseException as error:  # noqa: BLE001 - it belongs to the thread that waits for it
        caught = error

        def again() -> _R:
            raise caught

        return again
    return lambda: found


def _once(instance: Instance, addresses: Sequence[Address]) -> dict[Address, Answer]:
    """Ask once. Whatever goes wrong becomes a Failure of each address that it concerns."""
    resolver = instance.resolver
    try:
        given: Mapping[Address, object]
        if isinstance(resolver, BatchResolver):
            given = resolver.lookup_many(addresses)
            missing = PluginCrashed(
                f"the resolver {instance.name} of {instance.distribution} left an address of a batch unanswered",
                hint=f"report it to the authors of {instance.distribution}",
                distribution=instance.distribution,
            )
            return {address: _judge(instance, address, given.get(address, missing)) for address in addresses}
        return {address: _judge(instance, address, resolver.lookup(address)) for address in addresses}
    except Exception as error:  # noqa: BLE001 - a stranger's code may raise anything
        return {address: _judge(instance, address, error) for address in addresses}


def _judge(instance: Instance, address: Address, given: object) -> Answer:
    """Turn what a resolver gave or raised for an address into an answer."""
    match given:
        case Value():
            return given
        case NotFound() | Denied() | Unavailable() | PluginCrashed():
            error: ResolveError = replace(given, address=str(address))
            error.__cause__ = given.__cause__
            return Failure(error)
        case AwsError():
            return Failure(refusal(given, address))
        case BaseException():
            cause = given
        case _:
            cause = TypeError(f"{type(given).__name__} in place of a Value")
    who = f"the resolver {instance.name}"
    return Failure(crashes.crash(cause, who, instance.distribution, address=str(address)))


def _pause(answer: Answer) -> float | None:
    """Give the seconds after which it may be worth asking again, None where it is not."""
    if isinstance(answer, Failure) and isinstance(answer.error, Unavailable):
        after = answer.error.retry_after
        return after if after is not None and after <= _LONGEST_PAUSE else None
    return None
