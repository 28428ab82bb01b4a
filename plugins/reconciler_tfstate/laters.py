"""What is known later: `LATER` stands in a state for a value that Terraform has once it has applied its plan.

Steps into it lead to itself, and whatever moves it about leaves it as it is. Who has to look at it to answer raises
`Later`, which nothing in a query passes over: neither ``?`` nor ``//`` can tell what there will be.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Final, TypeVar, cast

from reconciler.plugin import Json, ResolveError
from reconciler_tfstate.sensitivities import Path

_T = TypeVar("_T")


class Later(Exception):
    """The answer depends on a value that is known later."""


class _Later(Enum):
    LATER = "known later"


@dataclass(frozen=True, slots=True)
class Failed:
    """Stands in data for a part that cannot be computed, which is an error for what needs it alone."""

    error: ResolveError


LATER: Final = cast("Json", _Later.LATER)
"""A value that is known later, among those of JSON: none of them, so that no test of a kind takes it for one."""


def lacking(data: object) -> bool:
    """Tell whether data is known later, or cannot be computed; what it holds may be."""
    return data is LATER or isinstance(data, Failed)


def settled(data: _T) -> _T:
    """Give data that is there itself. Raises Later, and the error of what cannot be computed."""
    if data is LATER:
        raise Later
    if isinstance(data, Failed):
        raise data.error
    return data


def refuse(data: object) -> Json:
    """Raise for what `json.dumps` meets in data that is not JSON's."""
    settled(data)
    raise TypeError(type(data).__name__)


def parted(data: Json) -> tuple[Json, tuple[tuple[Path, ResolveError | None], ...]]:
    """Give data with null for what it lacks, and the paths of that, with the error of what cannot be computed."""
    absent: object = data
    if lacking(absent):
        return None, (((), absent.error if isinstance(absent, Failed) else None),)
    if isinstance(data, Mapping):
        members = {name: parted(each) for name, each in data.items()}
        paths = tuple(((name, *path), why) for name, (_, below) in members.items() for path, why in below)
        return {name: each for name, (each, _) in members.items()}, paths
    if isinstance(data, list):
        items = [parted(each) for each in data]
        paths = tuple(((at, *path), why) for at, (_, below) in enumerate(items) for path, why in below)
        return [each for each, _ in items], paths
    return data, ()
