"""Finding the state that a folder of Terraform's works with, as Terraform itself does.

``.terraform/terraform.tfstate`` is what ``terraform init`` noted of the backend, its ``-backend-config`` merged, so it
wins; without it the files say what the backend is, and without a backend the state is local. The workspace is the one
configured, else ``TF_WORKSPACE``, else the one selected (``.terraform/environment``). ``TF_DATA_DIR`` moves
``.terraform``.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from pathlib import Path

from reconciler.hcl import workspaces
from reconciler.hcl.faults import Fault
from reconciler.plugin import Json, Unavailable
from reconciler_tfstate.backends.configurations import Backend
from reconciler_tfstate.locations import Location
from reconciler_tfstate.modules import Declared, Module
from reconciler_tfstate.words import word

#: A backend's type → the module and the function that open it, imported when it is needed.
OPENERS: Mapping[str, tuple[str, str]] = {
    "azurerm": ("azurerm", "open_"),
    "cloud": ("remote", "open_cloud"),
    "gcs": ("gcs", "open_"),
    "http": ("http", "open_"),
    "local": ("local", "open_"),
    "remote": ("remote", "open_remote"),
    "s3": ("s3", "open_"),
}

_LARGEST_NOTE = 4_000_000  # bytes; a note holds settings alone


def locate(
    folder: Path,
    environ: Mapping[str, str],
    *,
    workspace: str | None = None,
    settings: Mapping[str, Json] | None = None,
    outputs_only: bool = False,
    files: Sequence[str] = (),
) -> Location:
    """Give the location of a folder's state. Unavailable without one.

    `settings` are laid over those of its backend, which may name variables that `files` give values.
    """
    if not folder.is_dir():
        what = f"there is no folder {folder}" if not folder.exists() else f"{folder} is no folder"
        raise Unavailable(what, hint="dir in the plugin's config is the folder in which terraform is run")
    selected = chosen(workspace, environ, folder)
    declared = noted(workspaces.notes(folder, environ) / "terraform.tfstate")
    if declared is None:
        module = Module(folder, selected, environ, files)
        declared = module.backend() or Declared("local", {}, str(folder))
        if declared.type == "local" and not module.files and not _any_state(folder):
            raise Unavailable(
                f"{folder} holds neither a configuration nor a state of Terraform's",
                hint="dir in the plugin's config is the folder in which terraform is run",
            )
    config = {**declared.config, **(settings or {})}
    return opened(Backend(declared.type, config, declared.origin, folder, selected, environ, outputs_only))


def opened(backend: Backend) -> Location:
    """Open a backend of any type. Unavailable where its type is not known, or its settings are wrong."""
    if backend.type not in OPENERS:
        backend.refuse(
            f"is of a type that cannot be read here; those that can are {', '.join(OPENERS)}",
            "`terraform state pull > terraform.tfstate` copies it: point the plugin's path at the copy",
        )
    module, function = OPENERS[backend.type]
    opener: Callable[[Backend], Location] = getattr(
        import_module(f"reconciler_tfstate.backends.{module}"), function
    )
    return opener(backend)


def noted(note: Path) -> Declared | None:
    """Give the backend that ``terraform init`` noted; None without a note, or where it notes none."""
    try:
        with note.open("rb") as file:
            text = file.read(_LARGEST_NOTE)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise Unavailable(f"{note} cannot be read: {error.strerror}") from None
    try:
        document = json.loads(text.decode("utf-8-sig"))
    except (ValueError, RecursionError):
        document = None
    match document:
        case {"version": 3, "state_store": {"type": str(kind)}}:
            return Declared("state_store", {}, f"{note} ({word(kind)})")
        case {"version": 3, "backend": {"type": str(kind), **backend}}:
            config = backend.get("config")
            return Declared(kind, config if isinstance(config, dict) else {}, str(note))
        case {"version": 3}:
            return None
    raise Unavailable(
        f"{note} is not what terraform init writes there, or is being written",
        hint="run terraform init again",
    )


def chosen(workspace: str | None, environ: Mapping[str, str], folder: Path | None = None) -> str:
    """Give the workspace. Unavailable where it has a name that none can have."""
    try:
        return workspaces.chosen(workspace, environ, folder)
    except Fault as fault:
        raise Unavailable(fault.what, hint=fault.hint) from None


def _any_state(folder: Path) -> bool:
    return (folder / "terraform.tfstate").exists() or (folder / "terraform.tfstate.d").exists()
