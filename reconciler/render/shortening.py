"""Two long texts shown by what differs: the rest is cut at words, and an ellipsis stands for it.

What is cut is the same on both sides and stands at the same place, so what is left of two texts differs as they do.
"""

from __future__ import annotations

import re
from typing import Final

from reconciler.render import texts
from reconciler.render.runs import prefix, runs, suffix

LONG: Final = 80
"""The length from which on a text is worth shortening."""

_ELLIPSIS: Final = "…"
# How much is kept beside a difference, at least, and at most where no word ends earlier.
_LEAST: Final = 12
_MOST: Final = 40
_WORD: Final = re.compile(r"[\w.+%@~-]+|[^\w.+%@~-]")
_SYLLABLE: Final = re.compile(r"\w+|\W")


def shortened(before: str, after: str) -> tuple[str, str]:
    """Write two texts that differ, as JSON strings: in full, unless both are long and have something in common."""
    if len(before) <= LONG or len(after) <= LONG:
        return texts.pair(before, after)
    start = _word_start(before, prefix(before, after))
    end = suffix(before, after, start)
    end = min(end, len(before) - _word_end(before, len(before) - end))
    head, tail = before[:start], before[len(before) - end :]
    old, new = [_tail(head)], [_tail(head)]
    left = _WORD.findall(before[start : len(before) - end])
    right = _WORD.findall(after[start : len(after) - end])
    for run in runs(left, right):
        one = "".join(left[i] for i in run.before)
        other = "".join(right[i] for i in run.after)
        old.append(_middle(one) if run.same else one)
        new.append(_middle(other) if run.same else other)
    short = "".join([*old, _head(tail)]), "".join([*new, _head(tail)])
    return texts.pair(*(short if short[0] != short[1] else (before, after)))


def parting(before: str, after: str) -> tuple[str, str]:
    """Write two texts as JSON strings around the first place where they part, whatever else differs behind it."""
    start = prefix(before, after)
    head = _tail(before[:start])
    short = head + _head(before[start:]), head + _head(after[start:])
    return texts.pair(*(short if short[0] != short[1] else (before, after)))


def _word_start(text: str, at: int) -> int:
    """Go back to where the word around a place starts, unless that is far."""
    near = max(0, at - _MOST)
    starts = [
        match.start() + near for match in _WORD.finditer(text[near : at + 1]) if match.end() + near > at
    ]
    return starts[0] if starts and (starts[0] > near or near == 0) else at


def _word_end(text: str, at: int) -> int:
    """Go on to where the word around a place ends, unless that is far."""
    if at == 0 or at == len(text) or not (_is_word(text[at - 1]) and _is_word(text[at])):
        return at
    found = _WORD.match(text, at, at + _MOST)
    return found.end() if found and found.end() - at < _MOST else at


def _is_word(character: str) -> bool:
    return len(_WORD.findall(character + character)) == 1


def _head(text: str) -> str:
    """Keep the beginning of what a difference is followed by."""
    if len(text) <= _MOST:
        return text
    for pieces in (_WORD, _SYLLABLE):
        for match in pieces.finditer(text, 0, _MOST):
            if _LEAST <= match.end() < _MOST and match[0] != " ":
                return text[: match.end()] + _ELLIPSIS
    return text[: 2 * _LEAST] + _ELLIPSIS


def _tail(text: str) -> str:
    """Keep the end of what stands before a difference."""
    if len(text) <= _MOST:
        return text
    near = text[-_MOST:]
    for pieces in (_WORD, _SYLLABLE):
        starts = [match.start() for match in pieces.finditer(near) if match[0] != " "]
        fitting = [start for start in starts if 0 < start <= _MOST - _LEAST]
        if fitting:
            return _ELLIPSIS + near[fitting[-1] :]
    return _ELLIPSIS + near[-2 * _LEAST :]


def _middle(text: str) -> str:
    """Keep both ends of what stands between two differences."""
    if len(text) <= 2 * _MOST:
        return text
    return _head(text) + _tail(text)[1:]
