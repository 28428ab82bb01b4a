"""Jsonnet: evaluation with reference functions as natives, imports and external variables.

The interpreter is a C++ library that ends the process on some results of native functions, so that everything
handed to it is checked first. It tells no place to a native function and gives none for the values it
returns: errors get their place from its stack trace, provenance comes from `twins`.
"""

from __future__ import annotations

import dataclasses
import math
import re
from collections.abc import Callable, Mapping
from dataclasses import field
from pathlib import Path
from typing import Final

from reconciler.core.references import Functions
from reconciler.core.values import Json
from reconciler.errors import ConfigError, ReconcilerError, ResolveError, Where
from reconciler.load import complaints, sources
from reconciler.load.sources import Document, Options
from reconciler.records import dataclass

Reply = Callable[[str, "tuple[Json, ...]"], Json]
"""What answers a native call: the function's name, its arguments; the value, as JSON."""

_LARGEST: Final = 2**53
_TRACE: Final = re.compile(r"^\t(?P<file>[^\t\n]+?):\(?(?P<line>\d+):(?P<column>\d+)\)?", re.MULTILINE)
_SPAN: Final = re.compile(
    r"\t(?P<file>[^\t\n]+?):\(?(?P<line>\d+):(?P<column>\d+)\)?-(\((?P<last>\d+):)?(?P<end>\d+)"
)
_STATIC: Final = re.compile(
    r"STATIC ERROR: (?P<file>.+?):\(?(?P<line>\d+):(?P<column>\d+)\)?[^ ]*: (?P<what>.*)"
)
_NO_FUNCTION: Final = "only functions can be called, got null"


@dataclass(frozen=True, slots=True)
class Natives:
    """The functions of a run: the parameters that each has in Jsonnet, and what answers them."""

    parameters: Mapping[str, tuple[str, ...]]
    reply: Reply


@dataclass(eq=False)
class Stopped(ConfigError):
    """Jsonnet's own complaint. Where it `quotes`, it may hold what a native function gave, and `quiet` drops it."""

    quotes: bool = True


@dataclass(eq=False)
class NoFunction(Stopped):
    """Null was called: most likely what `std.native` gives for a name that it does not know."""


@dataclass(slots=True)
class _Run:
    """What happened during a run: the first error of a native function or an import, and the texts read."""

    texts: dict[str, str] = field(default_factory=dict)
    error: ReconcilerError | None = None


def parameters(functions: Functions) -> dict[str, tuple[str, ...]]:
    """Give the parameters that functions have in Jsonnet."""
    return {name: function.parameters for name, function in functions.items()}


def evaluate(document: Document, natives: Natives, options: Options, *, members: str | None = None) -> str:
    """Evaluate a document to the text of its JSON; with `members` to that of an expression about it, `c`.

    Stopped, or the ConfigError or ResolveError of a native function or import.
    """
    import _jsonnet

    name = str(document.path)
    run = _Run({name: document.text})
    source = document.text
    if members is not None:
        source = f"local c = import {_string(document.path.name)}; {members}"
    try:
        evaluated: str = _jsonnet.evaluate_snippet(
            str(document.path.with_name("<members>")) if members else name,
            source,
            ext_vars=dict(options.ext_str),
            ext_codes=dict(options.ext_code),
            import_callback=_importer(run),
            native_callbacks={
                key: (complaints.PLACES[: len(names)], _callback(key, natives, run))
                for key, names in natives.parameters.items()
            },
        )
    except RuntimeError as error:
        raise _explain(str(error), run, name, natives.parameters) from run.error
    return evaluated


def quiet(error: Stopped) -> ConfigError:
    """Give the error without Jsonnet's message, unless that cannot quote a value."""
    if not error.quotes:
        return error
    what = "Jsonnet stopped with an error; its message is withheld, as it may quote a sensitive value"
    hint = "check this line, or evaluate the file with plain text in the secret's place, to read the message"
    return ConfigError(what, error.where, hint)


def _string(text: str) -> str:
    """Write text as a Jsonnet string."""
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


