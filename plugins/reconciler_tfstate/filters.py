"""What a query answers: `queries.Filter` applied to a place of a state.

Marks follow the values. What moves values about (paths, `select`, `map`, `to_entries`, lists and objects) keeps each
mark at its part; what computes a new value out of others (`join`, `+`, `tostring`, comparisons) gives one that is
sensitive if any part of those is. `keys`, `length`, `has` and `type` tell nothing of the parts, so only a mark on the
whole counts for them. What `select` lets through is as sensitive as its condition.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import islice, product
from typing import Final, assert_never

from reconciler.plugin import NotFound
from reconciler_tfstate import functions, laters, places
from reconciler_tfstate.functions import derived, true
from reconciler_tfstate.places import Found
from reconciler_tfstate.queries import (
    Binary,
    Call,
    Collect,
    Comma,
    Construct,
    Filter,
    Identity,
    Iterate,
    Literal,
    Pipe,
    Try,
    Walk,
)

_STEPS: Final = 1_000_000  # what a query may do before it is given up: some seconds


def answer(found: Found, query: Filter) -> Found:
    """Give a query's first answer. NotFound where there is none, where it fails, or the first one is a gap. Later."""
    for first in _Run().run(query, found):
        return places.settle(first)
    raise NotFound(f"the query of {found.at} selects nothing")


@dataclass(slots=True)
class _Run:
    """An evaluation, and how many steps are left to it."""

    left: int = _STEPS

    def run(self, query: Filter, found: Found) -> Iterator[Found]:
        """Give all answers, each when it is asked for."""
        self.left -= 1
        if self.left < 0:
            raise NotFound("the query goes through too much", hint="select or slice before combining")
        match query:
            case Identity():
                yield found
            case Walk(step):
                yield places.walk(found, step)
            case Iterate():
                yield from places.children(found)
            case Literal(value):
                yield Found("a literal", value)
            case Pipe(left, right):
                for passed in self.run(left, found):
                    yield from self.run(right, passed)
            case Comma(left, right):
                yield from self.run(left, found)
                yield from self.run(right, found)
            case Binary(operator, left, right):
                yield from self._binary(operator, left, right, found)
            case Collect(of):
                yield places.gather(f"the list from {found.at}", self.run(of, found) if of else ())
            case Construct():
                yield from self._construct(query, found)
            case Try(of):
                yield from self._try(of, found)
            case Call():
                yield from self._call(query, found)
            case _:
                assert_never(query)

    def _try(self, query: Filter, found: Found) -> Iterator[Found]:
        answers = self.run(query, found)
        while True:
            try:
                first = next(answers)
            except (StopIteration, NotFound):
                return
            laters.settled(first.data)  # whether that fails is known later
            yield first

    def _binary(self, operator: str, left: Filter, right: Filter, found: Found) -> Iterator[Found]:
        if operator == "//":
            given = [one for one in self._try(left, found) if true(one.data)]
            yield from given or self.run(right, found)
        elif operator in {"and", "or"}:
            for one in self.run(left, found):
                if true(one.data) == (operator == "or"):
                    yield derived(operator == "or", one)
                else:
                    for other in self.run(right, found):
                        yield derived(true(other.data), one, other)
        else:
            for other in self.run(right, found):
                for one in self.run(left, found):
                    yield functions.OPERATORS[operator](one, other)

    def _construct(self, query: Construct, found: Found) -> Iterator[Found]:
        pairs = [
            [(name, value) for name in self.run(key, found) for value in self.run(of, found)]
            for key, of in query.members
        ]
        for members in product(*pairs):
            self.left -= 1
            yield functions.make_object(f"the object from {found.at}", members)

    def _call(self, call: Call, found: Found) -> Iterator[Found]:
        match call:
            case Call("empty"):
                return
            case Call("values"):
                if laters.settled(found.data) is not None:
                    yield found
            case Call("first", [of]):
                yield from islice(self.run(of, found), 1)
            case Call("last", [of]):
                yield from deque(self.run(of, found), maxlen=1)
            case Call("select", [of]):
                for condition in self.run(of, found):
                    if true(condition.data):
                        yield replace(found, sensitive=((),)) if condition.sensitive else found
            case Call("map", [of]):
                yield from self.run(Collect(Pipe(Iterate(), of)), found)
            case Call("map_values", [of]):
                yield self._map_values(of, found)
            case Call("with_entries", [of]):
                for entries in self.run(Collect(Pipe(Iterate(), of)), functions.to_entries(found)):
                    yield functions.from_entries(entries)
            case Call("any" | "all" as name, [of]):
                seen: list[Found] = []
                for one in self.run(Pipe(Iterate(), of), found):
                    seen.append(one)
                    if true(one.data) == (name == "any"):
                        break
                decided = bool(seen) and true(seen[-1].data) == (name == "any")
                yield derived(decided == (name == "any"), found, *seen)
            case Call("sort_by" | "unique_by" as name, [of]):
                keyed = [(self._key(of, one), one) for one in functions.elements(found, name)]
                yield functions.in_order(found, keyed, unique=name == "unique_by")
            case Call(name, []):
                yield functions.ALONE[name](found)
            case Call(name, [of]):
                for argument in self.run(of, found):
                    yield functions.WITH_ARGUMENT[name](found, argument)

    def _key(self, of: Filter, found: Found) -> Found:
        return places.gather(found.at, self.run(of, found))

    def _map_values(self, of: Filter, found: Found) -> Found:
        firsts = [(one, next(self.run(of, one), None)) for one in places.children(found)]
        if isinstance(found.data, list):
            return places.gather(found.at, [first for _, first in firsts if first])
        names = sorted(found.data) if isinstance(found.data, dict) else []
        kept = [(name, first) for name, (_, first) in zip(names, firsts, strict=True) if first]
        return functions.make_object(found.at, [(Found(name, name), first) for name, first in kept])
