"""Terraform's states as expressions see them: which one answers for references, and which workspace is selected."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from reconciler.core.references import PluginUse
from reconciler.errors import Where
from reconciler.hcl import scopes, traversals, workspaces
from reconciler.hcl.faults import Fault, Undeclared
from reconciler.hcl.runs import Run
from reconciler.hcl.traversals import Path as Steps
from reconciler.hcl.values import Value
from reconciler.load.sources import Options
from reconciler.records import dataclass

FUNCTION: Final = "tfstate"
"""The function that answers for references, behind its resolver's prefix."""

_ONE: Final = "leave out the func_prefix of one of them, which then answers for references"


def function(options: Options) -> str:
    """Give the function that answers for references: of the one state, or of the one without a prefix.

    Raises Fault where several states have a prefix, and none has not.
    """
    prefixes = [use.func_prefix for use in _uses(options)]
    if "" in prefixes or not prefixes:
        return FUNCTION
    if len(prefixes) == 1:
        return prefixes[0] + FUNCTION
    names = " and ".join(sorted(prefix + FUNCTION for prefix in prefixes))
    what = f"the project names several Terraform states, {names}, and this does not say which"
    raise Fault(what, f'write {prefixes[0]}{FUNCTION}("…"), say; or {_ONE}')


@dataclass(frozen=True, slots=True)
class Terraform:
    """`terraform`, of which the workspace is looked for when somebody asks."""

    options: Options

    @property
    def name(self) -> str:
        """Give its name."""
        return "terraform"

    def get(self, path: Steps, run: Run, where: Where) -> tuple[Value, int]:
        """Give the selected workspace of the state that answers for references."""
        name = scopes.first("terraform", path)
        if name != "workspace":
            hint = traversals.suggestion(name, ["workspace"])
            raise Undeclared(f'there is no known value of terraform "{name}"', hint)
        run.read("terraform.workspace", where)
        return self._workspace(), 1

    def _workspace(self) -> str:
        options = self.options
        uses = _uses(options)
        main = [use for use in uses if not use.func_prefix] or uses
        found = {self._selected(use) for use in main}
        if len(found) > 1:
            listed = " and ".join(sorted(found))
            what = f"the project's Terraform states are of several workspaces, {listed}"
            raise Fault(what, f"pass --workspace, or {_ONE}")
        if options.states is None and not options.environ.get("TF_WORKSPACE"):
            what = "the workspace is not known before the project says where Terraform is run"
            raise Fault(what, "pass --workspace, or set TF_WORKSPACE")
        return found.pop() if found else workspaces.chosen(None, options.environ)

    def _selected(self, use: PluginUse) -> str:
        config, environ, states = use.config, self.options.environ, self.options.states
        folder, path, named = config.get("dir"), config.get("path"), config.get("workspace")
        root: Path | None = None
        if states is not None and isinstance(folder, str):
            root = (use.root or states.root) / folder
        elif states is not None and isinstance(path, str):
            root = workspaces.noted_at((use.root or states.root) / path, environ)
        return workspaces.chosen(named if isinstance(named, str) else None, environ, root)


def _uses(options: Options) -> tuple[PluginUse, ...]:
    return options.states.uses if options.states is not None else ()
