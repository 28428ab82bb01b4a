"""A terminal that understands what the command writes to one, and nothing else: any other sequence is an error."""

from __future__ import annotations

import re

from reconciler.render import texts

_TOKEN = re.compile(r"\x1b\[(\??)([\d;]*)([A-Za-z])|([\r\n])|([^\x1b\r\n])")


class Emulator:
    """Cells in lines; what scrolls out at the top is kept. It wraps as terminals do: late, at the next character."""

    def __init__(self, columns: int = 100, rows: int = 30) -> None:
        """Begin with the cursor in the upper left corner."""
        self.columns, self.rows = columns, rows
        self.cells: list[list[str]] = [[]]
        self.row = self.column = 0
        self.cursor_shown = self.wraps = True

    @property
    def lines(self) -> list[str]:
        """Give everything that was ever shown and not overwritten, without blanks at the ends of lines."""
        return ["".join(line).rstrip() for line in self.cells]

    @property
    def _top(self) -> int:
        return max(len(self.cells) - self.rows, 0)

    def feed(self, text: str) -> None:
        """Show what is written."""
        done = 0
        for token in _TOKEN.finditer(text):
            assert token.start() == done, f"cannot show {text[done : done + 12]!r}"
            done = token.end()
            private, numbers, command, control, character = token.groups()
            if character:
                self._put(character)
            elif control == "\r":
                self.column = 0
            elif control == "\n":  # the terminal's driver makes a carriage return of it too
                self.column = 0
                self._down()
            else:
                self._obey(private + command, numbers)
        assert done == len(text), f"cannot show {text[done:]!r}"

    def _put(self, character: str) -> None:
        if self.column >= self.columns:
            if self.wraps:
                self.column = 0
                self._down()
            else:
                self.column = self.columns - 1
        line = self.cells[self.row]
        line += [" "] * (self.column + 1 - len(line))
        line[self.column] = character
        self.column += texts.width(character)

    def _down(self) -> None:
        self.row += 1
        if self.row == len(self.cells):
            self.cells.append([])

    def _obey(self, command: str, numbers: str) -> None:
        number = int(numbers or 1) if ";" not in numbers else 0
        match command:
            case "m":
                return
            case "A":
                self.row = max(self.row - number, self._top)
            case "C":
                self.column = min(self.column + number, self.columns - 1)
            case "K":
                del self.cells[self.row][self.column :]
            case "J":
                del self.cells[self.row][self.column :]
                del self.cells[self.row + 1 :]
            case "?h" | "?l" if number == 25:
                self.cursor_shown = command == "?h"
            case "?h" | "?l" if number == 7:
                self.wraps = command == "?h"
            case _:
                raise AssertionError(f"cannot obey {command} {numbers}")
