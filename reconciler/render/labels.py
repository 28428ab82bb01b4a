"""Short names for projects of which many are told at once: as much of each label as tells it from the others."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import PurePath

from reconciler.load.project import NAMES


def short(labels: Iterable[str]) -> Mapping[str, str]:
    """Give each label its short name: the last folder of ``services/web/reconciler.yml``, what follows a ``#``, and as
    many folders before it as it takes. A label that nothing shortens stands for itself.
    """
    parts = {label: _parts(label) for label in labels}
    counts = Counter(tail for each in parts.values() for tail in _tails(each))
    return {
        label: next(("/".join(tail) for tail in _tails(each) if counts[tail] == 1), label)
        for label, each in parts.items()
    }


def _parts(label: str) -> tuple[str, ...]:
    """Cut a label into its folders and what the project is called there."""
    file, _, entry = label.partition("#")
    path = PurePath(file)
    folders = tuple(part for part in path.parent.parts if part not in (path.anchor, ".."))
    own = () if path.name in NAMES else (path.stem,)
    return (*folders, *own, *([entry] if entry else []))


def _tails(parts: Sequence[str]) -> Iterable[tuple[str, ...]]:
    """Give the ends of a path, the shortest first."""
    return (tuple(parts[-length:]) for length in range(1, len(parts) + 1))
