"""Every cause of drift, produced beside one another in one sandbox, and each named right."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any, Final

import pytest
from jsonschema import Draft202012Validator

from tests.cli.commands import ARTICLE, ROOT, Cli, edit
from tests.cli.conftest import boxed
from tests.cli.test_fleet_proof import label, spread

SCHEMA = json.loads((ROOT / "docs/schemas/drift.schema.json").read_text())
CLUSTER = "cluster0"
COUNT, VPC = "desiredCount", 'containerDefinitions["httpd-app"].environment["VPC_ID"]'
CAUSES: Final[tuple[tuple[str, str, str | None, str | None, bool | None], ...]] = (
    ("the file moved", COUNT, "configuration", None, None),
    ("a value behind the files moved", VPC, "infrastructure", None, None),
    ("somebody changed AWS", COUNT, "live", None, None),
    ("the file moved, and somebody changed AWS", COUNT, "configuration", "live", None),
    ("a value behind the files moved, and somebody changed AWS", VPC, "infrastructure", "live", None),
    ("an autoscaler changed its count", COUNT, "unmanaged", None, None),
    ("somebody deleted the service", "", "live", None, None),
    ("it was never applied, so who moved is not known", "", None, None, None),
    ("what somebody changed is accepted", COUNT, "live", None, False),
    ("what somebody changed was accepted until a day that is over", COUNT, "live", None, True),
    ("nothing moved", "-", None, None, None),
)
"""What happens, and what is told of it: address, cause, what else moved, and whether an acceptance has expired."""

STRAY = len(CAUSES)
TAKEN: Final = (
    *("family", "networkMode", "requiresCompatibilities", "cpu", "memory", "containerDefinitions"),
    *("executionRoleArn", "taskRoleArn"),
)
"""What RegisterTaskDefinition takes of what describes one here."""


def produce(number: int, what: str, ecs: Any) -> None:
    """Have happen to a project's service what a row says."""
    folder, service = Path(label(number)).parent, f"svc{number}"
    if what.startswith(("the file", "it was never")):
        edit(str(folder / "service.json"), '"desiredCount": 2', '"desiredCount": 4')
    if what.startswith("a value"):
        state = folder / "terraform.tfstate"
        state.write_text(state.read_text().replace("vpc-0a1b2c3d4e5f60718", "vpc-0fffffffffffffff0"))
        edit(str(state), '"serial": 42', '"serial": 43')
    if "accepted" in what:
        until = "2001-01-01" if "is over" in what else "2999-01-01"
        (folder / "drift-accepted.yml").write_text(
            f"accepted:\n  - unit: service.{CLUSTER}/{service}\n    address: desiredCount\n    live: 3\n"
            f"    reason: load test\n    until: '{until}'\n"
        )
    if "deleted" in what:
        ecs.delete_service(cluster=CLUSTER, service=service, force=True)
    elif "value" in what and "somebody" in what:
        found = ecs.describe_task_definition(taskDefinition=f"fam{number}")["taskDefinition"]
        found["containerDefinitions"][0]["environment"][1]["value"] = "vpc-by-hand"
        ecs.register_task_definition(**{name: found[name] for name in TAKEN})
        ecs.update_service(cluster=CLUSTER, service=service, taskDefinition=f"fam{number}")
    elif "changed" in what:
        ecs.update_service(cluster=CLUSTER, service=service, desiredCount=3)


def test_each_cause_is_named_right(cli: Cli, project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seed = spread(project, STRAY + 1, 1)
    shutil.rmtree(Path(label(STRAY)).parent)
    new = next(number for number, row in enumerate(CAUSES) if row[0].startswith("it was never"))
    seed["services"] = [each for each in seed["services"] if each["serviceName"] != f"svc{new}"]
    for number, (what, *_) in enumerate(CAUSES):
        file = Path(label(number))
        shutil.copy(ARTICLE / "terraform.tfstate", file.parent)
        if "autoscaler" in what:
            target = f"service/{CLUSTER}/svc{number}"
            seed["scalable_targets"] = [{"ResourceId": target, "MinCapacity": 1, "MaxCapacity": 6}]
        file.write_text(f"{file.read_text()}record: ../../records\n".replace("../../terraform", "terraform"))
    with boxed(seed, monkeypatch) as served:
        assert cli("apply", ".", "--auto-approve", "--exclude", label(new)).code == 0
        assert len(list(Path("records").iterdir())) == len(CAUSES) - 1
        for number, (what, *_) in enumerate(CAUSES):
            produce(number, what, served.ecs)
        served.settle()
        ran = cli("drift", ".", "--unmanaged", "--format", "json")
    assert (ran.code, ran.err) == (2, "")
    document = json.loads(ran.out)
    Draft202012Validator(SCHEMA).validate(document)
    told = {}
    for number, each in enumerate(document["projects"]):
        assert each["path"] == label(number)
        service = [
            drift for drift in each["drifts"] if drift["address"] or drift["unit"].startswith("service")
        ]
        told[CAUSES[number][0]] = [
            (
                drift["address"],
                drift["cause"],
                drift["also"],
                drift["accepted"] and drift["accepted"]["expired"],
                drift["gone"],
            )
            for drift in service
        ]
    wanted = {what: [(*row, "deleted" in what)] if row[0] != "-" else [] for what, *row in CAUSES}
    assert told == wanted
    assert [each["service"] for each in document["unmanaged"]] == [f"svc{STRAY}"]
