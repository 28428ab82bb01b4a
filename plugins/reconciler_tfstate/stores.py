"""The bytes of a state: in memory, or in a file, to be read in pieces."""

from __future__ import annotations

import os
import weakref
from collections.abc import Iterable
from itertools import chain
from pathlib import Path
from typing import Final, Protocol

from reconciler.plugin import Unavailable

#: Bytes from which on a state is left in a file; fewer take no notable memory.
IN_FILE: Final = 8 << 20


class Store(Protocol):
    """Bytes that can be read in pieces, from several threads, and stay the same."""

    def __len__(self) -> int:
        """Give the number of bytes."""
        ...

    def read(self, start: int, stop: int) -> bytes:
        """Give a piece, cut off where the bytes end. Unavailable where they are not what they were."""
        ...


def stored(path: Path) -> bytes | Store:
    """Read a file, or leave a large one where it is. OSError where that fails."""
    large = hasattr(os, "pread") and path.stat().st_size >= IN_FILE
    return opened(path) if large else path.read_bytes()


def opened(path: Path) -> InFile:
    """Open a file to read it in pieces. OSError where that fails."""
    return InFile(os.open(path, os.O_RDONLY | getattr(os, "O_CLOEXEC", 0)), str(path))


def received(pieces: Iterable[bytes]) -> bytes | Store:
    """Gather what a server sends. Much of it goes to a file that has no name and is gone with the process.

    It stays in memory where no file can be written. What `pieces` raises is raised.
    """
    begun, size, left = list[bytes](), 0, iter(pieces)
    for piece in left:
        begun.append(piece)
        size += len(piece)
        if size >= IN_FILE and hasattr(os, "pread"):
            return _in_nameless(chain(begun, left))
    return b"".join(begun)


def _in_nameless(pieces: Iterable[bytes]) -> bytes | Store:
    import tempfile  # most states are small

    left = iter(pieces)
    try:
        file = tempfile.TemporaryFile(buffering=0)  # noqa: SIM115 (it is closed below)
    except OSError:  # no folder for such files
        return b"".join(left)
    with file:
        size = 0
        for piece in left:
            try:
                _write(file.fileno(), piece)
            except OSError:  # no room in it
                return b"".join((os.pread(file.fileno(), size, 0), piece, *left))
            size += len(piece)
        return InFile(os.dup(file.fileno()), "in the temporary folder")


def _write(descriptor: int, data: bytes) -> None:
    left = memoryview(data)
    while left:
        left = left[os.write(descriptor, left) :]


class Memory:
    """Bytes in memory."""

    def __init__(self, data: bytes) -> None:
        """Hold the bytes."""
        self.data = data

    def __len__(self) -> int:
        """Give the number of bytes."""
        return len(self.data)

    def read(self, start: int, stop: int) -> bytes:
        """Give a piece."""
        return self.data[start:stop]


class InFile:
    """Bytes in a file, which stays open: whoever replaces it does not disturb, whoever writes into it is noticed.

    A mapped file would be read faster, but kills the process when Terraform truncates it for writing.
    """

    def __init__(self, descriptor: int, name: str) -> None:
        """Take an open file, to close it when it is needed no more, and what messages call it."""
        self._name = name
        self._descriptor = descriptor
        weakref.finalize(self, os.close, self._descriptor)
        self._size, self._written = self._look()

    def __len__(self) -> int:
        """Give the number of bytes that the file had when it was opened."""
        return self._size

    def read(self, start: int, stop: int) -> bytes:
        """Give a piece. Unavailable where the file was written to since it was opened."""
        stop = min(stop, self._size)
        pieces: list[bytes] = []
        while start < stop and (piece := os.pread(self._descriptor, stop - start, start)):
            pieces.append(piece)
            start += len(piece)
        if self._look() != (self._size, self._written):
            raise Unavailable(
                f"the state {self._name} was written to while it was read",
                hint="run again once terraform has finished",
            )
        return b"".join(pieces)

    def _look(self) -> tuple[int, int]:
        status = os.fstat(self._descriptor)
        return status.st_size, status.st_mtime_ns
