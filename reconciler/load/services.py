"""Project files that hold several services: taken apart, and the settings of one laid over the shared ones.

`services` is a map of entries, or a list of globs of further project files; all beside it is shared. What comes of it
is `Resolved` again, in which each value keeps its place, so that whoever reads settings need not know of any of this.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import field
from pathlib import PurePosixPath
from typing import Final

from reconciler.core.documents import Named, Resolved
from reconciler.core.values import Json, Origin, Path
from reconciler.errors import ConfigError, Where
from reconciler.load.members import kind
from reconciler.load.sources import Document
from reconciler.records import dataclass

KEY: Final = "services"
_PLUGINS: Final = "plugins"
_SHORT: Final = "terraform"
"""The key that is short for the plugin `tfstate` without a prefix."""

_MENTION: Final = re.compile(rf"""\b{KEY}["']?\s*(?:\+?:|=|\{{)""", re.IGNORECASE)
_MOST: Final = 20
"""How many names a message lists."""
_NAME: Final = re.compile(r"[\w.-]+\Z")


@dataclass(frozen=True, slots=True)
class Services:
    """A project file with `services`: what is shared, and its entries by name, or its globs with their places."""

    shared: Resolved
    entries: Mapping[str, Resolved]
    globs: tuple[tuple[str, Where], ...]


def mentioned(document: Document, *, surely: bool = False) -> bool:
    """Tell whether a project file may hold `services`, from its text alone: most need not be evaluated to know.

    What only imports others is not `surely` one that does.
    """
    imports = document.format == "jsonnet" and "import" in document.text
    return (imports and not surely) or _MENTION.search(document.text) is not None


def apart(resolved: Resolved) -> Services | None:
    """Take a project file apart; None for one without `services`. ConfigError where these are no map and no globs."""
    data = resolved.data if isinstance(resolved.data, Mapping) else {}
    key = _key(data, KEY)
    if key not in data:
        return None
    held, where = data[key], resolved.where((key,))
    if held is not None and not isinstance(held, Mapping | list | tuple):
        what = f"services is a map of services or a list of globs, not {kind(held)}"
        raise ConfigError(what, where, "write services: {web: {…}}, or services: ['services/*']")
    if not held:
        raise ConfigError("services is empty", where, "name a service, or remove it")
    if data.get(alone := _key(data, "service")) is not None:
        what = "service beside services: which one of them it would be nobody knows"
        raise ConfigError(what, resolved.where((alone,)), "make it an entry of services, or remove it")
    shared = _Part(resolved.path)
    parts: dict[str, _Part] = {}
    if isinstance(held, Mapping):
        for name in held:
            if not _NAME.match(name):
                if not name:  # what a function gives that is not known yet
                    what = "the name of a service is empty, or calls a function that only a plugin can offer"
                    raise ConfigError(what, resolved.where((key, name)), "use env or must_env there")
                hint = "letters, digits, dashes, dots and underscores make one; `service` may be another name"
                raise ConfigError(f"{name!r} is no name of a service", resolved.where((key, name)), hint)
            parts[name] = _Part(resolved.path)
            parts[name].places[()] = resolved.where((key, name))

    def part(path: Path) -> tuple[_Part, int] | None:
        if path[:1] != (key,):
            return shared, 0
        return (parts[str(path[1])], 2) if len(path) > 1 and path[1] in parts else None

    for path, place in resolved.places.items():
        if found := part(path):
            found[0].places[path[found[1] :]] = place
    for path, origins in resolved.origins.items():
        if found := part(path):
            found[0].origins[path[found[1] :]] = origins
    for path, printed in resolved.printed.items():
        if found := part(path):
            found[0].printed[path[found[1] :]] = printed
    for path, named in resolved.named.items():
        if found := part(path):
            found[0].named[path[found[1] :]] = named
    for path in resolved.sensitive:
        if found := part(path):
            found[0].sensitive.add(path[found[1] :])
    return Services(
        shared.whole({name: member for name, member in data.items() if name != key}),
        {name: parts[name].whole(held[name]) for name in parts} if isinstance(held, Mapping) else {},
        tuple(_globs(resolved, key, held)) if not isinstance(held, Mapping) else (),
    )


def entry(services: Services, name: str) -> Resolved:
    """Give the settings of an entry over the shared ones; its name is that of the service, unless it says another.

    ConfigError where there is no such entry, and where it is no object.
    """
    own = services.entries.get(name)
    if own is None:
        raise missing(services, name)
    data = {} if own.data is None else own.data
    if isinstance(data, Mapping) and data.get(_key(data, "service")) is None:
        kept = {key: member for key, member in data.items() if key.casefold() != "service"}
        data = {**kept, "service": name}
    return over(dataclasses.replace(own, data=data), services.shared)


def missing(services: Services, name: str) -> ConfigError:
    """Say that a project file has no entry of a name."""
    from reconciler.load.calls import near

    if not services.entries:
        what = f"its services are project files of their own; none is called {name}"
        return ConfigError(what, services.globs[0][1], "name the file itself")
    what = f"there is no service {name} here; there are {listed(tuple(services.entries))}"
    return ConfigError(what, Where(services.shared.path), near(name, tuple(services.entries)))


