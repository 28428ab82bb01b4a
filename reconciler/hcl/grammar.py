"""The LALR tables of HCL, made of python-hcl2's grammar.

Takes: the grammar file that python-hcl2 ships. Gives: tables that `parser` runs. Never imports python-hcl2, and lark
only where no tables are in the user's cache.

What is changed in the grammar, and why: its terminals go, since `lexer` knows better than regular expressions where a
newline counts and where a heredoc ends; newlines stay in bodies and objects alone, which is where the language has
them (python-hcl2 takes `a = 1 +⏎ 2`, Terraform does not) and which makes the tables in a seventh of the time; and
some rules are put right: `!!a`, `${~ x ~}`, `core::upper()`, nested splats, and heredocs, whose insides python-hcl2
does not parse. Tables are JSON and are read as nothing but numbers and names: a bad cache file can spoil a run, not
take it over. One that is damaged is made again.
"""

from __future__ import annotations

import hashlib
import json
import re
from functools import cache
from typing import TYPE_CHECKING, Any, Final

from reconciler import caches
from reconciler.errors import ConfigError
from reconciler.records import dataclass

if TYPE_CHECKING:
    from collections.abc import Iterable

STARTS: Final = ("start", "expression", "template")
"""What can be parsed: a body, an expression, a template."""

_FORMAT: Final = 1

# Newlines and comments are theirs to tell apart.
_LINED: Final = frozenset({"body", "block", "object", "new_line_or_comment"})

_RULES: Final = {
    "string_part": "STRING_CHARS | interpolation | template_if_start | template_else | template_endif"
    " | template_for_start | template_endfor",
    "interpolation": "INTERP_START STRIP_MARKER? expression STRIP_MARKER? RBRACE",
    "_attribute_name": "identifier",
    "object_elem_key": "expression",
    "!unary_op": "(MINUS | NOT) unary_expr",
    "function_call": "identifier (COLONS identifier)* LPAR arguments? RPAR",
    "heredoc_template": "HEREDOC_TEMPLATE string_part* HEREDOC_END",
    "heredoc_template_trim": "HEREDOC_TEMPLATE_TRIM string_part* HEREDOC_END",
    "attr_splat": "ATTR_SPLAT (get_attr | short_index)*",
    "full_splat": "FULL_SPLAT_START (get_attr | index | attr_splat | full_splat)*",
    "template": "string_part*",
}


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule: what it gives is called `name`, and `origin` is its place in the tables.

    An `inlined` rule gives its children to the rule around it, which is `mixed` then; one that `expands` gives an only
    child itself.
    """

    origin: str
    name: str
    size: int
    inlined: bool
    mixed: bool
    expands: bool


@dataclass(frozen=True, slots=True)
class Tables:
    """For each state, what to do at a symbol: go to a state (from 0 on), or reduce rule `-1 - action`."""

    states: tuple[dict[str, int], ...]
    rules: tuple[Rule, ...]
    begins: dict[str, int]
    ends: dict[str, int]


@cache
def tables() -> Tables:
    """Give the tables: from the cache, else made (0.2 s) and put there.

    Raises ConfigError where python-hcl2 is missing or its grammar is another one than it used to be.
    """
    shipped = _text("hcl2", "hcl2.lark")
    grammar = patched(shipped)
    # lark names its version in `__init__`; python-hcl2 is its grammar here. (`importlib.metadata` costs 20 ms.)
    parts = (str(_FORMAT), _text("lark", "__init__.py"), shipped, grammar)
    key = hashlib.sha256("\0".join(parts).encode()).hexdigest()[:24]
    name = f"hcl-{key}.json"
    if (kept := caches.read(name)) is not None and (known := _load(kept, key)) is not None:
        return known
    raw = _analyse(grammar, key)
    data = json.dumps(raw, separators=(",", ":")).encode()
    caches.write(name, data, kept=4)
    made = _load(data, key)
    assert made is not None
    return made


def patched(grammar: str) -> str:
    """Put our rules into the text of python-hcl2's grammar, and leave the terminals for the lexer."""
    text = re.sub(r"^\s*//.*$", "", grammar, flags=re.MULTILINE)
    found = re.findall(r"^([!?]?\w+)(?:\.\d+)?\s*:\s*(.*(?:\n[ \t]+\S.*)*)", text, flags=re.MULTILINE)
    rules = {name: body for name, body in found if not name.isupper()}
    for name, body in rules.items():
        if name.lstrip("!?") not in _LINED:
            rules[name] = body.replace("new_line_or_comment?", "")
    rules |= _RULES
    terminals = sorted(set(re.findall(r"\b[A-Z][A-Z_]+\b", " ".join(rules.values()))))
    lines = [
        *(f"{name} : {body}" for name, body in rules.items()),
        *(f"%declare {name}" for name in terminals),
    ]
    return "\n".join(lines) + "\n"


