"""How a template reaches the functions that are not built into the language."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, NamedTuple, Protocol

if TYPE_CHECKING:
    from reconciler.core.values import Marked
    from reconciler.errors import Where


class Signature(Protocol):
    """How many arguments a function takes; `references.Function` is one."""

    def takes(self, count: int) -> bool:
        """Tell whether the function can be called with so many arguments."""
        ...

    def arity(self) -> str:
        """Say how many arguments it takes: ``one argument``, ``at least 2 arguments``."""
        ...


class Calls(Protocol):
    """The functions of a template, beside the built-in ones, which they hide where names are equal.

    Names and numbers of arguments are checked while a template is parsed, before anything is called.
    """

    def signature(self, name: str) -> Signature | None:
        """Give the signature of a function, None where there is none of that name."""
        ...

    def names(self) -> Iterable[str]:
        """Give the names of all functions, for near misses."""
        ...

    def call(self, name: str, arguments: Sequence[Marked], where: Where) -> Marked:
        """Call a function. Every argument is known; the answer may be `UNKNOWN`.

        A `ReconcilerError` that has no place of its own is given `where`, the place of the call.
        """
        ...


class Arity(NamedTuple):
    """The signature of a built-in function; `most` is None where any number may follow."""

    least: int
    most: int | None

    def takes(self, count: int) -> bool:
        """Tell whether the function can be called with so many arguments."""
        return self.least <= count and (self.most is None or count <= self.most)

    def arity(self) -> str:
        """Say how many arguments it takes."""
        if self.most is None:
            return f"at least {counted(self.least)}"
        return counted(self.least) if self.least == self.most else f"{self.least} to {self.most} arguments"


def counted(count: int) -> str:
    """Say a number of arguments: ``no arguments``, ``one argument``, ``2 arguments``."""
    return {0: "no arguments", 1: "one argument"}.get(count, f"{count} arguments")
