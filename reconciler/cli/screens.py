"""The bottom of the terminal, redrawn in place while a rollout is watched.

A thread of its own does all the writing: a frame a time, when something is told and several times a second for the
elapsed time and the terminal's size. So the engine sleeps as it likes, and Ctrl-C, which Python raises in the main
thread, never cuts a frame in two.
"""

from __future__ import annotations

import io
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import field
from types import FrameType
from typing import Final, TextIO

from reconciler.records import dataclass
from reconciler.render import texts
from reconciler.render.live import Size

TICK: Final = 0.25
"""Seconds between looks at the time and the terminal's size."""

# DECTCEM and DECAWM: the cursor would jump about, and a line that is wider than we counted must not wrap.
_HIDE, _SHOW = "\x1b[?25l\x1b[?7l", "\x1b[?7h\x1b[?25h"
_WRAP, _NO_WRAP = "\x1b[?7h", "\x1b[?7l"
_CLEAR_BELOW, _CLEAR_REST = "\x1b[J", "\x1b[K"
_USUAL: Final = Size(80, 24)
_PATIENCE: Final = 2.0

Frame = Callable[[Size], Sequence[str]]
"""Gives the lines to show in a terminal of a size, painted."""


def size_of(stream: TextIO) -> Size:
    """Give the size of a terminal; 80 by 24 where it does not say."""
    try:
        columns, rows = os.get_terminal_size(stream.fileno())
    except OSError:
        return _USUAL
    return Size(columns or _USUAL.columns, rows or _USUAL.rows)


