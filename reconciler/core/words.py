"""Words of the API: members that take one of a few texts, and what is said of a text that is none of them.

The installed API model names the words, and may be older than the API: only a word in another case is sure to be wrong.
"""

from __future__ import annotations

import difflib
from collections.abc import Set
from typing import NamedTuple

_FEW = 6


class Complaint(NamedTuple):
    """What is wrong with a word, and what would be right; `fatal` where that is certain."""

    what: str
    hint: str
    fatal: bool


def complaint(words: Set[str], member: str, value: str) -> Complaint | None:
    """Judge the value of a member that takes one of `words`; nothing where it is one of them."""
    if not words or value in words:
        return None
    for word in sorted(words):
        if word.lower() == value.lower():
            return Complaint(f"`{value}` is no `{member}`: case matters", f"write {word}", fatal=True)
    folded = {word.lower(): word for word in sorted(words)}
    near = difflib.get_close_matches(value.lower(), folded, 1, 0.6)
    known = ", ".join(f"`{word}`" for word in sorted(words))
    hint = (
        f"the nearest is `{folded[near[0]]}`" if near else f"it knows {known}" if len(words) <= _FEW else ""
    )
    return Complaint(f"the API model knows no `{member}` `{value}`", hint, fatal=False)
