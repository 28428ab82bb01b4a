"""How far a file has come, as a line."""

from __future__ import annotations

_UNITS = ("bytes", "kB", "MB", "GB", "TB")


def passed(name: str, done: int, total: int) -> str:
    """Write how much of a file has passed; `total` is 0 where it is unknown."""
    if total <= 0:
        return f"{name}: {size(done)}"
    return f"{name}: {size(done)} of {size(total)} ({min(done * 100 // total, 100)} %)"


def size(count: int) -> str:
    """Write a number of bytes, by thousands."""
    value, unit = float(count), 0
    while value >= 1000 and unit < len(_UNITS) - 1:
        value, unit = value / 1000, unit + 1
    return f"{count} bytes" if unit == 0 else f"{value:.1f} {_UNITS[unit]}"
