"""What came of a verification, for people and for JSON: the tree, and under each subject what is said of it."""

from __future__ import annotations

import json
from typing import Any, Final

from reconciler.core.verification.checks import State
from reconciler.core.verification.results import Checked, Diagnostic, Verification
from reconciler.errors import Where
from reconciler.render.pieces import UNICODE, Glyphs
from reconciler.render.styles import PLAIN, Style

FORMAT: Final = 1
"""The version of the document that `document` gives; members may be added to it without a new one."""

_ROLES: Final = {State.PASSED: "good", State.FAILED: "bad", State.WARNED: "warn", State.SKIPPED: "dim"}
_MARKS: Final = {State.PASSED: "✓", State.FAILED: "✗", State.WARNED: "!", State.SKIPPED: "-"}
_PLAIN_MARKS: Final = {**_MARKS, State.PASSED: "+", State.FAILED: "x"}
_WORDS: Final = (State.FAILED, State.WARNED, State.PASSED, State.SKIPPED)


def text(verification: Verification, style: Style = PLAIN, glyphs: Glyphs = UNICODE) -> str:
    """Write the tree, and how many checks came out how, as lines that end in a line feed."""
    lines = [line for each in verification.checked for line in _lines(each, 0, style, glyphs)]
    return "\n".join([*lines, *([""] if lines else []), summary(verification)]) + "\n"


def summary(verification: Verification) -> str:
    """Write how many checks came out how."""
    counts = verification.counts()
    total = sum(counts.values())
    parts = ", ".join(f"{counts[state]} {_word(state)}" for state in _WORDS if counts[state])
    return f"{total} check{'' if total == 1 else 's'}: {parts}." if total else "There is nothing to check."


def document(verification: Verification) -> str:
    """Write everything as JSON (docs/schemas/verification.schema.json)."""
    counts = verification.counts()
    content = {
        "format": FORMAT,
        "region": verification.region,
        "account": verification.account,
        "passed": verification.passed,
        "summary": {state.value: counts[state] for state in _WORDS},
        "checks": [_member(each) for each in verification.checked],
    }
    return json.dumps(content, indent=2, ensure_ascii=False)


def _word(state: State) -> str:
    return "with a warning" if state is State.WARNED else state.value


def _lines(node: Checked, depth: int, style: Style, glyphs: Glyphs) -> list[str]:
    marks = _PLAIN_MARKS if glyphs.more.isascii() else _MARKS
    indent = "  " * depth
    mark = style.paint(_ROLES[node.state], marks[node.state])
    asides = [said for said in node.diagnostics if said.severity is State.PASSED]
    loud = [said for said in node.diagnostics if said.severity is not State.PASSED]
    aside = "; ".join(glyphs.drawn(said.what) for said in asides)
    subject = glyphs.drawn(node.subject)
    # What the only thing to say of a skipped check is stands beside it, since there are many of them.
    brief = len(loud) == 1 and loud[0].severity is State.SKIPPED and not asides
    if brief:
        aside, loud = f"skipped: {glyphs.drawn(loud[0].what)}", []
    head = f"{indent}{mark} {style.paint('bold', subject) if node.state is State.FAILED else subject}"
    lines = [f"{head}{style.paint('dim', f'  {aside}') if aside else ''}"]
    for said in loud:
        lines += _said(said, f"{indent}    ", style, glyphs)
    for child in node.children:
        lines += _lines(child, depth + 1, style, glyphs)
    return lines


def _said(said: Diagnostic, indent: str, style: Style, glyphs: Glyphs) -> list[str]:
    what = glyphs.drawn(said.what)
    lead = (
        "skipped: "
        if said.severity is State.SKIPPED
        else "warning: "
        if said.severity is State.WARNED
        else ""
    )
    lines = [indent + style.paint(_ROLES[said.severity], f"{lead}{what}")]
    if said.where is not None and said.severity is not State.SKIPPED:
        pointer = f" {said.pointer}" if said.pointer else ""
        made = f"  # {', '.join(said.origins)}" if said.origins else ""
        lines.append(indent + style.paint("dim", f"at {glyphs.drawn(f'{said.where}{pointer}{made}')}"))
    if said.hint:
        lines.append(f"{indent}try: {glyphs.drawn(said.hint)}")
    return lines


def _member(node: Checked) -> dict[str, Any]:
    return {
        "subject": node.subject,
        "state": node.state.value,
        **_place(node.where, node.pointer),
        "diagnostics": [
            {
                "severity": said.severity.value,
                "what": said.what,
                "try": said.hint,
                **_place(said.where, said.pointer),
                "origins": list(said.origins),
            }
            for said in node.diagnostics
        ],
        "checks": [_member(child) for child in node.children],
    }


def _place(where: Where | None, pointer: str) -> dict[str, Any]:
    return {
        "file": where.path if where is not None else None,
        "line": where.line if where is not None and where.line else None,
        "column": where.column if where is not None and where.column else None,
        "pointer": pointer,
    }
