"""What is known later: `LATER` stands in a state for a value that Terraform has once it has applied its plan.

Steps into it lead to itself, and whatever moves it about leaves it as it is. Who has to look at it to answer raises
`Later`, which nothing in a query passes over: neither ``?`` nor ``//`` can tell what there will be.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from typing import Final, TypeVar, cast

from reconciler.plugin import Json
from reconciler_tfstate.sensitivities import Path

_T = TypeVar("_T")


class Later(Exception):
    """The answer depends on a value that is known later."""


class _Later(Enum):
    LATER = "known later"


LATER: Final = cast("Json", _Later.LATER)
"""A value that is known later, among those of JSON: none of them, so that no test of a kind takes it for one."""


def settled(data: _T) -> _T:
    """Give data that is not known later itself; what it holds may be. Raises Later."""
    if data is LATER:
        raise Later
    return data


def refuse(data: object) -> Json:
    """Raise what `json.dumps` meets in data that is not JSON's: Later."""
    if data is LATER:
        raise Later
    raise TypeError(type(data).__name__)


def parted(data: Json) -> tuple[Json, tuple[Path, ...]]:
    """Give data with null for what is known later, and the paths of that."""
    if data is LATER:
        return None, ((),)
    if isinstance(data, Mapping):
        members = {name: parted(each) for name, each in data.items()}
        paths = tuple((name, *path) for name, (_, below) in members.items() for path in below)
        return {name: each for name, (each, _) in members.items()}, paths
    if isinstance(data, list):
        items = [parted(each) for each in data]
        paths = tuple((at, *path) for at, (_, below) in enumerate(items) for path in below)
        return [each for each, _ in items], paths
    return data, ()
