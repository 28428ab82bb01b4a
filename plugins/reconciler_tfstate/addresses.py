"""Addresses in a Terraform state: ``module.a["k"].data.aws_subnet.b[0].tags.Name``, ``output.vpc_id``.

Terraform's own notation for modules, resources and index keys, then a path into the attributes: ``.name``,
``["key"]``, ``[0]``, ``[-1]``, ``[0:2]``, and Terraform's splats ``[*]`` and ``.*``. Quoted keys may hold anything;
``'`` delimits as ``"`` does, so that addresses can stand inside JSON strings. A query in jq's language may follow
(see `queries`).
"""

from __future__ import annotations

import json
import re
from collections.abc import Container, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from reconciler.plugin import ConfigError

if TYPE_CHECKING:
    from reconciler_tfstate.queries import Filter

Key: TypeAlias = "int | str | None"
Modules: TypeAlias = "tuple[tuple[str, Key], ...]"


@dataclass(frozen=True, slots=True)
class Member:
    """A step ``.name``."""

    name: str


@dataclass(frozen=True, slots=True)
class Index:
    """A step ``[0]`` or ``["key"]``."""

    key: int | str


@dataclass(frozen=True, slots=True)
class Slice:
    """A step ``[0:2]``; either end may be missing, negative ends count from the back."""

    start: int | None
    stop: int | None


@dataclass(frozen=True, slots=True)
class Splat:
    """A step ``[*]``, after which all steps go from each element, or ``.*``, after which the names alone do.

    https://developer.hashicorp.com/terraform/language/expressions/splat
    """

    full: bool


Step: TypeAlias = "Member | Index | Slice | Splat"


class Resource(NamedTuple):
    """What identifies a resource in a state. `mode` is ``managed`` or ``data``."""

    module: Modules
    mode: str
    type: str
    name: str


@dataclass(frozen=True, slots=True)
class Output:
    """A root output."""

    name: str


@dataclass(frozen=True, slots=True)
class Call:
    """A child module, of which the steps from there name an output."""

    module: Modules


Target: TypeAlias = "Resource | Output | Call"


@dataclass(frozen=True, slots=True)
class Reference:
    """A parsed address: what it names, the steps from there (an index key comes first), and a query of that."""

    target: Target
    steps: tuple[Step, ...]
    query: Filter | None = None


DOUBLE = r'"(?:[^"\\]|\\.)*"'
SINGLE = r"'(?:[^'\\]|\\.)*'"
INT = "-?[0-9]{1,18}"
_STEP = re.compile(
    rf"""
      \.?\[\s*(?:
          (?P<index>{INT})
        | (?P<start>{INT})?\s*:\s*(?P<stop>{INT})?
        | (?P<key>{DOUBLE}|{SINGLE})
        | (?P<full>\*)
      )\s*\]
    | \.(?P<names>\*)
    | \.(?:(?P<quoted>{DOUBLE}|{SINGLE})|(?P<name>[^\s.\[\]"'|?*:,(){{}}\\]+))
    """,
    re.VERBOSE | re.DOTALL,
)

_ESCAPE = re.compile(r"\\(u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|x[0-9a-fA-F]{2}|.)", re.DOTALL)
_ESCAPED = {"n": "\n", "r": "\r", "t": "\t", "a": "\a", "b": "\b", "f": "\f", "v": "\v"}

_FORMS = "TYPE.NAME.ATTRIBUTE, data.TYPE.NAME.ATTRIBUTE or output.NAME"
_LONGEST_NUMBER = 18
_SHOWN = 200  # characters of an address in a message

_NOT_IN_STATE = {
    "var": "a variable",
    "local": "a local value",
    "each": "an iteration value",
    "count": "an iteration value",
    "self": "a value of a provisioner",
    "path": "a path of the configuration",
    "terraform": "a value of the run",
    "ephemeral": "an ephemeral resource",
}


def parse(text: str) -> Reference:
    """Read an address. ConfigError, with what to write instead, where it is none that a state answers."""
    steps, query = _steps(text)
    reference = _reference(text, steps)
    if not query:
        return reference
    from reconciler_tfstate import queries  # most addresses hold none

    return replace(reference, query=queries.parse(text, query))


