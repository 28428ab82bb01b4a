"""Files of environment variables, as go-envparse reads them."""

from pathlib import Path

import pytest

from reconciler.errors import ConfigError
from reconciler.load import envfiles

LINES = [
    ("A=1", {"A": "1"}),
    ("", {}),
    ("  # A=1", {}),
    ("export A=1", {"A": "1"}),
    ("export=1", {"export": "1"}),
    ("A = this is ok # a comment", {"A": "this is ok"}),
    ("A=a#b", {"A": "a"}),
    ("A=", {"A": ""}),
    ("A==b", {"A": "=b"}),
    ("A='x # $y \\n'", {"A": "x # $y \\n"}),
    (r'A="x\n\t\"\\\u00e9\ud83d\ude00"', {"A": 'x\n\t"\\é😀'}),
    ("A='a '  # c", {"A": "a "}),
    ("A='a'\" b\"c", {"A": "a bc"}),
    ("A=$B ${C}", {"A": "$B ${C}"}),
    ("A.b/c_1=x", {"A.b/c_1": "x"}),
    ("A=é", {"A": "é"}),
    ("A=1\r\nB=2\r\nA=3\r\n", {"A": "3", "B": "2"}),
]


@pytest.mark.parametrize(("text", "variables"), LINES)
def test_a_file_of_variables(tmp_path: Path, text: str, variables: dict[str, str]) -> None:
    path = tmp_path / "x.env"
    path.write_bytes(text.encode())
    assert envfiles.read([path]) == variables


@pytest.mark.parametrize(
    ("line", "what"),
    [
        ("s3cr3t", "without '='"),
        ("=s3cr3t", "no variable can have"),
        ("1s3cr3t=x", "no variable can have"),
        ('A="s3cr3t', "not closed"),
        ("A='s3cr3t", "not closed"),
        (r'A="s3cr3t\q"', "unknown escape"),
        (r'A="s3cr3t\ud800"', "surrogate"),
        ("A=s3cr3t\tx", "control character"),
    ],
)
def test_a_bad_line_is_named_and_not_shown(tmp_path: Path, line: str, what: str) -> None:
    path = tmp_path / "x.env"
    path.write_text(f"A=1\n{line}\n")
    with pytest.raises(ConfigError, match=what) as caught:
        envfiles.read([path])
    assert str(caught.value.where) == f"{path}:2:1"
    assert "s3cr3t" not in str(caught.value)


def test_later_files_win(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("A=1\nB=1\n")
    (tmp_path / "b").write_text("B=2\n")
    assert envfiles.read([tmp_path / "a", tmp_path / "b"]) == {"A": "1", "B": "2"}
