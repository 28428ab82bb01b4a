"""Tables of cases, read from fixtures."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def read(path: Path) -> Any:
    """Give what a YAML file holds: by libyaml where there is one, since each worker reads all tables."""
    return yaml.load(path.read_text(encoding="utf-8"), _LOADER)
