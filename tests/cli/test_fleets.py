"""Many projects planned in one process, through the command against the sandbox."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from benchmarks.fleet import Laid, write
from reconciler_tfstate import stores
from tests.cli.commands import CLUSTER, Box, Cli
from tests.cli.conftest import boxed

COUNT = 12


@pytest.fixture
def fleet(project: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Box]:
    """Serve services that run as their projects say: more than one call of DescribeServices holds."""
    for path in project.iterdir():
        path.unlink()
    projects = [
        Laid(f"services/s{number:02}/ecspresso.yml", f"svc{number}", f"fam{number}", CLUSTER)
        for number in range(COUNT)
    ]
    seed = write(project, projects)
    with boxed(seed, monkeypatch) as served:
        yield served


def test_one_failure_hides_no_other_project(cli: Cli, fleet: Box, monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[object] = []

    def stored(path: Path) -> object:
        read.append(path)
        return stores.stored(path)

    monkeypatch.setattr("reconciler_tfstate.backends.local.stored", stored)
    ran = cli("plan", ".", "--detailed-exitcode")
    assert (ran.code, ran.out) == (0, f"{COUNT} projects: {COUNT} without changes.\n"), ran
    calls = [call["operation"] for call in fleet.serving.calls()]
    assert calls.count("DescribeServices") == -(-COUNT // 10)
    assert calls.count("GetCallerIdentity") == 1
    assert len(read) == 1, "all projects name one state"
    broken = Path("services/s03/service.json")
    broken.write_text("{")
    changed = Path("services/s05/task.json")
    changed.write_text(changed.read_text().replace("httpd:", "nginx:"))
    ran = cli("plan", "services", "--detailed-exitcode")
    assert ran.code == 1, ran
    assert ran.out.startswith("== services/s05/ecspresso.yml\n\n# task_definition.fam5")
    assert "Error: services/s03/ecspresso.yml: services/s03/service.json:" in ran.out
    assert ran.out.endswith(f"{COUNT} projects: 1 to change, {COUNT - 2} without changes, 1 failed.\n")
    ran = cli("plan", "services", "--only", "*/s0[3-5]", "--format", "markdown")
    assert ran.code == 1
    assert ran.out.startswith(
        "<!-- reconciler plan services only=*/s0[3-5] -->\n"
        "### `services only=*/s0[3-5]`: 3 projects: 1 to change, 1 without changes, 1 failed.\n"
    )
    assert "\n> services/s03/ecspresso.yml: services/s03/service.json:" in ran.out
    assert "| `~` | `services/s05/ecspresso.yml` | `task_definition.fam5` |" in ran.out
    ran = cli("plan", "services", "--format", "github")
    assert ran.code == 1
    assert [line.split("::")[1] for line in ran.out.splitlines()] == [
        "error file=services/s03/service.json,line=1,col=2,title=services/s03/ecspresso.yml",
        "notice file=services/s05/task.json,line=11,col=7,title=task_definition.fam5",
        f"notice file=services/s05/service.json,line=1,col=1,title=service.{CLUSTER}/svc5",
    ]
    ran = cli("plan", "services", "--exclude", "services/s03", "--detailed-exitcode")
    assert ran.code == 2
    shown = json.loads(cli("plan", "services", "--only", "*/s0[3-5]", "--format", "json").out)
    assert shown["summary"] == {
        "changed": ["services/s05/ecspresso.yml"],
        "deferred": [],
        "unchanged": ["services/s04/ecspresso.yml"],
        "failed": ["services/s03/ecspresso.yml"],
    }
    assert [sorted(each) for each in shown["projects"]] == [
        ["error", "path"],
        ["path", "plan"],
        ["path", "plan"],
    ]
    assert shown["projects"][2]["plan"]["units"][0]["address"] == "task_definition.fam5"
    Path("services/s04/ecspresso.yml").write_text("service: []\n")
    ran = cli("plan", "services", "--only", "s04")
    assert ran.out.startswith("Error: services/s04/ecspresso.yml:1:1: service is text"), ran
    twin = Path("services/s06/ecspresso.yml")
    twin.write_text(twin.read_text().replace("svc6", "svc7"))
    ran = cli("plan", "services", "--only", "s0[67]")
    words = "Warning: services/s06/ecspresso.yml and services/s07/ecspresso.yml declare the same service."
    assert ran.err.startswith(words), ran


def test_parts_of_the_projects_are_together_all_of_them(cli: Cli, fleet: Box) -> None:
    found: list[str] = []
    for part in (1, 2, 3):
        ran = cli("plan", ".", "--shard", f"{part}/3", "--format", "json", "--parallelism", "2")
        found += json.loads(ran.out)["summary"]["unchanged"]
    assert sorted(found) == [f"services/s{number:02}/ecspresso.yml" for number in range(COUNT)]


def test_a_secret_of_any_project_is_a_mark(cli: Cli, fleet: Box) -> None:
    changed = Path("services/s05/task.json")
    changed.write_text(
        changed.read_text().replace("LOG_LEVEL", "API_TOKEN").replace('"info"', '"hunter2-hunter2"')
    )
    for form in ("human", "json", "markdown", "github"):
        ran = cli("plan", ".", "--format", form)
        assert ran.code == 0, ran
        assert "hunter2" not in ran.out + ran.err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--only", "x"), "--only chooses among projects"),
        (("nowhere",), "there is no such file or folder"),
        (
            (".", "--exclude", "*"),
            "no project is left after --only and --exclude\n  try: one of ecspresso.yml",
        ),
        ((".", "--shard", "3/2"), "'3/2' is not of the form I/N"),
        ((".", "--out", "x"), "--out is about one project"),
        ((".", "--format", "patch"), "--format patch is about one project"),
        ((".", "--config", "x"), "--config is about one project"),
    ],
)
def test_what_cannot_be_planned_together(
    cli: Cli, project: Path, arguments: tuple[str, ...], words: str
) -> None:
    cli("plan", *arguments).one_error(words)
