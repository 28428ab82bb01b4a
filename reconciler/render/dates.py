"""Times in what AWS describes: numbers on its wire, and text for whoever reads the JSON that is printed."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

from reconciler.core.values import Json

_TIMES: Final = ("At", "CreationTime")


def written(at: float) -> str:
    """Write a time, in seconds since 1970, as RFC 3339 in UTC."""
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def dated(described: Json) -> Json:
    """Write the times in a description as RFC 3339 in UTC, as the peer and the AWS CLI print them.

    Times are seconds since 1970 in members whose names end in `At` (`CreationTime` of a scalable target): so are the
    timestamps of services, tasks and revisions called in the API model.
    """
    if isinstance(described, dict):
        return {name: _dated(name, member) for name, member in described.items()}
    if isinstance(described, list):
        return [dated(item) for item in described]
    return described


def _dated(name: str, member: Json) -> Json:
    if name.endswith(_TIMES) and isinstance(member, int | float) and not isinstance(member, bool):
        return written(member)
    return dated(member)
