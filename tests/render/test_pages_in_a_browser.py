"""The page of drift in a real browser: its script runs under its own policy, and chooses what the address asks for."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from html.parser import HTMLParser
from pathlib import Path

import pytest

from reconciler.render.reports import pages
from tests.render.test_drift_reports import fleet

BROWSER = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
# Chromium has no sandbox of its own for root (its documents, "linux sandboxing").
ROOT = ["--no-sandbox"] if getattr(os, "geteuid", lambda: 1)() == 0 else []
SECONDS = 90
"""More than a start takes on a machine that is busy with other tests."""


class Shown(HTMLParser):
    """Finds which services and differences are hidden."""

    def __init__(self) -> None:
        """Begin with none."""
        super().__init__()
        self.services: list[bool] = []
        self.differences: list[tuple[str, bool]] = []
        self.hidden: dict[str, bool] = {}

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note what is shown."""
        given = dict(attrs)
        if given.get("id"):
            self.hidden[str(given["id"])] = "hidden" in given
        if str(given.get("class", "")).startswith("service ") and tag == "details":
            self.services.append("hidden" not in given)
        if tag == "article":
            self.differences.append((str(given["data-cause"]), "hidden" not in given))


@pytest.mark.skipif(BROWSER is None, reason="there is no Chromium or Chrome")
def test_the_script_chooses_what_the_address_asks_for(tmp_path: Path) -> None:
    (tmp_path / "drift.html").write_text(pages.page(fleet()), encoding="utf-8")
    ran = subprocess.run(
        [
            str(BROWSER), "--headless", *ROOT, "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
            "--disable-background-networking", "--host-resolver-rules=MAP * ~NOTFOUND", "--enable-logging=stderr",
            f"--user-data-dir={tmp_path / 'profile'}", "--dump-dom",
            f"{(tmp_path / 'drift.html').as_uri()}#cause=live",
        ],
        capture_output=True, text=True, timeout=SECONDS, check=True, stdin=subprocess.DEVNULL,
    )  # fmt: skip
    shown = Shown()
    shown.feed(ran.stdout)
    assert shown.hidden["filters"] is False, "the script ran"
    assert shown.hidden["none"] is True
    assert [cause for cause, there in shown.differences if there] == ["live"] * 5
    assert {cause for cause, there in shown.differences if not there} == {
        "configuration", "infrastructure", "unknown", "unmanaged",
    }  # fmt: skip
    assert shown.services == [False, True, False, True], "what failed, web, what is gone, api"
    assert re.search('<output id="shown"[^>]*>2 of 4 shown</output>', ran.stdout)
    assert "CONSOLE" not in ran.stderr, ran.stderr
