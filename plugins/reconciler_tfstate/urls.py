"""URLs taken apart and shown."""

from __future__ import annotations

from urllib.parse import SplitResult, urlsplit


def shown(url: str) -> str:
    """Give a URL without what may be secret in it: user, password, query and fragment."""
    parts = split(url)
    return parts._replace(netloc=parts.netloc.rpartition("@")[2], query="", fragment="").geturl()


def split(url: str) -> SplitResult:
    """Split a URL; what is none has neither scheme nor host."""
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        return urlsplit("")
    return parts
