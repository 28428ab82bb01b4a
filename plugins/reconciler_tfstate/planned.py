"""What Terraform plans, laid over a state: the output of ``terraform show -json PLAN``.

Only what the plan changes, moves, imports, or has found changed or read is taken from it, so that everything else keeps
what the state alone knows. A value that Terraform can tell only once it has applied the plan is `laters.LATER`.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final, TypeAlias

from reconciler.plugin import ConfigError, Json, Source, Unavailable
from reconciler_tfstate import addresses, sensitivities, states
from reconciler_tfstate.addresses import Index, Key, Output, Reference, Resource
from reconciler_tfstate.laters import LATER
from reconciler_tfstate.states import Instance, State

_Path: TypeAlias = tuple[str | int, ...]

_HINT: Final = "write one with `terraform plan -out p`, then `terraform show -json p > FILE`"


@dataclass(frozen=True, slots=True)
class PlannedInstance:
    """An instance as it will be."""

    key: Key
    attributes: Mapping[str, Json]
    sensitive_paths: tuple[_Path, ...]


@dataclass(frozen=True, slots=True)
class Plan:
    """A plan: what its data sources gave, the changes by resource and output, and the values of its variables.

    `moved` are the instances that have another address now. None stands for what goes.
    """

    source: Source
    data: Mapping[Resource, Sequence[PlannedInstance]]
    moved: frozenset[tuple[Resource, Key]]
    resources: Mapping[Resource, Mapping[Key, PlannedInstance | None]]
    outputs: Mapping[str, Mapping[str, Json] | None]
    variables: Mapping[str, Json]

    def tells(self, reference: Reference) -> bool:
        """Tell whether what a reference names comes from the plan: wholly or, of many instances, in part."""
        target = reference.target
        if isinstance(target, Output):
            return target.name in self.outputs
        if not isinstance(target, Resource):  # computed from the plan's variables
            return True
        changes = self.resources.get(target, {})
        match reference.steps:
            case [Index(key), *_] if key in changes or None not in changes:
                return key in changes or target in self.data
        return bool(changes) or target in self.data


def read(path: Path) -> Plan:
    """Read a plan. `Unavailable` where the file is none."""
    try:
        document = json.loads(path.read_bytes(), parse_float=states.number)
    except OSError as error:
        raise Unavailable(f"the plan {path} cannot be read: {error.strerror}", hint=_HINT) from None
    except (ValueError, RecursionError):
        raise Unavailable(
            f"{path.name} is no output of `terraform show -json`: it is no JSON", hint=_HINT
        ) from None
    if not isinstance(document, dict) or not isinstance(document.get("planned_values"), dict):
        raise Unavailable(f"{path.name} is no output of `terraform show -json` for a plan", hint=_HINT)
    if document.get("errored") is True:
        raise Unavailable(f"{path.name} is a plan that failed, and holds a part of it", hint=_HINT)
    version = str(document.get("terraform_version", ""))
    source = Source(str(path), label=f"planned by Terraform {version}".rstrip())
    try:
        return _plan(source, document)
    except (KeyError, ConfigError):
        raise Unavailable(f"{path.name} is damaged: a change lacks its resource", hint=_HINT) from None


def _plan(source: Source, document: Mapping[str, Json]) -> Plan:
    moved: set[tuple[Resource, Key]] = set()
    resources: dict[Resource, dict[Key, PlannedInstance | None]] = {}
    # What was found changed outside of Terraform goes into the state as well; what is to be done about it goes over it.
    for change in (*_objects(document.get("resource_drift")), *_objects(document.get("resource_changes"))):
        before = change.get("previous_address")
        if isinstance(before, str):
            moved.add(_instance_at(before))
        importing = _members(change.get("change")).get("importing")
        if change.get("deposed") or (_actions(change) == ["no-op"] and before is None and importing is None):
            continue
        where, key = _identity(change, str(change.get("module_address", "")))
        resources.setdefault(where, {})[key] = _instance(where, key, change)
    outputs = {
        name: _output(change)
        for name, change in _members(document.get("output_changes")).items()
        if isinstance(change, dict) and change.get("actions") != ["no-op"]
    }
    data: dict[Resource, list[PlannedInstance]] = {}
    prior = _members(_members(document.get("prior_state")).get("values"))
    for where, instance in _read(_members(prior.get("root_module"))):
        data.setdefault(where, []).append(instance)
    variables = {
        name: _members(each).get("value") for name, each in _members(document.get("variables")).items()
    }
    return Plan(source, data, frozenset(moved), resources, outputs, variables)


def overlay(state: State, plan: Plan) -> State:
    """Give the state as it will be once the plan is applied."""
    resources: dict[Resource, Sequence[Instance]] = {**state.resources, **plan.data}
    for where in dict.fromkeys((*(where for where, _ in plan.moved), *plan.resources)):
        changes = plan.resources.get(where, {})
        before = resources.get(where, ())
        kept = [each for each in before if each.key not in changes and (where, each.key) not in plan.moved]
        made = [each for each in changes.values() if each is not None]
        if kept or made or where in plan.resources:
            resources[where] = [*kept, *made]
        else:
            resources.pop(where, None)
    outputs = dict(state.outputs)
    for name, output in plan.outputs.items():
        if output is None:
            outputs.pop(name, None)
        else:
            outputs[name] = output
    return replace(state, resources=resources, outputs=outputs)


def source(plan: Plan, state: State, path: str) -> Source:
    """Give the source of a value that a plan tells, by its address: of the state's lineage, and of no serial yet."""
    return replace(plan.source, lineage=state.source.lineage, label=f"{path}, {plan.source.label}")


