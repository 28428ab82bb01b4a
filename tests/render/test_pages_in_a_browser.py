"""Pages in a real browser: their script runs under their own policy, and chooses what the address asks for."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from html import unescape
from html.parser import HTMLParser
from pathlib import Path

import pytest

from reconciler.render.reports import pages, planpages
from tests.render import test_reports
from tests.render.test_drift_reports import fleet

BROWSER = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
# Chromium has no sandbox of its own for root (its documents, "linux sandboxing").
ROOT = ["--no-sandbox"] if getattr(os, "geteuid", lambda: 1)() == 0 else []
BOTH = """<!DOCTYPE html>
<iframe src="drift.html#cause=live"></iframe>
<iframe src="plan.html#verb=defer"></iframe>
<script>
addEventListener("load", () => {
  for (const frame of [...document.querySelectorAll("iframe")]) {
    const text = document.createElement("pre");
    text.textContent = frame.contentDocument.documentElement.outerHTML;
    frame.replaceWith(text);
  }
});
</script>
"""
"""Both pages, each with an address of its own, that a browser which starts once writes down as they are then."""
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
            self.differences.append(
                (str(given.get("data-cause") or given["data-verb"]), "hidden" not in given)
            )


@pytest.mark.skipif(BROWSER is None, reason="there is no Chromium or Chrome")
def test_the_script_chooses_what_the_address_asks_for(tmp_path: Path) -> None:
    (tmp_path / "drift.html").write_text(pages.page(fleet()), encoding="utf-8")
    (tmp_path / "plan.html").write_text(
        planpages.page(test_reports.fleet(), ".", several=True), encoding="utf-8"
    )
    (tmp_path / "both.html").write_text(BOTH)
    ran = subprocess.run(
        [
            str(BROWSER), "--headless", *ROOT, "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
            "--disable-background-networking",
            "--allow-file-access-from-files", "--host-resolver-rules=MAP * ~NOTFOUND", "--enable-logging=stderr",
            f"--user-data-dir={tmp_path / 'profile'}", "--dump-dom",
            (tmp_path / "both.html").as_uri(),
        ],
        capture_output=True, text=True, timeout=SECONDS, check=True, stdin=subprocess.DEVNULL,
    )  # fmt: skip
    drift, plan = map(unescape, re.findall("<pre>(.*?)</pre>", ran.stdout, re.DOTALL))
    planned = Shown()
    planned.feed(plan)
    assert planned.hidden["filters"] is False, "the script ran"
    assert planned.differences == [("update", False), ("update", False), ("defer", True)]
    assert planned.services == [False, False, False, True], "what failed, what is refused, a, e"
    assert "1 of 4 shown</output>" in plan
    shown = Shown()
    shown.feed(drift)
    assert shown.hidden["filters"] is False, "the script ran"
    assert shown.hidden["none"] is True
    assert [cause for cause, there in shown.differences if there] == ["live"] * 5
    assert {cause for cause, there in shown.differences if not there} == {
        "configuration", "infrastructure", "unknown", "unmanaged",
    }  # fmt: skip
    assert shown.services == [False, True, False, True], "what failed, web, what is gone, api"
    assert re.search('<output id="shown"[^>]*>2 of 4 shown</output>', drift)
    assert "CONSOLE" not in ran.stderr, ran.stderr
