"""Items of two lists that hold objects, paired by likeness: which one became which, and which came or went."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import zip_longest
from typing import Final, TypeAlias

from reconciler.core.values import Json
from reconciler.render import embedded
from reconciler.render.runs import Run, runs

Pair: TypeAlias = "tuple[int | None, int | None]"

# Stretches of more possible pairs than this are not searched for the best ones: they are paired by place.
_LARGEST: Final = 10_000


def pairs(before: Sequence[Json], after: Sequence[Json]) -> Iterator[Pair]:
    """Give the places, old and new, of all items that differ, in order; None for the side on which there is none."""
    for run in changed(before, after):
        yield from _pairs(run, before, after)


def unchanged(before: Sequence[Json], after: Sequence[Json]) -> int:
    """Count the items that stay as they are."""
    return len(before) - sum(len(run.before) for run in changed(before, after))


def changed(before: Sequence[Json], after: Sequence[Json]) -> Iterator[Run]:
    """Give the stretches of two lists that differ."""
    found = runs([embedded.spelled(item) for item in before], [embedded.spelled(item) for item in after])
    return (run for run in found if not run.same)


def _pairs(run: Run, before: Sequence[Json], after: Sequence[Json]) -> Iterator[Pair]:
    """Pair those that are most alike on the whole; by place, if that is as good and none came or went."""
    old, new = len(run.before), len(run.after)
    if old * new > _LARGEST:
        yield from zip_longest(run.before, run.after)
        return
    likeness = [[_likeness(before[i], after[j]) for j in run.after] for i in run.before]
    best = [[0] * (new + 1) for _ in range(old + 1)]
    for i in reversed(range(old)):
        for j in reversed(range(new)):
            best[i][j] = max(best[i + 1][j], best[i][j + 1], best[i + 1][j + 1] + likeness[i][j])
    if old == new and best[0][0] <= sum(likeness[i][i] for i in range(old)):
        yield from zip(run.before, run.after, strict=True)
        return
    i = j = 0
    while i < old or j < new:
        if i < old and best[i][j] == best[i + 1][j]:
            yield run.before[i], None
            i += 1
        elif j < new and best[i][j] == best[i][j + 1]:
            yield None, run.after[j]
            j += 1
        else:
            yield run.before[i], run.after[j]
            i, j = i + 1, j + 1


def _likeness(before: Json, after: Json) -> int:
    """Count the members that two objects share; a flag or a number alone does not make them alike."""
    if not isinstance(before, dict) or not isinstance(after, dict):
        return 0
    shared = [value for name, value in before.items() if name in after and embedded.same(value, after[name])]
    return len(shared) if any(isinstance(value, str) for value in shared) else 0
