"""Two documents as a unified diff, as the peer prints it."""

from __future__ import annotations

import difflib
import json
from collections.abc import Callable, Iterable
from typing import TypeAlias

from reconciler.core.values import Json
from reconciler.render import jsonnets, texts
from reconciler.render.styles import PLAIN, Style

Write: TypeAlias = Callable[[Json], str]


def text(document: Json) -> str:
    """Write a document as JSON with sorted members; nothing at all for an empty one."""
    return json.dumps(document, indent=2, sort_keys=True, ensure_ascii=False) + "\n" if document else ""


def jsonnet(document: Json) -> str:
    """Write a document as Jsonnet with sorted members; nothing at all for an empty one."""
    return jsonnets.text(document, ordered=True) if document else ""


def diff(
    old_name: str, new_name: str, old: Json, new: Json, style: Style = PLAIN, write: Write = text
) -> str:
    """Write a unified diff, empty where the documents are equal."""
    lines = difflib.unified_diff(_lines(write(old)), _lines(write(new)), old_name, new_name, lineterm="", n=3)
    return "".join(f"{line}\n" for line in _painted(lines, style))


def _lines(written: str) -> list[str]:
    return written.split("\n")[:-1]  # a text may hold other characters that `splitlines` takes for line ends


def _painted(lines: Iterable[str], style: Style) -> Iterable[str]:
    for line in map(texts.safe, lines):
        if line.startswith(("---", "+++")):
            yield style.paint("bold", line)
        elif line.startswith(("+", "-")):
            yield style.paint("add" if line[0] == "+" else "remove", line)
        else:
            yield line
