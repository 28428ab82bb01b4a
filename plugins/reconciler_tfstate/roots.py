"""What names stand for in the expressions of a module: its variables, resources, and the modules that it calls.

What a state cannot tell is an error that no `try` passes over, since Terraform would have had a value.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from reconciler.hcl import functions, scopes, traversals
from reconciler.hcl.evaluation import Callee, Root
from reconciler.hcl.faults import Fault
from reconciler.hcl.runs import FAILED, Run
from reconciler.hcl.scopes import Fixed
from reconciler.hcl.traversals import Attr, Key, Path
from reconciler.hcl.values import Set, Unknown, Value
from reconciler.plugin import ConfigError, NotFound, ResolveError
from reconciler_tfstate import addresses, places

if TYPE_CHECKING:
    from reconciler.errors import Where
    from reconciler_tfstate.instances import Module

APPLY: Final = "run terraform apply: the configuration is ahead of the state"

_NOT_IN_STATE: Final = {"ephemeral": "an ephemeral resource", "self": "a value of a provisioner"}


def refuse(run: Run, where: Where, what: str, hint: str | None = None) -> Value:
    """Note that something cannot be told from a state."""
    run.report([ConfigError(what, where, hint)])
    return FAILED


@dataclass(frozen=True, slots=True)
class Calling:
    """The scope of the arguments of a call: the calling module's, with ``each`` or ``count``."""

    caller: Module
    name: str
    key: addresses.Key

    def root(self, name: str) -> Root | None:
        """Give what a name stands for."""
        match name, self.key:
            case "count", int(index):
                return Fixed("count", {"index": index}, "value of count")
            case "each", str(key):
                return Each(self.caller, self.name, key)
        return self.caller.root(name)

    def function(self, name: str) -> Callee | None:
        """Give the function of a name."""
        return self.caller.function(name)

    def roots(self) -> Iterable[str]:
        """Give the names of roots."""
        return ("count" if isinstance(self.key, int) else "each", *self.caller.roots())

    def functions(self) -> Iterable[str]:
        """Give the names of functions."""
        return self.caller.functions()


@dataclass(frozen=True, slots=True)
class Each:
    """`each` in the arguments of a call."""

    caller: Module
    name: str
    key: str

    def get(self, path: Path, run: Run, where: Where) -> tuple[Value, int]:
        """Give `each.key` or `each.value`; what is gone through is evaluated for the latter alone."""
        name = scopes.first("each", path)
        if name == "key":
            return self.key, 1
        if name != "value":
            raise Fault(f'there is no value of each "{name}"', "each.key and each.value")
        match self.caller.elements(self.name, run):
            case Mapping() as members if self.key in members:
                return members[self.key], 1
            case Set() as members if self.key in members:
                return self.key, 1
            case Unknown() as unknown:
                return unknown, 1
        return refuse(run, where, f"for_each has no {addresses.quote(self.key)}", APPLY), 1


@dataclass(frozen=True, slots=True)
class Variables:
    """`var`."""

    module: Module

    def get(self, path: Path, run: Run, where: Where) -> tuple[Value, int]:
        """Give the value of a variable, evaluated when it is asked for first."""
        name = scopes.first("var", path)
        declared = self.module.configuration.variables
        if name not in declared:
            hint = traversals.suggestion(name, declared)
            return refuse(run, where, f"var.{name} is not declared", hint), 1
        return self.module.variable(name, run), 1


@dataclass(frozen=True, slots=True)
class Resources:
    """`data`, the type of a managed resource, or `resource` before that."""

    module: Module
    mode: str
    name: str

    def get(self, path: Path, run: Run, where: Where) -> tuple[Value, int]:
        """Give a resource or an instance of it, as the state has it."""
        spelt = self.name in ("data", "resource")
        steps = path if spelt else (Attr(self.name), *path)
        match steps:
            case [Attr(kind), Attr(name), *rest]:
                taken = len(path) - len(rest)
            case _:
                form = f"{self.name}.TYPE.NAME" if spelt else f"{self.name}.NAME"
                raise Fault(f"an address of this kind begins with {form}")
        declared = self.module.configuration.resources
        if (self.mode, kind, name) not in declared:
            near = [f"{each[1]}.{each[2]}" for each in declared if each[0] == self.mode]
            hint = traversals.suggestion(f"{kind}.{name}", near)
            return refuse(run, where, f"no {kind}.{name} is declared in this module", hint), taken
        value, more = self.module.resource((self.mode, kind, name), tuple(rest), run, where)
        return value, taken + more