@dataclass(slots=True)
class Canvas:
    """What stands at the bottom, and what to write so that something else does. Pure: it gives texts to write.

    Between frames the cursor rests at the end of the last line.
    """

    size: Size = _USUAL
    shown: list[str] = field(default_factory=list)

    def turn(self, lines: Sequence[str], size: Size, above: str = "", *, anew: bool = False) -> str:
        """Give what draws these lines in place of the ones shown, with `above` (whole lines) left above them.

        Only lines that differ are written, unless something comes above, there are fewer of them, the size is another,
        or all is to be drawn `anew`.
        """
        if lines == self.shown and size == self.size and not above and not anew:
            return ""
        top = self._top(size)
        if above or anew or size != self.size or not self.shown or len(lines) < len(self.shown):
            written = f"{top}{_CLEAR_BELOW}"
            written += f"{_WRAP}{above}{_NO_WRAP}" if above and lines else above
            written += "\n".join(lines)
        else:
            known = [*self.shown, *[None] * (len(lines) - len(self.shown))]
            written = top + "\n".join(
                "" if line == before else f"{line}{_CLEAR_REST}"
                for line, before in zip(lines, known, strict=True)
            )
            written += f"\r\x1b[{_width(lines[-1])}C" if lines[-1] else "\r"
        self.shown, self.size = list(lines), size
        return written

    def _top(self, size: Size) -> str:
        """Give what takes the cursor to the first line shown. Terminals wrap what stands there when they narrow."""
        rows = sum(max(-(-_width(line) // size.columns), 1) for line in self.shown)
        return "\r" + (f"\x1b[{rows - 1}A" if rows > 1 else "")


def _width(line: str) -> int:
    """Count the columns of a painted line."""
    bare = "".join(
        part.partition("m")[2] if number else part for number, part in enumerate(line.split("\x1b["))
    )
    return texts.width(bare)


class Terminal:
    """Shows frames on a terminal, and lets lines pass above them. `live` makes one."""

    def __init__(self, stream: TextIO, frame: Frame) -> None:
        """Take the terminal, and what gives the lines to show."""
        self._stream = stream
        self._frame = frame
        self._canvas = Canvas()
        self._above: list[str] = []
        self._news = threading.Condition()
        self._over = False
        self._lost = False
        self._painter: threading.Thread | None = None

    def start(self) -> None:
        """Begin to show, below whatever stands on the terminal."""
        self._canvas, self._over = Canvas(), False
        self._painter = threading.Thread(target=self._paint, name="screen", daemon=True)
        self._painter.start()

    def say(self, text: str) -> None:
        """Let whole lines pass above what is shown."""
        with self._news:
            self._above.append(text)
            self._news.notify()

    def changed(self) -> None:
        """Tell that there may be something else to show."""
        with self._news:
            self._news.notify()

    def stop(self) -> None:
        """Leave the last frame where it is, with the cursor below it as it was before."""
        with self._news:
            self._over = True
            self._news.notify()
        if self._painter is not None:
            self._painter.join(_PATIENCE)
        self._write("".join(self._above))  # nothing, unless the painter came to grief
        self._above.clear()

    def _paint(self) -> None:
        try:
            while not self._over or self._above:
                with self._news:
                    if not (self._above or self._over):
                        self._news.wait(TICK)
                self._turn()
            self._turn(anew=True)  # the terminal wrote ^C where the cursor was
        finally:
            self._write(f"\n{_SHOW}" if self._canvas.shown else "")

    def _turn(self, *, anew: bool = False) -> None:
        size, fresh = size_of(self._stream), not self._canvas.shown
        lines = list(self._frame(size))
        with self._news:
            above = "".join(self._above)
            self._above.clear()
        written = self._canvas.turn(lines, size, above, anew=anew and not fresh)
        self._write(_HIDE + written if fresh and lines else written)

    def _write(self, written: str) -> None:
        if not written or self._lost:
            return
        try:
            self._stream.write(written)
            self._stream.flush()
        except OSError:  # whoever looked has gone; the rollout is watched to its end all the same
            self._lost = True


class _Passing(io.TextIOBase):
    """Stands in for stdout or stderr while something is shown: lines pass above it once they are whole."""

    def __init__(self, stream: TextIO, terminal: Terminal) -> None:
        self._stream = stream
        self._terminal = terminal
        self._rest = ""
        self._lock = threading.Lock()

    @property
    def encoding(self) -> str:  # type: ignore[override]
        """Give the encoding of the stream."""
        return self._stream.encoding

    def isatty(self) -> bool:
        """Tell that it is a terminal."""
        return True

    def fileno(self) -> int:
        """Give the descriptor of the stream."""
        return self._stream.fileno()

    def writable(self) -> bool:
        """Tell that it can be written to."""
        return True

    def write(self, text: str, /) -> int:
        """Pass whole lines on, and keep what is none yet."""
        with self._lock:
            whole, line_feed, self._rest = (self._rest + text).rpartition("\n")
        if line_feed:
            self._terminal.say(whole + line_feed)
        return len(text)

    def last(self) -> None:
        """Pass on what never became a whole line, as one."""
        if self._rest:
            self.write("\n")


@contextmanager
def live(frame: Frame) -> Iterator[Terminal]:
    """Show frames at the bottom of the terminal behind stderr while the block runs, however that ends.

    What anybody writes to stderr, or to stdout if that is a terminal, passes above them.
    """
    out, err = sys.stdout, sys.stderr
    terminal = Terminal(err, frame)
    passing = {"stderr": _Passing(err, terminal)}
    if out.isatty():
        passing["stdout"] = _Passing(out, terminal)
    for name, stream in passing.items():
        setattr(sys, name, stream)
    try:
        with _leaving(terminal):
            terminal.start()
            yield terminal
    finally:
        for stream in passing.values():
            stream.last()
        sys.stdout, sys.stderr = out, err
        terminal.stop()


@contextmanager
def _leaving(terminal: Terminal) -> Iterator[None]:
    """Put the terminal in order before a signal ends or stops the process: it would be left without a cursor."""

    def leave(number: int, _frame: FrameType | None) -> None:
        terminal.stop()
        signal.signal(number, signal.SIG_DFL)
        os.kill(os.getpid(), number)
        signal.signal(number, leave)  # it goes on, in the foreground again
        terminal.start()

    if threading.current_thread() is not threading.main_thread():
        yield
        return
    # Somebody else may have other ideas of a signal.
    taken = [each for each in (signal.SIGTERM, signal.SIGTSTP) if signal.getsignal(each) is signal.SIG_DFL]
    for each in taken:
        signal.signal(each, leave)
    try:
        yield
    finally:
        for each in taken:
            signal.signal(each, signal.SIG_DFL)
