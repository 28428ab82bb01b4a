"""What a project's commands may call: the rows of fixtures/permissions/policies.yml, and what holds for all of them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from reconciler.core import permissions, policies
from reconciler.core.permissions import Subject
from reconciler.core.verification import trees
from reconciler.core.verification.scenes import Scene

ROWS: list[dict[str, Any]] = yaml.safe_load(
    (Path(__file__).parents[2] / "fixtures/permissions/policies.yml").read_text()
)
READING = ("Describe", "List", "Get", "BatchGet", "Filter")
WRITERS = {
    *("apply", "deploy", "refresh", "scale", "continue", "rollback", "run", "tasks", "exec", "register"),
    *("deregister", "delete", "prune"),
}


def statements(row: dict[str, Any]) -> list[dict[str, Any]]:
    found = policies.grants(
        Subject(**row["subject"]),
        row["commands"],
        diagnosis=row.get("diagnosis", True),
        resolvers=row.get("resolvers", ()),
    )
    document: Any = policies.document(found)
    assert document["Version"] == "2012-10-17"
    listed: list[dict[str, Any]] = document["Statement"]
    return listed


@pytest.mark.parametrize("row", ROWS, ids=lambda row: str(row["name"]))
def test_a_policy_allows_what_is_called_on_what_it_is_called_on(row: dict[str, Any]) -> None:
    passed: dict[str, Any] = {}
    resources: dict[str, list[str]] = {}
    conditions: dict[str, Any] = {}
    for statement in statements(row):
        named = statement["Resource"]
        for action in statement["Action"]:
            resources.setdefault(action, []).extend([named] if named == "*" else named)
            if action == "iam:PassRole":
                passed[statement["Condition"]["StringEquals"]["iam:PassedToService"]] = named
            elif "Condition" in statement:
                conditions[action] = statement["Condition"]
    allows = row.get("allows", {})
    shown = resources if row.get("all") else {action: resources.get(action) for action in allows}
    assert shown == allows
    assert {action: conditions.get(action) for action in row.get("conditions", {})} == row.get(
        "conditions", {}
    )
    assert set(row.get("never", ())) & resources.keys() == set()
    if "passes" in row:
        assert passed == row["passes"]


def test_a_statement_holds_all_on_the_same_resources() -> None:
    subject = Subject(**ROWS[0]["subject"])
    found: Any = policies.document(policies.grants(subject, permissions.COMMANDS))["Statement"]
    placed = [(str(each["Resource"]), str(each.get("Condition"))) for each in found]
    assert len(set(placed)) == len(placed)
    actions = [action for each in found for action in each["Action"]]
    assert len(set(actions)) == len(actions), "one action, one place"
    assert [each["Action"][0] for each in found] == sorted(each["Action"][0] for each in found)


@pytest.mark.parametrize("command", sorted(permissions.COMMANDS.keys() - WRITERS))
@pytest.mark.parametrize("row", [ROWS[0], ROWS[7]], ids=["rolling", "CodeDeploy"])
def test_commands_that_change_nothing_are_allowed_nothing_that_does(
    command: str, row: dict[str, Any]
) -> None:
    found = policies.grants(Subject(**row["subject"]), [command])
    assert [each for each in found if not each.action.partition(":")[2].startswith(READING)] == []


def test_verify_reads_what_its_checks_read() -> None:
    role = "arn:aws:iam::123456789012:role/path/execution"
    task: Any = {
        "family": "web",
        "executionRoleArn": role,
        "containerDefinitions": [
            {
                "name": "app",
                "image": "123456789012.dkr.ecr.eu-west-1.amazonaws.com/shop/web:1",
                "secrets": [
                    {"name": "A", "valueFrom": "/web/a"},
                    {
                        "name": "B",
                        "valueFrom": "arn:aws:secretsmanager:eu-west-1:123456789012:secret:b-a1b2c3",
                    },
                ],
                "environmentFiles": [{"type": "s3", "value": "arn:aws:s3:::files/web.env"}],
            }
        ],
    }
    scene = Scene(account="123456789012", region="eu-west-1", task=task)
    subject = Subject(region="eu-west-1", account="123456789012", family="web", task=task)
    tree = trees.task_definition(scene)
    found = {each.action: each.resources for each in policies.grants(subject, ["verify"], checks=[tree])}
    repository = ("arn:aws:ecr:eu-west-1:123456789012:repository/shop/web",)
    assert found == {
        "ecr:BatchGetImage": repository,
        "ecr:DescribePullThroughCacheRules": ("*",),
        "ecr:GetDownloadUrlForLayer": repository,
        "iam:GetRole": (role,),
        "s3:GetObject": ("arn:aws:s3:::files/web.env",),
        "s3:ListBucket": ("arn:aws:s3:::files",),
        "secretsmanager:GetSecretValue": ("arn:aws:secretsmanager:eu-west-1:123456789012:secret:b-a1b2c3",),
        "ssm:GetParameters": ("arn:aws:ssm:eu-west-1:123456789012:parameter/web/a",),
        "sts:AssumeRole": (role,),
    }
    assert policies.grants(subject, ["plan"], checks=[tree]) == policies.grants(subject, ["plan"])
