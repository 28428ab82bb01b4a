"""Saying on a terminal that a slow read is under way. Files and pipes get no word of it."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Lock, Timer
from typing import Final

from reconciler.cli import logs

AFTER: Final = 1.0
"""How many seconds may pass without a word."""

_ERASE: Final = "\r\x1b[K"


@contextmanager
def told(what: str = "Reading files, references and AWS…") -> Iterator[Callable[[str], None]]:
    """Show a line while the block runs, once it has taken a second; erase it afterwards.

    What it gives puts another line in the place of the first.
    """
    if not logs.interactive():
        yield lambda _what: None
        return
    line = _Line(what)
    timer = Timer(AFTER, line.show)
    timer.daemon = True
    timer.start()
    try:
        yield line.say
    finally:
        timer.cancel()
        timer.join()
        line.erase()


class _Line:
    """A line of a terminal, not shown at first."""

    def __init__(self, what: str) -> None:
        self._what = what
        self._shown = False
        self._lock = Lock()

    def show(self) -> None:
        with self._lock:
            self._shown = True
            self._write(self._what)

    def say(self, what: str) -> None:
        with self._lock:
            self._what = what
            if self._shown:
                self._write(_ERASE + what)

    def erase(self) -> None:
        if self._shown:
            self._write(_ERASE)

    def _write(self, text: str) -> None:
        sys.stderr.write(text)
        sys.stderr.flush()
