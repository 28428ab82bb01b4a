"""Text as a terminal may show it: nothing in it moves the cursor, colours, hides or turns round what follows."""

from __future__ import annotations

import json
import unicodedata

from reconciler.core.values import Json


def about(name: str, said: str) -> str:
    """Say what a message is about, unless it begins with the place in that very file."""
    return said if said.startswith(f"{name}:") else f"{name}: {said}"


def safe(text: str) -> str:
    """Escape, as JSON does, whatever a terminal would not show as itself.

    These are control characters (C0 with the line feed, DEL, C1), marks of writing direction, other invisible
    characters, lone surrogates, and every space but the ordinary one.
    """
    if text.isprintable():
        return text
    return "".join(
        character if character.isprintable() else json.dumps(character)[1:-1] for character in text
    )


def quoted(value: Json, *, ascii_only: bool = False) -> str:
    """Write a value as JSON on one line."""
    return safe(json.dumps(value, ensure_ascii=ascii_only))


def pair(before: Json, after: Json) -> tuple[str, str]:
    """Write two values that differ, so that it can be seen."""
    old, new = quoted(before), quoted(after)
    return (
        (quoted(before, ascii_only=True), quoted(after, ascii_only=True)) if alike(old, new) else (old, new)
    )


def alike(before: str, after: str) -> bool:
    """Tell whether two texts that differ are drawn alike (``é`` as one character, and as a letter with an accent)."""
    if before.isascii() or after.isascii():
        return False
    return unicodedata.normalize("NFC", before) == unicodedata.normalize("NFC", after)


def line(text: str) -> str:
    """Write a line of a longer text: bare, or as JSON where a terminal would not show all that is in it."""
    return quoted(text) if not text.isprintable() or text[-1:] == " " or text[:1] == '"' else text


def cut(text: str, limit: int = 80) -> str:
    """Cut what does not change and stands there for orientation."""
    return text if len(text) <= limit else text[: limit - 1] + "…"


def name(key: str) -> str:
    """Write a member's name."""
    return key if key.isidentifier() and key.isprintable() else quoted(key)


def below(address: str, key: str | int) -> str:
    """Write the address of a member or item, empty for what the address of begins."""
    if isinstance(key, int):
        return f"{address}[{key}]"
    if not address:
        return name(key)
    return f"{address}.{key}" if name(key) == key else f"{address}[{quoted(key)}]"


def width(text: str) -> int:
    """Count the columns that a text takes; Chinese and Japanese characters take two."""
    if text.isascii():
        return len(text)
    return sum(
        0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in ("F", "W") else 1
        for c in text
    )
