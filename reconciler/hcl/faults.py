"""What values and functions report that do not know where in a file they are used."""

from __future__ import annotations


class Fault(Exception):
    """Something is wrong with values; the evaluation turns it into an error with a place.

    The message never holds a value: it may be secret. `argument` is the 0-based index of the argument of a call
    that is to blame, None where none is.
    """

    def __init__(self, what: str, hint: str | None = None, *, argument: int | None = None) -> None:
        """Take what is wrong, as a sentence without a final dot, and what to try."""
        super().__init__(what)
        self.what = what
        self.hint = hint
        self.argument = argument


class Undeclared(Fault):
    """A name stands for nothing. Terraform tells so before it evaluates anything, so that no `try` passes over it."""
