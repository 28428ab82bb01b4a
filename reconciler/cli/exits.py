"""Exit codes, one meaning each (README, "Exit codes")."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from reconciler.core.outcomes import Ending

OK: Final = 0
ERROR: Final = 1
CHANGES: Final = 2  # plan --detailed-exitcode, diff --exit-code
INTERRUPTED: Final = 130  # 128 + SIGINT, as shells count

ENDINGS: Final[Mapping[Ending, int]] = {
    Ending.SUCCEEDED: OK,
    Ending.NOT_WAITED: OK,
    Ending.FAILED: 3,
    Ending.ROLLED_BACK: 4,
    Ending.TIMED_OUT: 5,
    Ending.SUPERSEDED: 6,
}
