r"""Files of environment variables (`--envfile`), as the peer's parser reads them (hashicorp/go-envparse 0.1).

A line is ``KEY=value``, blank, or a comment that starts with ``#``; ``export`` before the key and space
around key and value are dropped. ``#`` outside quotes ends a value. Single quotes take everything as it is;
double quotes know JSON's escapes (``\"``, ``\n``, ``\u00e9``). Nothing is interpolated.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from reconciler.errors import ConfigError, Where
from reconciler.load import sources

_KEY: Final = re.compile(r"(?:export +)?([A-Za-z_][A-Za-z0-9_./]*)")
# The pieces of a value: double-quoted, single-quoted, a comment, or bare text without trailing space.
_PIECE: Final = re.compile(
    r'"((?:[^"\\]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*)"'
    r"|'([^']*)'"
    r"|([^\s\"'#]+(?:\s+[^\s\"'#]+)*|\s+)"
    r"|(#.*)"
)
_CONTROL: Final = re.compile(r"[\x00-\x1f]")
_SURROGATE: Final = re.compile(r"[\ud800-\udfff]")


def read(paths: Iterable[Path]) -> dict[str, str]:
    """Read files of variables; later ones win. ConfigError, which never shows a value, where a line is bad."""
    found: dict[str, str] = {}
    for path in paths:
        for number, line in enumerate(sources.text(path).split("\n"), start=1):
            variable = _line(line.strip(), Where(str(path), number, 1))
            if variable:
                found[variable[0]] = variable[1]
    return found


def _line(line: str, where: Where) -> tuple[str, str] | None:
    if not line or line.startswith("#"):
        return None
    left, equals, right = line.partition("=")
    if not equals:
        raise ConfigError("a line without '='", where, "write KEY=value")
    key = _KEY.fullmatch(left.strip())
    if not key:
        raise ConfigError("a name that no variable can have", where, "use letters, digits and _")
    value = right.strip()
    if _CONTROL.search(value):
        raise ConfigError(
            "a control character in a value", where, r'write it as an escape in double quotes: "\t"'
        )
    return key[1], _value(value, where)


def _value(text: str, where: Where) -> str:
    value = ""
    significant = 0  # how much of the value stays when a comment follows: all but bare space at its end
    at = 0
    while at < len(text):
        piece = _PIECE.match(text, at)
        if not piece:
            raise ConfigError("a quote that is not closed, or an unknown escape, in a value", where)
        double, single, bare, comment = piece.groups()
        if comment is not None:
            return value[:significant]
        if double is not None:
            decoded: str = json.loads(f'"{double}"')
            if _SURROGATE.search(decoded):
                raise ConfigError("half of a surrogate pair in a value", where)
            value += decoded
        else:
            value += single if single is not None else bare
        if not piece.group().isspace() and piece.group() not in {"''", '""'}:
            significant = len(value)
        at = piece.end()
    return value
