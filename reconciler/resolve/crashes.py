"""What to say when a resolver raises something that is no error of its protocol."""

from __future__ import annotations

import traceback
from pathlib import PurePath

from reconciler.errors import PluginCrashed, Where


def crash(
    cause: BaseException, who: str, distribution: str, where: Where | None = None, address: str = ""
) -> PluginCrashed:
    """Name the distribution, the type of the cause and its line; its text is left out, it may hold a secret."""
    frames = traceback.extract_tb(cause.__traceback__)
    at = f" at {'/'.join(PurePath(frames[-1].filename).parts[-2:])}:{frames[-1].lineno}" if frames else ""
    error = PluginCrashed(
        f"{who} of {distribution} crashed with {type(cause).__name__}{at}",
        where,
        f"report it to the authors of {distribution}",
        address,
        distribution=distribution,
    )
    error.__cause__ = cause
    return error
