"""Two sequences laid side by side: what they have in common, and what differs."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Final

from reconciler.records import dataclass

# Above these products of lengths the exact search takes too long: first popular items no longer anchor it, then all
# between the common beginning and the common end counts as changed.
_EXACT: Final = 100_000
_LARGEST: Final = 4_000_000


@dataclass(frozen=True, slots=True)
class Run:
    """A stretch of both sequences, by index. `same` ones are equally long; `hidden` ones need not be shown."""

    before: range
    after: range
    same: bool = False
    hidden: bool = False


def prefix(before: Sequence[str], after: Sequence[str]) -> int:
    """Count what two sequences (or texts) begin with in common."""
    shorter = min(len(before), len(after))
    return next((i for i in range(shorter) if before[i] != after[i]), shorter)


def suffix(before: Sequence[str], after: Sequence[str], start: int) -> int:
    """Count what they end with in common, leaving the first `start` of each alone."""
    shorter = min(len(before), len(after)) - start
    return next((i for i in range(shorter) if before[-1 - i] != after[-1 - i]), shorter)


def runs(before: Sequence[str], after: Sequence[str]) -> list[Run]:
    """Give the stretches in order; those that are the same alternate with those that differ."""
    start = prefix(before, after)
    end = suffix(before, after, start)
    old, new = before[start : len(before) - end], after[start : len(after) - end]
    found = [
        Run(range(start + i1, start + i2), range(start + j1, start + j2), same=tag == "equal")
        for tag, i1, i2, j1, j2 in _opcodes(old, new)
    ]
    head = Run(range(start), range(start), same=True)
    tail = Run(range(len(before) - end, len(before)), range(len(after) - end, len(after)), same=True)
    return [*([head] if start else []), *found, *([tail] if end else [])]


def _opcodes(before: Sequence[str], after: Sequence[str]) -> Sequence[tuple[str, int, int, int, int]]:
    product = len(before) * len(after)
    if not product or product > _LARGEST:
        return [("replace", 0, len(before), 0, len(after))] if before or after else []
    return difflib.SequenceMatcher(None, before, after, autojunk=product > _EXACT).get_opcodes()


def hunks(before: Sequence[str], after: Sequence[str], context: int) -> Iterator[Run]:
    """Give the stretches with those hidden that are farther than `context` from every difference.

    A single item is not hidden: the remark that it is would take as much room.
    """
    found = runs(before, after)
    for number, run in enumerate(found):
        if not run.same:
            yield run
            continue
        size = len(run.before)
        first = 0 if number == 0 else context
        last = 0 if number == len(found) - 1 else context
        if size - first - last < 2:
            yield run
            continue
        for start, stop in ((0, first), (first, size - last), (size - last, size)):
            if start < stop:
                part = replace(run, before=run.before[start:stop], after=run.after[start:stop])
                yield replace(part, hidden=start == first and stop == size - last)
