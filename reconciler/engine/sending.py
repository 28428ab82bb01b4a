"""Sending one step: what is said of it before and after, and what is known of it where it fails."""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import Final, NamedTuple, TypeVar

from reconciler.core.events import Event, StepDone, StepStarted
from reconciler.errors import ApplyError, AwsError, AwsRefused, AwsThrottled, Interrupted, ReconcilerError

ON: Final = "run the same command again: it goes on from what is there and repeats nothing"

Result = TypeVar("Result")


class Progress(NamedTuple):
    """What was done, and what is left to do from the step on that is sent next: a line each."""

    done: list[str]
    left: list[str]


def way_on(error: ReconcilerError | None) -> str:
    """Say how to go on after a step that failed, or that was interrupted (None)."""
    if error is not None and error.hint:
        return error.hint
    if isinstance(error, AwsRefused):
        return "correct what AWS refuses, and run the command again: it goes on from what is there"
    return ON


def send(
    unit: str,
    name: str,
    act: Callable[[], Result],
    progress: Progress,
    *,
    told: Callable[[Result], tuple[str, bool]],
    hint: Callable[[ReconcilerError | None], str] = way_on,
) -> Generator[Event, None, Result]:
    """Do the first of what is left. `told` gives the ARN that came of it, and whether nothing had to be sent.

    ApplyError says what was done, what may have been, and what was not; Interrupted is the same after Ctrl-C.
    """
    sent = False
    try:
        yield StepStarted(unit=unit, step=name)
        sent = True
        try:
            result = act()
        except ReconcilerError as error:
            raise ApplyError(
                f"{unit}: {name}: {error.what}",
                error.where,
                hint(error),
                step=name,
                done=tuple(progress.done),
                left=tuple(progress.left),
                unsure=unanswered(error),
            ) from error
        sent = False
        arn, reused = told(result)
        progress.left.pop(0)
        progress.done.append(f"{unit}: {name}" + (f" ({arn.rsplit('/', 1)[-1]})" if arn else ""))
        yield StepDone(unit=unit, step=name, result=arn, reused=reused)
    except KeyboardInterrupt as error:  # also from whoever shows the events
        raise Interrupted(
            f"interrupted while doing this: {name}",
            step=name,
            done=tuple(progress.done),
            left=tuple(progress.left),
            unsure=sent,
            hint=hint(None),
        ) from error
    return result


def unanswered(error: ReconcilerError) -> bool:
    """Tell whether AWS may have done what failed: no answer came, or one that it broke down over."""
    return isinstance(error, AwsError) and error.temporary and not isinstance(error, AwsThrottled)
