"""botocore's files of API models, read without botocore and kept in a compact form.

Four fifths of a model are documentation: ECS's is 860 KB, and 7 ms to parse; without its documentation it
is 165 KB and 1 ms. The compact forms lie in the user's cache folder, named by the path, size and time of
the file that they were made from.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

from reconciler import caches
from reconciler.errors import ConfigError

_COMPACT_FROM: Final = 64 * 1024
"""Files below this size, in bytes, parse faster than the cache answers."""

_KEPT: Final = 24
"""Models that stay in the cache: more than the services of two versions of botocore."""

_FORMAT: Final = "2"
"""Changes whenever the compact form does."""

_READ: Final[dict[str, dict[str, Any]]] = {}
"""What this process has read, by path, size and time: every account and role has a session with a loader of its own,
and all take the same models, which nobody changes."""


def data_folder() -> Path:
    """Give the folder of the models, without importing botocore. ConfigError where it is not installed."""
    spec = find_spec("botocore")  # of a top-level package: finds, and imports nothing
    if spec is None or not spec.submodule_search_locations:
        raise ConfigError("botocore is not installed", hint="pip install boto3")
    return Path(spec.submodule_search_locations[0]) / "data"


def services(folders: Iterable[str]) -> tuple[str, ...]:
    """Name the services that folders of models hold: each is a folder of its own."""
    found = (entry.name for folder in map(Path, folders) if folder.is_dir() for entry in folder.iterdir())
    return tuple(sorted(name for name in found if "." not in name))


def service_model(service: str) -> dict[str, Any]:
    """Give the newest API model of a service (`ecs`), without its documentation."""
    versions = sorted((data_folder() / service).iterdir())
    model = CompactFiles().load_file(str(versions[-1] / "service-2")) if versions else None
    if model is None:
        raise ConfigError(f"botocore has no API model of {service}", hint="pip install --upgrade boto3")
    return model


class CompactFiles:
    """Reads model files; botocore's loader takes it as its ``file_loader``."""

    def exists(self, path: str) -> bool:
        """Tell whether there is a model file at a path, which has no extension."""
        return _locate(path) is not None

    def load_file(self, path: str) -> dict[str, Any] | None:
        """Give the content of a model file, without documentation; None where there is no such file."""
        found = _locate(path)
        if found is None:
            return None
        stat = found.stat()
        identity = f"{_FORMAT} {found} {stat.st_size} {stat.st_mtime_ns}"
        if identity not in _READ:
            _READ[identity] = _parse(found) if stat.st_size < _COMPACT_FROM else _compact(identity, found)
        return _READ[identity]


def _compact(identity: str, path: Path) -> dict[str, Any]:
    name = f"model-{hashlib.sha256(identity.encode()).hexdigest()[:24]}.json"
    return _cached(name) or _compacted(name, path)


def _cached(name: str) -> dict[str, Any] | None:
    data = caches.read(name)
    try:
        model = json.loads(data) if data else None
    except ValueError:  # a damaged file; it is made again
        return None
    return model if isinstance(model, dict) else None


def _compacted(name: str, path: Path) -> dict[str, Any]:
    model = _parse(path)
    # The two sections that hold the bulk; botocore insists on documentation elsewhere (clientContextParams).
    model |= {part: _without_documentation(model[part]) for part in ("shapes", "operations") if part in model}
    caches.write(name, json.dumps(model, separators=(",", ":")).encode(), kept=_KEPT)
    return model


def _parse(path: Path) -> dict[str, Any]:
    data = path.read_bytes()
    if path.suffix == ".gz":
        import gzip

        data = gzip.decompress(data)
    model: dict[str, Any] = json.loads(data)
    return model


def _locate(path: str) -> Path | None:
    candidates = (Path(path + extension) for extension in (".json", ".json.gz"))
    return next((candidate for candidate in candidates if candidate.is_file()), None)


def _without_documentation(node: Any) -> Any:
    """Drop the texts named `documentation`; a member of that name is an object, and stays."""
    if isinstance(node, dict):
        return {
            key: _without_documentation(value)
            for key, value in node.items()
            if not (key == "documentation" and isinstance(value, str))
        }
    if isinstance(node, list):
        return [_without_documentation(value) for value in node]
    return node
