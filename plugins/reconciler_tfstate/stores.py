"""The bytes of a state, in memory or still in their file, to be read in pieces."""

from __future__ import annotations

import os
import weakref
import zlib
from pathlib import Path
from typing import Final, Protocol

from reconciler.plugin import Unavailable

#: Bytes from which on a file is left where it is, and others are compressed; fewer take no notable memory.
IN_FILE: Final = 8 << 20

_PIECE: Final = 1 << 16  # bytes that are compressed together: a resource lies in one or two of them


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
    return InFile(path) if large else path.read_bytes()


def settled(store: Store) -> Store:
    """Give the same bytes as they are to be kept, once all of them were walked through."""
    return Packed(store.data) if isinstance(store, Memory) and len(store) >= IN_FILE else store


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


class Packed:
    """Bytes in memory, compressed piece by piece: of a state a tenth remains, and a read takes 0.1 ms."""

    def __init__(self, data: bytes) -> None:
        """Compress the bytes, which are not kept."""
        self._size = len(data)
        self._pieces = [zlib.compress(data[at : at + _PIECE], level=1) for at in range(0, len(data), _PIECE)]

    def __len__(self) -> int:
        """Give the number of bytes."""
        return self._size

    def read(self, start: int, stop: int) -> bytes:
        """Give a piece."""
        if start >= stop:
            return b""
        first = start // _PIECE
        pieces = self._pieces[first : (stop - 1) // _PIECE + 1]
        return b"".join(map(zlib.decompress, pieces))[start - first * _PIECE : stop - first * _PIECE]


class InFile:
    """Bytes in a file, which stays open: whoever replaces it does not disturb, whoever writes into it is noticed.

    A mapped file would be read faster, but kills the process when Terraform truncates it for writing.
    """

    def __init__(self, path: Path) -> None:
        """Open the file. OSError where that fails."""
        self._path = path
        self._descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_CLOEXEC", 0))
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
                f"the state {self._path} was written to while it was read",
                hint="run again once terraform has finished",
            )
        return b"".join(pieces)

    def _look(self) -> tuple[int, int]:
        status = os.fstat(self._descriptor)
        return status.st_size, status.st_mtime_ns
