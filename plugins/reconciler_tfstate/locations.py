"""What every place of a state has in common, whichever backend it belongs to."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Protocol, TypeAlias

from reconciler.plugin import Address, Context, Unavailable
from reconciler_tfstate.states import State
from reconciler_tfstate.stores import Store
from reconciler_tfstate.words import word

#: What is read at a location: the bytes of a state, or what a server gave of it.
Stored: TypeAlias = "bytes | Store | State"


@dataclass(eq=False)
class Missing(Unavailable):
    """There is no state at the location, as opposed to one that cannot be read."""


class Location(Protocol):
    """Where a state is."""

    @property
    def name(self) -> str:
        """Give the name that messages and provenance show; it holds no credentials."""
        ...

    def read(self, context: Context, address: Address) -> Stored:
        """Give what is there. Missing, Denied or Unavailable where nothing is; `address` is what asks."""
        ...

    def lock(self, context: Context) -> str | None:
        """Say who holds the state's lock (``apply of a@host since …``); None where nobody does or that is unknown."""
        ...


def holder(info: bytes) -> str | None:
    """Read a lock as Terraform writes it: ``{"ID", "Operation", "Info", "Who", "Version", "Created", "Path"}``."""
    try:
        lock = json.loads(info)
    except (ValueError, RecursionError):
        return None
    if not isinstance(lock, dict):
        return None
    operation, who, since = (word(lock.get(key) or "") for key in ("Operation", "Who", "Created"))
    text = (operation.removeprefix("OperationType") or "Terraform").lower()
    return text + (f" of {who}" if who else "") + (f" since {since}" if since else "")
