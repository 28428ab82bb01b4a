"""Looking up: once each, batched, side by side, retried, and every failure kept as one."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.core.references import PluginUse
from reconciler.core.values import Failure, Source, Value
from reconciler.errors import (
    AwsDenied,
    AwsThrottled,
    ConfigError,
    Denied,
    NotFound,
    PluginCrashed,
    ResolveError,
    Unavailable,
)
from reconciler.plugin import Address, Resolver, ResolverPlugin
from reconciler.resolve.registry import Instance, Instances
from reconciler.resolve.session import Lookup, Session


class Single:
    """Answers a path with it, or what `answers` says; keeps what it was asked."""

    def __init__(self, **answers: object) -> None:
        self.answers = answers
        self.asked: list[str] = []

    def lookup(self, address: Address, /) -> Value:
        self.asked.append(address.path)
        answer = self.answers.get(address.path, Value(address.path, source=Source("test")))
        if isinstance(answer, list):
            answer = answer.pop(0)
        if isinstance(answer, BaseException):
            raise answer
        return answer  # type: ignore[return-value]


class Batch(Single):
    """The same for many at once; `whole` is raised in place of an answer."""

    def __init__(self, whole: Exception | None = None, **answers: object) -> None:
        super().__init__(**answers)
        self.whole = whole
        self.batches: list[list[str]] = []

    def lookup_many(self, addresses: Sequence[Address], /) -> Mapping[Address, Value | ResolveError]:
        self.batches.append([address.path for address in addresses])
        if self.whole:
            raise self.whole
        answers: dict[Address, Value | ResolveError] = {}
        for address in addresses:
            try:
                answers[address] = self.lookup(address)
            except ResolveError as error:
                answers[address] = error
        return {address: answer for address, answer in answers.items() if address.path != "forgotten"}


def session(
    sleeps: list[float] | None = None, progress: Callable[[Lookup], None] | None = None, **resolvers: Resolver
) -> Session:
    """Open resolvers under these names."""
    plugin = ResolverPlugin(open=lambda _context, _config: Single())
    instances = {
        name: Instance(name, resolver, plugin, PluginUse(name), "testers 1.0")
        for name, resolver in resolvers.items()
    }
    pauses = [] if sleeps is None else sleeps
    return Session(Instances({}, MappingProxyType(instances)), sleep=pauses.append, progress=progress)


def failure(answer: Value | Failure) -> ResolveError:
    assert isinstance(answer, Failure)
    return answer.error


A, B, C = Address("one", "a"), Address("one", "b"), Address("many", "c")


def test_each_once() -> None:
    one = Single(b=NotFound("no b"))
    many = Batch()
    looking = session(one=one, many=many)
    first = looking.lookup_many([A, B, C, A, Address("many", "d")])
    assert list(first) == [A, B, C, Address("many", "d")]
    assert looking.lookup_many([C, B, A]) == {address: first[address] for address in (C, B, A)}
    assert looking.lookup_many([]) == {}
    assert sorted(one.asked) == ["a", "b"]
    assert many.batches == [["c", "d"]]
    assert looking.known == first


def test_trace_and_progress() -> None:
    told: list[Lookup] = []
    looking = session(progress=told.append, one=Single(b=NotFound("no b")))
    looking.lookup_many([A, B])
    assert sorted(looking.trace, key=lambda lookup: lookup.address) == [
        Lookup(A, Source("test"), looking.trace[0].seconds, failed=False)
        if lookup.address == A
        else Lookup(B, None, lookup.seconds, failed=True)
        for lookup in sorted(looking.trace, key=lambda lookup: lookup.address)
    ]
    assert tuple(told) == looking.trace


@pytest.mark.parametrize(
    ("raised", "kind", "says"),
    [
        (NotFound("gone", near=("c",)), NotFound, "gone"),
        (Denied("locked"), Denied, "locked"),
        (Unavailable("down"), Unavailable, "down"),
        (AwsDenied("locked by AWS"), Denied, "locked by AWS"),
        (AwsThrottled("slow down"), Unavailable, "slow down"),
        (
            KeyError("hush"),
            PluginCrashed,
            "the resolver one of testers 1.0 crashed with KeyError at resolve/test_session.py",
        ),
        (ConfigError("hush"), PluginCrashed, "crashed with ConfigError"),
        ("no value", PluginCrashed, "crashed with TypeError"),
    ],
)
def test_failures(raised: object, kind: type[ResolveError], says: str) -> None:
    for resolver in (Single(a=raised), Batch(a=raised)):
        error = failure(session(one=resolver).lookup_many([A])[A])
        assert type(error) is kind
        assert says in str(error)
        assert error.address == "one a"
        assert "hush" not in str(error)
        if isinstance(error, PluginCrashed):
            assert error.distribution == "testers 1.0"
            assert error.__cause__ is not None


def test_a_batch_that_fails_as_a_whole() -> None:
    answers = session(many=Batch(whole=Denied("locked"))).lookup_many([C, Address("many", "d")])
    assert {failure(answer).address for answer in answers.values()} == {"many c", "many d"}


def test_a_batch_that_forgets_an_address() -> None:
    forgotten = Address("many", "forgotten")
    answers = session(many=Batch()).lookup_many([C, forgotten])
    assert isinstance(answers[C], Value)
    error = failure(answers[forgotten])
    assert isinstance(error, PluginCrashed)
    assert error.address == "many forgotten"


def test_a_resolver_that_is_not_open() -> None:
    answers = session(one=Single()).lookup_many([A, Address("onne", "a"), Address("onne", "b")])
    error = failure(answers[Address("onne", "a")])
    assert isinstance(error, NotFound)
    assert "did you mean one?" in str(error)
    assert error.address == "onne a"


def test_what_is_unavailable_now_is_asked_again() -> None:
    soon = Unavailable("being written", retry_after=0.5)
    sleeps: list[float] = []
    one = Single(a=[soon, soon, Value("at last")])
    assert session(sleeps, one=one).lookup_many([A])[A] == Value("at last")
    assert sleeps == [0.5, 0.5]


def test_only_what_failed_is_asked_again() -> None:
    soon = Unavailable("throttled", retry_after=1)
    many = Batch(c=[soon, Value("c")])
    answers = session(many=many).lookup_many([C, Address("many", "d")])
    assert many.batches == [["c", "d"], ["c"]]
    assert answers[C] == Value("c")


@pytest.mark.parametrize(("after", "asked"), [(1.0, 4), (None, 1), (3600.0, 1)])
def test_patience_ends(after: float | None, asked: int) -> None:
    one = Single(a=Unavailable("down", retry_after=after))
    assert isinstance(failure(session(one=one).lookup_many([A])[A]), Unavailable)
    assert len(one.asked) == asked


def test_side_by_side() -> None:
    """Two single lookups and a batch, none of which ends before all have begun."""
    all_there = threading.Barrier(3, timeout=10)

    class Meeting(Single):
        def lookup(self, address: Address, /) -> Value:
            all_there.wait()
            return Value(address.path)

    class MeetingBatch(Batch):
        def lookup_many(self, addresses: Sequence[Address], /) -> Mapping[Address, Value | ResolveError]:
            all_there.wait()
            return {address: Value(address.path) for address in addresses}

    answers = session(one=Meeting(), many=MeetingBatch()).lookup_many([A, B, C])
    assert [answer.data for answer in answers.values() if isinstance(answer, Value)] == ["a", "b", "c"]


def test_threads_share_what_is_being_asked() -> None:
    asked, answer = threading.Event(), threading.Event()

    class Slow(Single):
        def lookup(self, address: Address, /) -> Value:
            asked.set()
            assert answer.wait(10)
            return super().lookup(address)

    slow = Slow()
    looking = session(one=slow)
    threads = [threading.Thread(target=looking.lookup_many, args=([A, B][:number],)) for number in (1, 2, 1)]
    threads[0].start()
    assert asked.wait(10)
    for thread in threads[1:]:
        thread.start()
    answer.set()
    for thread in threads:
        thread.join(10)
    assert sorted(slow.asked) == ["a", "b"]


def test_an_interrupt_leaves_nobody_waiting() -> None:
    one = Single(a=[KeyboardInterrupt(), Value("again")])
    looking = session(one=one)
    with pytest.raises(KeyboardInterrupt):
        looking.lookup_many([A])
    assert looking.lookup_many([A])[A] == Value("again")


def test_an_interrupt_waits_for_no_lookup() -> None:
    begun, answered = threading.Event(), threading.Event()

    class Slow:
        def lookup(self, address: Address, /) -> Value:
            if address.path == "interrupted":
                assert begun.wait(10)
                raise KeyboardInterrupt
            begun.set()
            answered.wait(10)
            return Value("late")

    try:
        with pytest.raises(KeyboardInterrupt):
            session(one=Slow()).lookup_many([Address("one", "slow"), Address("one", "interrupted")])
    finally:
        answered.set()


@given(
    st.lists(
        st.lists(st.builds(Address, st.sampled_from(["one", "many", "none"]), st.sampled_from("abcdef")))
    )
)
def test_rounds_ask_for_each_address_once(rounds: list[list[Address]]) -> None:
    one, many = Single(a=NotFound("gone")), Batch(b=ValueError("hush"))
    looking = session(one=one, many=many)
    for addresses in rounds:
        answers = looking.lookup_many(addresses)
        assert list(answers) == list(dict.fromkeys(addresses))
    everything = {address for addresses in rounds for address in addresses}
    assert set(looking.known) == everything
    assert sorted(one.asked) == sorted(address.path for address in everything if address.resolver == "one")
    assert sorted(path for batch in many.batches for path in batch) == sorted(
        address.path for address in everything if address.resolver == "many"
    )
