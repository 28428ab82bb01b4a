"""What addresses may go on with beside those that a state holds: outputs of child modules, and attributes.

Nothing is evaluated: outputs are read off the files, and instances of a module are those of which the state has
resources.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Final

from reconciler.hcl import workspaces
from reconciler.plugin import ConfigError, ResolveError
from reconciler_tfstate import addresses, answers, folders
from reconciler_tfstate.addresses import Key, Member, Modules, render_module
from reconciler_tfstate.folders import Configuration
from reconciler_tfstate.installations import Installations
from reconciler_tfstate.states import State

_DEEP: Final = 8


def outputs(state: State, folder: Path, environ: Mapping[str, str]) -> Iterator[str]:
    """Give the addresses of outputs of the modules that a folder calls, and of those below, where they can be read."""
    with suppress(ResolveError):
        installations = Installations(folder, workspaces.notes(folder, environ))
        held = {
            resource.module[:deep] for resource in state.resources for deep in range(len(resource.module) + 1)
        }
        yield from _outputs(folders.read(folder), (), installations, held)


def members(state: State, prefix: str) -> Iterator[str]:
    """Give the attributes, and what lies in them, that what is written so far may go on with."""
    head = prefix[: max(prefix.rfind("."), prefix.rfind("["), 0)]
    try:
        reference = addresses.parse(head)
        if not answers.holds(state, reference.target) or reference.query is not None:
            return
        found = answers.answer(state, reference)
    except (ConfigError, ResolveError):
        return
    if isinstance(found.data, dict) and not found.secret:
        yield from (head + addresses.render_steps([Member(name)]) for name in found.data)


def _outputs(
    configuration: Configuration, path: Modules, installations: Installations, held: set[Modules]
) -> Iterator[str]:
    for name, call in configuration.calls.items():
        installed = ".".join((*(each for each, _ in path), name))
        with suppress(ResolveError):
            called = folders.read(
                installations.folder(installed, call.constant("source"), configuration.folder)
            )
            keys: list[Key] = [None]
            if call.expansion:
                keys = [
                    each[-1][1]
                    for each in held
                    if len(each) > len(path) and each[:-1] == path and each[-1][0] == name
                ]
            if call.expansion == "count":
                at = render_module((*path, (name, None)))
                yield from (f"{at}[*].{output}" for output in called.outputs)
            for key in keys:
                below = (*path, (name, key))
                yield from (f"{render_module(below)}.{output}" for output in called.outputs)
                if len(below) < _DEEP:  # a module that calls itself is Terraform's to refuse
                    yield from _outputs(called, below, installations, held)
