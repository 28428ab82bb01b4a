"""The cache of the entry-point scan: right whatever happens to it, and worth having."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from reconciler.errors import ConfigError
from reconciler.resolve import entrypoints
from reconciler.resolve.entrypoints import EntryPoint


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Point the user's cache folder at one of this test."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.delenv("RECONCILER_NO_CACHE", raising=False)
    return tmp_path / "cache" / "reconciler"


@pytest.fixture
def scans(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Count the scans."""
    counted: list[int] = []
    scan = entrypoints._scan

    def counting() -> list[EntryPoint]:
        counted.append(1)
        return scan()

    monkeypatch.setattr(entrypoints, "_scan", counting)
    return counted


def offer(site: Path, distribution: str, name: str) -> None:
    """Install a distribution that offers a resolver."""
    info = site / f"{distribution}-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {distribution}\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(f"[reconciler.resolvers]\n{name} = no_such_module:plugin\n")


def test_found_once_and_kept(cache: Path, scans: list[int]) -> None:
    first = entrypoints.discover()
    assert first["tfstate"] == EntryPoint("tfstate", "reconciler_tfstate:plugin", first["env"].distribution)
    assert first["env"].always
    assert first["ssm"].always
    assert entrypoints.discover() == first
    assert len(scans) == 1
    (file,) = cache.iterdir()
    assert stat.S_IMODE(cache.stat().st_mode) == 0o700
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_an_installation_is_noticed(
    cache: Path, scans: list[int], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    site = tmp_path / "site"
    site.mkdir()
    monkeypatch.syspath_prepend(site)
    entrypoints.discover()
    offer(site, "vaults", "Vault")
    assert entrypoints.discover()["vault"].distribution == "vaults 1.0"
    assert len(scans) == 2


def test_an_installation_is_noticed_where_all_times_are_alike(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Builders of images set them so."""
    site = tmp_path / "site"
    site.mkdir()
    monkeypatch.syspath_prepend(site)
    os.utime(site, ns=(1, 1))
    before = entrypoints._fingerprint()
    assert entrypoints._fingerprint() == before
    offer(site, "vaults", "vault")
    os.utime(site, ns=(1, 1))
    assert entrypoints._fingerprint() != before


def foreign_words(file: Path) -> None:
    file.write_text(json.dumps({"key": "x", "entries": [{"name": 1}]}))


def wrong_entries(file: Path) -> None:
    kept = json.loads(file.read_text())
    file.write_text(json.dumps(kept | {"entries": [{"name": 1, "value": 2, "distribution": 3}]}))


def writable_by_others(file: Path) -> None:
    kept = json.loads(file.read_text())
    kept["entries"] = [{"name": "env", "value": "evil:plugin", "distribution": "evil", "always": True}]
    file.write_text(json.dumps(kept))
    file.chmod(0o666)


@pytest.mark.parametrize(
    "damage",
    [
        lambda file: file.write_bytes(b""),
        lambda file: file.write_bytes(b"\xff{"),
        lambda file: file.write_text("[" * 100_000),
        lambda file: file.write_text("[]"),
        lambda file: (file.unlink(), file.mkdir()),
        foreign_words,
        wrong_entries,
        writable_by_others,
    ],
)
def test_a_damaged_cache_is_left_aside(
    cache: Path, scans: list[int], damage: Callable[[Path], object]
) -> None:
    first = entrypoints.discover()
    (file,) = cache.iterdir()
    damage(file)
    assert entrypoints.discover() == first
    assert len(scans) == 2


def test_no_cache_can_be_written(
    cache: Path, scans: list[int], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    assert entrypoints.discover() == entrypoints.discover()
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv(
        "XDG_CACHE_HOME", "relative"
    )  # ignored, as the XDG base directory specification has it
    entrypoints.discover()
    assert not Path("relative").exists()
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("RECONCILER_NO_CACHE", "1")
    entrypoints.discover()
    assert not cache.exists()
    assert len(scans) == 4


def test_two_distributions_offer_one_name(
    cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(tmp_path / "site")
    offer(tmp_path / "site", "vaults", "vault")
    offer(tmp_path / "site", "other-vaults", "Vault")
    with pytest.raises(
        ConfigError, match=r"offered by .*vaults 1\.0 and by .*vaults 1\.0\n  try: uninstall one"
    ):
        entrypoints.discover()


def test_a_cached_scan_does_not_import_the_machinery(cache: Path) -> None:
    entrypoints.discover()
    code = (
        "import sys; from reconciler.resolve import registry; names = set(registry.discover());"
        "print('importlib.metadata' in sys.modules, 'tfstate' in names)"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    again = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.split() == ["True", "True"], "another sys.path, another cache"
    assert again.stdout.split() == ["False", "True"]
