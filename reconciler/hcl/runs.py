"""The state of one evaluation: what went wrong so far, what was read, and how much it may still do.

One run evaluates many expressions, of several files perhaps. What is wrong with one of them does not keep the others
from being looked at: the errors gather here.
"""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Final, TypeAlias

from reconciler.errors import HclError, HclErrors, ReconcilerError, Where
from reconciler.hcl import values
from reconciler.hcl.faults import Fault
from reconciler.hcl.nodes import Span
from reconciler.hcl.sources import Source
from reconciler.hcl.values import Set, Unknown, Value
from reconciler.records import dataclass

Piece: TypeAlias = tuple[str, frozenset[str]]
"""A text that an interpolation gave, and the addresses that it came from."""

FAILED: Final = Unknown("an error was reported")
"""The value of an expression that has none. Whatever is made of it fails as well, without another word."""


@dataclass(frozen=True, slots=True)
class Limits:
    """How far an evaluation goes. No honest file comes near any of them.

    `depth` counts expressions inside one another, also across locals; `height` is the same for values, `steps` is
    the number of expressions evaluated and of rounds in templates, `characters` the length of a text, `members` the
    number of values in a value.
    """

    depth: int = 150
    steps: int = 1_000_000
    characters: int = 16 * 1024 * 1024
    members: int = 1_000_000
    height: int = 150


LIMITS: Final = Limits()
_SMALL: Final = 64


class Exceeded(HclError):
    """A limit was reached: the evaluation stops, and `try` does not go on from there."""


