"""Groups and streams of CloudWatch Logs, and containers that want them."""

from typing import Any

import pytest
from botocore.exceptions import ClientError

from reconciler import sandbox
from tests.sandbox.bodies import Clients
from tests.sandbox.test_seeds import client
from tests.sandbox.test_standalones import LOGS, job, run, shown

EVENTS = [{"timestamp": 2000, "message": "second"}, {"timestamp": 1000, "message": "first"}]


def test_anybody_can_write(clients: Clients) -> None:
    logs = clients("logs")
    logs.create_log_group(logGroupName="/a/one")
    logs.create_log_group(logGroupName="/b/two")
    with pytest.raises(logs.exceptions.ResourceAlreadyExistsException):
        logs.create_log_group(logGroupName="/a/one")
    groups = logs.describe_log_groups(logGroupNamePrefix="/a")["logGroups"]
    assert [each["logGroupName"] for each in groups] == ["/a/one"]
    stream = {"logGroupName": "/a/one", "logStreamName": "s"}
    with pytest.raises(logs.exceptions.ResourceNotFoundException, match="stream does not exist"):
        logs.put_log_events(**stream, logEvents=EVENTS)
    logs.create_log_stream(**stream)
    with pytest.raises(logs.exceptions.ResourceAlreadyExistsException):
        logs.create_log_stream(**stream)
    logs.put_log_events(**stream, logEvents=EVENTS)
    read = logs.get_log_events(logGroupIdentifier=groups[0]["arn"], logStreamName="s")["events"]
    assert [each["message"] for each in read] == ["first", "second"]
    until = {"logGroupName": "/a/one", "endTime": 2000}
    assert len(logs.filter_log_events(**until)["events"]) == 2
    assert len(logs.get_log_events(**until, logStreamName="s")["events"]) == 1
    with pytest.raises(ClientError, match="does not simulate PutRetentionPolicy of CloudWatch Logs"):
        logs.put_retention_policy(logGroupName="/a/one", retentionInDays=1)
    logs.delete_log_stream(**stream)
    logs.delete_log_group(logGroupName="/a/one")
    with pytest.raises(logs.exceptions.ResourceNotFoundException, match="group does not exist"):
        logs.create_log_stream(**stream)
    assert [each["logGroupName"] for each in logs.describe_log_groups()["logGroups"]] == ["/b/two"]


def made(driver: dict[str, Any]) -> dict[str, Any]:
    options = {**driver["options"], "awslogs-create-group": "true"}
    return {**driver, "options": options}


@pytest.mark.parametrize(
    ("groups", "driver", "starts"),
    [
        (["/jobs"], LOGS, True),
        ([], LOGS, False),
        (["/other"], LOGS, False),
        ([], made(LOGS), True),
        (None, LOGS, True),
    ],
)
def test_a_group_that_is_missing(groups: list[str] | None, driver: dict[str, Any], starts: bool) -> None:
    definition = job()
    definition["containerDefinitions"][0]["logConfiguration"] = driver
    del definition["containerDefinitions"][1]
    seed: dict[str, Any] = {"clusters": ["main"], "task_definitions": [definition]}
    with sandbox.serving(seed | ({} if groups is None else {"log_groups": groups})) as server:
        ecs = client(server.endpoint_url)
        (task,) = run(ecs)
        server.advance(60)
        assert shown(ecs, task)["lastStatus"] == ("RUNNING" if starts else "STOPPED")
        if not starts:
            assert shown(ecs, task)["stopCode"] == "TaskFailedToStart"
            assert "The specified log group does not exist." in shown(ecs, task)["stoppedReason"]
