"""Reading files: every way in which it fails says what to do."""

from pathlib import Path

import pytest

from reconciler.errors import ConfigError
from reconciler.load import sources


@pytest.mark.parametrize(
    ("name", "form"),
    [("a.json", "json"), ("a.yml", "yaml"), ("a.YAML", "yaml"), ("a.jsonnet", "jsonnet")],
)
def test_the_extension_names_the_format_and_a_byte_order_mark_is_dropped(
    tmp_path: Path, name: str, form: str
) -> None:
    (tmp_path / name).write_bytes(b"\xef\xbb\xbf\xc3\xa9")
    document = sources.read(tmp_path / name)
    assert (document.text, document.format, document.path) == ("é", form, tmp_path / name)


@pytest.mark.parametrize(
    ("name", "data", "message"),
    [
        (
            "def.json",
            None,
            "{folder}/def.json: there is no such file\n  try: did you mean {folder}/defs.json?",
        ),
        (
            "sub/def.json",
            None,
            "{folder}/sub/def.json: there is no such file\n  try: there is no folder {folder}/sub",
        ),
        (
            "a.toml",
            b"",
            "{folder}/a.toml: the extension .toml names no format that is known here\n  try: use one of",
        ),
        ("a", b"", "{folder}/a: the extension (none) names no format"),
        ("a.json", b"{}\n\xff", "{folder}/a.json:2:1: the file is not UTF-8: byte 3 starts no character"),
        (
            "a.json",
            "{}".encode("utf-16"),
            "{folder}/a.json:1:1: the file is not UTF-8: byte 0 starts no character",
        ),
        ("folder.json", b"/", "{folder}/folder.json: this is a directory, not a file"),
        ("a\0.json", None, "{folder}/a\0.json: the file cannot be read: its path is invalid"),
    ],
)
def test_what_cannot_be_read(tmp_path: Path, name: str, data: bytes | None, message: str) -> None:
    (tmp_path / "defs.json").write_text("{}")
    if data == b"/":
        (tmp_path / name).mkdir()
    elif data is not None:
        (tmp_path / name).write_bytes(data)
    with pytest.raises(ConfigError) as caught:
        sources.read(tmp_path / name)
    assert str(caught.value).startswith(message.format(folder=tmp_path))


def test_a_file_that_may_not_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(path: Path) -> bytes:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(Path, "read_bytes", refuse)
    with pytest.raises(ConfigError, match="may not be read"):
        sources.read(tmp_path / "a.json")
