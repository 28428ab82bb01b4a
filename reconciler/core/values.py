"""Values with their history: where they come from, and whether a terminal may show them.

Absent, null, unknown and sensitive are four different things: absent is a missing key, null is None,
unknown is `UNKNOWN`, sensitive is a mark beside the data.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import field
from enum import Enum
from typing import TYPE_CHECKING, Final, TypeAlias

from reconciler.records import dataclass

if TYPE_CHECKING:
    from reconciler.errors import ResolveError

Json: TypeAlias = "None | bool | int | float | str | Sequence[Json] | Mapping[str, Json]"
JsonObject: TypeAlias = Mapping[str, Json]
Path: TypeAlias = "tuple[str | int, ...]"


class Unknown(Enum):
    """The type of `UNKNOWN`, the data of a value that nobody has looked up yet."""

    UNKNOWN = "unknown"

    def __repr__(self) -> str:
        """Name it as code does."""
        return "UNKNOWN"


UNKNOWN: Final = Unknown.UNKNOWN


@dataclass(frozen=True, slots=True, order=True)
class Address:
    """What a reference names: the resolver instance (`tfstate`, `prod_tfstate`, `ssm`) and the path in it."""

    resolver: str
    path: str

    def __str__(self) -> str:
        """Give the form that messages and plans show: `tfstate aws_subnet.a.id`."""
        return f"{self.resolver} {self.path}"


@dataclass(frozen=True, slots=True, order=True)
class Source:
    """What was read: its name (a file, a URL), its identity and its version, empty where it has none.

    For a Terraform state `lineage` is the state's lineage and `version` its serial; for a parameter
    `version` is the parameter's version. `label` is what a plan shows after the resolver's name, where the
    address's path says less to a person: which of several variables was set, or that none was.
    """

    name: str
    lineage: str = ""
    version: str = ""
    label: str = ""


@dataclass(frozen=True, slots=True, order=True)
class Origin:
    """Why a piece of a document has its value."""

    address: Address
    source: Source | None = None


@dataclass(frozen=True, slots=True)
class Value:
    """A resolver's answer. `sensitive_paths` point into `data`; the empty path marks all of it.

    An `unknown` answer is known later, and has no data yet. Of another one `unknown_paths` point to the parts that are;
    in `data` null stands there, as it does for the parts that have no value, of which `failures` say why.
    """

    data: Json
    sensitive_paths: tuple[Path, ...] = ()
    unknown: bool = False
    source: Source | None = None
    unknown_paths: tuple[Path, ...] = ()
    failures: tuple[tuple[Path, ResolveError], ...] = ()


@dataclass(frozen=True, slots=True)
class Failure:
    """A lookup that failed. It raises only where the value is used, at that position."""

    error: ResolveError


@dataclass(frozen=True, slots=True)
class Marked:
    """Data under evaluation (JSON, or `UNKNOWN`) with its origins and the paths in it that are sensitive."""

    data: object
    origins: frozenset[Origin] = frozenset()
    sensitive_paths: tuple[Path, ...] = field(default=())

    @property
    def sensitive(self) -> bool:
        """Tell whether any part of the data is sensitive."""
        return bool(self.sensitive_paths)

    @property
    def known(self) -> bool:
        """Tell whether the data has been looked up."""
        return self.data is not UNKNOWN

    def child(self, key: str | int, data: object) -> Marked:
        """Give a member of this value: same origins, and the marks that concern it."""
        paths = tuple(path[1:] for path in self.sensitive_paths if not path or path[0] == key)
        return Marked(data, self.origins, paths)

    def derive(self, data: object) -> Marked:
        """Give a value computed from this one alone: same origins, wholly sensitive if any part was."""
        return Marked(data, self.origins, ((),) if self.sensitive_paths else ())


def unite(data: object, arguments: Iterable[Marked]) -> Marked:
    """Give a value computed from several: the union of their origins, sensitive if any of them is."""
    origins: set[Origin] = set()
    sensitive = False
    for argument in arguments:
        origins |= argument.origins
        sensitive = sensitive or argument.sensitive
    return Marked(data, frozenset(origins), ((),) if sensitive else ())
