"""The line that says that a slow read is under way."""

from __future__ import annotations

import pytest

from reconciler.cli import logs, patience


def test_a_line_is_shown_late_replaced_and_erased(capsys: pytest.CaptureFixture[str]) -> None:
    line = patience._Line("reading")
    line.say("read 1 of 2")
    assert capsys.readouterr().err == ""
    line.show()
    line.say("read 2 of 2")
    line.erase()
    assert capsys.readouterr().err == "read 1 of 2\r\x1b[Kread 2 of 2\r\x1b[K"


def test_what_is_over_soon_says_nothing(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(logs, "interactive", lambda: True)
    monkeypatch.setattr(patience, "AFTER", 3600.0)
    with patience.told() as say:
        say("at once")
    assert capsys.readouterr().err == ""
