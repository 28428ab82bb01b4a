"""Reading parameters, ten a call, and picking from them what an address asks for.

GetParameters answers a name with ``Name``, ``ARN`` and, where the name had one, ``Selector`` (``:3``, ``:label``);
names that it has nothing for come back in ``InvalidParameters`` as they were asked (API model 2014-11-06). One
name that may not be read, or is none, refuses a whole call, so such a call is repeated name by name.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import TypeAlias

from reconciler.plugin import (
    Address,
    AwsDenied,
    AwsError,
    Context,
    Denied,
    NotFound,
    ResolveError,
    Source,
    Unavailable,
    Value,
    refusal,
)

_BATCH = 10  # names a call of GetParameters takes
_ONE_OF_THEM = (
    "ValidationException",
    "ParamValidationError",
    "InvalidKeyId",
)  # codes by which one name refuses a call
_PATH = re.compile(r"(?P<name>.*?)(?:\[(?P<index>[0-9]{0,9})\])?", re.DOTALL)
_NAME = re.compile(r"(?P<base>arn:[^:]*(?::[^:]*){3}:[^:]*|[^:]*)(?P<selector>:.*)?", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter as it was read. `type` is ``String``, ``StringList`` or ``SecureString``."""

    name: str
    type: str
    value: str
    version: str


Answer: TypeAlias = "Parameter | ResolveError"


class ParameterResolver:
    """Answers addresses from the Parameter Store; keeps what it has read."""

    def __init__(self, context: Context) -> None:
        """Use the run's shared client."""
        self._context = context
        self._read: dict[str, Answer] = {}

    def lookup(self, address: Address, /) -> Value:
        """Give one parameter's value."""
        answer = self.lookup_many([address])[address]
        if isinstance(answer, ResolveError):
            raise answer
        return answer

    def lookup_many(self, addresses: Sequence[Address], /) -> Mapping[Address, Value | ResolveError]:
        """Give the value, or the error, of every address."""
        wanted = {address: _split(address.path) for address in addresses}
        asked = dict.fromkeys(name for name, _ in wanted.values() if name not in self._read)
        fresh = self._fetch_all(list(asked))
        for name, answer in fresh.items():
            if not (isinstance(answer, Unavailable) and answer.retry_after is not None):
                self._read.setdefault(name, answer)
        return {
            address: _pick(self._read.get(name) or fresh[name], index, address)
            for address, (name, index) in wanted.items()
        }

    def _fetch_all(self, names: Sequence[str]) -> dict[str, Answer]:
        left = iter(names)
        answers: dict[str, Answer] = {}
        while batch := list(islice(left, _BATCH)):
            answers |= self._fetch(batch)
        return answers

    def _fetch(self, names: Sequence[str]) -> dict[str, Answer]:
        """Read up to ten parameters by one call; by one call each where that is refused."""
        try:
            answer = self._context.client("ssm").call("GetParameters", Names=list(names), WithDecryption=True)
        except AwsError as error:
            if len(names) > 1 and (isinstance(error, AwsDenied) or error.code in _ONE_OF_THEM):
                return self._one_by_one(names)
            return dict.fromkeys(names, _fault(error, names))
        found = _by_key(answer.get("Parameters", ()))
        invalid = set(answer.get("InvalidParameters", ()))
        if len(names) == 1 and found:  # whatever name the service gives it
            return {names[0]: next(iter(found.values()))}
        answers: dict[str, Answer] = {}
        for name in names:
            if (parameter := found.get(_normal(name))) is not None:
                answers[name] = parameter
            elif name in invalid or len(names) == 1:
                answers[name] = NotFound(
                    f"there is no parameter {name}",
                    hint="check the name with its leading slash, its version or label, the region and the account",
                )
        return answers | self._one_by_one([name for name in names if name not in answers])

    def _one_by_one(self, names: Iterable[str]) -> dict[str, Answer]:
        return {name: self._fetch([name])[name] for name in names}


def _split(path: str) -> tuple[str, str | None]:
    """Give a path's name, and its index: a number, empty for a whole list, None for no list."""
    match = _PATH.fullmatch(path)
    assert match is not None, "the pattern takes any text"
    return match["name"], match["index"]


def _normal(name: str) -> tuple[str, str]:
    """Cut a name into name or ARN and selector."""
    match = _NAME.fullmatch(name)
    assert match is not None, "the pattern takes any text"
    return match["base"], match["selector"] or ""


def _by_key(bodies: Iterable[Mapping[str, str]]) -> dict[tuple[str, str], Parameter]:
    """Give parameters by name and selector.

    Simulators of the service leave the selector out, so that versions of one parameter look alike: then none
    of them is given, and each is asked for alone.
    """
    found: dict[tuple[str, str], Parameter] = {}
    unclear: set[tuple[str, str]] = set()
    for body in bodies:
        parameter = _parameter(body)
        for key in _keys(body):
            if found.setdefault(key, parameter) != parameter:
                unclear.add(key)
    return {key: parameter for key, parameter in found.items() if key not in unclear}


def _keys(body: Mapping[str, str]) -> Iterable[tuple[str, str]]:
    """Give the names under which a parameter may have been asked for."""
    selector = body.get("Selector") or ""
    if selector and not selector.startswith(":"):
        selector = f":{selector.rpartition(':')[2]}"
    return [(body[key], selector) for key in ("Name", "ARN") if body.get(key)]


def _parameter(body: Mapping[str, object]) -> Parameter:
    return Parameter(*(str(body.get(key, "")) for key in ("Name", "Type", "Value", "Version")))


def _pick(answer: Answer, index: str | None, address: Address) -> Value | ResolveError:
    """Give what an address asks of a parameter."""
    if isinstance(answer, ResolveError):
        return replace(answer, address=str(address))
    listed = answer.type == "StringList"
    if listed and index is None:
        return NotFound(
            f"the parameter {answer.name} is a StringList, of which an index picks one element",
            hint=f"ssm `{answer.name}` 0, or ssm_list for the whole list",
            address=str(address),
        )
    if not listed and index is not None:
        return NotFound(
            f"the parameter {answer.name} is a {answer.type}, which has no elements",
            hint=f"ssm `{answer.name}`, without an index",
            address=str(address),
        )
    source = Source(answer.name, version=answer.version)
    if index is None:
        return Value(answer.value, ((),) if answer.type == "SecureString" else (), source=source)
    elements = answer.value.split(",")
    if index == "":
        return Value(elements, source=source)
    if int(index) >= len(elements):
        what = f"the parameter {answer.name} has no element {index}: it is a list of {len(elements)}"
        return NotFound(what, hint=f"0 to {len(elements) - 1}", address=str(address))
    return Value(elements[int(index)], source=source)


def _fault(error: AwsError, names: Sequence[str]) -> ResolveError:
    if isinstance(error, AwsDenied):
        return Denied(
            f"AWS does not let the parameter {', '.join(names)} be read",
            hint="allow ssm:GetParameters on its ARN, and kms:Decrypt on the key of a SecureString",
        )
    if error.code in {"ValidationException", "ParamValidationError"}:
        return NotFound(f"{', '.join(names)} is no parameter's name: {error.what}", hint=error.hint)
    return refusal(error, Address("ssm", names[0]))
