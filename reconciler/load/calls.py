"""How a document reaches what is outside it: every front end calls reference functions through `Lookups`.

A call that meets an address nobody has looked up yet notes it and gives `UNKNOWN`, so that one pass over a
document finds everything it needs.
"""

from __future__ import annotations

import dataclasses
import difflib
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import field, replace
from typing import TYPE_CHECKING, Final, TypeAlias, TypeVar

from reconciler.core.redaction import MASK
from reconciler.core.references import Function, Functions
from reconciler.core.values import UNKNOWN, Address, Failure, Json, Marked, Origin, Path, Value, unite
from reconciler.errors import ConfigError, KnownLater, ReconcilerError, Unavailable, Where
from reconciler.records import dataclass

if TYPE_CHECKING:
    from reconciler.load.gotemplates.calls import Signature

Known: TypeAlias = "Mapping[Address, Value | Failure]"
E = TypeVar("E", bound=ReconcilerError)

# Go's encoding/json escapes these in strings beside what JSON demands; U+2028/9 end lines in JavaScript.
_GO_ESCAPES: Final = {character: f"\\u{ord(character):04x}" for character in "<>&\u2028\u2029"}


def json_escape(data: Json) -> str:
    """Escape text for the inside of a JSON string, as Go's `json.Marshal` does; other data is written as JSON."""
    inside = json.dumps(_text(data), ensure_ascii=False)[1:-1]
    return "".join(_GO_ESCAPES.get(character, character) for character in inside)


def concealed(address: Address) -> Address:
    """Give what an address is called whose path was made from a secret: nobody may see it, and no plan keep it."""
    return Address(address.resolver, MASK)


@dataclass(frozen=True, slots=True)
class Pure:
    """A function of one argument that refers to nothing."""

    apply: Callable[[Json], Json]

    def takes(self, count: int) -> bool:
        """Tell whether it can be called with so many arguments."""
        return count == 1

    def arity(self) -> str:
        """Say how many arguments it takes."""
        return "one argument"


@dataclass(eq=False)
class PartlyKnown(KnownLater):
    """Only parts of a value are known yet. `answer` has them, and `UNKNOWN` in place of the others."""

    answer: Marked = field(default_factory=lambda: Marked(UNKNOWN))


@dataclass(eq=False)
class PartlyFailed(Unavailable):
    """Parts of a value have none. `answer` has the others, and a `Failure` or `UNKNOWN` in place of these."""

    answer: Marked = field(default_factory=lambda: Marked(UNKNOWN))


def later(address: object, where: Where) -> KnownLater:
    """Give the error that a value of an address is known later."""
    what = f"{address} has no value yet: it is known only after Terraform has applied its plan"
    return KnownLater(what, where, "apply the Terraform plan first", address=str(address))


PURE: Final[Mapping[str, Pure]] = {"json_escape": Pure(json_escape)}


def plain(data: object) -> Json:
    """Give data under evaluation as JSON, with lists and dicts of its own. TypeError where it is something else."""
    if data is None or isinstance(data, bool | int | float | str):
        return data
    if isinstance(data, Mapping):
        return {str(key): plain(member) for key, member in data.items()}
    if isinstance(data, Sequence):
        return [plain(item) for item in data]
    raise TypeError(f"{type(data).__name__} is no JSON value")


def near(name: str, names: Iterable[str]) -> str | None:
    """Give a hint that names what looks like `name`."""
    found = difflib.get_close_matches(name, sorted(names), n=3, cutoff=0.6)
    return f"did you mean {' or '.join(found)}?" if found else None


def located(error: E, where: Where) -> E:
    """Give a copy of an error that stands at a place; one that has a place keeps it."""
    moved = dataclasses.replace(error, where=error.where or where)
    moved.__cause__ = error.__cause__
    return moved


