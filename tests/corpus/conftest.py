"""Resolvers that make answers up, for every test here."""

from __future__ import annotations

import pytest

from reconciler.resolve import registry
from tests.corpus import projects


@pytest.fixture(autouse=True)
def made_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let nothing be asked of anybody."""
    available = projects.resolvers(registry.discover())
    monkeypatch.setattr(registry, "discover", lambda: available)
