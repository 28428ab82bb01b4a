"""From parsed text back to what made it: pointer → origins, sensitive leaves, places.

The rule: a leaf has the origins of every computed piece of text that overlaps it, and is sensitive if any
of them is, however little of the leaf it makes; a container that lies wholly inside one piece has that
piece's origins; an empty piece belongs to the scalar around it.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Mapping

from reconciler.core.documents import Resolved
from reconciler.core.values import Json, Marked, Origin, Path
from reconciler.errors import ConfigError
from reconciler.load.sourcemaps import Rendered, Segment
from reconciler.load.spans import Malformed, Parsed, Span


class Overlaps:
    """The computed pieces of a rendered text, by place."""

    def __init__(self, rendered: Rendered) -> None:
        """Index the segments that are not copies of the source."""
        self._segments = [segment for segment in rendered.segments if not segment.literal]
        self._ends = [segment.out_end for segment in self._segments]

    def of(self, span: Span) -> Iterator[Segment]:
        """Give the pieces that a node is made of, wholly or in part."""
        for segment in self._segments[bisect_left(self._ends, span.start) :]:
            if segment.out_start > span.end:
                return
            if segment.out_start == segment.out_end:
                inside = span.start < segment.out_start < span.end
                if inside or not span.closed:
                    yield segment
            elif segment.out_start < span.end and segment.out_end > span.start:
                yield segment

    def marked(self, data: Json, span: Span) -> Marked:
        """Give a scalar with the marks of the pieces it is made of."""
        origins, sensitive = unite(self.of(span))
        return Marked(data, origins, ((),) if sensitive else ())


def unite(segments: Iterator[Segment]) -> tuple[frozenset[Origin], bool]:
    """Give the origins of several pieces together, and whether any of them is sensitive."""
    origins: frozenset[Origin] = frozenset()
    sensitive = False
    for segment in segments:
        origins |= segment.origins
        sensitive = sensitive or segment.sensitive
    return origins, sensitive


def resolved(rendered: Rendered, parsed: Parsed, *, placed: bool = True) -> Resolved:
    """Give a parsed text with its provenance. Without `placed` no lines are known, only the file."""
    overlaps = Overlaps(rendered)
    origins: dict[Path, frozenset[Origin]] = {}
    sensitive: set[Path] = set()
    printed: dict[Path, tuple[tuple[str, frozenset[Origin]], ...]] = {}
    for path, data in walk(parsed.data):
        if path in parsed.marks:
            mark = parsed.marks[path]
            if mark.origins:
                origins[path] = mark.origins
            sensitive |= set(sensitive_leaves(data, mark.sensitive_paths, path))
        elif path in parsed.spans:
            span = parsed.spans[path]
            if is_leaf(data):
                found, hidden = unite(overlaps.of(span))
                sensitive |= {path} if hidden else set()
                if found:
                    printed[path] = tuple(
                        (rendered.text[piece.out_start : piece.out_end], piece.origins)
                        for piece in overlaps.of(span)
                        if piece.origins
                    )
            else:
                found = _whole(overlaps, span)
            if found:
                origins[path] = found
    places = {path: rendered.where(span.place) for path, span in parsed.spans.items()} if placed else {}
    return Resolved(rendered.path, parsed.data, origins, frozenset(sensitive), places, printed)


def _whole(overlaps: Overlaps, span: Span) -> frozenset[Origin]:
    for segment in overlaps.of(span):
        if segment.out_start <= span.start and span.end <= segment.out_end:
            return segment.origins
    return frozenset()


def walk(data: Json, path: Path = ()) -> Iterator[tuple[Path, Json]]:
    """Give everything in a document with its path, containers before what they hold."""
    yield path, data
    if isinstance(data, Mapping):
        for key, member in data.items():
            yield from walk(member, (*path, key))
    elif isinstance(data, list | tuple):
        for index, item in enumerate(data):
            yield from walk(item, (*path, index))


def is_leaf(data: Json) -> bool:
    """Tell whether data is a scalar or an empty container."""
    return not data or not isinstance(data, Mapping | list | tuple)


def sensitive_leaves(data: Json, marks: tuple[Path, ...], base: Path = ()) -> Iterator[Path]:
    """Give the paths of the leaves of `data` at or under any of the marked paths, below `base`."""
    for path, piece in walk(data):
        if is_leaf(piece) and any(path[: len(mark)] == mark for mark in marks):
            yield (*base, *path)


def explain(error: Malformed, rendered: Rendered) -> ConfigError:
    """Turn a parser's complaint about rendered text into an error at the source, without quoting the text."""
    what = error.what
    if error.first is not None:
        first = rendered.where(error.first)
        what = f"{what} at line {first.line}, column {first.column}"
    near = [s for s in Overlaps(rendered).of(Span(error.offset, error.offset + 1)) if s.origins]
    if near:
        names = sorted({str(origin.address) for segment in near for origin in segment.origins})
        what = f"{what}, in the text that {' and '.join(names)} gave"
    return ConfigError(what, rendered.where(error.offset), error.hint)
