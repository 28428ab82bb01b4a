"""Functions of files and of their names. Nothing outside the directory that the context names is read."""

from __future__ import annotations

import base64
import os
import posixpath
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from reconciler.hcl.faults import Fault
from reconciler.hcl.functions.encodings import utf8
from reconciler.hcl.functions.signatures import (
    MAX_ELEMENTS,
    MAX_TEXT,
    Context,
    Parameter,
    check_elements,
    contextual,
    function,
    text,
)
from reconciler.hcl.values import Set, Value, described


def abspath(context: Context, path: str) -> Value:
    """Give the absolute form of a path, without looking whether anything is there."""
    base, _ = _directories(context)
    return posixpath.normpath(posixpath.join(str(base), path))


def basename(path: str) -> Value:
    """Give the last part of a path."""
    stripped = path.rstrip("/")
    return posixpath.basename(stripped) or ("/" if path else ".")


def dirname(path: str) -> Value:
    """Give a path without its last part."""
    head = posixpath.normpath(path.rpartition("/")[0] or ("/" if path.startswith("/") else "."))
    return "/" if head == "//" else head


def pathexpand(context: Context, path: str) -> Value:
    """Put the home directory for `~` at the beginning."""
    if path != "~" and not path.startswith("~/"):
        return path
    if context.home is None:
        raise Fault("there is no home directory here", argument=0)
    return context.home + path[1:]


def read_bytes(context: Context, path: str) -> bytes:
    """Read a file below the root. Raises Fault, which blames the first argument."""
    found = _inside(context, path)
    try:
        with found.open("rb") as file:
            data = file.read(MAX_TEXT + 1)
    except FileNotFoundError:
        raise Fault(f"there is no file {path}", argument=0) from None
    except OSError as error:
        raise Fault(f"{path} cannot be read: {error.strerror}", argument=0) from None
    if len(data) > MAX_TEXT:
        raise Fault(f"{path} is larger than {MAX_TEXT // (1024 * 1024)} MiB", argument=0)
    return data


def file(context: Context, path: str) -> Value:
    """Read a file of text in UTF-8."""
    return utf8(read_bytes(context, path))


def filebase64(context: Context, path: str) -> Value:
    """Read a file, in base64."""
    return base64.b64encode(read_bytes(context, path)).decode()


def fileexists(context: Context, path: str) -> Value:
    """Tell whether there is a file; a directory is an error, as in Terraform."""
    found = _inside(context, path)
    if found.is_dir():
        raise Fault(f"{path} is a directory", argument=0)
    return found.is_file()


def fileset(context: Context, path: str, pattern: str) -> Value:
    """Give the files below a directory that match a pattern (`*`, `?`, `[a-z]`, `{a,b}`, `**`), relative to it."""
    base = _inside(context, path)
    matches = _glob(pattern)
    found = [name for name in _files(context, base) if matches.fullmatch(name)]
    check_elements(len(found))
    return Set(found)


def templatefile(context: Context, path: str, variables: Value) -> Value:
    """Read a file and render it as a template."""
    if not isinstance(variables, Mapping):
        raise Fault(f"a map is required, not {described(variables)}", argument=1)
    if context.render is None:
        raise Fault("a template cannot call it")
    return context.render(utf8(read_bytes(context, path)), path, variables)


def templatestring(context: Context, source: str, variables: Value) -> Value:
    """Render a text as a template."""
    if not isinstance(variables, Mapping):
        raise Fault(f"a map is required, not {described(variables)}", argument=1)
    if context.render is None:
        raise Fault("a template cannot call it")
    return context.render(source, "templatestring", variables)


def _directories(context: Context) -> tuple[Path, Path]:
    if context.base is None:
        raise Fault("there are no files here")
    return context.base, context.root or context.base


def _inside(context: Context, path: str) -> Path:
    """Give the real place of a path, after all links: it must lie below the root."""
    base, root = _directories(context)
    if "\0" in path:
        raise Fault("a path cannot hold the character U+0000", argument=0)
    try:
        found = (base / str(pathexpand(context, path))).resolve()
    except (OSError, RuntimeError):
        raise Fault(f"{path} cannot be followed", argument=0) from None
    if not found.is_relative_to(root.resolve()):
        raise Fault(f"{path} lies outside the project's directory", argument=0)
    return found


def _files(context: Context, base: Path) -> Iterator[str]:
    """Give the names of all files below a directory, whose links lead nowhere else."""
    _, root = _directories(context)
    real, seen = root.resolve(), 0
    for directory, folders, names in os.walk(base):
        folders.sort()
        for name in names:
            seen += 1
            if seen > MAX_ELEMENTS:
                raise Fault("there are too many files in it", argument=0)
            full = Path(directory, name)
            if full.is_file() and full.resolve().is_relative_to(real):
                yield full.relative_to(base).as_posix()


def _glob(pattern: str) -> re.Pattern[str]:
    """Translate a pattern of files to a regular expression."""
    parts, at, depth = [], 0, 0
    while at < len(pattern):
        letter = pattern[at]
        at += 1
        if letter == "*":
            if pattern.startswith("*/", at) and (at == 1 or pattern[at - 2] == "/"):
                parts.append("(?:[^/]+/)*")
                at += 2
            elif (
                pattern.startswith("*", at) and at + 1 == len(pattern) and (at == 1 or pattern[at - 2] == "/")
            ):
                parts.append(".*")
                at += 1
            else:
                parts.append("[^/]*")
        elif letter == "?":
            parts.append("[^/]")
        elif letter == "[" and (closing := pattern.find("]", at + 1)) > 0:
            content = re.sub(r"([\\\[\]&~|])", r"\\\1", pattern[at:closing])
            parts.append(f"(?!/)[{'^' + content[1:] if content[0] in '^!' else content}]")
            at = closing + 1
        elif letter == "{":
            parts.append("(?:")
            depth += 1
        elif letter == "}" and depth:
            parts.append(")")
            depth -= 1
        elif letter == "," and depth:
            parts.append("|")
        else:
            if letter == "\\" and at < len(pattern):
                letter, at = pattern[at], at + 1
            parts.append(re.escape(letter))
    try:
        return re.compile("".join(parts), re.DOTALL)
    except re.error:
        raise Fault("it is no pattern of files", argument=1) from None


FUNCTIONS = (
    contextual("abspath", abspath, text("path")),
    function("basename", basename, text("path")),
    function("dirname", dirname, text("path")),
    contextual("file", file, text("path")),
    contextual("filebase64", filebase64, text("path")),
    contextual("fileexists", fileexists, text("path")),
    contextual("fileset", fileset, text("path"), text("pattern")),
    contextual("pathexpand", pathexpand, text("path")),
    contextual("templatefile", templatefile, text("path"), Parameter("vars", members=True)),
    contextual("templatestring", templatestring, text("template"), Parameter("vars", members=True)),
)
