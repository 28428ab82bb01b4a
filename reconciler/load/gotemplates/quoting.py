"""Strings and characters as Go constants, as `strconv.Quote` writes them."""

from __future__ import annotations

from reconciler.load.gotemplates import texts

_SHORT = {"\a": r"\a", "\b": r"\b", "\f": r"\f", "\n": r"\n", "\r": r"\r", "\t": r"\t", "\v": r"\v"}
_REPLACEMENT = "\ufffd"


def quote(text: str, mark: str = '"', *, ascii_only: bool = False) -> str:
    """Put a text in quotation marks, with escapes for what cannot be printed."""
    text = texts.from_bytes(texts.to_bytes(text))
    return mark + "".join([_escaped(character, mark, ascii_only=ascii_only) for character in text]) + mark


def quote_code(code: int, *, ascii_only: bool = False) -> str:
    """Write a character by its code as a Go constant: `'x'`."""
    return quote(character(code), "'", ascii_only=ascii_only)


def character(code: int) -> str:
    """Give the character of a code, the replacement character where it is none."""
    valid = 0 <= code <= 0x10FFFF and not 0xD800 <= code < 0xE000
    return chr(code) if valid else _REPLACEMENT


def can_backquote(text: str) -> bool:
    """Tell whether a text can stand between backquotes on one line."""
    return not any(
        c in "`\ufeff\x7f" or (c < " " and c != "\t") or texts.is_surrogate(c)
        for c in texts.from_bytes(texts.to_bytes(text))
    )


def _escaped(character: str, mark: str, *, ascii_only: bool) -> str:
    code = ord(character)
    if character in {mark, "\\"}:
        return "\\" + character
    if texts.is_byte(character):
        return f"\\x{code - 0xDC00:02x}"
    if character.isprintable() and (code < 0x80 or not ascii_only):
        return character
    if short := _SHORT.get(character):
        return short
    if code < 0x20 or code == 0x7F:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
