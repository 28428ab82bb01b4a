"""A project file that was read, with what its evaluation sees of the run."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Mapping
from dataclasses import field
from pathlib import Path
from typing import TYPE_CHECKING, Self

from reconciler.load import project as projects
from reconciler.load import sources
from reconciler.records import dataclass

if TYPE_CHECKING:
    from reconciler.core.shapes import Shapes


@dataclass(frozen=True, slots=True)
class Project:
    """A project file that was read and not evaluated yet, with what its evaluation sees of the run."""

    document: sources.Document
    options: sources.Options
    planned: Mapping[str, Path] = field(default_factory=dict)

    @classmethod
    def load(
        cls,
        path: str | Path | None = None,
        *,
        folder: Path = Path(),
        envfiles: Iterable[str | Path] = (),
        ext_str: Mapping[str, str] | None = None,
        ext_code: Mapping[str, str] | None = None,
        environ: Mapping[str, str] | None = None,
        workspace: str | None = None,
        planned: Mapping[str, str | Path] | None = None,
        variable_files: Iterable[str | Path] = (),
        variables: Iterable[str] = (),
    ) -> Self:
        """Read a project file, or the one that is found in `folder`. ConfigError where there is none.

        `workspace` is Terraform's, in place of TF_WORKSPACE. `planned` are outputs of `terraform show -json PLAN` to
        lay over the project's states, by the `func_prefix` of each (empty for the only one). `variable_files` and
        `variables` (each `NAME=VALUE`) are for the variables of a project file in HCL.
        """
        found = projects.find(str(path) if path is not None else None, folder)
        given = dict(os.environ if environ is None else environ)
        given |= _env_files(envfiles)
        if workspace:
            given["TF_WORKSPACE"] = workspace
        overlays = {prefix: Path(file).absolute() for prefix, file in (planned or {}).items()}
        document = projects.read(found)
        options = sources.Options(given, ext_str or {}, ext_code or {}, shapes=_shapes)
        files = [Path(file) for file in variable_files]
        options = projects.with_declarations(document, options, files, list(variables))
        return cls(document, options, overlays)

    @property
    def root(self) -> Path:
        """Give the folder of the project file."""
        return self.document.path.parent

    @property
    def digest(self) -> str:
        """Give a digest of the file's text, by which a saved plan knows its project."""
        return hashlib.sha256(self.document.text.encode()).hexdigest()


def _shapes() -> Shapes:
    """Give the shapes of the API, whose model most runs do not need to evaluate files."""
    from reconciler.aws.shapes import ECS

    return ECS


def _env_files(paths: Iterable[str | Path]) -> dict[str, str]:
    given = [Path(path) for path in paths]
    if not given:
        return {}
    from reconciler.load import envfiles

    return envfiles.read(given)
