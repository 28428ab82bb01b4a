"""The functions by which a document refers to values outside it, the same in every format."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import field
from pathlib import Path
from typing import TypeAlias

from reconciler.core.values import Address, Json
from reconciler.errors import Where
from reconciler.records import dataclass


@dataclass(frozen=True, slots=True)
class Function:
    """A reference function of an opened resolver: `tfstate ADDRESS` of the instance `tfstate`.

    `most` is None for a function of any number of arguments. `parameters` are the names that a format with
    a fixed number of parameters (Jsonnet) uses. A `structured` one gives a template what it has, to be indexed there,
    and not its text. A `late` one is asked only for what evaluation is certain to need.
    """

    name: str
    resolver: str
    path: Callable[..., str]
    least: int
    most: int | None
    parameters: tuple[str, ...]
    structured: bool = False
    late: bool = False

    @classmethod
    def of(
        cls,
        name: str,
        resolver: str,
        path: Callable[..., str],
        *,
        structured: bool = False,
        late: bool = False,
    ) -> Function:
        """Read the arity and parameters off a plugin's callable.

        One that has the attribute `parameters` says itself which it has in Jsonnet.
        """
        given = inspect.signature(path).parameters.values()
        positional = [p for p in given if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
        rest = [p for p in given if p.kind is p.VAR_POSITIONAL]
        required = [p for p in positional if p.default is p.empty]
        return cls(
            name,
            resolver,
            path,
            least=len(required),
            most=None if rest else len(positional),
            parameters=getattr(path, "parameters", tuple(p.name for p in (*required, *rest))),
            structured=structured,
            late=late,
        )

    def takes(self, count: int) -> bool:
        """Tell whether the function can be called with so many arguments."""
        return self.least <= count and (self.most is None or count <= self.most)

    def arity(self) -> str:
        """Say how many arguments it takes: ``one argument``, ``at least 2 arguments``."""
        words = {0: "no arguments", 1: "one argument"}
        if self.most is None:
            return f"at least {words.get(self.least, f'{self.least} arguments')}"
        if self.least == self.most:
            return words.get(self.least, f"{self.least} arguments")
        return f"{self.least} to {self.most} arguments"

    def address(self, arguments: Sequence[Json]) -> Address:
        """Turn arguments into an address. ConfigError, without a place, where they are bad."""
        return Address(self.resolver, self.path(*arguments))


Functions: TypeAlias = Mapping[str, Function]


@dataclass(frozen=True, slots=True)
class PluginUse:
    """An entry of a project file's `plugins`: which plugin, how it is set up, and before its functions' names.

    `root` is the folder where its paths begin, where that is not the project's own.
    """

    name: str
    config: Mapping[str, Json] = field(default_factory=dict)
    func_prefix: str = ""
    where: Where | None = None
    root: Path | None = None
