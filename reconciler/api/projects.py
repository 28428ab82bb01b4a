"""A project file that was read, with what its evaluation sees of the run."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Mapping
from dataclasses import field
from pathlib import Path
from typing import TYPE_CHECKING, Self

from reconciler.load import discovery, sources
from reconciler.load import project as projects
from reconciler.load.discovery import Found
from reconciler.records import dataclass

if TYPE_CHECKING:
    from reconciler.core.shapes import Shapes


@dataclass(frozen=True, slots=True)
class Project:
    """A project file that was read and not evaluated yet, with what its evaluation sees of the run.

    `name` is that of an entry of the file's `services`. `above` is the file that shares its settings: of an entry the
    same one.
    """

    document: sources.Document
    options: sources.Options
    planned: Mapping[str, Path] = field(default_factory=dict)
    name: str = ""
    above: Project | None = None

    @classmethod
    def load(
        cls,
        path: str | Path | Found | None = None,
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

        ``FILE#NAME`` is an entry of a file with `services`; such a file alone is no project, and a ConfigError.
        `workspace` is Terraform's, in place of TF_WORKSPACE. `planned` are outputs of `terraform show -json PLAN` to
        lay over the project's states, by the `func_prefix` of each (empty for the only one). `variable_files` and
        `variables` (each `NAME=VALUE`) are for the variables of a project file in HCL.
        """
        seen = surroundings(envfiles, ext_str, ext_code, environ, workspace)
        if isinstance(path, Found):
            found = path
        else:
            found = discovery.one(projects.find(str(path) if path is not None else None, folder), seen)
        if found.error is not None:
            raise found.error
        overlays = {prefix: Path(file).absolute() for prefix, file in (planned or {}).items()}
        files, settings = [Path(file) for file in variable_files], list(variables)
        above: Self | None = None
        if found.above is not None:
            declares = found.above.format == "hcl-project"
            given = (files, settings) if declares or found.name else ([], [])
            options = projects.with_declarations(found.above, seen, *given)
            above = cls(found.above, options, overlays)
            if found.name:
                return cls(found.above, options, overlays, found.name, above)
            if declares and found.path.suffix != ".hcl":
                files, settings = [], []
        document = projects.read(found.path)
        options = projects.with_declarations(document, seen, files, settings)
        return cls(document, options, overlays, above=above)

    @property
    def label(self) -> Path:
        """Give what the project is called in reports: ``FILE``, or ``FILE#NAME``."""
        path = self.document.path
        return path.with_name(f"{path.name}#{self.name}") if self.name else path

    @property
    def root(self) -> Path:
        """Give the folder of the project file."""
        return self.document.path.parent

    @property
    def digest(self) -> str:
        """Give a digest of the file's text, by which a saved plan knows its project; of a file above it too."""
        text = self.document.text
        if self.name:
            text = f"{self.name}\0{text}"
        elif self.above is not None:
            text = f"{self.above.document.text}\0{text}"
        return hashlib.sha256(text.encode()).hexdigest()


def surroundings(
    envfiles: Iterable[str | Path] = (),
    ext_str: Mapping[str, str] | None = None,
    ext_code: Mapping[str, str] | None = None,
    environ: Mapping[str, str] | None = None,
    workspace: str | None = None,
) -> sources.Options:
    """Give what the evaluation of any project file sees of the run. ConfigError for files of variables."""
    given = dict(os.environ if environ is None else environ) | _env_files(envfiles)
    if workspace:
        given["TF_WORKSPACE"] = workspace
    return sources.Options(given, ext_str or {}, ext_code or {}, shapes=_shapes)


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
