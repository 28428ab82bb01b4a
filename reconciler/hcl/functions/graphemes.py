"""Texts as people count them: in grapheme clusters, as Unicode's annex 29 divides them."""

from __future__ import annotations

from functools import cache
from typing import Any


@cache
def _pattern() -> Any:
    import regex

    return regex.compile(r"\X")


def clusters(text: str) -> list[str]:
    """Divide a text into what a reader takes for its characters."""
    if text.isascii() and "\r" not in text:
        return list(text)
    found: list[str] = _pattern().findall(text)
    return found


def count(text: str) -> int:
    """Count what a reader takes for characters."""
    return len(text) if text.isascii() and "\r" not in text else len(clusters(text))
