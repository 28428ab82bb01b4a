"""Reading files: a path becomes a `Document`, or an error that says what is wrong with the path."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping
from dataclasses import field
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

from reconciler.errors import ConfigError, Where
from reconciler.records import dataclass

if TYPE_CHECKING:
    from reconciler.core.references import PluginUse
    from reconciler.core.shapes import Shapes
    from reconciler.hcl.variables import Given

Format: TypeAlias = Literal["json", "yaml", "jsonnet", "hcl", "hcl-project"]

FORMATS: Final[Mapping[str, Format]] = {
    ".json": "json",
    ".yaml": "yaml",
    ".yml": "yaml",
    ".jsonnet": "jsonnet",
    ".hcl": "hcl",
}


@dataclass(frozen=True, slots=True)
class States:
    """The Terraform states that a project names, by the resolvers for them, and the folder where their paths begin."""

    root: Path
    uses: tuple[PluginUse, ...]


@dataclass(frozen=True, slots=True)
class Options:
    """What evaluation sees of the run: the environment, and Jsonnet's external variables.

    `declared` is a project file in HCL, whose variables and locals the definitions share; `given` are values that were
    given for its variables, the weakest first. `shapes` gives those of the API; without them no list is written as a
    map. `states` is None as long as the project has not said which it names.
    """

    environ: Mapping[str, str] = field(default_factory=dict)
    ext_str: Mapping[str, str] = field(default_factory=dict)
    ext_code: Mapping[str, str] = field(default_factory=dict)
    declared: Document | None = None
    given: tuple[Given, ...] = ()
    shapes: Callable[[], Shapes] | None = None
    states: States | None = None


@dataclass(frozen=True, slots=True)
class Document:
    """A file's text before evaluation. `path` is as the user gave it, so that messages read the same."""

    path: Path
    text: str
    format: Format


def read(path: Path) -> Document:
    """Read a file, its format taken from its extension. ConfigError where it cannot be read or is no text."""
    suffix = path.suffix.lower()
    if suffix not in FORMATS:
        what = f"the extension {suffix or '(none)'} names no format that is known here"
        raise ConfigError(what, Where(str(path)), f"use one of {' '.join(FORMATS)}")
    return Document(path, text(path), FORMATS[suffix])


def text(path: Path) -> str:
    """Read a UTF-8 file; a byte order mark is dropped. ConfigError where that cannot be done."""
    where = Where(str(path))
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        raise ConfigError("there is no such file", where, _near(path)) from None
    except IsADirectoryError:
        raise ConfigError("this is a directory, not a file", where, "name a file in it") from None
    except PermissionError:
        raise ConfigError("the file may not be read", where, "check its permissions") from None
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else "its path is invalid"
        raise ConfigError(f"the file cannot be read: {reason}", where) from error
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        encoding = {b"\xff\xfe": "UTF-16", b"\xfe\xff": "UTF-16"}.get(data[:2])
        what = f"the file is not UTF-8: byte {error.start} starts no character"
        line = data.count(b"\n", 0, error.start) + 1
        hint = f"save it as UTF-8 (it looks like {encoding})" if encoding else "save it as UTF-8"
        raise ConfigError(what, Where(str(path), line, 1), hint) from None


def _near(path: Path) -> str | None:
    """Name the files beside a missing one whose names look like its name."""
    try:
        names = sorted(entry.name for entry in path.parent.iterdir())
    except OSError:
        return f"there is no folder {path.parent} either"
    found = difflib.get_close_matches(path.name, names, n=3, cutoff=0.7)
    return f"did you mean {' or '.join(str(path.parent / name) for name in found)}?" if found else None
