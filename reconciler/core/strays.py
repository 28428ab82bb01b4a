"""Services that run in the projects' clusters and that no project file declares: whose they seem to be, since when.

Takes services as they are described, and the names that files declare. Says of the others what their tags tell.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Final

from reconciler.core import expresses, stamps
from reconciler.core.values import Json, JsonObject
from reconciler.records import dataclass

_STACK: Final = "aws:cloudformation:stack-name"
"""Set by CloudFormation on what it makes, so that also what the CDK, Copilot and SAM make has it; nobody else can set
a key that begins with ``aws:`` (CloudFormation user guide, "Resource tag")."""
_COPILOT: Final = ("copilot-application", "copilot-environment", "copilot-service")
"""The tags of the Copilot CLI (its manual, "copilot svc deploy")."""
_EXPRESS: Final = "Express Mode"


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """A cluster: its account, its region, and its short name."""

    account: str
    region: str
    cluster: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Stray:
    """A service that no file declares.

    `owner` is the value of its ownership tag, `manager` who else made it, as far as AWS says: a stack, Copilot, Express
    Mode; `made` tells whether that one has it in hand. `by` is the ARN of whoever created it. `tasks` run or are about
    to. `revision` is the source revision in its tags, `applied` when it was applied last by a record; `certain` is
    false where a project file has no value, that may declare it. Times are in seconds since the epoch.
    """

    account: str
    region: str
    cluster: str
    service: str
    arn: str
    owner: str = ""
    manager: str = ""
    by: str = ""
    tasks: int = 0
    created: float | None = None
    revision: str = ""
    applied: float | None = None
    certain: bool = True

    @property
    def express(self) -> bool:
        """Tell whether it is in Express Mode: then all that ECS made for it goes with it."""
        return self.manager == _EXPRESS

    @property
    def made(self) -> bool:
        """Tell whether something else has it in hand, which would make it anew, or stumble over its end."""
        return bool(self.manager) and not self.express

    @property
    def place(self) -> Place:
        """Give its cluster."""
        return Place(self.account, self.region, self.cluster)

    @property
    def unit(self) -> str:
        """Give the address that a plan would call it by."""
        return f"service.{self.cluster}/{self.service}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Forgotten:
    """The record of a service that no file declares, and that is not in the clusters that were looked at.

    `record` is where it is, `applied` when the service was applied last, in seconds since the epoch; `certain` is as of
    a `Stray`.
    """

    record: str
    account: str
    region: str
    unit: str
    applied: float
    certain: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Unmanaged:
    """The services that nobody declares, and what the list may lack, or have too much of: a sentence each.

    `forgotten` are the records of those that are gone, `unread` the clusters that could not be listed.
    """

    strays: tuple[Stray, ...] = ()
    forgotten: tuple[Forgotten, ...] = ()
    notes: tuple[str, ...] = ()
    unread: tuple[Place, ...] = ()


def judge(
    place: Place,
    services: Iterable[JsonObject],
    declared: Collection[str],
    *,
    certain: bool = True,
) -> tuple[Stray, ...]:
    """Give the services of a cluster that are not among the declared names, sorted by their names.

    `services` are elements of DescribeServices' ``services``, with tags; one that is being deleted is left out.
    """
    known = set(declared)
    found = (
        stray(place, body, certain=certain)
        for body in services
        if body.get("serviceName") not in known and body.get("status") == "ACTIVE"
    )
    return tuple(sorted(found, key=lambda each: each.service))


def stray(place: Place, body: JsonObject, *, certain: bool = True) -> Stray:
    """Read what a description tells of a service."""
    created = body.get("createdAt")
    tagged = tags(body)
    return Stray(
        account=place.account,
        region=place.region,
        cluster=place.cluster,
        service=str(body.get("serviceName", "")),
        arn=str(body.get("serviceArn", "")),
        owner=tagged.get(stamps.OWNER, ""),
        manager=_manager(body, tagged),
        by=str(body.get("createdBy") or ""),
        tasks=_count(body, "runningCount") + _count(body, "pendingCount"),
        created=float(created) if isinstance(created, int | float) else None,
        revision=tagged.get(stamps.REVISION, ""),
        certain=certain,
    )


def tags(body: JsonObject) -> dict[str, str]:
    """Give the tags of a described thing, by key."""
    listed = body.get("tags")
    return {
        str(tag.get("key", "")): str(tag.get("value", ""))
        for tag in (listed if isinstance(listed, list | tuple) else ())
        if isinstance(tag, dict)
    }


def _manager(body: JsonObject, tagged: Mapping[str, str]) -> str:
    named = [tagged[key] for key in _COPILOT if tagged.get(key)]
    if named:
        return f"Copilot {'/'.join(named)}"
    if stack := tagged.get(_STACK):
        return f"CloudFormation stack {stack}"
    return _EXPRESS if expresses.managed(body) else ""


def _count(body: JsonObject, name: str) -> int:
    found: Json = body.get(name)
    return found if isinstance(found, int) else 0