def _reference(text: str, steps: Sequence[Step]) -> Reference:
    modules, rest = _modules(text, steps)
    match rest:
        case (
            [] | [Splat() | Slice() | Index(), *_] | [Member(), Index() | Slice() | Splat(), *_] | [Member()]
        ) if modules:
            return Reference(Call(modules), tuple(rest))
        case [Member(word), *_] if modules and word in _NOT_IN_STATE:
            return Reference(Call(modules), tuple(rest))
        case [Member("output"), Member(name), *tail] if not modules:
            return Reference(Output(name), tuple(tail))
        case [Member("output"), *_] if not modules:
            raise fault(text, "names no output", "output.NAME")
        case [Member(word), *_] if word in _NOT_IN_STATE:
            raise fault(
                text,
                f"is {_NOT_IN_STATE[word]}, which a state does not keep",
                'a resource\'s attribute, or a root output that gives it: output "x" { value = … }',
            )
        case [Member("data"), Member(kind), Member(name), *tail]:
            return Reference(Resource(modules, "data", kind, name), tuple(tail))
        case [Member("resource"), Member(kind), Member(name), *tail]:  # as Terraform may write it as well
            return Reference(Resource(modules, "managed", kind, name), tuple(tail))
        case [Member("data"), *_]:
            raise fault(text, "names no data source", "data.TYPE.NAME.ATTRIBUTE")
        case [Member(kind), Member(name), *tail]:
            return Reference(Resource(modules, "managed", kind, name), tuple(tail))
    raise fault(text, "names no resource", _FORMS)


def canonical(text: str) -> str:
    """Check an address and write its quoted keys with double quotes, otherwise as the user wrote it."""
    query = parse(text).query and _steps(text)[1]
    plain = text.strip().removesuffix(query or "")
    written = _STEP.sub(_double_quotes, f".{plain}")[1:]
    if not query:
        return written
    from reconciler_tfstate import queries

    return written + queries.canonical(query)


def as_call(reference: Reference) -> Reference | None:
    """Read what looks like a resource in a child module as an output of the module; None for anything else."""
    target = reference.target
    if not isinstance(target, Resource) or not target.module:
        return None
    data = (Member("data"),) if target.mode == "data" else ()
    steps = (*data, Member(target.type), Member(target.name), *reference.steps)
    return replace(reference, target=Call(target.module), steps=steps)


def render_module(modules: Modules) -> str:
    """Write the address of a module as Terraform does; nothing for the root."""
    return ".".join(f"module.{name}{index(key)}" for name, key in modules)


def render(target: Target, key: Key = None) -> str:
    """Write a target as Terraform does; `key` is an instance's index key."""
    if isinstance(target, Output):
        return f"output{_member(target.name)}"
    if isinstance(target, Call):
        return render_module(target.module)
    modules = f"{render_module(target.module)}." if target.module else ""
    data = "data." if target.mode == "data" else ""
    return f"{modules}{data}{target.type}.{target.name}{index(key)}"


def render_steps(steps: Sequence[Step]) -> str:
    """Write the path into the attributes."""
    return "".join(map(_render_step, steps))


def converted(key: Key, keys: Container[Key]) -> Key:
    """Give the key that is there for one that is not, as Terraform converts: ``0`` for ``"0"``, and the other way."""
    if key in keys:
        return key
    other = number(key) if isinstance(key, str) else str(key)
    return other if key is not None and other in keys else key


def number(key: str) -> int | None:
    """Give the index of a list that a text is; None for any other text."""
    return int(key) if key.isascii() and key.isdigit() and len(key) < _LONGEST_NUMBER else None


def index(key: Key) -> str:
    """Write an index key: ``[0]``, ``["a.b"]``, nothing for None."""
    return "" if key is None else f"[{key if isinstance(key, int) else quote(key)}]"


def quote(text: str) -> str:
    """Write a key in quotes as Terraform does, which escapes the beginnings of its own templates."""
    escaped = text.replace("${", "$${").replace("%{", "%%{")
    return json.dumps(escaped, ensure_ascii=False)


def modules_of(text: str) -> Modules:
    """Read a state's own ``module`` member. ConfigError where it is none."""
    steps, query = _steps(text) if text else ([], "")
    modules, rest = _modules(text, steps)
    if rest or query:
        raise fault(text, "names no module", "module.NAME")
    return modules


