"""Records of applies beside those of the projects' own services: of services that no file declares any more."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator
from typing import Final

from reconciler.api import stores
from reconciler.api.stores import Store
from reconciler.core import applied
from reconciler.core.applied import Applied
from reconciler.core.strays import Forgotten, Stray
from reconciler.errors import AwsError, PlanError

KINDS: Final = ("service", "express_service")
_SERVICE: Final = re.compile(rf"\d+\.[a-z0-9-]+\.(?:{'|'.join(KINDS)})\..+\.json")
"""The name of a record of a service (`stores.named`)."""


class Records:
    """What there is at the places of records, listed once. `notes` say what could not be read."""

    def __init__(self, places: Iterable[Store]) -> None:
        """List the records of each place once."""
        self.notes: list[str] = []
        self._stores: dict[str, Store] = {}
        seen: set[str] = set()
        for store in places:
            if store.named("") in seen:
                continue
            seen.add(store.named(""))
            try:
                names = store.names()
            except (AwsError, PlanError) as error:
                self.notes.append(f"records cannot be listed: {error.what}")
                continue
            self._stores |= {name: store for name in names if _SERVICE.fullmatch(name)}

    def of(self, stray: Stray) -> float | None:
        """Give when a service was applied last; None where no record of it is there, or none that can be read."""
        for name in names(stray.account, stray.region, f"{stray.cluster}/{stray.service}"):
            record = self._read(name) if name in self._stores else None
            if record is not None:
                return record.at
        return None

    def forgotten(self, known: Collection[str], *, certain: bool) -> Iterator[Forgotten]:
        """Give the records of services whose names are not among the known."""
        for name in sorted(self._stores.keys() - set(known)):
            record = self._read(name)
            unit = next((unit for unit in record.plan.units if unit.kind in KINDS), None) if record else None
            if record is not None and unit is not None:
                yield Forgotten(
                    record=self._stores[name].named(name),
                    account=unit.account,
                    region=unit.region,
                    unit=unit.address,
                    applied=record.at,
                    certain=certain,
                )

    def _read(self, name: str) -> Applied | None:
        store = self._stores[name]
        try:
            text = store.read(name)
            return applied.read(text, store.named(name)) if text is not None else None
        except (AwsError, PlanError) as error:
            self.notes.append(error.what)
            return None


def names(account: str, region: str, service: str) -> tuple[str, ...]:
    """Give what the record of a service may be called: ``CLUSTER/NAME``, of either kind."""
    return tuple(stores.named(account, region, kind, service) for kind in KINDS)
