"""What became of several projects that were applied: a line each in their order, and a count; or JSON."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Final

from reconciler.core import fates
from reconciler.core.fates import Fate, State
from reconciler.render import progress, texts
from reconciler.render.styles import PLAIN, Style

FORMAT: Final = 1
"""The version of the JSON form (docs/schemas/apply.schema.json)."""

_ROLES: Final = {
    State.APPLIED: "good",
    State.UNCHANGED: "dim",
    State.FAILED: "bad",
    State.ROLLED_BACK: "bad",
    State.TIMED_OUT: "bad",
}


def summary(found: Sequence[Fate], style: Style = PLAIN) -> str:
    """Write what became of each, and how many there are of each sort."""
    labels = [texts.safe(fate.label) for fate in found]
    room = max(map(len, labels), default=0)
    lines = [
        f"{label:<{room}}  {style.paint(_ROLES.get(fate.state, 'warn'), fate.state.value)}{_more(fate)}"
        for label, fate in zip(labels, found, strict=True)
    ]
    counts = ", ".join(f"{len(named)} {state}" for state, named in fates.kinds(found).items() if named)
    heading = f"{len(found)} project{'' if len(found) == 1 else 's'}{':' if found else '.'}"
    return "\n".join([*lines, style.paint("bold", heading) + (f" {counts}." if found else "")]) + "\n"


def _more(fate: Fate) -> str:
    after = f" after {progress.lasted(fate.seconds)}" if fate.seconds else ""
    runs = (
        f", {fate.revision.rsplit('/', 1)[-1]} runs" if fate.revision and fate.state is State.APPLIED else ""
    )
    reason = f": {' '.join(texts.safe(line) for line in fate.reason.split())}" if fate.reason else ""
    return after + (reason or runs)


def document(found: Sequence[Fate]) -> str:
    """Write it as JSON: ``{"format", "projects": [{"path", "state", …}], "summary"}``."""
    projects = [
        {
            "path": fate.label,
            "state": fate.state.value,
            "reason": fate.reason or None,
            "because": fate.because or None,
            "revision": fate.revision or None,
            "seconds": round(fate.seconds, 3) if fate.seconds else None,
            "code": fate.code,
        }
        for fate in found
    ]
    body = {"format": FORMAT, "projects": projects, "summary": fates.kinds(found)}
    return json.dumps(body, indent=2, ensure_ascii=False) + "\n"
