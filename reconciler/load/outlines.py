"""The functions of a first pass over a project file, when no plugin is open yet.

`env` and `must_env` need no plugin's config, so that they may stand anywhere; their rules are those of the
peer's loader (kayac/go-config), as in the plugin that offers them later.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Final

from reconciler.core.values import UNKNOWN, Address, Marked, Origin, unite
from reconciler.errors import ConfigError, Where
from reconciler.load.calls import PURE, Lookups
from reconciler.records import dataclass

if TYPE_CHECKING:
    from reconciler.load.gotemplates.calls import Signature

NATIVES: Final[Mapping[str, tuple[str, ...]]] = {"env": ("name", "default"), "must_env": ("name",)}
"""The functions that are known in a first pass, and the parameters that they have in Jsonnet."""


def env(names: Sequence[str], environ: Mapping[str, str]) -> str:
    """Give the first variable that is set and not empty, else the last argument itself."""
    found = (environ[name] for name in names if environ.get(name))
    return next(found, names[-1] if names else "")


def must_env(name: str, environ: Mapping[str, str], where: Where) -> str:
    """Give a variable, which may be empty. ConfigError where it is not set."""
    if name not in environ:
        raise ConfigError(
            f"the environment variable {name} is not set", where, f"export {name}=…, or use env"
        )
    return environ[name]


@dataclass(frozen=True, slots=True)
class AnyNumber:
    """The signature of a function that nobody has named yet."""

    def takes(self, count: int) -> bool:
        """Accept any number of arguments."""
        return count >= 0

    def arity(self) -> str:
        """Say how many arguments it takes."""
        return "any number of arguments"


class Permissive(Lookups):
    """Functions of which most are not known yet: any name may be called with anything, and answers UNKNOWN.

    The origin of such an answer is an address with an empty path, which names the function alone.
    """

    def __init__(self, environ: Mapping[str, str]) -> None:
        """Know the environment, and nothing else."""
        super().__init__({}, {})
        self._environ = environ

    def signature(self, name: str) -> Signature:
        """Give the signature of a pure function, else one that accepts anything."""
        return PURE.get(name) or AnyNumber()

    def call(self, name: str, arguments: Sequence[Marked], where: Where) -> Marked:
        """Answer from the environment, else with UNKNOWN."""
        if name in PURE:
            return super().call(name, arguments, where)
        texts = [argument.data for argument in arguments if isinstance(argument.data, str)]
        if len(texts) == len(arguments) and name == "env":
            return unite(env(texts, self._environ), arguments)
        if len(texts) == len(arguments) == 1 and name == "must_env":
            return unite(must_env(texts[0], self._environ, where), arguments)
        given = unite(UNKNOWN, arguments)
        return Marked(UNKNOWN, given.origins | {Origin(Address(name, ""))}, given.sensitive_paths)
