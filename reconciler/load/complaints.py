"""Jsonnet's complaints about a running program, in the words of the source: names of functions and their parameters.

The interpreter knows parameters of native functions by their place only, and its message may quote a value. So
what a complaint names is read off the source text that it points at, where it stands literally; such a
complaint quotes no value, whatever the program was evaluated from.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from reconciler.records import dataclass

# jsonnet 0.22 takes parameters of natives whose names its standard library does not use for one and the same
# ("binding parameter a second time"), and finds none of them by name: so they are given by place, and have
# names that the library uses.
PLACES: Final = ("a", "b", "c", "x", "y", "i", "n", "v")
"""The names that natives' parameters have in the interpreter, by place."""

_TOO_MANY: Final = re.compile(r"too many args, function has (?P<count>\d{1,2}) parameter\(s\)")
_NOT_BOUND: Final = re.compile(r"function parameter (?P<name>\w+) not bound in call\.")
_NO_PARAMETER: Final = re.compile(r"function has no parameter (?P<name>\w+)")
_NO_FIELD: Final = re.compile(r"field does not exist: (?P<name>.+)")
_NO_VARIABLE: Final = re.compile(r"undefined external variable: (?P<name>.+)")
_NATIVE: Final = r"std\s*\.\s*native\(\s*(['\"])(?P<name>\w+)\1\s*\)"
_CALLED: Final = re.compile(rf"{_NATIVE}\s*\(|(?P<local>\w+)\s*\(")
_RAISED: Final = re.compile(r"(error|assert)\b")


@dataclass(frozen=True, slots=True)
class Complaint:
    """What is wrong, what to try, and whether it may quote a value."""

    what: str
    hint: str | None = None
    quotes: bool = True


def explain(
    message: str, piece: str, texts: Iterable[str], natives: Mapping[str, Sequence[str]]
) -> Complaint:
    """Put a message in the words of the source.

    `piece` is the source text that the message points at, empty where that is not known; `texts` are all source
    files, and `natives` gives the native functions' parameters.
    """
    plain = f"Jsonnet: {message.rstrip('.')}"
    if found := _NO_VARIABLE.fullmatch(message):
        name = found["name"]
        hint = f"--ext-str {name}=TEXT, or --ext-code {name}=JSONNET for anything but text"
        literal = re.fullmatch(rf"std\s*\.\s*extVar\(\s*(['\"]){re.escape(name)}\1\s*\)", piece)
        return Complaint(plain, hint, quotes=literal is None)
    if found := _NO_FIELD.fullmatch(message):
        name = re.escape(found["name"])
        literal = re.search(rf"(\.\s*{name}|\[\s*(['\"]){name}\2\s*\])$", piece)
        return Complaint(plain, quotes=literal is None or _raised(piece))
    if (
        found := _TOO_MANY.fullmatch(message)
        or _NOT_BOUND.fullmatch(message)
        or _NO_PARAMETER.fullmatch(message)
    ):
        function = _native(piece, texts, natives)
        if function is not None and _fits(found, len(natives[function])):
            return _arity(function, natives[function], found)
        known = _stands(found.groupdict().get("name", ""), texts)
        return Complaint(plain, quotes=not piece or _raised(piece) or not known)
    return Complaint(plain)


def _fits(found: re.Match[str], count: int) -> bool:
    """Tell whether a message can be about a native with so many parameters: a local may hide a native's name."""
    if found.re is _TOO_MANY:
        return int(found["count"]) == count
    return found.re is _NO_PARAMETER or found["name"] in PLACES[:count]


def _native(piece: str, texts: Iterable[str], natives: Mapping[str, Sequence[str]]) -> str | None:
    """Give the native function that a piece of source calls, by itself or by the name of a local."""
    called = _CALLED.match(piece)
    if called is None:
        return None
    name = called["name"]
    if called["local"]:
        bound = re.compile(rf"\b{called['local']}\s*=\s*{_NATIVE}(?!\s*\()")
        names = {found["name"] for text in texts for found in bound.finditer(text)}
        name = names.pop() if len(names) == 1 else None
    return name if name in natives else None


def _arity(function: str, parameters: Sequence[str], found: re.Match[str]) -> Complaint:
    names = [name.upper() for name in parameters]
    signature = f"{function}({', '.join(names)})"
    hint = f"std.native('{function}')({', '.join(names)})"
    if found.re is _TOO_MANY:
        return Complaint(f"{signature} has no more parameters in Jsonnet", f"write {hint}", quotes=False)
    if found.re is _NOT_BOUND:
        missing = names[PLACES.index(found["name"])]
        return Complaint(f"{signature} is called without {missing}", f"write {hint}", quotes=False)
    return Complaint(f"{signature} takes its arguments by place", f"write {hint}", quotes=False)


def _raised(piece: str) -> bool:
    """Tell whether the program itself worded the message, out of values perhaps."""
    return _RAISED.match(piece) is not None


def _stands(name: str, texts: Iterable[str]) -> bool:
    """Tell whether a name, if there is one, is a word of the source."""
    return not name or any(re.search(rf"\b{name}\b", text) for text in texts)
