"""Where the units of a plan are written: the line of a definition file to which a report on a change belongs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from reconciler.core import canon as canons
from reconciler.core import pointers
from reconciler.core.canon import Canon
from reconciler.core.documents import Resolved
from reconciler.core.kinds import Kinds
from reconciler.core.plans import Finding, Plan, Unit
from reconciler.core.values import Path
from reconciler.errors import Where


def places(plan: Plan, files: Mapping[str, Resolved | None], kinds: Kinds) -> Mapping[str, Where]:
    """Give the place of each unit that changes and has a file, by address; `files` are by the kinds' names.

    It is that of its first change in the file; of what the file does not say any more, of what it stood in.
    """
    return {
        unit.address: _first(unit.changes, resolved, canon)
        for unit, resolved, canon in _written(plan, files, kinds)
        if unit.changes
    }


def fields(plan: Plan, files: Mapping[str, Resolved | None], kinds: Kinds) -> Mapping[tuple[str, str], Where]:
    """Give the place of each change, by the addresses of unit and change; as `places` gives that of the first.

    The whole of a unit, which has an empty address of its own, is its file.
    """
    found: dict[tuple[str, str], Where] = {}
    for unit, resolved, canon in _written(plan, files, kinds):
        found[unit.address, ""] = resolved.where(())
        for change in unit.changes:
            found[unit.address, change.address] = _first((change,), resolved, canon)
    return found


def _written(
    plan: Plan, files: Mapping[str, Resolved | None], kinds: Kinds
) -> Iterator[tuple[Unit, Resolved, Canon]]:
    """Give the units that files describe, each with its file."""
    for unit in plan.units:
        resolved = files.get(unit.kind)
        if resolved is not None:
            yield unit, resolved, canons.canon(kinds.named(unit.kind), resolved.data, desired=True)


def _first(changes: Sequence[Finding], resolved: Resolved, canon: Canon) -> Where:
    """Give the first place of a file that one of the changes stands at, else the first around one, else the file."""
    written = {pointers.text(path): seen.raw for path, seen in canon.seen.items()}
    said = [written[change.pointer] for change in changes if change.pointer in written]
    near = [around for change in changes if (around := next(_around(change.pointer, written), None))]
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
