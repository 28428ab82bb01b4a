"""Pages of HTML, each in a file that needs nothing else, a network neither: the frame, and parts of what stands in it.

Its policy lets no more run than the script that it brings (Content Security Policy, level 3: sources by their hash).
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from importlib import resources
from typing import Final

from reconciler.render import rows
from reconciler.render.reports.markup import Content, Markup, element
from reconciler.render.rows import Row

_SIGNS: Final = {"+": "ins", "-": "del"}


def page(title: str, heading: Markup, main: Content) -> str:
    """Write a page."""
    style, script = _asset("page.css"), _asset("page.js")
    policy = "; ".join((
        "default-src 'none'", f"style-src {_hash(style)}", f"script-src {_hash(script)}", "base-uri 'none'",
        "form-action 'none'",
    ))  # fmt: skip
    head = element(
        "head",
        element("meta", charset="utf-8"),
        element("meta", http_equiv="Content-Security-Policy", content=policy),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("meta", name="color-scheme", content="light dark"),
        element("title", title),
        element("style", Markup(style)),
    )
    body = element("body", heading, element("main", main), element("script", Markup(script)))
    return f"<!DOCTYPE html>\n{element('html', Markup(chr(10)), head, body, lang='en')}"


def _asset(name: str) -> str:
    return (resources.files(__package__) / name).read_text(encoding="utf-8")


def _hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def heading(what: str, name: str, at: float) -> Markup:
    """Say what a page is of, and as of when, in seconds since the epoch; 0 where that is not known."""
    title = element("h1", f"{what} ", element("code", name))
    return element("header", title, element("p", "as of ", time(at), class_="muted") if at else "")


def time(at: float) -> Markup:
    """Write a time, in seconds since the epoch."""
    when = datetime.fromtimestamp(at, UTC)
    shown = f"{when:%Y-%m-%d %H:%M} UTC"
    return element("time", shown, datetime=f"{when:%Y-%m-%dT%H:%M:%SZ}")


def counts(title: str, found: Iterable[tuple[str, str, int]]) -> Markup:
    """Write how many there are of each kind: its class, its words, the count."""
    shown = [
        element(
            "div", element("dt", words), element("dd", f"{count:,}"),
            class_=f"{kind} count" + ("" if count else " zero"),
        )
        for kind, words, count in found
    ]  # fmt: skip
    return element("section", element("h2", title), element("dl", Markup("\n"), shown))


def filters(fields: Mapping[str, Iterable[str]]) -> Markup:
    """Write what chooses among rows by their text and by `data-FIELD`; the script shows it, as nothing else chooses."""
    return element(
        "div",
        element("label", "Text ", element("input", type="search", id="q", autocomplete="off", spellcheck="false")),
        (element("label", f"{name.capitalize()} ", _select(name, values)) for name, values in fields.items()),
        element("button", "Unfold all", type="button", id="unfold"),
        element("button", "Fold all", type="button", id="fold"),
        element("output", id="shown", role="status"),
        class_="filters", id="filters", hidden=True,
    )  # fmt: skip


def _select(name: str, values: Iterable[str]) -> Markup:
    choices = (element("option", value, value=value) for value in values)
    return element("select", element("option", "any", value=""), choices, id=name)


def chip(kind: str, text: str) -> Markup:
    """Write a word that is told by its colour too."""
    return element("span", text, class_=f"chip {kind}")


def message(text: str) -> Markup:
    """Write a message as it stands."""
    return element("pre", _lines(text), tabindex="0")


def _lines(text: str) -> Iterator[Content]:
    for line in text.split("\n"):
        yield line
        yield Markup("\n")


def diff(found: Sequence[Row]) -> Markup:
    """Write rows as lines, those that come and those that go as such."""
    return element("pre", _rows(found), class_="diff", tabindex="0")


def _rows(found: Sequence[Row]) -> Iterator[Content]:
    for symbol, text in rows.diff(found):
        line = f"{symbol}{text}".rstrip()
        if symbol in _SIGNS:
            yield element(_SIGNS[symbol], line)
        else:
            yield element("span", line, class_="changed" if symbol == "~" else "around")
        yield Markup("\n")
