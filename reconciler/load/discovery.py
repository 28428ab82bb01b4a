"""Finding project files: those that paths name, and those that the services of other project files do."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path, PurePosixPath

from reconciler.errors import ConfigError, ReconcilerError, Where
from reconciler.load import folders, project, services, sources
from reconciler.load.project import NAMES
from reconciler.load.services import Services
from reconciler.load.sources import Document, Options
from reconciler.records import dataclass


@dataclass(frozen=True, slots=True)
class Found:
    """A project that was found: a file, or the entry `name` of one, over what `above` shares with it.

    With `error` nobody can tell what is in the file.
    """

    path: Path
    name: str = ""
    above: Document | None = None
    error: ReconcilerError | None = None

    def __str__(self) -> str:
        """Give the label."""
        return self.label

    @property
    def label(self) -> str:
        """Give what the project is called in reports, and on the command line: ``FILE`` or ``FILE#NAME``."""
        return f"{self.path}#{self.name}" if self.name else str(self.path)

    @property
    def place(self) -> tuple[Path, str]:
        """Give what is the same however the project was named."""
        return self.path.resolve(), self.name


def projects(paths: Iterable[Path], options: Options) -> tuple[Found, ...]:
    """Give the projects that paths name: files as they are, of folders those in them and below, sorted.

    A folder's project file is the first of `NAMES`. A file with `services` stands for all of them, and
    ``FILE#NAME`` for an entry. ConfigError for a path that is not there, and where none is found.
    """
    search = _Search(options)
    found: dict[tuple[Path, str], Found] = {}
    for path in paths:
        file, name = split(path)
        if name:
            each = [search.entry(file, name)]
        elif path.is_dir():
            firsts = folders.firsts(folders.below(path))
            below = [file for name in firsts.values() if (file := path / name).is_file()]
            if not below:
                what = f"no project file is in {path} or below it; looked for {', '.join(NAMES)}"
                raise ConfigError(what, Where(str(path)))
            each = sorted(search.all(below), key=lambda found: found.path)
        elif path.exists():
            each = list(search.of(path))
        else:
            raise ConfigError("there is no such file or folder", Where(str(path)))
        for named in each:
            known = found.get(named.place)
            if known is None or (known.above is None and named.above is not None):
                found[named.place] = named
    return tuple(found.values())


def declaring(top: Path, options: Options) -> tuple[Found, ...]:
    """Give all that may declare something in a work tree: every project file of `NAMES`, also beside a first one and in
    folders whose names begin with a dot. ConfigError where some may be in git and not in the folder, and in none.
    """
    if not (top / ".git").exists():
        what = "this is in no git work tree, so nobody knows which other project files there are"
        raise ConfigError(what, Where(str(top)), "run it in a checkout")
    absent = [name for name in folders.left_out(top) if name.suffix in sources.FORMATS]
    if absent:
        what = f"the checkout is sparse, and what {absent[0]} declares is not known"
        raise ConfigError(what, Where(str(top)), "git sparse-checkout disable")
    search = _Search(options)
    files = [top / name for name in folders.below(top, hidden=True) if name.name in NAMES]
    found = (each for file in sorted(files) if file.is_file() for each in search.of(file))
    return tuple({each.place: each for each in found}.values())


def one(path: Path, options: Options) -> Found:
    """Give the project that a path names. ConfigError where the file holds several, with their names."""
    file, name = split(path)
    search = _Search(options)
    if name:
        return search.entry(file, name)
    found = list(search.of(path))
    if len(found) == 1 and found[0].path == path and not found[0].name:
        if found[0].error is not None:
            raise found[0].error
        return found[0]
    labels = [each.label for each in found]
    what = f"the file holds several services, and this is about one: {services.listed(labels)}"
    raise ConfigError(what, Where(str(path)), f"choose one: --config {labels[0]}")


def several(path: Path, options: Options) -> bool:
    """Tell whether a project file holds services; a file that cannot be read does not."""
    try:
        return _Search(options).services(path) is not None
    except ReconcilerError:
        return False


def names(path: Path, options: Options) -> tuple[str, ...]:
    """Give the names of a file's services; none of one that cannot be read."""
    try:
        known = _Search(options).services(path)
    except ReconcilerError:
        return ()
    return tuple(known[1].entries) if known is not None else ()


def split(path: Path) -> tuple[Path, str]:
    """Take ``FILE#NAME`` apart; the name is empty where there is none, or a file of that very name."""
    file, sign, name = str(path).rpartition("#")
    return (Path(file), name) if sign and file and name and not path.exists() else (path, "")


def changed(found: Sequence[Found], since: str, options: Options) -> tuple[Found, ...]:
    """Give the projects that changed since a revision, or are not committed: a file in their folder or below did.

    So did one whose shared settings changed. An entry changes with its file, and with the folders of its definitions.
    ConfigError where git does not know the revision, or a project is in no work tree.
    """
    moved = cache(lambda folder, spec: folders.moved(folder, spec, since))
    search = _Search(options)
    return tuple(each for each in found if any(moved(*area) for area in search.areas(each)))


