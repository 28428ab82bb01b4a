"""What projects declare, all of them together, and which services of their clusters none of them does."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from reconciler.core import strays
from reconciler.core.kinds.spellings import short_name
from reconciler.core.strays import Place, Stray, Unmanaged
from reconciler.engine.ports import Gateway, Snapshot
from reconciler.errors import AwsError, AwsNotFound, PlanError
from reconciler.records import dataclass

if TYPE_CHECKING:
    from pathlib import Path as File

    from reconciler.api.drifting import Drifting
    from reconciler.api.fleets import Fleet
    from reconciler.api.stores import Store
    from reconciler.core.documents import Resolved
    from reconciler.core.values import Path

_AT_ONCE: Final = 8
_ENVIRONMENT: Final = "env"
"""The resolver of what the environment holds."""
_SHOWN: Final = 3
"""How many project files a note names."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """Where a project's service is, by its project file alone. `cluster` and `service` are as the file names them.

    `account` is the only one that it is for, empty for any; `owner` the one that it stamps. `varies` are the variables
    that the service's name is made of, and the owner is not: with others the same file declares another service of the
    same owner.
    """

    gateway: Gateway
    cluster: str
    service: str = ""
    store: Callable[[], Store | None] = lambda: None
    account: str = ""
    owner: str = ""
    varies: tuple[str, ...] = ()


def site(project: Drifting) -> Site:
    """Give the site of an opened project. ConfigError or ResolveError where its file has no value."""
    settings = project.settings
    owner = settings.stamp.owner if settings.stamp is not None else ""
    behind, told = (_variables(settings.resolved, path) for path in (("service",), ("stamp", "owner")))
    return Site(
        gateway=project.gateway,
        cluster=settings.cluster,
        service=settings.service or "",
        store=project.records,
        account=settings.account or "",
        owner=owner,
        varies=tuple(sorted(behind - told)) if owner else (),
    )


def _variables(resolved: Resolved, path: Path) -> set[str]:
    """Give the variables that a value is made of: those of the environment, and those of a project file in HCL."""
    used = (origin.address for origin in resolved.origins_of(path) if origin.address.resolver == _ENVIRONMENT)
    named = (str(each) for each in resolved.named_of(path))
    return {*(address.path.partition(":-")[0] for address in used), *named}


@dataclass(frozen=True, slots=True)
class _Found:
    """A cluster of the projects: the way to it, what it is called there, and which services are declared in it."""

    gateway: Gateway
    cluster: str
    declared: set[str]
    stores: list[Store]
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
        self._stores: list[tuple[Site, _Found]] = []
        self._owners: dict[str, None] = {}
        self.varies: dict[str, str] = {}
        """The variables in names of services, by the owners that do not tell them apart."""
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
            known.stores if known is not None else [],
            wanted or (known is not None and known.wanted),
        )
        self._places[place] = found
        if wanted:
            self._stores.append((each, found))
            self._owners |= {each.owner: None} if each.owner else {}
            self.varies |= {each.owner: ", ".join(each.varies)} if each.varies else {}

    def _open(self, each: Site, found: _Found) -> None:
        try:
            store = each.store()
        except AwsError as error:
            self._note(f"records cannot be read: {error.what}")
            return
        if store is not None and store.named("") not in {known.named("") for known in found.stores}:
            found.stores.append(store)

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

        With `records` those tell when it was applied last.
        """
        places = self.places
        if records:
            for each, found in self._stores:
                self._open(each, found)
        with ThreadPoolExecutor(max(1, min(_AT_ONCE, len(places))), "survey") as pool:
            read = list(pool.map(self._read, places))
        listed = tuple(stray for strays, _ in read for stray in strays)
        notes = [*self._said(), *(note for _, told in read for note in told)]
        if self._alone and listed:
            notes.append("this one project file was looked at: name the folder that holds all, `.` say")
        return Unmanaged(strays=listed, notes=tuple(notes))

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
            return (), (f"the services of the cluster {where} cannot be listed: {error.what}",)
        bodies = [each.body for each in described.values() if isinstance(each, Snapshot)]
        listed = strays.judge(place, bodies, found.declared, certain=self.certain)
        notes: list[str] = []
        told = tuple(replace(stray, applied=_applied(stray, found.stores, notes)) for stray in listed)
        return told, tuple(dict.fromkeys(notes))


def _applied(stray: Stray, stores: Sequence[Store], notes: list[str]) -> float | None:
    """Give when a service was applied last, as far as a record of it is still there."""
    found: list[float] = []
    for store in stores:
        try:
            at = _recorded(stray, store)
        except (AwsError, PlanError) as error:
            notes.append(error.what)
            continue
        found += [at] if at is not None else []
    return max(found, default=None)


def _recorded(stray: Stray, store: Store) -> float | None:
    from reconciler.api import stores
    from reconciler.core import applied

    for kind in ("service", "express_service"):
        name = stores.named(stray.account, stray.region, kind, f"{stray.cluster}/{stray.service}")
        text = store.read(name)
        if text is not None:
            return applied.read(text, store.named(name)).at
    return None
