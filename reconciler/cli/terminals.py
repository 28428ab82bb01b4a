"""The terminal behind stdin: its settings, and the keys that are pressed."""

from __future__ import annotations

import codecs
import os
import re
import select
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Final

from reconciler.render.picks import Key

TICK: Final = 0.25
"""Seconds without a key after which the terminal may be looked at again."""

_ESCAPE_SECONDS: Final = 0.05
"""How long after an Escape the rest of a key's sequence comes at the latest."""

_CONTROLS: Final = {
    "\x03": Key.INTERRUPT,
    "\x04": Key.LEAVE,
    "\x07": Key.LEAVE,
    "\x08": Key.BACKSPACE,
    "\n": Key.ENTER,
    "\r": Key.ENTER,
    "\x0e": Key.DOWN,
    "\x10": Key.UP,
    "\x15": Key.ERASE,
    "\x17": Key.ERASE_WORD,
    "\x7f": Key.BACKSPACE,
}
# xterm's sequences (ctlseqs, "PC-Style Function Keys"), in both of its modes.
_SEQUENCES: Final = {
    "[A": Key.UP,
    "OA": Key.UP,
    "[B": Key.DOWN,
    "OB": Key.DOWN,
    "[5~": Key.PAGE_UP,
    "[6~": Key.PAGE_DOWN,
    "[H": Key.HOME,
    "OH": Key.HOME,
    "[1~": Key.HOME,
    "[F": Key.END,
    "OF": Key.END,
    "[4~": Key.END,
}
_ESCAPE: Final = "\x1b"
_TOKEN: Final = re.compile(r"\x1b(\[[0-?]*[ -/]*[@-~]|O[@-~])|\x1b(\[[0-?]*[ -/]*|O)?$|(.)", re.DOTALL)


class Keys:
    """Keys out of what a terminal sends; what may go on is kept."""

    def __init__(self) -> None:
        """Begin with nothing pressed."""
        self._decoder = codecs.getincrementaldecoder("utf-8")("ignore")
        self._rest = ""

    @property
    def waits(self) -> bool:
        """Tell whether there is an Escape, which may be the key or begin a sequence."""
        return bool(self._rest)

    def feed(self, sent: bytes) -> Iterator[Key | str]:
        """Give the keys; unknown ones are left out."""
        text, self._rest = self._rest + self._decoder.decode(sent), ""
        for token in _TOKEN.finditer(text):
            sequence, _, character = token.groups()
            if sequence:
                if sequence in _SEQUENCES:
                    yield _SEQUENCES[sequence]
            elif character is None:
                self._rest = token.group()
            elif character in _CONTROLS:
                yield _CONTROLS[character]
            elif character.isprintable():
                yield character

    def end(self) -> Iterator[Key]:
        """Give what an Escape is that nothing has followed."""
        rest, self._rest = self._rest, ""
        if rest == _ESCAPE:
            yield Key.LEAVE


def able() -> bool:
    """Tell whether keys can be read one by one, and lines redrawn."""
    try:
        import termios  # noqa: F401 - Windows has none
    except ImportError:
        return False
    if os.environ.get("TERM", "dumb") == "dumb" or not (sys.stdin.isatty() and sys.stderr.isatty()):
        return False
    try:
        sys.stdin.fileno()
    except (OSError, ValueError):  # somebody put something else in its place
        return False
    return True


def pressed(terminal: int) -> Iterator[Key | str | None]:
    """Give the keys of a terminal as they are pressed, and None every now and then. Ends where the terminal does."""
    keys = Keys()
    while True:
        if not select.select([terminal], [], [], _ESCAPE_SECONDS if keys.waits else TICK)[0]:
            yield from keys.end()
            yield None
            continue
        sent = os.read(terminal, 1024)
        if not sent:
            return
        yield from keys.feed(sent)


@contextmanager
def by_keys(terminal: int, tidy: Callable[[], None]) -> Iterator[None]:
    """Have a terminal give key by key, Ctrl-C among them, and echo nothing, while the block runs.

    Also where SIGTERM ends the process in it: then after `tidy`.
    """
    import termios

    with kept(terminal):
        mode = termios.tcgetattr(terminal)
        mode[0] &= ~termios.IXON
        mode[3] &= ~(termios.ECHO | termios.ICANON | termios.ISIG | termios.IEXTEN)
        mode[6][termios.VMIN], mode[6][termios.VTIME] = 1, 0
        before = termios.tcgetattr(terminal)

        def leave(number: int, _frame: FrameType | None) -> None:
            tidy()
            termios.tcsetattr(terminal, termios.TCSANOW, before)
            signal.signal(number, signal.SIG_DFL)
            os.kill(os.getpid(), number)

        main = threading.current_thread() is threading.main_thread()
        handler = signal.signal(signal.SIGTERM, leave) if main else None
        try:
            termios.tcsetattr(terminal, termios.TCSANOW, mode)
            yield
        finally:
            if handler is not None:
                signal.signal(signal.SIGTERM, handler)


@contextmanager
def kept(terminal: int) -> Iterator[None]:
    """Leave a terminal as it was before the block, whatever a program did to it; nothing where it is none."""
    try:
        import termios
    except ImportError:  # Windows
        yield
        return
    try:
        before = termios.tcgetattr(terminal)
    except termios.error:
        yield
        return
    try:
        yield
    finally:
        termios.tcsetattr(terminal, termios.TCSANOW, before)
