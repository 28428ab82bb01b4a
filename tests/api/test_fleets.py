"""Many projects in one process, with an ECS that nobody asks."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from reconciler.api import Project, Reconciler
from reconciler.api.fleets import Fleet


def test_an_interruption_begins_nothing_more(tmp_path: Path) -> None:
    paths = [tmp_path / f"{number}.yml" for number in range(40)]
    for path in paths:
        path.write_text("service: web\nregion: eu-west-1\n")
    begun: list[str] = []
    over = threading.Event()

    def act(reconciler: Reconciler) -> None:
        begun.append(str(reconciler.project.label))
        over.wait(0.1 if len(begun) > 1 else 0)

    def told(_done: int, _of: int) -> None:
        raise KeyboardInterrupt

    with Fleet(paths, lambda path: Project.load(path, environ={})) as fleet, pytest.raises(KeyboardInterrupt):
        fleet.each(act, at_once=1, told=told, described=False)
    assert begun[0] == str(paths[0])
    assert len(begun) < len(paths)
