"""Making a report fit: what is largest is shortened first, by whole lines, and says how much of it is left out."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate
from typing import Final

from reconciler.records import dataclass

_DROPPED: Final = "\n_Left out: the changes of {} more units, for want of room._\n"


@dataclass(frozen=True, slots=True)
class Block:
    """A part of a report: its lines inside an opening and a closing, and what stands around.

    Each text ends with its line feed. In `note` stands ``{left}`` for how many lines are left out, of ``{all}``.
    """

    head: str
    opening: str
    lines: tuple[str, ...]
    closing: str
    note: str
    foot: str = ""

    def text(self, kept: int | None = None) -> str:
        """Write the block with its first lines, all of them where no number is given."""
        count = len(self.lines)
        kept = count if kept is None else kept
        inside = f"{self.opening}{''.join(self.lines[:kept])}{self.closing}" if kept else ""
        note = self._note(count - kept) if kept < count else ""
        return f"{self.head}{inside}{note}{self.foot}"

    def _note(self, left: int) -> str:
        return self.note.replace("{left}", f"{left:,}").replace("{all}", f"{len(self.lines):,}")

    def cut(self, room: int) -> str:
        """Write the block with as many lines as there is room for; nothing at all where there is none for its note."""
        whole = self.text()
        if len(whole) <= room:
            return whole
        around = len(self.text(0))
        kept = 0
        for count, size in enumerate(accumulate(map(len, self.lines)), 1):
            if around + len(self.opening) + size + len(self.closing) > room:
                break
            kept = count
        return self.text(kept) if around <= room else ""


def fitted(first: Sequence[Block], details: Sequence[Block], room: int) -> str:
    """Write blocks in at most `room` characters: the `first` ones have precedence, then the smaller details."""
    whole = [block.text() for block in (*first, *details)]
    if sum(map(len, whole)) <= room:
        return "".join(whole)
    room -= len(_DROPPED) + 10
    ahead = _shared(first, room)
    shown = _shared(details, room - sum(map(len, ahead)))
    dropped = sum(not text for text in shown)
    return "".join([*ahead, *shown, _DROPPED.format(f"{dropped:,}") if dropped else ""])


def _shared(blocks: Sequence[Block], room: int) -> list[str]:
    """Write blocks with the room shared among them; empty texts for those that even cut short do not fit."""
    sizes = [len(block.text()) for block in blocks]
    least = [min(size, len(block.text(0))) for size, block in zip(sizes, blocks, strict=True)]
    chosen: set[int] = set()
    left = room
    for place in sorted(range(len(blocks)), key=lambda place: (least[place], place)):
        left -= least[place]
        if left < 0:
            break
        chosen.add(place)
    cap = _cap([(sizes[place], least[place]) for place in chosen], room)
    return [
        block.cut(max(cap, least[place])) if place in chosen else "" for place, block in enumerate(blocks)
    ]


def _cap(bounds: Sequence[tuple[int, int]], room: int) -> int:
    """Give the size to which what is larger is cut, so that all fit together; `bounds` are (whole, least) sizes."""
    low, high = 0, max((size for size, _ in bounds), default=0)
    while low < high:
        middle = (low + high + 1) // 2
        if sum(min(size, max(middle, small)) for size, small in bounds) <= room:
            low = middle
        else:
            high = middle - 1
    return low
