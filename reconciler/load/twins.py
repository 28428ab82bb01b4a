"""Where the values that Jsonnet calculated come from.

Jsonnet gives text, with no trace of what made it. So the document is evaluated again as a *twin*, in which
every resolved string stands between marks: private-use characters, one for each combination of origins. A leaf
of the twin that equals the true one once its marks are gone tells its origins. The twin supplies nothing else.

What leaves no mark (numbers, a text that was encoded, a comparison) is found by *differences*: all sensitive
answers are changed at once, and every leaf that then differs is sensitive; each answer that the twin did not
place is changed alone, and every leaf that then differs has its origins. Where a difference of sensitive
answers cannot be evaluated, not even one by one, every leaf that the twin did not place counts as sensitive.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Mapping, Sequence
from dataclasses import field
from typing import Final

from reconciler.core.values import Json, Marked, Origin, Path, unite
from reconciler.errors import ConfigError, ReconcilerError, Where
from reconciler.load import jsonnets, jsons, provenance
from reconciler.load.calls import Lookups, concealed, plain
from reconciler.load.jsonnets import Natives
from reconciler.load.sources import Document, Options
from reconciler.load.spans import Malformed
from reconciler.records import dataclass

_FIRST: Final = 0xF0000
_LAST: Final = 0xFFFFD
_MARK: Final = re.compile(f"[{chr(_FIRST)}-{chr(_LAST)}]")
MAX_DIFFERENCES: Final = 30
"""Evaluations for differences of single answers: each takes some 20 milliseconds."""

Call = tuple[str, tuple[Json, ...]]


@dataclass(slots=True)
class Session:
    """The native calls of one document, answered by `lookups` and remembered."""

    document: Document
    lookups: Lookups
    options: Options
    parameters: Mapping[str, tuple[str, ...]]
    answers: dict[Call, Marked] = field(default_factory=dict)

    def evaluate(self) -> str:
        """Give the text of the document's JSON; meaningless once `lookups` needs something."""
        return jsonnets.evaluate(self.document, Natives(self.parameters, self.reply), self.options)

    def reply(self, name: str, arguments: tuple[Json, ...]) -> Json:
        """Answer a call; what is not known yet is a `0`, which the most functions take."""
        answer = self.answer(name, [Marked(argument) for argument in arguments])
        self.answers[name, arguments] = answer
        return plain(answer.data) if answer.known else "0"

    def answer(self, name: str, arguments: Sequence[Marked]) -> Marked:
        """Call a function. Trailing nulls stand for arguments that are left out."""
        signature = self.lookups.signature(name)
        given = list(arguments)
        while signature and given and given[-1].data is None and signature.takes(len(given) - 1):
            given.pop()
        where = Where(str(self.document.path))
        self.lookups.check(name, len(given), where)
        return self.lookups.call(name, given, where)

    def known(self, name: str, arguments: Sequence[Marked]) -> Marked:
        """Call a function whose answer has to be known already. ConfigError where it is not."""
        answer = self.answer(name, arguments)
        if not answer.known:
            raise ConfigError(f"{name} is asked for something else than before")
        return answer

    @property
    def sensitive(self) -> bool:
        """Tell whether any answer is sensitive in part."""
        return any(answer.sensitive for answer in self.answers.values())

    def shown_in(self, text: str) -> bool:
        """Tell whether a text holds a sensitive string of an answer."""
        return any(
            isinstance(leaf, str) and leaf and leaf in text
            for answer in self.answers.values()
            for path, leaf in provenance.walk(plain(answer.data) if answer.known else None)
            if any(path[: len(mark)] == mark for mark in answer.sensitive_paths)
        )


@dataclass(slots=True)
class Traced:
    """Origins and sensitive leaves, by path."""

    origins: dict[Path, frozenset[Origin]] = field(default_factory=dict)
    sensitive: set[Path] = field(default_factory=set)

    def add(self, path: Path, marked: Marked) -> None:
        """Unite a leaf's marks with further ones."""
        if marked.origins:
            self.origins[path] = self.origins.get(path, frozenset()) | marked.origins
        if marked.sensitive:
            self.sensitive.add(path)


def trace(session: Session, truth: Json) -> Traced:
    """Find what made the leaves of a document's true value."""
    traced = Traced()
    if not session.answers:
        return traced
    leaves = {path: data for path, data in provenance.walk(truth) if provenance.is_leaf(data)}
    # What the other evaluations meet and nobody knows is their own affair.
    session = dataclasses.replace(session, lookups=session.lookups.fork())
    placed, seen = _twin(session, leaves, traced)
    hidden = {call: answer for call, answer in session.answers.items() if answer.sensitive}
    together = _difference(session, hidden, leaves) if hidden else set()
    traced.sensitive |= together or set()
    apart = together is None
    # Sensitive answers first, in case there are too many.
    alone = [*hidden] if apart else []
    alone += [call for call in session.answers if call not in seen and call not in alone]
    failed = apart and len(hidden) > MAX_DIFFERENCES
    for call in alone[:MAX_DIFFERENCES]:
        answer = session.answers[call]
        differing = _difference(session, {call: answer}, leaves)
        if differing is None:
            failed = failed or (apart and answer.sensitive)
        else:
            shown = session.shown_in("\0".join(map(str, call[1])))
            for path in differing:
                traced.add(path, _concealed(answer) if shown else answer.derive(None))
    if failed:
        traced.sensitive |= leaves.keys() - placed
    return traced


