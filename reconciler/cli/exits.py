"""Exit codes, one meaning each (README, "Exit codes")."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from reconciler.core.outcomes import Ending

OK: Final = 0
ERROR: Final = 1
CHANGES: Final = 2  # plan --detailed-exitcode, diff --exit-code
INTERRUPTED: Final = 130  # 128 + SIGINT, as shells count


def of(ending: Ending) -> int:
    """Give the exit code of a rollout's ending."""
    return ending.code
