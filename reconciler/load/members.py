"""Reading typed members out of a resolved object: places in every error, warnings for what nobody knows.

Null counts as absent, and keys match in any case, as in Go's encoding/json, which the peer reads with.
"""

from __future__ import annotations

import difflib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import field

from reconciler.core.documents import Resolved
from reconciler.core.values import Json, JsonObject, Path
from reconciler.errors import ConfigError, Where
from reconciler.records import dataclass


@dataclass(frozen=True, slots=True)
class Caution:
    """Something that works and is probably not meant: where, what, and what to try."""

    where: Where
    what: str
    hint: str | None = None


@dataclass(slots=True)
class Members:
    """The members of the object at `path`; `known` are the keys that mean something."""

    resolved: Resolved
    data: JsonObject
    known: Collection[str]
    path: Path = ()
    cautions: list[Caution] = field(default_factory=list)
    _keys: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Match the keys. ConfigError where two keys mean the same."""
        names = {name.casefold(): name for name in self.known}
        for key in self.data:
            name = names.get(key.casefold())
            if name is None:
                self._unknown(key)
            elif name in self._keys:
                what = f"{name} is there twice, as {self._keys[name]} and as {key}"
                first = self.resolved.where((*self.path, self._keys[name]))
                here = self.resolved.where((*self.path, key))
                raise ConfigError(what, here, f"keep one of them; the first is at {first}")
            else:
                self._keys[name] = key

    def _unknown(self, key: str) -> None:
        near = difflib.get_close_matches(key, sorted(self.known), n=1, cutoff=0.6)
        hint = f"did you mean {near[0]}?" if near else f"known are {', '.join(sorted(self.known))}"
        self.cautions.append(Caution(self.where(key), f"{key} means nothing here", hint))

    def where(self, name: str) -> Where:
        """Give the place of a member."""
        return self.resolved.where((*self.path, self._keys.get(name, name)))

    def get(self, name: str) -> Json:
        """Give a member, None where it is absent."""
        return self.data.get(self._keys.get(name, name))

    def text(self, name: str) -> str | None:
        """Give a text. ConfigError where it is something else."""
        value = self.get(name)
        if value is None or isinstance(value, str):
            return value
        hint = "put it in quotes" if isinstance(value, bool | int | float) else f'write {name}: "…"'
        raise ConfigError(f"{name} is text, not {kind(value)}", self.where(name), hint)

    def flag(self, name: str) -> bool:
        """Give a truth value, false where it is absent. ConfigError where it is something else."""
        value = self.get(name)
        if value is None or isinstance(value, bool):
            return bool(value)
        raise ConfigError(f"{name} is true or false, not {kind(value)}", self.where(name))

    def object(self, name: str) -> JsonObject | None:
        """Give an object. ConfigError where it is something else."""
        value = self.get(name)
        if value is None or isinstance(value, Mapping):
            return value
        hint = f"write {name}: {{ … }}, or its members on lines of their own"
        raise ConfigError(f"{name} is an object, not {kind(value)}", self.where(name), hint)

    def items(self, name: str) -> Sequence[Json]:
        """Give a list, empty where it is absent. ConfigError where it is something else."""
        value = self.get(name)
        if value is None:
            return ()
        if isinstance(value, list | tuple):
            return value
        hint = f"write {name}: [ … ], or items on lines that begin with a dash"
        raise ConfigError(f"{name} is a list, not {kind(value)}", self.where(name), hint)

    def texts(self, name: str) -> tuple[str, ...]:
        """Give a list of texts. ConfigError where it is something else."""
        found: list[str] = []
        for index, item in enumerate(self.items(name)):
            if not isinstance(item, str):
                where = self.resolved.where((*self.path, self._keys.get(name, name), index))
                hint = "put it in quotes" if isinstance(item, bool | int | float) else None
                raise ConfigError(f"{name} is a list of texts; this is {kind(item)}", where, hint)
            found.append(item)
        return tuple(found)

    def path_of(self, name: str) -> Path:
        """Give the path of a member."""
        return (*self.path, self._keys.get(name, name))


def members(resolved: Resolved, known: Collection[str], path: Path = (), data: Json = None) -> Members:
    """Read the object at a path. ConfigError where it is none."""
    if not isinstance(data, Mapping):
        what = (
            "an object is expected"
            if path
            else "a project file is an object with keys such as cluster and service"
        )
        raise ConfigError(f"{what}, not {kind(data)}", resolved.where(path))
    return Members(resolved, data, known, path)


def kind(data: Json) -> str:
    """Name the type of data as JSON does."""
    if data is None:
        return "nothing"
    if isinstance(data, bool):
        return "a truth value"
    if isinstance(data, int | float):
        return "a number"
    if isinstance(data, str):
        return "a text"
    return "an object" if isinstance(data, Mapping) else "a list"
