r"""Go's strings are bytes. Here they are `str`, with a byte that is no UTF-8 as its surrogate escape.

Such bytes come from escapes (``"\xff"``) and from cutting inside a character (``slice "é" 0 1``).
"""

from __future__ import annotations

_REPLACEMENT = "\ufffd"


def to_bytes(text: str) -> bytes:
    """Give the bytes that Go would see."""
    try:
        return text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        # Half of a surrogate pair, from an escape in JSON: Go's decoder puts the replacement character.
        kept = [_REPLACEMENT if is_surrogate(c) and not is_byte(c) else c for c in text]
        return "".join(kept).encode("utf-8", "surrogateescape")


def from_bytes(data: bytes) -> str:
    """Give the text of some bytes."""
    return data.decode("utf-8", "surrogateescape")


def clean(text: str) -> str:
    """Give the text with everything that is no character replaced, as every reader of UTF-8 does."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return "".join([_REPLACEMENT if is_surrogate(c) else c for c in from_bytes(to_bytes(text))])
    return text


def is_surrogate(character: str) -> bool:
    """Tell whether this is half of a surrogate pair, or a byte."""
    return "\ud800" <= character < "\ue000"


def is_byte(character: str) -> bool:
    """Tell whether this stands for a byte that is no UTF-8."""
    return "\udc80" <= character < "\udd00"


def length(text: str) -> int:
    """Give the length in bytes."""
    return len(text) if text.isascii() else len(to_bytes(text))
