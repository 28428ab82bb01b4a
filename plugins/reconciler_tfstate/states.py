"""A Terraform state, version 4, read into a small index. Nothing here shows what a state holds."""

from __future__ import annotations

import gc
import json
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache, cached_property
from typing import NoReturn, Protocol, TypeAlias

from reconciler.plugin import ConfigError, Json, Source, Unavailable
from reconciler_tfstate import addresses, dynamics, flatmaps, sensitivities
from reconciler_tfstate.addresses import Key, Resource
from reconciler_tfstate.stores import Memory, Store
from reconciler_tfstate.words import word

#: Bytes from which on a state is read resource by resource; below, that gains less than its import takes.
LARGE = 1 << 21
#: Seconds after which a state that is being written is worth another look.
WRITTEN_AFTER = 0.3


class Instance(Protocol):
    """One instance of a resource: its attributes, and the paths into them that are sensitive."""

    @property
    def key(self) -> Key:
        """Give its index key."""

    @property
    def attributes(self) -> Mapping[str, Json]:
        """Give its attributes as expressions have them."""

    @property
    def sensitive_paths(self) -> tuple[sensitivities.Path, ...]:
        """Give the paths into `attributes` that are sensitive."""


class StoredInstance:
    """An instance as a state has it, its attributes unwrapped when somebody first asks."""

    def __init__(self, resource_type: str, raw: Mapping[str, Json]) -> None:
        """Hold an element of ``instances``."""
        self._type = resource_type
        self._raw = raw
        key = raw.get("index_key")
        self.key: Key = key if isinstance(key, int | str) else None

    @cached_property
    def attributes(self) -> Mapping[str, Json]:
        """Give the attributes with dynamic values unwrapped; the flat form of old states is folded out."""
        attributes = self._raw.get("attributes")
        if isinstance(attributes, dict):
            return dynamics.unwrap(self._type, attributes)
        flat = self._raw.get("attributes_flat")
        return flatmaps.unfold(flat) if isinstance(flat, dict) else {}

    @cached_property
    def sensitive_paths(self) -> tuple[sensitivities.Path, ...]:
        """Give the paths into `attributes` that are sensitive."""
        return sensitivities.paths(self._type, self._raw.get("sensitive_attributes"), self.attributes)


@dataclass(frozen=True, slots=True)
class State:
    """What a state holds. `outputs` are the root module's, ``{"value", "type", "sensitive"?}`` each.

    `resources` leaves deposed objects out; a resource of which nothing else is left has no instances.
    """

    source: Source
    outputs: Mapping[str, Mapping[str, Json]]
    resources: Mapping[Resource, Sequence[Instance]]


#: Gives the bytes inside a state that OpenTofu has encrypted, or raises why it cannot.
Decrypt: TypeAlias = "Callable[[Mapping[str, Json]], bytes]"


def read(data: bytes | Store, name: str, decrypt: Decrypt | None = None) -> State:
    """Read a state of any size. `Unavailable` where it is none that can be read; `name` says whose.

    What is damaged within one resource of a large state is said once somebody asks for that resource.
    """
    if len(data) >= LARGE:
        from reconciler_tfstate import lazies  # small states do without

        if state := lazies.read(Memory(data) if isinstance(data, bytes) else data, name):
            return state
    return decode(data if isinstance(data, bytes) else data.read(0, len(data)), name, decrypt)


def decode(data: bytes, name: str, decrypt: Decrypt | None = None) -> State:
    """Read all of a state's bytes at once. `Unavailable` where they are no state that can be read."""
    document = _document(data, name)
    if decrypt is not None and document.keys() >= {"encrypted_data", "encryption_version"}:
        return decode(decrypt(document), name)
    version = document.get("version")
    if version != 4 or isinstance(version, bool):
        _refuse_version(document, name)
    outputs = document.get("outputs") or {}
    resources = document.get("resources") or []
    if not isinstance(outputs, dict) or not all(isinstance(output, dict) for output in outputs.values()):
        _refuse(name, "is damaged: its outputs are no object of objects", _RESTORE)
    if not isinstance(resources, list):
        _refuse(name, "is damaged: its resources are no list", _RESTORE)
    lineage, serial = document.get("lineage", ""), document.get("serial", "")
    return State(Source(name, str(lineage), str(serial)), outputs, _index(resources, name))


def _index(resources: Sequence[Json], name: str) -> dict[Resource, list[Instance]]:
    modules = cache(addresses.modules_of)
    index: dict[Resource, list[Instance]] = {}
    for number, resource in enumerate(resources):
        match resource:
            case {
                "mode": str(mode),
                "type": str(kind),
                "name": str(label),
                "instances": list(instances),
                **rest,
            }:
                module = rest.get("module", "")
            case _:
                _refuse(name, f"is damaged: resource {number} lacks mode, type, name or instances", _RESTORE)
        try:
            key = Resource(modules(module if isinstance(module, str) else "."), mode, kind, label)
        except ConfigError:
            _refuse(name, f"is damaged: the module of resource {number} is no address", _RESTORE)
        index.setdefault(key, []).extend(current(kind, instances))
    return index