class Lookups:
    """The functions of one evaluation: `known` answers, and `needs` gathers what it could not."""

    def __init__(self, functions: Functions, known: Known) -> None:
        """Start with nothing needed."""
        self._functions = functions
        self._known = known
        self.needs: dict[Address, Where] = {}

    def fork(self) -> Lookups:
        """Give the same functions and answers, needing nothing yet."""
        return Lookups(self._functions, self._known)

    def names(self) -> tuple[str, ...]:
        """Give every callable name."""
        return (*self._functions, *PURE)

    def signature(self, name: str) -> Signature | None:
        """Give the signature of a function, None where there is none of that name."""
        return self._functions.get(name) or PURE.get(name)

    def structured(self, name: str) -> bool:
        """Tell whether templates have what a function gives as it is."""
        function = self._functions.get(name)
        return function is not None and function.structured

    def check(self, name: str, count: int, where: Where) -> None:
        """Raise a ConfigError at `where` unless the function exists and takes so many arguments."""
        signature = self.signature(name)
        if signature is None:
            hint = (
                near(name, self.names()) or "name the plugin that offers it under plugins in the project file"
            )
            raise ConfigError(f"there is no function {name}", where, hint)
        if not signature.takes(count):
            raise ConfigError(f"{name} takes {signature.arity()}, not {count}", where)

    def call(self, name: str, arguments: Sequence[Marked], where: Where) -> Marked:
        """Call a function whose arity was checked. ResolveError or ConfigError, at `where`."""
        if not all(argument.known for argument in arguments):
            return unite(UNKNOWN, arguments)
        try:
            data = [plain(argument.data) for argument in arguments]
        except TypeError as error:
            raise ConfigError(f"an argument of {name} cannot be used: {error}", where) from error
        if name in self._functions:
            return self._answer(self._address(self._functions[name], data, where), arguments, where)
        return unite(PURE[name].apply(data[0]), arguments)

    def _address(self, function: Function, data: Sequence[Json], where: Where) -> Address:
        try:
            return function.address(data)
        except ConfigError as error:
            raise located(error, where) from error.__cause__

    def _answer(self, address: Address, arguments: Sequence[Marked], where: Where) -> Marked:
        given = unite(None, arguments)
        named = concealed(address) if given.sensitive else address
        match self._known.get(address):
            case None:
                self.needs.setdefault(address, where)
                return Marked(UNKNOWN, given.origins | {Origin(named)}, given.sensitive_paths)
            case Failure(error):
                raise located(error, where) from error.__cause__
            case Value(unknown=True):
                raise later(address, where)
            case Value(data, paths, source=source, unknown_paths=unknown, failures=failures):
                marks = given.sensitive_paths or paths
                answer = Marked(plain(data), given.origins | {Origin(named, source)}, marks)
                if not unknown and not failures:
                    return answer
                gaps: dict[Path, object] = {path: Failure(error) for path, error in failures}
                partly = replace(answer, data=_without(answer.data, dict.fromkeys(unknown, UNKNOWN) | gaps))
                if failures:
                    error = failures[0][1]
                    raise PartlyFailed(error.what, where, error.hint, str(address), answer=partly)
                what = f"{address} is known in parts alone until Terraform has applied its plan"
                hint = "apply the Terraform plan first, or name the part that is needed"
                raise PartlyKnown(what, where, hint, str(address), partly)


def _without(data: object, gaps: Mapping[Path, object]) -> object:
    """Put what stands for it in place of what lies at any of the paths."""
    if () in gaps:
        return gaps[()]
    below: dict[str | int, dict[Path, object]] = {}
    for (key, *rest), gap in gaps.items():
        below.setdefault(key, {})[tuple(rest)] = gap
    if isinstance(data, dict):
        return {key: _without(each, below[key]) if key in below else each for key, each in data.items()}
    if isinstance(data, list):
        return [_without(each, below[at]) if at in below else each for at, each in enumerate(data)]
    return data


class Texts:
    """Functions as a text template has them. As with the peer, whose functions give strings, every value
    is text there: a number its digits, a list or object its JSON. Null has none, and is an error. What a structured
    function gives stays what it is.
    """

    def __init__(self, calls: Lookups) -> None:
        """Put the functions' answers as text."""
        self._calls = calls

    def names(self) -> tuple[str, ...]:
        """Give every callable name."""
        return self._calls.names()

    def signature(self, name: str) -> Signature | None:
        """Give the signature of a function, None where there is none of that name."""
        return self._calls.signature(name)

    def call(self, name: str, arguments: Sequence[Marked], where: Where) -> Marked:
        """Call a function."""
        answer = self._calls.call(name, arguments, where)
        if not answer.known or isinstance(answer.data, str) or self._calls.structured(name):
            return answer
        if answer.data is None:
            what = f"{name} gave null, which is no text"
            raise ConfigError(what, where, f"in YAML, the tag !{name} keeps null as it is")
        return answer.derive(_text(plain(answer.data)))


def _text(data: Json) -> str:
    """Write data as JSON, which for a string is the string itself, with numbers as Go writes them."""
    if isinstance(data, str):
        return data
    if isinstance(data, float) and data.is_integer() and abs(data) < 1e21:
        data = int(data)
    return json.dumps(data, ensure_ascii=False, separators=(",", ":"))
