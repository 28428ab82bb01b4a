"""Variables while a template runs: a stack, as in Go, from which a block drops its own at its end."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TypeAlias

from reconciler.core.values import UNKNOWN, Marked
from reconciler.load.gotemplates import nodes
from reconciler.load.gotemplates.faults import Fault

Part: TypeAlias = nodes.Statement | nodes.Branch | nodes.Command | nodes.Operand


class Scope:
    """The variables of one template that runs; `$` is what it was given."""

    __slots__ = ("stack",)

    def __init__(self, root: Marked) -> None:
        """Start with `$` alone."""
        self.stack: list[tuple[str, Marked]] = [("$", root)]

    def get(self, name: str) -> Marked:
        """Give the variable declared last under a name."""
        return self.stack[self._position(name)][1]

    def declare(self, name: str, value: Marked) -> None:
        """Add a variable."""
        self.stack.append((name, value))

    def assign(self, name: str, value: Marked) -> None:
        """Change the variable declared last under a name."""
        self.stack[self._position(name)] = (name, value)

    def mark(self) -> int:
        """Give the point to which `drop` goes back."""
        return len(self.stack)

    def drop(self, mark: int) -> None:
        """Forget the variables declared since a mark."""
        del self.stack[mark:]

    def forget(self, skipped: Iterable[Part], *, declarations: bool = False) -> None:
        """Make unknown what a part that cannot be run would have assigned, and declared if that outlives it."""
        known = {name for name, _ in self.stack}
        for pipe in _pipes(skipped):
            for target in pipe.targets:
                if pipe.assigns and target.name in known:
                    self.assign(target.name, Marked(UNKNOWN))
                elif declarations:
                    self.declare(target.name, Marked(UNKNOWN))

    def _position(self, name: str) -> int:
        for position in range(len(self.stack) - 1, -1, -1):
            if self.stack[position][0] == name:
                return position
        raise Fault(f"the variable {name} has no value here: what would declare it was not run")


def _pipes(parts: Iterable[Part]) -> Iterator[nodes.Pipe]:
    for part in parts:
        if isinstance(part, nodes.Pipe):
            yield part
        yield from _pipes(_children(part))


def _children(part: Part) -> tuple[Part, ...]:
    match part:
        case nodes.Action():
            return (part.pipe,)
        case nodes.Invoke():
            return (part.pipe,) if part.pipe else ()
        case nodes.If() | nodes.With():
            return (*part.branches, *part.otherwise)
        case nodes.Branch():
            return (part.pipe, *part.body)
        case nodes.Range():
            return (part.pipe, *part.body, *part.otherwise)
        case nodes.Pipe():
            return part.commands
        case nodes.Command():
            return part.operands
        case nodes.Chain():
            return (part.operand,)
    return ()
