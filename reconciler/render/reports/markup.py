"""HTML that is put together of elements: a text is escaped wherever it stands, and only elements are markup."""

from __future__ import annotations

import html
from collections.abc import Iterable
from typing import Final, TypeAlias

from reconciler.render import texts


class Markup(str):
    """A text that is HTML already."""

    __slots__ = ()


Content: TypeAlias = "str | Iterable[Content]"
"""Texts and elements, and whatever holds them."""

# Elements that stand on lines of their own: a page is read, and compared, by lines.
_LINES: Final = frozenset({
    "article", "body", "dd", "details", "div", "dl", "dt", "footer", "h1", "h2", "h3", "head", "header", "html", "li",
    "main", "meta", "option", "p", "pre", "script", "section", "select", "style", "summary", "table", "tbody", "td",
    "th", "thead", "title", "tr", "ul",
})  # fmt: skip
_EMPTY: Final = frozenset({"input", "meta"})


def element(name: str, /, *content: Content, **attributes: str | bool | None) -> Markup:
    """Write an element. Attributes that are None or False are left out; True ones stand without a value.

    An underscore in an attribute's name is a hyphen, one at its end nothing (`class_`).
    """
    given = "".join(
        f" {key.rstrip('_').replace('_', '-')}" + ("" if value is True else f'="{escaped(value)}"')
        for key, value in attributes.items()
        if value is not None and value is not False
    )
    end = "" if name in _EMPTY else f"{''.join(map(written, content))}</{name}>"
    return Markup(f"<{name}{given}>{end}" + ("\n" if name in _LINES else ""))


def written(content: Content) -> Markup:
    """Write content: elements as they are, texts escaped."""
    if isinstance(content, Markup):
        return content
    if isinstance(content, str):
        return Markup(escaped(content))
    return Markup("".join(map(written, content)))


def escaped(text: str) -> str:
    """Escape a text for an element or an attribute; what would not be seen in it is written as JSON writes it."""
    return html.escape(texts.safe(text))
