"""Tasks that no service starts: what RunTask takes and refuses, what becomes of them, what they write."""

from typing import Any

import pytest
from botocore.exceptions import ClientError

from reconciler import sandbox
from reconciler.sandbox.servings import Serving
from tests.sandbox.bodies import NETWORK, Clients, task_definition
from tests.sandbox.test_seeds import client

ROLE = "arn:aws:iam::123456789012:role/task"
FARGATE: dict[str, Any] = {"launchType": "FARGATE", "networkConfiguration": NETWORK}
LOGS = {
    "logDriver": "awslogs",
    "options": {"awslogs-group": "/jobs", "awslogs-region": "eu-west-1", "awslogs-stream-prefix": "job"},
}
EXITED = "Essential container in task exited"


def job(image: str = "repo/job:1", **members: Any) -> dict[str, Any]:
    """Give a registration for Fargate of a job with a sidecar."""
    definition = task_definition(image, "job", executionRoleArn=ROLE, **members)
    (app,) = definition["containerDefinitions"]
    app |= {"logConfiguration": LOGS, "environment": [{"name": "A", "value": "1"}]}
    sidecar = {"name": "sidecar", "image": "repo/sidecar:1", "essential": False, "logConfiguration": LOGS}
    definition["containerDefinitions"].append(sidecar)
    return definition


def run(ecs: Any, **members: Any) -> list[dict[str, Any]]:
    answer = ecs.run_task(**{"cluster": "main", "taskDefinition": "job", **FARGATE, **members})
    assert answer["failures"] == []
    tasks: list[dict[str, Any]] = answer["tasks"]
    return tasks


