"""The bottom of the terminal: what is written draws what is meant, and a real pseudo-terminal sees it through."""

from __future__ import annotations

import contextlib
import fcntl
import io
import os
import pty
import select
import signal
import struct
import subprocess
import sys
import termios
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.cli import screens
from reconciler.cli.screens import Canvas
from reconciler.render.live import Size
from tests.cli.commands import CLUSTER, SERVICE, Box, command, edit
from tests.cli.terminals import Emulator

WIDE = Size(100, 30)
HEADER = f"service.{CLUSTER}/{SERVICE}"
_LINES = st.lists(st.text("ab█…", max_size=20), min_size=1, max_size=5)
_ABOVE = st.text("xyz", max_size=50).map(lambda text: f"{text}\n") | st.just("")


@given(st.lists(st.tuples(_LINES, _ABOVE, st.booleans()), min_size=1, max_size=8))
def test_the_last_frame_stands_below_all_that_passed(turns: list[tuple[list[str], str, bool]]) -> None:
    terminal, canvas, passed = Emulator(24, 8), Canvas(), ""
    for lines, above, anew in turns:
        terminal.feed(canvas.turn(lines, Size(24, 8), above, anew=anew))
        passed += above
    plain = Emulator(24, 8)
    plain.feed(passed + "\n".join(turns[-1][0]))
    assert terminal.lines == plain.lines
    assert (terminal.row, terminal.column) == (plain.row, plain.column)


def test_only_what_differs_is_written() -> None:
    canvas = Canvas()
    canvas.turn(["one", "two", "three"], WIDE)
    assert canvas.turn(["one", "two", "three"], WIDE) == ""
    written = canvas.turn(["one", "2", "three"], WIDE)
    assert "2" in written
    assert "one" not in written
    assert "three" not in written


def test_a_terminal_that_narrowed_has_wrapped_what_stood_there() -> None:
    canvas = Canvas()
    canvas.turn(["a" * 70, "b" * 30], WIDE)
    # 70 and 30 columns are two rows and one on 40 columns: two up from the last one.
    assert canvas.turn(["a" * 39, "b" * 30], Size(40, 30)).startswith("\r\x1b[2A\x1b[J")


@dataclass(slots=True)
class _Stream(io.StringIO):
    """A terminal of no size of its own that remembers what is written to it, a write at a time."""

    writes: list[str] = field(default_factory=list)
    fails: bool = False

    def write(self, text: str, /) -> int:
        if self.fails:
            raise OSError(5, "Input/output error")
        self.writes.append(text)
        return len(text)

    def isatty(self) -> bool:
        return True

    def fileno(self) -> int:
        raise OSError(25, "not a terminal")

    @property
    def screen(self) -> Emulator:
        shown = Emulator(80, 24)
        shown.feed("".join(self.writes))
        return shown


@pytest.fixture
def stream() -> _Stream:
    return _Stream()


@contextmanager
def live(stream: _Stream, frame: screens.Frame) -> Iterator[None]:
    """Show frames on a stream in place of stderr, which is pytest's own."""
    with contextlib.redirect_stderr(stream):
        with screens.live(frame):
            yield
        assert sys.stderr is stream


