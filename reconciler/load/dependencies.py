"""What `depends_on` names: projects of the same file by their names, others by their paths."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from reconciler.errors import ConfigError, Where
from reconciler.load import project
from reconciler.load.calls import near


class Chosen:
    """Projects among which others are looked for, by label: the path of a file, or ``FILE#NAME`` for an entry of it."""

    def __init__(self, labels: Iterable[str]) -> None:
        """Keep the labels, with the files that they are in."""
        self._places = {label: (_real(_split(label)[0]), _split(label)[1]) for label in labels}

    def named(self, text: str, where: Where, label: str) -> tuple[str, ...]:
        """Give the labels of the projects that `text`, in the `depends_on` of the project `label`, names.

        There are several where it names a file with many, and none where what it names is not among those chosen.
        ConfigError where there is no such project.
        """
        file, _ = _split(label)
        beside = f"{file}#{text.removeprefix('#')}"
        if beside in self._places:
            return (beside,)
        target, entry = _split(text)
        path = Path(file).parent / target
        if path.is_dir():
            path = _within(path, text, where)
        elif not path.is_file():
            names = [_split(each)[1] for each in self._places if _split(each)[0] == file]
            hint = near(text, [name for name in names if name])
            raise ConfigError(
                f"depends_on names {text}, and there is no such project",
                where,
                hint or "name a project file or its folder, from here, or an entry of this file's services",
            )
        real = _real(str(path))
        return tuple(
            each for each, (at, name) in self._places.items() if at == real and (not entry or entry == name)
        )


def _within(folder: Path, text: str, where: Where) -> Path:
    try:
        return project.find(None, folder)
    except ConfigError as error:
        what = f"depends_on names {text}, a folder without a project file"
        raise ConfigError(what, where, "name the file itself if it is called otherwise") from error


def _split(label: str) -> tuple[str, str]:
    file, _, name = label.partition("#")
    return file, name


def _real(path: str) -> str:
    return os.path.realpath(path)
