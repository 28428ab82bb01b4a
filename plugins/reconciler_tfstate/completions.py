"""What a configuration adds to the addresses that its state holds: outputs of child modules, read off the files.

Nothing is evaluated: a call with ``count`` or ``for_each`` is listed with a splat, and modules below one are not.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Final

from reconciler.hcl import workspaces
from reconciler.plugin import ResolveError
from reconciler_tfstate import folders
from reconciler_tfstate.addresses import Modules, render_module
from reconciler_tfstate.folders import Configuration
from reconciler_tfstate.installations import Installations

_DEEP: Final = 8


def outputs(folder: Path, environ: Mapping[str, str]) -> Iterator[str]:
    """Give the addresses of outputs of the modules that a folder calls, and of those below, where they can be read."""
    with suppress(ResolveError):
        installations = Installations(folder, workspaces.notes(folder, environ))
        yield from _outputs(folders.read(folder), (), installations)


def _outputs(configuration: Configuration, path: Modules, installations: Installations) -> Iterator[str]:
    for name, call in configuration.calls.items():
        below = (*path, (name, None))
        installed = ".".join(each for each, _ in below)
        with suppress(ResolveError):
            called = folders.read(
                installations.folder(installed, call.constant("source"), configuration.folder)
            )
            at = render_module(below) + ("[*]" if call.expansion else "")
            yield from (f"{at}.{output}" for output in called.outputs)
            if (
                not call.expansion and len(below) < _DEEP
            ):  # a module that calls itself is Terraform's to refuse
                yield from _outputs(called, below, installations)
