"""A check as data: its subject, where that stands, what it reads, and the function that judges the answers."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from enum import Enum
from typing import TypeAlias

from reconciler.core.values import Path
from reconciler.core.verification.reads import Answer, Denied, Missing, Read, Refused, Unanswered
from reconciler.errors import Where
from reconciler.records import dataclass


class State(Enum):
    """What came of a check, the worst last; of several verdicts the worst counts, but skipping is no verdict."""

    SKIPPED = "skipped"
    PASSED = "passed"
    WARNED = "warned"
    FAILED = "failed"


_WORSE = {state: rank for rank, state in enumerate(State)}


def worst(states: Sequence[State]) -> State:
    """Give the worst state; PASSED where there is none."""
    return max(states, key=_WORSE.__getitem__, default=State.PASSED)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a judge says: a sentence without a final dot, and what to try.

    `path` is another place in the wire form than the check's own; `where` and `pointer` are one that is known already.
    """

    state: State
    what: str = ""
    hint: str = ""
    path: Path | None = None
    where: Where | None = None
    pointer: str = ""


@dataclass(frozen=True, slots=True)
class Needs:
    """A judge's answer where it has to read more first."""

    reads: tuple[Read, ...]


Answers: TypeAlias = Mapping[Read, Answer]
Judged: TypeAlias = "Sequence[Verdict] | Needs"
Judge: TypeAlias = Callable[[Answers], Judged]


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """A node of the tree.

    `document` and `path` say where its subject stands: in which definition, and at which place of its wire form.
    `judge` is asked once all of `reads` are answered; a node without one stands for its `children` alone.
    """

    subject: str
    document: str = ""
    path: Path = ()
    reads: tuple[Read, ...] = ()
    judge: Judge | None = None
    children: tuple[Check, ...] = ()

    def all(self) -> Iterator[Check]:
        """Give this check and those below it."""
        yield self
        for child in self.children:
            yield from child.all()


def settled(verdicts: Sequence[Verdict]) -> Judge:
    """Make the judge of what is known without asking anybody."""
    found = tuple(verdicts)
    return lambda _answers: found


def passed(what: str = "") -> Verdict:
    """Say that it is right."""
    return Verdict(State.PASSED, what)


def failed(what: str, hint: str, path: Path | None = None) -> Verdict:
    """Say that it is wrong."""
    return Verdict(State.FAILED, what, hint, path)


def warned(what: str, hint: str, path: Path | None = None) -> Verdict:
    """Say that it is probably wrong."""
    return Verdict(State.WARNED, what, hint, path)


def skipped(what: str, hint: str = "", path: Path | None = None) -> Verdict:
    """Say why it cannot be known."""
    return Verdict(State.SKIPPED, what, hint, path)


def unknown(
    answer: Missing | Denied | Refused | Unanswered, what: str, *, part: str = "", path: Path | None = None
) -> Verdict:
    """Give the verdict on what was not found: `what` is the thing (``the role app``), `part` what of it was asked."""
    lead = f"{part}: " if part else ""
    match answer:
        case Missing(said, hint):
            return failed(said or f"there is no {what}", hint or "create it, or correct its name", path)
        case Denied(action):
            return skipped(f"{lead}not known, because {action} is denied", f"allow {action}", path)
        case Refused(said):
            return failed(f"{what} cannot be looked up: {said}", "correct its name", path)
        case Unanswered(said):
            return skipped(f"{lead}not known: {said}", path=path)