def _steps(text: str) -> tuple[list[Step], str]:
    """Cut an address into steps, the first of which has no dot, and the query behind them."""
    dotted = f".{text.strip()}"
    steps: list[Step] = []
    position = 0
    while position < len(dotted):
        match = _STEP.match(dotted, position)
        if match is None:
            rest = dotted[position:]
            if steps and _QUERY.match(rest):
                return steps, rest
            raise _syntax_fault(text, rest, position)
        steps.append(_step(text, match))
        position = match.end()
    return steps, ""


def _step(text: str, match: re.Match[str]) -> Step:
    if match["name"] is not None:
        return Member(match["name"])
    if match["quoted"] is not None:
        return Member(unquote(text, match["quoted"]))
    if match["key"] is not None:
        return Index(unquote(text, match["key"]))
    if match["index"] is not None:
        return Index(int(match["index"]))
    if match["full"] or match["names"]:
        return Splat(full=bool(match["full"]))
    return Slice(*(int(match[end]) if match[end] else None for end in ("start", "stop")))


def _modules(text: str, steps: Sequence[Step]) -> tuple[Modules, Sequence[Step]]:
    modules: list[tuple[str, Key]] = []
    at = 0
    while at < len(steps) and steps[at] == Member("module"):
        match steps[at + 1 : at + 3]:
            case [Member(name), Index(key)]:
                modules.append((name, key))
                at += 3
            case [Member(name), *_]:
                modules.append((name, None))
                at += 2
            case _:
                raise fault(text, "names no module after `module`", "module.NAME.TYPE.NAME.ATTRIBUTE")
    return tuple(modules), steps[at:]


def unquote(text: str, quoted: str) -> str:
    """Read a quoted key of the address `text`. ConfigError where an escape is none."""

    def character(match: re.Match[str]) -> str:
        code = match[1]
        if len(code) == 1:
            if code.isalnum() and code not in _ESCAPED:
                raise fault(text, f"holds an unknown escape \\{code}", r"\\ for a backslash")
            return _ESCAPED.get(code, code)
        number = int(code[1:], 16)
        if number > 0x10FFFF:
            raise fault(text, f"holds an escape \\{code} that is no character", r"\uXXXX")
        return chr(number)

    plain = _ESCAPE.sub(character, quoted[1:-1])
    return plain.replace("$${", "${").replace("%%{", "%{")


def _double_quotes(match: re.Match[str]) -> str:
    quoted = match["key"] or match["quoted"]
    if quoted is None or quoted[0] == '"':
        return match[0]
    return match[0].replace(quoted, quote(unquote(match.string, quoted)))


def _member(name: str) -> str:
    return f".{name}" if re.fullmatch(r"[\w-]+", name) else index(name)


def _render_step(step: Step) -> str:
    match step:
        case Member(name):
            return _member(name)
        case Index(key):
            return index(key)
        case Splat(full):
            return "[*]" if full else ".*"
        case Slice(start, stop):
            return f"[{'' if start is None else start}:{'' if stop is None else stop}]"


#: What begins a query: a pipe, an operator, or an iteration.
_QUERY = re.compile(r"\s*(?:[|,?<>+]|//|[!=]=|and\b|or\b)|\s+[-*/%=]|\.?\[\s*\]|\.\.")

_SYNTAX = (
    (r"""\.?\[?\s*["']""", "holds a quoted key that does not end", 'balanced quotes and brackets: ["key"]'),
    (r"\.?\[", "holds an index that is none", '[0], [-1], [0:2] or ["key"]'),
    (r"\.+$", "ends in a dot", "the attribute's name after it"),
)


def _syntax_fault(text: str, rest: str, position: int) -> ConfigError:
    """Say what is wrong from `rest` on, which begins at 1-based column `position` of the address."""
    if not text.strip():
        return fault(text, "is empty", _FORMS)
    for pattern, what, instead in _SYNTAX:
        if re.match(pattern, rest):
            return fault(text, what, instead)
    return fault(
        text, f"is not understood from column {max(position, 1)} on", 'quotes around odd keys: ["a b"]'
    )


def fault(text: str, what: str, instead: str) -> ConfigError:
    """Give the error that an address is wrong, and how to write it."""
    shown = text.strip() if len(text) <= _SHOWN else f"{text.strip()[:_SHOWN]}…"
    return ConfigError(f"the address `{shown}` {what}", hint=f"write {instead}")