def shown(ecs: Any, task: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = ecs.describe_tasks(cluster="main", tasks=[task["taskArn"]], include=["TAGS"])[
        "tasks"
    ][0]
    return found


def serving(*outcomes: dict[str, Any], **members: Any) -> Any:
    return sandbox.serving(
        {"clusters": ["main"], "task_definitions": [job(**members)], "outcomes": list(outcomes)}
    )


def test_a_job_ends_as_the_seed_says() -> None:
    lines = ["begun", {"after": 3, "line": "half"}, {"after": 6, "line": "all"}]
    fates = [
        {
            "image": "repo/job:*",
            "command": "migrate *",
            "outcome": "exit",
            "exit_code": 3,
            "after": 6,
            "logs": lines,
        },
        {"container": "sidecar", "outcome": "exit", "after": 2},
    ]
    with serving(*fates) as server:
        ecs = client(server.endpoint_url)
        override = {"name": "app", "command": ["migrate", "up"], "environment": [{"name": "B", "value": "2"}]}
        (task,) = run(ecs, overrides={"containerOverrides": [override]}, startedBy="me")
        assert (task["lastStatus"], task["group"], task["startedBy"]) == ("PROVISIONING", "family:job", "me")
        assert task["overrides"]["containerOverrides"] == [override, {"name": "sidecar"}]
        seen = []
        for _ in range(50):
            seen.append(shown(ecs, task)["lastStatus"])
            server.advance(0.5)
        states = [
            "PROVISIONING",
            "PENDING",
            "ACTIVATING",
            "RUNNING",
            "DEACTIVATING",
            "STOPPING",
            "DEPROVISIONING",
        ]
        assert list(dict.fromkeys(seen))[: len(states)] == states
        server.advance(10)
        ended = shown(ecs, task)
        assert (ended["stopCode"], ended["stoppedReason"]) == ("EssentialContainerExited", EXITED)
        assert [(each["name"], each["exitCode"]) for each in ended["containers"]] == [
            ("app", 3),
            ("sidecar", 0),
        ]
        logs = client(server.endpoint_url, "logs")
        identity = task["taskArn"].rpartition("/")[2]
        asked = {"logGroupName": "/jobs", "startFromHead": True}
        events = logs.get_log_events(**asked, logStreamName=f"job/app/{identity}")["events"]
        assert [each["message"] for each in events] == ["begun", "half", "all"]
        assert events[2]["timestamp"] - events[0]["timestamp"] == 6000
        assert logs.get_log_events(**asked, logStreamName=f"job/sidecar/{identity}")["events"] == []
        for wanted, found in (("STOPPED", 1), ("RUNNING", 0)):
            listed = ecs.list_tasks(cluster="main", family="job", desiredStatus=wanted)["taskArns"]
            assert len(listed) == found


def test_without_a_prefix_the_stream_is_the_container(server: Serving, ecs: Any, clients: Clients) -> None:
    plain = {"logDriver": "awslogs", "options": {"awslogs-group": "/plain", "awslogs-region": "eu-west-1"}}
    container = {"name": "app", "image": "web:1", "memory": 64, "logConfiguration": plain}
    ecs.register_task_definition(family="plain", containerDefinitions=[container])
    (task,) = ecs.run_task(cluster="main", taskDefinition="plain")["tasks"]
    assert task["launchType"] == "EC2"
    server.advance(30)
    runtime = shown(ecs, task)["containers"][0]["runtimeId"]
    (stream,) = clients("logs").describe_log_streams(logGroupName="/plain")["logStreams"]
    assert (len(runtime), stream["logStreamName"]) == (64, runtime)


def test_what_is_said_of_a_task_is_shown() -> None:
    volume = {"name": "data", "configuredAtLaunch": True}
    with serving(volumes=[volume], tags=[{"key": "a", "value": "1"}, {"key": "b", "value": "1"}]) as server:
        ecs = client(server.endpoint_url)
        ebs = {"roleArn": ROLE, "sizeInGiB": 10, "terminationPolicy": {"deleteOnTermination": False}}
        tasks = run(
            ecs,
            count=2,
            group="nightly",
            tags=[{"key": "b", "value": "2"}],
            propagateTags="TASK_DEFINITION",
            enableECSManagedTags=True,
            enableExecuteCommand=True,
            overrides={"cpu": ".5 vCPU", "memory": "1GB", "taskRoleArn": ROLE},
            volumeConfigurations=[{"name": "data", "managedEBSVolume": ebs}],
        )
        assert len({each["taskArn"] for each in tasks}) == 2
        first = shown(ecs, tasks[0])
        assert (first["group"], first["cpu"], first["memory"]) == ("nightly", "512", "1024")
        assert {each["key"]: each["value"] for each in first["tags"]} == {
            "a": "1",
            "b": "2",
            "aws:ecs:clusterName": "main",
        }
        assert first["overrides"]["taskRoleArn"] == ROLE
        assert first["containers"][0]["managedAgents"][0]["lastStatus"] == "PENDING"
        kinds = [each["type"] for each in first["attachments"]]
        assert kinds == ["ElasticNetworkInterface", "AmazonElasticBlockStorage"]
        server.advance(30)
        assert shown(ecs, tasks[0])["containers"][0]["managedAgents"][0]["lastStatus"] == "RUNNING"
        ecs.stop_task(cluster="main", task=tasks[0]["taskArn"], reason="enough")
        server.advance(30)
        ended = shown(ecs, tasks[0])
        assert (ended["stopCode"], ended["stoppedReason"], ended["lastStatus"]) == (
            "UserInitiated",
            "enough",
            "STOPPED",
        )
        assert [each["status"] for each in ended["attachments"]] == ["DETACHED", "DETACHED"]
        assert shown(ecs, tasks[1])["lastStatus"] == "RUNNING"


def test_a_capacity_provider_strategy_and_fargate() -> None:
    with serving() as server:
        ecs = client(server.endpoint_url)
        strategy = [
            {"capacityProvider": "FARGATE_SPOT", "weight": 1},
            {"capacityProvider": "FARGATE", "base": 1},
        ]
        request = {"cluster": "main", "taskDefinition": "job", "networkConfiguration": NETWORK, "count": 3}
        tasks = ecs.run_task(**request, capacityProviderStrategy=strategy)["tasks"]
        assert [each["capacityProviderName"] for each in tasks] == ["FARGATE", "FARGATE_SPOT", "FARGATE_SPOT"]
        assert {(each["launchType"], each["platformVersion"]) for each in tasks} == {("FARGATE", "1.4.0")}


def test_a_token_makes_a_request_idempotent() -> None:
    with serving() as server:
        ecs = client(server.endpoint_url)
        (first,) = run(ecs, clientToken="t")
        (again,) = run(ecs, clientToken="t")
        assert first["taskArn"] == again["taskArn"]
        with pytest.raises(ecs.exceptions.ConflictException) as raised:
            run(ecs, clientToken="t", count=2)
        assert raised.value.response["resourceIds"] == [first["taskArn"]]
        assert len(ecs.list_tasks(cluster="main")["taskArns"]) == 1


@pytest.mark.parametrize(
    ("members", "reason", "started"),
    [
        (
            {"outcome": "noplace", "times": 1},
            "Capacity is unavailable at this time. Please try again later",
            1,
        ),
        ({"outcome": "noplace", "reason": "RESOURCE:CPU"}, "RESOURCE:CPU", 0),
    ],
)
def test_tasks_without_a_place_are_failures(members: dict[str, Any], reason: str, started: int) -> None:
    with serving({"container": "app", **members}) as server:
        ecs = client(server.endpoint_url)
        answer = ecs.run_task(cluster="main", taskDefinition="job", count=2, **FARGATE)
        assert len(answer["tasks"]) == started
        assert [each["reason"].startswith(reason) for each in answer["failures"]] == [True] * (2 - started)


NAMED = {"containerOverrides": [{"name": "nobody", "cpu": 1}]}


@pytest.mark.parametrize(
    ("members", "code", "message"),
    [
        ({"cluster": "nope"}, "ClusterNotFoundException", "Cluster not found."),
        ({"taskDefinition": "nope"}, "ClientException", "TaskDefinition not found."),
        ({"count": 11}, "InvalidParameterException", "Count must be between 1 and 10."),
        ({"networkConfiguration": {}}, "InvalidParameterException", "Network Configuration must be provided"),
        (
            {"overrides": NAMED},
            "InvalidParameterException",
            "nobody is not a container in the TaskDefinition.",
        ),
        ({"overrides": {"cpu": "257"}}, "InvalidParameterException", "No Fargate configuration exists"),
        ({"overrides": {"cpu": "much"}}, "InvalidParameterException", "Invalid 'cpu' setting for task."),
        (
            {"overrides": {"ephemeralStorage": {"sizeInGiB": 10}}},
            "InvalidParameterException",
            "must be between 21 and 200",
        ),
        ({"launchType": "EXTERNAL"}, "InvalidParameterException", "does not support launch_type EXTERNAL."),
        ({"propagateTags": "SERVICE"}, "InvalidParameterException", "SERVICE is not a valid value"),
        ({"startedBy": "a b"}, "InvalidParameterException", "startedBy"),
        (
            {"enableExecuteCommand": True},
            "InvalidParameterException",
            "a valid taskRoleArn is not being used",
        ),
        (
            {"capacityProviderStrategy": [{"capacityProvider": "FARGATE"}]},
            "InvalidParameterException",
            "both a launch type and capacity",
        ),
        (
            {"launchType": "", "capacityProviderStrategy": [{"capacityProvider": "FARGATE"}]},
            "InvalidParameterException",
            "must have one capacity provider with a weight above 0",
        ),
        (
            {"volumeConfigurations": [{"name": "data"}]},
            "InvalidParameterException",
            "no matching configuredAtLaunch volume",
        ),
        (
            {"placementStrategy": [{"type": "random"}]},
            "InvalidParameterException",
            "Placement strategies are not supported",
        ),
    ],
)
def test_refusals(ecs: Any, members: dict[str, Any], code: str, message: str) -> None:
    ecs.register_task_definition(**job())
    with pytest.raises(ClientError) as raised:
        run(ecs, **members)
    error = raised.value.response["Error"]
    assert error["Code"] == code
    assert message in error["Message"]
    assert ecs.list_tasks(cluster="main")["taskArns"] == []


@pytest.mark.parametrize(("app", "other", "codes"), [(30, 10, [143, 7]), (10, 30, [0, 143])])
def test_the_first_essential_container_to_end_ends_the_task(app: int, other: int, codes: list[int]) -> None:
    definition = job()
    definition["containerDefinitions"][1]["essential"] = True
    fates = [
        {"container": "app", "outcome": "exit", "after": app},
        {"container": "sidecar", "outcome": "exit", "exit_code": 7, "after": other},
    ]
    seed = {"clusters": ["main"], "task_definitions": [definition], "outcomes": fates}
    with sandbox.serving(seed) as server:
        ecs = client(server.endpoint_url)
        (task,) = run(ecs)
        server.advance(27)
        ended = shown(ecs, task)
        assert (ended["lastStatus"], [each["exitCode"] for each in ended["containers"]]) == ("STOPPED", codes)


def test_an_unhealthy_job_goes_on() -> None:
    with serving({"container": "app", "outcome": "sick"}) as server:
        ecs = client(server.endpoint_url)
        (task,) = run(ecs)
        server.advance(600)
        assert (shown(ecs, task)["healthStatus"], shown(ecs, task)["lastStatus"]) == ("UNHEALTHY", "RUNNING")
