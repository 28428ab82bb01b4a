"""An LALR parser. Takes: a source. Gives: what the builders make of it. It keeps its own stack, so that no text is too
deep for it.
"""

from __future__ import annotations

import gc
from typing import TYPE_CHECKING, Any, Final

from reconciler.hcl import complaints, grammar, lexer
from reconciler.hcl.building import BUILDERS
from reconciler.hcl.tokens import Token

if TYPE_CHECKING:
    from reconciler.hcl.sources import Source
    from reconciler.hcl.tokens import Lexed

_MODES: Final = {"start": "body", "expression": "expression", "template": "template"}


def parse(source: Source, start: str) -> tuple[Any, int]:
    """Parse a text as one of `grammar.STARTS`; give what it is, and a bound for how deep it is.

    Raises HclError, with the place of the first thing that is wrong.
    """
    # The tree is acyclic and stays: the collector would look at all of it again and again, for half of the time.
    collects = gc.isenabled()
    gc.disable()
    try:
        lexed = lexer.lex(source, _MODES[start])
        return _run(source, lexed, start), lexed.depth
    finally:
        if collects:
            gc.enable()


def _run(source: Source, lexed: Lexed, start: str) -> Any:
    tables = grammar.tables()
    rows, rules, final = tables.states, tables.rules, tables.ends[start]
    states = [tables.begins[start]]
    values: list[Any] = []
    tokens = lexed.tokens
    end = Token("$END", "", len(source.text), len(source.text), 0, 0)
    for place in range(len(tokens) + 1):
        if place == len(tokens) and lexed.error is not None:
            raise lexed.error
        token = tokens[place] if place < len(tokens) else end
        name = token.type
        while True:
            action = rows[states[-1]].get(name)
            if action is None:
                raise complaints.unexpected(source, lexed, place, rows[states[-1]], start)
            if action >= 0:
                states.append(action)
                values.append(token)
                break
            rule = rules[-1 - action]
            size = rule.size
            if size:
                children = values[-size:]
                del values[-size:]
                del states[-size:]
            else:
                children = []
            if rule.mixed:
                children = _joined(children)
            if rule.inlined:
                value: Any = children
            elif rule.expands and len(children) == 1:
                value = children[0]
            else:
                value = BUILDERS[rule.name](source, children)
            values.append(value)
            states.append(rows[states[-1]][rule.origin])
            if name == "$END" and states[-1] == final:
                return values[-1]
    raise AssertionError("the end is an action of every table")


def _joined(children: list[Any]) -> list[Any]:
    """Put the children of inlined rules in their place. The first list grows: copies would take quadratic time."""
    first = children[0]
    out: list[Any] = first if type(first) is list else []
    for child in children[1:] if out is first else children:
        if type(child) is list:
            out += child
        else:
            out.append(child)
    return out
