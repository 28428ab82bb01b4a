"""A document after evaluation: plain data, and beside it where each piece of it came from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from typing import TypeAlias, TypeVar

from reconciler.core.pointers import leaves
from reconciler.core.values import Json, Origin, Path
from reconciler.errors import Where
from reconciler.records import dataclass

Named: TypeAlias = tuple[str, Where]
"""A name of the project's own (`var.x`, `local.y`), and where its value stands."""

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Resolved:
    """The data of a file, with provenance.

    `origins` holds a path where a reference made the value there (a leaf, or a container that came whole
    from one reference); `sensitive` the leaves that must not be shown; `places` where each value stands
    (its key's place for a member); `printed` holds, for a leaf of a template, the texts that its references printed
    and their origins; `named` the variables and locals that a value went by. The paths are those of `data`: keys, and
    integers for list indices.
    """

    path: str
    data: Json
    origins: Mapping[Path, frozenset[Origin]] = field(default_factory=dict)
    sensitive: frozenset[Path] = frozenset()
    places: Mapping[Path, Where] = field(default_factory=dict)
    printed: Mapping[Path, tuple[tuple[str, frozenset[Origin]], ...]] = field(default_factory=dict)
    named: Mapping[Path, frozenset[Named]] = field(default_factory=dict)

    def origins_of(self, path: Path) -> frozenset[Origin]:
        """Give the origins of a value: its own, else those of the container that was resolved whole."""
        return _nearest(self.origins, path)

    def named_of(self, path: Path) -> frozenset[Named]:
        """Give the project's own names behind a value, likewise."""
        return _nearest(self.named, path)

    def is_sensitive(self, path: Path) -> bool:
        """Tell whether a value, or anything that it stands in, is sensitive."""
        return any(path[:length] in self.sensitive for length in range(len(path) + 1))

    def clear(self) -> tuple[str, ...]:
        """Give the texts of the values that are not sensitive: what the file says for everybody to read."""
        return tuple(str(leaf) for path, leaf in leaves(self.data) if not self.is_sensitive(path))

    def where(self, path: Path) -> Where:
        """Give the place of a value, else of the nearest thing around it."""
        for length in range(len(path), -1, -1):
            if found := self.places.get(path[:length]):
                return found
        return Where(self.path)


def _nearest(found: Mapping[Path, frozenset[_T]], path: Path) -> frozenset[_T]:
    for length in range(len(path), -1, -1):
        if there := found.get(path[:length]):
            return there
    return frozenset()
