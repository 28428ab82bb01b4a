"""What AWS says of a rollout, and what is made of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from reconciler.core import diagnosis, symptoms
from reconciler.core.causes import Logged
from reconciler.core.evidence import Seen

FIXTURES = Path(__file__).parents[2] / "fixtures" / "diagnosis"
TEXTS: list[dict[str, Any]] = yaml.safe_load((FIXTURES / "texts.yml").read_text())
GROUP = "arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/web/0123456789abcdef"
DEFINITION: dict[str, Any] = {
    "memory": "512",
    "executionRoleArn": "arn:aws:iam::123456789012:role/web-execution",
    "containerDefinitions": [
        {
            "name": "app",
            "image": "registry.example/web:7",
            "essential": True,
            "logConfiguration": {"logDriver": "awslogs", "options": {"awslogs-group": "/ecs/web"}},
        }
    ],
}


def seen(row: dict[str, Any]) -> Seen:
    """Put the texts of a row where AWS has them."""
    service: dict[str, Any] = {
        "deployments": [{"id": "ecs-svc/1", "status": "PRIMARY", "createdAt": 50}],
        "loadBalancers": [{"targetGroupArn": GROUP, "containerName": "app", "containerPort": 8080}],
        "events": [{"createdAt": 100, "message": row["event"]}] if "event" in row else [],
    }
    stopped: list[Any] = []
    if row.keys() & {"stopped", "container", "exit"}:
        container = {"name": "app"}
        container |= {"reason": row["container"]} if "container" in row else {}
        container |= {"exitCode": row["exit"]} if "exit" in row else {}
        task = {"taskArn": "arn:aws:ecs:eu-west-1:123456789012:task/main/t1", "startedBy": "ecs-svc/1"}
        ended = {
            "stoppedReason": "Essential container in task exited",
            "stopCode": "EssentialContainerExited",
        }
        reason = {"stoppedReason": row["stopped"]} if "stopped" in row else ended if "exit" in row else {}
        stopped = [task | reason | {"containers": [container]}]
    health: dict[str, Any] = {}
    if "target" in row:
        code, _, description = row["target"].partition(": ")
        state = {"State": "unhealthy", "Reason": code, "Description": description}
        health = {GROUP: [{"Target": {"Id": "10.0.0.9", "Port": 8080}, "TargetHealth": state}]}
    logs = [Logged("app", "t1", (row["log"],))] if "log" in row else []
    return Seen(
        service=service,
        deployment="ecs-svc/1",
        stopped=stopped,
        definition=DEFINITION,
        health=health,
        logs=logs,
    )


@pytest.mark.parametrize("row", TEXTS, ids=lambda row: row["what"][:60])
def test_what_is_made_of_a_text(row: dict[str, Any]) -> None:
    found = diagnosis.diagnose(seen(row))
    assert [(cause.kind.value, cause.what) for cause in found] == [(row["kind"], row["what"])]
    assert found[0].hint
    assert "{" not in found[0].hint


def test_every_row_of_the_table_has_a_text(monkeypatch: pytest.MonkeyPatch) -> None:
    reached = set()
    real = diagnosis._match

    def match(texts: Any) -> Any:
        found = real(texts)
        reached.add(found[0] if found else -1)
        return found

    monkeypatch.setattr(diagnosis, "_match", match)
    for row in TEXTS:
        diagnosis.diagnose(seen(row))
    missing = [symptom.what for rank, symptom in enumerate(symptoms.TABLE) if rank not in reached]
    assert missing == []


def test_every_row_names_its_source() -> None:
    assert [symptom.what for symptom in symptoms.TABLE if not symptom.source] == []
    assert [row for row in TEXTS if not row.get("from")] == []
