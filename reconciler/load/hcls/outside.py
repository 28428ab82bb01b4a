"""What expressions of a document refer to: the project's variables, Terraform's state, resolvers' functions.

Values of resolvers and values of HCL carry the same marks in two forms. An origin travels through HCL as the text of
its address.
"""

from __future__ import annotations

import pathlib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final, NamedTuple

from reconciler.core import values as core
from reconciler.core.values import Origin
from reconciler.errors import ConfigError, KnownLater, NotFound, ResolveError, Where
from reconciler.hcl import functions, plains, repetitions, scopes, values
from reconciler.hcl.evaluation import Callee, Root
from reconciler.hcl.faults import Fault, Undeclared
from reconciler.hcl.nodes import Expr
from reconciler.hcl.runs import FAILED, Run
from reconciler.hcl.scopes import Fixed, Outside
from reconciler.hcl.sources import Source
from reconciler.hcl.traversals import Path
from reconciler.hcl.values import Unknown, Value
from reconciler.hcl.variables import Setting
from reconciler.load.calls import Lookups, PartlyFailed, PartlyKnown
from reconciler.load.hcls import states
from reconciler.load.sources import Document, Options

_OWN: Final = ("var", "local")
_LATER: Final = "it has to be looked up first"


class Scope(scopes.Names):
    """A scope whose addresses and further functions are answered by resolvers."""

    def __init__(
        self,
        roots: Sequence[Fixed],
        lookups: Lookups,
        definitions: Mapping[str, tuple[Expr, Source]],
        context: functions.Context,
        options: Options,
    ) -> None:
        """Take what can be referred to, and who answers."""
        super().__init__(roots, definitions=definitions, answer=self._state, context=context)
        self._resolvers = lookups
        self._options = options
        self.waits = False  # whether what is known later is a value among others, and not what all waits for
        self.origins: dict[str, Origin] = {}
        self.places: dict[str, Where] = {}

    def root(self, name: str) -> Root | None:
        """Give what a name stands for. Beside what Terraform knows, outputs of the state have a name."""
        if name == "output":
            return Outside("output", 1, 1, "output.NAME", self._state)
        if name in repetitions.NAMES:
            return _Unset(name)
        if name == "terraform":
            return states.Terraform(self._options)
        root = super().root(name)
        return _Named(root, name) if root is not None and name in _OWN else root

    def roots(self) -> tuple[str, ...]:
        """Give the names of roots."""
        return (*super().roots(), "terraform")

    def function(self, name: str) -> Callee | None:
        """Give the function of a name: one of the language, else a resolver's."""
        own = super().function(name)
        if own is None and self._resolvers.signature(name) is not None:
            return _Call(name, self)
        return own

    def functions(self) -> tuple[str, ...]:
        """Give the names of functions."""
        return (*super().functions(), *self._resolvers.names())

    def ask(self, name: str, arguments: Sequence[Value], run: Run, where: Where) -> Value:
        """Call a resolver's function."""
        if run.probing:
            return scopes.PROBED
        plain, marks = values.unmark(tuple(arguments))
        unknown = values.first_unknown(plain)
        if unknown is not None and unknown.address:
            return values.mark(unknown, marks)
        try:
            answer = self._resolvers.call(name, [self._outward(each) for each in arguments], where)
        except (PartlyKnown, PartlyFailed) as error:
            return self._inward(error.answer, Unknown(error.what, error.address))
        except KnownLater as error:
            if self.waits:
                return Unknown(error.what, error.address)
            # No failure that `try` may pass over: there will be a value.
            run.report([error])
            return FAILED
        except NotFound:
            raise
        except ResolveError as error:
            # Nor this one: there may be a value.
            run.report([error])
            return FAILED
        return self._inward(answer)

    def _state(self, address: str, run: Run, where: Where) -> Value:
        name = states.function(self._options)
        if self._resolvers.signature(name) is None:
            hint = 'write plugins = [{ name = "tfstate", … }], or terraform = "../infra", in the project file'
            raise Fault(f"{address} stands in a Terraform state, and the project names none", hint)
        return self.ask(name, [address], run, where)

    def _inward(self, answer: core.Marked, later: Unknown | None = None) -> Value:
        """Give an answer as a value; `later` stands for the parts that it lacks."""
        for origin in answer.origins:
            self.origins[str(origin.address)] = origin
        marks = values.Marks(origins=frozenset(str(origin.address) for origin in answer.origins))
        if not answer.known:
            return values.mark(Unknown(_LATER), marks)
        data = answer.data if later is None else _settled(answer.data, later)
        return values.mark(plains.from_json(data, answer.sensitive_paths), marks)

    def _outward(self, value: Value) -> core.Marked:
        plain, marks = values.unmark(value)
        origins = frozenset(self.origins[name] for name in marks.origins)
        known = values.first_unknown(plain) is None
        return core.Marked(
            plains.to_json(plain) if known else core.UNKNOWN, origins, ((),) if marks.sensitive else ()
        )


def _settled(data: object, later: Unknown) -> object:
    """Put one value for what is unknown in data."""
    match data:
        case core.UNKNOWN:
            return later
        case core.Failure(error):
            return replace(later, error=error)
        case dict():
            return {key: _settled(each, later) for key, each in data.items()}
        case list():
            return [_settled(each, later) for each in data]
    return data


class _Named(NamedTuple):
    """`var` and `local`, whose values remember that they went by these names."""

    root: Root
    name: str

    def get(self, path: Path, run: Run, where: Where) -> tuple[Value, int]:
        """Give the value that the first step names."""
        value, steps = self.root.get(path, run, where)
        called = f"{self.name}.{scopes.first(self.name, path)}"
        return values.mark(value, values.Marks(names=frozenset({called}))), steps


class _Unset(NamedTuple):
    """`each` and `count` outside of blocks in which they have a value."""

    name: str

    def get(self, path: Path, run: Run, where: Where) -> tuple[Value, int]:  # noqa: ARG002
        """Raise Undeclared."""
        by = "for_each" if self.name == "each" else "count"
        raise Undeclared(
            f"{self.name} has a value only in a block with {by}", f"write {by} = … into the block"
        )


class _Call:
    """A resolver's function."""

    def __init__(self, name: str, scope: Scope) -> None:
        self._name = name
        self._scope = scope

    def check(self, count: int) -> None:
        """Raise Fault where it takes another number of arguments."""
        try:
            self._scope._resolvers.check(self._name, count, Where(""))  # noqa: SLF001
        except ConfigError as error:
            raise Fault(error.what, error.hint) from None

    def call(self, arguments: Sequence[Value], run: Run, where: Where) -> Value:
        """Ask the resolver."""
        return self._scope.ask(self._name, arguments, run, where)


def scope(
    document: Document,
    lookups: Lookups,
    options: Options,
    settings: Mapping[str, Setting],
    definitions: Mapping[str, tuple[Expr, Source]],
) -> Scope:
    """Give the scope of a document."""
    folder = document.path.parent
    root = options.declared.path.parent if options.declared else folder
    roots = (
        Fixed(
            "var",
            {name: each.value for name, each in settings.items()},
            "variable",
            "declare it in the project file",
        ),
        Fixed("path", {"module": str(folder), "root": str(root), "cwd": str(pathlib.Path.cwd())}, "path"),
    )
    context = functions.Context(base=folder, root=root, render=scopes.rendered)
    made = Scope(roots, lookups, definitions, context, options)
    made.places.update({f"var.{name}": each.where for name, each in settings.items()})
    made.places.update(
        {f"local.{name}": source.where(expr.span) for name, (expr, source) in definitions.items()}
    )
    return made
