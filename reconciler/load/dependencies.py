"""What `depends_on` names: projects of the same file by their names, others by their paths from where it is said."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from reconciler.errors import ConfigError, Where
from reconciler.load import discovery, folders
from reconciler.load.calls import near
from reconciler.load.sources import Options


class Chosen:
    """Projects among which others are looked for, by their labels (``FILE`` or ``FILE#NAME``)."""

    def __init__(self, labels: Iterable[str], options: Options) -> None:
        """Keep the labels, with the places that they stand for; `options` are what files are evaluated with."""
        self._options = options
        self._labels: dict[tuple[Path, str], str] = {}
        for label in labels:
            file, name = discovery.split(Path(label))
            self._labels[file.resolve(), name] = label

    def named(self, text: str, where: Where, label: str) -> tuple[str, ...]:
        """Give the labels of the projects that `text`, in the `depends_on` of the project `label`, names.

        There are several where it names a file with many, and none where what it names is not among those chosen.
        ConfigError where there is no such project.
        """
        file, entry = discovery.split(Path(label))
        if entry and self._beside(file, text):
            known = self._labels.get((file.resolve(), text))
            return (known,) if known is not None else ()
        path = Path(where.path).parent / text  # what several share stands further up than their own files
        if path.is_dir():
            first = folders.first(path)
            if first is None:
                what = f"depends_on names {text}, a folder without a project file"
                raise ConfigError(what, where, "name the file itself if it is called otherwise")
            path = first
        try:
            found = discovery.projects([path], self._options)
        except ConfigError as error:
            hint = "name a project file or its folder, from here" + (
                ", or another service of this file" if entry else ""
            )
            meant = near(text, discovery.names(file, self._options)) if entry else None
            what = f"depends_on names {text}: {error.what}"
            raise ConfigError(what, where, error.hint or meant or hint) from error
        return tuple(self._labels[each.place] for each in found if each.place in self._labels)

    def _beside(self, file: Path, name: str) -> bool:
        """Tell whether a file with several services has one of this name."""
        if (file.resolve(), name) in self._labels:
            return True
        try:
            discovery.one(Path(f"{file}#{name}"), self._options)
        except ConfigError:  # then it is a path
            return False
        return True