def _text(package: str, name: str) -> str:
    """Read a file of a package without importing it: python-hcl2 takes a tenth of a second for that."""
    from importlib.util import find_spec
    from pathlib import Path

    spec = find_spec(package)
    if spec is None or spec.origin is None:
        raise ConfigError(
            f"HCL cannot be read: the package {package} is not installed", hint="pip install python-hcl2"
        )
    try:
        return Path(spec.origin).with_name(name).read_text(encoding="utf-8")
    except OSError as error:
        raise _unknown() from error


def _unknown() -> ConfigError:
    return ConfigError(
        "HCL cannot be read: python-hcl2's grammar is not the one that this version knows",
        hint="pip install 'python-hcl2>=8.1.4,<9'",
    )


def _analyse(grammar: str, key: str) -> dict[str, Any]:
    """Have lark work out the tables. Everything that it knows and we need is in the form that it saves."""
    from lark import Lark
    from lark.exceptions import LarkError
    from lark.grammar import Rule as LarkRule
    from lark.lexer import Lexer, TerminalDef

    class Unused(Lexer):
        def __init__(self, _conf: object) -> None:
            pass

        def lex(self, _lexer_state: object, _parser_state: object) -> Iterable[Any]:  # type: ignore[override]
            return ()

    try:
        made = Lark(grammar, parser="lalr", lexer=Unused, start=list(STARTS))
        data, memo = made.memo_serialize([TerminalDef, LarkRule])
        saved = data["parser"]["parser"]
        rules = [(number, each) for number, each in memo.items() if each["__type__"] == "Rule"]
        place = {number: index for index, (number, _) in enumerate(rules)}
        symbols = [saved["tokens"][number] for number in sorted(saved["tokens"])]
        numbers = sorted(saved["states"])
        renumbered = {number: index for index, number in enumerate(numbers)}
        states = [
            [
                [symbol, -1 - place[to["@"]] if reduces else renumbered[to]]
                for symbol, (reduces, to) in saved["states"][number].items()
            ]
            for number in numbers
        ]
        return {
            "key": key,
            "symbols": symbols,
            "states": states,
            "rules": [
                [
                    each["origin"]["name"],
                    each["alias"] or each["origin"]["name"],
                    len(each["expansion"]),
                    each["origin"]["name"].startswith("_"),
                    any(symbol["name"].startswith("_") for symbol in each["expansion"]),
                    each["options"]["expand1"] and not each["alias"],
                ]
                for _, each in rules
            ],
            "begins": {name: renumbered[state] for name, state in saved["start_states"].items()},
            "ends": {name: renumbered[state] for name, state in saved["end_states"].items()},
        }
    except (LarkError, LookupError, TypeError, AttributeError) as error:
        raise _unknown() from error


def _load(data: bytes, key: str) -> Tables | None:
    """Read tables; None where they are damaged or not the ones that the key stands for."""
    try:
        raw = json.loads(data)
        if raw["key"] != key:
            return None
        symbols: list[str] = raw["symbols"]
        states = tuple({symbols[symbol]: int(action) for symbol, action in row} for row in raw["states"])
        rules = tuple(
            Rule(str(origin), str(name), int(size), *map(bool, flags))
            for origin, name, size, *flags in raw["rules"]
        )
        found = Tables(states, rules, {**raw["begins"]}, {**raw["ends"]})
        lowest, highest = -len(rules), len(states) - 1
        sound = all(lowest <= action <= highest for row in states for action in row.values())
        ends = set(found.begins) == set(found.ends) == set(STARTS)
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
        return None
    return found if sound and ends else None
