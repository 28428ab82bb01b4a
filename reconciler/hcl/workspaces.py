"""Which of Terraform's workspaces is selected: one rule for expressions and for whoever looks for a state."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final
from urllib.parse import quote

from reconciler.hcl.faults import Fault

DEFAULT: Final = "default"

_LONGEST: Final = 60


def notes(folder: Path, environ: Mapping[str, str]) -> Path:
    """Give the folder in which terraform keeps its notes about the one that it is run in."""
    return folder / environ.get("TF_DATA_DIR", ".terraform")


def noted_at(file: Path, environ: Mapping[str, str]) -> Path | None:
    """Give the folder of which a file is terraform's note of its backend; None for any other file."""
    if file.name != "terraform.tfstate" or file.parent.name != environ.get("TF_DATA_DIR", ".terraform"):
        return None
    return file.parent.parent


def chosen(named: str | None, environ: Mapping[str, str], folder: Path | None = None) -> str:
    """Give the workspace: the one named, else ``TF_WORKSPACE``, else the one selected in a folder, else the default.

    Raises Fault where it has a name that none can have.
    """
    found = named or environ.get("TF_WORKSPACE")
    if not found and folder is not None:
        try:
            found = (notes(folder, environ) / "environment").read_text().strip()
        except (OSError, ValueError):
            found = None
    found = found or DEFAULT
    # Go's url.PathEscape, by which Terraform judges names, leaves these alone.
    if quote(found, safe="$&+=:@~") != found or found in {".", ".."}:
        shown = "".join(each if each.isprintable() else "?" for each in found[:_LONGEST])
        raise Fault(f"{shown} is no name of a workspace", "unset TF_WORKSPACE, or correct workspace")
    return found
