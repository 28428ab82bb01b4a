"""Values as text under flags, width and precision: what Go's `fmt` does with one operand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from reconciler.load.gotemplates import floats, quoting, texts, values
from reconciler.load.gotemplates.faults import Fault, check_size

MAX_DEPTH: Final = 100
"""How many levels of lists and maps in each other are printed."""

_BASES: Final = {"v": "d", "d": "d", "b": "b", "o": "o", "O": "o", "x": "x", "X": "X"}
_FLOATS: Final = {
    "v": ("g", None),
    "b": ("b", None),
    "g": ("g", None),
    "G": ("G", None),
    "x": ("x", None),
    "X": ("X", None),
    "e": ("e", 6),
    "E": ("E", 6),
    "f": ("f", 6),
    "F": ("f", 6),
}


class Printer:
    """Collects text. The flags are those of the verb at hand; `printf` sets them."""

    __slots__ = (
        "depth",
        "go_syntax",
        "minus",
        "parts",
        "plus",
        "precision",
        "sharp",
        "size",
        "space",
        "width",
        "zero",
    )

    def __init__(self) -> None:
        """Start empty, without flags."""
        self.parts: list[str] = []
        self.size = 0
        self.depth = 0
        self.clear()

    def clear(self) -> None:
        """Take all flags back."""
        self.plus = self.minus = self.sharp = self.space = self.zero = self.go_syntax = False
        self.width = 0
        self.precision: int | None = None

    def text(self) -> str:
        """Give what was collected."""
        return "".join(self.parts)

    def write(self, text: str) -> None:
        """Add text as it is."""
        self.parts.append(text)
        self.size += len(text)
        check_size(self.size)

    def pad(self, text: str, *, zeros: bool = True) -> None:
        """Add text, filled up to the width."""
        missing = self.width - len(text)
        if missing <= 0:
            self.write(text)
        elif self.minus:
            self.write(text + " " * missing)
        else:
            self.write(("0" if self.zero and zeros else " ") * missing + text)

    def operand(self, data: object, verb: str) -> None:
        """Add an operand of a verb."""
        if values.is_nil(data):
            if verb in "Tv":
                self.pad(values.NIL)
            else:
                self.write(f"%!{verb}({values.NIL})")
        elif verb == "T":
            self._string(values.type_name(data), "s")
        elif verb in "pw":
            self.bad(data, verb)
        else:
            self.value(data, verb)

    def value(self, data: object, verb: str) -> None:
        """Add a value, or each of its members, by a verb."""
        match data:
            case bool():
                if verb in "tv":
                    self.pad("true" if data else "false")
                else:
                    self.bad(data, verb)
            case int():
                self._integer(data, verb)
            case float():
                self._float(data, verb)
            case str():
                self._string(data, verb)
            case _ if values.is_map(data) or values.is_list(data):
                self._members(data, verb)
            case _:
                self.write("interface {}(nil)" if self.go_syntax else values.NIL)

    def bad(self, data: object, verb: str) -> None:
        """Say that a verb does not suit its operand."""
        self.write(f"%!{verb}({values.type_name(data)}=")
        self.value(data, "v")
        self.write(")")

    def _members(self, data: Mapping[str, object] | Sequence[object], verb: str) -> None:
        """Add a list, or a map in the order of its keys."""
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise Fault(f"a value with more than {MAX_DEPTH} levels cannot be printed")
        name, opening = (values.MAP, "map[") if values.is_map(data) else (values.LIST, "[")
        self.write(f"{name}{{" if self.go_syntax else opening)
        for index, member in enumerate(sorted(data) if values.is_map(data) else data):
            if index:
                self.write(", " if self.go_syntax else " ")
            self.value(member, verb)
            if values.is_map(data):
                self.write(":")
                self.value(data[str(member)], verb)
        self.write("}" if self.go_syntax else "]")
        self.depth -= 1

    def _integer(self, number: int, verb: str) -> None:
        if base := _BASES.get(verb):
            if verb == "v" and self.go_syntax and isinstance(number, values.Byte):
                self.write(f"0x{number:x}")
                return
            self._digits(number, base, verb)
        elif verb == "c":
            self.pad(quoting.character(number))
        elif verb == "q":
            self.pad(quoting.quote_code(number, ascii_only=self.plus))
        elif verb == "U":
            self._unicode(number)
        else:
            self.bad(number, verb)

    def _digits(self, number: int, base: str, verb: str) -> None:
        sign = "-" if number < 0 else "+" if self.plus else " " if self.space else ""
        least = 0
        if self.precision is not None:
            least = self.precision
            if least == 0 and number == 0:
                self.write(" " * self.width)
                return
        elif self.zero and not self.minus:
            least = self.width - len(sign)
        digits = format(abs(number), base).rjust(least, "0")
        if self.sharp and base in "bxX":
            digits = f"0{base}{digits}"
        elif self.sharp and base == "o" and not digits.startswith("0"):
            digits = f"0{digits}"
        if verb == "O":
            digits = f"0o{digits}"
        self.pad(sign + digits, zeros=False)

    def _unicode(self, number: int) -> None:
        code = number & (2**64 - 1)
        text = f"U+{code:0{max(4, self.precision or 0)}X}"
        if self.sharp and code <= 0x10FFFF and chr(code).isprintable():
            text += f" '{chr(code)}'"
        self.pad(text, zeros=False)

    def _float(self, number: float, verb: str) -> None:
        if verb not in _FLOATS:
            self.bad(number, verb)
            return
        style, precision = _FLOATS[verb]
        if self.precision is not None:
            precision = self.precision
        digits = floats.text(number, style, precision)
        sign, digits = (digits[0], digits[1:]) if digits[0] in "+-" else ("+", digits)
        if self.space and sign == "+" and not self.plus:
            sign = " "
        if digits in {"Inf", "NaN"}:
            bare = digits == "NaN" or sign == "+"
            self.pad(digits if bare and not (self.plus or self.space) else sign + digits, zeros=False)
            return
        if self.sharp and style != "b":
            digits = _pointed(digits, style, precision)
        if not self.plus and sign == "+":
            self.pad(digits)
        elif self.zero and not self.minus:
            self.write(sign + digits.rjust(self.width - 1, "0"))
        else:
            self.pad(sign + digits)

    def _string(self, text: str, verb: str) -> None:
        if verb in "xX":
            self._hexadecimal(texts.to_bytes(text), verb)
            return
        if verb not in "vsq":
            self.bad(text, verb)
            return
        if self.precision is not None:
            text = text[: self.precision]
        if verb == "q" or (verb == "v" and self.go_syntax):
            if self.sharp and quoting.can_backquote(text):
                text = f"`{text}`"
            else:
                text = quoting.quote(text, ascii_only=self.plus)
        self.pad(text)

    def _hexadecimal(self, data: bytes, verb: str) -> None:
        prefix = f"0{verb}" if self.sharp else ""
        data = data[: self.precision]
        pieces = [format(byte, f"02{verb}") for byte in data]
        if self.space:
            text = " ".join(prefix + piece for piece in pieces)
        else:
            text = prefix + "".join(pieces) if pieces else ""
        self.pad(text)


def _pointed(digits: str, style: str, precision: int | None) -> str:
    """Give a number its decimal point and the trailing zeros that `#` asks for."""
    exponent = max(digits.find("p"), digits.find("P"))
    if exponent < 0 and style not in "xX":
        exponent = max(digits.find("e"), digits.find("E"))
    number, tail = (digits, "") if exponent < 0 else (digits[:exponent], digits[exponent:])
    wanted = 0
    if style in "gGx":
        wanted = 6 if precision is None else precision
    wanted -= len(number.replace(".", "").lstrip("0"))
    if "." not in number:
        wanted -= number == "0"
        number += "."
    return number + "0" * max(wanted, 0) + tail


def sprint(operands: list[object]) -> str:
    """Print operands, with a space between two of which neither is a string."""
    printer = Printer()
    after_string = True
    for data in operands:
        is_string = isinstance(data, str)
        if not is_string and not after_string:
            printer.write(" ")
        printer.operand(data, "v")
        after_string = is_string
    return printer.text()


def sprintln(operands: list[object]) -> str:
    """Print operands with spaces between them and a newline at the end."""
    return " ".join([sprint([data]) for data in operands]) + "\n"


def shown(data: object) -> str:
    """Print a value as an action does: nothing there gives ``<no value>``."""
    if isinstance(data, str):
        return data
    return "<no value>" if values.is_nil(data) else sprint([data])
