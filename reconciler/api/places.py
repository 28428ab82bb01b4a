"""Where the units of a plan are written: the line of a definition file to which a report on a change belongs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from reconciler.core import canon as canons
from reconciler.core import pointers
from reconciler.core.canon import Canon
from reconciler.core.documents import Resolved
from reconciler.core.kinds import Kinds
from reconciler.core.plans import Plan, Unit
from reconciler.core.values import Path
from reconciler.errors import Where


def places(plan: Plan, files: Mapping[str, Resolved | None], kinds: Kinds) -> Mapping[str, Where]:
    """Give the place of each unit that changes and has a file, by address; `files` are by the kinds' names.

    It is that of its first change in the file; of what the file does not say any more, of what it stood in.
    """
    found: dict[str, Where] = {}
    for unit in plan.units:
        resolved = files.get(unit.kind)
        if unit.changes and resolved is not None:
            canon = canons.canon(kinds.named(unit.kind), resolved.data, desired=True)
            found[unit.address] = _first(unit, resolved, canon)
    return found


def _first(unit: Unit, resolved: Resolved, canon: Canon) -> Where:
    """Give the first place of a file that a change of the unit stands at, else the first around one, else the file."""
    written = {pointers.text(path): seen.raw for path, seen in canon.seen.items()}
    said = [written[change.pointer] for change in unit.changes if change.pointer in written]
    near = [around for change in unit.changes if (around := next(_around(change.pointer, written), None))]
    for paths in (said, near):
        found = [where for path in paths if (where := resolved.where(path)).line]
        if found:
            return min(found, key=lambda where: (where.line, where.column))
    return resolved.where(())


def _around(pointer: str, written: Mapping[str, Path]) -> Iterator[Path]:
    """Give what is written around a place, the nearest first."""
    while pointer:
        pointer = pointer.rpartition("/")[0]
        if pointer in written:
            yield written[pointer]
