"""The real files beside this repository: definitions, descriptions and projects as public repositories hold them.

Placeholders of their own build steps (``$$$TEST_REGION$$$``, ``<ECS_SERVICE>``, ``${image_url}``) are filled with
values made of their names: a text inside of a text, a number elsewhere.
"""

from __future__ import annotations

import csv
import json
import re
from pathlib import Path
from typing import Any, NamedTuple

REAL = Path(__file__).parents[3] / "shared/corpus/real"
NUMBER = "120"
"""What stands for a number: good for memory, CPU shares, percentages and seconds alike."""

# What a name alone does not tell: a placeholder for one of few words, and one for a whole member.
_TOLD = {"NETWORK_MODE": "bridge", "START_PERIOD": f'"startPeriod": {NUMBER},'}
_TEXT = re.compile(r'"(?:[^"\\]|\\.)*"')
_PLACEHOLDER = re.compile(r"\${3,4}(\w+)\${3,4}|\$\{(\w+)\}|<([A-Z]\w*_\w+|[a-z]+_\w+)>")


class File(NamedTuple):
    """A file of the corpus: its name there, the kind that the index gives it, and its repository and path."""

    name: str
    kind: str
    origin: str

    @property
    def repository(self) -> str:
        """Give what all files of one project have in common."""
        return self.origin.split("@", maxsplit=1)[0]

    @property
    def place(self) -> str:
        """Give the path in the repository."""
        return self.origin.split(" ", maxsplit=1)[1]

    def text(self) -> str:
        return (REAL / self.name).read_text()


def index() -> list[File]:
    """Give all files, none where the corpus is not there."""
    if not (REAL / "INDEX.tsv").exists():
        return []
    with (REAL / "INDEX.tsv").open(newline="") as lines:
        return [
            File(row["file"], row["kind"], row["origin"]) for row in csv.DictReader(lines, delimiter="\t")
        ]


def of(*kinds: str) -> list[File]:
    """Give the files of some kinds."""
    return [file for file in index() if file.kind in kinds]


def filled(text: str) -> str:
    """Fill placeholders."""

    def inside(match: re.Match[str]) -> str:
        return _PLACEHOLDER.sub(lambda found: _made_up(found, quoted=True), match[0])

    return _PLACEHOLDER.sub(lambda found: _made_up(found, quoted=False), _TEXT.sub(inside, text))


def _made_up(found: re.Match[str], *, quoted: bool) -> str:
    name = next(filter(None, found.groups()))
    return _TOLD.get(name, name.lower().replace("_", "-") if quoted else NUMBER)


def document(file: File) -> Any:
    """Give a file's content; a list of container definitions as a task definition that holds them."""
    content = json.loads(filled(file.text()))
    if isinstance(content, list):
        return {"family": "template", "containerDefinitions": content}
    return content
