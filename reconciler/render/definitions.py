"""Definition files, as `init` writes them: a document with references to the state, in every format of definitions."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Final

import yaml

from reconciler.core.addressing import Draft, Reference, Text
from reconciler.core.values import Json
from reconciler.hcl import nodes, printer, syntax
from reconciler.render import jsonnets

SUFFIXES: Final[Mapping[str, str]] = {"json": ".json", "yaml": ".yml", "jsonnet": ".jsonnet", "hcl": ".hcl"}
"""The formats, and what the names of their files end with."""


def text(document: Draft, form: str, pairs: Mapping[str, tuple[str, str]] | None = None) -> str:
    """Write a document in a format of `SUFFIXES`.

    `pairs` are the lists that HCL takes as maps: the member, and what its items call key and value.
    """
    if form == "hcl":
        return printer.text(_body(document, pairs or {}))
    if form == "jsonnet":
        return jsonnets.text(_plain(document))
    templated = _templated(_plain(document))
    if form == "yaml":
        return yaml.dump(templated, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=10_000)
    return json.dumps(templated, indent=2, ensure_ascii=False) + "\n"


class _Action(str):
    """A text with an action in it."""

    __slots__ = ()


class _Dumper(yaml.SafeDumper):
    """Writes actions in double quotes: in single ones the quotes of an address would be doubled."""

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
        """Indent the items of lists, too."""
        del indentless
        super().increase_indent(flow, False)  # noqa: FBT003

    def ignore_aliases(self, data: object) -> bool:
        """Write equal values twice: people do not write anchors."""
        del data
        return True


_Dumper.add_representer(
    _Action, lambda dumper, text: dumper.represent_scalar("tag:yaml.org,2002:str", text, style='"')
)


def plain_yaml(document: Json) -> str:
    """Write a document as YAML that is no template."""
    return yaml.dump(document, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=10_000)


def _plain(value: Draft) -> Draft:
    """Keep texts from beginning an action: every format but HCL is a Go template, too."""
    if isinstance(value, dict):
        return {_literal(name): _plain(member) for name, member in value.items()}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    if isinstance(value, Text):
        return Text(tuple(part if isinstance(part, Reference) else _literal(part) for part in value.parts))
    return _literal(value) if isinstance(value, str) else value


def _literal(text: str) -> str:
    return text.replace("{{", "{{`{{`}}")


def _templated(value: Draft) -> Json:
    """Write references as actions. In addresses `'` stands for `"`, which would end the text around it."""
    if isinstance(value, dict):
        return {name: _templated(member) for name, member in value.items()}
    if isinstance(value, list):
        return [_templated(item) for item in value]
    if isinstance(value, Text):
        written = ""
        for part in value.parts:
            if isinstance(part, str):
                written += part
            else:
                before = (
                    f"{written[:-1]}{{{{`{{`}}}}" if written.endswith("{") else written
                )  # one brace too many
                written = f"{before}{{{{ tfstate `{part.quoted}` }}}}"
        return _Action(written)
    return value


def _body(document: Draft, pairs: Mapping[str, tuple[str, str]]) -> nodes.Body:
    members = document.items() if isinstance(document, dict) else ()
    return nodes.Body(
        tuple(nodes.Attribute(name, _expression(member, name, pairs)) for name, member in members)
    )


def _expression(value: Draft, name: str, pairs: Mapping[str, tuple[str, str]]) -> nodes.Expr:
    if isinstance(value, dict):
        return _object((key, _expression(member, key, pairs)) for key, member in value.items())
    if isinstance(value, list):
        if (mapped := _mapped(value, pairs.get(name))) is not None:
            return _object((key, _expression(member, "", pairs)) for key, member in mapped.items())
        return nodes.Tuple(tuple(_expression(item, "", pairs) for item in value))
    if isinstance(value, Text):
        parts = [part if isinstance(part, str) else _reference(part) for part in value.parts]
        if len(parts) == 1 and not isinstance(parts[0], str):
            return parts[0]
        return nodes.Template(tuple(p if isinstance(p, str) else nodes.Interpolation(p) for p in parts))
    assert value is None or isinstance(value, bool | int | float | str)
    return nodes.Literal(Decimal(repr(value)) if isinstance(value, float) else value)


def _object(members: Iterable[tuple[str, nodes.Expr]]) -> nodes.Expr:
    return nodes.Object(tuple((nodes.Literal(name), member) for name, member in members))


def _reference(reference: Reference) -> nodes.Expr:
    return syntax.parse_expression(reference.path, "")


def _mapped(items: list[Draft], pair: tuple[str, str] | None) -> dict[str, Draft] | None:
    """Give a list of pairs as a map, None where it is none, and where it would be read otherwise again."""
    if pair is None:
        return None
    mapped: dict[str, Draft] = {}
    for item in items:
        key = item.get(pair[0]) if isinstance(item, dict) else None
        if not isinstance(item, dict) or set(item) != set(pair) or not isinstance(key, str):
            return None
        mapped[key] = item[pair[1]]
    return mapped if len(mapped) == len(items) and set(mapped) != set(pair) else None
