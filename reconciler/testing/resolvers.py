"""For authors of resolvers: a context without a run, and a kit that checks a resolver against its duties."""

from __future__ import annotations

import inspect
import json
import re
import threading
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import field
from pathlib import Path
from typing import Any, TypeAlias

from reconciler.core import pointers
from reconciler.core.references import Function
from reconciler.plugin import (
    API,
    Address,
    AwsClient,
    AwsError,
    AwsOptions,
    BatchResolver,
    Config,
    ConfigError,
    Context,
    Enumerable,
    NotFound,
    Resolver,
    ResolverPlugin,
    Value,
)
from reconciler.records import dataclass

FakeAnswer: TypeAlias = "Mapping[str, Any] | AwsError | Callable[..., Mapping[str, Any] | AwsError]"


class FakeAwsClient:
    """An AWS client that answers from `answers`: an operation's name → a response, an error to raise, or a
    function of the call's parameters that gives or raises one. `calls` keeps what was called.
    """

    def __init__(self, answers: Mapping[str, FakeAnswer]) -> None:
        """Answer from a table; operations that it lacks are an AssertionError."""
        self._answers = answers
        self.calls: list[tuple[str, dict[str, Any]]] = []

    def call(self, operation: str, /, **parameters: Any) -> dict[str, Any]:
        """Answer one call."""
        self.calls.append((operation, parameters))
        assert operation in self._answers, f"nothing is said about {operation}"
        answer = self._answers[operation]
        if callable(answer):
            answer = answer(**parameters)
        if isinstance(answer, Exception):
            raise answer
        return dict(answer)

    def pages(self, operation: str, /, **parameters: Any) -> Iterable[dict[str, Any]]:
        """Answer a paginated call with a single page."""
        yield self.call(operation, **parameters)


@dataclass(frozen=True, slots=True)
class FakeContext:
    """A resolver's context without a run: a folder, an environment, and clients by service."""

    root: Path = Path()
    environ: Mapping[str, str] = field(default_factory=dict)
    clients: Mapping[str, AwsClient] = field(default_factory=dict)

    def client(self, service: str, _options: AwsOptions | None = None, /) -> AwsClient:
        """Give the client of a service, whatever its options; one that is lacking is an AssertionError."""
        assert service in self.clients, f"nothing is said about the service {service}"
        return self.clients[service]


@dataclass(frozen=True, slots=True)
class _Unread:
    """A context in which nothing can be read."""

    environ: Mapping[str, str]
    root: Path = Path("nowhere", "at", "all")

    def client(self, service: str, _options: AwsOptions | None = None, /) -> AwsClient:
        raise AssertionError(f"open asks for a client of {service}; put it off until the first lookup")


def check_resolver(
    plugin: ResolverPlugin, config: Config, context: Context, present: Address, absent: Address
) -> None:
    """Check a resolver against the duties that `reconciler.plugin` states. AssertionError names the one it fails.

    `present` has a value in `context`, and `absent` has none.
    """
    assert plugin.api == API, f"the plugin is made for API {plugin.api}, not {API}"
    for action in plugin.actions(config):
        assert re.fullmatch(r"[a-z0-9-]+:[A-Z][A-Za-z0-9]*", action), f"{action!r} is no IAM action"
    _check_functions(plugin, present)

    plugin.open(_Unread(context.environ), config)
    resolver = plugin.open(context, config)
    value = resolver.lookup(present)
    assert isinstance(value, Value), f"lookup gives a {type(value).__name__}, not a Value"
    json.dumps(value.data)  # raises TypeError for what is no JSON
    assert resolver.lookup(present) == value, "a second lookup gives another answer"
    assert plugin.open(context, config).lookup(present) == value, "another instance gives another answer"
    for path in value.sensitive_paths:
        pointers.get(value.data, path)  # KeyError for a sensitive path that leads nowhere

    error = _not_found(resolver, absent)
    assert error.where is None, "NotFound has a place; only the document that refers knows it"
    assert error.what, "NotFound does not say what is not there"

    _check_threads(plugin.open(context, config), present, value, absent)
    if isinstance(fresh := plugin.open(context, config), BatchResolver):
        _check_batch(fresh, present, value, absent)
    if isinstance(resolver, Enumerable):
        listed = list(resolver.addresses(""))
        assert any(present.path.startswith(path) for path in listed), (
            "addresses() does not list the present one"
        )
        prefix = present.path[:2]
        assert set(resolver.addresses(prefix)) == {path for path in listed if path.startswith(prefix)}, (
            "addresses(prefix) does not give those of addresses() that start with it"
        )


def _check_functions(plugin: ResolverPlugin, present: Address) -> None:
    for name, path in plugin.functions.items():
        assert name.isidentifier(), f"{name!r} is no name of a function"
        for parameter in inspect.signature(path).parameters.values():
            keyword = parameter.kind is parameter.KEYWORD_ONLY
            assert not keyword, f"{name} takes {parameter.name} by keyword alone"
        function = Function.of(name, "instance", path)
        try:
            given = function.path(*[present.path] * function.least)
        except ConfigError:  # what these arguments are, only the resolver's author knows
            continue
        assert isinstance(given, str), (
            f"{name} gives a {type(given).__name__} as path of an address, not a str"
        )


def _check_threads(resolver: Resolver, present: Address, value: Value, absent: Address) -> None:
    """Look the same addresses up from several threads that start at once."""
    start = threading.Barrier(8)

    def look(number: int) -> None:
        start.wait()
        if number % 2:
            assert resolver.lookup(present) == value, "a lookup from another thread gives another answer"
        else:
            _not_found(resolver, absent)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(look, range(8)))


def _check_batch(resolver: BatchResolver, present: Address, value: Value, absent: Address) -> None:
    answers = resolver.lookup_many([present, absent])
    assert set(answers) == {present, absent}, "lookup_many does not answer exactly the addresses asked for"
    assert answers[present] == value, "lookup_many and lookup give different values"
    assert isinstance(answers[absent], NotFound), "lookup_many gives no NotFound for an absent address"
    assert resolver.lookup_many([]) == {}, "lookup_many gives answers that nobody asked for"


def _not_found(resolver: Resolver, absent: Address) -> NotFound:
    try:
        resolver.lookup(absent)
    except NotFound as error:
        return error
    raise AssertionError(f"lookup gives a value for the absent address {absent}")
