"""Text made safe for HTML, JavaScript and URLs, as the functions `html`, `js` and `urlquery` do it."""

from __future__ import annotations

import re

from reconciler.load.gotemplates import texts

_HTML = str.maketrans({"\0": "\ufffd", '"': "&#34;", "'": "&#39;", "&": "&amp;", "<": "&lt;", ">": "&gt;"})
_JS_SPECIAL = re.compile(r"""[^ -\x7f]|[\\'"<>&=]""")
_JS_ESCAPES = {
    "\\": r"\\",
    "'": r"\'",
    '"': r"\"",
    "<": r"\u003C",
    ">": r"\u003E",
    "&": r"\u0026",
    "=": r"\u003D",
}


def html(text: str) -> str:
    """Escape what has a meaning in HTML."""
    return text.translate(_HTML)


def js(text: str) -> str:
    """Escape what cannot stand in a JavaScript string."""
    return _JS_SPECIAL.sub(_js, text)


def urlquery(text: str) -> str:
    """Escape a value of a URL's query, space as plus."""
    from urllib.parse import quote_plus

    return quote_plus(texts.to_bytes(text))


def _js(match: re.Match[str]) -> str:
    character = match[0]
    if escape := _JS_ESCAPES.get(character):
        return escape
    if character >= "\x80" and (character.isprintable() or texts.is_surrogate(character)):
        return character
    return f"\\u{ord(character):04X}"
