"""Many projects in one process, with an ECS that nobody asks."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from reconciler.api import Project, Reconciler, sites
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


def test_records_in_a_bucket_are_opened_once_their_project_was_let_go(tmp_path: Path) -> None:
    path = tmp_path / "reconciler.yml"
    path.write_text("service: web\nregion: eu-west-1\nrecord: s3://records/ecs\n")
    environ = {"AWS_ACCESS_KEY_ID": "x", "AWS_SECRET_ACCESS_KEY": "y"}
    with Fleet([path], lambda path: Project.load(path, environ=environ)) as fleet:
        (done,) = fleet.each(sites.site, described=False)
        assert done.result is not None
        store = done.result.store()
    assert store is not None
    assert store.named("x.json") == "s3://records/ecs/x.json"