@dataclass(frozen=True, slots=True)
class Calls:
    """`module`."""

    module: Module

    def get(self, path: Path, run: Run, where: Where) -> tuple[Value, int]:
        """Give an output, or what is called as a whole."""
        return self._get(path, run, where)

    def gather(self, name: str, attribute: str, run: Run, where: Where) -> Value:
        """Give `module.NAME[*].OUTPUT`, for which no other output is needed."""
        given, _ = self._get((Attr(name),), run, where, [attribute])
        elements = given if isinstance(given, tuple) else (given,)
        found = [traversals.attribute(each, attribute) for each in elements]
        return FAILED if FAILED in found else tuple(found)

    def _get(
        self, path: Path, run: Run, where: Where, wanted: Sequence[str] | None = None
    ) -> tuple[Value, int]:
        module = self.module
        name = scopes.first("module", path)
        calls = module.configuration.calls
        if name not in calls:
            hint = traversals.suggestion(name, calls)
            return refuse(run, where, f"no module {name} is called here", hint), 1
        expansion = calls[name].expansion
        key: addresses.Key = None
        taken = 1
        match path, expansion:
            case [_, Key(int(index)), *_], "count":
                key, taken = index, 2
            case [_, Key(str() | int() as index), *_], "for_each":
                key, taken = str(index), 2
        if key is not None and module.lacks(name, key, run):
            raise Fault(f"{module.named('module')}.{name} has no {addresses.index(key)}")
        try:
            if (
                len(path) > taken
                and isinstance(step := path[taken], Attr)
                and (key is not None or not expansion)
            ):
                missing(module, name, [step.name])
                return module.child(name, key).output(step.name, run), taken + 1
            if wanted is not None:
                missing(module, name, wanted)
            if expansion and key is None:
                return module.group(name, wanted, run), taken
            return module.whole(name, key, wanted, run), taken
        except ResolveError as error:
            return refuse(run, where, error.what, error.hint), len(path)


def missing(module: Module, name: str, outputs: Iterable[str]) -> None:
    """Raise NotFound, with near misses, where a module that is called lacks one of the outputs."""
    declared = module.called(name).outputs
    at = addresses.render_module((*module.path, (name, None)))
    for output in outputs:
        if output not in declared:
            near = tuple(f"{at}.{each}" for each in places.close(output, declared))
            hint = f"its outputs are {places.listed(sorted(declared))}" if declared else None
            raise NotFound(f"{at} has no output {output!r}", near=near, hint=hint)


@dataclass(frozen=True, slots=True)
class Nothing:
    """A name that stands for nothing that a state holds."""

    name: str
    module: Module

    def get(self, path: Path, run: Run, where: Where) -> tuple[Value, int]:
        """Refuse it."""
        if self.name in _NOT_IN_STATE:
            what, hint = f"{self.name} is {_NOT_IN_STATE[self.name]}, which a state does not keep", None
        else:
            what = f'there is nothing named "{self.name}" here'
            hint = traversals.suggestion(self.name, self.module.roots())
        return refuse(run, where, what, hint), len(path)


@dataclass(frozen=True, slots=True)
class NoFunction:
    """A function that is not offered here: a provider's, or one that reads the clock."""

    name: str

    def check(self, count: int) -> None:
        """Take any number of arguments."""

    def call(self, arguments: Sequence[Value], run: Run, where: Where) -> Value:  # noqa: ARG002
        """Refuse the call."""
        why = f": {functions.REFUSED[self.name]}" if self.name in functions.REFUSED else ""
        return refuse(run, where, f"the function {self.name} cannot be called here{why}")
