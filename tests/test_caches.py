"""Small files in the user's cache folder: the newest of a kind stay."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from reconciler import caches


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give the cache's folder, in which nothing is yet."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.delenv("RECONCILER_NO_CACHE", raising=False)
    return caches.folder()


def test_what_is_written_is_read(folder: Path) -> None:
    assert caches.read("hint-1.json") is None
    caches.write("hint-1.json", b"1")
    caches.write("hint-1.json", b"2")
    assert caches.read("hint-1.json") == b"2"
    assert [path.name for path in folder.iterdir()] == ["hint-1.json"]


def test_the_newest_of_a_kind_stay(folder: Path) -> None:
    for age in range(5):
        caches.write(f"hcl-{age}.json", b"{}")
        os.utime(folder / f"hcl-{age}.json", (1000 - age, 1000 - age))
    caches.write("hint-1.json", b"{}")
    os.utime(folder / "hint-1.json", (0, 0))
    caches.write("hcl-new.json", b"{}", kept=3)
    assert {path.name for path in folder.iterdir()} == {
        "hcl-new.json",
        "hcl-0.json",
        "hcl-1.json",
        "hint-1.json",
    }
    caches.write("hcl-newer.json", b"{}")
    assert len(list(folder.iterdir())) == 5
