"""`dataclass` as the standard library has it, made in two thirds of the time.

A short run of the command makes more than a hundred dataclasses, and compiling their methods was a fifth of what it
spent. Here a class gets ``__repr__``, ``__eq__`` and ``__hash__`` as closures over its fields' names; only what really
depends on the fields, ``__init__`` and what keeps a frozen instance as it is, is compiled. Type checkers see the
standard library's.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from operator import attrgetter
from typing import TYPE_CHECKING, Any, TypeVar

__all__ = ["dataclass"]

if TYPE_CHECKING:
    from dataclasses import dataclass
else:

    def dataclass(cls: Any = None, /, **options: Any) -> Any:
        """Make a dataclass, with the options of the standard library's."""
        if cls is None:
            return lambda it: _made(it, options)
        return _made(cls, options)


_C = TypeVar("_C")


def _made(cls: type[_C], options: dict[str, Any]) -> type[_C]:
    if options.get("order") or options.get("unsafe_hash"):  # compared field by field, they want the real ones
        return dataclasses.dataclass(**options)(cls)
    own = cls.__dict__
    if not cls.__doc__:
        cls.__doc__ = cls.__name__  # else its signature is worked out
    shown = options.pop("repr", True) and "__repr__" not in own
    compared = options.pop("eq", True) and "__eq__" not in own
    hashed = "__hash__" not in own
    made: Any = dataclasses.dataclass(**options, repr=False, eq=False)(cls)
    if shown:
        made.__repr__ = _repr
    if compared:
        made.__eq__ = _equality(made)
        if hashed:
            made.__hash__ = _hashing(made) if options.get("frozen") else None
    result: type[_C] = made
    return result


def _repr(self: Any) -> str:
    fields = (field for field in dataclasses.fields(self) if field.repr)
    inside = ", ".join(f"{field.name}={getattr(self, field.name)!r}" for field in fields)
    return f"{type(self).__qualname__}({inside})"


def _values(cls: Any) -> Callable[[Any], Any]:
    """Give what reads the fields that count when two instances are compared."""
    names = [field.name for field in dataclasses.fields(cls) if field.compare]
    return attrgetter(*names) if names else lambda _instance: ()


def _equality(cls: Any) -> Callable[[Any, object], Any]:
    values = _values(cls)

    def equal(self: Any, other: object) -> Any:
        return values(self) == values(other) if other.__class__ is self.__class__ else NotImplemented

    return equal


def _hashing(cls: Any) -> Callable[[Any], int]:
    values = _values(cls)
    return lambda self: hash(values(self))
