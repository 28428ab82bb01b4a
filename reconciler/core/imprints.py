"""What the tags of the last apply tell of drift, where nothing was recorded (`stamps`)."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import replace

from reconciler.core.drifts import Cause, Drift
from reconciler.core.redaction import MASK
from reconciler.core.stamps import FORM, Seen


def judge(drifts: Iterable[Drift], seen: Mapping[str, Seen]) -> tuple[Drift, ...]:
    """Say of differences without a cause what the tags tell: where the files say what they said, AWS was changed.

    Of secrets a digest tells nothing.
    """
    return tuple(_judged(drift, seen.get(drift.unit)) for drift in drifts)


def _judged(drift: Drift, seen: Seen | None) -> Drift:
    if drift.cause is not None or not drift.address or seen is None:
        return drift
    applied = f"applied from revision {seen.revision}" if seen.revision else "applied"
    if not seen.then or seen.then.partition(":")[0] != FORM:
        return replace(drift, note=f"it was {applied}") if seen.revision else drift
    if seen.then != seen.now:
        return replace(drift, note=f"when it was {applied}, the files said something else")
    if MASK in json.dumps([drift.before, drift.after], ensure_ascii=False):
        return replace(drift, note=f"when it was {applied}, the files said the same, but for secrets")
    return replace(drift, cause=Cause.LIVE, note=f"when it was {applied}, the files said the same")
