"""What a state does not hold, and the configuration tells why: what is to have no instances, and what is null.

A state keeps neither. A resource whose ``count`` is 0 is an empty list all the same, one whose ``for_each`` is empty
an empty object, and an output whose value is null is there. What else is declared was not applied yet.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from reconciler.hcl import values
from reconciler.hcl.faults import Fault
from reconciler.hcl.runs import Run
from reconciler.plugin import ConfigError, NotFound, ResolveError
from reconciler_tfstate import addresses, places
from reconciler_tfstate.addresses import Output, Resource
from reconciler_tfstate.places import Found
from reconciler_tfstate.roots import APPLY

_MAYBE: Final = "run terraform apply; an output whose value is null is not kept in a state"

if TYPE_CHECKING:
    from reconciler.plugin import Json
    from reconciler_tfstate.children import Children
    from reconciler_tfstate.instances import Module
    from reconciler_tfstate.states import State


def found(children: Children, state: State, target: Output | Resource) -> Found | None:
    """Give what stands at a target that a state does not hold; None where the configuration tells no more than that.

    NotFound where it is declared, and was to be in the state.
    """
    with children.lock:
        return _found(children, state, target)


def _found(children: Children, state: State, target: Output | Resource) -> Found | None:
    try:
        module = children.module(target.module if isinstance(target, Resource) else ())
    except ResolveError:  # what cannot be read says nothing of the state
        return None
    if module is None:
        if isinstance(target, Resource) and all(each.type != target.type for each in state.resources):
            # `module.app.red.url`, where `red` may have been meant as an instance: NotFound says which there are.
            instance = children.module((*target.module[:-1], (target.module[-1][0], target.type)))
            if instance is not None:
                outputs = places.listed(sorted(instance.configuration.outputs))
                what = f"{instance.address} has no output {target.name!r}"
                raise NotFound(what, hint=f"its outputs are {outputs}" if outputs else None)
        return None
    at = addresses.render(target)
    if isinstance(target, Output):
        declared = module.configuration.outputs.get(target.name)
        data, known = _null(module, target.name) if declared is not None else (None, False)
    else:
        declared = module.configuration.resources.get((target.mode, target.type, target.name))
        data, known = _empty(module, target) if declared is not None else (None, False)
    if known:
        return Found(at, data)
    if declared is None or target in state.resources:  # which holds deposed objects alone
        return None
    where = declared.source.where(declared.header)
    hint = APPLY if isinstance(target, Resource) or _certain(module, target.name) else _MAYBE
    raise NotFound(f"{at} is declared in {where}, and not in the state", hint=hint)


def _null(module: Module, name: str) -> tuple[Json, bool]:
    run = Run()
    try:
        value = module.output(name, run)
    except (Fault, ConfigError, ResolveError):
        return None, False
    return None, values.split(value)[0] is None and not run.wrong()


def _certain(module: Module, name: str) -> bool:
    """Tell whether an output certainly is to have a value: the state may lack what that is made of."""
    run = Run()
    try:
        module.output(name, run)
    except (Fault, ConfigError, ResolveError):
        return False
    return not run.wrong()


def _empty(module: Module, target: Resource) -> tuple[Json, bool]:
    key = (target.mode, target.type, target.name)
    if module.configuration.resources[key].expansion is None:
        return None, False
    run = Run()
    try:
        value = module.none(key, run)
    except (Fault, ConfigError, ResolveError):
        return None, False
    return ([] if value == () else {}), value is not None and not run.wrong()
