"""Queries: what follows a plain address, ``output.subnets[] | select(.public == false) | .id``.

The part of jq's language that is written behind addresses. `parse` reads it; `filters` answers it. Of several
answers the first one counts, as for the peer (https://github.com/fujiwara/tfstate-lookup), so lists are made
with brackets, ``output.subnets | [.[].id]`` or ``output.subnets | map(.id)``. Three things differ from jq: a dash
belongs to the name that it stands in (``.repo-uri``), ``'`` delimits texts as ``"`` does, and a missing
attribute is null within a query, but no answer.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, TypeAlias

from reconciler.plugin import ConfigError, Json
from reconciler_tfstate.addresses import DOUBLE, INT, SINGLE, Index, Member, Slice, fault, quote, unquote
from reconciler_tfstate.words import word

_LENGTH: Final = 250  # tokens of a query: each step is evaluated within the one before
_DEPTH: Final = 20  # brackets within brackets
_ELSEWHERE: Final = "the logic elsewhere: in an output of the configuration, or in the template"


@dataclass(frozen=True, slots=True)
class Identity:
    """``.``, and the place that is queried."""


@dataclass(frozen=True, slots=True)
class Walk:
    """``.name``, ``["key"]``, ``[0]``, ``[0:2]``."""

    step: Member | Index | Slice


@dataclass(frozen=True, slots=True)
class Iterate:
    """``[]``: each element or member on its own."""


@dataclass(frozen=True, slots=True)
class Literal:
    """A text, number, boolean or null."""

    value: Json


@dataclass(frozen=True, slots=True)
class Pipe:
    """``left | right``, and each step of a path."""

    left: Filter
    right: Filter


@dataclass(frozen=True, slots=True)
class Comma:
    """``left, right``."""

    left: Filter
    right: Filter


@dataclass(frozen=True, slots=True)
class Binary:
    """An operation on two values: one of `LEVELS`."""

    operator: str
    left: Filter
    right: Filter


@dataclass(frozen=True, slots=True)
class Collect:
    """``[…]``: a list of all answers."""

    of: Filter | None


@dataclass(frozen=True, slots=True)
class Construct:
    """``{name: …, "name": …, (…): …, name}``."""

    members: tuple[tuple[Filter, Filter], ...]


@dataclass(frozen=True, slots=True)
class Call:
    """A function of `FUNCTIONS`."""

    name: str
    arguments: tuple[Filter, ...] = ()


@dataclass(frozen=True, slots=True)
class Try:
    """``…?``: nothing where that fails."""

    of: Filter


Filter: TypeAlias = (
    "Identity | Walk | Iterate | Literal | Pipe | Comma | Binary | Collect | Construct | Call | Try"
)

_ALONE = [
    "add", "all", "any", "ascii_downcase", "ascii_upcase", "empty", "first", "flatten", "from_entries", "fromjson",
    "keys", "keys_unsorted", "last", "length", "max", "min", "not", "reverse", "sort", "to_entries", "tojson",
    "tonumber", "tostring", "type", "unique", "values", "@base64", "@base64d", "@json", "@text",
]  # fmt: skip
_WITH_ARGUMENT = [
    "contains", "endswith", "has", "join", "ltrimstr", "map", "map_values", "rtrimstr", "select", "sort_by", "split",
    "startswith", "unique_by", "with_entries",
]  # fmt: skip

#: A function's name → how many arguments it takes.
FUNCTIONS: Final[Mapping[str, tuple[int, ...]]] = {
    **dict.fromkeys(_ALONE, (0,)),
    **dict.fromkeys(_WITH_ARGUMENT, (1,)),
    **dict.fromkeys(("any", "all", "first", "last"), (0, 1)),
}

_LITERALS: Final = {"null": None, "true": True, "false": False}
_COMPARISONS: Final = frozenset({"==", "!=", "<", "<=", ">", ">="})

#: Binary operators, those that bind loosest first.
LEVELS: Final = (frozenset({"//"}), frozenset({"or"}), frozenset({"and"}), _COMPARISONS, frozenset({"+"}))

_UNSUPPORTED: Final = {
    "..": "goes through everything with ..",
    "$": "uses variables",
    "-": "calculates",
    "*": "calculates",
    "/": "calculates",
    "%": "calculates",
    "=": "assigns",
    "|=": "assigns",
    **dict.fromkeys(("as", "def", "reduce", "foreach", "label"), "uses jq's {}"),
    **dict.fromkeys(("if", "try", "import", "include"), "uses jq's {}"),
}

_TOKEN = re.compile(
    rf"""\s*(?:
      \.(?:(?P<field>[^\W\d][\w-]*)|(?P<quoted>{DOUBLE}|{SINGLE}))
    | (?P<text>{DOUBLE}|{SINGLE})
    | (?P<number>-?[0-9]{{1,18}}(?:\.[0-9]{{1,18}})?(?:[eE][-+]?[0-9]{{1,3}})?)
    | (?P<name>@?[^\W\d]\w*)
    | (?P<sign>\.\.|==|!=|<=|>=|//|\|=|[^\s\w"'])
    )""",
    re.VERBOSE | re.DOTALL,
)
_SLICE = re.compile(rf"\[\s*(?P<start>{INT})?\s*:\s*(?P<stop>{INT})?\s*\]")


def parse(address: str, text: str) -> Filter:
    """Read a query that stands at the end of an address. ConfigError where it is none that is supported."""
    return _Parser(address, text).query()


def canonical(text: str) -> str:
    """Write a query's texts with double quotes, otherwise as the user wrote it."""
    return re.sub(rf"{DOUBLE}|{SINGLE}", lambda match: _double(match[0]), text.rstrip(), flags=re.DOTALL)


def _double(quoted: str) -> str:
    return quoted if quoted[0] == '"' else quote(unquote(quoted, quoted))


@dataclass(slots=True)
class _Parser:
    address: str
    text: str
    at: int = 0
    tokens: int = 0
    depth: int = 0
    token: re.Match[str] | None = field(init=False, default=None)

    def query(self) -> Filter:
        self._advance()
        found = self._pipe(self._suffixes(Identity()))
        if self.token is not None:
            raise self._no("is not understood", "a pipe between two steps: | keys")
        return found

    def _pipe(self, first: Filter | None = None) -> Filter:
        self.depth += 1
        if self.depth > _DEPTH:
            raise fault(self.address, "is nested too deeply", _ELSEWHERE)
        found = self._comma(first)
        while self._takes("|"):
            found = Pipe(found, self._comma())
        self.depth -= 1
        return found

    def _comma(self, first: Filter | None = None) -> Filter:
        found = self._binary(0, first)
        while self._takes(","):
            found = Comma(found, self._binary(0))
        return found

    def _binary(self, level: int, first: Filter | None = None) -> Filter:
        if level == len(LEVELS):
            return first or self._postfix()
        found = self._binary(level + 1, first)
        while self.token and (operator := self._sign() or self.token["name"]) in LEVELS[level]:
            self._advance()
            # `//` groups from the right; of the others only `and`, `or` and `+` may follow themselves.
            found = Binary(operator, found, self._binary(level if operator == "//" else level + 1))
            if operator in _COMPARISONS:
                break
        return found

    def _postfix(self) -> Filter:
        return self._suffixes(self._term())

    def _suffixes(self, found: Filter) -> Filter:
        while self.token:
            sign = self._sign()
            if name := self._field():
                found = Pipe(found, Walk(name))
            elif sign == "[":
                found = Pipe(found, self._bracket())
            elif sign == "?":
                self._advance()
                found = Try(found)
            elif sign == "." and self._next("["):
                self._advance()
            else:
                break
        return found

    def _term(self) -> Filter:
        token = self.token
        if token is None:
            raise self._no("ends too early", "a step after a pipe: | keys")
        if name := self._field():
            return Walk(name)
        sign = self._sign()
        if token["text"] is not None:
            self._advance()
            return Literal(self._string(token["text"]))
        if token["number"] is not None:
            self._advance()
            return Literal(number(token["number"]))
        if token["name"] is not None:
            return self._call(token["name"])
        if sign == ".":
            self._advance()
            return Identity()
        if sign == "(":
            self._advance()
            found = self._pipe()
            self._expect(")")
            return found
        if sign == "[":
            self._advance()
            if self._takes("]"):
                return Collect(None)
            found = self._pipe()
            self._expect("]")
            return Collect(found)
        if sign == "{":
            return self._construct()
        raise self._no("is not understood", "a path, a function or a text")

    def _call(self, name: str) -> Filter:
        if name not in FUNCTIONS and name not in _LITERALS:
            raise self._no(f"uses jq's {word(name)}, which is not among the functions here", _INSTEAD)
        self._advance()
        if name in _LITERALS:
            return Literal(_LITERALS[name])
        arguments: list[Filter] = []
        if self._takes("("):
            arguments.append(self._pipe())
            while self._takes(";"):
                arguments.append(self._pipe())
            self._expect(")")
        if len(arguments) not in FUNCTIONS[name]:
            counts = " or ".join(map(str, FUNCTIONS[name]))
            raise fault(self.address, f"gives {name} {len(arguments)} arguments", f"{name} with {counts}")
        return Call(name, tuple(arguments))

    def _construct(self) -> Filter:
        self._advance()
        members: list[tuple[Filter, Filter]] = []
        while not self._takes("}"):
            token = self.token
            if token is None:
                raise self._no("ends too early", "balanced brackets: {a: .b}")
            if self._takes("("):
                name: Filter = self._pipe()
                self._expect(")")
                self._expect(":")
                members.append((name, self._binary(0)))
            else:
                text = self._string(token["text"]) if token["text"] is not None else token["name"]
                if text is None:
                    raise self._no("holds a member without a name", "{name: .path}")
                self._advance()
                value = self._binary(0) if self._takes(":") else Walk(Member(text))
                members.append((Literal(text), value))
            if not self._takes(","):
                self._expect("}")
                break
        return Construct(tuple(members))

    def _bracket(self) -> Filter:
        """Read ``[]``, ``[0]``, ``[0:2]`` or ``["key"]`` after something."""
        assert self.token
        if part := _SLICE.match(self.text, self.token.start("sign")):
            self.at = part.end()
            self._advance()
            return Walk(Slice(*(int(part[end]) if part[end] else None for end in ("start", "stop"))))
        self._advance()
        if self._takes("]"):
            return Iterate()
        key = self._index()
        if key is None:
            raise self._no("holds an index that is none", '[0], [-1], [0:2], ["key"] or []')
        self._advance()
        self._expect("]")
        return Walk(Index(key))

    def _index(self) -> int | str | None:
        if self.token is None:
            return None
        if self.token["text"] is not None:
            return self._string(self.token["text"])
        return int(self.token["number"]) if re.fullmatch("-?[0-9]+", self.token["number"] or "") else None

    def _field(self) -> Member | None:
        """Read ``.name`` or ``."name"``, if it comes next."""
        token = self.token
        if token is None or (token["field"] is None and token["quoted"] is None):
            return None
        self._advance()
        return Member(token["field"] or self._string(token["quoted"]))

    def _string(self, quoted: str) -> str:
        if re.search(r"(?<!\\)(?:\\\\)*\\\(", quoted):
            raise fault(self.address, r"fills texts with \(…)", '"a" + .b')
        return unquote(self.address, quoted)

    def _sign(self) -> str | None:
        return self.token["sign"] if self.token else None

    def _takes(self, sign: str) -> bool:
        if self._sign() != sign:
            return False
        self._advance()
        return True

    def _next(self, sign: str) -> bool:
        token = _TOKEN.match(self.text, self.at)
        return token is not None and token["sign"] == sign

    def _expect(self, sign: str) -> None:
        if not self._takes(sign):
            raise self._no(f"lacks a {sign}", "balanced brackets and quotes")

    def _advance(self) -> None:
        """Read the next token."""
        self.tokens += 1
        if self.tokens > _LENGTH:
            raise fault(self.address, "is too long", _ELSEWHERE)
        if not self.text[self.at :].strip():
            self.token = None
            return
        self.token = _TOKEN.match(self.text, self.at)
        if self.token is None:
            raise fault(self.address, "holds a quoted text that does not end", 'balanced quotes: "key"')
        self.at = self.token.end()

    def _no(self, what: str, instead: str) -> ConfigError:
        sign = self._sign() or (self.token["name"] if self.token else None)
        if sign in _UNSUPPORTED:
            what, instead = _UNSUPPORTED[sign].format(sign), _INSTEAD
        left = self.text[self.token.start() :].lstrip() if self.token else ""
        column = len(self.address.rstrip()) - len(left.rstrip()) + 1
        return fault(self.address, f"{what} (column {column})", instead)


def number(text: str) -> int | float:
    """Read a number; as for jq, zeros may lead it, and the largest there is stands for a larger one."""
    if text.lstrip("-").isdigit():
        return int(text)
    largest = sys.float_info.max
    return max(-largest, min(float(text), largest))


_INSTEAD: Final = (
    f"paths, literals, comparisons, lists, objects and the functions {' '.join(sorted(FUNCTIONS))}"
)
