"""Saying on a terminal that a slow read is under way. Files and pipes get no word of it."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Timer
from typing import Final

from reconciler.cli import logs

AFTER: Final = 1.0
"""How many seconds may pass without a word."""

_ERASE: Final = "\r\x1b[K"


@contextmanager
def told(what: str = "Reading files, references and AWS…") -> Iterator[None]:
    """Show a line while the block runs, once it has taken a second; erase it afterwards."""
    if not logs.interactive():
        yield
        return
    shown: list[str] = []

    def show() -> None:
        shown.append(what)
        sys.stderr.write(what)
        sys.stderr.flush()

    timer = Timer(AFTER, show)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
        timer.join()
        if shown:
            sys.stderr.write(_ERASE)
            sys.stderr.flush()
