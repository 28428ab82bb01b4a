"""Instances of modules, and what expressions in them refer to: evaluated from the state, when somebody asks.

A state has neither the outputs of child modules nor variables and locals, so they are computed from the
configuration: an output's expression in the scope of its module's instance, where resources are what the state holds
of them, variables are the arguments of the module's call, and so on up to the root. What a state cannot tell is an
error that no `try` passes over, because Terraform would have had a value.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

from reconciler.hcl import conversions, declarations, nodes, plains, scopes, values, variables
from reconciler.hcl.evaluation import Callee, Evaluator, Root, Scope
from reconciler.hcl.faults import Fault
from reconciler.hcl.functions import TABLE, Context, names
from reconciler.hcl.memos import Memo
from reconciler.hcl.runs import FAILED, Run
from reconciler.hcl.scopes import Fixed, Locals
from reconciler.hcl.traversals import Key
from reconciler.hcl.traversals import Path as Steps
from reconciler.hcl.values import Marks, Object, Set, Unknown, Value
from reconciler.hcl.variables import Given
from reconciler.plugin import ConfigError, Json
from reconciler_tfstate import addresses, folders, roots
from reconciler_tfstate.addresses import Modules, Resource
from reconciler_tfstate.folders import Configuration, Declared
from reconciler_tfstate.installations import Installations
from reconciler_tfstate.laters import LATER
from reconciler_tfstate.states import Instance, State

if TYPE_CHECKING:
    from reconciler.errors import Where

_UNKNOWN: Final = Unknown("Terraform knows it once it has applied its plan")


class Tree(NamedTuple):
    """What all modules of a configuration share. `root` is the folder in which terraform is run.

    `overlaid` tells of a plan over the state, which may hold what is known later. `elsewhere` names a workspace of a
    server's, which may hold values of the root's variables as well.
    """

    state: State
    root: Path
    workspace: str
    installations: Installations
    given: tuple[Given, ...]
    read: Callable[[Path], Configuration]
    overlaid: bool
    elsewhere: str | None = None


class Module:
    """An instance of a module: `path` is its address, empty for the root. It is the scope of its expressions."""

    def __init__(
        self, tree: Tree, configuration: Configuration, path: Modules = (), parent: Module | None = None
    ) -> None:
        """Remember what the module is; nothing is evaluated."""
        self.tree = tree
        self.configuration = configuration
        self.path = path
        self.address = addresses.render_module(path)
        self._parent = parent
        self._memo = Memo()
        self._instances: dict[str, Value] = {}
        self._children: dict[tuple[str, addresses.Key], Module] = {}
        self._called: dict[str, Configuration] = {}
        self._locals = Locals(configuration.definitions, self, self.named("local"))

    def named(self, name: str) -> str:
        """Give the name of something in this module as messages have it."""
        return f"{self.address}.{name}" if self.path else name

    # The scope

    def root(self, name: str) -> Root | None:
        """Give what a name stands for."""
        match name:
            case "var":
                return roots.Variables(self)
            case "local":
                return self._locals
            case "module":
                return roots.Calls(self)
            case "data":
                return roots.Resources(self, "data", name)
            case "resource":
                return roots.Resources(self, "managed", name)
            case "path":
                return Fixed("path", self._paths, "path")
            case "terraform":
                return Fixed("terraform", {"workspace": self.tree.workspace}, "known value of terraform")
        if any(kind == name for mode, kind, _ in self.configuration.resources if mode == "managed"):
            return roots.Resources(self, "managed", name)
        return roots.Nothing(name, self)

    def function(self, name: str) -> Callee | None:
        """Give a function; one that is none here is refused when it is called, past any `try`."""
        if name in TABLE:
            return scopes.Pure(name, self._context)
        return roots.NoFunction(name)

    def roots(self) -> Iterable[str]:
        """Give the names of roots."""
        types = {kind for mode, kind, _ in self.configuration.resources if mode == "managed"}
        return ("var", "local", "module", "data", "path", "terraform", *sorted(types))

    def functions(self) -> Iterable[str]:
        """Give the names of functions."""
        return names()

    @cached_property
    def _paths(self) -> Mapping[str, Value]:
        root = self.tree.root
        return {
            "module": os.path.relpath(self.configuration.folder, root).replace(os.sep, "/"),
            "root": ".",
            "cwd": str(root.absolute()),
        }

    @cached_property
    def _context(self) -> Context:
        """Files are read below the folder that holds both the root and the module."""
        root, folder = self.tree.root.absolute(), self.configuration.folder.absolute()
        return Context(base=root, root=Path(os.path.commonpath([root, folder])), render=scopes.rendered)

    # Values

    def output(self, name: str, run: Run) -> Value:
        """Give the value of an output that is declared; what is wrong goes to the run."""
        declared = self.configuration.outputs[name]
        return self._memo.value(self.named(name), run, partial(self._output, declared, run))

    def _output(self, declared: Declared, run: Run) -> Value:
        if "value" not in declared.arguments:
            return roots.refuse(run, declared.source.where(declared.header), "this output has no value")
        sensitive = declared.constant("sensitive") in {True, "true"}
        return values.mark(self.argument(declared, "value", run), Marks(sensitive=sensitive))

    def argument(self, declared: Declared, name: str, run: Run, scope: Scope | None = None) -> Value:
        """Evaluate an argument of a block."""
        expr, source = declared.arguments[name]
        return Evaluator(run, source, scope or self).value(expr)

    def variable(self, name: str, run: Run) -> Value:
        """Give the value of a variable that is declared."""
        return self._memo.value(self.named(f"var.{name}"), run, partial(self._variable, name, run))

    def _variable(self, name: str, run: Run) -> Value:
        declared = self.configuration.variables[name]
        given = self.tree.given
        if self._parent is None and self.tree.elsewhere and not any(each.name == name for each in given):
            what = f"the variable {name} may have a value in {self.tree.elsewhere}, so its default does not count"
            return roots.refuse(
                run, declared.source.where(declared.header), what, f"set TF_VAR_{name}, or var_files"
            )
        if self._parent is not None:
            call, key = self._parent.configuration.calls[self.path[-1][0]], self.path[-1][1]
            given = ()
            if name in call.arguments:
                argument = f"the argument {name} of {self.address}"
                with run.inside(argument) as errors:
                    value = self._parent.argument(
                        call, name, run, roots.Calling(self._parent, self.path[-1][0], key)
                    )
                run.report(replace(error, what=f"{argument}: {error.what}") for error in errors)
                if errors or values.split(value)[0] is FAILED:
                    return FAILED
                expr, source = call.arguments[name]
                given = (Given(name, source.where(expr.span), value),)
        block = folders.variable_block(name, declared)
        try:
            [variable] = declarations.variables(nodes.Body((), (block,)), declared.source).values()
            return variables.settle({name: variable}, given)[name].value
        except ConfigError as error:
            run.report([error])
            return FAILED

    def resource(self, key: tuple[str, str, str], rest: Steps, run: Run, where: Where) -> tuple[Value, int]:
        """Give what the state holds of a resource that is declared: of the instance that `rest` begins with, or all.

        The number says how many steps of `rest` that took.
        """
        mode, kind, name = key
        resource = Resource(self.path, mode, kind, name)
        at = addresses.render(resource)
        expansion = self.configuration.resources[key].expansion
        instances = {each.key: each for each in self.tree.state.resources.get(resource, ())}
        wanted = {None: type(None), "count": int, "for_each": str}[expansion]
        if not instances and (expansion is None or self._awaited(key, run)):
            return roots.refuse(run, where, f"{at} is not in the state", roots.APPLY), 0
        if not all(isinstance(each, wanted) for each in instances):
            has = f"has {expansion}" if expansion else "has neither count nor for_each"
            return roots.refuse(run, where, f"{at} {has}, and is in the state otherwise", roots.APPLY), 0
        if expansion is None:
            return self._instance(at, instances[None]), 0
        match rest:
            case [Key(str() | int() as index), *_] if index in instances:
                return self._instance(at + addresses.index(index), instances[index]), 1
        if expansion == "for_each":
            return Object(
                {str(each): self._instance(f"{at}{each}", instances[each]) for each in instances}
            ), 0
        size = max((each for each in instances if isinstance(each, int)), default=-1) + 1
        if size > len(instances):
            missing = next(number for number in range(size) if number not in instances)
            return roots.refuse(run, where, f"{at}[{missing}] is not in the state", roots.APPLY), 0
        return tuple(self._instance(f"{at}[{number}]", instances[number]) for number in range(size)), 0

    def none(self, key: tuple[str, str, str], run: Run) -> Value | None:
        """Give what a resource that is to have no instances is, a list or an object; None where it is to have some."""
        kind = ".".join(key[1:] if key[0] == "managed" else key)
        match self._expanded(self.configuration.resources[key], kind, run):
            case 0:
                return ()
            case Mapping() | Set() as each if not each:
                return Object({})
        return None

    def _awaited(self, key: tuple[str, str, str], run: Run) -> bool:
        """Tell whether a resource with ``count`` or ``for_each`` certainly is to have instances."""
        with run.inside(self.named(f"{'.'.join(key)} (instances)")) as errors:
            some = self.none(key, run) is None
        return some and not errors

    def _instance(self, at: str, instance: Instance) -> Value:
        if at not in self._instances:
            attributes = self._settled(dict(instance.attributes))
            self._instances[at] = plains.from_json(attributes, instance.sensitive_paths)
        return self._instances[at]

    def _settled(self, data: Json) -> object:
        """Put what is known later for what stands for it."""
        if not self.tree.overlaid:
            return data
        match data:
            case dict():
                return {key: self._settled(member) for key, member in data.items()}
            case list():
                return [self._settled(item) for item in data]
        return _UNKNOWN if data is LATER else data

    # Modules in this one

    def called(self, name: str) -> Configuration:
        """Give the files of a module that is called. NotFound or Unavailable where they cannot be read."""
        if name not in self._called:
            installed = ".".join((*(each for each, _ in self.path), name))
            source = self.configuration.calls[name].constant("source")
            folder = self.tree.installations.folder(installed, source, self.configuration.folder)
            self._called[name] = self.tree.read(folder)
        return self._called[name]

    def child(self, name: str, key: addresses.Key) -> Module:
        """Give an instance of a module that is called. NotFound or Unavailable where its files cannot be read."""
        if (name, key) not in self._children:
            self._children[name, key] = Module(self.tree, self.called(name), (*self.path, (name, key)), self)
        return self._children[name, key]

    def elements(self, name: str, run: Run) -> Value:
        """Give what a call's ``count`` or ``for_each`` evaluates to: a number, a set or an object, or FAILED."""
        return self._expanded(self.configuration.calls[name], f"module.{name}", run)

    def _expanded(self, declared: Declared, name: str, run: Run) -> Value:
        expansion = declared.expansion
        assert expansion is not None
        label = self.named(f"{name} ({expansion})")
        value = self._memo.value(label, run, partial(self.argument, declared, expansion, run))
        plain = values.split(value)[0]
        if isinstance(plain, Unknown | Mapping | Set):
            return plain
        expr, source = declared.arguments[expansion]
        if expansion == "count":
            try:
                number = conversions.to_number(plain)
            except Fault:
                number = None
            if isinstance(number, int) and number >= 0:
                return number
        return roots.refuse(run, source.where(expr.span), f"{expansion} cannot be {values.described(value)}")

    def keys(self, name: str, run: Run) -> Sequence[addresses.Key] | None:
        """Give the keys of the instances of a call that has any; None where they cannot be told."""
        match self.elements(name, run):
            case int() as count:
                return range(count)
            case Mapping() | Set() as each:
                return [str(key) for key in each]
        return None

    def lacks(self, name: str, key: addresses.Key, run: Run) -> bool:
        """Tell whether a call certainly has no such instance: its number or its keys may not be known."""
        with run.inside(self.named(f"module.{name} (instances)")) as errors:
            keys = self.keys(name, run)
        return not errors and keys is not None and key not in keys

    def whole(self, name: str, key: addresses.Key, outputs: Iterable[str] | None, run: Run) -> Value:
        """Give outputs of an instance as an object, all where None is given. Errors are those of `child`.

        Of all of them, one that has no value is an error only for what needs it.
        """
        child = self.child(name, key)
        if outputs is not None:
            return Object({each: child.output(each, run) for each in outputs})
        return Object({each: child.apart(each, run) for each in child.configuration.outputs})

    def apart(self, name: str, run: Run) -> Value:
        """Give the value of an output, or what is wrong with it as an unknown one with that error."""
        at = self.named(name)
        with run.inside(f"{at} (among others)") as errors:
            value = self.output(name, run)
        return Unknown(errors[0].what, at, errors[0]) if errors else value

    def group(self, name: str, outputs: Iterable[str] | None, run: Run) -> Value:
        """Give outputs of all instances of a call: a list for ``count``, an object for ``for_each``."""
        keys = self.keys(name, run)
        if keys is None:
            return FAILED
        members = [(key, self.whole(name, key, outputs, run)) for key in keys]
        if self.configuration.calls[name].expansion == "count":
            return tuple(value for _, value in members)
        return Object({str(key): value for key, value in members})
