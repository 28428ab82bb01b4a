"""Exit codes, one meaning each (README, "Exit codes")."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from reconciler.core.outcomes import Ending

OK: Final = 0
ERROR: Final = 1
CHANGES: Final = 2  # plan --detailed-exitcode, diff --exit-code
INTERRUPTED: Final = 130  # 128 + SIGINT, as shells count

_ENDINGS: Final[Mapping[str, int]] = {
    "succeeded": OK,
    "not waited for": OK,
    "failed": 3,
    "rolled back": 4,
    "timed out": 5,
    "superseded": 6,
    "paused": 7,
}


def of(ending: Ending) -> int:
    """Give the exit code of a rollout's ending."""
    return _ENDINGS[ending.value]
