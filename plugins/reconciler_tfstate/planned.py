"""What Terraform plans, laid over a state: the output of ``terraform show -json PLAN``.

Only what the plan changes is taken from it, so that everything else keeps what the state alone knows. A value that
Terraform can tell only once it has applied the plan is known later, and so is whatever holds one.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final, TypeAlias

from reconciler.plugin import ConfigError, Json, Source, Unavailable
from reconciler_tfstate import addresses
from reconciler_tfstate.addresses import Key, Resource
from reconciler_tfstate.states import Instance, State

_Path: TypeAlias = tuple[str | int, ...]

LATER: Final = "\x00known after apply\x00"
"""Stands in an attribute for a value that is known later. No value of Terraform's holds a NUL (RFC 8259 allows it)."""

_HINT: Final = "write one with `terraform plan -out p`, then `terraform show -json p > FILE`"


@dataclass(frozen=True, slots=True)
class PlannedInstance:
    """An instance as it will be, with what `states.Instance` shows of one."""

    key: Key
    attributes: Mapping[str, Json]
    sensitive_paths: tuple[_Path, ...]


@dataclass(frozen=True, slots=True)
class Plan:
    """The changes of a plan, by resource and output."""

    source: Source
    resources: Mapping[Resource, Mapping[Key, PlannedInstance | None]]
    outputs: Mapping[str, Mapping[str, Json] | None]


def read(path: Path) -> Plan:
    """Read a plan. `Unavailable` where the file is none."""
    try:
        document = json.loads(path.read_bytes())
    except OSError as error:
        raise Unavailable(f"the plan {path} cannot be read: {error.strerror}", hint=_HINT) from None
    except (ValueError, RecursionError):
        raise Unavailable(
            f"{path.name} is no output of `terraform show -json`: it is no JSON", hint=_HINT
        ) from None
    if not isinstance(document, dict) or not isinstance(document.get("planned_values"), dict):
        raise Unavailable(f"{path.name} is no output of `terraform show -json` for a plan", hint=_HINT)
    try:
        resources: dict[Resource, dict[Key, PlannedInstance | None]] = {}
        for change in _objects(document.get("resource_changes")):
            if change.get("deposed") or _actions(change) == ["no-op"]:
                continue
            where = Resource(
                addresses.modules_of(str(change.get("module_address", ""))),
                str(change["mode"]),
                str(change["type"]),
                str(change["name"]),
            )
            index = change.get("index")
            key: Key = index if isinstance(index, int | str) else None
            resources.setdefault(where, {})[key] = _instance(key, change)
        outputs = {
            str(name): _output(change)
            for name, change in _members(document.get("output_changes")).items()
            if isinstance(change, dict) and change.get("actions") != ["no-op"]
        }
    except (KeyError, ConfigError):
        raise Unavailable(f"{path.name} is damaged: a change lacks its resource", hint=_HINT) from None
    version = str(document.get("terraform_version", ""))
    return Plan(Source(str(path), label=f"planned by Terraform {version}".rstrip()), resources, outputs)


def overlay(state: State, plan: Plan) -> State:
    """Give the state as it will be once the plan is applied."""
    resources: dict[Resource, list[Instance | PlannedInstance]] = {
        where: list(instances) for where, instances in state.resources.items()
    }
    for where, changes in plan.resources.items():
        kept = [each for each in resources.get(where, ()) if each.key not in changes]
        resources[where] = [*kept, *(each for each in changes.values() if each is not None)]
    outputs = dict(state.outputs)
    for name, output in plan.outputs.items():
        if output is None:
            outputs.pop(name, None)
        else:
            outputs[name] = output
    return replace(state, resources=resources, outputs=outputs)  # type: ignore[arg-type]


def is_later(value: Json) -> bool:
    """Tell whether a value holds one that is known later."""
    if isinstance(value, str):
        return value == LATER or LATER in value
    if isinstance(value, Mapping):
        return any(is_later(member) for member in value.values())
    return isinstance(value, list | tuple) and any(is_later(item) for item in value)


def _instance(key: Key, change: Mapping[str, Json]) -> PlannedInstance | None:
    """Give an instance as planned; None where it is destroyed, or no longer managed."""
    actions = _actions(change)
    if actions in (["delete"], ["forget"]):
        return None
    body = _members(change.get("change"))
    after = _merged(body.get("after"), body.get("after_unknown"))
    return PlannedInstance(
        key, after if isinstance(after, dict) else {}, tuple(_marks(body.get("after_sensitive")))
    )


def _output(change: Mapping[str, Json]) -> Mapping[str, Json] | None:
    if change.get("actions") == ["delete"]:
        return None
    value = _merged(change.get("after"), change.get("after_unknown"))
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
