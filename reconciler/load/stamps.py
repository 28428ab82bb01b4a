"""Reading which tags a project wants to be set: `stamp` in the project file."""

from __future__ import annotations

from typing import Final

from reconciler.core import stamps
from reconciler.core.stamps import Stamp
from reconciler.errors import ConfigError
from reconciler.load.members import Members, members

_KEYS: Final = frozenset({"owner", "digest", "revision"})


def read(project: Members) -> Stamp | None:
    """Read `stamp`. ConfigError where AWS would take no such tag, and where none is asked for."""
    data = project.object("stamp")
    if data is None:
        return None
    where = project.where("stamp")
    entry = members(project.resolved, _KEYS, project.path_of("stamp"), data)
    project.cautions.extend(entry.cautions)
    owner = entry.text("owner") or ""
    if not stamps.fits(owner):
        signs = "letters, digits, spaces and _ . : / = + - @"
        what = f"owner is the value of a tag: at most {stamps.LONGEST} {signs}"
        raise ConfigError(what, entry.where("owner"), "write one such as shop, or shop/production")
    if project.resolved.is_sensitive(entry.path_of("owner")):
        what = "owner is the value of a tag, which everybody reads, and a secret is in it"
        raise ConfigError(what, entry.where("owner"))
    found = Stamp(owner=owner, digest=entry.flag("digest"), revision=entry.flag("revision"), where=where)
    if not (found.owner or found.digest or found.revision):
        hint = "write stamp: {owner: NAME, digest: true, revision: true}, or what of it is wanted"
        raise ConfigError("stamp asks for no tag", where, hint)
    return found
