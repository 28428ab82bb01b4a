"""Many projects applied together, through the command against the sandbox: what becomes of each in the end."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from benchmarks.fleet import Laid, write
from tests.cli.commands import CLUSTER, ROOT, Box, Cli, Ran, edit
from tests.cli.conftest import boxed
from tests.cli.test_endings import EXCEEDED
from tests.cli.test_events import lines

SCHEMA = json.loads((ROOT / "docs/schemas/apply.schema.json").read_text())
NEEDS: Mapping[str, tuple[str, ...]] = {"api": ("../db",), "db": (), "web": ("../api",), "worker": ()}
NEW = {"IMAGE_TAG": "2.4.62"}
APPLY = ("apply", "services", "--auto-approve", "--parallelism", "1")


@pytest.fixture
def fleet(project: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Box]:
    """Serve four services that run as their projects say for IMAGE_TAG=2.4.61; three of them are a chain."""
    for path in project.iterdir():
        path.unlink()
    projects = [
        Laid(
            f"services/{name}/reconciler.yml",
            name,
            name,
            CLUSTER,
            f"record: ../../records\ndepends_on: {json.dumps(needs)}\n",
        )
        for name, needs in NEEDS.items()
    ]
    seed = write(project, projects)
    with boxed(seed, monkeypatch) as served:
        yield served


def path(name: str) -> str:
    return f"services/{name}/reconciler.yml"


def revisions(box: Box) -> dict[str, str]:
    """Give the number of the revision that each service runs."""
    found = box.ecs.describe_services(cluster=CLUSTER, services=list(NEEDS))["services"]
    return {each["serviceName"]: each["taskDefinition"].rsplit(":", 1)[1] for each in found}


def told(ran: Ran) -> dict[str, Any]:
    """Give what became of each project, from the JSON."""
    body = json.loads(ran.out)
    Draft202012Validator(SCHEMA).validate(body)
    assert [each["path"] for each in body["projects"]] == [path(name) for name in NEEDS]
    return {each["path"].split("/")[1]: each["state"] for each in body["projects"]}


def test_one_failure_stops_all_or_only_what_depends_on_it(cli: Cli, fleet: Box) -> None:
    edit("services/db/reconciler.yml", "depends_on: []", "depends_on: [../web]")
    ran = cli(*APPLY, **NEW)
    assert ran.code == 1
    assert "Error: services/" in ran.err
    assert "projects depend on one another in a circle: " in ran.err
    edit("services/db/reconciler.yml", "depends_on: [../web]", "depends_on: []")
    shutil.copytree("services/worker", "services/twin")
    ran = cli(*APPLY, "--only", "services/[tw]*", **NEW)
    assert ran.code == 1, ran
    assert f"services/twin/reconciler.yml and {path('worker')} both declare service." in ran.err
    shutil.rmtree("services/twin")
    assert fleet.writes() == []

    edit("services/api/task.json", "httpd:{{ must_env `IMAGE_TAG` }}", "httpd:crash")
    ran = cli(*APPLY, **NEW)
    assert ran.code == 4, ran
    assert re.sub(r"after \d+ s", "after N s", ran.out).splitlines()[-5:] == [
        f"{path('api')}     rolled back after N s: {EXCEEDED}",
        f"{path('db')}      applied after N s, db:2 runs",
        f"{path('web')}     not done: it depends on {path('api')}, which was rolled back",
        f"{path('worker')}  not done: {path('api')} was rolled back, and nothing was begun after that",
        "4 projects: 1 applied, 1 rolled back, 2 not done.",
    ]
    assert revisions(fleet) == {"api": "1", "db": "2", "web": "1", "worker": "1"}
    assert all(line.startswith(("db     │ ", "api    │ ")) for line in ran.err.splitlines()), ran.err

    ran = cli("--log-format", "json", *APPLY, "--keep-going", "--format", "json", **NEW)
    assert ran.code == 4, ran
    assert told(ran) == {"api": "rolled back", "db": "no changes", "web": "not done", "worker": "applied"}
    assert revisions(fleet) == {"api": "1", "db": "2", "web": "1", "worker": "2"}
    assert {line["project"] for line in lines(ran.err)} == {path("api"), path("worker")}
    recorded = [each.stem.rsplit(".", 1)[-1] for each in Path("records").iterdir()]
    assert sorted(recorded) == ["db", "worker"]


def test_an_interrupted_run_goes_on_where_it_was(cli: Cli, fleet: Box) -> None:
    fleet.serving.knobs(speed=0)
    with fleet.once_called("UpdateService", lambda: os.kill(os.getpid(), signal.SIGINT)):
        ran = cli(*APPLY, "--format", "json", **NEW)
    assert ran.code == 130, ran
    assert told(ran) == {"api": "not done", "db": "under way", "web": "not done", "worker": "not done"}
    assert fleet.writes() == ["RegisterTaskDefinition", "UpdateService"]

    fleet.serving.knobs(speed=400)
    ran = cli(*APPLY, "--format", "json", **NEW)
    assert ran.code == 0, ran
    assert told(ran) == {"api": "applied", "db": "no changes", "web": "applied", "worker": "applied"}
    assert revisions(fleet) == dict.fromkeys(NEEDS, "2")
    assert fleet.writes() == ["RegisterTaskDefinition", "UpdateService"] * len(NEEDS)
    updated = [
        call["request"]["service"] for call in fleet.serving.calls() if call["operation"] == "UpdateService"
    ]
    assert updated == ["db", "api", "web", "worker"]


def test_nothing_is_applied_that_nobody_saw(cli: Cli, fleet: Box, monkeypatch: pytest.MonkeyPatch) -> None:
    questions: list[str] = []

    def answered(question: str, _answers: Collection[str], _hint: str) -> bool:
        questions.append(question)
        edit("services/db/task.json", "`info`", "`debug`")
        return True

    monkeypatch.setattr("reconciler.cli.asking.confirmed", answered)
    ran = cli("apply", "services", "--parallelism", "1", **NEW)
    assert ran.code == 1, ran
    assert questions == ["\nApply these 4 plans? Only yes does it: "]
    assert "db     │ Error: its plan moved since it was approved; nothing was changed\n" in ran.err
    assert f"\n{path('web')}     not done: it depends on {path('db')}, which was not done\n" in ran.out

    Path("services/worker/service.json").write_text("{")
    ran = cli(*APPLY, "--format", "json", **NEW)
    assert ran.code == 1, ran
    assert told(ran) == {"api": "not done", "db": "not done", "web": "not done", "worker": "failed"}
    assert ran.err.count("Error: ") == 2, ran.err
    assert "--keep-going" in ran.err
    assert fleet.writes() == []