class _Search:
    """A search, which takes each file with services apart once."""

    def __init__(self, options: Options) -> None:
        self._options = options
        self._known: dict[Path, tuple[Document, Services] | ReconcilerError | None] = {}

    def services(self, path: Path) -> tuple[Document, Services] | None:
        """Give a project file with services; None for one without. ConfigError."""
        if path not in self._known:
            try:
                self._known[path] = self._apart(path)
            except ReconcilerError as error:
                self._known[path] = error
        known = self._known[path]
        if isinstance(known, ReconcilerError):
            raise known
        return known

    def _apart(self, path: Path) -> tuple[Document, Services] | None:
        try:
            document = project.read(path)
        except ConfigError:  # told by whoever evaluates it
            return None
        if not services.mentioned(document):
            return None
        try:
            found = project.several(document, self._options)
        except ReconcilerError:
            # Where it only looked so, it is a project like others, and says itself what is wrong with it.
            if services.mentioned(document, surely=True):
                raise
            return None
        return (document, found) if found is not None else None

    def entry(self, path: Path, name: str) -> Found:
        """Give an entry of a file. ConfigError where it has none of that name."""
        known = self.services(path)
        if known is None:
            document = project.read(path)
            what = f"the file holds no services, of which one could be {name}"
            raise ConfigError(what, Where(str(document.path)), f"name {path} alone")
        document, held = known
        if name not in held.entries:
            raise services.missing(held, name)
        return Found(path, name, document)

    def of(self, path: Path) -> Iterator[Found]:
        """Give the projects that a file stands for."""
        try:
            above = self.above(path)
            known = self.services(path) if above is None else None
            members = self.members(path, known[1]) if known is not None and known[1].globs else ()
        except ReconcilerError as error:
            yield Found(path, error=error)
            return
        if known is None:
            yield Found(path, above=above)
            return
        document, held = known
        yield from (Found(path, name, document) for name in held.entries)
        yield from (Found(member, above=document) for member in members)

    def all(self, paths: Iterable[Path]) -> Iterator[Found]:
        """Give the projects that files stand for, where those above share their settings with those below."""
        met: set[Path] = set()
        wrong: list[Path] = []
        for path in sorted(paths, key=lambda path: (len(path.parts), path)):
            if path in met or any(path.is_relative_to(folder) for folder in wrong):
                continue
            for found in self.of(path):
                met.add(found.path)
                if found.error is not None:  # whose those below are, nobody knows
                    wrong.append(found.path.parent)
                yield found

    def above(self, path: Path) -> Document | None:
        """Give the nearest project file above whose globs name a project file. ConfigError for one that is wrong."""
        own = Path(os.path.abspath(path))  # noqa: PTH100 - what a link leads to is elsewhere
        top = folders.top(own.parent)
        folder = path.parent
        for above in own.parents:
            if not above.is_relative_to(top):
                return None
            file = folders.first(folder)
            if file is not None and above / file.name != own:
                known = self.services(file)
                if known is not None and _names(known[1], above, own):
                    return known[0]
            folder = folder.parent if folder.name not in ("", "..") else folder / ".."
        return None

    def members(self, path: Path, held: Services) -> tuple[Path, ...]:
        """Give the project files that globs name. ConfigError for a glob that names none."""
        names = [name for name in folders.below(path.parent) if name != PurePosixPath(path.name)]
        first = folders.firsts(names)
        found: set[Path] = set()
        for glob, where in held.globs:
            fit = [name for name in names if _file(glob, name)]
            fit += [name for folder, name in first.items() if _folder(glob, folder)]
            there = {each for name in fit if (each := path.parent / name).is_file()}
            if not there:
                what = f"{glob} names no project file, and no folder with one"
                raise ConfigError(what, where, f"in folders {', '.join(NAMES)} are looked for")
            found |= there
        return tuple(sorted(found))

    def areas(self, found: Found) -> list[tuple[Path, str]]:
        """Give what a project is made of: folders, and what in each, as git names it."""
        folder = found.path.parent
        everything = (folder, ".")
        if found.above is None:
            return [everything]
        above = (found.above.path.parent, f":(literal){found.above.path.name}")
        if not found.name:
            return [above, everything]
        known = self.services(found.path)
        assert known is not None
        settings = services.entry(known[1], found.name)
        members = settings.data if isinstance(settings.data, Mapping) else {}
        areas = [above]
        for key in members:
            if key.casefold() not in project.DEFINITIONS:
                continue
            path = members[key]
            if not isinstance(path, str) or not project.said(settings, key.casefold()):
                return [everything]
            # Beside the file itself stands what is another service's, and below it perhaps the whole repository.
            own = Path(os.path.normpath(path)).parent
            areas.append((folder, ":(glob)*") if own == Path() else (folder / own, "."))
        return areas if len(areas) > 1 else [everything]


def _names(held: Services, folder: Path, own: Path) -> bool:
    """Tell whether globs in a folder name a file below it."""
    name = PurePosixPath(own.relative_to(folder).as_posix())
    return any(
        _file(glob, name) or (folders.first(own.parent) == own and _folder(glob, name.parent))
        for glob, _ in held.globs
    )


def _file(glob: str, name: PurePosixPath) -> bool:
    """Tell whether a glob names a file: its last part has a dot then."""
    return "." in PurePosixPath(glob).name and folders.fits(glob, name)


def _folder(glob: str, name: PurePosixPath) -> bool:
    """Tell whether a glob names a folder; never the one that it is itself in."""
    return name != PurePosixPath() and folders.fits(glob, name)
