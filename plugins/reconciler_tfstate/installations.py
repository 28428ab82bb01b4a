"""Where the modules that a configuration calls are installed: what ``terraform init`` wrote down, and local folders.

``.terraform/modules/modules.json`` is ``{"Modules": [{"Key": "vpc.inner", "Source": "./inner", "Dir": "…"}]}``, each
`Dir` relative to the folder in which terraform is run. A local source needs no installation.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Final

from reconciler.plugin import Unavailable
from reconciler_tfstate.words import word

_LOCAL: Final = ("./", "../")


class Installations:
    """The modules installed for a folder. Nothing is read before it is asked for."""

    def __init__(self, root: Path, notes: Path) -> None:
        """Remember the folder in which terraform is run, and the one where it keeps its notes."""
        self._root = root
        self._manifest = notes / "modules" / "modules.json"
        self._noted: dict[str, tuple[str, str]] | None = None

    def folder(self, key: str, source: object, caller: Path) -> Path:
        """Give a module's folder, by its key (``vpc.inner``), its source and its caller's folder; or Unavailable."""
        local = source if isinstance(source, str) and source.startswith(_LOCAL) else None
        noted = self._read().get(key)
        if noted and (local is None or noted[0] == local):
            found = self._root / noted[1]
        elif local is not None:
            found = caller / local
        else:
            what = (
                f"the module {key} ({word(source)}) is not installed" if source else f"{key} is not installed"
            )
            raise Unavailable(f"{what}: {self._manifest} does not name it", hint=self._init)
        if not found.is_dir():
            raise Unavailable(
                f"the module {key} is not installed: there is no folder {found}", hint=self._init
            )
        return Path(os.path.normpath(found))

    @property
    def _init(self) -> str:
        return f"run terraform init in {self._root}"

    def _read(self) -> dict[str, tuple[str, str]]:
        """Give the source and the folder of each module, by its key."""
        if self._noted is None:
            try:
                document = json.loads(self._manifest.read_bytes())
            except FileNotFoundError:
                document = {"Modules": []}
            except (OSError, ValueError, RecursionError):
                document = None
            match document:
                case {"Modules": [*modules]}:
                    self._noted = {}
                    for module in modules:
                        match module:
                            case {"Key": str(key), "Dir": str(folder), **rest}:
                                self._noted[key] = str(rest.get("Source", "")), folder
                case _:
                    what = f"{self._manifest} is not what terraform init writes there, or is being written"
                    raise Unavailable(what, hint=self._init)
        return self._noted
