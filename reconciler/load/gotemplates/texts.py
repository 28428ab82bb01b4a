r"""Go's strings are bytes. Here they are `str`, with a byte that is no UTF-8 as its surrogate escape.

Such bytes come from escapes (``"\xff"``) and from cutting inside a character (``slice "é" 0 1``).
"""

from __future__ import annotations

import re

_SURROGATE = re.compile("[\ud800-\udfff]")
_NO_BYTE = re.compile("[\ud800-\udc7f\udd00-\udfff]")
_REPLACEMENT = "\ufffd"


def to_bytes(text: str) -> bytes:
    """Give the bytes that Go would see."""
    try:
        return text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        # Half of a surrogate pair, from an escape in JSON: Go's decoder puts the replacement character.
        return _NO_BYTE.sub(_REPLACEMENT, text).encode("utf-8", "surrogateescape")


def from_bytes(data: bytes) -> str:
    """Give the text of some bytes."""
    return data.decode("utf-8", "surrogateescape")


def clean(text: str) -> str:
    """Give the text with everything that is no character replaced, as every reader of UTF-8 does."""
    if text.isascii():
        return text
    return _SURROGATE.sub(_REPLACEMENT, from_bytes(to_bytes(text)))


def length(text: str) -> int:
    """Give the length in bytes."""
    return len(text) if text.isascii() else len(to_bytes(text))
