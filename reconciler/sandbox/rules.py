"""Where each simulated rule comes from. Nothing in the sandbox is true merely because it is in the sandbox.

Every function of a module that simulates AWS carries one or more of three marks, so that `grep -rn
'@rules.guessed' reconciler/sandbox` lists what to distrust, and a test finds a rule without a mark:

- `@rules.documented(source)`: AWS's API model or documentation says so;
- `@rules.reported(source)`: seen in public recordings or reported by users of the real service;
- `@rules.guessed(why)`: neither; somebody had to decide.

A source `model` is botocore's `ecs/2014-11-13/service-2.json`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, ParamSpec, TypeVar

_Parameters = ParamSpec("_Parameters")
_Result = TypeVar("_Result")
Basis = Literal["documented", "reported", "guessed"]


@dataclass(frozen=True, slots=True)
class Mark:
    """One reason to believe a rule: its basis, and the source or the reason for the guess."""

    basis: Basis
    source: str


MARKS: dict[tuple[str, str], tuple[Mark, ...]] = {}
"""Every marked function, by (module, qualified name)."""


def _marker(
    basis: Basis, source: str
) -> Callable[[Callable[_Parameters, _Result]], Callable[_Parameters, _Result]]:
    def mark(function: Callable[_Parameters, _Result]) -> Callable[_Parameters, _Result]:
        key = (function.__module__, function.__qualname__)
        MARKS[key] = (Mark(basis, source), *MARKS.get(key, ()))
        return function

    return mark


def documented(
    source: str,
) -> Callable[[Callable[_Parameters, _Result]], Callable[_Parameters, _Result]]:
    """Mark a rule that AWS documents; `source` names the document or the API shape."""
    return _marker("documented", source)


def reported(source: str) -> Callable[[Callable[_Parameters, _Result]], Callable[_Parameters, _Result]]:
    """Mark a rule that was seen on the real service; `source` names the recording or issue."""
    return _marker("reported", source)


def guessed(why: str) -> Callable[[Callable[_Parameters, _Result]], Callable[_Parameters, _Result]]:
    """Mark a rule that nobody vouches for; `why` says what made it plausible."""
    return _marker("guessed", why)