def _read(module: Mapping[str, Json]) -> Iterator[tuple[Resource, PlannedInstance]]:
    """Give the data sources that were read while planning, of a module and those below it."""
    for resource in _objects(module.get("resources")):
        if resource.get("mode") == "data":
            where, key = _identity(resource, str(module.get("address", "")))
            values = dict(_members(resource.get("values")))
            marks = sensitivities.completed(where.type, _marks(resource.get("sensitive_values")), values)
            yield where, PlannedInstance(key, values, marks)
    for child in _objects(module.get("child_modules")):
        yield from _read(child)


def _identity(described: Mapping[str, Json], module: str) -> tuple[Resource, Key]:
    """Give what identifies an instance. KeyError, ConfigError where that is not there."""
    mode, kind, name = (str(described[member]) for member in ("mode", "type", "name"))
    index = described.get("index")
    return Resource(addresses.modules_of(module), mode, kind, name), index if isinstance(
        index, int | str
    ) else None


def _instance_at(address: str) -> tuple[Resource, Key]:
    """Read the address of an instance. ConfigError where it is none."""
    reference = addresses.parse(address)
    match reference.target, reference.steps:
        case Resource() as resource, []:
            return resource, None
        case Resource() as resource, [Index(key)]:
            return resource, key
    raise addresses.fault(address, "names no instance", "TYPE.NAME")


def _instance(where: Resource, key: Key, change: Mapping[str, Json]) -> PlannedInstance | None:
    """Give an instance as planned; None where it is destroyed, or no longer managed."""
    actions = _actions(change)
    if actions in (["delete"], ["forget"]):
        return None
    body = _members(change.get("change"))
    after = _merged(body.get("after"), body.get("after_unknown"))
    attributes = after if isinstance(after, dict) else {}
    marks = sensitivities.completed(where.type, _marks(body.get("after_sensitive")), attributes)
    return PlannedInstance(key, attributes, marks)


def _output(change: Mapping[str, Json]) -> Mapping[str, Json] | None:
    """Give an output as planned; None where it goes, as one does whose value is null: no state keeps it."""
    value = _merged(change.get("after"), change.get("after_unknown"))
    if value is None:
        return None
    return {"value": value, "sensitive": change.get("after_sensitive") is True}


def _merged(after: Json, unknown: Json) -> Json:
    """Put `LATER` where the plan says that a value is unknown."""
    if unknown is True:
        return LATER
    if isinstance(unknown, dict):
        known = after if isinstance(after, dict) else {}
        return {
            name: _merged(known.get(name), unknown.get(name, False))
            for name in dict.fromkeys((*known, *unknown))
        }
    if isinstance(unknown, list):
        items = after if isinstance(after, list) else []
        return [
            _merged(items[i] if i < len(items) else None, unknown[i] if i < len(unknown) else False)
            for i in range(max(len(items), len(unknown)))
        ]
    return after


def _marks(sensitive: Json, path: _Path = ()) -> Iterator[_Path]:
    if sensitive is True:
        yield path
    elif isinstance(sensitive, dict):
        for name, inner in sensitive.items():
            yield from _marks(inner, (*path, name))
    elif isinstance(sensitive, list):
        for index, inner in enumerate(sensitive):
            yield from _marks(inner, (*path, index))


def _actions(change: Mapping[str, Json]) -> Json:
    return _members(change.get("change")).get("actions")


def _members(value: Json) -> Mapping[str, Json]:
    return value if isinstance(value, dict) else {}


def _objects(value: Json) -> Iterable[Mapping[str, Json]]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []
