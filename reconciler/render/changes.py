"""A change as rows: the value that comes or goes, or what differs inside the two that take each other's place.

Takes a finding. Gives rows. Never shows two different values alike, and never looks inside a masked one: of values that
are masked in part it shows what differs beside, and the finding's note says whether what is masked differs.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Final, TypeAlias

from reconciler.core import pointers
from reconciler.core.diffs import Action
from reconciler.core.plans import Finding, Reason
from reconciler.core.redaction import MASK
from reconciler.core.values import Json, JsonObject
from reconciler.records import dataclass
from reconciler.render import embedded, pairing, texts
from reconciler.render.rows import Row
from reconciler.render.runs import hunks
from reconciler.render.shortening import LONG, parting, shortened

SYMBOLS: Final = {Action.ADD: "+", Action.REMOVE: "-", Action.REPLACE: "~"}

# Columns up to which a changed list stays on its line, and any old value beside its new one.
_LIST: Final = 100
_LINE: Final = 160
# What stands unchanged beside a difference: lines of a text, items of a list.
_LINES: Final = 2
_ITEMS: Final = 1

_List: TypeAlias = "Sequence[Json]"


@dataclass(frozen=True, slots=True)
class _Spot:
    """Where a change stands: what it is called there, how deep, and the references behind it and its parts.

    `pointer` is its place below the finding; `block` that of the block whose heading says why for the whole.
    `form` says how a text was read; `notes` are said with the reasons, of this change alone.
    """

    called: str
    reasons: tuple[Reason, ...] = ()
    depth: int = 0
    pointer: str = ""
    block: str | None = None
    form: str = ""
    notes: tuple[str, ...] = ()

    def part(self, key: str | int) -> _Spot:
        """Give the spot of a member or item on a line of its own."""
        pointer = self.pointer + pointers.text((key,))
        return replace(self, called=texts.below(self.called, key), pointer=pointer, form="", notes=())

    def block_inside(self) -> _Spot:
        """Give the spot of all that stands in the block of this one."""
        return replace(self, called="", depth=self.depth + 1, block=self.pointer, form="", notes=())

    def parsed(self) -> _Spot:
        """Give this spot as that of a text's content: no reference tells its parts apart."""
        reasons = tuple(replace(reason, pointer=self.pointer) for reason in self.reasons if self._on(reason))
        return replace(self, reasons=reasons, form="(JSON) ")

    def row(self, text: str, symbol: str = "~") -> Row:
        """Write the change on one row."""
        said = [
            reason for reason in self.reasons if self._on(reason) or _within(reason.pointer, self.pointer)
        ]
        return self._row(text, symbol, said)

    def heading(self, text: str, symbol: str = "~") -> Row:
        """Write the first row of a block; the parts below have rows, and reasons, of their own."""
        return self._row(text, symbol, [reason for reason in self.reasons if self._on(reason)])

    def _on(self, reason: Reason) -> bool:
        """Tell whether a reference stands behind all of the value: at its place, or on the way from the block."""
        return reason.pointer == self.pointer or (
            self.block is not None
            and reason.pointer != self.block
            and _within(reason.pointer, self.block)
            and _within(self.pointer, reason.pointer)
        )

    def _row(self, text: str, symbol: str, said: Iterable[Reason]) -> Row:
        label = f"{self.called} = {self.form}" if self.called else self.form
        notes = "; ".join(filter(None, (*self.notes, why(said))))
        return Row((label + text).rstrip(), symbol, self.depth, notes)


def _within(inner: str, pointer: str) -> bool:
    return inner == pointer or inner.startswith(pointer + "/")


def rows(finding: Finding) -> Iterator[Row]:
    """Give the rows of a finding."""
    symbol = SYMBOLS[finding.action]
    notes = ("forces replacement",) if finding.forces else ()
    spot = _Spot(finding.address, finding.reasons, notes=(*notes, *filter(None, (finding.note,))))
    before, after = finding.before, finding.after
    if finding.action is Action.REPLACE:
        if finding.unknown:
            yield spot.row(f"{texts.quoted(before)} -> {after}")
        elif before == after or MASK in (before, after):  # what differs is masked
            yield spot.row(f"{texts.quoted(before)} -> {texts.quoted(after)}")
        else:
            yield from _replaced(before, after, spot)
    elif finding.unknown:
        yield replace(spot, reasons=()).row(str(after), symbol)
    else:
        yield from _whole(after if finding.action is Action.ADD else before, spot, symbol)


def why(reasons: Iterable[Reason]) -> str:
    """Name the references behind a value, each once, with the version that was read."""
    said: dict[str, None] = {}
    for reason in reasons:
        source = reason.source
        named, version = str(reason.address), ""
        if source is not None and source.label:
            named = f"{reason.address.resolver} {source.label}"
        if source is not None and source.version:
            version = f", {'serial' if source.lineage else 'version'} {source.version}"
        said[f"{named}{version}"] = None
    return "; ".join(said)


def _whole(value: Json, spot: _Spot, symbol: str) -> Iterator[Row]:
    """Write an added or removed value: a scalar on its line, an object or a list of objects as a block."""
    members = _members(value)
    if not members:
        gone = " -> null" if symbol == "-" and spot.depth == 0 else ""
        yield spot.row(f"{texts.quoted(value)}{gone}", symbol)
        return
    brackets = "{}" if isinstance(value, dict) else "[]"
    yield spot.heading(brackets[0], symbol)
    inner = spot.block_inside()
    for key, member in members:
        part = inner.part(key)
        yield from _whole(member, replace(part, called="") if isinstance(key, int) else part, symbol)
    yield Row(brackets[1], depth=spot.depth)


def _members(value: Json) -> list[tuple[str | int, Json]]:
    """Give the members that stand on lines of their own: an object's, and those of a list that holds objects."""
    if isinstance(value, dict):
        return list(value.items())
    if isinstance(value, list | tuple) and _composed(value):
        return list(enumerate(value))
    return []


def _composed(value: _List) -> bool:
    return any(isinstance(member, dict | list | tuple) for member in value)


def _replaced(before: Json, after: Json, spot: _Spot) -> Iterator[Row]:
    """Write two different values by what differs inside."""
    if isinstance(before, str) and isinstance(after, str):
        yield from _texts(before, after, spot)
    elif isinstance(before, dict) and isinstance(after, dict):
        yield spot.heading("{")
        inner = spot.block_inside()
        yield from _object(before, after, inner)
        same = sum(name in after and embedded.same(before[name], after[name]) for name in before)
        yield from _hidden(same, "member", inner)
        yield Row("}", depth=spot.depth)
    elif isinstance(before, list | tuple) and isinstance(after, list | tuple):
        yield from _list(before, after, spot)
    else:
        yield from _beside(*texts.pair(before, after), spot)


def _beside(old: str, new: str, spot: _Spot) -> Iterator[Row]:
    """Write the old value and the new one on a row; where that gets too long, one above the other."""
    row = spot.row(f"{old} -> {new}")
    if texts.width(row.text) <= _LINE:
        yield row
    else:
        yield spot.row("")
        yield Row(old, "-", spot.depth + 1)
        yield Row(new, "+", spot.depth + 1)


def _hidden(count: int, noun: str, spot: _Spot) -> Iterator[Row]:
    if count:
        yield Row(f"({count} unchanged {noun}{'s' if count > 1 else ''} hidden)", "#", spot.depth)


def _object(before: JsonObject, after: JsonObject, spot: _Spot) -> Iterator[Row]:
    """Write what differs in two objects, a row each, keyed by all the names on the way."""
    for name in sorted({*before, *after}):
        part = spot.part(name)
        if name not in before:
            yield from _whole(after[name], part, "+")
        elif name not in after:
            yield from _whole(before[name], part, "-")
        elif not embedded.same(before[name], after[name]):
            yield from _part(before[name], after[name], part)


def _part(before: Json, after: Json, spot: _Spot) -> Iterator[Row]:
    """Write what differs in a member or item: of objects and of lists of these, only the leaves."""
    if isinstance(before, dict) and isinstance(after, dict):
        yield from _object(before, after, spot)
    elif (
        isinstance(before, list | tuple) and isinstance(after, list | tuple) and _composed([*before, *after])
    ):
        yield from _items(before, after, spot)
    else:
        yield from _replaced(before, after, spot)


