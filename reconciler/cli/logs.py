"""What goes to stderr, through structlog: lines for people, or JSON with `--log-format json`.

structlog costs fifty milliseconds to import, so it is imported with the first thing there is to say.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator, MutableMapping
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from typing import TYPE_CHECKING, Any, Final

from reconciler.records import dataclass

if TYPE_CHECKING:
    from reconciler.errors import ReconcilerError


def _as_it_is(value: Any) -> Any:
    return value


@dataclass(slots=True)
class _Settings:
    """How to write. There is one stderr, hence one setting."""

    form: str = "text"
    color: bool | None = None
    debug: bool = False
    hide: Callable[[Any], Any] = _as_it_is


_SETTINGS: Final = _Settings()
_COLORS: Final = {"error": "31", "warning": "33"}


def configure(form: str = "text", *, color: bool | None = None, debug: bool = False) -> None:
    """Choose the format, ``text`` or ``json``; colour, None for on a terminal; and whether errors tell their origin."""
    _SETTINGS.form = form
    _SETTINGS.color = color
    _SETTINGS.debug = debug
    _SETTINGS.hide = _as_it_is


def hiding(hide: Callable[[Any], Any]) -> None:
    """Pass all texts and fields through `hide` from now on: what a source or AWS said may quote a secret."""
    _SETTINGS.hide = hide


def hidden(text: str) -> str:
    """Give a text as it is told: with marks for secrets."""
    return str(_hide(text))


@dataclass(frozen=True, slots=True)
class About:
    """Which of several projects is told of: label, short name, how lines for people begin, what hides its secrets."""

    project: str
    name: str
    prefix: str
    hide: Callable[[Any], Any]


_ABOUT: Final[ContextVar[About | None]] = ContextVar("about", default=None)


@contextmanager
def about(about: About) -> Iterator[None]:
    """Say of each line in the block, and in this thread alone, of which of several projects it is."""
    token = _ABOUT.set(about)
    try:
        yield
    finally:
        _ABOUT.reset(token)


def whose() -> str:
    """Give the short name of the project that is told of here; empty where there is one alone."""
    about = _ABOUT.get()
    return about.name if about is not None else ""


def _hide(value: Any) -> Any:
    about = _ABOUT.get()
    return (about.hide if about is not None else _SETTINGS.hide)(value)


def debugging() -> bool:
    """Tell whether to show where errors come from."""
    return _SETTINGS.debug


def traceback() -> None:
    """Print where the error that is being handled comes from, with its causes."""
    from traceback import format_exc

    sys.stderr.write(_hide(format_exc()))


def info(event: str, **fields: object) -> None:
    """Report progress. The fields are shown in JSON only: the sentence says what a person needs."""
    _logger().info(event, **fields)


def warning(event: str, **fields: object) -> None:
    """Report something that does not stop the work."""
    _logger().warning(event, **fields)


def failed(event: str, **fields: object) -> None:
    """Report why the command ends without doing what it was asked to."""
    _logger().error(event, **fields)


def error(error: ReconcilerError) -> None:
    """Report an error of ours, and with `--debug` where it comes from."""
    if debugging():
        traceback()
    beside = {"hint": error.hint, "where": str(error.where) if error.where else None}
    told = {name: text for name, text in beside.items() if text}
    failed(str(error), kind=type(error).__name__, **told)


def fault(error: Exception) -> None:
    """Report what is no error of ours: a person gets a message, and with `--debug` where it comes from."""
    if debugging():
        traceback()
        return
    failed(
        f"unexpected {type(error).__name__}: this is a fault of reconciler\n"
        "  try: run it again with --debug, and report what it prints"
    )


@cache
def _logger() -> Any:
    import structlog

    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            _render,
        ],
        logger_factory=lambda *_names: structlog.PrintLogger(sys.stderr),
        cache_logger_on_first_use=False,
    )
    return structlog.get_logger()


def _render(_logger: object, _method: str, entry: MutableMapping[str, Any]) -> str:
    about = _ABOUT.get()
    if _SETTINGS.form == "json":
        import json

        whose = {"project": about.project} if about is not None else {}
        return json.dumps(_hide(dict(entry)) | whose, default=str, ensure_ascii=False)
    level, event = str(entry["level"]), str(entry["event"])
    word = {"error": "Error: ", "warning": "Warning: "}.get(level, "")
    if word and colored():
        word = f"\x1b[1;{_COLORS[level]}m{word}\x1b[0m"
    text = word + str(_hide(event))
    return text if about is None else "\n".join(about.prefix + line for line in text.split("\n"))


def people() -> bool:
    """Tell whether what is written is for people, and not JSON."""
    return _SETTINGS.form == "text"


def interactive() -> bool:
    """Tell whether stderr is a terminal that a person reads, where a line may be erased again."""
    return _SETTINGS.form == "text" and sys.stderr.isatty() and os.environ.get("TERM") != "dumb"


def colored() -> bool:
    """Tell whether to colour: lines for people, as asked, else on a terminal without NO_COLOR (no-color.org)."""
    if not people():
        return False
    if _SETTINGS.color is not None:
        return _SETTINGS.color
    return sys.stderr.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
