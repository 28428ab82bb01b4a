"""Documents as Jsonnet, laid out as its formatter does: single quotes, plain names, a comma after every member."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Final

from reconciler.core.addressing import Draft, Text

_NATIVE: Final = "local tfstate = std.native('tfstate');\n\n"
_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
# The language's reserved words (jsonnet.org/ref/spec.html, "Lexing").
_RESERVED: Final = frozenset({
    "assert", "else", "error", "false", "for", "function", "if", "import", "importbin", "importstr", "in", "local",
    "null", "self", "super", "tailstrict", "then", "true",
})  # fmt: skip


def text(document: Draft, *, ordered: bool = False) -> str:
    """Write a document, its members sorted by name if `ordered`."""
    written = "".join(_pieces(document, "", ordered=ordered)) + "\n"
    return _NATIVE + written if _refers(document) else written


def _refers(value: Draft) -> bool:
    if isinstance(value, dict):
        return any(_refers(member) for member in value.values())
    return any(_refers(item) for item in value) if isinstance(value, list) else isinstance(value, Text)


def _pieces(value: Draft, indent: str, *, ordered: bool) -> Iterator[str]:
    inner = indent + "  "
    if isinstance(value, dict) and value:
        yield "{\n"
        for name, member in sorted(value.items()) if ordered else value.items():
            yield f"{inner}{_name(name)}: "
            yield from _pieces(member, inner, ordered=ordered)
            yield ",\n"
        yield indent + "}"
    elif isinstance(value, list | tuple) and value:
        yield "[\n"
        for member in value:
            yield inner
            yield from _pieces(member, inner, ordered=ordered)
            yield ",\n"
        yield indent + "]"
    elif isinstance(value, Text):
        yield " + ".join(
            _string(part) if isinstance(part, str) else f"tfstate({_string(part.quoted)})"
            for part in value.parts
        )
    else:
        yield _string(value) if isinstance(value, str) else json.dumps(value)


def _name(name: str) -> str:
    return name if _NAME.fullmatch(name) and name not in _RESERVED else _string(name)


def _string(value: str) -> str:
    """Quote a text as the formatter does: in single quotes, unless it holds such."""
    quoted = json.dumps(value, ensure_ascii=False)
    if "'" in value:
        return quoted
    return "'" + quoted[1:-1].replace('\\"', '"') + "'"
