"""Durations as Go writes them (`time.ParseDuration`): ``10m0s``, ``1.5h``, ``300ms``."""

from __future__ import annotations

import math
import re
from typing import Final

_UNITS: Final = {"ns": 1e-9, "us": 1e-6, "µs": 1e-6, "μs": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0}
_PART: Final = re.compile(r"(\d+\.?\d*|\.\d+)(ns|us|µs|μs|ms|s|m|h)")
_DURATION: Final = re.compile(rf"[-+]?(?:{_PART.pattern})+")
_SECONDS: Final = re.compile(r"[-+]?\d+")


def seconds(text: str) -> float:
    """Give a duration in seconds; digits alone are seconds already. ValueError where the text is none."""
    if _SECONDS.fullmatch(text):
        return float(text)
    if not _DURATION.fullmatch(text):
        raise ValueError("this is no duration")
    total = sum(float(number) * _UNITS[unit] for number, unit in _PART.findall(text))
    return -total if text.startswith("-") else total


def limit(value: float | str) -> float:
    """Give how long something may take, in seconds; 0 is no limit. ValueError says what the value is instead."""
    try:
        found = seconds(value) if isinstance(value, str) else float(value)
    except (ValueError, OverflowError):
        found = math.nan
    if not math.isfinite(found):
        raise ValueError("is no duration")
    if found < 0:
        raise ValueError("is less than nothing")
    return found
