"""A backend as somebody configured it, and how its settings are read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import NoReturn

from reconciler.plugin import Json, Unavailable
from reconciler_tfstate.words import word

#: The workspace that every configuration has.
DEFAULT = "default"


@dataclass(frozen=True, slots=True)
class Backend:
    """The type of a backend, its settings, and where it was found.

    `origin` is the file or the setting that names it, `folder` the folder in which Terraform runs, `environ` the
    environment in which it would, and `outputs_only` what the plugin was told of the same name.
    """

    type: str
    config: Mapping[str, Json] = field(repr=False)
    origin: str
    folder: Path
    workspace: str = DEFAULT
    environ: Mapping[str, str] = field(default_factory=dict, repr=False)
    outputs_only: bool = False

    def text(self, *names: str, variables: tuple[str, ...] = (), default: str = "") -> str:
        """Give the first of some settings that is set, else the first variable of the environment that is."""
        for name in names:
            value = self.config.get(name)
            if isinstance(value, bool):
                return "true" if value else "false"
            if isinstance(value, str | int | float) and value != "":
                return str(value)
            if value is not None and value != "":
                self.refuse(f"has a {name} that is no text")
        return next((self.environ[name] for name in variables if self.environ.get(name)), default)

    def need(self, name: str, *, variables: tuple[str, ...] = ()) -> str:
        """Give a setting without which the backend is nowhere."""
        value = self.text(name, variables=variables)
        if not value:
            self.refuse(
                f"has no {name}",
                f"terraform init with its -backend-config, or backend_config: {{{name}: …}} in the plugin's config",
            )
        return value

    def flag(self, *names: str, variables: tuple[str, ...] = ()) -> bool:
        """Give a boolean setting, false where it is not set."""
        return self.text(*names, variables=variables).lower() in {"true", "1"}

    def block(self, name: str) -> Mapping[str, Json]:
        """Give a nested block or object; empty where there is none. Of a list of blocks the first counts."""
        value = self.config.get(name)
        if isinstance(value, list):
            value = value[0] if value else None
        if value is None:
            return {}
        if not isinstance(value, dict):
            self.refuse(f"has a {name} that is no block")
        return value

    def inner(self, name: str) -> Backend:
        """Give a nested block in the form of a backend, so that its settings are read the same way."""
        return Backend(
            f"{self.type}'s {name}", self.block(name), self.origin, self.folder, self.workspace, self.environ
        )

    def refuse(self, what: str, hint: str | None = None) -> NoReturn:
        """Say what is wrong with the backend's settings. Messages never hold the value of one."""
        raise Unavailable(f"the backend {word(self.type)} in {self.origin} {what}", hint=hint)

    def refuse_workspaces(self) -> None:
        """Refuse any workspace but the default one, for backends that keep only one state."""
        if self.workspace != DEFAULT:
            self.refuse(
                f"has no workspaces, and the workspace {self.workspace} is selected",
                "unset TF_WORKSPACE, or run terraform workspace select default",
            )
