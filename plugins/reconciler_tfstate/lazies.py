"""Large states, decoded resource by resource, when somebody asks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Final, NoReturn

from reconciler.plugin import Source, Unavailable
from reconciler_tfstate import indexes, states
from reconciler_tfstate.addresses import Resource
from reconciler_tfstate.states import Instance, State
from reconciler_tfstate.stores import Store

_KEPT: Final = 128  # decoded resources that are kept for the next lookup


def read(store: Store, name: str) -> State | None:
    """Read a state lazily. None where it is no well-formed state of version 4."""
    with states.collector_paused():
        index = indexes.index(store)
    if index is None:
        return None
    members, outputs = index.members, index.members.get("outputs") or {}
    version = members.get("version")
    if version != 4 or isinstance(version, bool):
        return None
    if not isinstance(outputs, dict) or not all(isinstance(output, dict) for output in outputs.values()):
        return None
    source = Source(name, str(members.get("lineage", "")), str(members.get("serial", "")))
    return State(source, outputs, _Resources(store, name, index.spans))


class _Resources(Mapping[Resource, Sequence[Instance]]):
    """The resources of a state, of which those that were asked for last are decoded."""

    def __init__(self, store: Store, name: str, spans: Mapping[Resource, Sequence[tuple[int, int]]]) -> None:
        self._store = store
        self._name = name
        self._spans = spans
        self._kept = lru_cache(_KEPT)(self._decode)

    def __len__(self) -> int:
        return len(self._spans)

    def __iter__(self) -> Iterator[Resource]:
        return iter(self._spans)

    def __contains__(self, resource: object) -> bool:
        return resource in self._spans

    def __getitem__(self, resource: Resource) -> Sequence[Instance]:
        return self._kept(resource)

    def _decode(self, resource: Resource) -> Sequence[Instance]:
        found: list[Instance] = []
        for start, stop in self._spans[resource]:
            try:
                raw = indexes.decode(self._store.read(start, stop))
            except (ValueError, RecursionError):
                self._refuse()
            instances = raw.get("instances") if isinstance(raw, dict) else None
            if not isinstance(instances, list):
                self._refuse()
            found.extend(states.current(resource.type, instances))
        return found

    def _refuse(self) -> NoReturn:
        """Let the plain reader say what is wrong, and where."""
        states.decode(self._store.read(0, len(self._store)), self._name)
        raise Unavailable(f"the state {self._name} is not what it was when it was first read") from None
