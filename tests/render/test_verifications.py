"""What came of a verification, as people and as machines read it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from reconciler.core.verification.checks import State
from reconciler.core.verification.results import Checked, Diagnostic, Verification
from reconciler.errors import Where
from reconciler.render import verifications
from reconciler.render.pieces import ASCII, UNICODE, Glyphs
from reconciler.render.styles import Style

SCHEMA = json.loads((Path(__file__).parents[2] / "docs/schemas/verification.schema.json").read_text())


PLACE = Where("task.json", 3, 5)


def said(severity: State, what: str, hint: str = "", where: Where | None = None) -> Diagnostic:
    return Diagnostic(
        subject="s",
        severity=severity,
        what=what,
        hint=hint,
        where=where,
        pointer="/a" if where else "",
        origins=("tfstate a.b",) if where == PLACE else (),
    )


def check(subject: str, state: State, *diagnostics: Diagnostic) -> Checked:
    return Checked(subject=subject, state=state, own=state, diagnostics=diagnostics)


FOUND = Verification(
    region="eu-west-1",
    account="123456789012",
    checked=(
        Checked(
            subject="task definition web",
            state=State.FAILED,
            where=Where("task.json"),
            children=(
                check("role a", State.PASSED, said(State.PASSED, "tasks may assume it")),
                check("role b\x1b[2J", State.FAILED, said(State.FAILED, "there is none", "make it", PLACE)),
                check(
                    "image é",
                    State.PASSED,
                    said(State.PASSED, "there"),
                    said(State.SKIPPED, "its platform is not known"),
                ),
                check("alarms", State.WARNED, said(State.WARNED, "one is loud", "see to it", Where("task.json"))),
                check("log group x", State.SKIPPED, said(State.SKIPPED, "denied", "allow it")),
            ),
        ),
    ),
)  # fmt: skip
TEXT = """\
✗ task definition web
  ✓ role a  tasks may assume it
  ✗ role b\\u001b[2J
      there is none
      at task.json:3:5 /a  # tfstate a.b
      try: make it
  ✓ image é  there
      skipped: its platform is not known
  ! alarms
      warning: one is loud
      at task.json /a
      try: see to it
  - log group x  skipped: denied

5 checks: 1 failed, 1 with a warning, 2 passed, 1 skipped.
"""


@pytest.mark.parametrize("glyphs", [UNICODE, ASCII], ids=["unicode", "ascii"])
def test_the_tree(glyphs: Glyphs) -> None:
    text = verifications.text(FOUND, glyphs=glyphs)
    if glyphs is UNICODE:
        assert text == TEXT
    else:
        assert text == TEXT.replace("✗", "x").replace("✓", "+").replace("é", "\\xe9")
        assert text.isascii()


def test_colours_change_no_word() -> None:
    painted = verifications.text(FOUND, Style(color=True))
    assert "\x1b[31m✗\x1b[0m" in painted
    for code in ("0", "1", "2", "31", "32", "33"):
        painted = painted.replace(f"\x1b[{code}m", "")
    assert painted == TEXT


def test_nothing_to_check() -> None:
    nothing = Verification(region="eu-west-1")
    assert verifications.text(nothing) == "There is nothing to check.\n"
    assert nothing.passed


def test_the_document_is_as_the_schema_says() -> None:
    Draft202012Validator.check_schema(SCHEMA)
    document = json.loads(verifications.document(FOUND))
    validator = Draft202012Validator(SCHEMA)
    validator.validate(document)
    assert document["summary"] == {"failed": 1, "warned": 1, "passed": 2, "skipped": 1}
    failure = document["checks"][0]["checks"][1]
    assert failure["diagnostics"] == [
        {
            "severity": "failed",
            "what": "there is none",
            "try": "make it",
            "file": "task.json",
            "line": 3,
            "column": 5,
            "pointer": "/a",
            "origins": ["tfstate a.b"],
        }
    ]
    for place in (document, document["summary"], failure, failure["diagnostics"][0]):
        place["surprise"] = 1
        assert not validator.is_valid(document)
        del place["surprise"]
