"""Which resolvers are installed: the entry points of the group ``reconciler.resolvers``.

Scanning every installed distribution costs some 65 ms a run, and importing ``importlib.metadata`` more. So
what a scan found is kept in the user's cache folder, for as long as no folder on ``sys.path`` changes. The
cache is never needed: one that is missing, damaged, out of date or not the user's own is left aside.
``RECONCILER_NO_CACHE=1`` does without.
"""

from __future__ import annotations

import hashlib
import importlib
import json
import os
import sys
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path

from reconciler import caches
from reconciler.errors import ConfigError
from reconciler.plugin import ResolverPlugin
from reconciler.records import dataclass

GROUP = "reconciler.resolvers"


@dataclass(frozen=True, slots=True)
class EntryPoint:
    """A resolver that a distribution offers; `value` is ``module:attribute``.

    `always` tells whether its plugin opens without being named in the project file.
    """

    name: str
    value: str
    distribution: str
    always: bool = False

    def load(self) -> object:
        """Import what it names. Raises whatever the import raises."""
        module, _, attributes = self.value.partition(":")
        found: object = importlib.import_module(module.strip())
        for attribute in filter(None, attributes.partition("[")[0].strip().split(".")):
            found = getattr(found, attribute)
        return found


def discover() -> Mapping[str, EntryPoint]:
    """Give the installed resolvers by name, in lower case. ConfigError where two distributions offer one."""
    name, key = _cache_name(), _fingerprint()
    entries = _recall(name, key)
    if entries is None:
        entries = _scan()
        _keep(name, key, entries)
    found: dict[str, EntryPoint] = {}
    for entry in entries:
        other = found.setdefault(entry.name.lower(), entry)
        if other is not entry:
            raise ConfigError(
                f"the resolver {entry.name} is offered by {other.distribution} and by {entry.distribution}",
                hint="uninstall one of them",
            )
    return found


def _scan() -> list[EntryPoint]:
    from importlib.metadata import entry_points

    entries = []
    for point in entry_points(group=GROUP):
        distribution = f"{point.dist.name} {point.dist.version}" if point.dist else "an unknown distribution"
        entry = EntryPoint(point.name, point.value, distribution)
        entries.append(EntryPoint(entry.name, entry.value, entry.distribution, _always(entry)))
    return sorted(entries, key=lambda entry: (entry.name, entry.distribution))


def _always(entry: EntryPoint) -> bool:
    """Ask the plugin itself. One that does not load is reported when somebody names it, not before."""
    try:
        plugin = entry.load()
    except Exception:  # noqa: BLE001 - a stranger's import may raise anything
        return False
    return isinstance(plugin, ResolverPlugin) and plugin.always


def _fingerprint() -> str:
    """Give a digest over what is on `sys.path`: its folders' times, and the distributions in them."""
    digest = hashlib.sha256(sys.version.encode())
    for entry in sys.path:
        folder = Path(entry).absolute()  # an empty entry is the folder that the run began in
        digest.update(f"\0{folder}".encode(errors="surrogateescape"))
        with suppress(OSError):
            digest.update(str(folder.stat().st_mtime_ns).encode())
            with os.scandir(folder) as entries:
                names = [item.name for item in entries if item.name.endswith(("-info", ".egg"))]
            digest.update("/".join(sorted(names)).encode(errors="surrogateescape"))
    return digest.hexdigest()


def _cache_name() -> str:
    """Give the name of this installation's cache."""
    installation = hashlib.sha256("\0".join([sys.version, *sys.path]).encode(errors="surrogateescape"))
    return f"resolvers-{installation.hexdigest()[:16]}.json"


def _recall(name: str, key: str) -> list[EntryPoint] | None:
    """Read the cache; None where it does not hold what belongs to `key`."""
    try:
        kept = json.loads(caches.read(name) or b"null")
        if kept is None or kept["key"] != key:
            return None
        entries = [EntryPoint(**entry) for entry in kept["entries"]]
    except (ValueError, TypeError, KeyError, RecursionError):
        return None
    wanted = (str, str, str, bool)
    return entries if all(tuple(map(type, asdict(entry).values())) == wanted for entry in entries) else None


def _keep(name: str, key: str, entries: Iterable[EntryPoint]) -> None:
    """Write the cache; where that cannot be done the next run scans again."""
    data = json.dumps({"key": key, "entries": [asdict(entry) for entry in entries]}).encode()
    caches.write(name, data, kept=16)
