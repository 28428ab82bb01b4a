"""What a parser hands on: data, where each piece of it stands in the text, and what references placed in it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from typing import Final

from reconciler.core.values import Json, Marked, Path
from reconciler.records import dataclass

MAX_DEPTH: Final = 128
"""Containers in containers. A service needs a dozen; the rest of the program may then recurse freely."""


@dataclass(frozen=True, slots=True)
class Span:
    """The half-open range of a node in the text, quotes included, and the start of its key for a member.

    `closed` tells that the node has its own delimiters, so that what merely touches it is no part of it.
    """

    start: int
    end: int
    key: int | None = None
    closed: bool = True

    @property
    def place(self) -> int:
        """Give the offset that names the node to a person: its key's, else its own."""
        return self.start if self.key is None else self.key


@dataclass(frozen=True, slots=True)
class Parsed:
    """A text after parsing. `marks` holds the nodes whose value a YAML tag put there."""

    data: Json
    spans: Mapping[Path, Span]
    marks: Mapping[Path, Marked] = field(default_factory=dict)


class Malformed(Exception):
    """The text is not well-formed at an offset. `what` and `hint` never quote the text: it may hold secrets.

    `first` is the offset of an earlier place that belongs to the message (the first of two equal keys): `what`
    then ends so that "at line 3, column 5" completes it.
    """

    def __init__(self, what: str, offset: int, hint: str | None = None, first: int | None = None) -> None:
        """Keep the fields."""
        super().__init__(what)
        self.what = what
        self.offset = offset
        self.hint = hint
        self.first = first
