"""Files over a session: what is written comes out again, however it is cut into pieces."""

from __future__ import annotations

import base64
import hashlib
import shlex

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.core import transfers
from reconciler.core.transfers import Ack, Done, Place, Reader, Ready, Sum
from reconciler.errors import PlanError

_BIG = transfers.LINE * transfers.LINES


@given(st.binary(max_size=2000), st.integers(0, 2), st.integers(100, 70_000))
def test_frames_hold_the_file(end: bytes, whole: int, part: int) -> None:
    content = bytes(range(256)) * (whole * _BIG // 256) + end
    parts = [content[start : start + part] for start in range(0, len(content), part)]
    came = b""
    for frame in transfers.framed(parts):
        count, *lines, last = frame.split(b"\n")
        assert (int(count), last) == (len(lines), b"")
        assert max(map(len, lines)) < 4095
        came += b"".join(map(base64.b64decode, lines))
    assert came == content


@given(st.binary(max_size=600), st.lists(st.integers(1, 40), max_size=30))
def test_what_the_container_shows_is_read_in_any_pieces(content: bytes, cuts: list[int]) -> None:
    lines = base64.encodebytes(content).replace(b"\n", b"\r\n")
    shown = b"\nStarting session\r\n@ready %d\r\n%s@done 0 %d abc -\r\n\nbye\n" % (
        len(content),
        lines,
        len(content),
    )
    reader, events = Reader(fetches=True), []
    for cut in (*cuts, len(shown)):
        events += list(reader.feed(shown[:cut]))
        shown = shown[cut:]
    first, *middle, last = events
    assert (first, last) == (Ready(len(content)), Done("0", str(len(content)), "abc"))
    assert b"".join(part for part in middle if isinstance(part, bytes)) == content
    assert reader.said == ["Starting session", "bye"]


def test_what_a_terminal_echoes_is_no_file() -> None:
    reader = Reader(fetches=False)
    assert list(reader.feed(b"@ready\r\nQUJD\r\n@ack\r\n.\r\n")) == [Ready(0), Ack()]


def test_what_stands_between_the_lines_of_a_file_is_an_error() -> None:
    with pytest.raises(PlanError, match="between the lines of the file: base64: read error"):
        list(Reader(fetches=True).feed(b"@ready 3\nbase64: read error\n"))


@pytest.mark.parametrize(
    ("done", "says"),
    [
        (Done("0", "3", hashlib.sha256(b"abc").hexdigest()), None),
        (Done("0", "3", "-"), None),
        (Done("1", "3", "-"), "exit code 1"),
        (Done("0", "4", "-"), "3 bytes here, 4 in the container"),
        (Done("0", "3", "00"), "not what was sent"),
    ],
)
def test_what_came_is_compared(done: Done, says: str | None) -> None:
    count = Sum()
    count.add(b"ab")
    count.add(b"c")
    if says is None:
        count.check(done)
    else:
        with pytest.raises(PlanError, match=says):
            count.check(done)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("_:/tmp/x", Place("_", "/tmp/x")),
        ("0a1b:x:y", Place("0a1b", "x:y")),
        ("x", Place("", "x")),
        ("-", Place("", "-")),
        ("./a:b", Place("", "./a:b")),
        (":x", None),
        ("_:", None),
    ],
)
def test_places(text: str, expected: Place | None) -> None:
    if expected is None:
        with pytest.raises(ValueError, match="TASK:PATH"):
            transfers.place(text)
    else:
        assert transfers.place(text) == expected
        assert expected.remote == bool(expected.task)


def test_in_a_folder_a_file_keeps_its_name() -> None:
    assert Place("_", "/tmp/").under(Place("", "a/b.txt")) == Place("_", "/tmp/b.txt")
    assert Place("", "./").under(Place("_", "/etc/hosts")) == Place("", "./hosts")
    assert Place("_", "/tmp").under(Place("", "b.txt")) == Place("_", "/tmp")


@pytest.mark.parametrize("path", ["/tmp/it's", "-n", "a b;c", "$(x)\n`y`", '"'])
def test_a_path_is_one_word_of_the_command(path: str) -> None:
    for made in (transfers.fetching(path), transfers.storing(path)):
        shell, flag, _script, zero, last = shlex.split(made)
        assert (shell, flag, zero, last) == ("sh", "-c", "sh", path)
