"""Text as it is written, with the map back to the source."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.load.gotemplates import texts
from reconciler.load.gotemplates.faults import check_size
from reconciler.load.sourcemaps import Rendered, Segment

if TYPE_CHECKING:
    from reconciler.core.values import Marked
    from reconciler.load.gotemplates import nodes


class Output:
    """Collects the pieces of one rendering."""

    def __init__(self, source: str, path: str) -> None:
        """Take what is rendered, and the path of its file."""
        self.source = source
        self.path = path
        self.pieces: list[str] = []
        self.segments: list[Segment] = []
        self.size = 0

    def literal(self, node: nodes.Text) -> None:
        """Copy a piece of the source."""
        self._add(self.source[node.start : node.end])
        self.segments.append(Segment(self.size - (node.end - node.start), self.size, node.start, node.end))

    def computed(self, node: nodes.Action, text: str, value: Marked) -> None:
        """Add what an action prints: the text of its value, nothing where that is unknown."""
        start = self.size
        self._add(texts.clean(text))
        self.segments.append(
            Segment(start, self.size, node.start, node.end, value.origins, value.sensitive, literal=False)
        )

    def rendered(self) -> Rendered:
        """Give the whole."""
        return Rendered("".join(self.pieces), self.source, self.path, tuple(self.segments))

    def _add(self, text: str) -> None:
        self.pieces.append(text)
        self.size += len(text)
        check_size(self.size)
