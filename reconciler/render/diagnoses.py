"""Why a rollout failed, for people and for JSON: the reason first, then what shows it, then what to try."""

from __future__ import annotations

import re
from typing import Final

from reconciler.core.causes import Cause, Diagnosis, Logged
from reconciler.render import texts
from reconciler.render.styles import PLAIN, Style

_MOST: Final = 4
_LONG: Final = 400
"""A longer sentence of AWS's repeats itself; a log line of that length is cut too."""

_GROUP: Final = re.compile(r"arn:[\w-]+:elasticloadbalancing:[^\s)]*:targetgroup/([^/\s)]+)/\w+")
_TASK: Final = re.compile(r"(\(task [0-9a-f]{8})[0-9a-f-]{24,28}(?=\))")
_MORE: Final = re.compile(
    r"\s*For more information, see the Troubleshooting section of the Amazon ECS Developer Guide\.?"
)

_NOTHING: Final = (
    "nothing that could be read says it: no task stopped, no health check failed, "
    "and no service event names a reason"
)


def text(diagnosis: Diagnosis, style: Style = PLAIN) -> str:
    """Write a diagnosis as lines, without a line feed at the end."""
    lines: list[str] = []
    for number, cause in enumerate(diagnosis.causes[:_MOST]):
        lead = "Why:" if number == 0 else "Also:"
        lines.append(f"{style.paint('bad', lead)} {style.paint('bold', _what(cause))}")
        lines += _shown(cause, style)
    if not diagnosis.causes:
        lines.append(f"Why: {_NOTHING}")
    if len(diagnosis.causes) > _MOST:
        lines.append(f"… and {len(diagnosis.causes) - _MOST} more")
    lines += [style.paint("dim", f"Could not be read: {_short(line)}") for line in diagnosis.unread]
    return "\n".join(lines)


def line(diagnosis: Diagnosis) -> str:
    """Write a diagnosis as one line."""
    return "; ".join(_what(cause) for cause in diagnosis.causes) or _NOTHING


def fields(diagnosis: Diagnosis) -> dict[str, object]:
    """Give a diagnosis for JSON logs."""
    return {
        "deployment": diagnosis.deployment,
        "causes": [
            {
                "kind": cause.kind.value,
                "what": cause.what,
                "try": cause.hint,
                "times": cause.times,
                "tasks": list(cause.tasks),
                "evidence": list(cause.evidence),
                "logs": [
                    {"container": each.container, "task": each.task, "lines": list(each.lines)}
                    for each in cause.logs
                ],
            }
            for cause in diagnosis.causes
        ],
        "could_not_be_read": list(diagnosis.unread),
    }


def _what(cause: Cause) -> str:
    what = texts.safe(cause.what)
    if cause.tasks:
        return f"{what} ({len(cause.tasks)} task{'s' if len(cause.tasks) > 1 else ''})"
    return f"{what} (×{cause.times})" if cause.times > 1 else what


def _shown(cause: Cause, style: Style) -> list[str]:
    lines = [style.paint("dim", f"  AWS: {_short(said)}") for said in cause.evidence]
    for logged in cause.logs:
        lines += _logged(logged, style)
    return [*lines, f"  try: {texts.safe(cause.hint)}"]


def _short(said: str) -> str:
    """Write a sentence of AWS's without what only makes it long."""
    said = _MORE.sub("", _TASK.sub(r"\1", _GROUP.sub(r"\1", texts.safe(said))))
    return texts.cut(said, _LONG)


def _logged(logged: Logged, style: Style) -> list[str]:
    where = f"`{logged.container}` of task {logged.task[:8]}"
    if not logged.lines:
        return [style.paint("dim", f"  {where} wrote nothing")]
    return [
        style.paint("dim", f"  {where} wrote last:"),
        *(f"  | {texts.cut(texts.safe(written), _LONG)}" for written in logged.lines),
    ]