def _items(before: _List, after: _List, spot: _Spot) -> Iterator[Row]:
    """Write what differs in two lists that hold objects; an item that stays has the index of its new place."""
    for old, new in pairing.pairs(before, after):
        if old is not None and new is not None:
            yield from _part(before[old], after[new], spot.part(new))
        elif new is not None:
            yield from _whole(after[new], spot.part(new), "+")
        elif old is not None:
            # Reasons are those of new places.
            yield from _whole(before[old], replace(spot.part(old), reasons=()), "-")


def _list(before: _List, after: _List, spot: _Spot) -> Iterator[Row]:
    row = spot.row(" -> ".join(texts.pair(before, after)))
    composed = _composed([*before, *after])
    if not composed and texts.width(row.text) + 4 * spot.depth <= _LIST:
        yield row
        return
    inner = spot.block_inside()
    yield spot.heading("[")
    if composed:
        yield from _items(before, after, inner)
        yield from _hidden(pairing.unchanged(before, after), "item", inner)
    else:
        yield from _scalars(before, after, inner)
    yield Row("]", depth=spot.depth)


def _scalars(before: _List, after: _List, spot: _Spot) -> Iterator[Row]:
    """Write two lists of scalars item by item."""
    for run in hunks([texts.quoted(item) for item in before], [texts.quoted(item) for item in after], _ITEMS):
        pairs = list(zip(run.before, run.after, strict=True)) if len(run.before) == len(run.after) else []
        if run.hidden:
            yield from _hidden(len(run.before), "item", spot)
        elif run.same:
            yield from (Row(texts.cut(texts.quoted(after[j])), depth=spot.depth) for j in run.after)
        elif any(_rich(before[i], after[j]) for i, j in pairs):
            for i, j in pairs:
                yield from _replaced(before[i], after[j], spot.part(j))
        else:
            yield from (Row(texts.quoted(before[i]), "-", spot.depth) for i in run.before)
            for j in run.after:
                yield replace(spot.part(j), called="").row(texts.quoted(after[j]), "+")


def _rich(before: Json, after: Json) -> bool:
    """Tell whether a reader gains by a look inside two texts."""
    if not isinstance(before, str) or not isinstance(after, str):
        return False
    return (
        _alike_or_long(before, after)
        or "\n" in before + after
        or embedded.documents(before, after) is not None
    )


def _alike_or_long(before: str, after: str) -> bool:
    return texts.alike(before, after) or (len(before) > LONG and len(after) > LONG)


def _texts(before: str, after: str, spot: _Spot) -> Iterator[Row]:
    """Write two texts: as documents where both are JSON, by lines where there are several, else by words."""
    documents = embedded.documents(before, after)
    if documents is not None:
        inside = spot.parsed()
        if embedded.same(*documents):
            told = replace(inside, notes=(*inside.notes, "the same JSON, written differently"))
            yield from _beside(*parting(before, after), told)
        else:
            yield from _replaced(*documents, inside)
    elif "\n" in before[:-1] or "\n" in after[:-1]:
        yield spot.heading("<<EOT")
        yield from _lines(*embedded.lines(before, after), spot.block_inside())
        yield Row("EOT", depth=spot.depth)
    else:
        yield from _beside(*shortened(before, after), spot)


def _lines(before: Sequence[str], after: Sequence[str], spot: _Spot) -> Iterator[Row]:
    for run in hunks(before, after, _LINES):
        old, new = [before[i] for i in run.before], [after[j] for j in run.after]
        if run.hidden:
            yield from _hidden(len(old), "line", spot)
        elif run.same:
            yield from (Row(texts.cut(texts.line(line)), depth=spot.depth) for line in old)
        elif len(old) == len(new) and any(map(_alike_or_long, old, new)):
            for one, other in map(shortened, old, new):
                yield Row(one, "-", spot.depth)
                yield Row(other, "+", spot.depth)
        else:
            yield from (Row(texts.line(line), "-", spot.depth) for line in old)
            yield from (Row(texts.line(line), "+", spot.depth) for line in new)