def until(condition: Callable[[], bool]) -> None:
    """Wait for what another thread does."""
    deadline = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_lines_of_anybody_pass_above_whole(stream: _Stream) -> None:
    with live(stream, lambda _size: ["block", "below"]):
        print("from another thread", file=sys.stderr)
        threads = [threading.Thread(target=sys.stderr.write, args=(f"{n}" * 30 + "\n",)) for n in range(5)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        sys.stderr.write("half ")
        sys.stderr.write("a line\nand what never became one")
    lines = stream.screen.lines
    assert lines[0] == "from another thread"
    assert sorted(lines[1:6]) == [f"{n}" * 30 for n in range(5)]
    assert lines[6:] == ["half a line", "and what never became one", "block", "below", ""]


def test_the_time_goes_on_by_itself(stream: _Stream, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(screens, "TICK", 0.01)
    seconds = iter(range(1000))
    with live(stream, lambda _size: [f"{next(seconds)}s"]):
        until(lambda: len(stream.writes) > 5)
    assert stream.screen.lines[0].endswith("s")
    assert len(stream.screen.lines) == 2


@pytest.mark.parametrize("error", [KeyboardInterrupt, ValueError, SystemExit])
def test_the_cursor_comes_back_whatever_happens(stream: _Stream, error: type[BaseException]) -> None:
    def fail() -> None:
        until(lambda: bool(stream.writes))
        assert not stream.screen.cursor_shown
        raise error

    with pytest.raises(error), live(stream, lambda _size: ["block"]):
        fail()
    shown = stream.screen
    assert (shown.lines, shown.cursor_shown, shown.wraps) == (["block", ""], True, True)
    assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL


def test_nothing_to_show_leaves_no_trace(stream: _Stream) -> None:
    with live(stream, lambda _size: []):
        print("said", file=sys.stderr)
    assert "".join(stream.writes).replace("\r\x1b[J", "") == "said\n"


def test_a_frame_that_cannot_be_drawn_loses_no_line(stream: _Stream, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(threading, "excepthook", lambda _given: None)

    def broken(_size: Size) -> Sequence[str]:
        raise ValueError

    with live(stream, broken):
        print("said", file=sys.stderr)
    assert stream.screen.lines == ["said", ""]


def test_a_terminal_that_has_gone_is_no_error(stream: _Stream) -> None:
    with live(stream, lambda _size: ["block"]):
        stream.fails = True
        print("said", file=sys.stderr)


@dataclass(slots=True)
class Pseudo:
    """A command behind a pseudo-terminal, and what that shows."""

    process: subprocess.Popen[bytes]
    master: int
    screen: Emulator
    written: str = ""
    _rest: bytes = b""

    def read(self, until: str = "", seconds: float = 40.0) -> None:
        """Show what is written until it holds a text, or to its end."""
        deadline = time.monotonic() + seconds
        while not (until and until in self.written):
            left = deadline - time.monotonic()
            assert left > 0, f"no {until or 'end'} after {seconds} s:\n{self.written}"
            if not select.select([self.master], [], [], left)[0]:
                continue
            try:
                found = os.read(self.master, 65536)
            except OSError:  # EIO: nobody holds the other end any more
                found = b""
            if not found:
                assert not until, f"ended without {until}:\n{self.written}"
                return
            whole, self._rest = _whole(self._rest + found)
            self.written += whole

    def end(self) -> int:
        """Read to the end, feed the screen, and give the exit code."""
        self.read()
        self.screen.feed(self.written.replace("\r\n", "\n"))
        return self.process.wait(timeout=20)


def _whole(data: bytes) -> tuple[str, bytes]:
    """Split off a character that is not there in full yet."""
    for cut in range(len(data), max(len(data) - 4, -1), -1):
        try:
            return data[:cut].decode(), data[cut:]
        except UnicodeDecodeError:
            continue
    raise AssertionError(data)


# Ctrl-C is for those whose controlling terminal it is typed on.
_CONTROLLED = """
import fcntl, os, sys, termios
fcntl.ioctl(0, termios.TIOCSCTTY, 0)
os.execv(sys.argv[1], sys.argv[1:])
"""


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Pseudo]]:
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("PYTHONUTF8", "1")
    started: list[Pseudo] = []

    def start(*arguments: str, columns: int = 100, rows: int = 30, **environ: str) -> Pseudo:
        master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        process = subprocess.Popen(
            [sys.executable, "-c", _CONTROLLED, *command(*arguments)],
            env={**os.environ, **environ},
            stdin=slave,
            stdout=slave,
            stderr=slave,
            start_new_session=True,
        )
        os.close(slave)
        started.append(Pseudo(process, master, Emulator(columns, rows)))
        return started[-1]

    yield start
    for each in started:
        if each.process.poll() is None:
            each.process.kill()
            each.process.wait()
        os.close(each.master)


def test_a_rollout_on_a_terminal(box: Box, terminal: Callable[..., Pseudo]) -> None:
    box.serving.knobs(speed=10)
    shown = terminal("--no-color", "apply", "--auto-approve", "--wait-until", "stable", IMAGE_TAG="2.4.62")
    assert shown.end() == 0, shown.written
    lines = shown.screen.lines
    bar = "█" * 20
    assert lines[-5].startswith(f"{HEADER}  stable  ")
    assert "usually " in lines[-5]
    assert lines[-4:-2] == [
        f"  PRIMARY  test-httpd:2  {bar}  2/2 running",
        "  monitors  circuit breaker 0 of 3 failed",
    ]
    assert lines[-2].startswith("Applied after ")
    assert lines[-1] == ""
    assert (shown.screen.cursor_shown, shown.screen.wraps) == (True, True)
    assert sum(HEADER in line and "in progress" in line for line in lines) == 0
    assert sum("has reached a steady state." in line for line in lines) == 1
    assert f"{HEADER}  in progress  0s" in shown.written


def test_a_rollout_that_fails_on_a_terminal_without_unicode(
    box: Box, terminal: Callable[..., Pseudo]
) -> None:
    box.serving.knobs(speed=20)
    given = {"IMAGE_TAG": "crash", "PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"}
    shown = terminal("--no-color", "apply", "--auto-approve", **given)
    assert shown.end() == 4, shown.written
    lines = shown.screen.lines
    place = next(n for n, line in enumerate(lines) if line.startswith(f"{HEADER}  rolled back"))
    assert lines[place + 1 : place + 3] == [
        f"  PRIMARY  test-httpd:1  {'#' * 20}  2/2 running",
        "  monitors  circuit breaker tripped, 4 of 3 failed",
    ]
    assert any(line.startswith("Error: The rollout was rolled back by ECS") for line in lines[place:])
    assert shown.screen.cursor_shown


@pytest.mark.parametrize("key", [b"\x03", None], ids=["Ctrl-C", "SIGTERM"])
def test_leaving_a_rollout_on_a_terminal(
    box: Box, terminal: Callable[..., Pseudo], key: bytes | None
) -> None:
    box.serving.knobs(speed=0)
    shown = terminal("--no-color", "apply", "--auto-approve", IMAGE_TAG="2.4.62")
    shown.read("ACTIVE   test-httpd:1")
    if key is None:
        shown.process.terminate()
    else:
        os.write(shown.master, key)
    code = shown.end()
    lines = shown.screen.lines
    assert (shown.screen.cursor_shown, shown.screen.wraps) == (True, True)
    assert sum(line.startswith(HEADER + "  in progress") for line in lines) == 1
    assert not any("^C" in line for line in lines)
    if key is None:
        assert code == -signal.SIGTERM
    else:
        assert code == 130
        assert any("interrupted" in line for line in lines)
        assert "`reconciler wait`" in "".join(lines)


def test_stages_on_a_narrow_terminal(box: Box, terminal: Callable[..., Pseudo]) -> None:
    edit(
        "ecs-service-def.json", '"deploymentCircuitBreaker": { "enable": true, "rollback": true },\n', _PAUSED
    )
    box.serving.knobs(speed=20)
    shown = terminal("--no-color", "apply", "--auto-approve", columns=50, rows=12, IMAGE_TAG="2.4.62")
    assert shown.end() == 7, shown.written
    lines = shown.screen.lines
    place = next(n for n, line in enumerate(lines) if line.startswith(f"{SERVICE}  paused  "))
    assert lines[place + 1 : place + 5] == [
        "  PRIMARY  test-httpd:2  2/2 running",
        "  ACTIVE   test-httpd:1  2/2 running",
        "  stage     ▶···· POST_SCALE_UP",
        "  traffic   production 0 %   test 0 %",
    ]


_PAUSED = """"strategy": "BLUE_GREEN", "bakeTimeInMinutes": 1,
    "lifecycleHooks": [{"targetType": "PAUSE", "lifecycleStages": ["POST_SCALE_UP"]}],
"""