def _importer(run: _Run) -> Callable[[str, str], tuple[str, bytes]]:
    def read(folder: str, relative: str) -> tuple[str, bytes]:
        path = str(Path(folder) / relative)
        if path not in run.texts:
            try:
                run.texts[path] = sources.text(Path(path))
            except ConfigError as error:
                run.error = run.error or error
                raise
        return path, run.texts[path].encode()

    return read


def _callback(name: str, natives: Natives, run: _Run) -> Callable[..., Json]:
    def call(*arguments: object) -> Json:
        given = tuple(_argument(argument) for argument in arguments)
        try:
            return safe(natives.reply(name, given), name)
        except (ConfigError, ResolveError) as error:
            run.error = run.error or error
            raise

    return call


def _argument(value: object) -> Json:
    """Give an argument as JSON: Jsonnet passes primitives only, and every number as a float."""
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value if isinstance(value, bool | float | str) else None


def safe(data: Json, name: str) -> Json:
    """Give data that the interpreter can take. ConfigError where it would lose some of it, or end the process."""
    if isinstance(data, bool) or data is None:
        return data
    if isinstance(data, str):
        return _text(data, name)
    if isinstance(data, int | float):
        if not math.isfinite(data) or (isinstance(data, int) and abs(data) > _LARGEST):
            raise ConfigError(f"{name} gave a number that Jsonnet cannot hold exactly", hint="use it as text")
        return data
    if isinstance(data, Mapping):
        return {_text(key, name): safe(member, name) for key, member in data.items()}
    return [safe(item, name) for item in data]


def _text(data: str, name: str) -> str:
    if "\0" in data or any("\ud800" <= character <= "\udfff" for character in data):
        raise ConfigError(f"{name} gave a text with a character that Jsonnet cannot hold")
    if "{{" in data:
        # The result of a .jsonnet file passes through the template language, which would execute the value.
        raise ConfigError(f"{name} gave a text with '{{{{' in it, which would be taken for a template")
    return data


def _explain(message: str, run: _Run, name: str, natives: Mapping[str, tuple[str, ...]]) -> ReconcilerError:
    if static := _STATIC.match(message):
        # Found before anything is evaluated: it may quote the source, and no value.
        return Stopped(f"Jsonnet: {static['what'].rstrip('.')}", _where(static, run), quotes=False)
    frames = [frame for frame in _TRACE.finditer(message) if frame["file"] in run.texts]
    where = _where(frames[0], run) if frames else Where(name)
    if run.error is not None:
        # An import that fails names the missing file; the place is that of the import.
        what = run.error.what
        if run.error.where and run.error.where.path != name:
            what = f"{run.error.where.path} cannot be imported: {what}"
        return dataclasses.replace(run.error, what=what, where=where)
    first = message.split("\n", 1)[0].removeprefix("RUNTIME ERROR: ")
    if first == _NO_FUNCTION:
        hint = "std.native gives null for a name that is not among the functions here"
        return NoFunction("something is called that is no function", where, hint, quotes=False)
    piece = _piece(message, run)
    complaint = complaints.explain(first, piece, run.texts.values(), natives)
    return Stopped(complaint.what, where, complaint.hint, quotes=complaint.quotes)


def _piece(message: str, run: _Run) -> str:
    """Give the source text where a message arose; none where that is not in the files that were read."""
    _, _, trace = message.partition("\n")
    found = _SPAN.match(trace)
    if found is None or found["file"] not in run.texts:
        return ""
    lines = [line.encode() for line in run.texts[found["file"]].split("\n")]
    first, last = int(found["line"]), int(found["last"] or found["line"])
    piece = lines[first - 1 : last]
    if not piece:
        return ""
    piece[-1] = piece[-1][: int(found["end"]) - 1]
    piece[0] = piece[0][int(found["column"]) - 1 :]
    return b"\n".join(piece).decode(errors="ignore")


def _where(found: re.Match[str], run: _Run) -> Where:
    """Give a place; Jsonnet counts the bytes of a line."""
    line, column = int(found["line"]), int(found["column"])
    lines = run.texts.get(found["file"], "").split("\n")
    if 0 < line <= len(lines):
        column = len(lines[line - 1].encode()[: column - 1].decode(errors="ignore")) + 1
    return Where(found["file"], line, column)