class Run:
    """One evaluation. `probing` is on while only the type of an expression matters, whose value nobody uses.

    `printed` tells of the text of a template, given the addresses that it came from, which pieces came from where.
    """

    def __init__(self, limits: Limits = LIMITS) -> None:
        """Start with nothing wrong and nothing read."""
        self.limits = limits
        self.errors: list[ReconcilerError] = []
        self._reported: list[dict[int, ReconcilerError]] = [{}]
        self.printed: dict[Piece, list[Piece]] = {}
        self.reads: dict[str, Where] = {}
        self._asked: dict[Where, tuple[Source, Span]] = {}
        self.active: list[str] = []
        self.probing = False
        self._depth = 0
        self._steps = 0
        # Values are kept along with their weights, so that their ids stay theirs.
        self._weights: dict[int, tuple[Value, int, int]] = {}

    def failed(self, error: ReconcilerError) -> Unknown:
        """Note an error, and give the value of what it is about."""
        self.errors.append(error)
        return FAILED

    def report(self, errors: Iterable[ReconcilerError]) -> None:
        """Note errors of something that others refer to: as with Terraform, `try` around a reference hides none."""
        self._reported[-1] |= {id(error): error for error in errors}

    def read(self, address: str, where: Where) -> None:
        """Note that an address was read; what is only probed is not."""
        if not self.probing:
            self.reads.setdefault(address, where)

    @contextlib.contextmanager
    def attempt(self) -> Iterator[list[ReconcilerError]]:
        """Gather the errors of a part by themselves."""
        outer, self.errors = self.errors, []
        try:
            yield self.errors
        finally:
            self.errors = outer

    def probe(self, evaluate: Callable[[], Value]) -> Value:
        """Evaluate a part for its type: nothing outside is asked for it, and if it is wrong it is unknown."""
        outer, self.probing = self.probing, True
        self._reported.append({})
        try:
            with self.attempt() as errors:
                value = evaluate()
            return FAILED if errors or self._reported[-1] else value
        finally:
            self._reported.pop()
            self.probing = outer

    @contextlib.contextmanager
    def inside(self, name: str) -> Iterator[list[ReconcilerError]]:
        """Be inside the evaluation of a named thing; at its end the list holds what went wrong in it and below.

        Raises Fault that spells the circle out if it is inside already.
        """
        if name in self.active:
            circle = [*self.active[self.active.index(name) :], name]
            raise Fault(f"this needs itself: {' → '.join(circle)}")
        found: list[ReconcilerError] = []
        self.active.append(name)
        self._reported.append({})
        try:
            with self.attempt() as errors:
                yield found
            found += [*self._reported[-1].values(), *errors]
        finally:
            self.active.pop()
            self._reported.pop()

    def enter(self, span: Span, source: Source) -> None:
        """Go into an expression. Raises Exceeded."""
        self._depth += 1
        if self._depth > self.limits.depth:
            raise _exceeded("expressions are nested too deeply here", span, source)
        self.step(span, source)

    def step(self, span: Span, source: Source) -> None:
        """Count something that is done. Raises Exceeded."""
        self._steps += 1
        if self._steps > self.limits.steps:
            raise _exceeded(f"the evaluation takes more than {self.limits.steps} steps", span, source)

    def leave(self) -> None:
        """Come out of an expression."""
        self._depth -= 1

    def sized(self, value: Value, span: Span, source: Source) -> Value:
        """Give a value back that is not too large. Raises Exceeded."""
        plain = values.split(value)[0]
        if isinstance(plain, str):
            if len(plain) > self.limits.characters:
                raise self.exceeded_length(span, source)
        elif isinstance(plain, tuple | Set | Mapping):
            weight, height = self._weigh(plain)
            if weight > self.limits.members:
                raise _exceeded(f"the value grows beyond {self.limits.members} members", span, source)
            if height > self.limits.height:
                raise _exceeded("the value is nested too deeply", span, source)
        return value

    def exceeded_length(self, span: Span, source: Source) -> Exceeded:
        """Give the error of a text that is too long."""
        return _exceeded(f"the text grows beyond {self.limits.characters} characters", span, source)

    def _weigh(self, value: Value) -> tuple[int, int]:
        """Count a value's members, at any depth, and how deep they go; a large member was counted before."""
        plain = values.split(value)[0]
        if not isinstance(plain, tuple | Set | Mapping):
            return 1, 0
        if (known := self._weights.get(id(plain))) is not None:
            return known[1], known[2]
        weight, height = 1, 0
        for member in plain.values() if isinstance(plain, Mapping) else plain:
            more, below = self._weigh(member)
            weight, height = weight + more, max(height, below)
            if weight > self.limits.members or height > self.limits.height:
                break
        if weight > _SMALL:
            self._weights[id(plain)] = plain, weight, height + 1
        return weight, height + 1

    def wrong(self) -> list[ReconcilerError]:
        """Give what went wrong so far, by place, each thing once."""
        errors = map(self._shown, (*self._reported[0].values(), *self.errors))
        unique = {str(error): error for error in errors}
        return sorted(unique.values(), key=_place)

    def asks(self, span: Span, source: Source) -> Where:
        """Note a place at which a root or a function is asked, so that their errors can show it; give the place."""
        where = source.where(span)
        self._asked[where] = source, span
        return where

    def _shown(self, error: ReconcilerError) -> ReconcilerError:
        """Give an error of a root or function with the line of the source."""
        if error.where not in self._asked or error.excerpt:
            return error
        source, span = self._asked[error.where]
        shown = dataclasses.replace(error, excerpt=source.excerpt(span))
        shown.__cause__ = error.__cause__
        return shown

    def finish(self) -> None:
        """Raise what went wrong: an error as itself, several as one that holds them."""
        errors = self.wrong()
        if len(errors) == 1:
            raise errors[0]
        if errors:
            raise HclErrors(f"{len(errors)} errors", errors[0].where, errors=tuple(errors))


def _place(error: ReconcilerError) -> tuple[str, int, int]:
    return (error.where.path, error.where.line, error.where.column) if error.where else ("", 0, 0)


def located(error: ReconcilerError, where: Where) -> ReconcilerError:
    """Give a copy of an error that stands at a place; one that has a place keeps it."""
    moved = dataclasses.replace(error, where=error.where or where)
    moved.__cause__ = error.__cause__
    return moved


def _exceeded(what: str, span: Span, source: Source) -> Exceeded:
    error = source.error(what, span)
    return Exceeded(error.what, error.where, error.hint, excerpt=error.excerpt)
