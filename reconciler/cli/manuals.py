"""The manual: the documents that are shipped with the package, cut into sections by their headings."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path

import reconciler
from reconciler.errors import ReconcilerError
from reconciler.records import dataclass

README = "readme"


@dataclass(frozen=True, slots=True)
class Section:
    """A heading of a document (1-based line, level 1 to 6) with what stands below it, up to the next one."""

    level: int
    title: str
    line: int
    content: str


@cache
def articles() -> Mapping[str, Path]:
    """Give the documents by their names, the README first. ReconcilerError where none are installed."""
    package = Path(reconciler.__file__).parent
    shipped = package / "manual"
    # A checkout has no copy of them: they stand where they are written.
    readme = shipped / "README.md" if shipped.is_dir() else package.parent / "README.md"
    folder = shipped if shipped.is_dir() else package.parent / "docs"
    found = {path.stem: path for path in [readme, *sorted(folder.glob("*.md"))] if path.is_file()}
    if not found:
        raise ReconcilerError(
            "the manual is not installed with this package", hint="install it from its wheel"
        )
    return {README if path == readme else name: path for name, path in found.items()}


def text(name: str) -> str:
    """Give a document."""
    return articles()[name].read_text(encoding="utf-8")


def title(name: str) -> str:
    """Give a document's own heading."""
    return next((section.title for section in sections(text(name))), name)


def sections(document: str) -> tuple[Section, ...]:
    """Cut a document at its headings; a line of a code block is none."""
    return tuple(_sections(document.splitlines(keepends=True)))


def _sections(lines: Sequence[str]) -> Iterator[Section]:
    heads = [(number, found) for number, found in _headings(lines)]
    ends = [number for number, _ in heads[1:]] + [len(lines)]
    for (number, found), end in zip(heads, ends, strict=True):
        yield Section(len(found[1]), found[2], number + 1, "".join(lines[number:end]))


def _headings(lines: Sequence[str]) -> Iterator[tuple[int, re.Match[str]]]:
    fence = ""
    for number, line in enumerate(lines):
        mark = re.match(r" {0,3}(`{3,}|~{3,})", line)
        if mark and not fence:
            fence = mark[1]
        elif mark and mark[1].startswith(fence) and not line.strip(" `~\n"):
            fence = ""
        elif not fence and (found := re.match(r"(#{1,6})\s+(.*?)\s*#*\s*$", line)):
            yield number, found
