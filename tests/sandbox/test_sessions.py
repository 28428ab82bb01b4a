"""ExecuteCommand, and sessions of Systems Manager to containers."""

from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from reconciler import sandbox
from reconciler.sandbox.servings import Serving
from tests.sandbox.bodies import NETWORK
from tests.sandbox.test_seeds import client
from tests.sandbox.test_standalones import ROLE, job

DISABLED = "execute command was not enabled when the task was run or the execute command agent isn’t running"


@pytest.fixture
def server() -> Iterator[Serving]:
    """Serve a definition with a task role; the agent in the sidecar never runs."""
    seed = {
        "clusters": ["main"],
        "task_definitions": [job(taskRoleArn=ROLE)],
        "outcomes": [{"container": "sidecar", "agent": "STOPPED"}],
    }
    with sandbox.serving(seed) as served:
        yield served


def started(server: Serving, *, enabled: bool = True, seconds: float = 30) -> dict[str, Any]:
    ecs = client(server.endpoint_url)
    request = {"cluster": "main", "taskDefinition": "job", "networkConfiguration": NETWORK}
    (task,) = ecs.run_task(**request, launchType="FARGATE", enableExecuteCommand=enabled)["tasks"]
    server.advance(seconds)
    shown: dict[str, Any] = ecs.describe_tasks(cluster="main", tasks=[task["taskArn"]])["tasks"][0]
    return shown


def execute(server: Serving, task: str, **members: Any) -> dict[str, Any]:
    request = {"cluster": "main", "container": "app", "command": "sh", "interactive": True, **members}
    answer: dict[str, Any] = client(server.endpoint_url).execute_command(task=task, **request)
    return answer


def test_a_command_gets_a_session(server: Serving) -> None:
    task = started(server)
    for reference in (task["taskArn"], task["taskArn"].rpartition("/")[2]):
        answer = execute(server, reference)
        assert (answer["taskArn"], answer["containerName"]) == (task["taskArn"], "app")
        assert answer["containerArn"] == task["containers"][0]["containerArn"]
        session = answer["session"]
        assert session["sessionId"].startswith("ecs-execute-command-")
        assert session["sessionId"] in session["streamUrl"]
        assert session["tokenValue"]


@pytest.mark.parametrize(
    ("task", "members", "message"),
    [
        ({"enabled": False}, {}, DISABLED),
        ({"seconds": 1}, {}, DISABLED),
        ({}, {"container": "sidecar"}, DISABLED),
        ({}, {"container": "nobody"}, "The container nobody was not found in the task."),
        ({}, {"container": ""}, "Container name must be specified"),
        ({}, {"interactive": False}, "only interactive sessions"),
        ({}, {"task": "short"}, "task length should be one of [32,36]"),
        ({}, {"task": "0" * 32}, "The referenced task was not found."),
    ],
)
def test_refusals(server: Serving, task: dict[str, Any], members: dict[str, Any], message: str) -> None:
    identity = started(server, **task)["taskArn"]
    with pytest.raises(ClientError) as raised:
        execute(server, **{"task": identity, **members})
    error = raised.value.response["Error"]
    assert error["Code"] == "InvalidParameterException"
    assert message in error["Message"]


def test_a_stopped_task_has_no_sessions(server: Serving) -> None:
    task = started(server)["taskArn"]
    client(server.endpoint_url).stop_task(cluster="main", task=task)
    with pytest.raises(ClientError, match="execute command was not enabled"):
        execute(server, task)


def test_sessions_of_systems_manager(server: Serving) -> None:
    task, ssm = started(server), client(server.endpoint_url, "ssm")
    identity = task["taskArn"].rpartition("/")[2]
    app, sidecar = (f"ecs:main_{identity}_{each['runtimeId']}" for each in task["containers"])
    port = {"DocumentName": "AWS-StartPortForwardingSession", "Parameters": {"portNumber": ["80"]}}
    opened = ssm.start_session(Target=app, **port)
    assert opened["SessionId"] in opened["StreamUrl"]
    assert ssm.terminate_session(SessionId=opened["SessionId"])["SessionId"] == opened["SessionId"]
    for target in (sidecar, "i-0123456789abcdef0", app.replace("main", "other")):
        with pytest.raises(ssm.exceptions.TargetNotConnected, match=f"{target} is not connected"):
            ssm.start_session(Target=target)
    with pytest.raises(ssm.exceptions.InvalidDocument):
        ssm.start_session(Target=app, DocumentName="Nope")
