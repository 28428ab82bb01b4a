"""Go's `fmt.Sprintf`: the format's flags, width, precision and argument indexes, and its complaints in the text."""

from __future__ import annotations

import re
from collections.abc import Sequence

from reconciler.load.gotemplates import values
from reconciler.load.gotemplates.printing import Printer

_FLAGS = re.compile("[#0+ -]*")
_DIGITS = re.compile("[0-9]+")
_INDEX = re.compile(r"\[([^\]]*)\]")
_LARGEST = 1_000_000
"""The largest width, precision and argument index; Go takes more for a mistake."""


def sprintf(form: str, operands: Sequence[object]) -> str:
    """Print operands by a format."""
    return _Format(form, operands).run()


class _Format:
    """One run through a format: `at` is the offset in it, `next` the operand to print next."""

    def __init__(self, form: str, operands: Sequence[object]) -> None:
        self.form = form
        self.operands = operands
        self.printer = Printer()
        self.at = 0
        self.next = 0
        self.good_index = True
        self.reordered = False

    def run(self) -> str:
        printer, form = self.printer, self.form
        while (percent := form.find("%", self.at)) >= 0:
            printer.write(form[self.at : percent])
            self.at = percent + 1
            printer.clear()
            self._modifiers()
            if self.at >= len(form):
                printer.write("%!(NOVERB)")
                break
            verb = form[self.at]
            self.at += 1
            self._verb(verb)
        printer.write(form[self.at :])
        self._extra()
        return printer.text()

    def _modifiers(self) -> None:
        printer, form = self.printer, self.form
        self.good_index = True
        flags = _FLAGS.match(form, self.at)
        assert flags is not None
        self.at = flags.end()
        printer.sharp, printer.zero = "#" in flags[0], "0" in flags[0]
        printer.plus, printer.minus, printer.space = "+" in flags[0], "-" in flags[0], " " in flags[0]
        indexed = self._index()
        if form.startswith("*", self.at):
            self._starred_width()
            indexed = False
        else:
            width = self._number()
            printer.width = width or 0
            if indexed and width is not None:
                self.good_index = False
        if form.startswith(".", self.at) and self.at + 1 < len(form):
            self.at += 1
            if indexed:
                self.good_index = False
            indexed = self._index()
            if form.startswith("*", self.at):
                self._starred_precision()
                indexed = False
            else:
                printer.precision = self._number() or 0
        if not indexed:
            self._index()

    def _starred_width(self) -> None:
        self.at += 1
        width = self._operand_number()
        if width is None:
            self.printer.write("%!(BADWIDTH)")
        elif width < 0:
            self.printer.minus, self.printer.zero = True, False
        self.printer.width = abs(width or 0)

    def _starred_precision(self) -> None:
        self.at += 1
        precision = self._operand_number()
        if precision is None or precision < 0:
            self.printer.write("%!(BADPREC)")
        else:
            self.printer.precision = precision

    def _verb(self, verb: str) -> None:
        printer = self.printer
        if verb == "%":
            printer.write("%")
        elif not self.good_index:
            printer.write(f"%!{verb}(BADINDEX)")
        elif self.next >= len(self.operands):
            printer.write(f"%!{verb}(MISSING)")
        else:
            if verb in "vw":
                printer.go_syntax, printer.sharp, printer.plus = printer.sharp, False, False
            printer.operand(self.operands[self.next], verb)
            self.next += 1

    def _extra(self) -> None:
        if self.reordered or self.next >= len(self.operands):
            return
        printer = self.printer
        printer.clear()
        printer.write("%!(EXTRA ")
        for index, data in enumerate(self.operands[self.next :]):
            printer.write(", " if index else "")
            if not values.is_nil(data):
                printer.write(f"{values.type_name(data)}=")
            printer.operand(data, "v")
        printer.write(")")

    def _number(self) -> int | None:
        digits = _DIGITS.match(self.form, self.at)
        if digits is None:
            return None
        if len(digits[0].lstrip("0")) > 8 or int(digits[0]) // 10 > _LARGEST:
            # Go looks at the number before it adds the last digit, and gives up on the whole rest of the format.
            self.at = len(self.form)
            return None
        self.at = digits.end()
        return int(digits[0])

    def _operand_number(self) -> int | None:
        if self.next >= len(self.operands):
            return None
        data = self.operands[self.next]
        self.next += 1
        return int(data) if values.is_integer(data) and abs(data) <= _LARGEST else None

    def _index(self) -> bool:
        """Follow an argument index such as `[2]`; tell whether a well-formed one stands here."""
        if not self.form.startswith("[", self.at):
            return False
        self.reordered = True
        bracket = _INDEX.match(self.form, self.at)
        if bracket is None:
            self.at += 1
            self.good_index = False
            return False
        self.at = bracket.end()
        well_formed = _DIGITS.fullmatch(bracket[1]) is not None and len(bracket[1]) <= 7
        if well_formed and 1 <= int(bracket[1]) <= len(self.operands):
            self.next = int(bracket[1]) - 1
            return True
        self.good_index = False
        return well_formed
