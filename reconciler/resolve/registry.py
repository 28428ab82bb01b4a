"""From the plugins that a project file names to opened resolver instances and their functions."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import field
from difflib import get_close_matches
from pathlib import Path
from types import MappingProxyType

from reconciler.core.references import Function, Functions, PluginUse
from reconciler.errors import ConfigError, PluginCrashed, ReconcilerError, Where
from reconciler.plugin import API, Context, Resolver, ResolverPlugin
from reconciler.records import dataclass
from reconciler.resolve import crashes, entrypoints
from reconciler.resolve.entrypoints import EntryPoint, discover

__all__ = ["Instance", "Instances", "PluginUse", "discover", "open_instances"]


@dataclass(frozen=True, slots=True)
class Instance:
    """An opened resolver. `name` is the prefix and the plugin's name: ``prod_tfstate``.

    Where the config names functions, the first of them stands in place of the plugin's name.
    """

    name: str
    resolver: Resolver
    plugin: ResolverPlugin
    use: PluginUse
    distribution: str
    functions: Mapping[str, Callable[..., str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Instances:
    """The opened resolvers of a run. `functions` are theirs, with their prefixes."""

    functions: Functions
    by_name: Mapping[str, Instance]

    def get(self, name: str) -> Instance:
        """Give an instance. ConfigError where there is none of that name."""
        if name in self.by_name:
            return self.by_name[name]
        near = get_close_matches(name, list(self.by_name), n=1)
        hint = f"did you mean {near[0]}?" if near else "name its plugin under plugins: in the project file"
        raise ConfigError(f"no resolver {name!r} is open", hint=hint)

    def resolver(self, name: str) -> Resolver:
        """Give an instance's resolver. ConfigError where there is none of that name."""
        return self.get(name).resolver

    def actions(self) -> tuple[str, ...]:
        """Give the IAM actions that the instances may call, sorted."""
        called = (instance.plugin.actions(instance.use.config) for instance in self.by_name.values())
        return tuple(sorted({action for actions in called for action in actions}))


def open_instances(
    uses: Sequence[PluginUse],
    context: Context,
    available: Mapping[str, EntryPoint] | None = None,
    rooted: Callable[[Path], Context] | None = None,
) -> Instances:
    """Open the plugins that are used, and those that are always open. Nothing is read.

    `available` stands in for `discover()`, and `rooted` gives the context of one whose paths begin elsewhere.
    ConfigError for a plugin that is not installed or a config that is wrong, and where two instances offer one
    function; PluginCrashed for a plugin that fails to load or open.
    """
    if available is None:
        available = discover()
    functions: dict[str, Function] = {}
    instances: dict[str, Instance] = {}
    for use, entry in _uses(uses, available):
        there = rooted(use.root) if rooted is not None and use.root is not None else context
        instance = _open(use, entry, there)
        for name, function in _functions(instance):
            if (other := functions.get(name)) is not None:
                raise _doubled(name, instances[other.resolver], instance)
            functions[name] = function
        if instance.name in instances:
            raise _doubled(instance.name, instances[instance.name], instance)
        instances[instance.name] = instance
    return Instances(MappingProxyType(functions), MappingProxyType(instances))


def _uses(
    uses: Sequence[PluginUse], available: Mapping[str, EntryPoint]
) -> Iterator[tuple[PluginUse, EntryPoint]]:
    """Give what to open: the named uses, before them the plugins always open that none names without a prefix.

    Naming one of those again with the same config changes nothing, as for the peer.
    """
    plain: dict[str, PluginUse] = {}
    for use in uses:
        if not use.func_prefix:
            plain.setdefault(use.name.lower(), use)
    for name, entry in available.items():
        if entry.always and name not in plain:
            yield PluginUse(name), entry
    for use in uses:
        found = available.get(use.name.lower())
        if found is None:
            raise _unknown(use, available)
        first = plain.get(use.name.lower(), use)
        again = found.always and not use.func_prefix and first is not use and first.config == use.config
        if not again:
            yield use, found


def _open(use: PluginUse, entry: EntryPoint, context: Context) -> Instance:
    try:
        plugin = entry.load()
    except Exception as error:
        raise crashes.crash(error, f"the resolver {use.name}", entry.distribution, use.where) from error
    if not isinstance(plugin, ResolverPlugin):
        what = f"the resolver {use.name} of {entry.distribution} is no ResolverPlugin: {entry.value}"
        raise PluginCrashed(what, use.where, "upgrade it, or uninstall it", distribution=entry.distribution)
    if plugin.api != API:
        side = "this tool" if plugin.api > API else entry.distribution
        what = (
            f"the resolver {use.name} of {entry.distribution} is made for plugin API {plugin.api}, not {API}"
        )
        raise ConfigError(what, use.where, f"upgrade {side}")
    try:
        resolver = plugin.open(context, use.config)
        named = plugin.functions_of(use.config)
    except ReconcilerError as error:
        error.where = error.where or use.where
        raise
    except Exception as error:
        raise crashes.crash(error, f"the resolver {use.name}", entry.distribution, use.where) from error
    name = use.func_prefix + next(iter(named), entry.name.lower())
    return Instance(name, resolver, plugin, use, entry.distribution, {**plugin.functions, **named})


def _functions(instance: Instance) -> Iterator[tuple[str, Function]]:
    use, plugin = instance.use, instance.plugin
    for plain, path in instance.functions.items():
        name = use.func_prefix + plain
        try:
            yield (
                name,
                Function.of(name, instance.name, path, structured=plugin.structured, late=plugin.late),
            )
        except (TypeError, ValueError) as error:  # a callable of C has no signature
            raise crashes.crash(error, f"the function {name}", instance.distribution, use.where) from error


def _unknown(use: PluginUse, available: Mapping[str, EntryPoint]) -> ConfigError:
    near = get_close_matches(use.name.lower(), list(available), n=2)
    if near:
        hint = f"did you mean {' or '.join(near)}?"
    else:
        hint = (
            f"install the distribution that offers it under the entry point group {entrypoints.GROUP}; "
            f"installed are {', '.join(sorted(available)) or 'none'}"
        )
    return ConfigError(f"there is no plugin {use.name!r}", use.where, hint)


def _doubled(function: str, first: Instance, second: Instance) -> ConfigError:
    return ConfigError(
        f"the function {function} is defined twice: by {_place(first)} and by {_place(second)}",
        second.use.where,
        f"give one of them a func_prefix: {second.use.name.lower()}2_",
    )


def _place(instance: Instance) -> str:
    where: Where | None = instance.use.where
    return f"the plugin {instance.use.name} at {where}" if where else f"the plugin {instance.use.name}"
