"""What projects declare, all of them together, and which services of their clusters none of them does."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from reconciler.api.sites import Site, site
from reconciler.core import strays
from reconciler.core.kinds.spellings import short_name
from reconciler.core.strays import Forgotten, Place, Stray, Unmanaged
from reconciler.engine.ports import Gateway, Snapshot
from reconciler.errors import AwsError, AwsNotFound
from reconciler.records import dataclass

if TYPE_CHECKING:
    from pathlib import Path as File

    from reconciler.api.fleets import Fleet
    from reconciler.api.stores import Store

_AT_ONCE: Final = 8
_SHOWN: Final = 3
"""How many project files a note names."""


@dataclass(frozen=True, slots=True)
class _Found:
    """A cluster of the projects: the way to it, what it is called there, and which services are declared in it."""

    gateway: Gateway
    cluster: str
    declared: set[str]
    wanted: bool


def of(fleet: Fleet, paths: Sequence[File], *, at_once: int) -> Survey:
    """See what all projects declare; the clusters of those that the fleet is about are the ones to be looked at."""
    chosen = frozenset(fleet.paths)
    found = fleet.each(site, paths=paths, described=False, at_once=at_once)
    return Survey(
        [(each.result, each.path in chosen) for each in found if each.result is not None],
        [str(each.path) for each in found if each.result is None],
    )


class Survey:
    """What was found in project files: those that were asked for, and all others beside them."""

    def __init__(
        self, sites: Iterable[tuple[Site, bool]], failed: Sequence[str] = (), *, alone: bool = False
    ) -> None:
        """Take sites, each with whether its cluster is to be looked at, and the project files that have no value.

        A project without a service declares none, and its cluster is not looked at for its sake. `alone` says that
        there may be further project files, which nobody named.
        """
        self._alone = alone
        self._failed = tuple(failed)
        self.certain = not self._failed
        """Whether all that files declare is known."""
        self._notes: list[str] = []
        self._places: dict[Place, _Found] = {}
        self._stores: list[Callable[[], Store | None]] = []
        self._sites: list[tuple[tuple[str, str], str]] = []
        self._owned: list[Site] = []
        self._owners: dict[str, None] = {}
        self._fixed: list[frozenset[str]] = []
        self.unread: list[Place] = []
        """The clusters whose services could not be listed."""
        for each, wanted in sites:
            if each.service:
                self._add(each, wanted=wanted)

    def _add(self, each: Site, *, wanted: bool) -> None:
        try:
            account = each.gateway.account()
        except AwsError as error:
            self._note(f"in which account {each.cluster}/{each.service} is cannot be told: {error.what}")
            self.certain = False
            return
        if each.account and each.account != account:
            self._note(
                f"{each.cluster}/{each.service} is for the account {each.account}, and this is {account}"
            )
            self.certain = False
            return
        place = Place(account, each.gateway.region, str(short_name(each.cluster)))
        known = self._places.get(place)
        found = _Found(
            known.gateway if known is not None else each.gateway,
            known.cluster if known is not None else each.cluster,
            {*(known.declared if known is not None else ()), each.service.rpartition("/")[2]},
            wanted or (known is not None and known.wanted),
        )
        self._places[place] = found
        self._sites.append(((account, each.gateway.region), f"{each.cluster}/{each.service}"))
        self._owned += [each] if each.owner else []
        if wanted:
            self._stores.append(each.store)
            self._fixed.append(each.reached)
            self._owners |= {each.owner: None} if each.owner else {}

    def _opened(self) -> Iterator[Store]:
        for store in self._stores:
            try:
                opened = store()
            except AwsError as error:
                self._note(f"records cannot be read: {error.what}")
                continue
            if opened is not None:
                yield opened

    def _note(self, text: str) -> None:
        if text not in self._notes:
            self._notes.append(text)

    @property
    def places(self) -> tuple[Place, ...]:
        """Give the clusters that are looked at."""
        return tuple(sorted(place for place, found in self._places.items() if found.wanted))

    @property
    def owners(self) -> tuple[str, ...]:
        """Give the owners that the projects stamp, in the order of their paths."""
        return tuple(self._owners)

    @property
    def varies(self) -> Mapping[str, tuple[str, ...]]:
        """Give, by owners, the variables without which it cannot be told what else the same files declare.

        With another value a service of the owner has another name; or it is elsewhere, where this run looks, too, since
        what leads it there has nothing to do with that variable.
        """
        found: dict[str, set[str]] = defaultdict(set)
        for each in self._owned:
            if each.owner in self._owners:
                elsewhere = {name for name in each.moves if any(name not in fixed for fixed in self._fixed)}
                found[each.owner] |= {*each.varies, *elsewhere}
        return {owner: tuple(sorted(names)) for owner, names in found.items() if names}

    @property
    def failed(self) -> tuple[str, ...]:
        """Give the project files that have no value: what they declare is not known."""
        return self._failed

    def way(self, place: Place) -> tuple[Gateway, str]:
        """Give the way to a cluster, and what it is called there."""
        found = self._places[place]
        return found.gateway, found.cluster

    def declared(self, place: Place) -> frozenset[str]:
        """Give the names of the services that files declare in a cluster."""
        found = self._places.get(place)
        return frozenset(found.declared) if found is not None else frozenset()

    def read(self, *, records: bool = True) -> Unmanaged:
        """List the services of the clusters that no file declares. What cannot be read is a note.

        With `records` these tell when each was applied last, and of which services there is nothing else left.
        """
        places = self.places
        with ThreadPoolExecutor(max(1, min(_AT_ONCE, len(places))), "survey") as pool:
            read = list(pool.map(self._read, places))
        listed = tuple(stray for strays, _ in read for stray in strays)
        forgotten: tuple[Forgotten, ...] = ()
        if records and self._stores:
            listed, forgotten = self._recorded(listed)
        notes = [*self._said(), *(note for _, told in read for note in told)]
        if self._alone and (listed or forgotten):
            notes.append("this one project file was looked at: name the folder that holds all, `.` say")
        unread = tuple(self.unread)
        return Unmanaged(strays=listed, forgotten=forgotten, notes=tuple(notes), unread=unread)

    def _recorded(self, listed: tuple[Stray, ...]) -> tuple[tuple[Stray, ...], tuple[Forgotten, ...]]:
        """Add when services were applied last, and give the records of those that are not there, either."""
        from reconciler.api import leftovers

        found = leftovers.Records(self._opened())
        told = tuple(replace(stray, applied=found.of(stray)) for stray in listed)
        known = {name for place, service in self._sites for name in leftovers.names(*place, service)}
        for stray in listed:
            known.update(leftovers.names(stray.account, stray.region, f"{stray.cluster}/{stray.service}"))
        forgotten = tuple(found.forgotten(known, certain=self.certain))
        for note in found.notes:
            self._note(note)
        return told, forgotten

    def _said(self) -> Iterator[str]:
        if self._failed:
            named = ", ".join(self._failed[:_SHOWN])
            more = f" and {len(self._failed) - _SHOWN} more" if len(self._failed) > _SHOWN else ""
            yield (
                f"what {named}{more} declare{'s' if len(self._failed) == 1 else ''} is not known: "
                "any of the services that no other file declares may be theirs"
            )
        yield from self._notes

    def _read(self, place: Place) -> tuple[tuple[Stray, ...], tuple[str, ...]]:
        found = self._places[place]
        where = f"{place.cluster} ({place.account}, {place.region})"
        try:
            names = sorted(set(found.gateway.list_services(found.cluster)) - found.declared)
            described = found.gateway.describe_services(found.cluster, names) if names else {}
        except AwsNotFound:
            return (), (f"the cluster {where} is not there",)
        except AwsError as error:
            self.unread.append(place)
            hint = f" ({error.hint})" if error.hint else ""
            return (), (f"the services of the cluster {where} cannot be listed: {error.what}{hint}",)
        bodies = [each.body for each in described.values() if isinstance(each, Snapshot)]
        return strays.judge(place, bodies, found.declared, certain=self.certain), ()
