"""Scopes for tests, made of text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from reconciler.errors import NotFound, Where
from reconciler.hcl import declarations, evaluation, runs, scopes, syntax, values
from reconciler.hcl.faults import Fault
from reconciler.hcl.nodes import Expr
from reconciler.hcl.runs import LIMITS, Limits, Run
from reconciler.hcl.sources import Source
from reconciler.hcl.values import Marked, Unknown, Value


def read(text: str, name: str = "case") -> tuple[Expr, Source]:
    """Parse an expression."""
    return syntax.parse_expression(text, name), Source(text, name)


def locals_of(text: str) -> Mapping[str, tuple[Expr, Source]]:
    """Read `locals` blocks."""
    return declarations.definitions(syntax.parse_body(text, "locals.hcl"), Source(text, "locals.hcl"))


@dataclass
class World:
    """What stands outside: values by address. It notes what it is asked for; what is None there is not known yet."""

    holds: Mapping[str, Value | None] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    def answer(self, address: str, run: Run, where: Where) -> Value:
        """Answer for an address."""
        self.asked.append(address)
        if address not in self.holds:
            raise NotFound(f"there is no {address}", address=address)
        value = self.holds[address]
        return Unknown("not looked up", address) if value is None else values.mark(value, _from(address))

    def scope(self, definitions: str = "") -> scopes.Names:
        """Give a scope with locals in which everything is asked of this."""
        return scopes.Names(
            definitions=locals_of(definitions), answer=self.answer, lookups={"ask": Ask(self)}
        )

    def evaluate(self, text: str, definitions: str = "", limits: Limits = LIMITS, /, **names: Value) -> Value:
        """Evaluate an expression."""
        expr, source = read(text)
        return evaluation.evaluate(expr, source, self.scope(definitions), names=names, limits=limits)

    def reads(self, text: str, definitions: str = "") -> list[str]:
        """Evaluate an expression, and give the addresses that it read."""
        run = runs.Run()
        expr, source = read(text)
        evaluation.Evaluator(run, source, self.scope(definitions)).value(expr)
        run.finish()
        return list(run.reads)


@dataclass(frozen=True)
class Ask:
    """A function that asks for what its argument names."""

    world: World

    def check(self, count: int) -> None:
        """Take one argument."""
        if count != 1:
            raise Fault("`ask` takes 1 argument")

    def call(self, arguments: Sequence[Value], run: Run, where: Where) -> Value:
        """Ask."""
        if run.probing:
            return scopes.PROBED
        argument, marks = values.split(arguments[0])
        if isinstance(argument, Unknown):
            return arguments[0]
        if not isinstance(argument, str):
            raise Fault("`ask` takes a string")
        return values.mark(self.world.answer(f"ask {argument}", run, where), marks)


def _from(address: str) -> values.Marks:
    return values.Marks(origins=frozenset({address}))


def secret(value: Value) -> Marked:
    """Mark a value as sensitive."""
    return Marked(value)
