"""What a function takes, and what it may look at besides its arguments."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from reconciler.hcl import kinds
from reconciler.hcl.faults import Fault
from reconciler.hcl.kinds import Kind
from reconciler.hcl.values import Value
from reconciler.records import dataclass

MAX_TEXT = 64 * 1024 * 1024
"""The longest text, in characters, that a function may give or read."""

MAX_ELEMENTS = 1_000_000
"""The most elements that a function may make."""


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter: its name in messages, the type that arguments are converted to, and how much it takes.

    Without further leave a function sees its arguments known, not null and without marks; the marks, those of members
    too, go to the whole result, and an unknown makes it unknown. `null` lets null in. `members` leaves the members of
    the argument as they are, unknown or marked. `raw` leaves the argument itself so. `whole` asks for a whole number.
    """

    name: str
    kind: Kind = kinds.ANY
    null: bool = False
    members: bool = False
    raw: bool = False
    whole: bool = False


@dataclass(frozen=True, slots=True)
class Function:
    """A pure function: `call` gets the arguments converted, after the context where `contextual` says so."""

    name: str
    call: Callable[..., Value]
    parameters: tuple[Parameter, ...]
    variadic: Parameter | None = None
    contextual: bool = False

    def parameter(self, index: int) -> Parameter:
        """Give the parameter that takes the argument of a 0-based index."""
        if index < len(self.parameters):
            return self.parameters[index]
        assert self.variadic is not None
        return self.variadic


Renderer = Callable[[str, str, Mapping[str, Value]], Value]
"""Renders a template: its text, its name for messages, and its variables."""


@dataclass(frozen=True, slots=True)
class Context:
    """What functions may look at.

    `base` is where relative paths begin and `root` the directory that no path may leave (`base` where it is None);
    without a base there are no files. `render` makes the text of a template; without it there are no templates
    (inside one, say: a template that calls `templatefile` could call itself for ever). `home` stands for `~`.
    """

    base: Path | None = None
    root: Path | None = None
    render: Renderer | None = None
    home: str | None = None


def function(
    name: str, call: Callable[..., Value], *parameters: Parameter, rest: Parameter | None = None
) -> Function:
    """Make a row of the table."""
    return Function(name, call, parameters, rest)


def contextual(
    name: str, call: Callable[..., Value], *parameters: Parameter, rest: Parameter | None = None
) -> Function:
    """Make a row of the table for a function that gets the context first."""
    return Function(name, call, parameters, rest, contextual=True)


def text(name: str = "string") -> Parameter:
    """Make a parameter for a string."""
    return Parameter(name, kinds.STRING)


def number(name: str = "number") -> Parameter:
    """Make a parameter for a number."""
    return Parameter(name, kinds.NUMBER)


def whole(name: str) -> Parameter:
    """Make a parameter for a whole number."""
    return Parameter(name, kinds.NUMBER, whole=True)


def check_text(size: int) -> None:
    """Refuse a text that would grow beyond all measure, given its length in characters."""
    if size > MAX_TEXT:
        raise Fault(f"the text grows beyond {MAX_TEXT // (1024 * 1024)} MiB")


def check_elements(count: int) -> None:
    """Refuse a collection that would grow beyond all measure."""
    if count > MAX_ELEMENTS:
        raise Fault(f"the result would have more than {MAX_ELEMENTS} elements")
