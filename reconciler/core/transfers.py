"""Files over a session: what is run in the container, and what passes between it and us. Pure: nothing is sent here.

A session is a terminal and takes text, so a file goes as base64 (RFC 4648). The container needs `sh`, `base64`, `head`
and `wc`, of coreutils or busybox; with `sha256sum` what came is compared with what was sent, else its length alone.
Lines that begin with ``@`` are ours: what else the terminal shows and the plugin says stands before or after them.

::

    from the container    @ready BYTES, lines of base64, @done STATUS BYTES SHA256
    to the container      @ready, then from us a number, so many lines of base64, @ack, and so on, at the end ``.``;
                          @done STATUS BYTES SHA256
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import shlex
from collections.abc import Iterable, Iterator
from dataclasses import field
from typing import Final

from reconciler.errors import PlanError
from reconciler.records import dataclass

LINE: Final = 750
"""Bytes a line: a terminal takes no line longer than 4095 characters (termios(3))."""

LINES: Final = 64
"""Lines after which the container says that they have come."""

WINDOWS: Final = 4
"""So many times `LINES` may be under way: `session-manager-plugin` forgets what it sent 10,000 messages ago."""

END: Final = b".\n"
_READY, _ACK, _DONE = "@ready", "@ack", "@done"

# $1 is the file. Where it cannot be opened the shell says so and ends. Of one that grows what it had at first is sent.
_FETCH: Final = (
    'if [ -d "$1" ]; then echo "$1 is a directory"; exit 1; fi; : < "$1" || exit 1; size=$(($(wc -c < "$1"))); '
    'echo "@ready $size"; head -c "$size" < "$1" | base64; status=$?; '
    'sum=$(head -c "$size" < "$1" | sha256sum 2>/dev/null) || sum=-; echo "@done $status $size" $sum'
)
# `stty` only spares the echo of all that is sent. `head` reads no further than it should: a terminal gives it a line
# at a time.
_STORE: Final = (
    'stty -echo 2>/dev/null; : > "$1" || exit 1; status=0; echo @ready; while IFS= read -r lines && [ "$lines" != . ]; '
    'do head -n "$lines" | base64 -d >> "$1"; status=$?; [ $status = 0 ] || break; echo @ack; done; '
    'sum=$(sha256sum < "$1" 2>/dev/null) || sum=-; echo "@done $status $(($(wc -c < "$1")))" $sum'
)


@dataclass(frozen=True, slots=True)
class Place:
    """A file: `task` is the beginning of an id, ``_`` one that is to be chosen, and empty where it is here."""

    task: str
    path: str

    @property
    def remote(self) -> bool:
        """Tell whether it is in a container."""
        return bool(self.task)

    def under(self, other: Place) -> Place:
        """Give the file itself where a folder is named (``logs/``): there it is called as the other is."""
        if not self.path.endswith("/"):
            return self
        return Place(self.task, self.path + other.path.rstrip("/").rpartition("/")[2])


def place(text: str) -> Place:
    """Read ``TASK:PATH``, or a path here. ValueError where there is a task and no path."""
    task, colon, path = text.partition(":")
    if not colon or "/" in task:
        return Place("", text)
    if not task or not path:
        raise ValueError("is not of the form TASK:PATH, such as _:/tmp/file or 0a1b2c:/tmp/file")
    return Place(task, path)


def fetching(path: str) -> str:
    """Give the command that sends a file from the container. The agent splits it into words as a shell would."""
    return shlex.join(["sh", "-c", _FETCH, "sh", path])


def storing(path: str) -> str:
    """Give the command that writes a file in the container."""
    return shlex.join(["sh", "-c", _STORE, "sh", path])


def framed(parts: Iterable[bytes]) -> Iterator[bytes]:
    """Give what to write for a file, of which parts of any size come, frame by frame: each is answered."""
    size, rest = LINE * LINES, b""
    for part in parts:
        rest += part
        while len(rest) >= size:
            yield _frame(rest[:size])
            rest = rest[size:]
    if rest:
        yield _frame(rest)


def _frame(content: bytes) -> bytes:
    lines = [base64.b64encode(content[start : start + LINE]) for start in range(0, len(content), LINE)]
    return b"\n".join([str(len(lines)).encode(), *lines, b""])


@dataclass(slots=True)
class Sum:
    """What has passed so far, in bytes, and its SHA-256."""

    size: int = 0
    digest: hashlib._Hash = field(default_factory=hashlib.sha256)

    def add(self, content: bytes) -> None:
        """Count a part of the file."""
        self.size += len(content)
        self.digest.update(content)

    def check(self, done: Done) -> None:
        """Compare with what the container says of its file. PlanError where that is another one."""
        if done.status != "0":
            raise PlanError(f"`base64` failed in the container, with exit code {done.status}")
        same = done.size in ("-", str(self.size)) and done.sha256 in ("-", self.digest.hexdigest())
        if not same:
            raise PlanError(
                f"what came is not what was sent: {self.size} bytes here, {done.size} in the container",
                hint="nothing else may write to the file meanwhile",
            )


@dataclass(frozen=True, slots=True)
class Ready:
    """The container has opened the file, of so many bytes; 0 where it is to be written."""

    size: int


@dataclass(frozen=True, slots=True)
class Ack:
    """One more of the frames has come."""


@dataclass(frozen=True, slots=True)
class Done:
    """All has been read or written: exit code of `base64`, length and SHA-256 of the file, ``-`` where unknown."""

    status: str
    size: str
    sha256: str


@dataclass(slots=True)
class Reader:
    """Reads what the session shows, a part at a time; `said` are lines that are not ours, the last ones.

    Only where a file is fetched are there lines of it: elsewhere they are what the terminal echoes.
    """

    fetches: bool
    said: list[str] = field(default_factory=list)
    _rest: bytes = b""
    _begun: bool = False

    def feed(self, shown: bytes) -> Iterator[Ready | Ack | Done | bytes]:
        """Give what ours there is in it, and bytes of the file. PlanError where these are no base64."""
        *lines, self._rest = (self._rest + shown).split(b"\n")
        for line in lines:
            text = line.decode(errors="replace").strip()
            word, *words = text.split(" ")
            if word == _READY:
                self._begun = self.fetches
                yield Ready(int(words[0]) if words and words[0].isdecimal() else 0)
            elif word == _ACK:
                yield Ack()
            elif word == _DONE and len(words) >= 3:
                self._begun = False
                yield Done(*words[:3])
            elif self._begun and text:
                yield _decoded(text)
            elif text:
                self.said = [*self.said[-5:], text]


def _decoded(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except binascii.Error:
        raise PlanError(f"the session shows something between the lines of the file: {text[:60]}") from None
