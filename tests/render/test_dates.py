"""Times in what AWS describes are text where people read it."""

from __future__ import annotations

from reconciler.core.values import Json
from reconciler.render import dates


def test_times_are_members_whose_names_end_so() -> None:
    described: dict[str, Json] = {
        "createdAt": 1795416321.5123625,
        "containers": [{"managedAgents": [{"lastStartedAt": 0}], "exitCode": 137}],
        "deployment": {"updatedAt": 1795416321},
        "expiresAt": None,
        "startedAt": "2026-11-23T06:45:21Z",
        "HasAt": True,
    }
    assert dates.dated(described) == {
        "createdAt": "2026-11-23T06:45:21.512Z",
        "containers": [{"managedAgents": [{"lastStartedAt": "1970-01-01T00:00:00.000Z"}], "exitCode": 137}],
        "deployment": {"updatedAt": "2026-11-23T06:45:21.000Z"},
        "expiresAt": None,
        "startedAt": "2026-11-23T06:45:21Z",
        "HasAt": True,
    }
