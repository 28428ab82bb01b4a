"""The values that the variables of a folder's configuration are given, as ``terraform apply`` there would see them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from reconciler.hcl import variables
from reconciler.hcl.variables import Given
from reconciler.plugin import ConfigError, Unavailable


def read(folder: Path, environ: Mapping[str, str], files: Sequence[str] = ()) -> list[Given]:
    """Give the values, the weakest first: ``TF_VAR_…``, the folder's own files, then `files`, relative to it.

    Unavailable where a file cannot be read.
    """
    try:
        names = variables.automatic(path.name for path in folder.iterdir())
        found = [*variables.from_environment(environ)]
        for path in (folder / name for name in (*names, *files)):
            found += variables.from_file(path.read_text("utf-8-sig"), str(path))
    except ConfigError as error:
        raise Unavailable(f"{error.where} cannot be read: {error.what}", hint=error.hint) from None
    except OSError as error:
        raise Unavailable(f"{error.filename} cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise Unavailable(f"a file of variables in {folder} is not text in UTF-8") from None
    return found
