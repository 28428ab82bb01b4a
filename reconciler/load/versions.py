"""Version constraints as hashicorp/go-version reads them: ``>= 2.0.0, < 3``, ``~> 2.3``.

Constraints are separated by commas and all have to hold. A pre-release satisfies only a constraint that names
a pre-release of the same numbers.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from itertools import zip_longest
from typing import Final, TypeAlias

from reconciler.records import dataclass

_VERSION: Final = re.compile(
    r"v?(?P<numbers>\d+(?:\.\d+)*)(?:-?(?P<pre>[0-9A-Za-z~-]+(?:\.[0-9A-Za-z~-]+)*))?(?:\+[0-9A-Za-z.~-]+)?"
)
_CONSTRAINT: Final = re.compile(r"\s*(?P<operator>=|!=|>=|<=|~>|>|<|)\s*(?P<version>[^\s]+)\s*")

Order: TypeAlias = "tuple[tuple[int, ...], bool, tuple[tuple[int, int, str], ...]]"


@dataclass(frozen=True, slots=True)
class Version:
    """A version: its numbers as written, and its pre-release (empty for a release)."""

    numbers: tuple[int, ...]
    pre: str = ""

    def order(self) -> Order:
        """Give what versions are compared by: numbers, then releases after pre-releases."""
        parts = tuple((0, int(p), "") if p.isdigit() else (1, 0, p) for p in self.pre.split(".") if p)
        return ((*self.numbers, 0, 0, 0)[: max(3, len(self.numbers))], not self.pre, parts)


def parse(text: str) -> Version:
    """Read a version. ValueError where the text is none."""
    found = _VERSION.fullmatch(text)
    if not found:
        raise ValueError("this is no version")
    return Version(tuple(int(number) for number in found["numbers"].split(".")), found["pre"] or "")


def satisfies(version: Version, constraints: str) -> bool:
    """Tell whether a version satisfies a list of constraints. ValueError where the list is malformed."""
    holds = [_holds(version, part) for part in constraints.split(",")]  # all, so that each is checked
    return False not in holds


def _holds(version: Version, constraint: str) -> bool:
    found = _CONSTRAINT.fullmatch(constraint)
    if not found:
        raise ValueError("this is no list of version constraints")
    wanted = parse(found["version"])
    return _OPERATORS[found["operator"]](version, wanted)


def _comparable(version: Version, wanted: Version) -> bool:
    if not version.pre:
        return True
    return bool(wanted.pre) and version.order()[0] == wanted.order()[0]


def _pessimistic(version: Version, wanted: Version) -> bool:
    if (
        bool(version.pre) != bool(wanted.pre)
        or not _comparable(version, wanted)
        or version.order() < wanted.order()
    ):
        return False
    fixed = max(len(wanted.numbers) - 1, 0)
    pairs = zip_longest(version.numbers[:fixed], wanted.numbers[:fixed], fillvalue=0)
    return all(own == other for own, other in pairs)


_OPERATORS: Final[Mapping[str, Callable[[Version, Version], bool]]] = {
    "": lambda version, wanted: version.order() == wanted.order(),
    "=": lambda version, wanted: version.order() == wanted.order(),
    "!=": lambda version, wanted: version.order() != wanted.order(),
    ">": lambda version, wanted: _comparable(version, wanted) and version.order() > wanted.order(),
    "<": lambda version, wanted: _comparable(version, wanted) and version.order() < wanted.order(),
    ">=": lambda version, wanted: _comparable(version, wanted) and version.order() >= wanted.order(),
    "<=": lambda version, wanted: _comparable(version, wanted) and version.order() <= wanted.order(),
    "~>": _pessimistic,
}
