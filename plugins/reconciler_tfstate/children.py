"""Outputs of child modules, which no state holds: found by their addresses, and computed (see `instances`).

Takes: a state, and the folder in which terraform is run. Gives: a place as `answers` walks on from it. Reads files of
the configuration, and nothing else.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, cast

from reconciler.hcl import plains, values, variables, workspaces
from reconciler.hcl.faults import Fault
from reconciler.hcl.runs import Run
from reconciler.hcl.values import Object, Unknown, Value
from reconciler.hcl.variables import Given
from reconciler.plugin import ConfigError, Json, NotFound, Unavailable
from reconciler_tfstate import addresses, answers, folders, givens, places, roots
from reconciler_tfstate.addresses import Call, Index, Key, Member, Modules, Reference, Splat, Step
from reconciler_tfstate.installations import Installations
from reconciler_tfstate.instances import Module, Tree
from reconciler_tfstate.laters import LATER, Failed
from reconciler_tfstate.places import Found
from reconciler_tfstate.planned import Plan
from reconciler_tfstate.states import State

if TYPE_CHECKING:
    from reconciler.errors import ReconcilerError


class Children:
    """The child modules of a folder's configuration. Its files are read once, when somebody first asks."""

    def __init__(
        self,
        state: State,
        folder: Path,
        *,
        workspace: str,
        environ: Mapping[str, str],
        files: Sequence[str] = (),
        planned: Plan | None = None,
    ) -> None:
        """Remember where everything is; `files` hold values of variables, `planned` is laid over the state."""
        self._state = state
        self._folder = folder
        self._workspace = workspace
        self._environ = environ
        self._files = files
        self._planned = planned
        self._root: Module | None = None
        # Modules keep what they have computed, and whether they are about to compute it.
        self.lock = threading.RLock()

    def declares(self, reference: Reference) -> bool:
        """Tell whether an address names an output that a module has. NotFound or Unavailable where none can be told."""
        with self.lock:
            reference, caller = self._called(reference)
            name, _ = _call(reference).module[-1]
            return any(reference.steps[:1] == (Member(each),) for each in caller.called(name).outputs)

    def answer(self, reference: Reference) -> Found:
        """Give what stands at an address. NotFound, with near misses, or Unavailable where it has no value."""
        with self.lock:
            reference, caller = self._called(reference)
            found = self._found(caller, _call(reference).module, reference.steps)
        return answers.follow(found, reference.steps, reference.query)

    def module(self, path: Modules) -> Module | None:
        """Give the instance of a module; None for all instances at once. NotFound or Unavailable without one."""
        with self.lock:
            if not path:
                return self._read()
            caller, (name, key) = self._caller(path), path[-1]
            expansion = caller.configuration.calls[name].expansion
            key = _converted(key, expansion)
            return caller.child(name, key) if (expansion is None) == (key is None) else None

    def _called(self, reference: Reference) -> tuple[Reference, Module]:
        """Give a reference with the key of its module as Terraform reads it, and the calling module.

        `module.app.blue.url` is `module.app["blue"].url`, and `module.app["0"].url` may be that of a number.
        """
        path = _call(reference).module
        caller = self._caller(path)
        (name, key), steps = path[-1], reference.steps
        expansion = caller.configuration.calls[name].expansion
        if key is None and expansion is not None and steps and isinstance(steps[0], Member):
            named = _converted(steps[0].name, expansion)
            if named in (caller.keys(name, Run()) or ()):
                key, steps = named, steps[1:]
        target = Call((*path[:-1], (name, _converted(key, expansion))))
        return replace(reference, target=target, steps=steps), caller

    def _caller(self, path: Modules) -> Module:
        """Give the instance of the module that calls the last one of a path, each of which is checked."""
        module = self._read()
        for number, (name, written) in enumerate(path):
            at = addresses.render_module((*path[:number], (name, None)))
            calls = module.configuration.calls
            if name not in calls:
                near = tuple(
                    addresses.render_module((*path[:number], (each, None)))
                    for each in places.close(name, calls)
                )
                raise NotFound(f"{module.configuration.folder} calls no module {name!r}", near=near)
            expansion = calls[name].expansion
            last = number == len(path) - 1
            key = _converted(written, expansion)
            if expansion is None and key is not None:
                what = f"{at} has neither count nor for_each, so it has no {addresses.index(key)}"
                raise NotFound(what, near=(at,))
            if key is not None:
                self._check(module, name, key, at)
            elif expansion is not None and not last:
                raise self._unkeyed(module, name, at, ())
            if last:
                break
            module = module.child(name, key)
        return module

    def _check(self, module: Module, name: str, key: int | str, at: str) -> None:
        """Raise NotFound where a call certainly has no such instance."""
        run = Run()
        if module.lacks(name, key, run):
            keys = module.keys(name, run) or ()
            texts = {str(each): addresses.index(each) for each in keys}
            near = tuple(at + texts[each] for each in places.close(str(key), texts))
            listed = places.listed([each[1:-1] for each in texts.values()])
            hint = f"it has {listed}" if texts else "it has no instances at all"
            raise NotFound(f"{at} has no instance {addresses.index(key)}", near=near, hint=hint)

    def _unkeyed(self, module: Module, name: str, at: str, steps: Sequence[Step]) -> NotFound:
        """Give the error that an output was asked of all instances at once."""
        keys = (module.keys(name, Run()) or ())[: places.NEAR]
        tail = addresses.render_steps(steps)
        near = tuple(f"{at}{addresses.index(key)}{tail}" for key in keys)
        word = module.configuration.calls[name].expansion
        return NotFound(f"{at} has {word}; an output belongs to one of its instances", near=near)

    def _found(self, caller: Module, path: Modules, steps: Sequence[Step]) -> Found:
        """Give the outputs that the steps lead to: of one instance, or of all."""
        name, key = path[-1]
        at = addresses.render_module(path)
        grouped = caller.configuration.calls[name].expansion is not None and key is None
        wanted = _outputs(steps)
        if wanted is not None:
            roots.missing(caller, name, wanted)
        if grouped and steps and isinstance(steps[0], Member | Index):
            raise self._unkeyed(caller, name, at, steps)
        run = Run()
        try:
            value = caller.group(name, wanted, run) if grouped else caller.whole(name, key, wanted, run)
        except Fault as fault:  # a circle
            raise Unavailable(f"{at} cannot be computed: {fault.what}", hint=fault.hint) from None
        except ConfigError as error:  # a limit
            raise Unavailable(f"{at} cannot be computed: {error.what} at {error.where}") from None
        _refuse(run, at + addresses.render_steps(steps))
        if grouped and isinstance(value, Mapping) and steps and isinstance(steps[0], Splat):
            raise answers.no_splat(at, steps[1:])
        plain, _ = values.unmark(value)
        return Found(at, _json(plain), tuple(plains.sensitive(value)))

    def _read(self) -> Module:
        if self._root is None:
            installations = Installations(self._folder, workspaces.notes(self._folder, self._environ))
            name = self._state.source.name
            tree = Tree(
                self._state,
                self._folder,
                self._workspace,
                installations,
                self._given(),
                cache(folders.read),  # several calls may be of one module
                self._planned is not None,
                name if name.startswith("remote://") else None,
            )
            self._root = Module(tree, tree.read(self._folder))
        return self._root

    def _given(self) -> tuple[Given, ...]:
        """Give the values of the root's variables, the weakest first."""
        found = givens.read(self._folder, self._environ, self._files)
        if self._planned is not None:  # which says what each had
            found += variables.from_values(self._planned.variables, self._planned.source.name)
        return tuple(found)


