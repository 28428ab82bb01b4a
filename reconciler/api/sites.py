"""Where a project's service is, and what that goes by: with other variables the same file declares another one."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
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
_WORKSPACE: Final = re.compile(r"\bterraform\.workspace\b")
_EXTERNAL: Final = re.compile(r"""\bstd\.extVar\(\s*["']([^"']+)["']""")
_CONTROL: Final = re.compile(r"\{\{-?\s*(?:if|else|with|range|template|block|define)\b")
"""What a template decides by."""
_SERVICES: Final = re.compile(r"\bservices\b")
_OWN: Final = re.compile(r"\b(?:var|local)\.[\w-]+")
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
    told = _variables(resolved, ("stamp", "owner")) | _told(project)
    region = {"--region"} if project.ruled[0] else _variables(resolved, ("region",))
    ambient = {"AWS_REGION"} if not project.ruled[0] and not settings.region else set[str]()
    keys = ["cluster"] + ([] if any(project.ruled[1:]) else ["profile", "assume_role_arn", "account"])
    if len(keys) > 1 and not (settings.profile or settings.assume_role_arn or settings.account):
        ambient.add("AWS_PROFILE")
    reached = region.union(ambient, *(_variables(resolved, (key,)) for key in keys))
    # What leads to the cluster as well chooses another service elsewhere: see `moves`.
    named = _variables(resolved, ("service",)) | (_choosing(project) - reached)
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
    keys = resolved.data if isinstance(resolved.data, Mapping) else {}
    path = (next((key for key in keys if key.casefold() == path[0]), path[0]), *path[1:])  # in any case
    used = {origin.address for origin in resolved.origins_of(path)}
    # What a local goes by is named beside it.
    named = {name for name, _ in resolved.named_of(path) if not name.startswith("local.")}
    found = {_name(address) for address in used if address.resolver == _ENVIRONMENT}
    if any(address.resolver != _ENVIRONMENT for address in used):
        for below in {*resolved.origins, *resolved.named} if path[0] not in _OPENING else ():
            found |= _variables(resolved, below) if below and str(below[0]).casefold() in _OPENING else set()
    return found | named


def _choosing(project: Drifting) -> set[str]:
    """Give what may choose a service without a trace in any value: by a condition, or as the key of an entry."""
    asked = {_name(each) for each in project.variables}
    found: set[str] = set()
    for each in (project.project, project.project.above):
        if each is None:
            continue
        text, form = each.document.text, each.document.format
        lines = text.splitlines()
        at = [
            lines[where.line - 1]
            for where in project.named_at
            if where.path == str(each.document.path) and where.line
        ]
        if form == "jsonnet":
            found |= asked | set(_EXTERNAL.findall(text))
        elif form == "hcl-project":
            at += [line for line in lines if _SERVICES.search(line)]
            found.update(*map(_OWN.findall, at))
            found |= {name for name in asked if any(name in line for line in at)}
            found.update(_WORKSPACE.findall(text))
        elif _CONTROL.search(text) or any("{{" in line for line in at):
            found |= asked
    return found


def _told(project: Drifting) -> set[str]:
    """Give what leaves no trace and is mentioned where the project's files say the owner."""
    files = [each for each in (project.project, project.project.above) if each is not None]
    said = [part for each in files for part in _OWNER.findall(each.document.text)]
    return {name for pattern in (_EXTERNAL, _WORKSPACE) for part in said for name in pattern.findall(part)}


def _name(address: Address) -> str:
    return address.path.partition(":-")[0]
