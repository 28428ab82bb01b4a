"""Which of several projects may begin, and why one never does.

Takes what each depends on, and what has ended so far; gives those whose turn it is, in the order in which they were
named, and for each that cannot begin any more the cause. Never asks a clock, and never begins anything itself.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import field, replace
from enum import Enum

from reconciler.records import dataclass


class End(Enum):
    """How a project's turn ended: all is as it should be, or is not, or nobody watched until it was known."""

    THROUGH = "through"
    FAILED = "failed"
    LET_GO = "let go"


class Why(Enum):
    """Why a project never begins: what it depends on failed; anything failed, and that stops all; an interruption."""

    NEEDS = "needs"
    STOPPED = "stopped"
    INTERRUPTED = "interrupted"


@dataclass(frozen=True, slots=True)
class Cause:
    """Why a project never begins, and the label of the project that failed; empty for an interruption."""

    why: Why
    of: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """Projects by label, each with those that it `needs`, in the order in which they begin where several may.

    At most `at_once` run at a time. After a failure nothing begins any more, or with `keep_going` only nothing that
    depends on it.
    """

    needs: Mapping[str, Sequence[str]]
    at_once: int = 1
    keep_going: bool = False


@dataclass(frozen=True, slots=True)
class Course:
    """How far a schedule is: what runs, and what ended, in the order in which it did."""

    schedule: Schedule
    running: tuple[str, ...] = ()
    ended: Mapping[str, End] = field(default_factory=dict)
    interrupted: bool = False

    def ready(self) -> tuple[str, ...]:
        """Give those that may begin now."""
        failed = any(end is not End.THROUGH for end in self.ended.values())
        free = self.schedule.at_once - len(self.running)
        if self.interrupted or (failed and not self.schedule.keep_going) or free <= 0:
            return ()
        begun = {*self.running, *self.ended}
        found = (
            label
            for label, needs in self.schedule.needs.items()
            if label not in begun and all(self.ended.get(each) is End.THROUGH for each in needs)
        )
        return tuple(label for label, _ in zip(found, range(free), strict=False))

    def begin(self, label: str) -> Course:
        """Note that one runs."""
        return replace(self, running=(*self.running, label))

    def end(self, label: str, end: End) -> Course:
        """Note how one ended; it need not have begun."""
        running = tuple(each for each in self.running if each != label)
        return replace(self, running=running, ended={**self.ended, label: end})

    def interrupt(self) -> Course:
        """Note that nothing begins any more."""
        return replace(self, interrupted=True)

    def left(self) -> Mapping[str, Cause]:
        """Give those that never begin, whatever becomes of what runs, each with its cause."""
        failed = [label for label, end in self.ended.items() if end is End.FAILED]
        because = self._because(failed)
        waiting = [
            label for label in self.schedule.needs if label not in self.ended and label not in self.running
        ]
        found: dict[str, Cause] = {}
        for label in waiting:
            if label in because:
                found[label] = Cause(Why.NEEDS, because[label])
            elif failed and not self.schedule.keep_going:
                found[label] = Cause(Why.STOPPED, failed[0])
            elif self.interrupted:
                found[label] = Cause(Why.INTERRUPTED)
        return found

    def _because(self, failed: Sequence[str]) -> Mapping[str, str]:
        """Give those that depend on what failed, in however many steps; of several that failed the first to do so."""
        after = _turned(self.schedule.needs)
        because: dict[str, str] = {}
        for first in failed:
            reached = [first]
            while reached:
                for label in after.get(reached.pop(), ()):
                    if label not in because:
                        because[label] = first
                        reached.append(label)
        return because


def behind(needs: Mapping[str, Sequence[str]], label: str) -> frozenset[str]:
    """Give all that a project depends on, in however many steps."""
    found: set[str] = set()
    reached = list(needs.get(label, ()))
    while reached:
        each = reached.pop()
        if each not in found:
            found.add(each)
            reached.extend(needs.get(each, ()))
    return frozenset(found)


def circle(needs: Mapping[str, Sequence[str]]) -> tuple[str, ...]:
    """Give projects that depend on one another in a circle, the first of them again at the end; () where none do."""
    clear: set[str] = set()
    for start in needs:
        path: list[str] = []
        waiting = [[start]]
        while waiting:
            if not waiting[-1]:
                waiting.pop()
                if path:
                    clear.add(path.pop())
                continue
            label = waiting[-1].pop()
            if label in path:
                return (*path[path.index(label) :], label)
            if label not in clear:
                path.append(label)
                waiting.append(list(reversed(needs.get(label, ()))))
    return ()


def _turned(needs: Mapping[str, Sequence[str]]) -> Mapping[str, Sequence[str]]:
    """Give what depends on each."""
    found: dict[str, list[str]] = {}
    for label, each in needs.items():
        for other in each:
            found.setdefault(other, []).append(label)
    return found