def _call(reference: Reference) -> Call:
    assert isinstance(reference.target, Call)
    return reference.target


def _converted(key: Key, expansion: str | None) -> Key:
    """Give the key as Terraform reads it: a number for ``count``, text for ``for_each``."""
    match key, expansion:
        case str(), "count":
            number = addresses.number(key)
            return key if number is None else number
        case int(), "for_each":
            return str(key)
    return key


def _outputs(steps: Sequence[Step]) -> list[str] | None:
    """Give the output that steps lead to; None where they go through all."""
    match steps:
        case [Member(name), *_] | [Splat(), Member(name), *_]:
            return [name]
    return None


def _refuse(run: Run, at: str) -> None:
    """Raise Unavailable where something went wrong, with its place."""
    if not (wrong := run.wrong()):
        return
    first, *others = wrong
    raise _uncomputed(at, first, f" (and {len(others)} more)" if others else "")


def _uncomputed(at: str, error: ReconcilerError, more: str = "") -> Unavailable:
    where = f" ({error.where})" if error.where else ""
    return Unavailable(f"{at} cannot be computed from the state: {error.what}{where}{more}", hint=error.hint)


def _json(value: Value) -> Json:
    """Give a value without marks as JSON has it, with what it lacks as a state under a plan has it."""
    match value:
        case Unknown(address=at, error=error):
            return LATER if error is None else cast("Json", Failed(_uncomputed(at, error)))
        case tuple():
            return [_json(item) for item in value]
        case Object():
            return {key: _json(member) for key, member in value.items()}
    return plains.to_json(value)
