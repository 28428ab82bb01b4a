"""Many projects applied by the library: plans in, events by a callback, fates out."""

from __future__ import annotations

from pathlib import Path

import pytest

from reconciler import Applied, Fleet, Listener, Manner, Project, ReconcilerError
from reconciler.api.connections import Connection
from reconciler.core.events import Event, RolloutProgress
from reconciler.core.fates import State
from reconciler.engine.ports import Gateway
from tests.engine.worlds import PROJECT, World


@pytest.fixture
def fleet(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Fleet:
    """Give two projects whose services are not there yet: `web`, named first, needs `db`."""
    world = World(tmp_path)

    def gateway(_self: Connection, _region: str | None) -> Gateway:
        return world.gateway

    monkeypatch.setattr(Connection, "gateway", gateway)
    project = f"{PROJECT}region: eu-west-1\n"
    world.write("web.yml", f"{project}depends_on: [db.yml]\n")
    world.write("db.yml", project.replace("service: web", "service: db"))
    paths = [tmp_path / "web.yml", tmp_path / "db.yml"]
    return Fleet(paths, lambda path: Project.load(path, environ={}), clock=world.clock)


def states(applied: Applied) -> dict[str, State]:
    assert not applied.interrupted
    return {Path(fate.label).stem: fate.state for fate in applied.fates}


def test_all_is_applied_in_its_order(fleet: Fleet) -> None:
    heard: list[str] = []
    ends: list[str] = []

    def emit(label: str, event: Event) -> None:
        heard.append(Path(label).stem)
        if isinstance(event, RolloutProgress) and event.state == "stable":
            ends.append(f"{heard[-1]} {event.unit}")

    with fleet:
        planned = fleet.prepare()
        assert [each.changes for each in planned] == [True, True]
        # Both have one family: the plan of the second one moves when the first one registers its revision.
        applied = fleet.apply(planned, Manner(follow=True), listener=Listener(emit))
        assert states(applied) == {"web": State.APPLIED, "db": State.APPLIED}
        assert heard == sorted(heard), "one begins when the other is through"
        assert ends == ["db service.main/db", "web service.main/web"]
        again = fleet.apply(fleet.prepare())
        assert states(again) == {"web": State.UNCHANGED, "db": State.UNCHANGED}


def test_what_goes_wrong_is_in_the_fates(fleet: Fleet) -> None:
    told: list[str] = []

    class Told(Listener):
        def failed(self, label: str, error: ReconcilerError) -> None:
            told.append(f"{Path(label).stem}: {error.what}")

    with fleet:
        planned = fleet.prepare()
        (root,) = {each.path.parent for each in planned}
        (root / "service.json").write_text("{")
        (broken, _) = fleet.prepare()
        assert broken.wrong
        assert states(fleet.apply([broken, planned[1]])) == {"web": State.FAILED, "db": State.NOT_DONE}
        assert told == []
        failed = fleet.apply(planned, listener=Told())
        assert states(failed) == {"web": State.NOT_DONE, "db": State.FAILED}
        assert failed.fates[0].because == str(root / "db.yml")
        assert [line.split(":")[0] for line in told] == ["db"]
