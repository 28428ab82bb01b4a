"""The JSON form of a file of Terraform's, as the same tree that its native form gives.

https://developer.hashicorp.com/terraform/language/syntax/json: an object for each label, or a list of them, and
strings that are templates, but where Terraform wants a constant.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from decimal import Decimal
from typing import Any, Final

from reconciler.hcl import nodes, syntax
from reconciler.hcl.nodes import Attribute, Block, Expr

#: Types of blocks that are read → how many labels they have.
LABELS: Final = {"data": 2, "locals": 0, "module": 1, "output": 1, "resource": 2, "variable": 1}

_LITERAL: Final = frozenset({"default", "description", "source", "version"})
_COMMENT: Final = "//"


def blocks(text: str, file: str) -> Iterator[Block]:
    """Give the blocks of a file. ValueError or RecursionError where it is no JSON, HclError for a wrong template."""
    document = json.loads(text.removeprefix("\ufeff"), parse_float=Decimal)
    for kind, count in LABELS.items():
        if isinstance(document, dict) and kind in document:
            yield from _blocks(kind, count, document[kind], (), file)


def _blocks(kind: str, count: int, data: Any, labels: tuple[str, ...], file: str) -> Iterator[Block]:
    if isinstance(data, list):
        for item in data:
            yield from _blocks(kind, count, item, labels, file)
    elif isinstance(data, dict) and count:
        for label, inner in data.items():
            if label != _COMMENT:
                yield from _blocks(kind, count - 1, inner, (*labels, label), file)
    elif isinstance(data, dict):
        arguments = (
            Attribute(name, _argument(kind, name, value, file))
            for name, value in data.items()
            if name != _COMMENT
        )
        yield Block(kind, labels, nodes.Body(tuple(arguments)))


def _argument(kind: str, name: str, value: Any, file: str) -> Expr:
    if kind == "variable" and name == "type" and isinstance(value, str):
        return syntax.parse_expression(value, file)
    return _expression(value, file, literal=kind in {"module", "variable"} and name in _LITERAL)


def _expression(value: Any, file: str, *, literal: bool) -> Expr:
    match value:
        case str() if not literal:
            return syntax.parse_template(value, file)
        case list():
            return nodes.Tuple(tuple(_expression(item, file, literal=literal) for item in value))
        case dict():
            members = (
                (_expression(key, file, literal=literal), _expression(item, file, literal=literal))
                for key, item in value.items()
            )
            return nodes.Object(tuple(members))
        case _:
            return nodes.Literal(value)
