"""What became of each of several projects that were to be applied."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from enum import Enum
from typing import Final

from reconciler.core import rollouts
from reconciler.core.outcomes import Ending, Outcome
from reconciler.core.schedules import Cause, End, Why
from reconciler.errors import Interrupted
from reconciler.records import dataclass


class State(Enum):
    """What became of a project. `UNDER_WAY`: all was sent and nobody watches; `PARTLY`: some of it was sent."""

    APPLIED = "applied"
    UNCHANGED = "no changes"
    UNDER_WAY = "under way"
    PARTLY = "partly done"
    FAILED = "failed"
    ROLLED_BACK = "rolled back"
    TIMED_OUT = "timed out"
    SUPERSEDED = "superseded"
    PAUSED = "paused"
    NOT_DONE = "not done"


_ENDS: Final[Mapping[State, End]] = {
    State.APPLIED: End.THROUGH,
    State.UNCHANGED: End.THROUGH,
    State.UNDER_WAY: End.LET_GO,
    State.PARTLY: End.LET_GO,
}
_WORDS: Final[Mapping[State, str]] = {
    State.ROLLED_BACK: "was rolled back",
    State.PAUSED: "is paused",
    State.NOT_DONE: "was not done",
    State.SUPERSEDED: "was superseded",
}
_GOING_ON: Final = (rollouts.State.IN_PROGRESS.value, rollouts.State.PAUSED.value)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fate:
    """What became of a project, and why.

    `because` is the label of the project whose failure kept it from beginning, `revision` the ARN of the service's
    revision and `seconds` how long it took, where that is known. `code` is the exit code that it would have alone.
    """

    label: str
    state: State
    reason: str = ""
    because: str = ""
    revision: str = ""
    seconds: float = 0.0
    code: int = 0

    @property
    def end(self) -> End:
        """Give how its turn ended. What was not done because of an interruption never had one."""
        if self.state is State.NOT_DONE and not self.code:
            return End.LET_GO
        return _ENDS.get(self.state, End.FAILED)


def carried(label: str, outcome: Outcome, code: int, *, undone: bool = False) -> Fate:
    """Tell the fate of a project whose plan was carried out, or whose rollout was watched, with its exit code.

    `undone` says that what failed was taken back.
    """
    state, reason = State.APPLIED, ""
    if outcome.ending is Ending.NOT_WAITED:
        reason = "not waited for the rollout"
    elif outcome.ending is not Ending.SUCCEEDED:
        state = State.ROLLED_BACK if undone else State(outcome.ending.value)
        reason = outcome.reason
    elif outcome.state in _GOING_ON:
        reason = "the rollout has come as far as was asked, and goes on"
    return Fate(
        label=label,
        state=state,
        reason=reason,
        revision="" if undone else outcome.revision,
        seconds=outcome.seconds if outcome.ending is not Ending.NOT_WAITED else 0.0,
        code=code,
    )


def interrupted(label: str, error: Interrupted) -> Fate:
    """Tell the fate of a project of which an apply was interrupted."""
    if error.step == "wait" or (error.done and not error.left):
        return Fate(label=label, state=State.UNDER_WAY, reason="the rollout goes on in AWS")
    if not error.done and not error.unsure:
        return Fate(label=label, state=State.NOT_DONE, reason="interrupted")
    told = [*(f"done: {line}" for line in error.done), *(f"not done: {line}" for line in error.left)]
    return Fate(label=label, state=State.PARTLY, reason="; ".join(told))


def unknown(label: str) -> Fate:
    """Tell the fate of a project that was under way when nobody wanted to wait any more."""
    return Fate(label=label, state=State.UNDER_WAY, reason="nobody waited to see what of it was done")


def left(label: str, cause: Cause, known: Mapping[str, Fate]) -> Fate:
    """Tell the fate of a project that never began."""
    if cause.why is Why.INTERRUPTED:
        return Fate(label=label, state=State.NOT_DONE, reason="interrupted")
    state = known[cause.of].state
    went = _WORDS.get(state, state.value)
    said = (
        f"it depends on {cause.of}, which {went}"
        if cause.why is Why.NEEDS
        else f"{cause.of} {went}, and nothing was begun after that"
    )
    return Fate(label=label, state=State.NOT_DONE, reason=said, because=cause.of)


def kinds(fates: Iterable[Fate]) -> dict[str, list[str]]:
    """Give the labels by what became of the projects, every state there."""
    found: dict[str, list[str]] = {state.value: [] for state in State}
    for fate in fates:
        found[fate.state.value].append(fate.label)
    return found


def code(fates: Sequence[Fate]) -> int:
    """Give the exit code of all together: 0 if all is well, the one that all others agree on, else 1."""
    codes = {fate.code for fate in fates if fate.code}
    return codes.pop() if len(codes) == 1 else int(bool(codes))
