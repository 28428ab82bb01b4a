"""The tree of a parsed template. Every node holds its range in the source, as half-open character offsets.
Nodes are named tuples because twenty dataclasses would cost every start of the program ten milliseconds.

::

    Template ── Body of Statement: Text Action If With Range Invoke Break Continue
    Pipe ── Command ── Operand: Literal Dot Field Variable Function Chain Pipe
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple, Protocol, TypeAlias


class Node(Protocol):
    """Any piece of a template."""

    @property
    def start(self) -> int:
        """Give the offset of its first character."""
        ...

    @property
    def end(self) -> int:
        """Give the offset after its last character."""
        ...


class Literal(NamedTuple):
    """A constant: a string, number or truth value, or None for `nil`."""

    start: int
    end: int
    value: None | bool | int | float | str


class Dot(NamedTuple):
    """The value at hand: `.`."""

    start: int
    end: int


class Field(NamedTuple):
    """Members of the value at hand: `.a.b`."""

    start: int
    end: int
    names: tuple[str, ...]


class Variable(NamedTuple):
    """A variable, with its dollar sign, and members of it: `$x.a.b`."""

    start: int
    end: int
    name: str
    fields: tuple[str, ...] = ()


class Function(NamedTuple):
    """The name of a function. At the start of a command it gets the rest; elsewhere it has no arguments."""

    start: int
    end: int
    name: str


class Chain(NamedTuple):
    """Members of what an operand gives: `(f x).a.b`."""

    start: int
    end: int
    operand: Operand
    fields: tuple[str, ...]


class Command(NamedTuple):
    """An operand, or a function and its arguments."""

    start: int
    end: int
    operands: tuple[Operand, ...]


class Pipe(NamedTuple):
    """Commands, each of which gets the value of the one before as its last argument.

    The value goes into the `targets` too: new variables, or with `assigns` those that exist.
    """

    start: int
    end: int
    commands: tuple[Command, ...]
    targets: tuple[Variable, ...] = ()
    assigns: bool = False


Operand: TypeAlias = Literal | Dot | Field | Variable | Function | Chain | Pipe


class Text(NamedTuple):
    """Text that is copied; its range is what is left after trimming."""

    start: int
    end: int


class Action(NamedTuple):
    """`{{pipe}}`: prints the value, or only sets variables if the pipe has targets."""

    start: int
    end: int
    pipe: Pipe


class Branch(NamedTuple):
    """A condition and what it guards, of an `if` or `with`; its range is that of the opening action."""

    start: int
    end: int
    pipe: Pipe
    body: Body


class If(NamedTuple):
    """`{{if}} … {{else if}} … {{else}} … {{end}}`."""

    start: int
    end: int
    branches: tuple[Branch, ...]
    otherwise: Body


class With(NamedTuple):
    """`{{with}} … {{else with}} … {{else}} … {{end}}`."""

    start: int
    end: int
    branches: tuple[Branch, ...]
    otherwise: Body


class Range(NamedTuple):
    """`{{range}} … {{else}} … {{end}}`."""

    start: int
    end: int
    pipe: Pipe
    body: Body
    otherwise: Body


class Invoke(NamedTuple):
    """`{{template "name" pipe}}`; `{{block "name" pipe}} … {{end}}` is this and a definition."""

    start: int
    end: int
    name: str
    pipe: Pipe | None


class Break(NamedTuple):
    """`{{break}}`."""

    start: int
    end: int


class Continue(NamedTuple):
    """`{{continue}}`."""

    start: int
    end: int


Statement: TypeAlias = Text | Action | If | With | Range | Invoke | Break | Continue
Body: TypeAlias = tuple[Statement, ...]


class Template(NamedTuple):
    """A parsed template: its text, the path of its file, and the templates that it defines by name."""

    source: str
    path: str
    body: Body
    definitions: Mapping[str, Body]
