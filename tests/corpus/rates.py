"""How often a plan of the real files shows what is no difference, or misses one: ``python -m tests.corpus.rates``.

Prints the table that stands in docs/equivalence.md.
"""

from __future__ import annotations

import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from unittest import mock

import botocore

from reconciler.core.kinds import Kind
from reconciler.errors import ConfigError
from reconciler.resolve import registry
from tests.corpus import files, projects, rounds, verdicts
from tests.corpus.rounds import Round, Side
from tests.corpus.verdicts import Tally

BEGIN, END = "<!-- rates -->", "<!-- /rates -->"
DOCS = Path(__file__).parents[2] / "docs/equivalence.md"


def all_rounds() -> Iterator[Round]:
    """Run every file that can be evaluated."""
    made = [(rounds.register, rounds.TASK_DEFINITIONS), (rounds.create, rounds.SERVICES)]
    for make, kinds in made:
        for file in files.of(*kinds):
            with tempfile.TemporaryDirectory() as folder:
                try:
                    yield make(file, Path(folder))
                except ConfigError as error:
                    yield Round(file.name, refused=str(error))


def described() -> Iterator[Round]:
    """Compare each recorded description with the file that is written from it."""
    for file in files.of(*rounds.DESCRIBED):
        side = rounds.side_of(file)
        with tempfile.TemporaryDirectory() as folder:
            found = rounds.compare(side.kind, side.document, files.document(file), Path(folder))
        yield Round(file.name, (side,), found)


@cache
def all_found() -> tuple[Round, ...]:
    """Give every round, run once a process, with nothing asked of anybody."""
    available = projects.resolvers(registry.discover())
    with mock.patch.object(registry, "discover", return_value=available):
        return (*all_rounds(), *described())


def all_sides() -> Iterator[Side]:
    """Give every definition with the body that is described of it."""
    for found in all_found():
        yield from found.sides


def tally(kind: Kind) -> Tally:
    """Try every change of every definition of a kind."""
    return _tally(kind.name)


@cache
def _tally(kind: str) -> Tally:
    result = Tally()
    for side in all_sides():
        if side.kind.name == kind:
            verdicts.judge(side, result)
    return result


def heading() -> str:
    """Give the table's first line, which names what the figures are of."""
    return f"| {len(files.index())} files, botocore {botocore.__version__} | task definitions | services |"


def table() -> str:
    """Give both rates as a table."""
    lines = [heading(), "|---|---|---|"]
    kinds = (rounds.KINDS.task_definition, rounds.KINDS.service)
    tallies = [tally(kind) for kind in kinds]
    sides = Counter(side.kind.name for side in all_sides())
    false = Counter(found.sides[0].kind.name for found in all_found() if found.differences)

    def row(name: str, *cells: object) -> None:
        lines.append(f"| {name} | {' | '.join(str(cell) for cell in cells)} |")

    row("definitions compared with what is described of them", *(sides[kind.name] for kind in kinds))
    row("**false diffs**", *(f"**{false[kind.name]}** of {sides[kind.name]}" for kind in kinds))
    for what, name in (("change", "changed"), ("remove", "removed"), ("add", "added")):
        row(f"leaves {name}, one at a time", *(each.tried[what] for each in tallies))
    row("shown as exactly that leaf", *(each.shown for each in tallies))
    row("shown besides: members whose meaning depends on that leaf", *(each.consequences for each in tallies))
    for reason in sorted({reason for each in tallies for reason in each.equal}):
        row(f"nothing to do: {_SAID.get(reason, reason)}", *(each.equal[reason] for each in tallies))
    row(
        "**missed, or shown as something else**",
        *(f"**{len(each.wrong)}** of {sum(each.tried.values())}" for each in tallies),
    )
    for reason in sorted({reason for each in tallies for reason in each.not_updated}):
        row(
            f"shown, and not tried by one update: {_NOT_TRIED[reason]}",
            *(_of(each, reason) for each in tallies),
        )
    done = (
        f"**{each.updated} of {each.updated + len(each.not_done)}**" if each.updated else "–"
        for each in tallies
    )
    row("**changes that one update makes true**", *done)
    return "\n".join(lines)


def _of(tally: Tally, reason: str) -> str:
    return str(tally.not_updated[reason]) if tally.updated else "–"


_NOT_TRIED = {
    "by other calls": "tags, and another revision",
    "refused": "it is refused before anything is sent",
    "replaced": "no update changes that, and the service is replaced",
}

_SAID = {
    "absent_if": "it means nothing beside what else is there (`absent_if`)",
    "as AWS chose it": "the file now says what AWS had chosen (`undeclared` S)",
    "coerce": "another spelling of the same (`coerce`)",
    "default": "it was the default (`default`)",
    "empty": "it was empty",
    "left to AWS": "the file leaves it to AWS (`undeclared` S)",
    "left to be: informational": "no row knows it; it is noted (`undeclared` I)",
    "set elsewhere": "CodeDeploy sets it; it is noted (`elsewhere`)",
    "unknown to ECS": "ECS knows no such member; the file is warned of",
    "given twice": "the set holds it once more",
    "same": "another name of the same (`same`)",
}


if __name__ == "__main__":
    if not files.index():
        sys.exit(f"the real files are not beside this repository ({files.REAL})")
    print(table())
