"""Words out of files in messages: short and printable, so that no message shows a piece of a file."""

from __future__ import annotations

_LONGEST = 60


def word(text: object) -> str:
    """Give a name or a number as a message may show it; what looks like neither is cut and loses odd characters."""
    shown = "".join(character if character.isprintable() else "?" for character in str(text)[: _LONGEST + 1])
    return shown if len(shown) <= _LONGEST else f"{shown[:_LONGEST]}…"
