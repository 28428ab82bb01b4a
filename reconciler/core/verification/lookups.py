"""Checks of what has to be there, and little more."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeAlias

from reconciler.core.values import Path
from reconciler.core.verification.checks import Answers, Check, Judged, Verdict, passed, unknown
from reconciler.core.verification.reads import Call, Found

Further: TypeAlias = Callable[[Found], Sequence[Verdict]]


def simple(
    subject: str,
    read: Call,
    document: str,
    path: Path,
    further: Further | None = None,
    below: Sequence[Check] = (),
    thing: str = "",
) -> Check:
    """Make the check of what one call describes; `further` judges what it says, where it is there.

    `thing` is what is missing if it is not, the subject where nothing else is said.
    """

    def judge(answers: Answers) -> Judged:
        answer = answers[read]
        if not isinstance(answer, Found):
            return [unknown(answer, thing or subject)]
        return [passed()] if further is None else further(answer)

    return Check(
        subject=subject, document=document, path=path, reads=(read,), judge=judge, children=tuple(below)
    )
