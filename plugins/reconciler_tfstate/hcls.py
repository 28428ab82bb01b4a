"""The little of HCL that says where a state is: blocks by name, and their literal values.

Python-hcl2 parses. Values that a literal, a variable or a local gives are read; anything else is `Computed`, since
only Terraform could tell. Messages never show the text of a file.
"""

from __future__ import annotations

import gc
import json
import os
import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from reconciler.plugin import Json, Unavailable

Body = Mapping[str, Any]
#: Gives the value of a reference, ``("var", "env")``; Computed where it has none.
Scope = Callable[[tuple[str, ...]], Json]

_REFERENCE = re.compile(r"(?P<name>[\w-]+(?:\.[\w-]+)*)(?P<index>(?:\[(?:\"[^\"\\]*\"|[0-9]+)\]|\.[\w-]+)*)")
_STEP = re.compile(r"\[\"(?P<key>[^\"]*)\"\]|\[(?P<number>[0-9]+)\]|\.?(?P<member>[\w-]+)")
_PIECE = re.compile(r"\$\$\{|%%\{|\$\{(?P<code>[^{}\"]*(?:\"[^\"]*\"[^{}\"]*)*)\}|(?P<other>[$%]\{)")
_ESCAPE = re.compile(r"\\(?:u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|(.))", re.DOTALL)
_ESCAPES = {"n": "\n", "r": "\r", "t": "\t"}
_HEREDOC = re.compile(r"<<(?P<indented>-?)[\w-]+\r?\n(?P<text>.*?)[ \t]*[\w-]+\s*", re.DOTALL)


class Computed(Exception):
    """A value that only Terraform could compute."""


def parse(text: str, name: str) -> Body:
    """Parse a file. Unavailable, with its line, where python-hcl2 cannot."""
    import hcl2  # takes longer than most runs need it
    from hcl2 import parser
    from lark.exceptions import LarkError

    _keep_tables(parser)
    enabled = gc.isenabled()
    gc.disable()  # it doubles the time of a parse
    try:
        body: Body = hcl2.loads(text.removeprefix("\ufeff") + "\n")
    except LarkError as error:
        line = getattr(error, "line", -1)
        at = f" at line {line}" if isinstance(line, int) and line > 0 else ""
        raise Unavailable(f"{name} is no HCL that can be read{at}", hint=_INIT) from None
    except (RecursionError, ValueError, TypeError, AttributeError, KeyError, IndexError):
        raise Unavailable(f"{name} is no HCL that can be read", hint=_INIT) from None
    finally:
        if enabled:
            gc.enable()
    return body


_INIT = (
    "run terraform init, which writes the backend down where it is read without HCL, or name the state by url"
)


def blocks(body: object, kind: str) -> Iterator[Body]:
    """Give the blocks of a kind in a body, of HCL or of its JSON form."""
    found = body.get(kind) if isinstance(body, dict) else None
    for block in found if isinstance(found, list) else [found]:
        if isinstance(block, dict):
            yield {key: value for key, value in block.items() if not key.startswith("__")}


def name(label: str) -> str:
    """Give a block's label or an object's key without its quotes."""
    return label[1:-1] if len(label) > 1 and label[0] == label[-1] == '"' else label


def plain(data: object) -> Json:
    """Give a value that is literal all through; Computed counts as null."""
    try:
        return value(data, _nothing)
    except Computed:
        return None


def value(data: object, scope: Scope, *, text: bool = False) -> Json:
    """Evaluate what `parse` gives for a value; with `text`, one of the JSON form, where strings are templates."""
    match data:
        case None | bool() | int() | float():
            return data
        case list():
            return [value(item, scope, text=text) for item in data]
        case dict():
            members = {key: item for key, item in data.items() if not key.startswith("__")}
            return {name(key): value(item, scope, text=text) for key, item in members.items()}
        case str() if text:
            return _template(data, scope)
        case str() if data.startswith('"<<'):
            return _template(_heredoc(data[1:-1]), scope)
        case str() if data.startswith('"'):
            return _template(data[1:-1], scope, unescape=True)
        case str() if data.startswith("${") and data.endswith("}"):
            return _reference(data[2:-1], scope)
    raise Computed


def _template(text: str, scope: Scope, *, unescape: bool = False) -> Json:
    whole = _PIECE.fullmatch(text)
    if whole is not None and whole["code"] is not None:
        return _reference(whole["code"], scope)
    pieces, done = [], 0
    for match in _PIECE.finditer(text):
        if match["other"]:
            raise Computed
        literal = text[done : match.start()]
        pieces.append(_unescaped(literal) if unescape else literal)
        pieces.append(match[0][1:] if match["code"] is None else _text(_reference(match["code"], scope)))
        done = match.end()
    pieces.append(_unescaped(text[done:]) if unescape else text[done:])
    return "".join(pieces)


def _text(data: Json) -> str:
    if isinstance(data, bool):
        return str(data).lower()
    if isinstance(data, str | int | float):
        return str(data)
    raise Computed


def _unescaped(text: str) -> str:
    def one(match: re.Match[str]) -> str:
        code = match[1] or match[2]
        try:
            return chr(int(code, 16)) if code else _ESCAPES.get(match[3], match[3])
        except (ValueError, OverflowError):
            raise Computed from None

    return _ESCAPE.sub(one, text)


def _heredoc(text: str) -> str:
    match = _HEREDOC.fullmatch(text)
    if match is None:
        raise Computed
    lines = match["text"].splitlines(keepends=True)
    if match["indented"]:
        margin = min((len(line) - len(line.lstrip(" \t")) for line in lines if line.strip()), default=0)
        lines = [line[margin:] for line in lines]
    return "".join(lines)


def _reference(code: str, scope: Scope) -> Json:
    code = code.strip()
    if len(code) > 1 and code[0] == code[-1] == '"' and '"' not in code[1:-1]:
        return _template(code[1:-1], scope, unescape=True)
    if _REFERENCE.fullmatch(code) is None:
        raise Computed
    steps = [step["key"] or step["number"] or step["member"] or "" for step in _STEP.finditer(code)]
    data = scope(tuple(steps[:2]))
    for step in steps[2:]:
        if isinstance(data, dict) and step in data:
            data = data[step]
        elif isinstance(data, list) and step.isdecimal() and int(step) < len(data):
            data = data[int(step)]
        else:
            raise Computed
    return data


def _nothing(_steps: tuple[str, ...]) -> Json:
    raise Computed


def _keep_tables(parser: Any) -> None:
    """Have python-hcl2 keep its parser's tables in the user's cache folder where it cannot keep them by itself.

    They take three seconds to build, and are a pickle: the folder is the user's alone.
    """
    default = Path(parser.PARSER_FILE)
    if default.exists() or os.access(default.parent, os.W_OK) or os.environ.get("RECONCILER_NO_CACHE"):
        return
    base = os.environ.get("XDG_CACHE_HOME", "")
    folder = (Path(base) if Path(base).is_absolute() else Path.home() / ".cache") / "reconciler" / "tfstate"
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        status = folder.stat()
    except OSError:
        return
    if status.st_uid == getattr(os, "geteuid", lambda: status.st_uid)() and not status.st_mode & 0o077:
        parser.PARSER_FILE = folder / default.name


def parse_json(text: str, name: str) -> Body:
    """Parse the JSON form of a file of HCL."""
    try:
        body = json.loads(text.removeprefix("\ufeff"))
    except (ValueError, RecursionError):
        raise Unavailable(f"{name} is no JSON that can be read", hint=_INIT) from None
    return body if isinstance(body, dict) else {}
