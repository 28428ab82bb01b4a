"""From a body to data: attributes and blocks become members, each with its place and with what its value came from."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import field
from typing import Final, TypeAlias

from reconciler.core.documents import Named, Resolved
from reconciler.core.values import Json, Origin, Path
from reconciler.errors import KnownLater, Where
from reconciler.hcl import nodes, plains, repetitions, traversals, values
from reconciler.hcl.evaluation import NO_NAMES, Evaluator, Names, Scope
from reconciler.hcl.nodes import Block, Body, Expr, Span
from reconciler.hcl.repetitions import Made
from reconciler.hcl.runs import Run, located
from reconciler.hcl.sources import Source
from reconciler.hcl.values import Marks, Set, Unknown, Value
from reconciler.load import calls
from reconciler.load.hcls.names import LISTS, Naming
from reconciler.load.hcls.pairs import Pair
from reconciler.records import dataclass

Printed: TypeAlias = tuple[tuple[str, frozenset[Origin]], ...]


@dataclass(frozen=True, slots=True)
class Around:
    """What a block is in: the names that its expressions may use, and the marks of what decided that it is there."""

    names: Names
    marks: Marks


_TERRAFORM: Final = frozenset(
    {"resource", "data", "module", "output", "provider", "terraform", "moved", "import"}
)
_THEIRS: Final = "leave it to Terraform's files, and refer to it here: aws_subnet.a.id, module.net.vpc_id"

_NOTHING: Final = Around(NO_NAMES, values.NO_MARKS)


@dataclass(slots=True)
class Reader:
    """Reads one document. What is wrong goes to the run. `pairs` are the lists that may be written as maps."""

    run: Run
    source: Source
    scope: Scope
    known: Mapping[str, Origin]
    own: Mapping[str, Where]
    naming: Naming
    pairs: Callable[[], Mapping[str, Pair]]
    origins: dict[Path, frozenset[Origin]] = field(default_factory=dict)
    sensitive: set[Path] = field(default_factory=set)
    places: dict[Path, Where] = field(default_factory=dict)
    printed: dict[Path, Printed] = field(default_factory=dict)
    named: dict[Path, frozenset[Named]] = field(default_factory=dict)
    later: list[KnownLater] = field(default_factory=list)

    def document(self, body: Body, path: str) -> Resolved:
        """Give the data of a body, with its provenance."""
        self.places[()] = Where(path, 1, 1)
        for attribute in body.attributes:
            if attribute.name in repetitions.REPEATING:
                what = f"{attribute.name} repeats a block, and this is none: a file describes one thing"
                hint = "a project has one service; a further one has a project file of its own"
                self._wrong(what, attribute.name_span, hint)
        data = self._body(body, (), _NOTHING, free=self.naming.free(""))
        return Resolved(
            path, data, self.origins, frozenset(self.sensitive), self.places, self.printed, self.named
        )

    def _body(self, body: Body, path: Path, around: Around, *, free: bool) -> dict[str, Json]:
        data: dict[str, Json] = {}
        first: dict[str, Where] = {}
        for attribute in body.attributes:
            name = attribute.name if free else self.naming.member(attribute.name)
            if self._fresh(name, attribute.name_span, first):
                data[name] = self._attribute(attribute.expr, (*path, name), attribute.name_span, around)
        for block in body.blocks:
            stands = self._stands(block, path, around)
            name, listed = (stands.type, False) if free and path else self.naming.block(stands.type)
            if listed and name in first:
                what = f"{name} is there already, as an attribute"
                self._wrong(what, block.header, f"the first is at {first[name]}")
            for made in stands.made:
                if listed:
                    items = data.setdefault(name, [])
                    if isinstance(items, list):
                        self.places.setdefault((*path, name), self.source.where(block.header))
                        items.append(self._block(block, made, (*path, name, len(items)), around, named=True))
                elif self._fresh(name, block.header, first):
                    data[name] = self._block(block, made, (*path, name), around, named=False)
            if stands.unknown is not None:
                self._wait(stands.unknown, self.source.where(stands.header))
                self._note((*path, name), stands.marks, stands.marks)
        return data

    def _stands(self, block: Block, path: Path, around: Around) -> repetitions.Blocks:
        """Give the blocks that a block stands for: itself, where names are the user's own."""
        if self.naming.opaque(path):
            return repetitions.single(block, around.names)
        evaluator = Evaluator(self.run, self.source, self.scope)
        stands = repetitions.blocks(
            evaluator,
            block,
            around.names,
            lambda type_: self.naming.opaque((*path, self.naming.block(type_)[0])),
        )
        if block.type != repetitions.DYNAMIC and block.labels and len(stands.made) > 1:
            what = f"{len(stands.made)} blocks would have the same label"
            hint = 'leave it out, and name each by name = each.key, or name = "x-${count.index}"'
            self._wrong(what, block.label_spans[0], hint)
            return repetitions.Blocks(stands.type, block.header)
        return stands

    def _fresh(self, name: str, span: Span, first: dict[str, Where]) -> bool:
        if name in first:
            self._wrong(f"{name} is there already", span, f"keep one of them; the first is at {first[name]}")
            return False
        first[name] = self.source.where(span)
        return True

    def _block(self, block: Block, made: Made, path: Path, around: Around, *, named: bool) -> Json:
        """Give the object that a block makes. The label of an item of a list is its name."""
        self.places[path] = self.source.where(block.header)
        self._note(path, made.marks, around.marks | made.marks)
        around = Around(made.names, around.marks | made.marks)
        data = self._body(made.body, path, around, free=self.naming.free(_member(path)))
        if made.labels and (not named or len(made.labels) > 1):
            type_ = repetitions.type_of(block)
            what = f"a block {type_} has {'one label, its name' if named else 'no label'}"
            hint = _THEIRS if type_ in _TERRAFORM else traversals.suggestion(type_, self.naming.items())
            self._wrong(what, block.header, None if named else hint)
        elif made.labels:
            label, span = made.labels[0]
            if "name" in data:
                self._wrong("the name is there already, as the label", span, "keep one of them")
            self.places[(*path, "name")] = self.source.where(span)
            return {"name": self._value(label, None, (*path, "name"), around.marks), **data}
        elif not data and around.marks.sensitive:
            self.sensitive.add(path)
        return data

    def _attribute(self, expr: Expr, path: Path, span: Span, around: Around) -> Json:
        value = Evaluator(self.run, self.source, self.scope).value(expr, around.names)
        self.places[path] = self.source.where(span)
        return self._value(value, expr, path, around.marks)

    def _value(self, value: Value, expr: Expr | None, path: Path, above: Marks) -> Json:
        """Give a value as JSON, and note what is to be known of it and of all below."""
        plain, marks = values.split(value)
        united = marks | above
        self._note(path, marks, united)
        if not plain and not isinstance(plain, Unknown) and united.sensitive:
            self.sensitive.add(path)
        match plain:
            case Unknown() as unknown:
                self._wait(unknown, self._place(expr, path))
                return None
            case Mapping():
                if (pair := self._pair(path)) is not None:
                    return self._paired(plain, expr, path, united, pair)
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
        free = self.naming.free(_member(path))
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

    def _pair(self, path: Path) -> Pair | None:
        """Give the members of the pairs that a list holds, None where a member is no such list."""
        name = path[-1]
        if self.naming is Naming.PROJECT or name not in LISTS or self.naming.opaque(path[:-1]):
            return None
        return self.pairs().get(str(name))

    def _paired(
        self, plain: Mapping[str, Value], expr: Expr | None, path: Path, above: Marks, pair: Pair
    ) -> Json:
        """Give a map as the list of pairs that the API has in its place, in the order of the keys."""
        written = _written(expr)
        if {self.naming.member(key) for key in plain} == set(pair):
            span = expr.span if expr is not None else nodes.NOWHERE
            what = f"{path[-1]} is a list of pairs, or a map of names to values, and this is one pair"
            self._wrong(what, span, f"write [{{ {pair.key} = …, {pair.value} = … }}], or a block")
        items: list[Json] = []
        for key, each in plain.items():
            if values.split(each)[0] is None:
                continue  # as with an attribute, null is as if it were not there
            at = (*path, len(items))
            inner = written.get(key)
            if inner is not None:
                self.places[at] = self.places[(*at, pair.value)] = self.source.where(inner[0])
            value = self._value(each, inner[1] if inner else None, (*at, pair.value), above)
            items.append({pair.key: self._value(key, None, (*at, pair.key), above), pair.value: value})
        return items

    def _place(self, expr: Expr | None, path: Path) -> Where:
        """Give the place of a value: of what made it, or of the nearest that it stands in."""
        if expr is None:
            for length in range(len(path), 0, -1):
                if (found := self.places.get(path[:length])) is not None:
                    return found
        return self.source.where(expr.span if expr is not None else nodes.NOWHERE)

    def _wait(self, unknown: Unknown, where: Where) -> None:
        """Note what is known later, or never; what was not looked up yet, or went wrong, has no address."""
        if unknown.error is not None:
            self.run.report([located(unknown.error, where)])
        elif unknown.address:
            self.later.append(calls.later(unknown.address, where))

    def _note(self, path: Path, marks: Marks, united: Marks) -> None:
        """Note where a value comes from: all of it, where there is anything that is not said above it."""
        if marks.origins:
            self.origins[path] = self._known(united.origins)
        if marks.names:
            self.named[path] = frozenset((name, self.own[name]) for name in united.names)

    def _known(self, names: frozenset[str]) -> frozenset[Origin]:
        return frozenset(self.known[name] for name in names)

    def _wrong(self, what: str, span: Span, hint: str | None) -> None:
        self.run.failed(self.source.error(what, span, hint))


def _member(path: Path) -> str:
    return next((part for part in reversed(path) if isinstance(part, str)), "")


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
