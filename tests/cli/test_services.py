"""Services of one project file in two accounts and two regions, through the command against two sandboxes."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from reconciler import sandbox
from reconciler.sandbox.servings import Serving
from tests.cli.commands import ARTICLE, CLUSTER, SEED, SERVICE, Cli

ACCOUNTS = {"east": ("111111111111", "us-east-1"), "west": ("222222222222", "eu-west-1")}


@pytest.fixture
def sides(project: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, Serving]]:
    """Serve an AWS to each of two profiles, in which the service runs as the files of its entry say."""
    for path in project.iterdir():
        path.unlink()
    folder = project / "defs"
    shutil.copytree(ARTICLE, folder, ignore=shutil.ignore_patterns("ecspresso*"))
    entries: dict[str, Any] = {
        name: {
            "service": SERVICE,
            "region": region,
            "profile": name,
            "assume_role_arn": f"arn:aws:iam::{account}:role/deploy",
            "account": account,
        }
        for name, (account, region) in ACCOUNTS.items()
    }
    entries["astray"] = entries["east"] | {"account": "333333333333", "service": "astray"}
    (project / "reconciler.yml").write_text(
        f"cluster: {CLUSTER}\nservice_definition: defs/ecs-service-def.json\ntask_definition: defs/ecs-task-def.json\n"
        "plugins:\n  - name: tfstate\n    config: {path: defs/terraform.tfstate}\n"
        f"services: {json.dumps(entries)}\n"
    )
    seed = json.loads(SEED.read_text())
    with sandbox.serving(seed, speed=400.0) as east, sandbox.serving(seed, speed=400.0) as west:
        served = {"east": east, "west": west}
        (project / "config").write_text(
            "".join(
                f"[profile {name}]\naws_access_key_id = {name}\naws_secret_access_key = s\n"
                f"endpoint_url = {each.endpoint_url}\n"
                for name, each in served.items()
            )
        )
        monkeypatch.setenv("AWS_CONFIG_FILE", str(project / "config"))
        yield served


def test_each_service_is_planned_in_its_account_and_region(cli: Cli, sides: dict[str, Serving]) -> None:
    ran = cli("plan", "--detailed-exitcode")
    assert ran.code == 1, ran
    assert "Error: reconciler.yml#astray: reconciler.yml:" in ran.out
    assert (
        "the project is for the AWS account 333333333333, and the credentials (profile east, "
        "role arn:aws:iam::111111111111:role/deploy) are of 111111111111" in ran.out
    )
    assert ran.out.endswith("3 projects: 2 without changes, 1 failed.\n")
    for name, (_, region) in ACCOUNTS.items():
        calls = sides[name].calls()
        asked = [call["operation"] for call in calls]
        assert {call["region"] for call in calls if call["service"] == "ecs"} == {region}
        assert [asked.count(each) for each in ("AssumeRole", "GetCallerIdentity", "DescribeServices")] == [
            1,
            1,
            1,
        ]
    for command in ("status", "delete"):
        cli(command, "--config", "reconciler.yml#astray").one_error("are of 111111111111")
    policy = cli("iam-policy", "--config", "reconciler.yml#west").out
    assert "arn:aws:ecs:eu-west-1:222222222222:" in policy
    assert "111111111111" not in policy

    task = Path("defs/ecs-task-def.json")
    task.write_text(task.read_text().replace("httpd:", "nginx:"))
    assert cli("plan", "--config", "reconciler.yml#west", "--out", "plan.json").code == 0
    saved = json.loads(Path("plan.json").read_text())["project"]
    assert (saved["file"], saved["profile"]) == ("reconciler.yml#west", "west")
    ran = cli("apply", "plan.json", "--config", "reconciler.yml#east")
    ran.one_error("reconciler.yml#west is another one, or has changed")
    ran = cli("apply", "plan.json", "--config", "reconciler.yml#west", "--no-wait")
    assert ran.code == 0, ran
    registered = {
        name: [call["operation"] for call in each.calls()].count("RegisterTaskDefinition")
        for name, each in sides.items()
    }
    assert registered == {"east": 0, "west": 1}
    for _ in range(
        2
    ):  # the second begins to read, by the credentials of the first, before it has read the files
        before = len(sides["west"].calls())
        assert cli("plan", "--config", "reconciler.yml#west", "--detailed-exitcode").code == 0
        asked = [call["operation"] for call in sides["west"].calls()[before:]]
        assert [asked.count(each) for each in ("AssumeRole", "GetCallerIdentity", "DescribeServices")] == [
            1,
            1,
            1,
        ]
    ran = cli("plan", ".", "--only", "west", "--only", "*#east", "--format", "json")
    assert json.loads(ran.out)["summary"] == {
        "changed": ["reconciler.yml#east"], "deferred": [], "unchanged": ["reconciler.yml#west"], "failed": [],
    }  # fmt: skip
