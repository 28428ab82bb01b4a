"""Whole projects against saved descriptions: each folder of fixtures/cases is one, with everything that it prints.

``case.yml`` says `what` the case shows, and may name another `project` folder (below fixtures/), the `env` that it
runs in and `strict`. ``live.json`` is what `plan --live` compares with. ``expect/`` holds what comes of it:
``plan.txt``, ``patch.json``, ``diff.txt`` and ``plan.json`` (which may lack what the plan has more), or ``error.txt``;
and in either case ``comment.md`` and ``annotations.txt``.

To have what comes of the code written there, for a look at the difference, run the tests with the variable
``RECONCILER_UPDATE_GOLDENS=1``.
"""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import jsonpatch
import pytest

from reconciler.api import Definitions, Project, Reconciler
from reconciler.core import canon, diffs, kinds
from reconciler.core.plans import Plan, Unit
from reconciler.engine import composing
from reconciler.errors import ReconcilerError
from reconciler.render import human, jsons, markdown, unified
from reconciler.render.annotations import commands
from reconciler.render.fleets import Member
from reconciler.testing import FakeClock
from tests import tables

FIXTURES = Path(__file__).parents[2] / "fixtures"
CASES = sorted(path.parent for path in (FIXTURES / "cases").glob("*/case.yml"))
UPDATE = "RECONCILER_UPDATE_GOLDENS" in os.environ
# What plan.json holds of each unit: what is decided, and none of what no two runs have in common.
DECIDED = ("address", "verb", "live", "depends_on", "changes", "noted", "effects", "steps")


class Case:
    """A case's folder, and what it says of itself."""

    def __init__(self, folder: Path) -> None:
        """Read the case."""
        self.folder = folder
        self.told: Mapping[str, Any] = tables.read(folder / "case.yml")
        self.live = json.loads((folder / "live.json").read_text())
        self.project = FIXTURES / self.told["project"] if "project" in self.told else folder
        self.environ = {name: str(value) for name, value in self.told.get("env", {}).items()}

    def outputs(self) -> dict[str, str]:
        """Plan in the project's folder, and give all that is printed, by the file that holds it."""
        try:
            with (
                contextlib.chdir(self.project),
                Reconciler.open(Project.load(environ=self.environ), clock=FakeClock()) as reconciler,
            ):
                plan = reconciler.plan(
                    live=("live.json", self.live), strict=bool(self.told.get("strict", False))
                )
                return _printed(reconciler, plan)
        except ReconcilerError as error:
            return {"error.txt": f"{error}\n"} | _reported(Member.failed("project", error))

    def revealed(self) -> tuple[Plan, Definitions]:
        """Plan with nothing masked, and give the evaluated files beside it."""
        project = Project.load(folder=self.project, environ=self.environ)
        with Reconciler.open(project, clock=FakeClock(), show_sensitive=True) as reconciler:
            return reconciler.plan(live=("live.json", self.live)), reconciler.definitions()


def _printed(reconciler: Reconciler, plan: Plan) -> dict[str, str]:
    sides = reconciler.sides(plan)
    shown = [sides[unit.address] for unit in plan.units if unit.changes]
    units = [
        {name: unit[name] for name in DECIDED} | {"secrets": [_described_secret(s) for s in unit["secrets"]]}
        for unit in json.loads(plan.to_json())["units"]
    ]
    return {
        "plan.txt": human.plan(plan),
        "patch.json": jsons.patches(plan),
        "diff.txt": "".join(unified.diff(s.live_name, s.desired_name, s.live, s.desired) for s in shown),
        "plan.json": json.dumps({"units": units}, indent=2, ensure_ascii=False) + "\n",
    } | _reported(Member("project", plan, places=reconciler.places(plan)))


def _reported(member: Member) -> dict[str, str]:
    return {
        "comment.md": markdown.comment([member], member.path, several=False),
        "annotations.txt": commands([member]),
    }


def _described_secret(secret: dict[str, Any]) -> dict[str, Any]:
    return {"pieces": secret["pieces"], "sources": secret["sources"]}


def holds(found: Any, expected: Any) -> bool:
    """Tell whether a document holds all of an expected one; objects may hold more."""
    if isinstance(expected, dict) and isinstance(found, dict):
        return all(name in found and holds(found[name], member) for name, member in expected.items())
    if isinstance(expected, list) and isinstance(found, list):
        return len(found) == len(expected) and all(map(holds, found, expected))
    return bool(found == expected)


@pytest.mark.parametrize("folder", CASES, ids=lambda folder: folder.name)
def test_a_case_prints_what_is_expected(folder: Path) -> None:
    found = Case(folder).outputs()
    expected = folder / "expect"
    if UPDATE:
        expected.mkdir(exist_ok=True)
        for path in expected.iterdir():
            path.unlink()
        for name, text in found.items():
            (expected / name).write_text(text)
    texts = {path.name: path.read_text() for path in expected.iterdir()}
    assert set(texts) == set(found)
    decided, expected_plan = found.pop("plan.json", "{}"), texts.pop("plan.json", "{}")
    assert texts == found
    assert holds(json.loads(decided), json.loads(expected_plan)), decided


@pytest.mark.parametrize(
    "folder",
    [folder for folder in CASES if (folder / "expect/patch.json").exists()],
    ids=lambda folder: folder.name,
)
def test_the_patch_of_a_case_makes_what_the_file_asks_for(folder: Path) -> None:
    from reconciler.aws.shapes import ECS

    case = Case(folder)
    tables = kinds.build(ECS)
    plan, files = case.revealed()
    for unit in plan.units:
        kind = tables.named(unit.kind)
        resolved = files.service if unit.kind == "service" else files.task_definition
        assert resolved is not None
        desired = composing.ignoring(canon.canon(kind, resolved.data, desired=True), ())
        after = jsonpatch.apply_patch(_described(case.live, unit), list(unit.patch))
        live = composing.ignoring(canon.canon(kind, after, desired=False, like=desired), (), desired)
        assert diffs.diff(desired, live).changes == ()
        assert unit.withheld == ()
        assert bool(unit.patch) == any(not change.unknown for change in unit.changes)


def _described(live: Any, unit: Unit) -> Any:
    """Give the document that a unit's patch applies to, by the base that the plan names."""
    if unit.kind == "service":
        return live["services"][0]
    return {"taskDefinition": live["taskDefinition"], "tags": live.get("tags")}


def test_there_are_cases_and_each_says_what_it_shows() -> None:
    assert len(CASES) >= 12
    assert all(Case(folder).told["what"].endswith(".") for folder in CASES)