def listed(names: Sequence[str]) -> str:
    """List names, not all of them where they are many."""
    more = len(names) - _MOST
    return ", ".join(names[:_MOST]) + (f" and {more} more" if more > 0 else "")


def over(own: Resolved, shared: Resolved) -> Resolved:
    """Lay a project's own settings over shared ones: what is null is absent, and plugins are added to those shared.

    ConfigError where its own are no object, and where they hold services themselves.
    """
    if not isinstance(own.data, Mapping):
        what = f"the settings of a service are an object, not {kind(own.data)}"
        raise ConfigError(what, own.where(()), "write its settings below its name, task_definition say")
    if own.data.get(key := _key(own.data, KEY)) is not None:
        what = f"a service of {shared.path} holds no further services"
        raise ConfigError(what, own.where((key,)), f"name them in {shared.path}, or leave this one out there")
    above = shared.data if isinstance(shared.data, Mapping) else {}
    said = {name.casefold() for name, member in own.data.items() if member is not None} | {KEY}
    uses = _uses(own.data)
    if ("tfstate", "") in uses:
        said.add(_SHORT)
    data: dict[str, Json] = {}
    made = _Part(own.path)
    made.places[()] = own.where(())
    plugins: list[Json] = []
    for source, members, left in ((shared, above, said), (own, own.data, frozenset[str]())):
        for name, member in members.items():
            if member is None:
                continue
            listed = name.casefold() == _PLUGINS
            if listed and not isinstance(member, list | tuple):
                hint = "write plugins: [ … ], or items on lines that begin with a dash"
                raise ConfigError(f"plugins is a list, not {kind(member)}", source.where((name,)), hint)
            if listed:
                made.places.setdefault((_PLUGINS,), source.where((name,)))
            for index, item in enumerate(member) if listed and isinstance(member, list | tuple) else ():
                if source is own or _identity(item) not in uses:
                    made.take(source, (name, index), (_PLUGINS, len(plugins)))
                    plugins.append(item)
            if not listed and name.casefold() not in left:
                data[name] = member
                made.take(source, (name,), (name,))
    return made.whole({**data, _PLUGINS: plugins} if plugins else data)


def _uses(data: Mapping[str, Json]) -> set[tuple[str, str]]:
    """Give what tells the plugins of a project apart: name and prefix."""
    listed = data.get(_key(data, _PLUGINS))
    found = {_identity(item) for item in listed} if isinstance(listed, list | tuple) else set()
    return found | ({("tfstate", "")} if data.get(_key(data, _SHORT)) else set())


def _identity(item: Json) -> tuple[str, str]:
    members = item if isinstance(item, Mapping) else {}
    name, prefix = (members.get(_key(members, key)) for key in ("name", "func_prefix"))
    return str(name or "").lower(), str(prefix or "")


def _key(data: Mapping[str, Json], name: str) -> str:
    """Give a key as it is written: keys match in any case."""
    return next((key for key in data if key.casefold() == name), name)


def _globs(resolved: Resolved, key: str, held: Sequence[Json]) -> Iterator[tuple[str, Where]]:
    for index, item in enumerate(held):
        where = resolved.where((key, index))
        if any(not origin.address.path for origin in resolved.origins_of((key, index))):
            what = "a glob of services calls a function that only a plugin can offer"
            raise ConfigError(what, where, "use env or must_env there")
        if not isinstance(item, str) or not item:
            raise ConfigError(f"a glob of services is a text, not {kind(item)}", where, "write 'services/*'")
        glob = PurePosixPath(item)
        if glob.is_absolute() or ".." in glob.parts:
            raise ConfigError(f"{item} is not below the folder of this file", where, "write 'services/*'")
        yield str(glob), where


@dataclass(slots=True)
class _Part:
    """A part of a document under way, its paths from its own root."""

    path: str
    places: dict[Path, Where] = field(default_factory=dict)
    origins: dict[Path, frozenset[Origin]] = field(default_factory=dict)
    printed: dict[Path, tuple[tuple[str, frozenset[Origin]], ...]] = field(default_factory=dict)
    named: dict[Path, frozenset[Named]] = field(default_factory=dict)
    sensitive: set[Path] = field(default_factory=set)

    def take(self, source: Resolved, at: Path, to: Path) -> None:
        """Take over what a document knows of the value at a path, and in which file it stands."""
        self.places[to] = source.where(at)
        self.origins[to] = source.origins_of(at)
        self.named[to] = source.named_of(at)

        def moved(path: Path) -> Path | None:
            return (*to, *path[len(at) :]) if path[: len(at)] == at else None

        self.places |= {new: known for path, known in source.places.items() if (new := moved(path))}
        self.origins |= {new: known for path, known in source.origins.items() if (new := moved(path))}
        self.printed |= {new: known for path, known in source.printed.items() if (new := moved(path))}
        self.named |= {new: known for path, known in source.named.items() if (new := moved(path))}
        self.sensitive |= {new for path in source.sensitive if (new := moved(path))}
        if source.is_sensitive(at):
            self.sensitive.add(to)

    def whole(self, data: Json) -> Resolved:
        """Give the document."""
        origins = {path: known for path, known in self.origins.items() if known}
        named = {path: known for path, known in self.named.items() if known}
        return Resolved(self.path, data, origins, frozenset(self.sensitive), self.places, self.printed, named)
