"""A rendered text and the map back to the template it came from."""

from __future__ import annotations

import re
from bisect import bisect_right
from functools import lru_cache
from typing import TYPE_CHECKING

from reconciler.errors import Where
from reconciler.records import dataclass

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reconciler.core.values import Origin


@dataclass(frozen=True, slots=True)
class Segment:
    """A contiguous piece of output and the piece of source that made it, as half-open character ranges.

    Segments are contiguous and cover the whole output in order. `literal` pieces were copied, so that
    offsets inside them map one to one; a computed piece maps as a whole to its action. A computed piece
    may be empty (an unknown value prints nothing).
    """

    out_start: int
    out_end: int
    src_start: int
    src_end: int
    origins: frozenset[Origin] = frozenset()
    sensitive: bool = False
    literal: bool = True


@dataclass(frozen=True, slots=True)
class Rendered:
    """Text that came out of a template; `source` is what went in, `path` the file it stands in."""

    text: str
    source: str
    path: str
    segments: tuple[Segment, ...]

    def where(self, offset: int) -> Where:
        """Give the place in the source file of an offset in the output."""
        return place(self.path, self.source, self.source_offset(offset))

    def source_offset(self, offset: int) -> int:
        """Give the offset in the source of an offset in the output."""
        if not self.segments:
            return 0
        index = max(0, bisect_right(self.segments, offset, key=lambda segment: segment.out_start) - 1)
        while index > 0 and self.segments[index].out_end <= offset and not self.segments[index].literal:
            index -= 1
        segment = self.segments[index]
        if segment.literal:
            return min(segment.src_end, segment.src_start + (offset - segment.out_start))
        return segment.src_start


def verbatim(text: str, path: str) -> Rendered:
    """Give the map of a text that was not rendered at all."""
    return Rendered(text, text, path, (Segment(0, len(text), 0, len(text)),))


def place(path: str, source: str, offset: int) -> Where:
    """Turn an offset in a text into a line and column, both 1-based, in characters."""
    starts = _starts(source)
    line = bisect_right(starts, min(offset, len(source)))
    return Where(path, line, offset - starts[line - 1] + 1)


@lru_cache(maxsize=4)  # every value of a file asks for its own
def _starts(source: str) -> tuple[int, ...]:
    """Give where the lines of a text begin."""
    return (0, *(found.end() for found in re.finditer("\n", source)))


def touching(segments: Sequence[Segment], start: int, end: int) -> Sequence[Segment]:
    """Give the computed segments that overlap a range of the output, or lie empty inside it."""
    return [
        segment
        for segment in segments
        if not segment.literal
        and (
            (segment.out_start < end and segment.out_end > start)
            or (segment.out_start == segment.out_end and start <= segment.out_start <= end)
        )
    ]