def current(resource_type: str, instances: Sequence[Json]) -> Iterator[Instance]:
    """Give what a resource's ``instances`` hold, without deposed objects."""
    for instance in instances:
        if isinstance(instance, dict) and not instance.get("deposed"):
            yield StoredInstance(resource_type, instance)


def _document(data: bytes, name: str) -> Mapping[str, Json]:
    if not data or data.isspace():
        _refuse(
            name, "is empty: Terraform has written nothing there, or is writing now", _APPLY, WRITTEN_AFTER
        )
    if data.startswith(b"PK"):
        _refuse(name, "is a saved plan (a zip archive), not a state", _PULL)
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        _refuse(name, "is not a Terraform state: it is not text in UTF-8", _PULL)
    try:
        with collector_paused():
            document = json.loads(text, parse_float=number, parse_constant=_no_constant)
    except json.JSONDecodeError as error:
        if _truncated(text, error):
            _refuse(name, "is truncated or being written", _RETRY, WRITTEN_AFTER)
        at = f"line {error.lineno}, column {error.colno}"
        _refuse(name, f"is not a Terraform state: it is no valid JSON at {at}", _PULL)
    except ValueError:
        _refuse(name, "is not a Terraform state: it holds a number that is none", _PULL)
    except RecursionError:
        _refuse(name, "is not a Terraform state: it is nested too deeply", _PULL)
    if not isinstance(document, dict):
        _refuse(name, "is not a Terraform state: it holds no JSON object", _PULL)
    return document


def _truncated(text: str, error: json.JSONDecodeError) -> bool:
    """Tell a document that ends too early from a wrong one: its end is what the parser stumbled over."""
    text = text.rstrip()
    if not text.lstrip().startswith("{") or error.msg.startswith("Extra data"):
        return False
    return error.pos >= len(text) or not text.endswith("}")


_APPLY = "run terraform apply, or point the plugin's path or url at the state itself"
_PULL = "point the plugin's path or url at the state; `terraform state pull` prints it"
_RETRY = "run again once terraform has finished; if it has, restore the state from its backup"
_RESTORE = "restore it from terraform.tfstate.backup or the bucket's earlier version"


def _refuse_version(document: Mapping[str, Json], name: str) -> NoReturn:
    """Say what a JSON object that is no state of version 4 is instead."""
    version = document.get("version")
    if isinstance(version, bool):  # which Python counts among the integers
        document = {}
    match document:
        case {"encrypted_data": _, "encryption_version": _}:
            _refuse(
                name,
                "is a state that OpenTofu has encrypted, and that nothing opens here",
                "decrypt a copy with `tofu state pull > plain.tfstate` and point the plugin's path at it",
            )
        case {"version": 3, "backend": {"type": str(backend)}}:
            _refuse(
                name,
                f"is the note that `terraform init` keeps of its backend ({word(backend)}), not the state",
                "point the plugin's url at the state in that backend; "
                "`terraform state pull > terraform.tfstate` copies it",
            )
        case {"version": 1 | 2 | 3}:
            _refuse(
                name,
                f"is a state of version {version}, written by Terraform 0.11 or older; version 4 is read here",
                "upgrade it with `terraform apply -refresh-only` of Terraform 0.12 or later",
            )
        case {"version": int()}:
            _refuse(
                name,
                f"is a state of version {word(version)}; version 4 is read here",
                "use a later version of this tool, or write the state with a Terraform that uses version 4",
            )
        case {"format_version": _}:
            _refuse(name, "is the output of `terraform show -json`, not a state", _PULL)
        case {"resource_changes": _} | {"planned_values": _}:
            _refuse(name, "is a plan, not a state", _PULL)
    _refuse(name, "is not a Terraform state: it is JSON without a state's version", _PULL)


def number(text: str) -> float:
    """Read a number that is not whole; one with more digits than a float holds keeps them."""
    if len(text) <= sys.float_info.dig:
        return float(text)
    from reconciler.hcl.numerals import Digits  # few states have such a number

    return Digits(text)


def _no_constant(constant: str) -> NoReturn:
    raise ValueError(constant)


@contextmanager
def collector_paused() -> Iterator[None]:
    """Keep the cyclic collector from walking a growing tree: it doubles the time for large states."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


def _refuse(name: str, what: str, hint: str, retry_after: float | None = None) -> NoReturn:
    raise Unavailable(f"the state {name} {what}", hint=hint, retry_after=retry_after) from None
