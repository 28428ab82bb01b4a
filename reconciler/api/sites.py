"""Where a project's service is, and what that goes by: with other variables the same file declares another one."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from reconciler.engine.ports import Gateway
from reconciler.records import dataclass

if TYPE_CHECKING:
    from reconciler.api.drifting import Drifting
    from reconciler.api.stores import Store
    from reconciler.core.documents import Resolved
    from reconciler.core.values import Address, Path
    from reconciler.errors import Where

_ENVIRONMENT: Final = "env"
"""The resolver of what the environment holds."""
_WORKSPACE: Final = "terraform.workspace"
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
    told = _variables(resolved, ("stamp", "owner")) | _workspace(project, resolved.where(("stamp", "owner")))
    # What is read and stands in no value chooses between values, the name of a service perhaps.
    named = _variables(resolved, ("service",)) | {_name(each) for each in project.untraced}
    named |= _workspace(project)
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


def _workspace(project: Drifting, at: Where | None = None) -> set[str]:
    """Tell whether a project file in HCL, or a line of one, mentions the workspace, of which values have no trace."""
    files = [each for each in (project.project, project.project.above) if each is not None]
    for each in files:
        lines = each.document.text.splitlines() if each.document.format == "hcl-project" else []
        if at is not None:
            lines = lines[at.line - 1 : at.line] if at.line and at.path == str(each.document.path) else []
        if any(_WORKSPACE in line for line in lines):
            return {_WORKSPACE}
    return set()


def _name(address: Address) -> str:
    return address.path.partition(":-")[0]
