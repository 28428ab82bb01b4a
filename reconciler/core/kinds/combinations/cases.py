"""What a row of the combinations can say, and what it is asked about."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import field
from functools import cache

from reconciler.core.values import Json, JsonObject, Path
from reconciler.records import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """What a service would be: `file` as the file asks for it, `service` with what stays of the live one.

    `task` is the task definition that it would run, empty where it is not known; of a task definition that is to be
    registered it is the only one.
    """

    file: JsonObject = field(default_factory=dict)
    service: JsonObject = field(default_factory=dict)
    task: JsonObject = field(default_factory=dict)

    def at(self, *path: str) -> Json:
        """Give a member of the service, None where it is not there."""
        return at(self.service, *path)

    def items(self, *path: str) -> list[JsonObject]:
        """Give the objects of a list of the service."""
        return objects(self.at(*path))

    @property
    def controller(self) -> str:
        """Give the deployment controller."""
        return str(self.at("deploymentController", "type") or "ECS")

    @property
    def strategy(self) -> str:
        """Give the deployment strategy."""
        return str(self.at("deploymentConfiguration", "strategy") or "ROLLING")

    @property
    def daemon(self) -> bool:
        """Tell whether the service has one task an instance."""
        return self.at("schedulingStrategy") == "DAEMON"

    @property
    def awsvpc(self) -> bool:
        """Tell whether tasks have network interfaces of their own."""
        return self.task.get("networkMode") == "awsvpc"

    @property
    def providers(self) -> set[str]:
        """Give the capacity providers that the service asks for."""
        return {str(item.get("capacityProvider")) for item in self.items("capacityProviderStrategy")}

    @property
    def on_fargate(self) -> bool:
        """Tell whether tasks run on Fargate, by launch type or capacity provider."""
        providers = self.providers
        return (
            bool(providers & {"FARGATE", "FARGATE_SPOT"}) if providers else self.at("launchType") == "FARGATE"
        )

    @property
    def for_fargate(self) -> bool:
        """Tell whether the task definition is to be one that FARGATE runs."""
        wanted = self.task.get("requiresCompatibilities")
        return isinstance(wanted, list | tuple) and "FARGATE" in wanted

    @property
    def windows(self) -> bool:
        """Tell whether the task definition is for Windows, where sizes and networks have rules of their own."""
        return str(at(self.task, "runtimePlatform", "operatingSystemFamily") or "").startswith("WINDOWS")

    @property
    def rebalances(self) -> bool:
        """Tell whether tasks are rebalanced over availability zones."""
        return self.at("availabilityZoneRebalancing") == "ENABLED"

    def containers(self) -> dict[str, JsonObject]:
        """Give the containers of the task definition by name; none where the task definition is not known."""
        return {
            str(container["name"]): container
            for container in objects(self.task.get("containerDefinitions"))
            if container.get("name")
        }


@dataclass(frozen=True, slots=True)
class Clash:
    """Where a row clashes: a place in the wire form of the file, and what fills the row's sentences."""

    path: Path
    names: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Combination:
    """A row: the members that clash, and when they do.

    A member is a path whose names are joined by slashes. `clashes` tells whether they do, and the first member that
    the file holds is pointed at; or it gives each clash with its place, whose names fill ``{}`` in `what` and `hint`.
    """

    members: tuple[str, ...]
    what: str
    hint: str
    source: str
    clashes: Callable[[Case], bool | Iterable[Clash]]
    seen: bool = False
    task: bool = False
    """Whether the task definition takes part: a new revision is reason enough to look."""
    creation: bool = False
    """Whether only a service that is created is asked: no update sends these members, or it is taken there."""
    stays: str = ""
    """The hint where the member is the service's, and the file says nothing of it."""

    @property
    def roots(self) -> tuple[str, ...]:
        """Give the root members that take part."""
        return _roots(self.members)

    def found(self, case: Case) -> tuple[Clash, ...]:
        """Give the clashes, none where all is well."""
        clashing = self.clashes(case)
        if isinstance(clashing, bool):
            return (Clash(self.place(case.file)),) if clashing else ()
        return tuple(clashing)

    def place(self, file: JsonObject) -> Path:
        """Give the path of the member to point at: one that the file holds, else what it stands in."""
        paths: list[Path] = [tuple(member.split("/")) for member in self.members]
        held = [path for path in paths if at(file, *map(str, path)) is not None]
        return next(iter(held or [path for path in paths if path[0] in file]), ())


@cache  # of the rows of a table, for each service of a fleet
def _roots(members: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(member.partition("/")[0] for member in members))


def at(value: Json, *path: str) -> Json:
    """Give a member of nested objects, None where it is not there."""
    for name in path:
        value = value.get(name) if isinstance(value, dict) else None
    return value


def objects(value: Json) -> list[JsonObject]:
    """Give the objects of a list, none where there is no list."""
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list | tuple) else []


def numbers(items: Iterable[JsonObject], name: str) -> Iterator[float]:
    """Give a number of each object, 0 where it has none."""
    for item in items:
        value = item.get(name)
        yield float(value) if isinstance(value, int | float) else 0.0


def each(
    list_name: str, member: str, test: Callable[[JsonObject], object]
) -> Callable[[Case], Iterator[Clash]]:
    """Clash at a member of every item of a service's list that passes a test."""

    def clashes(case: Case) -> Iterator[Clash]:
        for index, item in enumerate(case.items(list_name)):
            if test(item):
                yield Clash((list_name, index, member))

    return clashes


def listing(names: Iterable[str]) -> str:
    """Write names for a sentence."""
    return ", ".join(f"`{name}`" for name in sorted(names)) or "none"
