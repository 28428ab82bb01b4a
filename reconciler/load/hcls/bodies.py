"""From a body to data: attributes and blocks become members, each with its place and with what its value came from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from reconciler.core.documents import Resolved
from reconciler.core.values import Json, Origin, Path
from reconciler.errors import Where
from reconciler.hcl import nodes, plains, values
from reconciler.hcl.evaluation import Evaluator, Scope
from reconciler.hcl.nodes import Block, Body, Expr, Span
from reconciler.hcl.runs import Run
from reconciler.hcl.sources import Source
from reconciler.hcl.values import Marks, Set, Unknown, Value
from reconciler.load.hcls.names import Naming

Printed: TypeAlias = tuple[tuple[str, frozenset[Origin]], ...]


@dataclass(slots=True)
class Reader:
    """Reads one document. What is wrong goes to the run."""

    run: Run
    source: Source
    scope: Scope
    known: Mapping[str, Origin]
    naming: Naming
    origins: dict[Path, frozenset[Origin]] = field(default_factory=dict)
    sensitive: set[Path] = field(default_factory=set)
    places: dict[Path, Where] = field(default_factory=dict)
    printed: dict[Path, Printed] = field(default_factory=dict)

    def document(self, body: Body, path: str) -> Resolved:
        """Give the data of a body, with its provenance."""
        self.places[()] = Where(path, 1, 1)
        data = self._body(body, (), free=self.naming.free(""))
        return Resolved(path, data, self.origins, frozenset(self.sensitive), self.places, self.printed)

    def _body(self, body: Body, path: Path, *, free: bool) -> dict[str, Json]:
        data: dict[str, Json] = {}
        first: dict[str, Where] = {}
        for attribute in body.attributes:
            name = attribute.name if free else self.naming.member(attribute.name)
            if self._fresh(name, attribute.name_span, first):
                data[name] = self._attribute(attribute.expr, (*path, name), attribute.name_span)
        for block in body.blocks:
            name, listed = (block.type, False) if free and path else self.naming.block(block.type)
            if listed:
                items = data.setdefault(name, [])
                if name in first:
                    what = f"{name} is there already, as an attribute"
                    self._wrong(what, block.header, f"the first is at {first[name]}")
                elif isinstance(items, list):
                    self.places.setdefault((*path, name), self.source.where(block.header))
                    items.append(self._block(block, (*path, name, len(items)), named=True))
            elif self._fresh(name, block.header, first):
                data[name] = self._block(block, (*path, name), named=False)
        return data

    def _fresh(self, name: str, span: Span, first: dict[str, Where]) -> bool:
        if name in first:
            self._wrong(f"{name} is there already", span, f"keep one of them; the first is at {first[name]}")
            return False
        first[name] = self.source.where(span)
        return True

    def _block(self, block: Block, path: Path, *, named: bool) -> Json:
        """Give the object that a block makes. The label of an item of a list is its name."""
        self.places[path] = self.source.where(block.header)
        member = next((part for part in reversed(path) if isinstance(part, str)), "")
        data = self._body(block.body, path, free=self.naming.free(member))
        if block.labels and (not named or len(block.labels) > 1):
            what = f"a block {block.type} has {'one label, its name' if named else 'no label'}"
            self._wrong(what, block.header, None)
        elif block.labels:
            if "name" in data:
                self._wrong(
                    "the name is there already, as the label", block.label_spans[0], "keep one of them"
                )
            self.places[(*path, "name")] = self.source.where(block.label_spans[0])
            return {"name": block.labels[0], **data}
        return data

    def _attribute(self, expr: Expr, path: Path, span: Span) -> Json:
        value = Evaluator(self.run, self.source, self.scope).value(expr)
        self.places[path] = self.source.where(span)
        return self._value(value, expr, path, values.NO_MARKS)

    def _value(self, value: Value, expr: Expr | None, path: Path, above: Marks) -> Json:
        """Give a value as JSON, and note what is to be known of it and of all below."""
        plain, marks = values.split(value)
        united = marks | above
        if marks.origins:
            self.origins[path] = self._known(united.origins)
        if not plain and not isinstance(plain, Unknown) and united.sensitive:
            self.sensitive.add(path)
        match plain:
            case Unknown():
                return None
            case Mapping():
                return self._members(plain, expr, path, united)
            case tuple() | Set():
                inner = _items(expr, len(plain))
                for index, item in enumerate(inner):
                    if item is not None:
                        self.places[(*path, index)] = self.source.where(item.span)
                return [
                    self._value(each, item, (*path, index), united)
                    for index, (each, item) in enumerate(zip(plain, inner, strict=True))
                ]
            case _:
                if united.sensitive:
                    self.sensitive.add(path)
                if isinstance(plain, str) and (pieces := self.run.printed.get((plain, marks.origins))):
                    self.printed[path] = tuple((text, self._known(names)) for text, names in pieces)
                return plains.to_json(plain)

    def _members(self, plain: Mapping[str, Value], expr: Expr | None, path: Path, above: Marks) -> Json:
        member = next((part for part in reversed(path) if isinstance(part, str)), "")
        free = self.naming.free(member)
        written = _written(expr)
        data: dict[str, Json] = {}
        for key, each in plain.items():
            name = key if free else self.naming.member(key)
            inner = written.get(key)
            if name in data:
                span = inner[0] if inner else expr.span if expr is not None else nodes.NOWHERE
                self._wrong(f"{name} is there twice, in snake case too", span, "keep one of them")
            if inner is not None:
                self.places[(*path, name)] = self.source.where(inner[0])
            data[name] = self._value(each, inner[1] if inner else None, (*path, name), above)
        return data

    def _known(self, names: frozenset[str]) -> frozenset[Origin]:
        return frozenset(self.known[name] for name in names)

    def _wrong(self, what: str, span: Span, hint: str | None) -> None:
        self.run.failed(self.source.error(what, span, hint))


def _written(expr: Expr | None) -> dict[str, tuple[Span, Expr]]:
    """Give the places and expressions of members that stand in the source with their names."""
    if not isinstance(expr, nodes.Object):
        return {}
    return {
        str(key.value): (key.span, value)
        for key, value in expr.items
        if isinstance(key, nodes.Literal) and isinstance(key.value, str)
    }


def _items(expr: Expr | None, count: int) -> list[Expr | None]:
    """Give the expressions of items that stand in the source."""
    if isinstance(expr, nodes.Tuple) and len(expr.items) == count:
        return list(expr.items)
    return [None] * count
