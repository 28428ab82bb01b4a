"""What the last plan of a project read, so that the next one can begin to read before it has evaluated anything.

A hint is names alone, in the user's cache folder. It is only ever a guess: the reads that it starts are used where the
evaluated project names the same things, and forgotten where it does not.
"""

from __future__ import annotations

import hashlib
import json
from typing import NamedTuple

from reconciler import caches
from reconciler.api.projects import Project


class Hint(NamedTuple):
    """The region (empty for the ambient one), cluster, service and family of a plan; the project's profile and role."""

    region: str
    cluster: str
    service: str
    family: str
    profile: str = ""
    role: str = ""


def recall(project: Project) -> Hint | None:
    """Give the hint for a project file with this very text; None where there is none."""
    found = caches.read(_name(project))
    try:
        kept = Hint(*json.loads(found)) if found else None
    except (TypeError, ValueError):  # damaged
        return None
    return kept if kept is not None and all(isinstance(name, str) for name in kept) else None


def keep(project: Project, hint: Hint) -> None:
    """Leave a hint for the next plan."""
    caches.write(_name(project), json.dumps(hint).encode(), kept=256)


def _name(project: Project) -> str:
    place = f"{project.label.resolve()}\0{project.digest}"
    return f"hint-{hashlib.sha256(place.encode(errors='surrogateescape')).hexdigest()[:24]}.json"
