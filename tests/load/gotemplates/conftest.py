"""The functions of the templates in these tests: the counterparts of those in fixtures/gotemplates/generate."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence

import pytest

from reconciler.core.values import UNKNOWN, Address, Marked, Origin, unite
from reconciler.errors import ConfigError, Where
from reconciler.load.gotemplates.calls import Arity


def text(value: object) -> str:
    """Take a string, as a Go function of strings does."""
    if not isinstance(value, str):
        raise ConfigError("not a string")
    return value


def data(source: object) -> object:
    """Read JSON as Go does into `any`: every number a float."""
    try:
        return json.loads(text(source), parse_int=float)
    except json.JSONDecodeError:
        raise ConfigError("not JSON") from None


def fail() -> None:
    raise ConfigError("failed on purpose")


FUNCTIONS: Mapping[str, tuple[Arity, Callable[..., object]]] = {
    "data": (Arity(1, 1), data),
    "list": (Arity(0, None), lambda *items: list(items)),
    "null": (Arity(0, 0), lambda: None),
    "upper": (Arity(1, 1), lambda word: text(word).upper()),
    "join": (Arity(1, None), lambda separator, *words: text(separator).join(text(word) for word in words)),
    "fail": (Arity(0, 0), fail),
}


class Functions:
    """The functions, and three that answer with marks: `unknown`, `origin NAME` and `secret VALUE`.

    `asked` notes every call.
    """

    def __init__(self) -> None:
        self.asked: list[str] = []

    def signature(self, name: str) -> Arity | None:
        if name in {"unknown", "origin", "secret"}:
            return Arity(1, 1)
        return FUNCTIONS[name][0] if name in FUNCTIONS else None

    def names(self) -> Iterable[str]:
        return [*FUNCTIONS, "unknown", "origin", "secret"]

    def call(self, name: str, arguments: Sequence[Marked], where: Where) -> Marked:
        assert all(argument.known for argument in arguments)
        self.asked.append(" ".join([name, *(str(argument.data) for argument in arguments)]))
        match name:
            case "unknown":
                return Marked(UNKNOWN)
            case "origin":
                address = text(arguments[0].data)
                return Marked(address, frozenset([Origin(Address("origin", address))]))
            case "secret":
                return Marked(arguments[0].data, arguments[0].origins, ((),))
        return unite(FUNCTIONS[name][1](*[argument.data for argument in arguments]), arguments)


@pytest.fixture(scope="session")
def functions() -> Functions:
    """Give the functions."""
    return Functions()


@pytest.fixture
def asked(functions: Functions) -> list[str]:
    """Give the list of what the functions were called with, from now on."""
    functions.asked.clear()
    return functions.asked
