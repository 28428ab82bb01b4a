"""The tree of a parsed template. Every node holds its range in the source, as half-open character offsets.

::

    Template ── Body of Statement: Text Action If With Range Invoke Break Continue
    Pipe ── Command ── Operand: Literal Dot Field Variable Function Chain Pipe
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class Node:
    """Any piece of a template."""

    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Literal(Node):
    """A constant: a string, number or truth value, or None for `nil`."""

    value: None | bool | int | float | str


@dataclass(frozen=True, slots=True)
class Dot(Node):
    """The value at hand: `.`."""


@dataclass(frozen=True, slots=True)
class Field(Node):
    """Members of the value at hand: `.a.b`."""

    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Variable(Node):
    """A variable, with its dollar sign, and members of it: `$x.a.b`."""

    name: str
    fields: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Function(Node):
    """The name of a function. At the start of a command it gets the rest; elsewhere it has no arguments."""

    name: str


@dataclass(frozen=True, slots=True)
class Chain(Node):
    """Members of what an operand gives: `(f x).a.b`."""

    operand: Operand
    fields: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Command(Node):
    """An operand, or a function and its arguments."""

    operands: tuple[Operand, ...]


@dataclass(frozen=True, slots=True)
class Pipe(Node):
    """Commands, each of which gets the value of the one before as its last argument.

    The value goes into the `targets` too: new variables, or with `assigns` those that exist.
    """

    commands: tuple[Command, ...]
    targets: tuple[Variable, ...] = ()
    assigns: bool = False


Operand: TypeAlias = Literal | Dot | Field | Variable | Function | Chain | Pipe


@dataclass(frozen=True, slots=True)
class Text(Node):
    """Text that is copied; its range is what is left after trimming."""


@dataclass(frozen=True, slots=True)
class Action(Node):
    """`{{pipe}}`: prints the value, or only sets variables if the pipe has targets."""

    pipe: Pipe


@dataclass(frozen=True, slots=True)
class Branch(Node):
    """A condition and what it guards, of an `if` or `with`; its range is that of the opening action."""

    pipe: Pipe
    body: Body


@dataclass(frozen=True, slots=True)
class If(Node):
    """`{{if}} … {{else if}} … {{else}} … {{end}}`."""

    branches: tuple[Branch, ...]
    otherwise: Body


@dataclass(frozen=True, slots=True)
class With(Node):
    """`{{with}} … {{else with}} … {{else}} … {{end}}`."""

    branches: tuple[Branch, ...]
    otherwise: Body


@dataclass(frozen=True, slots=True)
class Range(Node):
    """`{{range}} … {{else}} … {{end}}`."""

    pipe: Pipe
    body: Body
    otherwise: Body


@dataclass(frozen=True, slots=True)
class Invoke(Node):
    """`{{template "name" pipe}}`; `{{block "name" pipe}} … {{end}}` is this and a definition."""

    name: str
    pipe: Pipe | None


@dataclass(frozen=True, slots=True)
class Break(Node):
    """`{{break}}`."""


@dataclass(frozen=True, slots=True)
class Continue(Node):
    """`{{continue}}`."""


Statement: TypeAlias = Text | Action | If | With | Range | Invoke | Break | Continue
Body: TypeAlias = tuple[Statement, ...]


@dataclass(frozen=True, slots=True)
class Template:
    """A parsed template: its text, the path of its file, and the templates that it defines by name."""

    source: str
    path: str
    body: Body
    definitions: Mapping[str, Body]