def _concealed(answer: Marked) -> Marked:
    """Give the marks of an answer whose arguments may not be seen."""
    origins = frozenset(Origin(concealed(each.address), each.source) for each in answer.origins)
    return Marked(None, origins, answer.derive(None).sensitive_paths)


def _twin(session: Session, leaves: Mapping[Path, Json], traced: Traced) -> tuple[set[Path], set[Call]]:
    """Trace by marks; give the leaves that were placed, and the calls whose marks placed some."""
    marks: list[tuple[Marked, Call]] = []

    def mark(data: Json, answer: Marked, call: Call) -> Json:
        if isinstance(data, str) and len(marks) < _LAST - _FIRST:
            sign = chr(_FIRST + len(marks))
            marks.append((answer, call))
            return f"{sign}{data}{sign}"
        if isinstance(data, Mapping):
            return {key: mark(member, answer.child(key, member), call) for key, member in data.items()}
        if isinstance(data, list | tuple):
            return [mark(item, answer.child(index, item), call) for index, item in enumerate(data)]
        return data

    def reply(name: str, arguments: tuple[Json, ...]) -> Json:
        given = [_unmarked(argument, [found for found, _ in marks]) for argument in arguments]
        call = (name, tuple(plain(argument.data) for argument in given))
        answer = session.known(name, given)
        return mark(plain(answer.data), answer, call)

    twin = _evaluated(session, Natives(session.parameters, reply))
    placed: set[Path] = set()
    seen: set[Call] = set()
    for path, data in twin.items():
        if not isinstance(data, str) or path not in leaves or not _MARK.search(data):
            continue
        found = [
            marks[ord(sign) - _FIRST] for sign in set(_MARK.findall(data)) if ord(sign) - _FIRST < len(marks)
        ]
        if found and _MARK.sub("", data) == leaves[path]:
            traced.add(path, unite(None, [marked for marked, _ in found]))
            placed.add(path)
            seen |= {call for _, call in found}
    return placed, seen


def _unmarked(argument: Json, marks: Sequence[Marked]) -> Marked:
    """Give an argument without the marks in it, and with what they stand for."""
    if not isinstance(argument, str):
        return Marked(argument)
    found = [marks[ord(sign) - _FIRST] for sign in _MARK.findall(argument) if ord(sign) - _FIRST < len(marks)]
    return unite(_MARK.sub("", argument), found)


def _difference(
    session: Session, calls: Mapping[Call, Marked], leaves: Mapping[Path, Json]
) -> set[Path] | None:
    """Give the leaves that differ once some answers are others; None where that cannot be evaluated."""

    def reply(name: str, arguments: tuple[Json, ...]) -> Json:
        answer = calls.get((name, arguments))
        if answer is not None:
            return changed(plain(answer.data), answer.sensitive_paths or ((),))
        return plain(session.known(name, [Marked(argument) for argument in arguments]).data)

    other = _evaluated(session, Natives(session.parameters, reply))
    if not other:
        return None
    return {path for path, data in leaves.items() if path not in other or other[path] != data}


def _evaluated(session: Session, natives: Natives) -> dict[Path, Json]:
    """Give the leaves of another evaluation; none where it fails."""
    try:
        text = jsonnets.evaluate(session.document, natives, session.options)
        data = jsons.parse(text).data
    except (ReconcilerError, Malformed):
        return {}
    return {
        tuple(_MARK.sub("", key) if isinstance(key, str) else key for key in path): leaf
        for path, leaf in provenance.walk(data)
        if provenance.is_leaf(leaf)
    }


def changed(data: Json, paths: Sequence[Path], at: Path = ()) -> Json:
    """Change the leaves at or under some paths, keeping types, lengths and kinds of characters."""
    if isinstance(data, Mapping):
        return {key: changed(member, paths, (*at, key)) for key, member in data.items()}
    if isinstance(data, list | tuple):
        return [changed(item, paths, (*at, index)) for index, item in enumerate(data)]
    if not any(at[: len(path)] == path for path in paths):
        return data
    if isinstance(data, bool):
        return not data
    if isinstance(data, int | float):
        return data + 1 if data < 2**52 else data - 1
    if data is None:
        return "changed"
    other = "".join(_next(character) for character in str(data))
    return other if other != data else f"{data}x"


def _next(character: str) -> str:
    for first, last in (("0", "9"), ("a", "z"), ("A", "Z")):
        if first <= character <= last:
            return first if character == last else chr(ord(character) + 1)
    return character
