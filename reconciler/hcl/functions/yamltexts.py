"""YAML as Terraform writes it: go-yaml's emitter, which is libyaml's, for what values can be.

Texts stand in double quotes, or as a literal block where they have several lines and a block can hold them; sequences
in mappings are not indented; long lines in quotes are folded at spaces once they pass column 80.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from reconciler.hcl import numerals
from reconciler.hcl.faults import Fault
from reconciler.hcl.values import Set, Value, described

_WIDTH = 80
_INDENT = 2
_LONGEST_KEY = 128
"""The longest key, in bytes with its quotes' content alone, that is written before its colon without `? `."""

_BREAKS = "\n\r\x85\u2028\u2029"
_ESCAPES = {
    "\0": "0", "\a": "a", "\b": "b", "\t": "t", "\n": "n", "\v": "v", "\f": "f", "\r": "r", "\x1b": "e", '"': '"',
    "\\": "\\", "\x85": "N", "\xa0": "_", "\u2028": "L", "\u2029": "P",
}  # fmt: skip


def written(value: Value) -> str:
    """Write a plain, known value as a document."""
    emitter = _Emitter()
    emitter.node(value)
    # A plain scalar could go on in the next line, so that the document needs an end.
    plain = value is None or isinstance(value, bool | int | Decimal)
    ending = "\n...\n" if plain else "" if emitter.broken else "\n"
    return "".join(emitter.parts) + ending


class _Emitter:
    """What libyaml's emitter remembers: the column, and whether what was written last is white space or indentation."""

    def __init__(self) -> None:
        self.parts: list[str] = []
        self.column = 0
        self.indent = -1
        self.white = True
        self.indented = True
        self.broken = False

    def node(self, value: Value, *, mapping: bool = False, key: bool = False) -> None:
        match value:
            case None:
                self._plain("null")
            case bool():
                self._plain("true" if value else "false")
            case str():
                self._text(value, key=key)
            case int() | Decimal():
                self._plain(numerals.text(value))
            case Mapping():
                self._mapping(value)
            case tuple() | Set():
                self._sequence(tuple(value), mapping=mapping)
            case _:
                raise Fault(f"{described(value)} cannot be written as YAML")

    def _sequence(self, items: tuple[Value, ...], *, mapping: bool) -> None:
        if not items:
            self._plain("[]")
            return
        before = self._deeper(flow=False, same=mapping and not self.indented)
        for item in items:
            self._line()
            self._indicator("-", indentation=True)
            self.node(item)
        self.indent = before

    def _mapping(self, members: Mapping[str, Value]) -> None:
        if not members:
            self._plain("{}")
            return
        before = self._deeper(flow=False)
        for name, member in members.items():
            self._line()
            if len(name.encode()) <= _LONGEST_KEY and not any(letter in _BREAKS for letter in name):
                self.node(name, key=True)
                self._indicator(":", space=False)
            else:
                self._indicator("?", indentation=True)
                self.node(name, mapping=True)
                self._line()
                self._indicator(":", indentation=True)
            self.node(member, mapping=True)
        self.indent = before

    def _deeper(self, *, flow: bool, same: bool = False) -> int:
        before = self.indent
        if before < 0:
            self.indent = _INDENT if flow else 0
        elif not same:
            self.indent += _INDENT
        return before

    def _write(self, shown: str) -> None:
        self.parts.append(shown)
        self.column += len(shown)
        self.broken = False

    def _break(self, character: str = "\n") -> None:
        self.parts.append(character)
        self.column = 0
        self.broken = True

    def _line(self) -> None:
        indent = max(self.indent, 0)
        if not self.indented or self.column > indent or (self.column == indent and not self.white):
            self._break()
        if self.column < indent:
            self._write(" " * (indent - self.column))
        self.white = self.indented = True

    def _indicator(self, shown: str, *, space: bool = True, indentation: bool = False) -> None:
        if space and not self.white:
            self._write(" ")
        self._write(shown)
        self.white = False
        self.indented = self.indented and indentation

    def _plain(self, shown: str) -> None:
        self._indicator(shown)

    def _text(self, value: str, *, key: bool) -> None:
        before = self._deeper(flow=True)
        if "\n" in value and not key and _fits_block(value):
            self._block(value)
        else:
            self._quoted(value, fold=not key)
        self.indent = before

    def _quoted(self, value: str, *, fold: bool) -> None:
        self._indicator('"')
        spaces = False
        for at, letter in enumerate(value):
            if not _printable(letter) or letter in '"\\' or letter in _BREAKS or letter == "\ufeff":
                self._write(_escaped(letter))
                spaces = False
            elif letter == " ":
                if fold and not spaces and self.column > _WIDTH and 0 < at < len(value) - 1:
                    self._line()
                    if value[at + 1] == " ":
                        self._write("\\")
                else:
                    self._write(letter)
                spaces = True
            else:
                self._write(letter)
                spaces = False
        self._indicator('"', space=False)

    def _block(self, value: str) -> None:
        ended = value[-1] in _BREAKS
        kept = ended and (len(value) == 1 or value[-2] in _BREAKS)
        hint = str(_INDENT) if value[0] == " " or value[0] in _BREAKS else ""
        chomping = "+" if kept else "" if ended else "-"
        self._indicator("|" + hint + chomping)
        self._break()
        self.white = self.indented = True
        fresh = True
        for letter in value:
            if letter in _BREAKS:
                self._break(letter)
                self.indented = fresh = True
                continue
            if fresh:
                self._line()
            self._write(letter)
            self.indented = fresh = False


def _fits_block(value: str) -> bool:
    """Tell whether a block can hold a text: no space before a line's end, nothing that needs an escape."""
    printable = all(_printable(letter) for letter in value)
    return printable and not value.endswith(" ") and not any(f" {end}" in value for end in _BREAKS)


def _printable(letter: str) -> bool:
    """Tell whether libyaml writes a character as it is: not tabs, nor what lies beyond the first plane."""
    return (
        letter == "\n"
        or " " <= letter <= "~"
        or "\xa0" <= letter <= "\ud7ff"
        or ("\ue000" <= letter <= "\ufffd" and letter != "\ufeff")
    )


def _escaped(letter: str) -> str:
    if (short := _ESCAPES.get(letter)) is not None:
        return f"\\{short}"
    code = ord(letter)
    return f"\\x{code:02X}" if code < 0x100 else f"\\u{code:04X}" if code < 0x10000 else f"\\U{code:08X}"
