"""Choosing on a terminal: the keys that one sends, the list that is drawn, and what is left of it."""

from __future__ import annotations

import fcntl
import os
import pty
import struct
import sys
import termios
import tty
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import pytest

from reconciler.cli import picking, terminals
from reconciler.errors import PlanError
from reconciler.render.picks import Key
from tests.cli.commands import Typed
from tests.cli.terminals import Emulator

TASKS = {f"{number:02}ab": f"{number:02}ab  web:{number}  RUNNING" for number in range(40)}


def test_what_there_is_stands_a_line_each_and_not_all_of_it() -> None:
    assert picking.listed(["a", "b"]) == "    a\n    b"
    assert picking.listed("abc", 3).splitlines() == ["    a", "    b", "    c"]
    assert picking.listed(map(str, range(43))).splitlines()[19:] == ["    19", "    and 23 more"]


@pytest.mark.parametrize(
    ("sent", "expected"),
    [
        ([b"ab"], ["a", "b"]),
        ([b"\x1b[A\x1bOB"], [Key.UP, Key.DOWN]),
        (
            [b"\x10\x0e\x15\x17\x7f\x08"],
            [Key.UP, Key.DOWN, Key.ERASE, Key.ERASE_WORD, Key.BACKSPACE, Key.BACKSPACE],
        ),
        ([b"\x1b[5~\x1b[6~\x1b[H\x1b[4~"], [Key.PAGE_UP, Key.PAGE_DOWN, Key.HOME, Key.END]),
        ([b"\r\n\x03\x04"], [Key.ENTER, Key.ENTER, Key.INTERRUPT, Key.LEAVE]),
        ([b"\x1b", b"[", b"A"], [Key.UP]),
        ([b"\x1b[1;5Cx\x00\x1b[?1;2c"], ["x"]),
        ([b"\xe3\x81", b"\x82"], ["あ"]),
        ([b"\xff\x1b"], [Key.LEAVE]),
        ([b"\x1b["], []),
    ],
)
def test_what_a_terminal_sends(sent: list[bytes], expected: list[Key | str]) -> None:
    keys = terminals.Keys()
    found = [key for part in sent for key in keys.feed(part)]
    assert [*found, *keys.end()] == expected


@dataclass(slots=True)
class Terminal:
    """A terminal of 80 by 24: what is written to it, once all is over."""

    written: str = ""

    @property
    def screen(self) -> Emulator:
        shown = Emulator(80, 24)
        shown.feed(self.written)
        return shown


@contextmanager
def standing_on(keys: bytes) -> Iterator[Terminal]:
    """Stand on a terminal on which keys were pressed before anybody looked: they wait, and nobody echoes them."""
    master, slave = pty.openpty()
    tty.setraw(slave)
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
    os.write(master, keys)
    before, found = termios.tcgetattr(slave), Terminal()
    with (
        pytest.MonkeyPatch.context() as patch,
        os.fdopen(slave) as stdin,
        os.fdopen(os.dup(slave), "w", encoding="utf-8") as stderr,
        os.fdopen(master, "rb", buffering=0) as other,
    ):
        patch.setenv("TERM", "xterm")
        patch.setattr(sys, "stdin", stdin)
        patch.setattr(sys, "stderr", stderr)
        try:
            yield found
        finally:
            assert termios.tcgetattr(slave) == before, "the terminal is not as it was"
            stderr.write("|")  # so that there is an end to read to
            stderr.flush()
            written = b""
            while not written.endswith(b"|"):
                written += other.read(65536)
            found.written = written.decode()


@pytest.mark.parametrize(
    ("keys", "chosen"),
    [
        (b"\r", "00ab"),
        (b"\x1b[B\x0e\x10\x1b[B\r", "02ab"),
        (b"web:3 39\r", "39ab"),
        (b"zzz\r\x1512ab\r", "12ab"),
        (b"\x1b[B" * 20 + b"\n", "20ab"),
    ],
)
def test_one_is_pointed_at(keys: bytes, chosen: str) -> None:
    with standing_on(keys) as terminal:
        assert picking.pick("task", TASKS, option="--id") == chosen
    assert "Which task?" in terminal.written
    assert f"> {TASKS[chosen]}" in terminal.written
    screen = terminal.screen
    assert screen.lines == ["|"], "nothing is left of the list"
    assert (screen.cursor_shown, screen.wraps) == (True, True)


@pytest.mark.parametrize("key", [b"\x1b", b"\x04"])
def test_none_is_chosen(key: bytes) -> None:
    with standing_on(key) as terminal, pytest.raises(PlanError, match="no task was chosen"):
        picking.pick("task", TASKS, option="--id")
    assert terminal.screen.lines == ["|"]


def test_ctrl_c_is_no_choice() -> None:
    with standing_on(b"\x03") as terminal, pytest.raises(KeyboardInterrupt):
        picking.pick("task", TASKS, option="--id")
    assert terminal.screen.lines == ["|"]


def test_no_colour_is_written_where_none_is_wanted(monkeypatch: pytest.MonkeyPatch) -> None:
    for value, painted in (("", True), ("1", False)):
        monkeypatch.setenv("NO_COLOR", value)
        with standing_on(b"\r") as terminal:
            picking.pick("task", TASKS, option="--id")
        assert ("\x1b[1m" in terminal.written) == painted


def test_a_terminal_that_cannot_redraw_is_asked_by_number() -> None:
    with standing_on(b"") as terminal, pytest.MonkeyPatch.context() as patch:
        patch.setenv("TERM", "dumb")
        patch.setattr(sys, "stdin", Typed("x\n41\n2\n"))
        assert picking.pick("task", TASKS, option="--id") == "01ab"
    assert terminal.written.count("Which task? (1-40) ") == 3
    assert "\x1b" not in terminal.written
    assert "\n  2  01ab" in terminal.written
