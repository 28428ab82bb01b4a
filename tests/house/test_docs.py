"""What the documents show runs as it stands."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest
import yaml

from reconciler import sandbox
from reconciler.sandbox import seeds
from reconciler.sandbox.knobs import Knobs

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
THIRDPARTY = ROOT / "fixtures" / "thirdparty"


def blocks(document: str, language: str) -> list[str]:
    """Give the code blocks of one language in a document."""
    return re.findall(rf"^```{language}\n(.*?)^```$", (DOCS / document).read_text(), re.MULTILINE | re.DOTALL)


def test_the_seed_in_the_docs_loads_and_runs() -> None:
    (text,) = blocks("sandbox.md", "yaml")
    given = yaml.safe_load(text)
    assert set(given) == seeds._MEMBERS, "the example leaves a member out"
    with sandbox.serving(given, speed=0) as server:
        assert server.endpoint_url.startswith("http://127.0.0.1:")


def test_the_docs_name_every_knob() -> None:
    text = (DOCS / "sandbox.md").read_text()
    assert [name for name in Knobs.__slots__ if f"`{name}`" not in text] == []


def test_the_resolver_in_the_docs_is_the_fixture() -> None:
    shown = blocks("plugins.md", "python")[0]
    assert shown == (THIRDPARTY / "reconciler_jsonfile" / "__init__.py").read_text()


def test_the_check_in_the_docs_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(THIRDPARTY))
    try:
        exec(compile(blocks("plugins.md", "python")[1], "docs/plugins.md", "exec"), {})
    finally:
        sys.modules.pop("reconciler_jsonfile", None)
