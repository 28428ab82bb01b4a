"""Where a project's service is, and what that goes by: with other variables the same file declares another one."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from reconciler.engine.ports import Gateway
from reconciler.records import dataclass

if TYPE_CHECKING:
    from reconciler.api.drifting import Drifting
    from reconciler.api.stores import Store
    from reconciler.core.documents import Resolved
    from reconciler.core.values import Address, Path

_ENVIRONMENT: Final = "env"
"""The resolver of what the environment holds."""
_UNTRACED: Final = {
    "hcl-project": re.compile(r"\bterraform\.workspace\b"),
    "jsonnet": re.compile(r"""\bstd\.extVar\(\s*["']([^"']+)["']"""),
}
"""By format, what values go by without a trace."""
_OWNER: Final = re.compile(r"""\bowner\b["']?\s*[:=]([^\n,}]*)""")
_OPENING: Final = ("plugins", "terraform")
"""The keys by which values are looked up: what they go by, those do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """Where a project's service is, by its project file alone. `cluster` and `service` are as the file names them.

    `account` is the only one that it is for, empty for any; `owner` the one that it stamps. `varies` are the variables
    that the service's name is made of, and `reached` those by which its cluster is: of the file, of the environment,
    or of AWS's own where nothing else says the region or the credentials. `moves` are those of `reached` that the owner
    does not have in it, as it has none of `varies`.
    """

    gateway: Gateway
    cluster: str
    service: str = ""
    store: Callable[[], Store | None] = lambda: None
    account: str = ""
    owner: str = ""
    varies: tuple[str, ...] = ()
    reached: frozenset[str] = frozenset()
    moves: frozenset[str] = frozenset()


def site(project: Drifting) -> Site:
    """Give the site of an opened project. ConfigError or ResolveError where its file has no value."""
    settings = project.settings
    resolved = settings.resolved
    owner = settings.stamp.owner if settings.stamp is not None else ""
    told = _variables(resolved, ("stamp", "owner")) | _mentioned(project, owner=True)
    # What is read and stands in no value chooses between values, the name of a service perhaps.
    named = _variables(resolved, ("service",)) | {_name(each) for each in project.untraced}
    named |= _mentioned(project)
    region = {"--region"} if project.ruled[0] else _variables(resolved, ("region",))
    ambient = {"AWS_REGION"} if not project.ruled[0] and not settings.region else set[str]()
    keys = ["cluster"] + ([] if any(project.ruled[1:]) else ["profile", "assume_role_arn", "account"])
    if len(keys) > 1 and not (settings.profile or settings.assume_role_arn or settings.account):
        ambient.add("AWS_PROFILE")
    reached = region.union(ambient, *(_variables(resolved, (key,)) for key in keys))
    return Site(
        gateway=project.gateway,
        cluster=settings.cluster,
        service=settings.service or "",
        store=project.records,
        account=settings.account or "",
        owner=owner,
        varies=tuple(sorted(named - told)) if owner else (),
        reached=frozenset(reached),
        moves=frozenset(reached - told if owner else ()),
    )


def _variables(resolved: Resolved, path: Path) -> set[str]:
    """Give the variables that a value is made of: of the environment, and of a project file in HCL."""
    used = {origin.address for origin in resolved.origins_of(path)}
    # What a local goes by is named beside it.
    named = {name for name, _ in resolved.named_of(path) if not name.startswith("local.")}
    found = {_name(address) for address in used if address.resolver == _ENVIRONMENT}
    if any(address.resolver != _ENVIRONMENT for address in used):
        for below in {*resolved.origins, *resolved.named} if path[0] not in _OPENING else ():
            found |= _variables(resolved, below) if below[:1] and below[0] in _OPENING else set()
    return found | named


def _mentioned(project: Drifting, *, owner: bool = False) -> set[str]:
    """Give what leaves no trace in values and is mentioned in the project's files, or where these say the owner.

    That is Terraform's workspace in HCL, and in Jsonnet external variables.
    """
    found: set[str] = set()
    for each in (project.project, project.project.above):
        pattern = _UNTRACED.get(each.document.format) if each is not None else None
        if each is not None and pattern is not None:
            text = each.document.text
            found.update(*(pattern.findall(part) for part in (_OWNER.findall(text) if owner else (text,))))
    return found


def _name(address: Address) -> str:
    return address.path.partition(":-")[0]
