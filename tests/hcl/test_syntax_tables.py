"""The parser's tables: made of python-hcl2's grammar once, kept for the user, and never believed from anyone else."""

from __future__ import annotations

import json
import os
import re
import stat
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from importlib.util import find_spec
from pathlib import Path

import pytest

from reconciler.errors import ConfigError
from reconciler.hcl import building, grammar, syntax

BODY = 'a = "x${b[0]}"\n'


@pytest.fixture(autouse=True)
def fresh(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Have a cache folder of one's own, and forget the tables of this process."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.delenv("RECONCILER_NO_CACHE", raising=False)
    grammar.tables.cache_clear()
    yield
    grammar.tables.cache_clear()


@cache
def worked_out(text: str, key: str) -> str:
    """Have lark work the tables out, once a process: the same text gives the same."""
    return json.dumps(_ANALYSE(text, key))


_ANALYSE = grammar._analyse


@pytest.fixture(autouse=True)
def analyses(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Note each time that lark is to work the tables out."""
    noted: list[str] = []

    def noting(text: str, key: str) -> object:
        noted.append(key)
        return json.loads(worked_out(text, key))

    monkeypatch.setattr(grammar, "_analyse", noting)
    return noted


def kept(folder: Path) -> list[Path]:
    """Give the files of tables."""
    return sorted((folder / "reconciler").glob("hcl-*.json"))


def again() -> grammar.Tables:
    """Give the tables as the next process would have them."""
    grammar.tables.cache_clear()
    return grammar.tables()


def test_tables_are_made_once_and_are_the_users_alone(tmp_path: Path, analyses: list[str]) -> None:
    first = grammar.tables()
    (file,) = kept(tmp_path)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700
    assert again() == first
    assert len(analyses) == 1


def test_without_a_cache_they_are_made_in_memory(
    tmp_path: Path, analyses: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RECONCILER_NO_CACHE", "1")
    for _ in range(2):
        again()
        assert syntax.parse_body(BODY, "main.tf").attributes
    assert len(analyses) == 2
    assert kept(tmp_path) == []


def test_a_folder_that_cannot_be_written_is_no_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "reconciler").write_text("a file where the folder should be")
    assert syntax.parse_body(BODY, "main.tf").attributes


@pytest.mark.parametrize(
    "damage",
    [
        b"",
        b"\x80\x04\x95",
        b"null",
        b"{}",
        b"[" * 100_000,
        lambda data: data[: len(data) // 2],
        # The first state may have nothing to do: which one is the first depends on the hash seed.
        lambda data: re.sub(rb'("states":\[(?:\[\],)*\[\[\d+,)-?\d+', rb"\g<1>99999", data),
        lambda data: re.sub(rb'("states":\[(?:\[\],)*\[\[\d+,)-?\d+', rb"\g<1>-99999", data),
        lambda data: data.replace(b'"begins":{', b'"begins":{"more":1,', 1),
        lambda data: re.sub(rb'"key":"\w+"', b'"key":"another"', data),
    ],
)
def test_damaged_tables_are_made_again(tmp_path: Path, analyses: list[str], damage: object) -> None:
    grammar.tables()
    (file,) = kept(tmp_path)
    data = file.read_bytes()
    changed = damage(data) if callable(damage) else damage
    assert isinstance(changed, bytes)
    assert changed != data
    file.write_bytes(changed)
    again()
    assert syntax.parse_body(BODY, "main.tf").attributes
    assert len(analyses) == 2
    again()
    assert len(analyses) == 2


@pytest.mark.parametrize("mode", [0o660, 0o606])
def test_tables_that_others_could_write_are_not_read(tmp_path: Path, analyses: list[str], mode: int) -> None:
    grammar.tables()
    (file,) = kept(tmp_path)
    file.chmod(mode)
    again()
    assert len(analyses) == 2


def test_nor_are_tables_in_a_folder_that_others_could_write(tmp_path: Path, analyses: list[str]) -> None:
    grammar.tables()
    (tmp_path / "reconciler").chmod(0o777)
    again()
    assert len(analyses) == 2


def test_another_version_has_another_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    grammar.tables()
    text = grammar._text
    for package in ("hcl2", "lark"):
        monkeypatch.setattr(
            grammar, "_text", lambda name, file, changed=package: text(name, file) + "\n" * (name == changed)
        )
        again()
    assert len(kept(tmp_path)) == 3


def test_every_rule_of_the_grammar_becomes_something() -> None:
    names = {rule.name for rule in grammar.tables().rules if not rule.inlined}
    folded = {rule.name for rule in grammar.tables().rules if rule.expands}
    assert names - folded - {"keyword", "template_string"} == set(building.BUILDERS)


def test_another_grammar_is_said_to_be_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(grammar, "_text", lambda package, file: "start : nothing")
    with pytest.raises(ConfigError, match="python-hcl2's grammar is not the one that this version knows"):
        again()


def test_a_missing_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None if name == "hcl2" else find_spec(name))
    with pytest.raises(ConfigError, match="the package hcl2 is not installed"):
        again()


@pytest.mark.parametrize("warm", [False, True])
def test_neither_the_tree_nor_kept_tables_need_lark(tmp_path: Path, warm: bool) -> None:
    if warm:
        grammar.tables()
    code = "import reconciler.hcl, reconciler.hcl.nodes, reconciler.hcl.syntax as s, sys"
    code += f"\nif {warm}: s.parse_body({BODY!r}, 'main.tf')"
    code += "\nprint([each for each in ('lark', 'hcl2', 'pickle', 'regex') if each in sys.modules])"
    run = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ},
        cwd=tmp_path,
    )
    assert run.stdout == "[]\n"


def test_tables_hold_numbers_and_names_alone(tmp_path: Path) -> None:
    grammar.tables()
    (file,) = kept(tmp_path)
    assert set(json.loads(file.read_bytes())) == {"key", "symbols", "states", "rules", "begins", "ends"}
