"""What expressions refer to: `var`, `local`, `path`, resources, and functions.

Takes: values, the expressions of locals, and what answers for addresses outside. Gives: roots that are asked only
for what is used. A local is evaluated once, when somebody needs it.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import field
from functools import partial
from typing import Final, Protocol, TypeAlias

from reconciler.errors import Where
from reconciler.hcl import functions, syntax, traversals
from reconciler.hcl.evaluation import Callee, Evaluator, Root, Scope, evaluate
from reconciler.hcl.faults import Fault, Undeclared
from reconciler.hcl.memos import Memo
from reconciler.hcl.nodes import Expr
from reconciler.hcl.runs import Run
from reconciler.hcl.sources import Source
from reconciler.hcl.traversals import Attr, Key, Path, Step
from reconciler.hcl.values import Unknown, Value
from reconciler.records import dataclass

Answer: TypeAlias = Callable[[str, Run, Where], Value]
"""Gives the value of an address, as it would stand in a file. Raises Fault, or a ReconcilerError."""

PROBED: Final = Unknown("nobody uses this value")
"""What an address has while only the type of an expression matters."""


@dataclass(frozen=True, slots=True)
class Fixed:
    """A root with named values: `var`, `path`, `terraform`, `each`. `noun` says what one of them is, for messages."""

    name: str
    values: Mapping[str, Value]
    noun: str
    hint: str | None = None

    def get(self, path: Path, run: Run, where: Where) -> tuple[Value, int]:
        """Give the value that the first step names."""
        name = first(self.name, path)
        if name not in self.values:
            hint = traversals.suggestion(name, self.values) or self.hint
            raise Undeclared(f'there is no {self.noun} "{name}"', hint)
        run.read(f"{self.name}.{name}", where)
        return self.values[name], 1


@dataclass(slots=True)
class Locals:
    """`local`: expressions with names, which may refer to one another in any order, but not in a circle."""

    definitions: Mapping[str, tuple[Expr, Source]]
    scope: Scope
    name: str = "local"
    _memo: Memo = field(default_factory=Memo)

    def get(self, path: Path, run: Run, where: Where) -> tuple[Value, int]:
        """Give the value that the first step names, evaluated when it is asked for first."""
        name = first(self.name, path)
        if name not in self.definitions:
            hint = traversals.suggestion(name, self.definitions)
            raise Undeclared(f'there is no local value "{name}"', hint)
        run.read(f"{self.name}.{name}", where)
        expr, source = self.definitions[name]
        compute = partial(Evaluator(run, source, self.scope).value, expr)
        return self._memo.value(f"{self.name}.{name}", run, compute), 1


@dataclass(frozen=True, slots=True)
class Outside:
    """Something whose addresses are answered whole: a resource type, `data`, `module`.

    An address begins with `names` names and has at least `least` steps; `form` shows one.
    """

    name: str
    names: int
    least: int
    form: str
    answer: Answer

    def get(self, path: Path, run: Run, where: Where) -> tuple[Value, int]:
        """Ask for the address that the path makes, up to a negative index, which no list of HCL has."""
        path = tuple(itertools.takewhile(lambda step: not _is_negative(step), path))
        if len(path) < self.least or not all(isinstance(step, Attr) for step in path[: self.names]):
            raise Fault(f"an address of this kind begins with {self.form}")
        if run.probing:
            return PROBED, len(path)
        address = traversals.address(self.name, path)
        run.read(address, where)
        return self.answer(address, run, where), len(path)


@dataclass(frozen=True, slots=True)
class Modules(Outside):
    """`module`: of a splat its first attribute belongs to the address, so that no other output is asked for."""

    def gather(self, name: str, attribute: str, run: Run, where: Where) -> Value:
        """Ask for `module.NAME[*].OUTPUT`."""
        if run.probing:
            return PROBED
        address = (
            f"{traversals.address(self.name, [Attr(name)])}[*]{traversals.address('', [Attr(attribute)])}"
        )
        run.read(address, where)
        return self.answer(address, run, where)


@dataclass(frozen=True, slots=True)
class Pure:
    """A function of the language."""

    name: str
    context: functions.Context

    def check(self, count: int) -> None:
        """Raise Fault where it takes another number of arguments, or is one that is refused."""
        functions.check(self.name, count)

    def call(self, arguments: Sequence[Value], run: Run, where: Where) -> Value:  # noqa: ARG002
        """Give its value."""
        return functions.call(self.name, arguments, self.context)


class Named(Root, Protocol):
    """A root that says what it is called."""

    @property
    def name(self) -> str:
        """Give its name."""
        ...


class Names:
    """A scope: roots and functions by name, and whoever answers for addresses of resources, if anybody does.

    `lookups` are functions beside those of the language. `context` says which
    files functions may read: none, where it is not given.
    """

    def __init__(
        self,
        roots: Iterable[Named] = (),
        *,
        definitions: Mapping[str, tuple[Expr, Source]] | None = None,
        lookups: Mapping[str, Callee] | None = None,
        answer: Answer | None = None,
        context: functions.Context | None = None,
    ) -> None:
        """Take what can be referred to."""
        self._roots: dict[str, Root] = {root.name: root for root in roots}
        self._lookups = lookups or {}
        self._answer = answer
        self._context = context or functions.Context(render=rendered)
        if definitions is not None:
            self._roots["local"] = Locals(definitions, self)
        if answer is not None:
            self._roots["data"] = Outside("data", 2, 2, "data.TYPE.NAME", answer)
            self._roots["resource"] = Outside("resource", 2, 2, "resource.TYPE.NAME", answer)
            self._roots["module"] = Modules("module", 1, 1, "module.NAME.OUTPUT", answer)

    def root(self, name: str) -> Root | None:
        """Give what a name stands for. A name with an underscore is a type of resource, if nothing else."""
        if name not in self._roots and self._answer is not None and "_" in name:
            return Outside(name, 1, 1, f"{name}.NAME", self._answer)
        return self._roots.get(name)

    def function(self, name: str) -> Callee | None:
        """Give the function of a name."""
        known = name in functions.TABLE or name in functions.REFUSED
        return self._lookups.get(name) or (Pure(name, self._context) if known else None)

    def roots(self) -> Iterable[str]:
        """Give the names of roots."""
        return self._roots

    def functions(self) -> Iterable[str]:
        """Give the names of functions."""
        return (*self._lookups, *functions.names())


def rendered(text: str, name: str, variables: Mapping[str, Value]) -> Value:
    """Render a template, as `templatefile` does: it knows its variables and the functions, and no other template."""
    expr = syntax.parse_template(text, name)
    return evaluate(expr, Source(text, name), Names(context=functions.Context()), names=variables)


def _is_negative(step: Step) -> bool:
    return isinstance(step, Key) and not isinstance(step.key, str) and step.key < 0


def first(root: str, path: Path) -> str:
    """Give the name that the first step of a path holds. Raises Fault where it holds none."""
    if path and isinstance(path[0], Attr):
        return path[0].name
    given = path[0].key if path and isinstance(path[0], Key) else None
    example = traversals.address(root, [Attr(given if isinstance(given, str) else "name")])
    raise Fault(f"{root} is no value by itself", f"name one of its attributes, as in {example}")
