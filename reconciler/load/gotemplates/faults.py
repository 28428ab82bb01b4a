"""What a piece of the language reports that does not know where in the template it is used."""

from __future__ import annotations

MAX_OUTPUT = 64 * 1024 * 1024
"""The longest text, in characters, that a template or one of its values may become."""


class Fault(Exception):
    """Something is wrong with values; the execution turns it into a `TemplateError` with a place.

    The message never holds a value of the template: it may be secret.
    """

    def __init__(self, what: str, hint: str | None = None) -> None:
        """Take what is wrong, as a sentence without a final dot, and what to try."""
        super().__init__(what)
        self.what = what
        self.hint = hint


def check_size(characters: int) -> None:
    """Refuse a text that would grow beyond all measure."""
    if characters > MAX_OUTPUT:
        raise Fault(f"the text grows beyond {MAX_OUTPUT // (1024 * 1024)} MiB")
