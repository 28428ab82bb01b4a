"""States in files: the backend ``local``, a path, and ``file://`` URLs."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from reconciler.plugin import Address, Context, Denied, Unavailable
from reconciler_tfstate.backends.configurations import DEFAULT, Backend
from reconciler_tfstate.locations import Missing, holder
from reconciler_tfstate.stores import Store, stored
from reconciler_tfstate.words import word

_LARGEST_LOCK = 65_536
_LISTED: Final = 10


_HINT: Final = "correct path or url in the plugin's config, run terraform apply first, or set optional: true"


@dataclass(frozen=True, slots=True)
class File:
    """A state in a file; a relative path starts at the project file's folder, but that of a backend where all do.

    `workspace` is that of a backend, whose other ones have folders beside that of the file, the default one excepted.
    """

    name: str
    path: str
    workspace: str | None = None

    def read(self, context: Context, _address: Address) -> bytes | Store:
        """Read the file, or leave a large one where it is; each way in which that fails has its own message."""
        path = self._path(context)
        try:
            return stored(path)
        except (FileNotFoundError, NotADirectoryError):
            raise self._missing(path) from None
        except PermissionError:
            raise Denied(
                f"the file system does not let the state {path} be read", hint=f"ls -l {path}"
            ) from None
        except IsADirectoryError:
            hint = f"dir: {self.name} for a folder of Terraform's, or name the file, terraform.tfstate say"
            raise Unavailable(f"the state {path} is a folder", hint=hint) from None
        except (OSError, ValueError) as error:
            reason = error.strerror if isinstance(error, OSError) else "the path is none"
            raise Unavailable(f"the state {path} cannot be read: {reason}") from None

    def _path(self, context: Context) -> Path:
        """Give the path: that of a backend has its folder in it, which begins with the project's."""
        return context.root / self.path if self.workspace is None else Path(self.path)

    def _missing(self, path: Path) -> Missing:
        if self.workspace is None:
            return Missing(f"there is no state at {path}", hint=_HINT)
        if self.workspace == DEFAULT:
            hint = "run terraform init and terraform apply there, or set optional: true"
            return Missing(f"there is no state at {path}", hint=hint)
        what = f"the workspace {word(self.workspace)} has no state at {path}"
        others = [DEFAULT, *_workspaces(path.parent.parent)]
        hint = f"choose one of {', '.join(others)}; or run terraform apply in it, or set optional: true"
        return Missing(what, hint=hint)

    def lock(self, context: Context) -> str | None:
        """Read ``.terraform.tfstate.lock.info`` beside the state, which a running apply keeps."""
        path = self._path(context)
        try:
            with path.with_name(f".{path.name}.lock.info").open("rb") as file:
                return holder(file.read(_LARGEST_LOCK))
        except (OSError, ValueError):
            return None


def open_(backend: Backend) -> File:
    """Open the backend ``local``: `path` of the default workspace, a folder below `workspace_dir` of any other."""
    if backend.workspace == DEFAULT:
        path = Path(backend.text("path", default="terraform.tfstate"))
    else:
        folder = backend.text("workspace_dir", "environment_dir", default="terraform.tfstate.d")
        path = Path(folder, backend.workspace, "terraform.tfstate")
    whole = str(backend.folder / path)
    return File(whole, whole, backend.workspace)


def _workspaces(folder: Path) -> list[str]:
    """Give the workspaces that have a state below a folder, as many as a message may name."""
    try:
        found = sorted(each.parent.name for each in folder.glob("*/terraform.tfstate"))
    except OSError:
        return []
    return [*map(word, found[:_LISTED]), *(["…"] if len(found) > _LISTED else [])]
