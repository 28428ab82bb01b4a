"""Small files in the user's cache folder: whatever is there can be lost, or made again.

``RECONCILER_NO_CACHE`` turns all of them off.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from threading import get_ident


def folder(environ: Mapping[str, str] = os.environ) -> Path:
    """Give the folder: `reconciler` under ``XDG_CACHE_HOME``, else under ``~/.cache``."""
    base = environ.get("XDG_CACHE_HOME", "")
    # The XDG base directory specification has relative paths ignored.
    return (Path(base) if Path(base).is_absolute() else Path.home() / ".cache") / "reconciler"


def read(name: str) -> bytes | None:
    """Give what was written under a name; None where nothing is, or where another user owns it or could write it.

    Some of it is imported or believed, so nobody else may have had a hand in it, nor in the folder it lies in.
    """
    if os.environ.get("RECONCILER_NO_CACHE"):
        return None
    with suppress(OSError, RuntimeError), (folder() / name).open("rb") as file:
        statuses = os.fstat(file.fileno()), (folder() / name).parent.stat()
        return file.read() if all(map(_own, statuses)) else None
    return None


def _own(status: os.stat_result) -> bool:
    return status.st_uid == getattr(os, "geteuid", lambda: status.st_uid)() and not status.st_mode & 0o022


def write(name: str, data: bytes, *, kept: int | None = None) -> None:
    """Write under a name, readable by the user alone; a folder that cannot be written is no error.

    Of the files whose names are alike up to the first hyphen, in the same folder, the `kept` newest stay: others belong
    to versions and projects that were. Each write lists them, so what has thousands has several folders (`a/b-1.json`).
    """
    if os.environ.get("RECONCILER_NO_CACHE"):
        return
    with suppress(OSError, RuntimeError):
        target = folder() / name
        for part in reversed(Path(name).parents):  # those that `mkdir` makes on its way are open to others
            (folder() / part).mkdir(mode=0o700, parents=True, exist_ok=True)
        # Another run may read at any moment: it sees the whole file or none.
        draft = target.with_name(f"{target.name}.{os.getpid()}.{get_ident()}")
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(data)
        draft.replace(target)
        if kept is not None:
            alike = target.parent.glob(f"{target.name.partition('-')[0]}-*")
            for old in sorted(alike, key=_written, reverse=True)[kept:]:
                old.unlink(missing_ok=True)


def _written(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except FileNotFoundError:  # another run was faster
        return 0.0
